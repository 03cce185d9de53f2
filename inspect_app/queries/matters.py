"""Complaint matters: a filtered page of the list, and one matter with its complaints."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import PollutionType, SourceChannel
from inspect_app.domain.matter_codes import MATTER_OPEN, MatterState
from inspect_app.domain.problems import Problem
from inspect_app.models import Complaint, ComplaintMatter, Finding, Grid, Person, PollutionSource
from inspect_app.queries.scope import in_scope

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class MatterFilter:
    """What a list of matters is narrowed to; empty fields do not narrow."""

    text: str = ""
    state: MatterState | None = None
    pollution_type: PollutionType | None = None
    only_open: bool = False
    only_repeated: bool = False


@dataclass(frozen=True, slots=True)
class MatterLine:
    """A line of the list."""

    matter: ComplaintMatter
    state: MatterState
    pollution_types: tuple[PollutionType, ...]
    grid_name: str | None
    complaints: int
    last_received_at: datetime | None


@dataclass(frozen=True, slots=True)
class MatterFile:
    """One matter with everything that hangs on it; nothing of the reporters."""

    line: MatterLine
    respondent: str | None
    owner_name: str | None
    complaints: list[tuple[Complaint, SourceChannel]]
    findings: list[Finding]


def matter_page(
    session: Session, scope: Scope, chosen: MatterFilter, *, page: int = 1
) -> tuple[list[MatterLine], int]:
    """Return one page of matters, last opened first, and how many there are in all.

    The number of complaints is counted for the matters of the page only.
    """
    conditions = [in_scope(ComplaintMatter.grid_id, scope), *_conditions(chosen)]
    total = session.scalar(select(func.count(ComplaintMatter.id)).where(*conditions)) or 0
    matters = session.execute(
        select(ComplaintMatter, Grid.name)
        .outerjoin(Grid, Grid.id == ComplaintMatter.grid_id)
        .where(*conditions)
        .order_by(ComplaintMatter.opened_at.desc(), ComplaintMatter.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    return _lines(session, [(matter, name) for matter, name in matters]), total


def matter_file(session: Session, scope: Scope, matter_id: int) -> MatterFile | None:
    """Return one matter with its complaints, latest first; None outside the scope."""
    row = session.execute(
        select(ComplaintMatter, Grid.name, PollutionSource.name, Person.name)
        .outerjoin(Grid, Grid.id == ComplaintMatter.grid_id)
        .outerjoin(PollutionSource, PollutionSource.id == ComplaintMatter.respondent_source_id)
        .outerjoin(Person, Person.id == ComplaintMatter.owner_person_id)
        .where(ComplaintMatter.id == matter_id, in_scope(ComplaintMatter.grid_id, scope))
    ).first()
    if row is None:
        return None
    matter, grid_name, source_name, owner_name = row
    complaints = session.scalars(
        select(Complaint)
        .where(Complaint.matter_id == matter_id)
        .order_by(Complaint.received_at.desc())
    )
    findings = session.scalars(
        select(Finding)
        .where(Finding.matter_id == matter_id, in_scope(Finding.grid_id, scope))
        .order_by(Finding.found_at)
    )
    return MatterFile(
        line=_lines(session, [(matter, grid_name)])[0],
        respondent=source_name or matter.respondent_name,
        owner_name=owner_name,
        complaints=[(c, SourceChannel(c.source_channel)) for c in complaints],
        findings=list(findings),
    )


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


def _lines(session: Session, matters: list[tuple[ComplaintMatter, str | None]]) -> list[MatterLine]:
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


def _conditions(chosen: MatterFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.text:
        conditions.append(
            or_(
                ComplaintMatter.title.icontains(chosen.text, autoescape=True),
                ComplaintMatter.matter_no.icontains(chosen.text, autoescape=True),
                ComplaintMatter.respondent_name.icontains(chosen.text, autoescape=True),
            )
        )
    if chosen.state is not None:
        conditions.append(ComplaintMatter.state == chosen.state)
    if chosen.pollution_type is not None:
        conditions.append(ComplaintMatter.pollution_types.contains([chosen.pollution_type.value]))
    if chosen.only_open:
        conditions.append(ComplaintMatter.state.in_([state.value for state in MATTER_OPEN]))
    if chosen.only_repeated:
        repeated = (
            select(Complaint.matter_id).group_by(Complaint.matter_id).having(func.count() > 1)
        )
        conditions.append(ComplaintMatter.id.in_(repeated))
    return conditions
