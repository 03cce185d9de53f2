"""What has happened since a plan was published and calls for a change of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.codes import ObjectKind, Severity, StopResult
from inspect_app.domain.matter_codes import MATTER_OPEN
from inspect_app.domain.transitions import TaskState
from inspect_app.models import (
    ComplaintMatter,
    Crew,
    Outlet,
    PatrolPlan,
    PatrolSegment,
    PatrolStop,
    PatrolTask,
    PollutionSource,
    WaterSource,
)
from inspect_app.queries.conditions import absences, closures, exemptions
from inspect_app.queries.patrol_week import task_key
from inspect_app.queries.plan_changes import OUT_OF_PLAN, key_of

STORM_CLASSES = ("1.2", "1.4", "4.7")
"""Outlet classes of HJ 1312-2023 that discharge rain water (雨洪排口)."""


@dataclass(frozen=True, slots=True)
class UrgentMatter:
    """An open urgent matter without a visit; `due_at` keeps the promise of arrival."""

    id: int
    matter_no: str
    title: str
    opened_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class MissedVisit:
    """A planned visit of an earlier day that did not take place."""

    stop_id: int
    name: str
    crew: str
    day: date
    result: StopResult


@dataclass(frozen=True, slots=True)
class AbsentCrew:
    """A crew that is away on days on which the plan sends it out."""

    crew_id: int
    crew: str
    reason: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Exempt:
    """An object that is still planned although it need not be visited."""

    key: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Happenings:
    """What has happened since a plan was published and calls for a change."""

    matters: tuple[UrgentMatter, ...]
    absent: tuple[AbsentCrew, ...]
    missed: tuple[MissedVisit, ...]
    exempt: tuple[Exempt, ...]
    closed_roads: tuple[str, ...]
    storm_outlets: int

    @property
    def any(self) -> bool:
        """Whether anything was found."""
        return bool(self.matters or self.absent or self.missed or self.exempt or self.closed_roads)


def happenings(
    session: Session, plan: PatrolPlan, *, today: date, promise: timedelta
) -> Happenings:
    """Return what calls for a change of a plan from today on.

    Parameters
    ----------
    today
        Earlier days are over: of them only missed visits are told.
    promise
        How long after it became known an urgent matter is to be visited.
    """
    return Happenings(
        matters=_matters(session, plan, promise=promise),
        absent=_absent(session, plan, today=today),
        missed=_missed(session, plan, today=today),
        exempt=_exempt(session, plan, today=today),
        closed_roads=tuple(
            one.road or str(one.road_id)
            for one in closures(session, plan.week)
            if any(plan.week + timedelta(days=day) >= today for day in one.days)
        ),
        storm_outlets=session.scalar(
            select(func.count()).select_from(Outlet).where(storm_outlets())
        )
        or 0,
    )


def storm_outlets() -> ColumnElement[bool]:
    """Return the SQL condition of outlets that discharge rain water."""
    return Outlet.outlet_class.in_(STORM_CLASSES) & ~Outlet.closed


def storm_keys(session: Session) -> list[str]:
    """Return the keys of the storm outlets in use, by id."""
    ids = session.scalars(select(Outlet.id).where(storm_outlets()).order_by(Outlet.id))
    return [task_key(ObjectKind.OUTLET, number, timed=False) for number in ids]


def _matters(session: Session, plan: PatrolPlan, *, promise: timedelta) -> tuple[UrgentMatter, ...]:
    planned = (
        select(PatrolStop.object_id)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .where(
            PatrolTask.plan_id == plan.id,
            PatrolStop.object_kind == ObjectKind.MATTER.value,
            PatrolTask.state.not_in([state.value for state in OUT_OF_PLAN]),
        )
    )
    rows = session.scalars(
        select(ComplaintMatter)
        .where(
            ComplaintMatter.severity == Severity.URGENT.value,
            ComplaintMatter.state.in_([state.value for state in MATTER_OPEN]),
            ComplaintMatter.geom.is_not(None),
            ComplaintMatter.id.not_in(planned),
        )
        .order_by(ComplaintMatter.opened_at, ComplaintMatter.id)
    )
    return tuple(
        UrgentMatter(row.id, row.matter_no, row.title, row.opened_at, row.opened_at + promise)
        for row in rows
    )


def _absent(session: Session, plan: PatrolPlan, *, today: date) -> tuple[AbsentCrew, ...]:
    planned: dict[int, set[date]] = {}
    for crew_id, day in session.execute(
        select(PatrolTask.crew_id, PatrolTask.day).where(
            PatrolTask.plan_id == plan.id,
            PatrolTask.day >= today,
            PatrolTask.state == TaskState.PUBLISHED.value,
        )
    ):
        planned.setdefault(crew_id, set()).add(day)
    found = []
    for one in absences(session, plan.week).crews:
        away = {plan.week + timedelta(days=day) for day in one.days}
        days = tuple(sorted(away & planned.get(one.crew_id, set())))
        if days:
            found.append(AbsentCrew(one.crew_id, one.crew, one.reason, days))
    return tuple(found)


def _missed(session: Session, plan: PatrolPlan, *, today: date) -> tuple[MissedVisit, ...]:
    later = PatrolStop.__table__.alias("later")
    other = PatrolTask.__table__.alias("other")
    made_up = (
        select(later.c.id)
        .join(other, other.c.id == later.c.task_id)
        .where(
            other.c.plan_id == plan.id,
            other.c.day > PatrolTask.day,
            later.c.object_kind == PatrolStop.object_kind,
            later.c.object_id == PatrolStop.object_id,
            later.c.timed == PatrolStop.timed,
        )
        .correlate(PatrolStop, PatrolTask)
        .exists()
    )
    rows = session.execute(
        select(PatrolStop, Crew.name, PatrolTask.day)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(
            PatrolTask.plan_id == plan.id,
            or_(
                PatrolTask.day < today,
                PatrolTask.state.in_([TaskState.SUBMITTED.value, TaskState.COMPLETED.value]),
            ),
            PatrolTask.state.not_in([state.value for state in OUT_OF_PLAN]),
            PatrolStop.result != StopResult.DONE.value,
            ~made_up,
        )
        .order_by(PatrolTask.day, Crew.name, PatrolStop.seq)
    )
    return tuple(
        MissedVisit(stop.id, stop.name, crew, day, StopResult(stop.result))
        for stop, crew, day in rows
    )


def _exempt(session: Session, plan: PatrolPlan, *, today: date) -> tuple[Exempt, ...]:
    spells = {
        (
            task_key(one.kind, one.object_id, timed=False),
            plan.week + timedelta(days=day),
        ): one.reason
        for one in exemptions(session, plan.week)
        for day in one.days
    }
    if not spells:
        return ()
    rows = session.execute(
        select(PatrolStop, PatrolTask.day)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .where(
            PatrolTask.plan_id == plan.id,
            PatrolTask.day >= today,
            PatrolStop.result == StopResult.PENDING.value,
        )
        .order_by(PatrolStop.id)
    )
    found: dict[str, Exempt] = {}
    for stop, day in rows:
        reason = spells.get((task_key(stop.object_kind, stop.object_id, timed=False), day))
        if reason is not None:
            found[key_of(stop)] = Exempt(key_of(stop), stop.name, reason)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class CrewOut:
    """A crew with the days from today on that the plan sends it out."""

    crew_id: int
    crew: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object found by its name."""

    key: str
    kind: ObjectKind
    name: str


