"""Patrols: whose task it is, a person's tasks of a day with their map."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, Select, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Scope
from inspect_app.domain.codes import PatrolKind, TrackSource
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState
from inspect_app.models import (
    Crew,
    CrewMember,
    Event,
    PatrolLog,
    PatrolStop,
    PatrolTask,
    Person,
    TrackSegment,
)
from inspect_app.queries.arrival_promises import arrival_promises
from inspect_app.queries.patrol_week import key_of

NIGHT_GRACE = timedelta(hours=6)
"""So long after its planned end a night patrol of the day before stays on its crew's list."""
FIELD_STATES = (
    TaskState.PUBLISHED,
    TaskState.IN_PROGRESS,
    TaskState.PAUSED,
    TaskState.SUBMITTED,
    TaskState.RETURNED,
    TaskState.COMPLETED,
    TaskState.MISSED,
)
"""States in which a task is shown to its crew."""
BY_START = (PatrolTask.starts_at, PatrolTask.id)
NO_CHANGE = (None, None)


@dataclass(frozen=True, slots=True)
class StopCard:
    """A stop as the tablet shows it; `due_at` is the promised arrival of an urgent one."""

    id: int
    seq: int
    grid_id: int | None
    object_kind: str
    object_id: int
    name: str
    reverse: bool
    arrive_at: datetime
    leave_at: datetime
    due_at: datetime | None
    result: str
    result_reason: str | None
    last_visit: datetime | None
    geometry: orjson.Fragment


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task of the day with everything that must work without a network.

    `changed_at` and `change_reason` tell the last change of the published plan that touched it.
    """

    id: int
    day: date
    kind: str
    crew: str
    members: list[str]
    state: str
    starts_at: datetime
    ends_at: datetime
    length_m: float
    log_uid: UUID | None
    next_segment: int
    changed_at: datetime | None
    change_reason: str | None
    route: orjson.Fragment | None
    stops: list[StopCard] = field(default_factory=list)


def is_crew_member(session: Session, task: PatrolTask, person_id: int | None) -> bool:
    """Whether the person belonged to the task's crew on the task's day."""
    found = session.scalar(
        select(CrewMember.person_id).where(
            CrewMember.crew_id == task.crew_id,
            CrewMember.person_id == person_id,
            CrewMember.valid_from <= task.day,
            or_(CrewMember.valid_to.is_(None), CrewMember.valid_to > task.day),
        )
    )
    return found is not None


def crew_task(session: Session, task_id: int, *, actor: Actor) -> PatrolTask:
    """Return the task, locked; another crew's task and one that is not there look the same."""
    task = session.scalar(select(PatrolTask).where(PatrolTask.id == task_id).with_for_update())
    if task is None or not is_crew_member(session, task, actor.person_id):
        raise Problem("not_your_task")
    return task


def tasks_of_day(
    session: Session, person_id: int | None, *, day: date, now: datetime, days: int = 1
) -> list[TaskCard]:
    """Return the published tasks of a person's crews on a day, or on so many, by starting time.

    A night patrol of the day before is among them until `NIGHT_GRACE` after its planned end.
    """
    asked = and_(PatrolTask.day >= day, PatrolTask.day < day + timedelta(days=days))
    last_night = and_(
        PatrolTask.day == day - timedelta(days=1),
        PatrolTask.patrol_kind == PatrolKind.NIGHT.value,
        PatrolTask.starts_at <= now,
        PatrolTask.ends_at > now - NIGHT_GRACE,
    )
    rows = session.execute(
        _tasks_of(person_id).where(or_(asked, last_night)).order_by(*BY_START)
    ).all()
    return _cards(session, rows)


def cards_of(session: Session, person_id: int | None, task_ids: list[int]) -> list[TaskCard]:
    """Return the cards of those of the tasks that a person's tablet shows, whatever their day."""
    rows = session.execute(
        _tasks_of(person_id).where(PatrolTask.id.in_(task_ids)).order_by(*BY_START)
    ).all()
    return _cards(session, rows)


def _tasks_of(person_id: int | None) -> Select[Any]:
    """Return the statement of the tasks in the field of a person's crews, each on its own day."""
    return (
        select(
            PatrolTask,
            Crew.name.label("crew"),
            PatrolLog.uid.label("log_uid"),
            func.ST_AsGeoJSON(PatrolTask.route, 6).label("route"),
            _next_segment().label("next_segment"),
        )
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .join(
            CrewMember,
            and_(
                CrewMember.crew_id == PatrolTask.crew_id,
                CrewMember.person_id == person_id,
                CrewMember.valid_from <= PatrolTask.day,
                or_(CrewMember.valid_to.is_(None), CrewMember.valid_to > PatrolTask.day),
            ),
        )
        .outerjoin(PatrolLog, PatrolLog.task_id == PatrolTask.id)
        .where(PatrolTask.state.in_([state.value for state in FIELD_STATES]))
    )


