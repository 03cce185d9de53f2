"""Which tasks of a published plan the conditions of its week go against."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.routing.tasks import OFFICERS_OF_A_PAIR
from inspect_app.domain.codes import ObjectKind
from inspect_app.domain.transitions import TaskState
from inspect_app.models import Crew, PatrolPlan, PatrolStop, PatrolTask, Road
from inspect_app.queries.conditions import (
    AssignedPlace,
    Assignment,
    assignments,
    closures,
    crew_days_barred,
    crews_fixed,
    exemptions,
)
from inspect_app.queries.crews import CrewOfWeek, crews_of_week
from inspect_app.queries.patrol_week import grid_paths

ON_ROAD_DEG = 0.0001
"""A route this near to a road's line (about 10 m) runs on it."""
DRIVEN_M = 50
"""Less of a road than this is a crossing, not a drive along it."""


class Conflict(StrEnum):
    """What a condition does to a task."""

    exempt = "exempt"
    crew_away = "crew_away"
    officers_away = "officers_away"
    road_closed = "road_closed"
    assignment = "assignment"


CONFLICTS: dict[Conflict, str] = {
    Conflict.exempt: "有免巡的对象",
    Conflict.crew_away: "班组不能出巡",
    Conflict.officers_away: "执法人员不足2人",
    Conflict.road_closed: "路线经过封闭道路",
    Conflict.assignment: "与班组指定不符",
}
"""The conflicts in words."""


@dataclass(frozen=True, slots=True)
class AffectedTask:
    """A task not yet begun that a condition goes against, and why."""

    task_id: int
    day: date
    crew: str
    conflicts: tuple[Conflict, ...]


def affected_tasks(session: Session, plan: PatrolPlan, *, today: date) -> list[AffectedTask]:
    """Return the tasks of a plan from today on that the week's conditions go against, by day.

    Tasks that have begun, and those of days gone by, are left as they are.
    """
    tasks = session.execute(
        select(PatrolTask, Crew.name)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(
            PatrolTask.plan_id == plan.id,
            PatrolTask.day >= today,
            PatrolTask.state.in_([TaskState.PLANNED.value, TaskState.PUBLISHED.value]),
        )
        .order_by(PatrolTask.day, Crew.name)
    ).all()
    found: dict[int, set[Conflict]] = {task.id: set() for task, _ in tasks}
    crews = {crew.name: crew for crew in crews_of_week(session, week=plan.week)}
    for task, name in tasks:
        found[task.id] |= _without_people(crews.get(name), day=(task.day - plan.week).days)
    for task_id, conflict in [*_at_stops(session, plan), *_on_closed_roads(session, plan)]:
        if task_id in found:
            found[task_id].add(conflict)
    return [
        AffectedTask(task.id, task.day, name, tuple(sorted(found[task.id])))
        for task, name in tasks
        if found[task.id]
    ]


def _without_people(crew: CrewOfWeek | None, *, day: int) -> set[Conflict]:
    if crew is None or day not in crew.weekdays:
        return {Conflict.crew_away}
    here = crew.officers_by_day.get(day, crew.officers)
    short = here < OFFICERS_OF_A_PAIR <= crew.officers
    return {Conflict.officers_away} if short else set()


def _at_stops(session: Session, plan: PatrolPlan) -> list[tuple[int, Conflict]]:
    exempt = {
        (one.kind, one.object_id, day) for one in exemptions(session, plan.week) for day in one.days
    }
    rules = assignments(session, plan.week)
    if not exempt and not rules:
        return []
    paths = grid_paths(session)
    stops = session.execute(
        select(PatrolStop, PatrolTask.day, Crew.name)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id)
    )
    found = []
    for stop, date_of, crew in stops:
        day, kind = (date_of - plan.week).days, ObjectKind(stop.object_kind)
        place = AssignedPlace(kind, stop.object_id, paths.get(stop.grid_id or 0))
        if (kind, stop.object_id, day) in exempt:
            found.append((stop.task_id, Conflict.exempt))
        if _wrong_crew(rules, place, crew=crew, day=day):
            found.append((stop.task_id, Conflict.assignment))
    return found


def _wrong_crew(rules: list[Assignment], place: AssignedPlace, *, crew: str, day: int) -> bool:
    fixed = crews_fixed(rules, place, day=day)
    return (crew, day) in crew_days_barred(rules, place) or (
        fixed is not None and crew not in fixed
    )


def _on_closed_roads(session: Session, plan: PatrolPlan) -> list[tuple[int, Conflict]]:
    """Return the tasks whose route runs along a road on a day on which it is closed."""
    closed = {
        (one.road_id, day): Conflict.road_closed
        for one in closures(session, plan.week)
        for day in one.days
    }
    if not closed:
        return []
    band = func.ST_Buffer(PatrolTask.route, ON_ROAD_DEG)
    driven = func.ST_Length(func.Geography(func.ST_Intersection(Road.geom, band)))
    rows = session.execute(
        select(PatrolTask.id, PatrolTask.day, Road.id)
        .join(Road, Road.geom.ST_Intersects(band))
        .where(
            PatrolTask.plan_id == plan.id,
            Road.id.in_({road for road, _ in closed}),
            driven > DRIVEN_M,
        )
    )
    return [
        (task_id, Conflict.road_closed)
        for task_id, day, road_id in rows
        if (road_id, (day - plan.week).days) in closed
    ]
