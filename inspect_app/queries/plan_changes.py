"""Changes of a published plan: how far its crews are, offers made, changes adopted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.codes import StopResult
from inspect_app.domain.transitions import PlanState, TaskState
from inspect_app.models import (
    Crew,
    Event,
    Finding,
    PatrolLog,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    Person,
    PlanChange,
    TrackSegment,
)
from inspect_app.queries.patrol_week import task_key

OUT_OF_PLAN = (TaskState.CANCELLED, TaskState.EXEMPTED)


@dataclass(frozen=True, slots=True)
class CrewDayRow:
    """A task of the plan with its stops in order, and when its tablet was last heard."""

    task: PatrolTask
    crew: str
    stops: Sequence[PatrolStop]
    started_at: datetime | None
    heard_at: datetime | None


def published_plan(session: Session, week: date) -> PatrolPlan | None:
    """Return the published plan of a week."""
    return session.scalar(
        select(PatrolPlan).where(
            PatrolPlan.week == week, PatrolPlan.state == PlanState.PUBLISHED.value
        )
    )


def crew_day_rows(session: Session, plan: PatrolPlan) -> list[CrewDayRow]:
    """Return the tasks of a plan by day and crew; cancelled and exempted ones are left out."""
    heard = (
        select(func.max(TrackSegment.received_at))
        .where(TrackSegment.log_uid == PatrolLog.uid)
        .correlate(PatrolLog)
        .scalar_subquery()
    )
    told = (
        select(func.max(Event.at))
        .join(PatrolStop, PatrolStop.id == Event.subject_id)
        .where(Event.subject_kind == "stop", PatrolStop.task_id == PatrolTask.id)
        .where(Event.event.in_([result.value for result in StopResult]))
        .correlate(PatrolTask)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PatrolTask, Crew.name, PatrolLog.started_at, PatrolLog.received_at, heard, told)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .outerjoin(PatrolLog, PatrolLog.task_id == PatrolTask.id)
        .where(
            PatrolTask.plan_id == plan.id,
            PatrolTask.state.not_in([state.value for state in OUT_OF_PLAN]),
        )
        .order_by(PatrolTask.day, Crew.name)
    ).all()
    stops: dict[int, list[PatrolStop]] = {}
    for stop in session.scalars(
        select(PatrolStop)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .where(PatrolTask.plan_id == plan.id)
        .order_by(PatrolStop.task_id, PatrolStop.seq)
    ):
        stops.setdefault(stop.task_id, []).append(stop)
    return [
        CrewDayRow(
            task,
            crew,
            stops.get(task.id, []),
            started,
            max(filter(None, (received, sent, told_at)), default=None),
        )
        for task, crew, started, received, sent, told_at in rows
    ]


def stops_with_findings(session: Session, plan: PatrolPlan) -> frozenset[int]:
    """Return the stops of a plan at which a finding has been raised: a crew has been there."""
    return frozenset(
        session.scalars(
            select(PatrolStop.id)
            .join(Finding, Finding.patrol_stop_id == PatrolStop.id)
            .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
            .where(PatrolTask.plan_id == plan.id)
        )
    )


def key_of(stop: PatrolStop) -> str:
    """Return the name of a stop's visit in a week's problem."""
    return task_key(stop.object_kind, stop.object_id, timed=stop.timed)


def adopted_changes(session: Session, plan: PatrolPlan) -> list[tuple[PlanChange, str | None]]:
    """Return the changes a plan has taken, the newest first, with who adopted each."""
    rows = session.execute(
        select(PlanChange, Person.name)
        .outerjoin(Person, Person.id == PlanChange.adopted_by)
        .where(PlanChange.plan_id == plan.id, PlanChange.revision.is_not(None))
        .order_by(PlanChange.revision.desc())
    )
    return [(change, name) for change, name in rows]


def offers_to(session: Session, plan: PatrolPlan, *, person_id: int | None) -> list[PlanChange]:
    """Return the offers made to a person that still await a decision, insertion first."""
    rows = session.scalars(
        select(PlanChange)
        .where(
            PlanChange.plan_id == plan.id,
            PlanChange.revision.is_(None),
            PlanChange.offered_to == person_id,
        )
        .order_by(PlanChange.id)
    )
    return list(rows)
