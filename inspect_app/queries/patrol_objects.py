"""What is patrolled, by name: for those who pick an object."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.codes import ObjectKind
from inspect_app.models import Grid, Road
from inspect_app.models.base import SRID
from inspect_app.queries.patrol_week import object_statements


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object that can be picked, with the name of its grid."""

    kind: ObjectKind
    id: int
    name: str
    grid: str | None


def object_names(
    session: Session, objects: Iterable[tuple[ObjectKind, int]], *, day: date
) -> dict[tuple[ObjectKind, int], str]:
    """Return the names of objects that are patrolled; those that are not are left out."""
    wanted: dict[ObjectKind, list[int]] = {}
    for kind, number in objects:
        wanted.setdefault(kind, []).append(number)
    statements = object_statements(day)
    names: dict[tuple[ObjectKind, int], str] = {}
    for kind, numbers in wanted.items():
        table = statements[kind].subquery()
        rows = session.execute(select(table.c.id, table.c.name).where(table.c.id.in_(numbers)))
        names |= {(kind, number): name for number, name in rows}
    return names


def find_objects(
    session: Session, text: str, *, kind: ObjectKind | None, day: date, limit: int
) -> list[NamedObject]:
    """Return objects whose name holds a text, by kind and name, up to a limit."""
    found: list[NamedObject] = []
    for of_kind, statement in object_statements(day).items():
        if kind not in (None, of_kind):
            continue
        table = statement.subquery()
        rows = session.execute(
            select(table.c.id, table.c.name, Grid.name)
            .outerjoin(Grid, Grid.id == table.c.grid_id)
            .where(table.c.name.icontains(text, autoescape=True))
            .order_by(table.c.name, table.c.id)
            .limit(limit - len(found))
        )
        found += [NamedObject(of_kind, number, name, grid) for number, name, grid in rows]
    return found


@dataclass(frozen=True, slots=True)
class FoundRoad:
    """A road in use; most country roads have no name. `apart_m` from the point asked for."""

    id: int
    name: str | None
    length_m: float
    apart_m: float | None = None


def find_roads(session: Session, text: str, *, limit: int) -> list[FoundRoad]:
    """Return the roads in use whose name holds a text, by name."""
    rows = session.execute(
        select(Road.id, Road.name, Road.length_m)
        .where(Road.name.icontains(text, autoescape=True), ~Road.closed)
        .order_by(Road.name, Road.id)
        .limit(limit)
    )
    return [FoundRoad(*row) for row in rows]


def roads_near(session: Session, *, lon: float, lat: float, limit: int) -> list[FoundRoad]:
    """Return the roads in use nearest to a point, the nearest first; ties by id."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    # By degrees twice as many are found as wanted: there is an index for these. Metres decide.
    near = (
        select(Road.id, Road.name, Road.length_m, Road.geom)
        .where(~Road.closed)
        .order_by(Road.geom.op("<->")(point))
        .limit(2 * limit)
        .subquery()
    )
    apart_m = func.ST_Distance(func.Geography(near.c.geom), func.Geography(point))
    rows = session.execute(
        select(near.c.id, near.c.name, near.c.length_m, apart_m)
        .order_by(apart_m, near.c.id)
        .limit(limit)
    )
    return [FoundRoad(*row) for row in rows]
