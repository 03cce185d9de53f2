"""Weekly dispatch of campaign items: counts by responsible unit, and the next filing day."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from inspect_app.domain.campaign_codes import ITEM_DONE, ITEM_OPEN, ItemState

HALF = 15
"""Half a month ends with its fifteenth day."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What an item is counted by; `struck_on` is the day it was last taken off the list."""

    unit: str
    batch_no: str | None
    is_key_item: bool
    state: ItemState
    due_on: date
    struck_on: date | None = None


@dataclass(frozen=True, slots=True)
class DispatchDay:
    """The day counts are made on, and how many days ahead an item is said to be due soon."""

    day: date
    soon_days: int

    @property
    def monday(self) -> date:
        """Return the first day of the day's week."""
        return self.day - timedelta(days=self.day.weekday())


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of items: all of them computed from the items, none typed.

    `waiting` are those whose unit has reported them rectified and which are not off the list yet.
    """

    batches: int
    items: int
    key_items: int
    done: int
    done_this_week: int
    waiting: int
    soon: int
    late: int


@dataclass(frozen=True, slots=True)
class UnitRow:
    """The line of a responsible unit in the dispatch table."""

    unit: str
    tally: Tally


def is_late(item: ItemFacts, today: DispatchDay) -> bool:
    """Whether a unit still works on the item after its due day."""
    return item.state in ITEM_OPEN and item.due_on < today.day


def is_soon(item: ItemFacts, today: DispatchDay) -> bool:
    """Whether an item that is worked on is due today or in the days that count as soon."""
    last = today.day + timedelta(days=today.soon_days)
    return item.state in ITEM_OPEN and today.day <= item.due_on <= last


def tally(items: Sequence[ItemFacts], today: DispatchDay) -> Tally:
    """Return the counts of items; a batch counts once, items without one belong to none."""
    done = [item for item in items if item.state in ITEM_DONE]
    struck = [item.struck_on for item in done if item.struck_on is not None]
    return Tally(
        batches=len({item.batch_no for item in items if item.batch_no}),
        items=len(items),
        key_items=sum(item.is_key_item for item in items),
        done=len(done),
        done_this_week=sum(today.monday <= day <= today.day for day in struck),
        waiting=sum(item.state not in (*ITEM_OPEN, *ITEM_DONE) for item in items),
        soon=sum(is_soon(item, today) for item in items),
        late=sum(is_late(item, today) for item in items),
    )


def dispatch_table(items: Iterable[ItemFacts], today: DispatchDay) -> list[UnitRow]:
    """Return one line a responsible unit: most late items first, then the least share done."""
    by_unit: dict[str, list[ItemFacts]] = defaultdict(list)
    for item in items:
        by_unit[item.unit].append(item)
    rows = [UnitRow(unit, tally(its, today)) for unit, its in by_unit.items()]
    return sorted(rows, key=lambda row: (-row.tally.late, _share_done(row.tally), row.unit))


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The days a progress sheet tells of, both included."""

    first: date
    last: date


def half_month(day: date) -> ReportPeriod:
    """Return the half of the month a day lies in: to the 15th, or from the 16th on."""
    if day.day <= HALF:
        return ReportPeriod(day.replace(day=1), day.replace(day=HALF))
    return ReportPeriod(day.replace(day=HALF + 1), whole_month(day).last)


def whole_month(day: date) -> ReportPeriod:
    """Return the month a day lies in."""
    return ReportPeriod(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def _share_done(counts: Tally) -> float:
    return counts.done / counts.items


def next_filing_day(day: date, days_of_month: Iterable[int]) -> date:
    """Return the next day, this one included, on which files for striking off are handed in.

    A month that is too short for a day has it on its last one.

    Raises
    ------
    ValueError
        Where no day of the month is given.
    """
    numbers = tuple(days_of_month)
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    candidates = [
        month.replace(day=min(number, monthrange(month.year, month.month)[1]))
        for month in (day.replace(day=1), following)
        for number in numbers
    ]
    return min(candidate for candidate in candidates if candidate >= day)
