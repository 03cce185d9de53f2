"""The list beside the map: the same question, sorted and paged; and what lies near a click."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from inspect_app.queries.features.geojson import totals
from inspect_app.queries.features.query import SRID, FeatureQuery, rows_of, select_rows

PAGE_SIZE = 50
NEAR_MAX = 6
"""Features of one layer named for one click."""


class SortUnknown(ValueError):
    """A sort column the layer does not show."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list with the totals of the whole question."""

    rows: list[dict[str, Any]]
    page: int
    count: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.count // PAGE_SIZE))


def listing(session: Session, query: FeatureQuery, *, sort: str = "", page: int = 1) -> Page:
    """Return a page of rows with the shown columns, class and a point; `-column` sorts downwards.

    Without a sort: newest first where the layer has a time, else by name. Raises SortUnknown.
    """
    sort = sort or (f"-{query.layer.time}" if query.layer.time else "name")
    name = sort.removeprefix("-")
    if name not in query.layer.shows and name not in {"name", query.layer.time}:
        message = f"{query.layer.key} cannot be sorted by {name!r}"
        raise SortUnknown(message)
    rows = rows_of(query)
    inside = func.ST_PointOnSurface(rows.c.geom)
    order = rows.c[name].desc() if sort.startswith("-") else rows.c[name].asc()
    found = session.execute(
        select_rows(
            query,
            rows,
            *(rows.c[shown] for shown in query.layer.shows),
            rows.c.id.label("id_"),
            rows.c[query.layer.colour_by].label("class_"),
            func.ST_X(inside).label("lon_"),
            func.ST_Y(inside).label("lat_"),
        )
        .order_by(order.nulls_last(), rows.c.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    count, number = totals(session, query)
    return Page([dict(row._mapping) for row in found], page=page, count=count, number=number)


def near(
    session: Session, query: FeatureQuery, place: tuple[float, float], *, radius_deg: float
) -> list[tuple[int, str]]:
    """Return (id, name) of the features near a click: nearest first, of areas the smallest.

    The radius is a tolerance on the screen, in degrees, not a length on the ground.
    """
    rows = rows_of(query)
    point = func.ST_SetSRID(func.ST_MakePoint(*place), SRID)
    found = session.execute(
        select_rows(query, rows, rows.c.id, rows.c.name)
        .where(func.ST_DWithin(rows.c.geom, point, radius_deg))
        .order_by(func.ST_Distance(rows.c.geom, point), func.ST_Area(rows.c.geom), rows.c.id)
        .limit(NEAR_MAX)
    ).all()
    return [(int(row.id), str(row.name or "")) for row in found]
