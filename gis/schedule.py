"""Patrol frequency policies and the history of patrols turned into the visits due in one week.

The rule, in one place
----------------------
*Which period.* A week serves one calendar period (旬, half-month, month, quarter, half-year, year):
the period that holds the week's anchor day, Thursday as in ISO weeks, or the allowed weekday
nearest to it. It serves it on those of its days that lie inside the period, so a visit never
counts for the wrong month, and every period has at least one week.

*How many.* Of the visits still owed in the period, those are due this week whose even-pace date
has come: one interval (period length / times) after the last patrol, and so on. An object never
patrolled starts at its own place in the period, drawn from its name, so that a new ledger does not
come due all at once. When the later weeks of the period cannot hold what is owed, the rest is due
now and marked ``must``.

*Overdue.* Days since the end of the first period, after the last patrol, that closed short of its
visits (periods out of season or before the object's first day owe nothing). An overdue object owes
at least one visit now; missed visits of closed periods do not add up.
"""

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import pandas as pd

from gis.periods import DAYS_PER_WEEK, MonthDay, Period, Unit, in_season, period_of

HOURS_PER_DAY = 24
THURSDAY = 3
TWO_DAYS = 2


class BadPolicy(ValueError):
    """A frequency policy that cannot be meant: no times, no weekday, negative numbers."""


class NotAMonday(ValueError):
    """A week is named by its Monday."""


class DueReason(StrEnum):
    """Why a visit is due this week."""

    overdue = "overdue"
    last_chance = "last_chance"
    every_week = "every_week"
    pace = "pace"


@dataclass(frozen=True, slots=True)
class FrequencyPolicy:
    """How often objects of a kind, or of one class of it, are patrolled.

    Parameters
    ----------
    key
        Name of the policy row.
    object_kind, object_class
        What it is about; class None means any class of the kind.
    times, unit
        Visits per period, e.g. 3 per week, 1 per ``ten_days`` (旬).
    season
        First and last (month, day) in force, both included; may wrap the year; None = always.
    min_gap_h
        Least time between two visits. Patrol history knows dates, so it is kept in whole days,
        rounded up; two visits never share a date.
    service_min
        Least minutes of one visit.
    weekdays
        Allowed weekdays, Monday = 0.
    priority
        Higher goes first among objects equally overdue.
    two_officers
        The visit needs two enforcement officers.
    source
        The rule the numbers come from, for display.
    """

    key: str
    object_kind: str
    times: int
    unit: Unit
    object_class: str | None = None
    season: tuple[MonthDay, MonthDay] | None = None
    min_gap_h: int = 0
    service_min: int = 0
    weekdays: frozenset[int] = frozenset(range(5))
    priority: int = 0
    two_officers: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        weekdays_known = self.weekdays and self.weekdays <= set(range(DAYS_PER_WEEK))
        if self.times < 1 or not weekdays_known or min(self.min_gap_h, self.service_min) < 0:
            raise BadPolicy(self.key)

    @property
    def min_gap_days(self) -> int:
        """Least difference of the dates of two visits, at least 1."""
        return max(1, math.ceil(self.min_gap_h / HOURS_PER_DAY))


@dataclass(frozen=True, slots=True)
class _Due:
    visits: int
    reason: DueReason
    overdue_days: int
    period: Period


def anchor_day(policy: FrequencyPolicy, *, week: date) -> date:
    """Return the day that decides season and period of a week: the allowed one nearest Thursday.

    Of two equally near, the earlier.
    """
    weekday = min(policy.weekdays, key=lambda one: (abs(one - THURSDAY), one))
    return week + timedelta(days=weekday)


def policy_for(
    policies: Sequence[FrequencyPolicy], *, kind: str, object_class: str | None, week: date
) -> FrequencyPolicy | None:
    """Return the policy in force: class before any class, then season before none.

    Ties go to the higher priority, then to the first key. None when no policy applies.
    """
    fitting = [
        policy
        for policy in policies
        if policy.object_kind == kind
        and policy.object_class in (None, object_class)
        and in_season(policy.season, day=anchor_day(policy, week=week))
    ]
    return min(
        fitting,
        key=lambda policy: (
            policy.object_class is None,
            policy.season is None,
            -policy.priority,
            policy.key,
        ),
        default=None,
    )


DUE_COLUMNS = (
    "object",
    "policy",
    "visits",
    "reason",
    "must",
    "overdue_days",
    "priority",
    "earliest",
    "latest",
    "days",
    "min_gap_days",
    "service_min",
    "two_officers",
)


