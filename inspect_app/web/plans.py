"""The weekly plan: its board, map, coverage and load; make, publish, withdraw, print, export."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from gis.routing.explain import REASONS, REMEDIES, Reason
from gis.routing.verify import SENTENCES, Rule
from inspect_app.domain.access import Permission
from inspect_app.domain.codes import (
    Code,
    ObjectKind,
    OutletClass,
    PeriodUnit,
    PermitClass,
    Severity,
    WaterwayLevel,
    ZoneLevel,
)
from inspect_app.domain.problems import Phrase, Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.models import PatrolPlan, PatrolStop, PlanRun
from inspect_app.queries.plan_map import plan_map
from inspect_app.queries.plan_tasks import TaskSheet, task_sheet
from inspect_app.queries.plans import (
    Remark,
    board,
    coverage,
    last_run,
    moved_stops,
    plan_in_force,
    uncovered,
    versions,
)
from inspect_app.web.gpx import gpx
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    now,
    parsed_day,
    requires,
    settings,
    time_zone,
    today,
    words,
)
from inspect_app.workflows.edit_plan import Move, move_stop
from inspect_app.workflows.plan_week import PlanRequest
from inspect_app.workflows.publish_plan import publish_plan, withdraw_plan
from inspect_app.workflows.run_plan import open_run, request_plan
from inspect_app.workflows.travel_cache import MatrixStore

pages = Blueprint("plans", __name__)

P = Permission
WAIT_S = 8
"""A worker that runs takes a job within a second; after this long there is none."""
DAYS = 7
WORKDAYS = 5
SECONDS_PER_HOUR = 3600


@pages.get("/plans")
@requires(P.PLAN_VIEW)
def page() -> str:
    """Show a week: `?week=2026-W13`, `&plan=` a version, `&task=` a crew-day, `&against=`."""
    asked = request.args.get("week")
    week = parse_week(asked) if asked else monday_of(today())
    scope = actor().scope
    plans = [plan for plan in versions(database(), week) if _visible(plan)]
    wanted = request.args.get("plan", type=int)
    plan = _one_of(plans, wanted) if wanted else plan_in_force(plans)
    against = request.args.get("against", type=int)
    run = open_run(database(), week, now=now()) if _may(P.PLAN_MAKE) else None
    return render_template(
        "plans.html",
        week=week,
        earlier=week - timedelta(days=DAYS),
        later=week + timedelta(days=DAYS),
        first_days=_first_days(week),
        plans=plans,
        plan=plan,
        state=None if plan is None else PlanState(plan.state),
        states=PlanState,
        view=None if plan is None else _View(plan),
        sheet=_chosen_sheet(plan),
        against=_one_of(plans, against) if against and plan else None,
        moved=moved_stops(database(), plan, _one_of(plans, against), scope=scope)
        if against and plan
        else [],
        run=run,
        may_make=_may(P.PLAN_MAKE),
        may_publish=_may(P.PLAN_PUBLISH),
        ended=last_run(database(), week) if _may(P.PLAN_MAKE) else None,
    )


@pages.post("/plans/runs")
@requires(P.PLAN_MAKE)
def make() -> AnyResponse:
    """Queue the making of a week's plan."""
    week = parse_week(request.form.get("week", ""))
    first_day = request.form.get("first_day")
    run = request_plan(
        database(),
        week,
        request=PlanRequest(
            zone=time_zone(),
            seed=_number("seed", request.form.get("seed", "1")),
            first_day=parsed_day("first_day", first_day) if first_day else None,
        ),
        actor=actor(),
        now=now(),
    )
    return redirect(url_for("plans.page", week=week_text(run.week)))


@pages.get("/api/plans/runs/<int:run_id>")
@requires(P.PLAN_MAKE)
def run_state(run_id: int) -> Response:
    """Tell how far a run is; `no_worker` when nothing has taken it for some seconds."""
    run = database().get(PlanRun, run_id)
    if run is None or not actor().scope.everywhere:
        raise Problem("not_found", what="编排记录")
    waited = (now() - run.requested_at).total_seconds()
    return json_answer(
        {
            "stage": run.stage if run.started_at else "waiting",
            "no_worker": run.started_at is None and waited > WAIT_S,
            "iteration": run.iteration,
            "missing_visits": run.missing_visits,
            "travel_h": None if run.travel_s is None else run.travel_s / 3600,
            "seconds": waited,
            "ended": run.ended_at is not None,
            "plan": run.plan_id,
            "problem": run.problem,
        }
    )


