"""Features as GeoJSON: single ones, those of the bounds, sums by cells, points for names."""

from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Subquery, case, column, func, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.models import Grid
from inspect_app.queries.features.query import (
    Bounds,
    FeatureQuery,
    number_of,
    rows_of,
    select_rows,
)
from inspect_app.queries.scope import in_scope

DIGITS = 6
"""Decimals of degrees: 0.1 m."""
CELL_PX = 72
"""Edge of a cluster's cell on the screen."""
TILE_PX = 256
LABELS_MAX = 150
CORNERS = ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax")


@dataclass(frozen=True, slots=True)
class Collection:
    """Features with their totals: `count` rows, `number` after the weight, both untruncated."""

    features: list[dict[str, Any]]
    count: int
    number: int
    clustered: bool = False

    @property
    def shown(self) -> int:
        """Rows the features stand for."""
        return sum(feature["properties"].get("count", 1) for feature in self.features)


def extent(session: Session, scope: Scope, *, day: date) -> Bounds | None:
    """Return the rectangle of the grids of a scope on a day, None where there are none."""
    box = (
        select(func.ST_Extent(Grid.geom).label("box"))
        .where(
            in_scope(Grid.id, scope),
            Grid.valid_from <= day,
            or_(Grid.valid_to.is_(None), Grid.valid_to > day),
        )
        .subquery()
    )
    corners = session.execute(select(*(getattr(func, name)(box.c.box) for name in CORNERS))).one()
    return None if corners[0] is None else Bounds(*corners)


def totals(session: Session, query: FeatureQuery) -> tuple[int, int]:
    """Return (rows, true number) of a question, without any limit."""
    rows = rows_of(query)
    count, number = session.execute(
        select_rows(query, rows, func.count(), number_of(query, rows))
    ).one()
    return int(count), int(number)


def features(session: Session, query: FeatureQuery, *, limit: int) -> Collection:
    """Return the features of a question, at most `limit`, newest ids first, with true totals.

    Properties are class, name and weight only; the rest is asked for by id when it is read.
    """
    rows = rows_of(query)
    found = session.execute(
        select_rows(query, rows, *_light(query, rows)).order_by(rows.c.id.desc()).limit(limit + 1)
    ).all()
    collected = [_feature(row) for row in found[:limit]]
    if len(found) > limit:
        count, number = totals(session, query)
    else:
        count = len(found)
        number = sum(int(row.number) for row in found)
    return Collection(collected, count=count, number=number)


def clusters(session: Session, query: FeatureQuery, *, zoom: int) -> Collection:
    """Return points summed by cells of the screen at a zoom, with true sums.

    Bounds are widened to whole cells, so that a cell's sum does not depend on the view. A cell of
    one point is that point. The place of a cluster is the mean of its points.
    """
    cell = CELL_PX / TILE_PX * 360 / 2**zoom
    wide = query.within(None if query.bounds is None else whole_cells(query.bounds, cell))
    rows = rows_of(wide)
    x, y = func.ST_X(rows.c.geom), func.ST_Y(rows.c.geom)
    alone = func.count() == 1
    found = session.execute(
        select_rows(
            wide,
            rows,
            func.count().label("pins"),
            number_of(wide, rows).label("number"),
            func.avg(x).label("lon"),
            func.avg(y).label("lat"),
            case((alone, func.min(rows.c.id))).label("id"),
            case((alone, func.min(rows.c.name))).label("name"),
            func.mode().within_group(rows.c[query.layer.colour_by]).label("class"),
        ).group_by(func.floor(x / cell), func.floor(y / cell))
    ).all()
    return Collection(
        [_cluster(row._mapping) for row in found],
        count=sum(row.pins for row in found),
        number=int(sum(row.number for row in found)),
        clustered=True,
    )


def one(session: Session, query: FeatureQuery, feature_id: int) -> dict[str, Any] | None:
    """Return what a layer tells of one feature, its class and place, or None out of sight.

    Told are the columns shown and those its page is called by.
    """
    rows = rows_of(query)
    told = (*query.layer.shows, *query.layer.page_by.values())
    shown = [rows.c[name] for name in dict.fromkeys(told)]
    inside = func.ST_PointOnSurface(rows.c.geom)
    found = session.execute(
        select_rows(
            query,
            rows,
            *shown,
            rows.c[query.layer.colour_by].label("class_"),
            func.ST_X(inside).label("lon_"),
            func.ST_Y(inside).label("lat_"),
            func.ST_AsGeoJSON(
                func.ST_SimplifyPreserveTopology(rows.c.geom, 0.0001), DIGITS, 0
            ).label("geometry_"),
        ).where(rows.c.id == feature_id)
    ).first()
    if found is None:
        return None
    values = dict(found._mapping)
    geometry = values.pop("geometry_")
    return values | {"geometry_": orjson.Fragment(geometry)}


def labels(session: Session, query: FeatureQuery) -> list[dict[str, Any]]:
    """Return names with a point inside the visible part, the largest features first."""
    rows = rows_of(query)
    visible: ColumnElement[Any] = rows.c.geom
    if query.bounds is not None:
        visible = func.ST_ClipByBox2D(rows.c.geom, query.bounds.envelope)
    inner = (
        select_rows(
            query,
            rows,
            rows.c.name.label("name"),
            rows.c[query.layer.colour_by].label("class"),
            func.ST_PointOnSurface(visible).label("point"),
            (func.ST_Area(rows.c.geom) + func.ST_Length(visible)).label("extent"),
        )
        .where(rows.c.name != "")
        .subquery("label")
    )
    found = session.execute(
        select(
            inner.c.name,
            inner.c["class"],
            func.ST_X(inner.c.point).label("lon"),
            func.ST_Y(inner.c.point).label("lat"),
        )
        .where(~func.ST_IsEmpty(inner.c.point))
        .order_by(inner.c.extent.desc())
        .limit(LABELS_MAX)
    ).all()
    return [dict(row._mapping) for row in found]


def whole_cells(bounds: Bounds, cell: float) -> Bounds:
    """Return bounds widened to whole cells, cut at the edge of the world."""
    return Bounds(
        west=max(floor(bounds.west / cell) * cell, -180.0),
        south=max(floor(bounds.south / cell) * cell, -90.0),
        east=min(ceil(bounds.east / cell) * cell, 180.0),
        north=min(ceil(bounds.north / cell) * cell, 90.0),
    )


def _light(query: FeatureQuery, rows: Subquery) -> list[Any]:
    weight = query.layer.weight
    number = rows.c[weight] if weight else column("1", is_literal=True)
    return [
        rows.c.id,
        rows.c.name,
        rows.c[query.layer.colour_by].label("class"),
        number.label("number"),
        # No reference system member: GeoJSON has one system, and CGCS2000 is within 0.1 m of it.
        func.ST_AsGeoJSON(rows.c.geom, DIGITS, 0).label("geometry"),
    ]


def _feature(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of any layer
    return {
        "type": "Feature",
        "id": row.id,
        "geometry": orjson.Fragment(row.geometry),
        "properties": {"name": row.name, "class": row._mapping["class"], "number": row.number},
    }


def _cluster(values: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of any layer
    place = [round(values["lon"], DIGITS), round(values["lat"], DIGITS)]
    return {
        "type": "Feature",
        "id": values["id"],
        "geometry": {"type": "Point", "coordinates": place},
        "properties": {
            "name": values["name"],
            "class": values["class"],
            "count": values["pins"],
            "number": int(values["number"]),
        },
    }