def _next_segment() -> Any:  # noqa: ANN401 - a scalar subquery
    return (
        select(func.coalesce(func.max(TrackSegment.number) + 1, 0))
        .where(
            TrackSegment.log_uid == PatrolLog.uid,
            TrackSegment.source == TrackSource.TABLET.value,
        )
        .correlate(PatrolLog)
        .scalar_subquery()
    )


def _cards(session: Session, rows: Sequence[Row[Any]]) -> list[TaskCard]:
    """Return the cards of task rows; their stops, crews and changes are read in one go each."""
    tasks: list[PatrolTask] = [row.PatrolTask for row in rows]
    changes, members = _last_changes(session, tasks), _members(session, tasks)
    stops = _stops(session, tasks)
    return [
        TaskCard(
            id=task.id,
            day=task.day,
            kind=task.patrol_kind,
            crew=row.crew,
            members=members.get(task.id, []),
            state=task.state,
            starts_at=task.starts_at,
            ends_at=task.ends_at,
            length_m=task.length_m,
            log_uid=row.log_uid,
            next_segment=row.next_segment,
            changed_at=changes.get(task.id, NO_CHANGE)[0],
            change_reason=changes.get(task.id, NO_CHANGE)[1],
            route=orjson.Fragment(row.route) if row.route else None,
            stops=stops.get(task.id, []),
        )
        for row, task in zip(rows, tasks, strict=True)
    ]


def _last_changes(
    session: Session, tasks: Sequence[PatrolTask]
) -> dict[int, tuple[datetime, str | None]]:
    """Return when and why each task was last touched by a change of its plan."""
    rows = session.execute(
        select(Event.subject_id, Event.at, Event.reason)
        .ext(distinct_on(Event.subject_id))
        .where(
            Event.subject_kind == "task",
            Event.subject_id.in_([task.id for task in tasks]),
            Event.event == "change",
        )
        .order_by(Event.subject_id, Event.id.desc())
    )
    return {task_id: (at, reason) for task_id, at, reason in rows}


def crew_members(session: Session, task: PatrolTask) -> list[str]:
    """Return the names of the crew on the task's day."""
    return _members(session, [task]).get(task.id, [])


def _members(session: Session, tasks: Sequence[PatrolTask]) -> dict[int, list[str]]:
    rows = session.execute(
        select(PatrolTask.id, Person.name)
        .join(CrewMember, CrewMember.crew_id == PatrolTask.crew_id)
        .join(Person, Person.id == CrewMember.person_id)
        .where(
            PatrolTask.id.in_([task.id for task in tasks]),
            CrewMember.valid_from <= PatrolTask.day,
            or_(CrewMember.valid_to.is_(None), CrewMember.valid_to > PatrolTask.day),
        )
        .order_by(PatrolTask.id, Person.name)
    )
    names: dict[int, list[str]] = {}
    for task_id, name in rows:
        names.setdefault(task_id, []).append(name)
    return names


def stops_of(session: Session, task: PatrolTask) -> list[StopCard]:
    """Return the stops of a task in their order, each with its object's last visit before."""
    return _stops(session, [task]).get(task.id, [])


def _stops(session: Session, tasks: Sequence[PatrolTask]) -> dict[int, list[StopCard]]:
    earlier = PatrolStop.__table__.alias("earlier")
    last_visit = (
        select(func.max(earlier.c.done_at))
        .where(
            earlier.c.object_kind == PatrolStop.object_kind,
            earlier.c.object_id == PatrolStop.object_id,
            earlier.c.result == "done",
            earlier.c.task_id != PatrolStop.task_id,
        )
        .correlate(PatrolStop)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PatrolStop, last_visit, func.ST_AsGeoJSON(PatrolStop.geom, 6))
        .where(PatrolStop.task_id.in_([task.id for task in tasks]))
        .order_by(PatrolStop.task_id, PatrolStop.seq)
    ).all()
    promises = arrival_promises(session, {task.plan_id for task in tasks})
    plans = {task.id: task.plan_id for task in tasks}
    cards: dict[int, list[StopCard]] = {}
    for stop, visited, geometry in rows:
        promised = promises.get((plans[stop.task_id], key_of(stop)))
        cards.setdefault(stop.task_id, []).append(
            StopCard(
                id=stop.id,
                seq=stop.seq,
                grid_id=stop.grid_id,
                object_kind=stop.object_kind,
                object_id=stop.object_id,
                name=stop.name,
                reverse=stop.reverse,
                arrive_at=stop.arrive_at,
                leave_at=stop.leave_at,
                due_at=promised,
                result=stop.result,
                result_reason=stop.result_reason,
                last_visit=visited,
                geometry=orjson.Fragment(geometry),
            )
        )
    return cards


