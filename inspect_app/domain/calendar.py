"""Calendar: the legal day of an instant, working days, and how pressing a deadline is."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inspect_app.domain.codes import Code

CHINA = ZoneInfo("Asia/Shanghai")
"""Beijing time, the one legal time of the whole country."""

SATURDAY = 6

AMBER_SHARE = 1 / 3
"""A deadline turns amber when at most this share of its period is left."""
AMBER_LEFT = timedelta(days=2)
"""A deadline turns amber when at most this time is left, however long the period was."""


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


def light(period: Period, *, now: datetime) -> Light:
    """Return the light of a period: red once due has passed, amber near it, green before."""
    if period.due is None:
        return Light.NONE
    left = period.due - now
    if left < timedelta():
        return Light.RED
    if left <= AMBER_LEFT or left <= AMBER_SHARE * (period.due - period.start):
        return Light.AMBER
    return Light.GREEN


def local_day(instant: datetime) -> date:
    """Return the calendar day of an instant in Beijing time."""
    return instant.astimezone(CHINA).date()


def end_of_day(day: date) -> datetime:
    """Return the last minute of a day in Beijing time: a deadline by day ends with the day."""
    return datetime.combine(day, time(23, 59), CHINA)


def working_days_later(day: date, days: int) -> date:
    """Return the day `days` working days after a day; Saturday and Sunday do not count.

    Public holidays and the working weekends exchanged for them are announced year by year and are
    not known here, so a deadline over a holiday comes out early, never late.
    """
    while days > 0:
        day += timedelta(days=1)
        days -= day.isoweekday() < SATURDAY
    return day