def crews_out(session: Session, plan: PatrolPlan, *, today: date) -> list[CrewOut]:
    """Return the crews that are still to go out, by name."""
    rows = session.execute(
        select(PatrolTask.crew_id, Crew.name, PatrolTask.day)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(
            PatrolTask.plan_id == plan.id,
            PatrolTask.day >= today,
            PatrolTask.state.in_(
                [TaskState.PUBLISHED.value, TaskState.IN_PROGRESS.value, TaskState.PAUSED.value]
            ),
        )
        .order_by(Crew.name, PatrolTask.day)
    )
    crews: dict[tuple[int, str], list[date]] = {}
    for crew_id, crew, day in rows:
        crews.setdefault((crew_id, crew), []).append(day)
    return [CrewOut(*crew, tuple(days)) for crew, days in crews.items()]


def objects_named(session: Session, text: str, *, limit: int = 20) -> list[NamedObject]:
    """Return objects whose name contains the text: matters first, then places and segments."""
    like = f"%{text.replace('%', '')}%"
    tables: tuple[tuple[ObjectKind, Any, Any], ...] = (
        (ObjectKind.MATTER, ComplaintMatter, ComplaintMatter.title),
        (ObjectKind.OUTLET, Outlet, Outlet.name),
        (ObjectKind.SOURCE, PollutionSource, PollutionSource.name),
        (ObjectKind.WATER_SOURCE, WaterSource, WaterSource.name),
        (ObjectKind.SEGMENT, PatrolSegment, PatrolSegment.name),
    )
    found: list[NamedObject] = []
    for kind, table, name in tables:
        rows = session.execute(
            select(table.id, name)
            .where(name.ilike(like), table.geom.is_not(None))
            .order_by(table.id)
            .limit(limit - len(found))
        )
        found += [
            NamedObject(task_key(kind, number, timed=False), kind, label) for number, label in rows
        ]
        if len(found) >= limit:
            break
    return found
