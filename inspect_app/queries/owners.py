"""Who owned a place on a day: exactly one answer, or a named exception."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased, defer

from inspect_app.domain.codes import OwnerDuty
from inspect_app.models import Grid, GridOwner, Person

OWNING_DUTIES = (OwnerDuty.RESPONSIBLE_PERSON, OwnerDuty.GRID_CHIEF)
"""Duties that make an owner, first one first; deputies follow their principal by rank."""


class OutsideEveryGrid(LookupError):
    """The point lay in no grid on that day."""


class NoOwner(LookupError):
    """The grid had neither a responsible person nor a chief on that day."""

    def __init__(self, grid: Grid, day: date) -> None:
        self.grid = grid
        self.day = day
        super().__init__(f"grid {grid.code} {grid.name} has no owner on {day}")


@dataclass(frozen=True, slots=True)
class Owner:
    """The answer: the grid of the day and the person who owned it, by which duty."""

    grid: Grid
    person: Person
    duty: OwnerDuty


POINT = func.ST_SetSRID(func.ST_MakePoint(bindparam("lon"), bindparam("lat")), 4490)
COVERING: tuple[ColumnElement[bool], ...] = (
    func.ST_Covers(Grid.geom, POINT),
    Grid.valid_from <= bindparam("day"),
    or_(Grid.valid_to.is_(None), Grid.valid_to > bindparam("day")),
)
DEEPEST_FIRST = (Grid.depth.desc(), Grid.code)
GRID_AT = select(Grid).where(*COVERING).options(defer(Grid.geom)).order_by(*DEEPEST_FIRST).limit(1)
GRID_ID_AT = select(Grid.id).where(*COVERING).order_by(*DEEPEST_FIRST).limit(1)
"""The id alone, for statements that keep where something lies; parameters lon, lat, day."""


def grid_at(session: Session, lon: float, lat: float, *, day: date) -> Grid:
    """Return the deepest grid of the day that covers the point; ties go to the lower code.

    Coordinates are degrees in EPSG:4490, east first. One index look-up, which leaves the grid's
    outline where it is until somebody asks for it. Raises OutsideEveryGrid.
    """
    grid = session.scalar(GRID_AT, {"lon": lon, "lat": lat, "day": day})
    if grid is None:
        message = f"({lon}, {lat}) lies in no grid on {day}"
        raise OutsideEveryGrid(message)
    return grid


def grid_id_at(session: Session, lon: float, lat: float, *, day: date) -> int | None:
    """Return the id of the grid of `grid_at`; None outside of every grid."""
    found: int | None = session.scalar(GRID_ID_AT, {"lon": lon, "lat": lat, "day": day})
    return found


SHARE_IN_GRIDS = """
SELECT avg(CASE WHEN EXISTS (
    SELECT FROM grid WHERE ST_Covers(grid.geom, one.geom) AND valid_from <= :day
        AND (valid_to IS NULL OR valid_to > :day)) THEN 1.0 ELSE 0.0 END)::float
FROM ST_Dump(ST_GeomFromText(:points, 4490)) AS one
"""


def share_in_grids(session: Session, points: str, *, day: date) -> float:
    """Return which share of points (a MULTIPOINT as WKT, EPSG:4490) some grid of the day covers."""
    share = session.scalar(text(SHARE_IN_GRIDS), {"points": points, "day": day})
    return float(share or 0.0)


PRECEDENCE = case({duty.value: n for n, duty in enumerate(OWNING_DUTIES)}, value=GridOwner.duty)
OWNING: tuple[ColumnElement[bool], ...] = (
    GridOwner.duty.in_([duty.value for duty in OWNING_DUTIES]),
    GridOwner.valid_from <= bindparam("day"),
    or_(GridOwner.valid_to.is_(None), GridOwner.valid_to > bindparam("day")),
)
OWNER = (
    select(GridOwner, Person)
    .join(Person, Person.id == GridOwner.person_id)
    .where(GridOwner.grid_id == bindparam("grid_id"), *OWNING)
    .order_by(PRECEDENCE, GridOwner.rank)
    .limit(1)
)
PLACE = GRID_ID_AT.subquery("place")
HOLDER = (
    select(GridOwner.person_id)
    .where(GridOwner.grid_id == PLACE.c.id, *OWNING)
    .order_by(PRECEDENCE, GridOwner.rank)
    .limit(1)
    .lateral("holder")
)
GROUND = select(PLACE.c.id, HOLDER.c.person_id).select_from(PLACE).outerjoin(HOLDER, true())


def owner_of_grid(session: Session, grid: Grid, *, day: date) -> Owner:
    """Return who owned the grid on the day.

    The responsible person, else the grid chief; of one duty the principal (rank 1) before deputies.
    The table's exclusion constraint leaves one holder per duty and rank. Raises NoOwner.
    """
    row = session.execute(OWNER, {"grid_id": grid.id, "day": day}).first()
    if row is None:
        raise NoOwner(grid, day)
    return Owner(grid=grid, person=row[1], duty=OwnerDuty(row[0].duty))


def upper_owners(
    session: Session, grid_ids: Collection[int], *, day: date
) -> dict[int, tuple[int, ...]]:
    """Return by grid the owners of the grids above it on a day, nearest first; one statement.

    A grid above that nobody owned that day is passed over.
    """
    upper = aliased(Grid)
    path = func.string_to_array(func.btrim(Grid.path, "/"), "/")
    holder = (
        select(GridOwner.person_id)
        .where(GridOwner.grid_id == upper.id, *OWNING)
        .order_by(PRECEDENCE, GridOwner.rank)
        .limit(1)
        .lateral("upper_holder")
    )
    rows = session.execute(
        select(Grid.id, holder.c.person_id)
        .join(upper, and_(upper.id == any_(cast(path, ARRAY(BigInteger))), upper.id != Grid.id))
        .join(holder, true())
        .where(Grid.id == any_(literal(list(grid_ids), ARRAY(BigInteger))))
        .order_by(Grid.id, upper.depth.desc()),
        {"day": day},
    )
    found: dict[int, tuple[int, ...]] = defaultdict(tuple)
    for grid_id, person_id in rows:
        found[grid_id] += (person_id,)
    return dict(found)


def ground_at(
    session: Session, lon: float, lat: float, *, day: date
) -> tuple[int | None, int | None]:
    """Return the ids of the grid and of the owner a point had on a day, None where there was none.

    What `grid_at` and `owner_of_grid` answer, by one statement.
    """
    row = session.execute(GROUND, {"lon": lon, "lat": lat, "day": day}).first()
    return (None, None) if row is None else (row[0], row[1])


def owner_at(session: Session, lon: float, lat: float, *, day: date) -> Owner:
    """Return who owned this point on that day; raises OutsideEveryGrid or NoOwner."""
    return owner_of_grid(session, grid_at(session, lon, lat, day=day), day=day)
