"""Patrol frequencies: their terms, what can be meant, which two contradict, visits a week."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from gis.periods import MonthDay, in_season
from inspect_app.domain.codes import (
    Code,
    ObjectKind,
    OutletClass,
    PeriodUnit,
    PermitClass,
    Severity,
    WaterwayLevel,
    ZoneLevel,
)
from inspect_app.domain.problems import Problem

CLASSES: dict[str, type[Code]] = {
    ObjectKind.SEGMENT: WaterwayLevel,
    ObjectKind.OUTLET: OutletClass,
    ObjectKind.SOURCE: PermitClass,
    ObjectKind.WATER_SOURCE: ZoneLevel,
    ObjectKind.MATTER: Severity,
}
"""The code list of the class that a frequency policy may name, by kind."""

WEEKS_A_YEAR = 365.25 / 7
A_WEEK: Mapping[PeriodUnit, float] = {
    PeriodUnit.DAY: 5,
    PeriodUnit.TWO_DAYS: 2.5,
    PeriodUnit.WEEK: 1,
    PeriodUnit.TEN_DAYS: 36 / WEEKS_A_YEAR,
    PeriodUnit.HALF_MONTH: 24 / WEEKS_A_YEAR,
    PeriodUnit.MONTH: 12 / WEEKS_A_YEAR,
    PeriodUnit.QUARTER: 4 / WEEKS_A_YEAR,
    PeriodUnit.HALF_YEAR: 2 / WEEKS_A_YEAR,
    PeriodUnit.YEAR: 1 / WEEKS_A_YEAR,
}
"""How many of a period a week has on average; those counted in days mean working days."""

LONGEST_DAYS: Mapping[PeriodUnit, int] = {
    PeriodUnit.DAY: 1,
    PeriodUnit.TWO_DAYS: 2,
    PeriodUnit.WEEK: 7,
    PeriodUnit.TEN_DAYS: 11,
    PeriodUnit.HALF_MONTH: 16,
    PeriodUnit.MONTH: 31,
    PeriodUnit.QUARTER: 92,
    PeriodUnit.HALF_YEAR: 184,
    PeriodUnit.YEAR: 366,
}
"""Days of the longest period; two visits to an object never share a day."""

HOURS_A_DAY = 24
MINUTES_A_DAY = 1440
PRIORITY_MAX = 9
LEAP_YEAR = 2024


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyTerms:
    """What a frequency asks for and of which objects; the columns of its row.

    Parameters
    ----------
    object_kind, object_class
        What it is about; class None means any class of the kind.
    times, period_unit
        Visits per period.
    season_from, season_to
        First and last day of the season as ``MM-DD``, both included; may wrap the year.
    window_from, window_to
        Hours of the day; an end not after the start is on the next day.
    min_gap_h
        Least hours between two visits.
    service_min
        Least minutes of one visit.
    two_officers
        The visit needs two enforcement officers.
    priority
        Higher goes first.
    """

    object_kind: ObjectKind
    object_class: str | None = None
    times: int
    period_unit: PeriodUnit
    season_from: str | None = None
    season_to: str | None = None
    window_from: time | None = None
    window_to: time | None = None
    min_gap_h: float = 0.0
    service_min: float
    two_officers: bool = False
    priority: int = 1

    @property
    def season(self) -> tuple[MonthDay, MonthDay] | None:
        """First and last (month, day) of the season."""
        if self.season_from is None or self.season_to is None:
            return None
        return month_day(self.season_from), month_day(self.season_to)

    @property
    def window_minutes(self) -> int | None:
        """How long the hours are open."""
        if self.window_from is None or self.window_to is None:
            return None
        opens, closes = _minute(self.window_from), _minute(self.window_to)
        return closes - opens if closes > opens else closes - opens + MINUTES_A_DAY


def require_sound(terms: FrequencyTerms) -> None:
    """Refuse terms that cannot be meant.

    Raises
    ------
    Problem
        `field_invalid` with the field, what is expected and what was found.
    """
    known = [one.value for one in CLASSES[terms.object_kind]]
    if terms.object_class is not None and terms.object_class not in known:
        raise _invalid("类别", "/".join(known), terms.object_class)
    _require_season(terms)
    _require_hours(terms)
    days = LONGEST_DAYS[terms.period_unit]
    if not 1 <= terms.times <= days:
        raise _invalid("次数", f"1–{days}", terms.times)
    widest = days // terms.times * HOURS_A_DAY
    if not (math.isfinite(terms.min_gap_h) and 0 <= terms.min_gap_h <= widest):
        raise _invalid("最小间隔", f"0–{widest}", f"{terms.min_gap_h:g}")
    longest = terms.window_minutes or MINUTES_A_DAY
    if not (math.isfinite(terms.service_min) and 0 < terms.service_min <= longest):
        raise _invalid("每次时长", f"1–{longest}", f"{terms.service_min:g}")
    if not 0 <= terms.priority <= PRIORITY_MAX:
        raise _invalid("优先级", f"0–{PRIORITY_MAX}", terms.priority)


def contradict(one: FrequencyTerms, other: FrequencyTerms) -> bool:
    """Tell whether only one of two frequencies in force together could ever hold for an object.

    That is so for the same kind and class, both with hours or both without, when both hold all the
    year or their seasons share a day. A season goes before the rest of the year and hours are a
    duty of their own, so these do not contradict.
    """
    same = (one.object_kind, one.object_class) == (other.object_kind, other.object_class)
    if not same or (one.window_from is None) != (other.window_from is None):
        return False
    if one.season is None or other.season is None:
        return one.season is other.season
    return any(
        in_season(one.season, day=day) and in_season(other.season, day=day) for day in _leap_year()
    )


def visits_a_week(times: int, unit: PeriodUnit) -> float:
    """Return how many visits a week a frequency asks for on average of one object."""
    return times * A_WEEK[unit]


def month_day(text: str) -> MonthDay:
    """Return (month, day) of `MM-DD`; raises ValueError for what no leap year has."""
    day = date.fromisoformat(f"{LEAP_YEAR}-{text}")
    return day.month, day.day


def _require_season(terms: FrequencyTerms) -> None:
    bounds = [terms.season_from, terms.season_to]
    if bounds == [None, None]:
        return
    if None in bounds:
        raise _invalid("季节", "03-01–04-30", "–".join(one or "…" for one in bounds))
    for text in bounds:
        try:
            found = "{:02d}-{:02d}".format(*month_day(text or ""))
        except ValueError as error:
            raise _invalid("季节", "03-01–04-30", text) from error
        if found != text:
            raise _invalid("季节", "03-01–04-30", text)


def _require_hours(terms: FrequencyTerms) -> None:
    hours = [terms.window_from, terms.window_to]
    if hours == [None, None]:
        return
    if None in hours or hours[0] == hours[1]:
        found = "–".join("…" if one is None else f"{one:%H:%M}" for one in hours)
        raise _invalid("时段", "18:00–06:00", found)


def _invalid(field: str, expected: str, found: object) -> Problem:
    return Problem("field_invalid", field=field, expected=expected, found=str(found)[:40])


def _leap_year() -> list[date]:
    first = date(LEAP_YEAR, 1, 1)
    return [first + timedelta(days=number) for number in range(366)]


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
