"""Run a plan in the background: ask for it, tell how far it is, say how it ended."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models import Account, PlanRun
from inspect_app.queries.actors import actor_of
from inspect_app.workflows.defer_job import defer_job
from inspect_app.workflows.plan_week import PlanProgress, PlanRequest, lock_week, require_county

JOB = "plan_week"
SILENCE_MIN = 15
"""A run that has told nothing for so long has died with its worker."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the worker is to do: a week, how, and for whom."""

    week: date
    request: PlanRequest
    actor: Actor


def request_plan(
    session: Session, week: date, *, request: PlanRequest, actor: Actor, now: datetime
) -> PlanRun:
    """Queue the making of a plan; the job exists if and only if the transaction commits.

    Raises
    ------
    Problem
        `plan_waiting` when one for the week waits or runs, `county_wide_only`, `not_permitted`.
    """
    require_county(actor, Permission.PLAN_MAKE)
    if actor.person_id is None:
        raise Problem("not_permitted", permission=Permission.PLAN_MAKE.value)
    lock_week(session, week)
    if open_run(session, week, now=now) is not None:
        raise Problem("plan_waiting", week=week_text(week))
    run = PlanRun(
        week=week,
        seed=request.seed,
        parameters={
            "iterations": request.iterations,
            "seconds": request.seconds,
            "first_day": None if request.first_day is None else request.first_day.isoformat(),
        },
        requested_at=now,
        requested_by=actor.person_id,
    )
    session.add(run)
    session.flush()
    arguments = orjson.dumps({"run_id": run.id}).decode()
    defer_job(session, JOB, arguments=arguments, queueing_lock=f"plan {run.id}")
    return run


def open_run(session: Session, week: date, *, now: datetime) -> PlanRun | None:
    """Return the run of a week that waits or works, if any."""
    silent = now - timedelta(minutes=SILENCE_MIN)
    return session.scalar(
        select(PlanRun)
        .where(
            PlanRun.week == week,
            PlanRun.ended_at.is_(None),
            or_(PlanRun.started_at.is_(None), PlanRun.told_at > silent),
        )
        .order_by(PlanRun.id.desc())
        .limit(1)
    )


def begin_run(session: Session, run_id: int, *, zone: ZoneInfo, now: datetime) -> Assignment:
    """Mark a run as begun and return what it is to do; the asker's posts of today count."""
    run = session.get_one(PlanRun, run_id)
    run.started_at = run.told_at = now
    account_id = session.scalar(select(Account.id).where(Account.person_id == run.requested_by))
    day = now.astimezone(zone).date()
    actor = None if account_id is None else actor_of(session, account_id, day=day)
    if actor is None:
        raise Problem("not_permitted", permission=Permission.PLAN_MAKE.value)
    first_day = run.parameters["first_day"]
    request = PlanRequest(
        zone=zone,
        seed=run.seed,
        iterations=run.parameters["iterations"],
        seconds=run.parameters["seconds"],
        first_day=None if first_day is None else date.fromisoformat(first_day),
    )
    return Assignment(run.week, request, actor)


def note_progress(session: Session, run_id: int, told: PlanProgress, *, now: datetime) -> None:
    """Write down how far a run is."""
    run = session.get_one(PlanRun, run_id)
    run.stage, run.told_at = told.stage, now
    if told.search is not None:
        run.iteration = told.search.iteration
        run.missing_visits = told.search.missing_visits
        run.travel_s = told.search.travel_s


def end_run(
    session: Session,
    run_id: int,
    *,
    now: datetime,
    plan_id: int | None = None,
    problem: str | None = None,
) -> None:
    """Write down how a run ended: the plan it made, or why there is none."""
    run = session.get_one(PlanRun, run_id)
    run.ended_at, run.plan_id, run.problem = now, plan_id, problem