def due_visits(
    objects: pd.DataFrame,
    policies: Sequence[FrequencyPolicy],
    history: pd.DataFrame,
    *,
    week: date,
) -> pd.DataFrame:
    """Return what is due in a week, overdue first. The rule is in the module's docstring.

    Parameters
    ----------
    objects
        Columns ``object`` (unique), ``object_kind``, ``object_class`` (may be null) and, if known,
        ``since`` (date from which the object is to be patrolled). The index is ignored.
    policies
        The frequency policies; the most specific one in force applies to an object.
    history
        Columns ``object``, ``date``: actual patrols. Patrols of the planned week count as done,
        so a week can be planned again when it is under way; later ones are ignored.
    week
        The Monday.

    Returns
    -------
    DataFrame
        One row per object due, columns ``DUE_COLUMNS``: ``visits`` 1-7; ``earliest``, ``latest``
        and ``days`` (offsets from Monday, ascending tuple) say when; ``must`` = may not wait.
        Order: overdue days, must, priority (all descending), object. A fresh range index.

    Raises
    ------
    NotAMonday
        When ``week`` is another weekday.
    """
    if week.weekday() != 0:
        raise NotAMonday(week.isoformat())
    patrolled = _dates_by_object(history, until=week + timedelta(days=DAYS_PER_WEEK - 1))
    since = objects["since"] if "since" in objects.columns else [None] * len(objects)
    rows = []
    for name, kind, object_class, start in zip(
        objects["object"], objects["object_kind"], objects["object_class"], since, strict=True
    ):
        wanted_class = None if pd.isna(object_class) else str(object_class)
        policy = policy_for(policies, kind=str(kind), object_class=wanted_class, week=week)
        if policy is None:
            continue
        dates = patrolled.get(name, [])
        ledger_day = None if start is None or pd.isna(start) else pd.Timestamp(start).date()
        row = _row(_Ledger(str(name), tuple(dates), ledger_day), policy=policy, week=week)
        if row is not None:
            rows.append((name, *row))
    return _in_order(pd.DataFrame(rows, columns=list(DUE_COLUMNS)))


def without_policy(
    objects: pd.DataFrame, policies: Sequence[FrequencyPolicy], *, week: date
) -> pd.DataFrame:
    """Return the objects to which no policy applies in a week, columns and index as given."""
    ruled = [
        policy_for(
            policies,
            kind=str(kind),
            object_class=None if pd.isna(object_class) else str(object_class),
            week=week,
        )
        is not None
        for kind, object_class in zip(objects["object_kind"], objects["object_class"], strict=True)
    ]
    return objects[[not one for one in ruled]]


@dataclass(frozen=True, slots=True)
class _Ledger:
    """One object's name, patrol dates (ascending, distinct) and first day of duty."""

    name: str
    dates: tuple[date, ...]
    since: date | None

    def done_in(self, period: Period) -> int:
        return sum(period.first <= day <= period.last for day in self.dates)

    @property
    def last(self) -> date | None:
        return self.dates[-1] if self.dates else None


def _dates_by_object(history: pd.DataFrame, *, until: date) -> dict[object, list[date]]:
    days: dict[object, set[date]] = {}
    for name, day in zip(history["object"], pd.to_datetime(history["date"]), strict=True):
        if day.date() <= until:
            days.setdefault(name, set()).add(day.date())
    return {name: sorted(dates) for name, dates in days.items()}


def _row(ledger: _Ledger, *, policy: FrequencyPolicy, week: date) -> tuple[object, ...] | None:
    due = _due(ledger, policy=policy, week=week)
    days = _open_days(ledger, policy=policy, week=week, period=due.period)
    if due.visits < 1 or not days:
        return None
    must = due.reason in (DueReason.overdue, DueReason.last_chance)
    return (
        policy.key,
        min(due.visits, DAYS_PER_WEEK),
        due.reason,
        must,
        due.overdue_days,
        policy.priority,
        week + timedelta(days=days[0]),
        week + timedelta(days=days[-1]),
        days,
        policy.min_gap_days,
        policy.service_min,
        policy.two_officers,
    )


def _open_days(
    ledger: _Ledger, *, policy: FrequencyPolicy, week: date, period: Period
) -> tuple[int, ...]:
    """Return allowed weekdays of the week inside the period and a gap away from every patrol."""
    return tuple(
        weekday
        for weekday, day in _allowed(policy, week=week)
        if period.first <= day <= period.last
        and all(abs((day - done).days) >= policy.min_gap_days for done in ledger.dates[-7:])
    )