@pages.post("/plans/<int:plan_id>/publish")
@requires(P.PLAN_PUBLISH)
def publish(plan_id: int) -> AnyResponse:
    """Publish a draft."""
    plan = _plan(plan_id)
    count = publish_plan(database(), plan, actor=actor(), now=now())
    flash(gettext("第%(version)s版已下达,共%(count)s个任务", version=plan.version, count=count))
    return redirect(url_for("plans.page", week=week_text(plan.week)))


@pages.post("/plans/<int:plan_id>/withdraw")
@requires(P.PLAN_PUBLISH)
def withdraw(plan_id: int) -> AnyResponse:
    """Withdraw a plan with the reason of the form."""
    plan = _plan(plan_id)
    reason = request.form.get("reason", "")
    count = withdraw_plan(database(), plan, reason=reason, actor=actor(), now=now())
    flash(gettext("第%(version)s版已撤回,取消%(count)s个任务", version=plan.version, count=count))
    return redirect(url_for("plans.page", week=week_text(plan.week)))


@pages.post("/plans/stops/<int:stop_id>/move")
@requires(P.PLAN_MAKE)
def move(stop_id: int) -> AnyResponse:
    """Move a stop of a draft to the crew and day of the form."""
    stop = database().get(PatrolStop, stop_id)
    if stop is None or not actor().scope.everywhere:
        raise Problem("not_found", what="点位")
    wanted = Move(
        crew_id=_number("crew", request.form.get("crew", "")),
        day=parsed_day("day", request.form.get("day", "")),
        zone=time_zone(),
    )
    task_id, name = stop.task_id, stop.name
    plan = move_stop(
        database(),
        stop,
        move=wanted,
        actor=actor(),
        now=now(),
        store=MatrixStore(settings().data_dir),
    )
    flash(gettext("“%(name)s”已调整,核验通过", name=name))
    kept = task_id if any(task.id == task_id for task in plan.tasks) else None
    return redirect(url_for("plans.page", week=week_text(plan.week), plan=plan.id, task=kept))


@pages.get("/api/plans/<int:plan_id>/routes")
@requires(P.PLAN_VIEW)
def routes(plan_id: int) -> Response:
    """Return what the map shows of a plan."""
    return json_answer(plan_map(database(), _plan(plan_id), actor().scope))


@pages.get("/plans/tasks/<int:task_id>/sheet")
@requires(P.PLAN_VIEW)
def sheet(task_id: int) -> str:
    """Show a crew-day for printing."""
    return render_template("plan_sheet.html", sheet=_sheet(task_id))


@pages.get("/plans/tasks/<int:task_id>.gpx")
@requires(P.PLAN_VIEW)
def track(task_id: int) -> Response:
    """Return a crew-day for a navigation device."""
    answer = Response(gpx(_sheet(task_id)), mimetype="application/gpx+xml")
    answer.headers["Content-Disposition"] = f"attachment; filename=task-{task_id}.gpx"
    return answer


@pages.app_template_filter("remark")
def remark_text(remark: Remark) -> str:
    """Return a reason or a remedy as a sentence in the reader's language."""
    if isinstance(remark.code, Reason):
        return str(gettext(REASONS[remark.code])) % remark.facts
    return str(gettext(REMEDIES[remark.code])) % remark.facts


@pages.app_template_filter("violation")
def violation_text(violation: Mapping[str, Any]) -> str:
    """Return a broken rule of a stored verdict as a sentence in the reader's language."""
    return words(Phrase(SENTENCES[Rule(violation["rule"])], violation["facts"]))


@pages.app_template_filter("clock")
def clock_text(moment: datetime) -> str:
    """Return an instant as the bureau's wall clock, 08:05."""
    return f"{moment.astimezone(time_zone()):%H:%M}"


