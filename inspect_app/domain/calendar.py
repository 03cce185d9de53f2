"""Calendar: the legal day of an instant, working days, and how pressing a deadline is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from inspect_app.domain.codes import Code

CHINA = ZoneInfo("Asia/Shanghai")
"""Beijing time, the one legal time of the whole country."""

SATURDAY = 6

AMBER_SHARE = 1 / 3
"""A deadline turns amber when at most this share of its period is left."""
AMBER_WORKING_DAYS = 2
"""A deadline turns amber when at most so many working days are left, however long the period."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked: the days that break the week's rule, with whether they are worked.

    Beyond `last_year` no holidays are announced: there only weekends are off.
    """

    exceptions: Mapping[date, bool] = field(default_factory=lambda: MappingProxyType({}))
    last_year: int | None = None

    def works(self, day: date) -> bool:
        """Whether the day is a working day."""
        return self.exceptions.get(day, day.isoweekday() < SATURDAY)

    def knows(self, day: date) -> bool:
        """Whether the holidays of the day's year are announced."""
        return self.last_year is not None and day.year <= self.last_year


WEEKENDS_ONLY = WorkCalendar()


class Light(Code):
    """How pressing a deadline is; never stored, always shown with its words."""

    RED = "red", "已超期"
    AMBER = "amber", "即将到期"
    GREEN = "green", "期限充足"
    NONE = "none", "无期限"


@dataclass(frozen=True, slots=True)
class Period:
    """The time a person was given: from when, until when."""

    start: datetime
    due: datetime | None


def amber_until(now: datetime, *, calendar: WorkCalendar) -> datetime:
    """Return up to which instant a deadline is near: the end of the second working day from now."""
    return end_of_day(working_days_later(local_day(now), AMBER_WORKING_DAYS, calendar=calendar))


def light(period: Period, *, now: datetime, calendar: WorkCalendar) -> Light:
    """Return the light of a period: red once due has passed, amber near it, green before.

    Near is at most a third of the period, or at most two working days.
    """
    if period.due is None:
        return Light.NONE
    left = period.due - now
    if left < timedelta():
        return Light.RED
    if left <= AMBER_SHARE * (period.due - period.start):
        return Light.AMBER
    return Light.AMBER if period.due <= amber_until(now, calendar=calendar) else Light.GREEN


def local_day(instant: datetime) -> date:
    """Return the calendar day of an instant in Beijing time."""
    return instant.astimezone(CHINA).date()


def end_of_day(day: date) -> datetime:
    """Return the last minute of a day in Beijing time: a deadline by day ends with the day."""
    return datetime.combine(day, time(23, 59), CHINA)


def working_days_later(day: date, days: int, *, calendar: WorkCalendar) -> date:
    """Return the day `days` working days after a day; the day itself does not count."""
    while days > 0:
        day += timedelta(days=1)
        days -= calendar.works(day)
    return day


def working_days_between(first: date, last: date, *, calendar: WorkCalendar) -> int:
    """Return how many working days lie after `first` up to and with `last`."""
    span = max(0, (last - first).days)
    return sum(calendar.works(first + timedelta(days=n + 1)) for n in range(span))
