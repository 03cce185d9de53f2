"""Places by name: what somebody at a desk types to find a point on the map."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, or_, select
from sqlalchemy import union_all as together
from sqlalchemy.orm import Session, aliased

from inspect_app.domain.access import Scope
from inspect_app.models import (
    Grid,
    Outlet,
    PatrolSegment,
    PollutionSource,
    WaterSource,
    Waterway,
)
from inspect_app.queries.place_names import NameKind, PlaceNames
from inspect_app.queries.scope import in_scope

LIMIT = 12
_LOOKED_AT = 200
"""Best names of the county that are looked at for those in the reader's scope."""

TITLES = {
    NameKind.GRID: "网格",
    NameKind.WATERWAY: "河流渠道",
    NameKind.SEGMENT: "河段",
    NameKind.OUTLET: "排污口",
    NameKind.SOURCE: "污染源",
    NameKind.WATER_SOURCE: "水源地",
}
TABLES: dict[NameKind, Any] = {
    NameKind.GRID: Grid,
    NameKind.WATERWAY: Waterway,
    NameKind.SEGMENT: PatrolSegment,
    NameKind.OUTLET: Outlet,
    NameKind.SOURCE: PollutionSource,
    NameKind.WATER_SOURCE: WaterSource,
}


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """Something with a name and a point on it, EPSG:4490; `within` is the grid it lies in."""

    key: NameKind
    id: int
    name: str
    within: str
    lon: float
    lat: float

    @property
    def kind(self) -> str:
        """The word for its kind."""
        return TITLES[self.key]


def find_places(
    session: Session,
    text: str,
    *,
    names: PlaceNames,
    scope: Scope,
    day: date,
    kinds: Collection[NameKind] = tuple(NameKind),
) -> list[NamedPlace]:
    """Return the places of the scope whose name fits the text, best first.

    The text may be Chinese, pinyin or the first letters of the pinyin; an enterprise is found by
    its address too. Names come from memory; places and scope from the database, as they are now.
    """
    best = names.search(session, text, kinds=kinds, most=_LOOKED_AT)
    if not best:
        return []
    wanted: dict[NameKind, list[int]] = {}
    for kind, number in best:
        wanted.setdefault(kind, []).append(number)
    parts = [_part(kind, numbers, scope=scope, day=day) for kind, numbers in wanted.items()]
    rows = session.execute(together(*parts) if len(parts) > 1 else parts[0])
    found = {(NameKind(row[0]), row[1]): NamedPlace(NameKind(row[0]), *row[1:]) for row in rows}
    return [found[one] for one in best if one in found][:LIMIT]


def _part(
    kind: NameKind, numbers: Sequence[int], *, scope: Scope, day: date
) -> Select[tuple[Any, ...]]:
    table = TABLES[kind]
    point: ColumnElement[Any] = func.ST_PointOnSurface(table.geom)
    within: ColumnElement[Any] = literal("")
    conditions: list[ColumnElement[bool]] = [table.id.in_(numbers)]
    if kind is NameKind.GRID:
        within = _name_of(Grid.parent_id)
        conditions += [Grid.valid_from <= day, or_(Grid.valid_to.is_(None), Grid.valid_to > day)]
        conditions.append(in_scope(Grid.id, scope))
    elif kind is not NameKind.WATERWAY:
        within = _name_of(table.grid_id)
        conditions.append(in_scope(table.grid_id, scope))
    # A waterway runs through everybody's grids, so it has no scope.
    return select(
        cast(literal(kind.value), String).label("kind"),
        table.id,
        table.name,
        cast(func.coalesce(within, ""), String).label("within"),
        func.ST_X(point).label("lon"),
        func.ST_Y(point).label("lat"),
    ).where(*conditions)


def _name_of(grid_id: Any) -> ColumnElement[Any]:  # noqa: ANN401 - a column of any table
    return select(_ABOVE.name).where(_ABOVE.id == grid_id).scalar_subquery()


_ABOVE = aliased(Grid, name="above")
