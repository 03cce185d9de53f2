"""Calendar periods in which patrols are counted: 旬, half-month, month, ... and seasons."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAYS_PER_WEEK = 7
MONTHS_PER_YEAR = 12

MonthDay = tuple[int, int]


class Unit(StrEnum):
    """The period in which the visits of a policy are counted."""

    day = "day"
    two_days = "two_days"
    week = "week"
    ten_days = "ten_days"
    half_month = "half_month"
    month = "month"
    quarter = "quarter"
    half_year = "half_year"
    year = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period, first and last day included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.last - self.first).days + 1

    def next_day(self) -> date:
        """Return the first day after the period."""
        return self.last + timedelta(days=1)


_MONTH_CUTS: Mapping[Unit, tuple[int, ...]] = {
    Unit.ten_days: (1, 11, 21),
    Unit.half_month: (1, 16),
}
_MONTHS: Mapping[Unit, int] = {
    Unit.month: 1,
    Unit.quarter: 3,
    Unit.half_year: 6,
    Unit.year: MONTHS_PER_YEAR,
}


def in_season(season: tuple[MonthDay, MonthDay] | None, *, day: date) -> bool:
    """Tell whether a day lies in a season; one whose end is before its start wraps the year."""
    if season is None:
        return True
    first, last = season
    here = (day.month, day.day)
    if first <= last:
        return first <= here <= last
    return here >= first or here <= last


def period_of(unit: Unit, *, day: date) -> Period:
    """Return the calendar period that holds a day.

    ``day`` is the day itself, ``week`` runs Monday to Sunday, ``ten_days`` is 1-10, 11-20, 21-end,
    ``half_month`` 1-15, 16-end. ``two_days`` has no calendar: it is the day and the one before.
    """
    if unit is Unit.day:
        return Period(day, day)
    if unit is Unit.two_days:
        return Period(day - timedelta(days=1), day)
    if unit is Unit.week:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=DAYS_PER_WEEK - 1))
    if unit in _MONTH_CUTS:
        return _part_of_month(day, cuts=_MONTH_CUTS[unit])
    return _months(day, months=_MONTHS[unit])


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _part_of_month(day: date, *, cuts: tuple[int, ...]) -> Period:
    index = max(i for i, cut in enumerate(cuts) if cut <= day.day)
    first = day.replace(day=cuts[index])
    if index + 1 < len(cuts):
        return Period(first, day.replace(day=cuts[index + 1] - 1))
    return Period(first, _month_end(day.year, day.month))


def _months(day: date, *, months: int) -> Period:
    start = (day.month - 1) // months * months + 1
    return Period(date(day.year, start, 1), _month_end(day.year, start + months - 1))
