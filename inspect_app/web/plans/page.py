"""The weekly plan's page: a week's versions, the board, the map."""

from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request

from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.domain.weeks import monday_of, parse_week
from inspect_app.models import PatrolPlan
from inspect_app.queries.plan_map import compared_map, plan_map
from inspect_app.queries.plan_tasks import TaskSheet
from inspect_app.queries.plans import (
    difference,
    last_run,
    moved_stops,
    plan_in_force,
    version_figures,
    versions,
)
from inspect_app.web.http import actor, database, json_answer, now, requires, time_zone, today
from inspect_app.web.plans.blueprint import P, is_visible, may_for_county, pages, plan_at, sheet_at
from inspect_app.web.plans.view import DAYS, PlanView
from inspect_app.workflows.edit_plan import last_edit
from inspect_app.workflows.run_plan import open_run


@pages.get("/plans")
@requires(P.PLAN_VIEW)
def page() -> str:
    """Show a week: `?week=2026-W13`, `&plan=` a version, `&task=` a crew-day, `&against=`."""
    asked = request.args.get("week")
    week = parse_week(asked) if asked else monday_of(today())
    plans = [plan for plan in versions(database(), week) if is_visible(plan)]
    wanted = request.args.get("plan", type=int)
    plan = _one_of(plans, wanted) if wanted else plan_in_force(plans)
    run = open_run(database(), week, now=now()) if may_for_county(P.PLAN_MAKE) else None
    return render_template(
        "plans/page.html",
        week=week,
        earlier=week - timedelta(days=DAYS),
        later=week + timedelta(days=DAYS),
        first_days=_first_days(week),
        plans=plans,
        plan=plan,
        state=None if plan is None else PlanState(plan.state),
        states=PlanState,
        view=None if plan is None else PlanView(plan),
        sheet=_chosen_sheet(plan),
        **_compared(plan, plans),
        **_for_makers(plan, week),
        run=run,
        zone=time_zone().key,
        may_publish=may_for_county(P.PLAN_PUBLISH),
    )


def _compared(plan: PatrolPlan | None, plans: list[PatrolPlan]) -> dict[str, Any]:
    """Return what the page says of a version against the one before, and against the one asked."""
    asked = request.args.get("against", type=int)
    if plan is None:
        return {"against": None, "previous": None, "changes": None}
    scope = actor().scope
    previous = next((one for one in plans if one.version < plan.version), None)
    found: dict[str, Any] = {"against": None, "previous": previous, "changes": None}
    if previous is not None:
        found["changes"] = difference(moved_stops(database(), plan, previous, scope=scope))
    if asked:
        against = _one_of(plans, asked)
        found |= {
            "against": against,
            "moved": moved_stops(database(), plan, against, scope=scope),
            "figures_here": version_figures(database(), plan, scope),
            "figures_there": version_figures(database(), against, scope),
        }
    return found


def _for_makers(plan: PatrolPlan | None, week: date) -> dict[str, Any]:
    """Return what only those who make plans are shown."""
    may_make = may_for_county(P.PLAN_MAKE)
    editable = may_make and plan is not None and plan.state == PlanState.DRAFT
    before = versions(database(), week - timedelta(days=DAYS)) if may_make and not plan else []
    return {
        "may_make": may_make,
        "editable": editable,
        "undoable": last_edit(database(), plan) if editable and plan else None,
        "ended": last_run(database(), week) if may_make else None,
        "last_week": plan_in_force(before),
    }


@pages.get("/api/plans/<int:plan_id>/routes")
@requires(P.PLAN_VIEW)
def routes(plan_id: int) -> Response:
    """Return what the map shows of a plan, or of what it has other than the version `against`."""
    plan, against = plan_at(plan_id), request.args.get("against", type=int)
    if against is None:
        return json_answer(plan_map(database(), plan, actor().scope))
    return json_answer(compared_map(database(), plan, plan_at(against), scope=actor().scope))


def _one_of(plans: list[PatrolPlan], plan_id: int) -> PatrolPlan:
    for plan in plans:
        if plan.id == plan_id:
            return plan
    raise Problem("not_found", what="计划")


def _chosen_sheet(plan: PatrolPlan | None) -> TaskSheet | None:
    task_id = request.args.get("task", type=int)
    if plan is None or task_id is None:
        return None
    found = sheet_at(task_id)
    return found if found.plan.id == plan.id else None


def _first_days(week: date) -> list[date]:
    """Return the days a plan may begin on: of a week under way, today first."""
    days = [week + timedelta(days=offset) for offset in range(DAYS)]
    left = [day for day in days if day >= today()]
    return left if left and len(left) < DAYS else days[:1]
