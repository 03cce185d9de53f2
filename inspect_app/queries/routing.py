"""The division of work between units: which kind of pollution belongs to whom, and when."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.codes import PollutionType
from inspect_app.domain.intake import PollutionSubtype
from inspect_app.models import RoutingRule

ORDER = {code.value: place for place, code in enumerate([*PollutionType, *PollutionSubtype])}


@dataclass(frozen=True, slots=True)
class RoutingLine:
    """A rule as people read it; `subtype` is None where it holds for the whole type."""

    row: RoutingRule
    pollution_type: PollutionType
    subtype: PollutionSubtype | None
    coming: bool

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds; None until further notice."""
        return None if self.row.valid_to is None else self.row.valid_to - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RoutingBook:
    """The rules in force and to come, those that are over, and every unit they name."""

    open: list[RoutingLine]
    over: list[RoutingLine]
    departments: list[str]


def routing_book(session: Session, *, today: date) -> RoutingBook:
    """Return all rules in the order of the code lists; of one kind the earlier first."""
    rows = sorted(session.scalars(select(RoutingRule)), key=_place)
    lines = [_line(row, today=today) for row in rows]
    return RoutingBook(
        open=[line for line in lines if not _is_over(line.row, today=today)],
        over=[line for line in lines if _is_over(line.row, today=today)],
        departments=sorted({row.department for row in rows}),
    )


def _place(row: RoutingRule) -> tuple[int, int, date]:
    subtype = -1 if row.pollution_subtype is None else ORDER.get(row.pollution_subtype, len(ORDER))
    return ORDER[row.pollution_type], subtype, row.valid_from


def _line(row: RoutingRule, *, today: date) -> RoutingLine:
    subtype = None if row.pollution_subtype is None else PollutionSubtype(row.pollution_subtype)
    return RoutingLine(
        row, PollutionType(row.pollution_type), subtype, coming=row.valid_from > today
    )


def _is_over(row: RoutingRule, *, today: date) -> bool:
    return row.valid_to is not None and row.valid_to <= today
