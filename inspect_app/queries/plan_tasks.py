"""One crew-day of a plan: its crew, its stops in the order of travel, its line for a GPX."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from geoalchemy2.shape import to_shape
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import ObjectKind
from inspect_app.domain.transitions import TaskState
from inspect_app.models import (
    Crew,
    CrewMember,
    Grid,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    Person,
    PersonAbsence,
    Station,
)
from inspect_app.queries.conditions import holding
from inspect_app.queries.plans import touches
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop of a crew-day as a list shows it."""

    stop: PatrolStop
    kind: ObjectKind
    grid_name: str | None
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class TaskSheet:
    """A crew-day; `hidden` stops lie outside the reader's scope and are only counted."""

    task: PatrolTask
    plan: PatrolPlan
    crew: Crew
    state: TaskState
    station: str
    members: Sequence[str]
    stops: Sequence[StopLine]
    hidden: int


def task_sheet(session: Session, task_id: int, scope: Scope) -> TaskSheet | None:
    """Return a crew-day that touches the scope, with its stops there; None for any other."""
    row = session.execute(
        select(PatrolTask, PatrolPlan, Crew, Station.name)
        .join(PatrolPlan, PatrolPlan.id == PatrolTask.plan_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .join(Station, Station.id == Crew.station_id)
        .where(PatrolTask.id == task_id, touches(scope))
    ).first()
    if row is None:
        return None
    task, plan, crew, station = row
    middle = func.ST_PointOnSurface(PatrolStop.geom)
    stops = [
        StopLine(stop, ObjectKind(stop.object_kind), grid_name, lon, lat)
        for stop, grid_name, lon, lat in session.execute(
            select(PatrolStop, Grid.name, func.ST_X(middle), func.ST_Y(middle))
            .outerjoin(Grid, Grid.id == PatrolStop.grid_id)
            .where(PatrolStop.task_id == task_id, in_scope(PatrolStop.grid_id, scope))
            .order_by(PatrolStop.seq)
        )
    ]
    total = session.scalar(
        select(func.count()).select_from(PatrolStop).where(PatrolStop.task_id == task_id)
    )
    return TaskSheet(
        task=task,
        plan=plan,
        crew=crew,
        state=TaskState(task.state),
        station=station,
        members=_members(session, crew, day=task.day),
        stops=stops,
        hidden=(total or 0) - len(stops),
    )


def route_lines(task: PatrolTask) -> list[list[tuple[float, float]]]:
    """Return the parts of a task's route in the order of travel, as (lon, lat)."""
    if task.route is None:
        return []
    return [[(x, y) for x, y, *_ in part.coords] for part in to_shape(task.route).geoms]


def _members(session: Session, crew: Crew, *, day: date) -> Sequence[str]:
    """Return who goes: the members of the day without those who are away."""
    away = select(PersonAbsence.person_id).where(holding(PersonAbsence, first=day, last=day))
    return session.scalars(
        select(Person.name)
        .join(CrewMember, CrewMember.person_id == Person.id)
        .where(
            CrewMember.crew_id == crew.id,
            CrewMember.valid_from <= day,
            or_(CrewMember.valid_to.is_(None), CrewMember.valid_to > day),
            Person.id.not_in(away),
        )
        .order_by(Person.id)
    ).all()
