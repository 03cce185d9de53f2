"""Places by name: what somebody at a desk types to find a point on the map."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, func, literal, select, union_all
from sqlalchemy import String as SqlString
from sqlalchemy.orm import InstrumentedAttribute, Session

from inspect_app.domain.access import Scope
from inspect_app.models import Grid, Outlet, PatrolSegment, PollutionSource, WaterSource
from inspect_app.queries.scope import in_scope

LIMIT = 12


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """Something with a name and a point on it, EPSG:4490."""

    kind: str
    name: str
    lon: float
    lat: float


def find_places(session: Session, text: str, *, scope: Scope, day: date) -> list[NamedPlace]:
    """Return grids, patrol segments, outlets, sources and water sources whose name has the text.

    Names that begin with the text come first, then the shorter ones. Cost: a scan of five tables
    of a county (some thousand names), a few milliseconds.
    """
    wanted = text.strip()
    if not wanted:
        return []
    in_force = (Grid.valid_from <= day) & ((Grid.valid_to.is_(None)) | (Grid.valid_to > day))
    parts = [
        _named("网格", (Grid.name, Grid.geom), wanted).where(in_force, in_scope(Grid.id, scope)),
        _named("河段", (PatrolSegment.name, PatrolSegment.geom), wanted).where(
            in_scope(PatrolSegment.grid_id, scope)
        ),
        _named("排污口", (Outlet.name, Outlet.geom), wanted).where(in_scope(Outlet.grid_id, scope)),
        _named("污染源", (PollutionSource.name, PollutionSource.geom), wanted).where(
            in_scope(PollutionSource.grid_id, scope)
        ),
        _named("水源地", (WaterSource.name, WaterSource.geom), wanted).where(
            in_scope(WaterSource.grid_id, scope)
        ),
    ]
    found = union_all(*parts).subquery()
    begins = found.c.name.startswith(wanted, autoescape=True)
    order = (begins.desc(), func.length(found.c.name), found.c.name)
    rows = session.execute(select(found).order_by(*order).limit(LIMIT))
    return [NamedPlace(kind, name, lon, lat) for kind, name, lon, lat in rows]


def _named(
    kind: str,
    columns: tuple[InstrumentedAttribute[str], InstrumentedAttribute[Any]],
    wanted: str,
) -> Select[tuple[str, str, float, float]]:
    name, geom = columns
    point: ColumnElement[Any] = func.ST_PointOnSurface(geom)
    return select(
        cast(literal(kind), SqlString).label("kind"),
        name.label("name"),
        func.ST_X(point).label("lon"),
        func.ST_Y(point).label("lat"),
    ).where(name.icontains(wanted, autoescape=True))
