"""Number: give out the next number of a series, without gaps or doubles under concurrency."""

from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.models import Counter

FIRST = insert(cast("Table", Counter.__table__))
NEXT = FIRST.on_conflict_do_update(
    index_elements=["series", "year"], set_={"last": Counter.last + FIRST.excluded.last}
).returning(Counter.last)
COMPLAINT_SERIES = "complaint"
MATTER_SERIES = "matter"
COMPLAINT_PREFIX = "TS"
MATTER_PREFIX = "SX"
NUMBER_DIGITS = 6


def complaint_no(year: int, number: int) -> str:
    """Return what people call a complaint of the series: TS2026000001."""
    return f"{COMPLAINT_PREFIX}{year}{number:0{NUMBER_DIGITS}d}"


def matter_no(year: int, number: int) -> str:
    """Return what people call a matter of the series: SX2026000001."""
    return f"{MATTER_PREFIX}{year}{number:0{NUMBER_DIGITS}d}"


def next_number(session: Session, series: str, *, year: int, count: int = 1) -> int:
    """Return the first of `count` numbers taken from the series of the year.

    The row stays locked until the transaction ends, so a roll-back gives the numbers back.
    """
    last: int | None = session.scalar(NEXT, {"series": series, "year": year, "last": count})
    if last is None:
        message = f"series {series} gave no number"
        raise ValueError(message)
    return last - count + 1
