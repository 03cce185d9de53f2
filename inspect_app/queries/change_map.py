"""A change of a published plan on the map: the touched crew-days as they are and as they would be.

As they are: their stored routes. As they would be: a straight line from the station through the
places in their new order and back; the way along the roads is drawn when the change is adopted.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import shapely
from shapely.geometry import MultiLineString, Point, mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE
from inspect_app.domain.codes import ObjectKind
from inspect_app.models import Crew, PatrolPlan, PatrolStop, PatrolTask, PlanChange, Station
from inspect_app.queries.patrol_week import object_statements, task_key
from inspect_app.queries.plan_map import Collection, base_collections, collection, routes_of

CrewDayKey = tuple[str, int]
Orders = Mapping[CrewDayKey, tuple[str, ...]]


def change_map(session: Session, change: PlanChange) -> dict[str, Collection]:
    """Return the base collections, `before` and `after` of the touched crew-days, and `moved`.

    `moved` holds the places whose crew or day changes, and those that are asked for.
    """
    plan = session.get_one(PatrolPlan, change.plan_id)
    orders = _orders(change)
    moved = [one for one in change.moves["visits"] if one["asked"] or one["from"] != one["to"]]
    wanted = {key for order in orders.values() for key in order} | {one["key"] for one in moved}
    places = _places(session, plan, wanted)
    homes = _homes(session, {crew for crew, _ in orders})
    after = []
    for (crew, day), order in orders.items():
        points = [homes[crew], *(places[key] for key in order if key in places), homes[crew]]
        facts = {"name": crew, "day": plan.week + timedelta(days=day)}
        if order:
            after.append((MultiLineString([points]), facts))
    return {
        **base_collections(session),
        "before": collection(session, _before(plan, orders)),
        "after": _features(after),
        "moved": _features(
            (places[one["key"]], {"name": one["name"], "asked": one["asked"]})
            for one in moved
            if one["key"] in places
        ),
    }


def _orders(change: PlanChange) -> Orders:
    """Return all visits of the changed crew-days: those settled already, then those to come."""
    settled = {(crew, day): order for crew, day, order in change.orders["settled"]}
    return {
        (crew, day): (*settled.get((crew, day), ()), *order)
        for crew, day, order in change.orders["crew_days"]
    }


def _before(plan: PatrolPlan, orders: Orders) -> Select[Any]:
    touched = [(crew, plan.week + timedelta(days=day)) for crew, day in orders]
    return routes_of(plan, EVERYWHERE).where(tuple_(Crew.name, PatrolTask.day).in_(touched))


def _places(session: Session, plan: PatrolPlan, keys: Iterable[str]) -> dict[str, Point]:
    """Return a point on each object by the name of its visit, as the plan's stops have it.

    What the plan does not visit yet lies where the object lies today; what is no longer patrolled
    and not in the plan either is left out.
    """
    rows = session.execute(
        select(
            PatrolStop.object_kind,
            PatrolStop.object_id,
            PatrolStop.timed,
            func.ST_AsBinary(PatrolStop.geom),
        )
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .where(PatrolTask.plan_id == plan.id)
    )
    wanted = set(keys)
    places = {
        key: _point(shape)
        for kind, number, timed, shape in rows
        if (key := task_key(kind, number, timed=timed)) in wanted
    }
    missing = wanted - set(places)
    for kind, statement in object_statements(plan.week).items():
        places |= _objects(session, kind, statement, keys=missing)
    return places


def _objects(
    session: Session, kind: ObjectKind, statement: Select[Any], *, keys: Iterable[str]
) -> dict[str, Point]:
    numbers: dict[int, list[str]] = {}
    for key in keys:
        of_kind, number, *_ = key.split(":")
        if of_kind == kind:
            numbers.setdefault(int(number), []).append(key)
    if not numbers:
        return {}
    table = statement.subquery()
    rows = session.execute(select(table.c.id, table.c.shape).where(table.c.id.in_(numbers)))
    return {key: _point(shape) for number, shape in rows for key in numbers[number]}


def _homes(session: Session, crews: Iterable[str]) -> dict[str, Point]:
    rows = session.execute(
        select(Crew.name, func.ST_AsBinary(Station.geom))
        .join(Station, Station.id == Crew.station_id)
        .where(Crew.name.in_(list(crews)))
    )
    return {name: _point(shape) for name, shape in rows}


def _point(shape: bytes) -> Point:
    return shapely.from_wkb(bytes(shape)).representative_point()


def _features(found: Iterable[tuple[BaseGeometry, Mapping[str, object]]]) -> Collection:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": mapping(shape), "properties": dict(facts)}
            for shape, facts in found
        ],
    }
