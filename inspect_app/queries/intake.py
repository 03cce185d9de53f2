"""What the intake desk sees of its day, and of a complaint just registered."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import PlaceQuality
from inspect_app.domain.intake import is_group_visit
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    Complaint,
    ComplaintMatter,
    ComplaintMove,
    Grid,
    Person,
)
from inspect_app.queries.owners import NoOwner, Owner, owner_of_grid
from inspect_app.queries.policies import PolicyMissing, policy_value
from inspect_app.queries.reporters import complaint_in_scope
from inspect_app.queries.scope import in_scope

ARRIVAL = "urgent_arrival_h"
ACCEPTANCE = "accept_days"


@dataclass(frozen=True, slots=True)
class DayCount:
    """Complaints registered on a day, and those of them without a place yet."""

    registered: int
    without_place: int


@dataclass(frozen=True, slots=True)
class Registered:
    """A complaint after it was saved: its matter, how often told, who owns the place today."""

    complaint: Complaint
    matter: ComplaintMatter
    times: int
    grid: Grid | None
    owner: Owner | None
    first_contact: str | None
    arrive_by: datetime | None
    accept_by: date | None
    group_visit: bool
    joined: bool
    move: ComplaintMove | None
    """The move that can be undone."""


def day_count(session: Session, *, day: date, scope: Scope, zone: ZoneInfo) -> DayCount:
    """Return how many complaints of the scope were registered on a day."""
    start = datetime.combine(day, time(), zone)
    row = session.execute(
        select(
            func.count(),
            func.count().filter(Complaint.place_quality == PlaceQuality.NONE.value),
        ).where(
            Complaint.registered_at >= start,
            Complaint.registered_at < start + timedelta(days=1),
            in_scope(Complaint.grid_id, scope),
        )
    ).one()
    return DayCount(row[0], row[1])


def registered(session: Session, complaint_id: int, *, scope: Scope, day: date) -> Registered:
    """Return a complaint just registered with what its clerk says to the caller next.

    Raises
    ------
    Problem
        `not_found` for one that is not there or outside the scope.
    """
    complaint = complaint_in_scope(session, complaint_id, scope=scope)
    matter = session.get(ComplaintMatter, complaint.matter_id)
    if matter is None:
        raise Problem("not_found", what="事项")
    grid = None if complaint.grid_id is None else session.get(Grid, complaint.grid_id)
    counted = select(func.count()).where(Complaint.matter_id == matter.id)
    return Registered(
        complaint=complaint,
        matter=matter,
        times=session.scalar(counted) or 0,
        grid=grid,
        owner=_owner(session, grid, day=day),
        first_contact=session.scalar(
            select(Person.name).where(Person.id == complaint.first_contact_person_id)
        ),
        arrive_by=_arrive_by(session, complaint, matter, day=day),
        accept_by=_accept_by(session, day=day),
        group_visit=_is_group(session, complaint, day=day),
        joined=_has_joined(session, complaint),
        move=_last_move(session, complaint),
    )


def _owner(session: Session, grid: Grid | None, *, day: date) -> Owner | None:
    if grid is None:
        return None
    try:
        return owner_of_grid(session, grid, day=day)
    except NoOwner:
        return None


def _arrive_by(
    session: Session, complaint: Complaint, matter: ComplaintMatter, *, day: date
) -> datetime | None:
    if not matter.is_on_site_promised:
        return None
    return complaint.registered_at + timedelta(hours=policy_value(session, ARRIVAL, day=day))


def _accept_by(session: Session, *, day: date) -> date | None:
    """Return until when the reporter is told of the acceptance, where the county set it."""
    try:
        return day + timedelta(days=policy_value(session, ACCEPTANCE, day=day))
    except PolicyMissing:
        return None


def _is_group(session: Session, complaint: Complaint, *, day: date) -> bool:
    if complaint.visitor_count is None:
        return False
    least = policy_value(session, "mass_visitors_min", day=day)
    return is_group_visit(complaint.visitor_count, least=least)


def _has_joined(session: Session, complaint: Complaint) -> bool:
    found = session.scalar(
        select(func.count()).where(
            AuditEntry.action == "complaint.join",
            AuditEntry.subject_kind == "complaint",
            AuditEntry.subject_id == str(complaint.id),
        )
    )
    return bool(found)


def _last_move(session: Session, complaint: Complaint) -> ComplaintMove | None:
    move = session.scalar(
        select(ComplaintMove)
        .where(ComplaintMove.complaint_id == complaint.id)
        .order_by(ComplaintMove.id.desc())
        .limit(1)
    )
    return None if move is None or move.undone_at is not None else move
