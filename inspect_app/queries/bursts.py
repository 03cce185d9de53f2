"""Surges: complaints of matters, respondents and grids in a window and before; stored alarms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, String, case, cast, func, or_, select
from sqlalchemy.orm import Session

from gis.clusters import UnitCounts
from inspect_app.domain.access import Scope
from inspect_app.domain.alarm_codes import AlarmUnit
from inspect_app.domain.codes import PlaceQuality
from inspect_app.models import (
    BurstAlarm,
    Complaint,
    ComplaintMatter,
    Grid,
    Person,
    PollutionSource,
)
from inspect_app.queries.scope import in_scope

SOURCE, NAME = "source ", "name "
"""What the key of a respondent begins with: a known source, or only a name."""


@dataclass(frozen=True, slots=True)
class BurstWindow:
    """The window looked at and how many equal windows before it are the past."""

    start: datetime
    end: datetime
    past: int

    @property
    def length(self) -> timedelta:
        """How long a window is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """An alarm as lists show it."""

    alarm: BurstAlarm
    unit: AlarmUnit
    grid_name: str | None
    acknowledged_by: str | None


def _respondent() -> ColumnElement[str]:
    source = func.coalesce(Complaint.respondent_source_id, ComplaintMatter.respondent_source_id)
    name = func.coalesce(Complaint.respondent_name, ComplaintMatter.respondent_name)
    return case(
        (source.is_not(None), func.concat(SOURCE, source)),
        (name != "", func.concat(NAME, name)),
    )


def _grid() -> ColumnElement[str]:
    """Return the grid; a complaint on a coordinate that stands for "not found" tells none."""
    known = Complaint.place_quality != PlaceQuality.SHARED_FALLBACK.value
    return case((known, cast(Complaint.grid_id, String)))


KEYS: dict[AlarmUnit, Callable[[], ColumnElement[str]]] = {
    AlarmUnit.MATTER: lambda: cast(Complaint.matter_id, String),
    AlarmUnit.RESPONDENT: _respondent,
    AlarmUnit.GRID: _grid,
}


def unit_counts(
    session: Session,
    unit: AlarmUnit,
    window: BurstWindow,
    *,
    explained: Mapping[AlarmUnit, Sequence[str]],
) -> tuple[list[str], UnitCounts]:
    """Return the keys of all units with a complaint in window or past, and their counts.

    `explained` are units that ring by themselves: their complaints are left out, so that a grid
    does not ring for its one matter. One index range over `complaint.received_at`.
    """
    key = KEYS[unit]()
    seconds = window.length.total_seconds()
    before = func.extract("epoch", window.start - Complaint.received_at)
    each = (
        select(
            key.label("key"),
            func.floor(before / seconds).label("back"),
            func.count().label("number"),
        )
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .where(
            Complaint.received_at > window.start - window.past * window.length,
            Complaint.received_at <= window.end,
            key.is_not(None),
            *(_others(other, keys) for other, keys in explained.items() if keys),
        )
        .group_by("key", "back")
        .subquery()
    )
    is_past = each.c.back >= 0
    number = each.c.number
    rows = session.execute(
        select(
            each.c.key,
            func.coalesce(func.sum(number).filter(~is_past), 0),
            func.coalesce(func.sum(number).filter(is_past), 0),
            func.coalesce(func.sum(number * number).filter(is_past), 0),
        )
        .group_by(each.c.key)
        .order_by(each.c.key)
    ).all()
    values = np.array([[int(n) for n in row[1:]] for row in rows], dtype=np.int64).reshape(-1, 3)
    return [row[0] for row in rows], UnitCounts(
        observed=values[:, 0], history=values[:, 1], squares=values[:, 2], windows=window.past
    )


def _others(unit: AlarmUnit, keys: Sequence[str]) -> ColumnElement[bool]:
    key = KEYS[unit]()
    return or_(key.is_(None), key.not_in(keys))


@dataclass(frozen=True, slots=True)
class UnitNamed:
    """What an alarm stores about its unit."""

    title: str
    grid_id: int | None
    matter_id: int | None = None
    source_id: int | None = None


def unit_named(session: Session, unit: AlarmUnit, key: str) -> UnitNamed:
    """Return the name and grid of a unit by its key."""
    if unit is AlarmUnit.MATTER:
        matter = session.get_one(ComplaintMatter, int(key))
        return UnitNamed(matter.title, matter.grid_id, matter_id=matter.id)
    if unit is AlarmUnit.GRID:
        grid = session.get_one(Grid, int(key))
        return UnitNamed(grid.name, grid.id)
    if key.startswith(SOURCE):
        source = session.get_one(PollutionSource, int(key.removeprefix(SOURCE)))
        return UnitNamed(source.name, source.grid_id, source_id=source.id)
    name = key.removeprefix(NAME)
    grid_id = session.scalar(
        select(Complaint.grid_id)
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .where(_respondent() == key, Complaint.grid_id.is_not(None))
        .order_by(Complaint.received_at.desc())
        .limit(1)
    )
    return UnitNamed(name, grid_id)


def alarm_of_unit(
    session: Session, unit: AlarmUnit, key: str, *, since: datetime
) -> BurstAlarm | None:
    """Return the alarm of a unit that was still seen at `since`."""
    return session.scalar(
        select(BurstAlarm)
        .where(
            BurstAlarm.unit == unit.value,
            BurstAlarm.unit_key == key,
            BurstAlarm.last_seen_at >= since,
        )
        .order_by(BurstAlarm.rung_at.desc())
        .limit(1)
    )


def alarms(
    session: Session, scope: Scope, *, since: datetime, until: datetime, limit: int = 50
) -> list[AlarmLine]:
    """Return the alarms nobody has acknowledged, then those seen in a period, latest first."""
    rows = session.execute(
        _lines()
        .where(
            in_scope(BurstAlarm.grid_id, scope),
            BurstAlarm.rung_at <= until,
            or_(BurstAlarm.acknowledged_at.is_(None), BurstAlarm.last_seen_at >= since),
        )
        .order_by(BurstAlarm.acknowledged_at.is_not(None), BurstAlarm.rung_at.desc())
        .limit(limit)
    )
    return [_line(row) for row in rows]


def open_alarm_count(session: Session, scope: Scope) -> int:
    """Return how many alarms of a scope nobody has acknowledged; a small partial index."""
    return (
        session.scalar(
            select(func.count(BurstAlarm.id)).where(
                BurstAlarm.acknowledged_at.is_(None), in_scope(BurstAlarm.grid_id, scope)
            )
        )
        or 0
    )


def alarm(session: Session, scope: Scope, alarm_id: int) -> AlarmLine | None:
    """Return one alarm, None outside the scope."""
    row = session.execute(
        _lines().where(BurstAlarm.id == alarm_id, in_scope(BurstAlarm.grid_id, scope))
    ).first()
    return None if row is None else _line(row)


def _lines() -> Select[BurstAlarm, str, str]:
    return (
        select(BurstAlarm, Grid.name, Person.name)
        .outerjoin(Grid, Grid.id == BurstAlarm.grid_id)
        .outerjoin(Person, Person.id == BurstAlarm.acknowledged_by)
    )


def _line(row: Row[BurstAlarm, str, str]) -> AlarmLine:
    found, grid_name, person = row
    return AlarmLine(found, AlarmUnit(found.unit), grid_name, person)