SURROUNDINGS = """
WITH way AS (
    SELECT geom FROM patrol_stop WHERE task_id = ANY(:tasks)
    UNION ALL SELECT route FROM patrol_task WHERE id = ANY(:tasks) AND route IS NOT NULL
), around AS (SELECT ST_SetSRID(ST_Extent(geom)::geometry, 4490) AS box FROM way),
area AS (
    SELECT ST_Expand(ST_Centroid(box), 0.015 + 0.8 * greatest(
        ST_XMax(box) - ST_XMin(box), ST_YMax(box) - ST_YMin(box))) AS box
    FROM around WHERE box IS NOT NULL
), ways AS (SELECT ST_Collect(geom) AS geom FROM way), things AS (
    SELECT 'waterway' AS kind, name, NULL::bigint AS id,
           ST_ClipByBox2D(ST_SimplifyPreserveTopology(geom, 0.0001), box) AS geom
    FROM waterway, area WHERE geom && box
    UNION ALL
    SELECT 'road', coalesce(road.name, ''), NULL,
           ST_ClipByBox2D(ST_SimplifyPreserveTopology(road.geom, 0.0001), box)
    FROM road, area, ways WHERE road.geom && box AND ST_DWithin(road.geom, ways.geom, 0.03)
    UNION ALL
    SELECT 'grid', name, NULL,
           ST_ClipByBox2D(ST_SimplifyPreserveTopology(ST_Boundary(geom), 0.0002), box)
    FROM grid, area WHERE geom && box AND valid_from <= :day
        AND (valid_to IS NULL OR valid_to > :day)
)
SELECT coalesce(json_agg(json_build_object('type', 'Feature',
    'properties', json_build_object('kind', kind, 'name', name),
    'geometry', ST_AsGeoJSON(geom, 5)::json)), '[]')::text
FROM things WHERE NOT ST_IsEmpty(geom)
"""
"""Waterways, roads (within 3 km or so of the way) and grid borders around tasks, coarsely."""


def surroundings(session: Session, task_ids: list[int], *, day: date) -> orjson.Fragment:
    """Return the GeoJSON features a tablet draws under its tasks when there is no network."""
    found: str = session.scalars(text(SURROUNDINGS), {"tasks": task_ids, "day": day}).one()
    return orjson.Fragment(found)


THINGS = """
WITH things AS (
    SELECT 'outlet' AS kind, id, name, grid_id, geom FROM outlet WHERE NOT closed
    UNION ALL SELECT 'source', id, name, grid_id, geom FROM pollution_source WHERE NOT closed
    UNION ALL SELECT 'water_source', id, name, grid_id, geom FROM water_source)
SELECT things.kind, things.id, things.name, ST_X(things.geom) AS lon, ST_Y(things.geom) AS lat
FROM things
"""
NEAR = """
JOIN (SELECT ST_Collect(geom) AS geom FROM patrol_stop WHERE task_id = ANY(:tasks)) AS ways
    ON things.geom && ST_Expand(ways.geom, 0.01) AND ST_DWithin(things.geom, ways.geom, 0.01)
"""
NAMED = """
JOIN unnest(CAST(:kinds AS text[]), CAST(:ids AS bigint[])) AS named (kind, id)
    ON things.kind = named.kind AND things.id = named.id
"""
VISIBLE = """
WHERE :everywhere OR EXISTS (SELECT FROM grid WHERE grid.id = things.grid_id
    AND grid.path ^@ ANY(:paths))
ORDER BY things.kind, things.id LIMIT 2000
"""


@dataclass(frozen=True, slots=True)
class NearObject:
    """A thing near the way that a finding may be about."""

    kind: str
    id: int
    name: str
    lon: float
    lat: float


def objects_near(session: Session, task_ids: list[int], *, scope: Scope) -> list[NearObject]:
    """Return what findings may be about within about 1 km of the stops, inside the scope."""
    return _objects(session, NEAR, scope=scope, tasks=task_ids)


def objects_named(
    session: Session, names: list[tuple[str, int]], *, scope: Scope
) -> list[NearObject]:
    """Return those of the objects (kind, id) that are in use and inside the scope."""
    kinds, ids = [kind for kind, _ in names], [number for _, number in names]
    return _objects(session, NAMED, scope=scope, kinds=kinds, ids=ids)


def _objects(
    session: Session, which: str, *, scope: Scope, **values: list[Any]
) -> list[NearObject]:
    statement = f"{THINGS}{which}{VISIBLE}"
    given = {"everywhere": scope.everywhere, "paths": list(scope.grid_paths), **values}
    return [NearObject(*row) for row in session.execute(text(statement), given)]