class _View:
    """Everything the page says of one plan, in the reader's scope."""

    def __init__(self, plan: PatrolPlan) -> None:
        # Plans that were taken over from elsewhere may lack the figures of our own search.
        scope = actor().scope
        self.crews = board(database(), plan, scope)
        self.uncovered = uncovered(database(), plan, scope)
        self.by_kind, self.by_town = coverage(database(), plan, scope)
        self.everywhere = scope.everywhere
        used = {day for crew in self.crews for day in crew.cells}
        every = [plan.week + timedelta(days=offset) for offset in range(DAYS)]
        self.days = [day for day in every if day.weekday() < WORKDAYS or day in used]
        self.served = sum(one.served for one in self.by_kind)
        self.due = sum(one.due for one in self.by_kind)
        self.travel_hours = sum(crew.travel_hours for crew in self.crews)
        self.hours = sum(crew.hours for crew in self.crews)
        self.length_m = sum(crew.length_m for crew in self.crews)
        self.kinds = [k for k in ObjectKind if any(k in crew.kind_hours for crew in self.crews)]
        self.policies = [
            (
                ObjectKind(row["object_kind"]),
                _class_label(row["object_kind"], row["object_class"]),
                row["times"],
                PeriodUnit(row["unit"]),
                row,
            )
            for row in plan.figures.get("policies", [])
        ]
        self._bound_s: int | None = plan.figures.get("bound_s")
        self.unruled = [(ObjectKind(k), n) for k, n in plan.figures.get("unruled", {}).items()]

    @property
    def overhead_share(self) -> float:
        """Travel per hour of patrol."""
        service = self.hours - self.travel_hours
        return self.travel_hours / service if service else 0.0

    @property
    def gap_share(self) -> float | None:
        """How far the hours are at most above the best; by the rows, for stops may have moved."""
        if not self.everywhere or not self._bound_s:
            return None
        return max(0.0, self.hours * SECONDS_PER_HOUR / self._bound_s - 1.0)


CLASSES: dict[str, type[Code]] = {
    ObjectKind.SEGMENT: WaterwayLevel,
    ObjectKind.OUTLET: OutletClass,
    ObjectKind.SOURCE: PermitClass,
    ObjectKind.WATER_SOURCE: ZoneLevel,
    ObjectKind.MATTER: Severity,
}
"""The code list of the class that a frequency policy may name, by kind."""


def _class_label(kind: str, object_class: str | None) -> str:
    """Return what people call a class; a class no list knows is shown as it stands."""
    known = {code.value: code.label for code in CLASSES[kind]}
    return str(gettext(known.get(object_class, object_class))) if object_class else ""


def _may(permission: Permission) -> bool:
    return actor().may(permission) and actor().scope.everywhere


def _visible(plan: PatrolPlan) -> bool:
    """Drafts are for those who make, publish or review plans."""
    drafting = (P.PLAN_MAKE, P.PLAN_PUBLISH, P.PATROL_REVIEW)
    return plan.state != PlanState.DRAFT or any(actor().may(one) for one in drafting)


def _plan(plan_id: int) -> PatrolPlan:
    plan = database().get(PatrolPlan, plan_id)
    if plan is None or not _visible(plan):
        raise Problem("not_found", what="计划")
    return plan


def _one_of(plans: list[PatrolPlan], plan_id: int) -> PatrolPlan:
    for plan in plans:
        if plan.id == plan_id:
            return plan
    raise Problem("not_found", what="计划")


def _sheet(task_id: int) -> TaskSheet:
    found = task_sheet(database(), task_id, actor().scope)
    if found is None or not _visible(found.plan):
        raise Problem("not_found", what="巡查任务")
    return found


def _chosen_sheet(plan: PatrolPlan | None) -> TaskSheet | None:
    task_id = request.args.get("task", type=int)
    if plan is None or task_id is None:
        return None
    found = _sheet(task_id)
    return found if found.plan.id == plan.id else None


def _first_days(week: date) -> list[date]:
    """Return the days a plan may begin on: of a week under way, today first."""
    days = [week + timedelta(days=offset) for offset in range(DAYS)]
    left = [day for day in days if day >= today()]
    return left if left and len(left) < DAYS else days[:1]


def _number(field: str, text: str) -> int:
    if not text.isdecimal():
        raise Problem("field_invalid", field=field, expected="0, 1, 2 …", found=text)
    return int(text)
