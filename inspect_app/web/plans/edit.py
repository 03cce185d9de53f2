"""Changing a plan by hand: publish, withdraw, move."""

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models import PatrolStop
from inspect_app.web.http import actor, database, now, parsed_day, requires, time_zone
from inspect_app.web.plans.blueprint import P, pages, plan_at, whole_number
from inspect_app.workflows.edit_plan import Move, move_stop
from inspect_app.workflows.publish_plan import publish_plan, withdraw_plan


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


@pages.post("/plans/stops/<int:stop_id>/move")
@requires(P.PLAN_MAKE)
def move(stop_id: int) -> AnyResponse:
    """Move a stop of a draft to the crew and day of the form."""
    stop = database().get(PatrolStop, stop_id)
    if stop is None or not actor().scope.everywhere:
        raise Problem("not_found", what="点位")
    wanted = Move(
        crew_id=whole_number("crew", request.form.get("crew", "")),
        day=parsed_day("day", request.form.get("day", "")),
        zone=time_zone(),
    )
    task_id, name = stop.task_id, stop.name
    plan = move_stop(database(), stop, move=wanted, actor=actor(), now=now())
    flash(gettext("“%(name)s”已调整,核验通过", name=name))
    kept = task_id if any(task.id == task_id for task in plan.tasks) else None
    return redirect(url_for("plans.page", week=week_text(plan.week), plan=plan.id, task=kept))
