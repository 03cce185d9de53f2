"""Review of patrols: what was handed in, one patrol with its log, track, findings and steps."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import TrackSource
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState
from inspect_app.models import (
    Crew,
    CrewMember,
    Event,
    Finding,
    PatrolLog,
    PatrolStop,
    PatrolTask,
    Person,
    TrackSegment,
)
from inspect_app.queries.scope import in_scope

REVIEW_STATES = (TaskState.SUBMITTED, TaskState.RETURNED, TaskState.COMPLETED)


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


PAGE_SIZE = 50


def review_list(
    session: Session, *, scope: Scope, state: TaskState | None = None, page: int = 1
) -> tuple[list[ReviewRow], int]:
    """Return one page of handed-in tasks that touch the scope, and how many there are in all.

    Those that wait for review come first, the one that waits longest on top; then those returned to
    their crew; what is settled comes last, the newest first.
    """
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
    wanted = REVIEW_STATES if state is None else (state,)
    query = (
        select(PatrolTask, Crew.name, PatrolLog, Person.name, stops.c.stops, stops.c.done)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .join(stops, stops.c.task_id == PatrolTask.id)
        .outerjoin(PatrolLog, PatrolLog.task_id == PatrolTask.id)
        .outerjoin(Person, Person.id == PatrolLog.recorder_id)
        .where(PatrolTask.state.in_([one.value for one in wanted]), stops.c.visible)
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    waits = PatrolTask.state == TaskState.SUBMITTED.value
    rows = session.execute(
        query.order_by(
            case((waits, 0), (PatrolTask.state == TaskState.RETURNED.value, 1), else_=2),
            case((waits, PatrolTask.day)),
            PatrolTask.day.desc(),
            Crew.name,
            PatrolTask.id,
        )
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    found = [
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
    return found, total


def waiting_counts(session: Session, *, scope: Scope) -> dict[TaskState, int]:
    """Return how many handed-in tasks of the scope are in each state."""
    visible = (
        select(PatrolStop.id)
        .where(PatrolStop.task_id == PatrolTask.id, in_scope(PatrolStop.grid_id, scope))
        .exists()
    )
    rows = session.execute(
        select(PatrolTask.state, func.count())
        .where(PatrolTask.state.in_([one.value for one in REVIEW_STATES]), visible)
        .group_by(PatrolTask.state)
    )
    counts = {TaskState(state): count for state, count in rows}
    return {state: counts.get(state, 0) for state in REVIEW_STATES}


@dataclass(frozen=True, slots=True)
class OwnPatrol:
    """A patrol of one's own crew; `attached` counts the track segments of other devices."""

    id: int
    day: date
    crew: str
    state: str
    distance_m: float | None
    covered_share: float | None
    attached: int


def own_patrols(session: Session, person_id: int | None, *, since: date) -> list[OwnPatrol]:
    """Return the patrols with a log of a person's crews from a day on, the newest first."""
    attached = (
        select(func.count())
        .where(
            TrackSegment.log_uid == PatrolLog.uid,
            TrackSegment.source != TrackSource.TABLET.value,
        )
        .correlate(PatrolLog)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PatrolTask, Crew.name, PatrolLog, attached)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .join(PatrolLog, PatrolLog.task_id == PatrolTask.id)
        .join(
            CrewMember,
            (CrewMember.crew_id == PatrolTask.crew_id)
            & (CrewMember.person_id == person_id)
            & (CrewMember.valid_from <= PatrolTask.day)
            & (CrewMember.valid_to.is_(None) | (CrewMember.valid_to > PatrolTask.day)),
        )
        .where(PatrolTask.day >= since)
        .order_by(PatrolTask.day.desc(), PatrolTask.id)
    )
    return [
        OwnPatrol(task.id, task.day, crew, task.state, log.distance_m, log.covered_share, count)
        for task, crew, log, count in rows
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
