"""What is due in a week, object by object; the rule is in the package's docstring."""

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import pandas as pd

from gis.periods import DAYS_PER_WEEK, Period, Unit, in_season, period_of
from gis.schedule.ledger import Ledger, dates_by_object, spells_by_object
from gis.schedule.policies import FrequencyPolicy, anchor_day, policy_for

TWO_DAYS = 2


class NotAMonday(ValueError):
    """A week is named by its Monday."""


class DueReason(StrEnum):
    """Why a visit is due this week."""

    overdue = "overdue"
    last_chance = "last_chance"
    every_week = "every_week"
    pace = "pace"


@dataclass(frozen=True, slots=True)
class _Due:
    visits: int
    reason: DueReason
    overdue_days: int
    period: Period


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
    "window",
)


def due_visits(
    objects: pd.DataFrame,
    policies: Sequence[FrequencyPolicy],
    history: pd.DataFrame,
    *,
    week: date,
    exempt: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what is due in a week, overdue first. The rule is in the package's docstring.

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
    exempt
        Columns ``object``, ``first``, ``last``: spells, both days included, in which an object is
        not to be patrolled. Spells may overlap; objects that are not patrolled are ignored.

    Returns
    -------
    DataFrame
        One row per object due, columns ``DUE_COLUMNS``: ``visits`` 1-7; ``earliest``, ``latest``
        and ``days`` (offsets from Monday, ascending tuple) say when; ``must`` = may not wait;
        ``window`` is the policy's.
        Order: overdue days, must, priority (all descending), object. A fresh range index.

    Raises
    ------
    NotAMonday
        When ``week`` is another weekday.
    """
    if week.weekday() != 0:
        raise NotAMonday(week.isoformat())
    patrolled = dates_by_object(history, until=week + timedelta(days=DAYS_PER_WEEK - 1))
    spells = spells_by_object(exempt)
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
        ledger = Ledger(str(name), tuple(dates), ledger_day, tuple(spells.get(name, ())))
        row = _row(ledger, policy=policy, week=week)
        if row is not None:
            rows.append((name, *row))
    return urgent_first(pd.DataFrame(rows, columns=list(DUE_COLUMNS)))


def _row(ledger: Ledger, *, policy: FrequencyPolicy, week: date) -> tuple[object, ...] | None:
    due = _due(ledger, policy=policy, week=week)
    days = _open_days(ledger, policy=policy, week=week, period=due.period)
    if due.visits < 1 or not days:
        return None
    must = due.reason in (DueReason.overdue, DueReason.last_chance)
    most = len(days) if ledger.exempt else DAYS_PER_WEEK
    return (
        policy.key,
        min(due.visits, most),
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
        policy.window,
    )


def _open_days(
    ledger: Ledger, *, policy: FrequencyPolicy, week: date, period: Period
) -> tuple[int, ...]:
    """Return allowed weekdays inside the period, not exempt, a gap away from every patrol."""
    return tuple(
        weekday
        for weekday, day in _allowed(policy, week=week)
        if period.first <= day <= period.last
        and not ledger.is_exempt(day)
        and all(abs((day - done).days) >= policy.min_gap_days for done in ledger.dates[-7:])
    )


def _allowed(policy: FrequencyPolicy, *, week: date) -> Iterator[tuple[int, date]]:
    for weekday in sorted(policy.weekdays):
        yield weekday, week + timedelta(days=weekday)


def _due(ledger: Ledger, *, policy: FrequencyPolicy, week: date) -> _Due:
    if policy.unit in (Unit.day, Unit.two_days):
        return _due_by_days(ledger, policy=policy, week=week)
    period = period_of(policy.unit, day=anchor_day(policy, week=week))
    owed = max(0, policy.times - ledger.done_in(period))
    overdue = _overdue_days(ledger, policy=policy, week=week)
    if policy.unit is Unit.week:
        reason = DueReason.overdue if overdue else DueReason.every_week
        return _Due(owed, reason, overdue, period)
    held_later = _held_by_later_weeks(ledger, policy=policy, week=week, period=period)
    at_last = max(0, owed - held_later)
    at_pace = _at_pace(ledger, policy=policy, week=week, owed=owed)
    if overdue and owed:
        return _Due(max(1, at_last, at_pace), DueReason.overdue, overdue, period)
    if at_last and at_last >= at_pace:
        return _Due(at_last, DueReason.last_chance, 0, period)
    return _Due(at_pace, DueReason.pace, 0, period)


def _due_by_days(ledger: Ledger, *, policy: FrequencyPolicy, week: date) -> _Due:
    """Walk the allowed days: due when the spell since the last visit is over.

    Several visits a day count as one: the plan knows at most one visit a day.
    """
    spell = 1 if policy.unit is Unit.day else max(1, TWO_DAYS // policy.times)
    visits, last = 0, ledger.last
    for _, day in _allowed(policy, week=week):
        rested = last is None or (day - last).days >= spell
        if rested and not ledger.is_exempt(day):
            visits, last = visits + 1, day
    whole_week = Period(week, week + timedelta(days=DAYS_PER_WEEK - 1))
    overdue = 0
    if ledger.last is not None:
        # Days that are not patrolled at all (a weekend) make nothing overdue.
        since_then = Period(ledger.last, week - timedelta(days=1))
        missed = (week - ledger.last).days - spell - ledger.exempt_days(since_then)
        overdue = missed if missed >= DAYS_PER_WEEK else 0
    return _Due(visits, DueReason.overdue if overdue else DueReason.every_week, overdue, whole_week)


def _held_by_later_weeks(
    ledger: Ledger, *, policy: FrequencyPolicy, week: date, period: Period
) -> int:
    """Return how many visits the later weeks of a period can take at an even share each.

    A week whose anchor day is exempt takes none.
    """
    anchors = [
        period.first + timedelta(days=offset)
        for offset in range(period.days)
        if (period.first + timedelta(days=offset)).weekday()
        == anchor_day(policy, week=week).weekday()
    ]
    today = anchor_day(policy, week=week)
    later = sum(anchor > today and not ledger.is_exempt(anchor) for anchor in anchors)
    return later * math.ceil(policy.times / len(anchors))


def _at_pace(ledger: Ledger, *, policy: FrequencyPolicy, week: date, owed: int) -> int:
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


def _overdue_days(ledger: Ledger, *, policy: FrequencyPolicy, week: date) -> int:
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
        if owed and ledger.done_in(period) < ledger.owed_in(period, times=policy.times):
            since_then = Period(period.next_day(), week - timedelta(days=1))
            return (week - period.last).days - ledger.exempt_days(since_then)
        period = period_of(policy.unit, day=period.next_day())
    return 0


def urgent_first(due: pd.DataFrame) -> pd.DataFrame:
    """Return due visits by overdue days, must, priority (all descending) and object."""
    return due.sort_values(
        ["overdue_days", "must", "priority", "object"],
        ascending=[False, False, False, True],
        kind="stable",
        ignore_index=True,
    )
