"""Answers to the question about complaints: totals, cells of the map, the list, single complaints.

All of them read `counted_matters`, so that their numbers are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from inspect_app.domain.alarm_codes import Confidence
from inspect_app.domain.codes import PollutionType, SourceChannel
from inspect_app.domain.matter_codes import MatterState
from inspect_app.models import Complaint, ComplaintMatter
from inspect_app.queries.complaint_counts.question import (
    Cell,
    Question,
    cell_degrees,
    complaint_conditions,
    counted_matters,
)
from inspect_app.queries.scope import in_scope

PAGE_SIZE = 30
COMPLAINTS_MAX = 200
"""Complaints of one matter shown at once; the number beside them is never cut."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many complaints about how many matters; how many of them no place can be shown for."""

    complaints: int
    matters: int
    without_place: int


@dataclass(frozen=True, slots=True)
class CountedCell:
    """A circle of the map: its cell, the middle of its matters, true numbers; one matter's id."""

    cell: Cell
    lon: float
    lat: float
    complaints: int
    matters: int
    kind: str
    matter_id: int | None
    title: str | None
    confidence: Confidence | None


@dataclass(frozen=True, slots=True)
class MatterCount:
    """A line of the list: a matter with its complaints of the weeks and in all."""

    matter_id: int
    matter_no: str
    title: str
    state: MatterState
    pollution_types: tuple[PollutionType, ...]
    kind: str
    respondent: str | None
    grid_name: str | None
    complaints: int
    complaints_in_all: int
    last_received_at: datetime
    place: tuple[float, float] | None
    confidence: Confidence | None


@dataclass(frozen=True, slots=True)
class ComplaintLine:
    """One complaint below its matter; nothing of who complained."""

    complaint_no: str
    received_at: datetime
    channel: SourceChannel
    summary: str


def totals(session: Session, question: Question) -> Totals:
    """Return the totals of a question."""
    counted = counted_matters(question)
    number = func.coalesce(func.sum(counted.c.complaints), 0)
    hidden = func.sum(counted.c.complaints).filter(counted.c.lon.is_(None))
    row = session.execute(
        select(number, func.count(counted.c.id), func.coalesce(hidden, 0)).select_from(counted)
    ).one()
    return Totals(*(int(value) for value in row))


def cells(session: Session, question: Question, *, zoom: int) -> tuple[list[CountedCell], Totals]:
    """Return the circles of the map at a zoom, and the totals they make with what has no place."""
    counted = counted_matters(question)
    size = cell_degrees(zoom)
    column, row = func.floor(counted.c.lon / size), func.floor(counted.c.lat / size)
    alone = func.count() == 1
    found = session.execute(
        select(
            column.label("column"),
            row.label("row"),
            func.avg(counted.c.lon).label("lon"),
            func.avg(counted.c.lat).label("lat"),
            func.sum(counted.c.complaints).label("complaints"),
            func.count().label("matters"),
            func.mode().within_group(counted.c.kind).label("kind"),
            case((alone, func.min(counted.c.id))).label("matter_id"),
            case((alone, func.min(counted.c.title))).label("title"),
            func.min(counted.c.mark).label("mark"),
        )
        .group_by("column", "row")
        .order_by("column", "row")
    ).all()
    circles = [
        CountedCell(
            Cell(zoom, int(row.column), int(row.row)),
            lon=row.lon,
            lat=row.lat,
            complaints=int(row.complaints),
            matters=row.matters,
            kind=row.kind,
            matter_id=row.matter_id,
            title=row.title,
            confidence=_confidence(row.mark),
        )
        for row in found
        if row.column is not None
    ]
    whole = Totals(
        complaints=int(sum(row.complaints for row in found)),
        matters=sum(row.matters for row in found),
        without_place=int(sum(row.complaints for row in found if row.column is None)),
    )
    return circles, whole


def matter_counts(
    session: Session, question: Question, *, page: int | None = 1
) -> tuple[Sequence[MatterCount], Totals]:
    """Return a page of the list and the totals of all pages; None is the whole list.

    Most complaints first, ties by latest call.
    """
    counted = counted_matters(question)
    hidden = case((counted.c.lon.is_(None), counted.c.complaints), else_=0)
    statement = select(
        counted,
        func.sum(counted.c.complaints).over().label("sum_of_all"),
        func.count().over().label("matters_of_all"),
        func.sum(hidden).over().label("hidden_of_all"),
    ).order_by(counted.c.complaints.desc(), counted.c.last_received_at.desc(), counted.c.id)
    if page is not None:
        statement = statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    rows = session.execute(statement).all()
    if not rows:  # nothing at all, or a page beyond the last
        return [], totals(session, question)
    first = rows[0]
    whole = Totals(int(first.sum_of_all), first.matters_of_all, int(first.hidden_of_all))
    return [_line(row) for row in rows], whole


def complaints_of(
    session: Session, question: Question, matter_id: int
) -> tuple[list[ComplaintLine], int] | None:
    """Return a matter's complaints inside the question, latest first, and how many they are.

    None outside the scope. The list holds at most COMPLAINTS_MAX.
    """
    inside = [*complaint_conditions(question), Complaint.matter_id == matter_id]
    seen = select(ComplaintMatter.id).where(
        ComplaintMatter.id == matter_id, in_scope(ComplaintMatter.grid_id, question.scope)
    )
    if session.scalar(seen) is None:
        return None
    number = session.scalar(select(func.count(Complaint.id)).where(*inside)) or 0
    rows = session.execute(
        select(
            Complaint.complaint_no,
            Complaint.received_at,
            Complaint.source_channel,
            Complaint.summary,
        )
        .where(*inside)
        .order_by(Complaint.received_at.desc(), Complaint.id.desc())
        .limit(COMPLAINTS_MAX)
    )
    lines = [ComplaintLine(no, at, SourceChannel(by), text) for no, at, by, text in rows]
    return lines, number


def _line(row: Any) -> MatterCount:  # noqa: ANN401 - a row of the common table
    return MatterCount(
        matter_id=row.id,
        matter_no=row.matter_no,
        title=row.title,
        state=MatterState(row.state),
        pollution_types=tuple(PollutionType(kind) for kind in row.pollution_types),
        kind=row.kind,
        respondent=row.respondent,
        grid_name=row.grid_name,
        complaints=row.complaints,
        complaints_in_all=row.complaints_in_all,
        last_received_at=row.last_received_at,
        place=None if row.lon is None else (row.lon, row.lat),
        confidence=_confidence(row.mark),
    )


def _confidence(mark: int | None) -> Confidence | None:
    return None if mark is None else list(Confidence)[mark]