def _allowed(policy: FrequencyPolicy, *, week: date) -> Iterator[tuple[int, date]]:
    for weekday in sorted(policy.weekdays):
        yield weekday, week + timedelta(days=weekday)


def _due(ledger: _Ledger, *, policy: FrequencyPolicy, week: date) -> _Due:
    if policy.unit in (Unit.day, Unit.two_days):
        return _due_by_days(ledger, policy=policy, week=week)
    period = period_of(policy.unit, day=anchor_day(policy, week=week))
    owed = max(0, policy.times - ledger.done_in(period))
    overdue = _overdue_days(ledger, policy=policy, week=week)
    if policy.unit is Unit.week:
        reason = DueReason.overdue if overdue else DueReason.every_week
        return _Due(owed, reason, overdue, period)
    held_later = _held_by_later_weeks(policy, week=week, period=period)
    at_last = max(0, owed - held_later)
    at_pace = _at_pace(ledger, policy=policy, week=week, owed=owed)
    if overdue and owed:
        return _Due(max(1, at_last, at_pace), DueReason.overdue, overdue, period)
    if at_last and at_last >= at_pace:
        return _Due(at_last, DueReason.last_chance, 0, period)
    return _Due(at_pace, DueReason.pace, 0, period)


def _due_by_days(ledger: _Ledger, *, policy: FrequencyPolicy, week: date) -> _Due:
    """Walk the allowed days: due when the spell since the last visit is over.

    Several visits a day count as one: the plan knows at most one visit a day.
    """
    spell = 1 if policy.unit is Unit.day else max(1, TWO_DAYS // policy.times)
    visits, last = 0, ledger.last
    for _, day in _allowed(policy, week=week):
        if last is None or (day - last).days >= spell:
            visits, last = visits + 1, day
    whole_week = Period(week, week + timedelta(days=DAYS_PER_WEEK - 1))
    overdue = 0
    if ledger.last is not None:
        # Days that are not patrolled at all (a weekend) make nothing overdue.
        missed = (week - ledger.last).days - spell
        overdue = missed if missed >= DAYS_PER_WEEK else 0
    return _Due(visits, DueReason.overdue if overdue else DueReason.every_week, overdue, whole_week)


def _held_by_later_weeks(policy: FrequencyPolicy, *, week: date, period: Period) -> int:
    """Return how many visits the later weeks of a period can take at an even share each."""
    anchors = [
        period.first + timedelta(days=offset)
        for offset in range(period.days)
        if (period.first + timedelta(days=offset)).weekday()
        == anchor_day(policy, week=week).weekday()
    ]
    later = sum(anchor > anchor_day(policy, week=week) for anchor in anchors)
    return later * math.ceil(policy.times / len(anchors))


def _at_pace(ledger: _Ledger, *, policy: FrequencyPolicy, week: date, owed: int) -> int:
    """Count the even-pace dates up to the end of the week's share of the period."""
    period = period_of(policy.unit, day=anchor_day(policy, week=week))
    interval = period.days / policy.times
    if ledger.last is None:
        place = zlib.crc32(ledger.name.encode()) / 2**32
        first = (period.first - week).days + place * interval
    else:
        first = (ledger.last - week).days + interval
    # A date long past is one visit now, not several at once.
    first = max(first, 0.0)
    end = min(DAYS_PER_WEEK - 1, (period.last - week).days)
    if owed == 0 or first > end:
        return 0
    return min(owed, 1 + int((end - first) // interval))


def _overdue_days(ledger: _Ledger, *, policy: FrequencyPolicy, week: date) -> int:
    start = ledger.last or ledger.since
    if start is None:
        return 0
    period = period_of(policy.unit, day=start)
    if ledger.last is None and start > period.first:
        # An object that joins in the middle of a period owes it nothing.
        period = period_of(policy.unit, day=period.next_day())
    while period.last < week:
        owed = in_season(policy.season, day=period.first) and in_season(
            policy.season, day=period.last
        )
        if owed and ledger.done_in(period) < policy.times:
            return (week - period.last).days
        period = period_of(policy.unit, day=period.next_day())
    return 0


def _in_order(due: pd.DataFrame) -> pd.DataFrame:
    return due.sort_values(
        ["overdue_days", "must", "priority", "object"],
        ascending=[False, False, False, True],
        kind="stable",
        ignore_index=True,
    )
