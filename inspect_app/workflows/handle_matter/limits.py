"""The limits a step of a matter is held against: numbers of the county's rules, and distances."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.calendar import end_of_day, local_day, working_days_later
from inspect_app.models import Complaint, ComplaintMatter, Event
from inspect_app.queries.holidays import work_calendar
from inspect_app.queries.matter_record import of_matter, pending_extension_days
from inspect_app.queries.policies import PolicyMissing, policy_value

Place = tuple[float | None, float | None]
NOWHERE: Place = (None, None)


def limits_of(
    session: Session,
    matter: ComplaintMatter,
    event: str,
    *,
    now: datetime,
    place: Place = NOWHERE,
) -> dict[str, Any]:
    """Return the limits of an event as facts; a county without a rule has no such limit."""
    if event == "accept":
        needs_deputy = _rule(session, "accept_needs_deputy", now=now)
        return {} if needs_deputy is None else {"accept_needs_deputy": needs_deputy}
    if event == "object":
        return _objection(session, matter, now=now)
    if event == "arrive":
        return _nearness(session, matter, place, now=now)
    if event in {"request_extension", "extend"}:
        return _extension(session, matter, event, now=now)
    if event == "ask_review":
        return _review(session, matter, now=now)
    return {}


def _rule(session: Session, key: str, *, now: datetime) -> float | None:
    try:
        return policy_value(session, key, day=local_day(now))
    except PolicyMissing:
        return None


def _objection(session: Session, matter: ComplaintMatter, *, now: datetime) -> dict[str, Any]:
    """Return until when an item from elsewhere can be sent back (Regulation, art. 23)."""
    days = _rule(session, "object_working_days", now=now)
    if days is None:
        return {}
    received = session.scalar(
        select(func.min(Complaint.received_at)).where(Complaint.matter_id == matter.id)
    )
    start = local_day(received or matter.opened_at)
    last = working_days_later(start, int(days), calendar=work_calendar(session))
    return {"object_until": end_of_day(last)}


def _nearness(
    session: Session, matter: ComplaintMatter, place: Place, *, now: datetime
) -> dict[str, Any]:
    limit = _rule(session, "arrival_distance_m", now=now)
    facts: dict[str, Any] = {} if limit is None else {"distance_max_m": limit}
    lon, lat = place
    if lon is None or lat is None or matter.geom is None:
        return facts
    # Metres over a few hundred metres: the sphere is right to half a per cent.
    here = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4490)
    metres = session.scalar(
        select(func.ST_DistanceSphere(ComplaintMatter.geom, here)).where(
            ComplaintMatter.id == matter.id
        )
    )
    return facts if metres is None else facts | {"distance_m": round(float(metres), 1)}


def _extension(
    session: Session, matter: ComplaintMatter, event: str, *, now: datetime
) -> dict[str, Any]:
    limit = _rule(session, "extension_days_max", now=now)
    facts: dict[str, Any] = {} if limit is None else {"days_max": limit}
    if event == "extend":
        days = pending_extension_days(session, matter.id)
        facts |= {} if days is None else {"days": days}
    return facts


def _review(session: Session, matter: ComplaintMatter, *, now: datetime) -> dict[str, Any]:
    """Return until when a reporter can ask for a review: thirty days from the reply (art. 35)."""
    days = _rule(session, "review_ask_days", now=now)
    replied = session.scalar(
        select(func.max(Event.at)).where(of_matter(matter.id), Event.event == "approve")
    )
    if days is None or replied is None:
        return {}
    return {"review_until": end_of_day(local_day(replied) + timedelta(days=days))}
