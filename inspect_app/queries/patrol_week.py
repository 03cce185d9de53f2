"""What the plan of a week is made from: objects, their frequencies and history, crews, roads."""

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Select, case, cast, func, literal, null, select
from sqlalchemy import String as SqlString
from sqlalchemy.orm import InstrumentedAttribute, Session

from gis.periods import MonthDay, Unit
from gis.schedule import FrequencyPolicy
from inspect_app.domain.codes import ObjectKind, PermitClass, StopResult, ZoneLevel
from inspect_app.domain.matter_codes import MATTER_OPEN
from inspect_app.models import (
    ComplaintMatter,
    Grid,
    KeyUnitListing,
    Outlet,
    PatrolSegment,
    PatrolStop,
    PlanUncovered,
    PollutionSource,
    ProtectionZone,
    WaterSource,
    Waterway,
)
from inspect_app.models import FrequencyPolicy as FrequencyRow
from inspect_app.queries.policies import frequency_policies

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
HISTORY_DAYS = 800
"""Two years and a little: the longest period of a frequency is a year, looked at twice."""
WORKDAYS = frozenset(range(5))
MINUTES_PER_DAY = 1440


def task_key(kind: str, object_id: int, *, timed: bool) -> str:
    """Return the name of an object's visit in a week's problem.

    The visit that a policy with hours asks for (`PatrolStop.timed`) is a task of its own.
    """
    return f"{kind}:{object_id}:timed" if timed else f"{kind}:{object_id}"


def key_of(row: PatrolStop | PlanUncovered) -> str:
    """Return the name in a week's problem of what a row of a plan stands for."""
    return task_key(row.object_kind, row.object_id, timed=row.timed)


@dataclass(frozen=True, slots=True)
class PatrolObject:
    """Something that is patrolled: a segment (a line) or a place (a point), in EPSG:4490.

    With a `window` (opening and closing minute) it stands for the visit within the hours of a
    policy, beside the ordinary one.
    """

    kind: ObjectKind
    id: int
    name: str
    object_class: str | None
    grid_id: int | None
    shape: BaseGeometry
    window: tuple[int, int] | None = None

    @property
    def timed(self) -> bool:
        """Whether the visit is one with hours."""
        return self.window is not None

    @property
    def key(self) -> str:
        """The name of the object's visit in a week's problem."""
        return task_key(self.kind, self.id, timed=self.timed)


def objects_to_patrol(session: Session, *, day: date) -> list[PatrolObject]:
    """Return everything a frequency policy may speak of, by kind and id.

    Closed outlets and sources and finished matters are left out. The class is the waterway's level,
    the outlet's class, the permit class (`key` also for sources on a list of key units of the
    year), the strictest level of the water source's zones, the severity of a matter.
    """
    found = []
    for kind, statement in object_statements(day).items():
        for number, name, object_class, grid_id, shape in session.execute(statement):
            geometry = shapely.from_wkb(bytes(shape))
            found.append(PatrolObject(kind, number, name, object_class, grid_id, geometry))
    return found


def in_known_classes(
    objects: Iterable[PatrolObject], policies: Iterable[FrequencyPolicy]
) -> list[PatrolObject]:
    """Return the objects with each class replaced by the nearest one above that a policy names.

    Outlet class `1.1` lies under `1`: it follows the policy of `1` where `1.1` has none.
    """
    named = named_classes(policies)
    return [
        replace(one, object_class=class_above(str(one.kind), one.object_class, named=named))
        for one in objects
    ]


def named_classes(policies: Iterable[FrequencyPolicy]) -> set[tuple[str, str | None]]:
    """Return kind and class of every policy."""
    return {(policy.object_kind, policy.object_class) for policy in policies}


def class_above(
    kind: str, object_class: str | None, *, named: Container[tuple[str, str | None]]
) -> str | None:
    """Return a class itself where a policy names it, else the one above it."""
    if object_class is None or (kind, object_class) in named:
        return object_class
    return object_class.split(".")[0]


def week_policies(
    session: Session, *, week: date, weekdays: frozenset[int]
) -> list[FrequencyPolicy]:
    """Return the frequency policies valid on the Monday, for the schedule.

    `weekdays` are those on which any crew works. Policies counted in days mean working days, so
    that one crew on Saturday duty does not make the whole county due on Saturday.
    """
    return [
        schedule_policy(row, weekdays=weekdays or WORKDAYS)
        for row in frequency_policies(session, day=week)
    ]


