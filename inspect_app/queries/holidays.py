"""Which days are worked: the announced holidays, and the bureau's own table before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from chinese_calendar import constants
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.calendar import WorkCalendar
from inspect_app.models import Holiday

NATIONAL: Mapping[date, bool] = MappingProxyType(
    dict.fromkeys(constants.holidays, False) | dict.fromkeys(constants.workdays, True)
)
"""Days the State Council announced: False a holiday, True a weekend that is worked."""
LAST_YEAR_KNOWN = max(NATIONAL).year
FIRST_YEAR_KNOWN = min(NATIONAL).year

NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day off or worked against the week's rule; `own` where the bureau's table says so."""

    day: date
    working: bool
    name: str
    source: str
    own: bool


def work_calendar(session: Session) -> WorkCalendar:
    """Return which days are worked: the bureau's own rows before the announced ones.

    Years that are not announced yet know weekends only. One statement over a small table.
    """
    own = session.execute(select(Holiday.day, Holiday.working)).all()
    return WorkCalendar(MappingProxyType(dict(NATIONAL) | dict(own)), last_year=LAST_YEAR_KNOWN)


def special_days(session: Session, year: int) -> list[SpecialDay]:
    """Return the special days of a year in order; an own row stands for the announced one."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = {
        day: SpecialDay(day, working, _national_name(day, working=working), "", own=False)
        for day, working in NATIONAL.items()
        if first <= day <= last
    }
    rows = session.scalars(select(Holiday).where(Holiday.day.between(first, last)))
    for row in rows:
        days[row.day] = SpecialDay(row.day, row.working, row.name, row.source, own=True)
    return [days[day] for day in sorted(days)]


def _national_name(day: date, *, working: bool) -> str:
    english: str = constants.workdays[day] if working else constants.holidays[day]
    return NAMES.get(english, english)
