"""Making a week's plan in the background: ask for it, follow it."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gis.routing.parallel import SEARCHES
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import parse_week, week_text
from inspect_app.models import PlanRun
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    now,
    parsed_day,
    requires,
    time_zone,
)
from inspect_app.web.plans.blueprint import P, pages, whole_number
from inspect_app.workflows.plan_week import PlanRequest
from inspect_app.workflows.run_plan import cancel_run, request_plan

WAIT_S = 8
"""A worker that runs takes a job within a second; after this long there is none."""


@pages.post("/plans/runs")
@requires(P.PLAN_MAKE)
def make() -> AnyResponse:
    """Queue the making of a week's plan, anew or beginning with the version `base`."""
    week = parse_week(request.form.get("week", ""))
    first_day, base = request.form.get("first_day"), request.form.get("base")
    iterations = request.form.get("iterations")
    run = request_plan(
        database(),
        week,
        request=PlanRequest(
            searches=SEARCHES,
            zone=time_zone(),
            seed=whole_number("seed", request.form.get("seed", "1")),
            first_day=parsed_day("first_day", first_day) if first_day else None,
            iterations=whole_number("iterations", iterations) or None if iterations else None,
            base_plan_id=whole_number("base", base) if base else None,
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
            "points": run.points,
            "cancelled": run.cancelled_at is not None,
            "problem": run.problem,
        }
    )


@pages.post("/plans/runs/<int:run_id>/cancel")
@requires(P.PLAN_MAKE)
def cancel(run_id: int) -> AnyResponse:
    """Stop a run; `keep=yes` makes a draft of the best plan so far."""
    keep = request.form.get("keep") == "yes"
    run = cancel_run(database(), run_id, keep=keep, actor=actor(), now=now())
    return redirect(url_for("plans.page", week=week_text(run.week)))
