"""A plan on the map: routes and stops of the tasks in scope, waterways and borders below them."""

from datetime import date
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.models import Crew, Grid, PatrolPlan, PatrolStop, PatrolTask, Road, Waterway
from inspect_app.queries.plans import TOWNSHIP_DEPTH, touches
from inspect_app.queries.scope import in_scope

ROUTE_GRAIN_DEG = 0.00003
"""About three metres: less than the width of a line at the closest zoom."""
BASE_GRAIN_DEG = 0.0002
DIGITS = 6

Collection = dict[str, object]


def plan_map(session: Session, plan: PatrolPlan, scope: Scope) -> dict[str, Collection]:
    """Return feature collections: `routes`, `stops`, `waterways`, `roads`, `borders`.

    A route that touches the scope is shown whole; stops only where they lie in it.
    """
    return {
        "routes": collection(session, routes_of(plan, scope)),
        "stops": collection(session, _stops(plan, scope)),
        **base_collections(session),
    }


def compared_map(
    session: Session, plan: PatrolPlan, other: PatrolPlan, *, scope: Scope
) -> dict[str, Collection]:
    """Return the base collections and `kept`, `added`, `removed` routes of a plan against another.

    A crew-day is kept when both versions have the same stops on it in the same order.
    """
    mine, theirs = (_orders(session, one, scope) for one in (plan, other))
    same = {name for name, (_, order) in mine.items() if theirs.get(name, (0, ()))[1] == order}
    here = {task for name, (task, _) in mine.items() if name not in same}
    there = {task for name, (task, _) in theirs.items() if name not in same}
    kept = {mine[name][0] for name in same}
    return {
        **base_collections(session),
        "kept": collection(session, routes_of(plan, scope).where(PatrolTask.id.in_(kept))),
        "added": collection(session, routes_of(plan, scope).where(PatrolTask.id.in_(here))),
        "removed": collection(session, routes_of(other, scope).where(PatrolTask.id.in_(there))),
    }


def _orders(
    session: Session, plan: PatrolPlan, scope: Scope
) -> dict[tuple[int, date], tuple[int, tuple[str, ...]]]:
    """Return the task and the keys of its stops in order, by crew and day."""
    key = func.concat(PatrolStop.object_kind, ":", PatrolStop.object_id)
    rows = session.execute(
        select(
            PatrolTask.crew_id,
            PatrolTask.day,
            PatrolTask.id,
            func.array_agg(aggregate_order_by(key, PatrolStop.seq)),
        )
        .join(PatrolStop, PatrolStop.task_id == PatrolTask.id)
        .where(PatrolTask.plan_id == plan.id, touches(scope))
        .group_by(PatrolTask.id)
    )
    return {(crew, day): (task, tuple(keys)) for crew, day, task, keys in rows}


def base_collections(session: Session) -> dict[str, Collection]:
    """Return `waterways`, `roads` and `borders`, below what a map of a plan shows."""
    return {
        "waterways": collection(
            session, select(_shape(Waterway.geom, BASE_GRAIN_DEG), Waterway.name, Waterway.level)
        ),
        "roads": collection(session, select(_shape(Road.geom, BASE_GRAIN_DEG), Road.closed)),
        "borders": collection(
            session,
            select(_shape(Grid.geom, BASE_GRAIN_DEG), Grid.name).where(
                Grid.depth == TOWNSHIP_DEPTH, Grid.valid_to.is_(None)
            ),
        ),
    }


def routes_of(plan: PatrolPlan, scope: Scope) -> Select[Any]:
    """Return the SELECT of the routes that touch the scope, for `collection`."""
    return (
        select(
            _shape(PatrolTask.route, ROUTE_GRAIN_DEG),
            PatrolTask.id.label("task"),
            PatrolTask.day,
            PatrolTask.crew_id.label("crew"),
            Crew.name,
        )
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id, PatrolTask.route.is_not(None), touches(scope))
        .order_by(PatrolTask.day, Crew.name)
    )


def _stops(plan: PatrolPlan, scope: Scope) -> Select[Any]:
    return (
        select(
            func.ST_AsGeoJSON(func.ST_PointOnSurface(PatrolStop.geom), DIGITS),
            PatrolStop.task_id.label("task"),
            PatrolStop.seq,
            PatrolStop.name,
            PatrolStop.object_kind.label("kind"),
            PatrolStop.arrive_at.label("arrive"),
        )
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .where(PatrolTask.plan_id == plan.id, in_scope(PatrolStop.grid_id, scope))
        .order_by(PatrolStop.task_id, PatrolStop.seq)
    )


def _shape(column: Any, grain_deg: float) -> ColumnElement[Any]:  # noqa: ANN401 - any geometry column
    simpler = func.ST_SimplifyPreserveTopology(column, grain_deg)
    return func.ST_AsGeoJSON(simpler, DIGITS)


def collection(session: Session, statement: Select[Any]) -> Collection:
    """Return features; the first column is the geometry, the others are the properties."""
    answer = session.execute(statement)
    names = list(answer.keys())[1:]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": orjson.Fragment(shape),
                "properties": dict(zip(names, values, strict=True)),
            }
            for shape, *values in answer
        ],
    }
