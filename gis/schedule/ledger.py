"""What is known of one object: its patrols, its first day of duty, its exempt spells."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from gis.periods import Period


@dataclass(frozen=True, slots=True)
class Ledger:
    """One object's name, patrol dates (ascending, distinct), first day of duty, exempt spells."""

    name: str
    dates: tuple[date, ...]
    since: date | None
    exempt: tuple[Period, ...] = ()

    def done_in(self, period: Period) -> int:
        """Count the dates in a period."""
        return sum(period.first <= day <= period.last for day in self.dates)

    @property
    def last(self) -> date | None:
        """The last date, if any."""
        return self.dates[-1] if self.dates else None

    def is_exempt(self, day: date) -> bool:
        """Tell whether a day lies in an exempt spell."""
        return any(spell.first <= day <= spell.last for spell in self.exempt)

    def exempt_days(self, period: Period) -> int:
        """Count the exempt days of a period; spells may overlap."""
        if not self.exempt:
            return 0
        days = (period.first + timedelta(days=offset) for offset in range(period.days))
        return sum(map(self.is_exempt, days))

    def owed_in(self, period: Period, *, times: int) -> int:
        """Return the visits a closed period owes: fewer where some of its days were exempt."""
        return round(times * (1 - self.exempt_days(period) / period.days))


def dates_by_object(history: pd.DataFrame, *, until: date) -> dict[object, list[date]]:
    """Return each object's dates up to a day, ascending and distinct."""
    days: dict[object, set[date]] = {}
    for name, day in zip(history["object"], pd.to_datetime(history["date"]), strict=True):
        if day.date() <= until:
            days.setdefault(name, set()).add(day.date())
    return {name: sorted(dates) for name, dates in days.items()}


def spells_by_object(exempt: pd.DataFrame | None) -> dict[object, list[Period]]:
    """Return each object's exempt spells; no frame means none."""
    spells: dict[object, list[Period]] = {}
    if exempt is not None:
        for name, first, last in zip(
            exempt["object"], exempt["first"], exempt["last"], strict=True
        ):
            spells.setdefault(name, []).append(Period(first, last))
    return spells
