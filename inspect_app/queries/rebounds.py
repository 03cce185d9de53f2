"""Rebounds: matters that were closed and are complained about again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.matter_codes import MatterState
from inspect_app.models import Complaint, ComplaintMatter, Event, Grid
from inspect_app.queries.scope import in_scope

CLOSING = ("close", "close_phase", "finish")
"""Events that close a matter."""


@dataclass(frozen=True, slots=True)
class Rebound:
    """A matter with its last closing before the complaints that came after it."""

    matter_id: int
    title: str
    state: MatterState
    grid_name: str | None
    closed_at: datetime
    complaints: int
    last_received_at: datetime


def rebounds(
    session: Session,
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    days: float,
    limit: int = 5,
) -> tuple[list[Rebound], int]:
    """Return matters complained about in a period within so many days of a closing, and how many.

    A closing is the matter's own, or an event of one that was reopened since.
    """
    closings = union_all(
        select(ComplaintMatter.id.label("matter_id"), ComplaintMatter.closed_at.label("at")).where(
            ComplaintMatter.closed_at.is_not(None),
            ComplaintMatter.closed_at >= since - timedelta(days=days),
            ComplaintMatter.state != MatterState.MERGED.value,
        ),
        select(Event.subject_id, Event.at).where(
            Event.subject_kind == "matter",
            Event.event.in_(CLOSING),
            Event.at >= since - timedelta(days=days),
        ),
    ).subquery("closing")
    after = (
        select(
            Complaint.matter_id,
            Complaint.id,
            Complaint.received_at,
            func.max(closings.c.at).label("closed_at"),
        )
        .join(closings, closings.c.matter_id == Complaint.matter_id)
        .where(
            Complaint.received_at >= since,
            Complaint.received_at < until,
            closings.c.at < Complaint.received_at,
            Complaint.received_at <= closings.c.at + timedelta(days=days),
        )
        .group_by(Complaint.id)
        .subquery("after")
    )
    every = (
        select(
            after.c.matter_id,
            func.max(after.c.closed_at).label("closed_at"),
            func.count().label("complaints"),
            func.max(after.c.received_at).label("last_received_at"),
        )
        .group_by(after.c.matter_id)
        .subquery("every")
    )
    rows = session.execute(
        select(
            ComplaintMatter.id,
            ComplaintMatter.title,
            ComplaintMatter.state,
            Grid.name,
            every.c.closed_at,
            every.c.complaints,
            every.c.last_received_at,
            func.count().over(),
        )
        .join(every, every.c.matter_id == ComplaintMatter.id)
        .outerjoin(Grid, Grid.id == ComplaintMatter.grid_id)
        .where(in_scope(ComplaintMatter.grid_id, scope))
        .order_by(every.c.complaints.desc(), every.c.last_received_at.desc())
        .limit(limit)
    ).all()
    found = [
        Rebound(row[0], row[1], MatterState(row[2]), *row[3:7])  # in the order of the columns
        for row in rows
    ]
    return found, rows[0][7] if rows else 0
