"""Changing a plan: publish, withdraw, copy; edits of a draft by hand, looked at before."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.models import PatrolPlan, PatrolStop, PatrolTask
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    json_body,
    now,
    parsed_day,
    requires,
    settings,
    time_zone,
    today,
    words,
)
from inspect_app.web.plans.blueprint import P, pages, plan_at, whole_number
from inspect_app.web.plans.sentences import clock_text
from inspect_app.workflows.copy_plan import copy_plan
from inspect_app.workflows.edit_plan import (
    CrewDayLook,
    Edit,
    Look,
    MoveDay,
    MoveStop,
    PlaceVisit,
    draft_of,
    edit_plan,
    look_ahead,
    undo_edit,
)
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.pin_stops import pin_stops
from inspect_app.workflows.plan_week import require_county
from inspect_app.workflows.publish_plan import publish_plan, withdraw_plan
from inspect_app.workflows.travel_cache import MatrixStore


@pages.post("/plans/<int:plan_id>/publish")
@requires(P.PLAN_PUBLISH)
def publish(plan_id: int) -> AnyResponse:
    """Publish a draft."""
    plan = plan_at(plan_id)
    count = publish_plan(database(), plan, actor=actor(), now=now())
    flash(gettext("第%(version)s版已下达,共%(count)s个任务", version=plan.version, count=count))
    return redirect(url_for("plans.page", week=week_text(plan.week)))


@pages.post("/plans/<int:plan_id>/withdraw")
@requires(P.PLAN_PUBLISH)
def withdraw(plan_id: int) -> AnyResponse:
    """Withdraw a plan with the reason of the form."""
    plan = plan_at(plan_id)
    reason = request.form.get("reason", "")
    count = withdraw_plan(database(), plan, reason=reason, actor=actor(), now=now())
    flash(gettext("第%(version)s版已撤回,取消%(count)s个任务", version=plan.version, count=count))
    return redirect(url_for("plans.page", week=week_text(plan.week)))


@pages.post("/plans/<int:plan_id>/copy")
@requires(P.PLAN_MAKE)
def copy(plan_id: int) -> AnyResponse:
    """Copy a version as a draft of its own week, or of the week of the form."""
    source = plan_at(plan_id)
    asked = request.form.get("week")
    week = parse_week(asked) if asked else source.week
    first_day = today() if week == monday_of(today()) else None
    plan = copy_plan(database(), source, hand=_hand(), week=week, first_day=first_day)
    flash(
        gettext(
            "已复制为第%(version)s版,%(count)s个点未能复制",
            version=plan.version,
            count=len(plan.figures["left_out"]),
        )
    )
    return _back(plan)


@pages.post("/plans/stops/<int:stop_id>/move")
@requires(P.PLAN_MAKE)
def move(stop_id: int) -> AnyResponse:
    """Move a stop of a draft to the crew and day of the form, at a place of its order if named."""
    stop = database().get(PatrolStop, stop_id)
    if stop is None or not actor().scope.everywhere:
        raise Problem("not_found", what="点位")
    place = request.form.get("place", "")
    wanted = MoveStop(
        stop.id,
        crew_id=whole_number("crew", request.form.get("crew", "")),
        day=parsed_day("day", request.form.get("day", "")),
        position=whole_number("place", place) - 1 if place else None,
    )
    task_id, name = stop.task_id, stop.name
    plan = edit_plan(database(), stop.task.plan, wanted, hand=_hand())
    flash(gettext("“%(name)s”已调整,核验通过", name=name))
    return _back(plan, task_id=task_id)


@pages.post("/plans/<int:plan_id>/undo")
@requires(P.PLAN_MAKE)
def undo(plan_id: int) -> AnyResponse:
    """Undo the last edit of a draft."""
    plan = plan_at(plan_id)
    undo_edit(database(), plan, hand=_hand())
    flash(gettext("已撤销最近一次调整"))
    return _back(plan, task_id=request.form.get("task", type=int))


@pages.post("/plans/tasks/<int:task_id>/pin")
@requires(P.PLAN_MAKE)
def pin(task_id: int) -> AnyResponse:
    """Pin or loosen a stop of a draft's crew-day, or all of them."""
    task = database().get(PatrolTask, task_id)
    if task is None or not actor().scope.everywhere:
        raise Problem("not_found", what="巡查任务")
    one = request.form.get("stop", type=int)
    stops = [stop for stop in task.stops if one is None or stop.id == one]
    pinned = request.form.get("pinned") == "yes"
    count = pin_stops(database(), task.plan, stops, pinned=pinned, hand=_hand())
    message = gettext("已锁定%(count)s个点") if pinned else gettext("已解锁%(count)s个点")
    flash(message % {"count": count})
    return _back(task.plan, task_id=task_id)