def visit_dates(
    session: Session,
    *,
    week: date,
    zone: ZoneInfo,
    windows: Mapping[str, tuple[int, int]] | None = None,
) -> pd.DataFrame:
    """Return `object`, `date` of every visit done up to the end of the week, in the zone's days.

    Parameters
    ----------
    windows
        Opening and closing minute by the key of a timed visit. Such a visit counts only when made
        within its hours, for the day on which these opened; without hours it does not count.
    """
    since = datetime.combine(week - timedelta(days=HISTORY_DAYS), time(), zone)
    until = datetime.combine(week + timedelta(days=7), time(), zone)
    rows = session.execute(
        select(PatrolStop.object_kind, PatrolStop.object_id, PatrolStop.timed, PatrolStop.done_at)
        .where(
            PatrolStop.result == StopResult.DONE,
            PatrolStop.done_at >= since,
            PatrolStop.done_at < until,
        )
        .order_by(PatrolStop.done_at)
    ).all()
    visits = []
    for kind, number, timed, at in rows:
        if at is None:
            continue
        key, moment = task_key(kind, number, timed=timed), at.astimezone(zone)
        day = _day_of_hours(moment, (windows or {}).get(key)) if timed else moment.date()
        if day is not None:
            visits.append((key, day))
    return pd.DataFrame(visits, columns=["object", "date"], dtype=object)


def _day_of_hours(moment: datetime, window: tuple[int, int] | None) -> date | None:
    """Return the day on which the hours opened that a local time lies in."""
    if window is None:
        return None
    opens, closes = window
    opened = moment.replace(tzinfo=None) - timedelta(minutes=opens)
    since = opened - datetime.combine(opened.date(), time())
    return opened.date() if since <= timedelta(minutes=closes - opens) else None


def grid_paths(session: Session) -> dict[int, str]:
    """Return the path of every grid by id."""
    return {grid.id: grid.path for grid in session.execute(select(Grid.id, Grid.path))}


def grid_names(session: Session) -> dict[int, str]:
    """Return the name of every grid by id."""
    return {grid.id: grid.name for grid in session.execute(select(Grid.id, Grid.name))}


def object_statements(day: date) -> dict[ObjectKind, Select[Any]]:
    """Return by kind the SELECT of what is patrolled: id, name, object_class, grid_id, shape."""
    listed = select(KeyUnitListing.source_id).where(KeyUnitListing.year == day.year)
    permit = case(
        (PollutionSource.id.in_(listed), PermitClass.KEY.value),
        else_=PollutionSource.permit_class,
    )
    segment_name = case(
        (func.strpos(PatrolSegment.name, Waterway.name) > 0, PatrolSegment.name),
        else_=Waterway.name + literal(" ") + PatrolSegment.name,
    )
    return {
        ObjectKind.SEGMENT: _columns(PatrolSegment, segment_name, Waterway.level).join(
            Waterway, Waterway.id == PatrolSegment.waterway_id
        ),
        ObjectKind.OUTLET: _columns(Outlet, Outlet.name, Outlet.outlet_class).where(~Outlet.closed),
        ObjectKind.SOURCE: _columns(PollutionSource, PollutionSource.name, permit).where(
            ~PollutionSource.closed
        ),
        ObjectKind.WATER_SOURCE: _columns(WaterSource, WaterSource.name, _strictest_zone()),
        ObjectKind.MATTER: _columns(
            ComplaintMatter, ComplaintMatter.title, ComplaintMatter.severity
        ).where(
            ComplaintMatter.state.in_([state.value for state in MATTER_OPEN]),
            ComplaintMatter.geom.is_not(None),
        ),
    }


def _columns(
    table: Any,  # noqa: ANN401 - any of the five tables of patrolled things
    name: Column,
    object_class: Column,
) -> Select[Any]:
    shape = func.ST_AsBinary(table.geom).label("shape")
    columns = (table.id, name.label("name"), object_class.label("object_class"))
    return select(*columns, table.grid_id, shape).order_by(table.id)


def _strictest_zone() -> ColumnElement[Any]:
    strictness = {level.value: rank for rank, level in enumerate(ZoneLevel)}
    return func.coalesce(
        select(ProtectionZone.zone_level)
        .where(ProtectionZone.water_source_id == WaterSource.id)
        .order_by(case(strictness, value=ProtectionZone.zone_level))
        .limit(1)
        .scalar_subquery(),
        cast(null(), SqlString),
    )


def schedule_policy(row: FrequencyRow, *, weekdays: frozenset[int] = WORKDAYS) -> FrequencyPolicy:
    """Return a frequency policy as the schedule takes it, by the id of its row."""
    unit = Unit(row.period_unit)
    season = None
    if row.season_from and row.season_to:
        season = (_month_day(row.season_from), _month_day(row.season_to))
    return FrequencyPolicy(
        key=str(row.id),
        object_kind=row.object_kind,
        times=row.times,
        unit=unit,
        object_class=row.object_class,
        season=season,
        min_gap_h=math.ceil(row.min_gap_h),
        service_min=math.ceil(row.service_min),
        weekdays=WORKDAYS if unit in (Unit.day, Unit.two_days) else weekdays,
        priority=row.priority,
        two_officers=row.two_officers,
        window=_window(row),
        source=row.source,
    )


def _window(row: FrequencyRow) -> tuple[int, int] | None:
    """Return the hours of a policy in minutes after midnight; an end on the next day is > 1440."""
    if row.window_from is None or row.window_to is None:
        return None
    opens, closes = _minute(row.window_from), _minute(row.window_to)
    return opens, closes if closes > opens else closes + MINUTES_PER_DAY


def _month_day(text: str) -> MonthDay:
    month, day = text.split("-")
    return int(month), int(day)


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
