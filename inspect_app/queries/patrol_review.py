"""Review of patrols: what was handed in, one patrol with its log, track, findings and steps."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState
from inspect_app.models import (
    Crew,
    Event,
    Finding,
    PatrolLog,
    PatrolStop,
    PatrolTask,
    Person,
)
from inspect_app.queries.scope import in_scope

REVIEW_STATES = (TaskState.SUBMITTED, TaskState.COMPLETED, TaskState.RETURNED)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A handed-in patrol as the reviewer's list shows it."""

    id: int
    day: date
    crew: str
    state: str
    recorder: str | None
    started_at: datetime | None
    ended_at: datetime | None
    distance_m: float | None
    covered_share: float | None
    stops: int
    stops_done: int


def review_list(session: Session, *, scope: Scope, limit: int = 200) -> list[ReviewRow]:
    """Return handed-in tasks that touch the scope: those waiting first, then the newest."""
    stops = (
        select(
            PatrolStop.task_id,
            func.count().label("stops"),
            func.count().filter(PatrolStop.result == "done").label("done"),
            func.bool_or(in_scope(PatrolStop.grid_id, scope)).label("visible"),
        )
        .group_by(PatrolStop.task_id)
        .subquery()
    )
    rows = session.execute(
        select(PatrolTask, Crew.name, PatrolLog, Person.name, stops.c.stops, stops.c.done)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .join(stops, stops.c.task_id == PatrolTask.id)
        .outerjoin(PatrolLog, PatrolLog.task_id == PatrolTask.id)
        .outerjoin(Person, Person.id == PatrolLog.recorder_id)
        .where(PatrolTask.state.in_([state.value for state in REVIEW_STATES]), stops.c.visible)
        .order_by(PatrolTask.state != TaskState.SUBMITTED.value, PatrolTask.day.desc(), Crew.name)
        .limit(limit)
    )
    return [
        ReviewRow(
            id=task.id,
            day=task.day,
            crew=crew,
            state=task.state,
            recorder=recorder,
            started_at=log and log.started_at,
            ended_at=log and log.ended_at,
            distance_m=log and log.distance_m,
            covered_share=log and log.covered_share,
            stops=count,
            stops_done=done,
        )
        for task, crew, log, recorder, count, done in rows
    ]


def task_in_scope(session: Session, task_id: int, *, scope: Scope) -> PatrolTask:
    """Return a task with a stop inside the scope; any other is not found."""
    task = session.scalar(
        select(PatrolTask).where(
            PatrolTask.id == task_id,
            select(PatrolStop.id)
            .where(PatrolStop.task_id == PatrolTask.id, in_scope(PatrolStop.grid_id, scope))
            .exists(),
        )
    )
    if task is None:
        raise Problem("not_found", what="巡查任务")
    return task


def log_of(session: Session, task: PatrolTask) -> PatrolLog | None:
    """Return the log of a task, or None while nobody has started it."""
    return session.scalar(select(PatrolLog).where(PatrolLog.task_id == task.id))


def findings_of(session: Session, task: PatrolTask) -> list[Finding]:
    """Return what was found at the stops of a task, in the order it came."""
    return list(
        session.scalars(
            select(Finding)
            .join(PatrolStop, PatrolStop.id == Finding.patrol_stop_id)
            .where(PatrolStop.task_id == task.id)
            .order_by(Finding.id)
        )
    )


def steps_of(session: Session, task: PatrolTask) -> list[Event]:
    """Return the steps of a task's life, oldest first."""
    return list(
        session.scalars(
            select(Event)
            .where(Event.subject_kind == "task", Event.subject_id == task.id)
            .order_by(Event.id)
        )
    )
