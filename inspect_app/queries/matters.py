"""Complaint matters in lists: what a list is narrowed to, and its lines."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import PollutionType, Severity
from inspect_app.domain.matter_codes import MATTER_OPEN, MatterState
from inspect_app.domain.problems import Problem
from inspect_app.models import Complaint, ComplaintMatter, Grid
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class MatterFilter:
    """What a list of matters is narrowed to; empty fields do not narrow."""

    text: str = ""
    state: MatterState | None = None
    pollution_type: PollutionType | None = None
    severity: Severity | None = None
    grid_id: int | None = None
    batch_no: str = ""
    only_open: bool = False
    only_repeated: bool = False
    only_key: bool = False
    only_late: bool = False
    only_risen: bool = False
    """Both are computed from clocks: the work list applies them, not `conditions_of`."""


@dataclass(frozen=True, slots=True)
class MatterLine:
    """A line of the list."""

    matter: ComplaintMatter
    state: MatterState
    pollution_types: tuple[PollutionType, ...]
    grid_name: str | None
    complaints: int
    last_received_at: datetime | None


def living_matter(session: Session, matter_id: int, *, scope: Scope) -> ComplaintMatter:
    """Return a matter of the scope, or the one it went up in.

    Raises
    ------
    Problem
        `not_found` for one that is not there or outside the scope.
    """
    seen: set[int] = set()
    wanted = matter_id
    while wanted not in seen:
        seen.add(wanted)
        matter = session.scalar(
            select(ComplaintMatter).where(
                ComplaintMatter.id == wanted, in_scope(ComplaintMatter.grid_id, scope)
            )
        )
        if matter is None:
            break
        if matter.merged_into_id is None:
            return matter
        wanted = matter.merged_into_id
    raise Problem("not_found", what="事项")


def lines_of(
    session: Session, matters: list[tuple[ComplaintMatter, str | None]]
) -> list[MatterLine]:
    """Return matters as lines of a list, with the number of their complaints counted once."""
    counted = session.execute(
        select(Complaint.matter_id, func.count(), func.max(Complaint.received_at))
        .where(Complaint.matter_id.in_([matter.id for matter, _ in matters]))
        .group_by(Complaint.matter_id)
    )
    counts = {matter_id: (number, last) for matter_id, number, last in counted}
    lines = []
    for matter, grid_name in matters:
        complaints, last = counts.get(matter.id, (0, None))
        lines.append(
            MatterLine(
                matter=matter,
                state=MatterState(matter.state),
                pollution_types=tuple(PollutionType(kind) for kind in matter.pollution_types),
                grid_name=grid_name,
                complaints=complaints,
                last_received_at=last,
            )
        )
    return lines


def conditions_of(chosen: MatterFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter."""
    equal = (
        (ComplaintMatter.state, chosen.state),
        (ComplaintMatter.severity, chosen.severity),
    )
    conditions: list[ColumnElement[bool]] = [
        column == code.value for column, code in equal if code is not None
    ]
    if chosen.text:
        words = (
            ComplaintMatter.title,
            ComplaintMatter.matter_no,
            ComplaintMatter.respondent_name,
        )
        conditions.append(or_(*(word.icontains(chosen.text, autoescape=True) for word in words)))
    if chosen.pollution_type is not None:
        conditions.append(ComplaintMatter.pollution_types.contains([chosen.pollution_type.value]))
    if chosen.only_open:
        conditions.append(ComplaintMatter.state.in_([state.value for state in MATTER_OPEN]))
    if chosen.only_key:
        conditions.append(ComplaintMatter.is_key_item.is_(True))
    return conditions + _by_others(chosen)


def _by_others(chosen: MatterFilter) -> list[ColumnElement[bool]]:
    """Return the conditions that look at complaints and grids."""
    conditions: list[ColumnElement[bool]] = []
    if chosen.grid_id is not None:
        path = select(Grid.path).where(Grid.id == chosen.grid_id).scalar_subquery()
        inside = select(Grid.id).where(Grid.path.startswith(path))
        conditions.append(ComplaintMatter.grid_id.in_(inside))
    if chosen.batch_no:
        batch = select(Complaint.matter_id).where(Complaint.batch_no == chosen.batch_no)
        conditions.append(ComplaintMatter.id.in_(batch))
    if chosen.only_repeated:
        repeated = (
            select(Complaint.matter_id).group_by(Complaint.matter_id).having(func.count() > 1)
        )
        conditions.append(ComplaintMatter.id.in_(repeated))
    return conditions
