"""Run a plan in the background: ask for it, tell how far it is, say how it ended."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models import Account, AuditEntry, PlanRun
from inspect_app.queries.actors import actor_of
from inspect_app.workflows.defer_job import defer_job
from inspect_app.workflows.plan_week import PlanProgress, PlanRequest, lock_week, require_county

JOB = "plan_week"
POINTS_KEPT = 240
"""More say nothing that a small chart could show; then every other one goes."""
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
            "searches": request.searches,
            "iterations": request.iterations,
            "seconds": request.seconds,
            "first_day": None if request.first_day is None else request.first_day.isoformat(),
            "base_plan_id": request.base_plan_id,
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


def begin_run(session: Session, run_id: int, *, zone: ZoneInfo, now: datetime) -> Assignment | None:
    """Mark a run as begun and return what it is to do; the asker's posts of today count.

    None when it was cancelled while it waited.
    """
    run = session.get_one(PlanRun, run_id, with_for_update=True)
    if run.ended_at is not None:
        return None
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
        searches=run.parameters.get("searches", 1),
        iterations=run.parameters["iterations"],
        seconds=run.parameters["seconds"],
        first_day=None if first_day is None else date.fromisoformat(first_day),
        base_plan_id=run.parameters.get("base_plan_id"),
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
        began = run.started_at or now
        point = [
            round((now - began).total_seconds(), 2),
            told.search.iteration,
            told.search.missing_visits,
            round(told.search.travel_s / 3600, 3),
        ]
        kept = run.points[::2] if len(run.points) >= POINTS_KEPT else run.points
        run.points = [*kept, point]


def cancel_run(
    session: Session, run_id: int, *, keep: bool, actor: Actor, now: datetime
) -> PlanRun:
    """Ask for the end of a run; one that no worker has taken yet ends at once.

    Parameters
    ----------
    keep
        The best plan so far becomes a draft.

    Raises
    ------
    Problem
        `not_found`, `run_ended`, `county_wide_only`, `not_permitted`.
    """
    require_county(actor, Permission.PLAN_MAKE)
    run = session.get(PlanRun, run_id, with_for_update=True)
    if run is None:
        raise Problem("not_found", what="编排记录")
    if run.ended_at is not None:
        raise Problem("run_ended")
    run.cancelled_at, run.keep_best = now, keep
    if run.started_at is None:
        end_run(session, run_id, now=now, problem=str(Problem("plan_cancelled")))
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="plan.cancel_run",
            subject_kind="plan_run",
            subject_id=str(run_id),
            facts={"week": week_text(run.week), "keep": keep},
        )
    )
    session.flush()
    return run


class Wish(Enum):
    """What people want of a run."""

    GO_ON = "go_on"
    STOP_AND_KEEP = "stop_and_keep"
    STOP = "stop"


def wish_of(session: Session, run_id: int) -> Wish:
    """Return what people want of a run now."""
    run = session.get_one(PlanRun, run_id)
    if run.cancelled_at is None:
        return Wish.GO_ON
    return Wish.STOP_AND_KEEP if run.keep_best else Wish.STOP


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