@pages.get("/api/plans/<int:plan_id>/edits/ready")
@requires(P.PLAN_MAKE)
def ready(plan_id: int) -> Response:
    """Take a draft's week into hand, so that the first look need not wait for it."""
    require_county(actor(), P.PLAN_MAKE)
    draft_of(database(), plan_at(plan_id), zone=time_zone(), store=_store())
    return json_answer({"ready": True})


@pages.post("/api/plans/<int:plan_id>/edits/preview")
@requires(P.PLAN_MAKE)
def preview(plan_id: int) -> Response:
    """Say what an edit would do; nothing is written."""
    plan = plan_at(plan_id)
    wanted = _edit(json_body())
    look = look_ahead(database(), plan, wanted, zone=time_zone(), actor=actor(), store=_store())
    return json_answer(_look(look))


@pages.post("/api/plans/<int:plan_id>/edits")
@requires(P.PLAN_MAKE)
def edit(plan_id: int) -> Response:
    """Edit a draft; the answer names the page to show."""
    plan, wanted = plan_at(plan_id), _edit(json_body())
    edit_plan(database(), plan, wanted, hand=_hand())
    flash(gettext("已调整,核验通过"))
    goal = next(
        (one.id for one in plan.tasks if (one.crew_id, one.day) == (wanted.crew_id, wanted.day)),
        None,
    )
    return json_answer(
        {"page": url_for("plans.page", week=week_text(plan.week), plan=plan.id, task=goal)}
    )


def _hand() -> Hand:
    return Hand(actor(), now(), time_zone(), store=_store())


def _store() -> MatrixStore:
    return MatrixStore(settings().data_dir)


def _back(plan: PatrolPlan, *, task_id: int | None = None) -> AnyResponse:
    kept = task_id if any(task.id == task_id for task in plan.tasks) else None
    return redirect(url_for("plans.page", week=week_text(plan.week), plan=plan.id, task=kept))


def _edit(body: Mapping[str, Any]) -> Edit:
    """Return the edit of a JSON body: `stop`, `task` or `uncovered`, and where to."""
    crew_id, day = _number(body, "crew"), parsed_day("day", str(body.get("day", "")))
    position = None if body.get("position") is None else _number(body, "position")
    if "stop" in body:
        return MoveStop(_number(body, "stop"), crew_id, day, position)
    if "task" in body:
        return MoveDay(_number(body, "task"), crew_id, day)
    return PlaceVisit(_number(body, "uncovered"), crew_id, day, position)


def _number(body: Mapping[str, Any], field: str) -> int:
    return whole_number(field, str(body.get(field, "")))


def _look(look: Look) -> Mapping[str, object]:
    return {
        "allowed": not look.faults,
        "faults": [words(fault) for fault in look.faults],
        "travel_minutes": round(look.travel_minutes, 1),
        "served": look.served,
        "days": [_crew_day(one) for one in look.days],
    }


def _crew_day(one: CrewDayLook) -> Mapping[str, object]:
    return {
        "crew_id": one.crew_id,
        "crew": one.crew,
        "day": one.day,
        "hours_before": round(one.minutes_before / 60, 2),
        "hours": round(one.minutes / 60, 2),
        "shift_hours": round(one.shift_minutes / 60, 2),
        "stops": [
            {
                "key": stop.key,
                "name": stop.name,
                "arrive": clock_text(stop.arrive_at),
                "leave": clock_text(stop.leave_at),
            }
            for stop in one.stops
        ],
    }
