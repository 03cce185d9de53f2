"""The audit trail: who did what, newest first."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.models import AuditEntry, Person

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the trail is narrowed to; empty fields do not narrow."""

    action: str = ""
    person: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry with the actor's name."""

    at: datetime
    actor: str | None
    action: str
    subject_kind: str
    subject_id: str | None
    facts: str


def audit_page(
    session: Session, chosen: AuditFilter, *, zone: ZoneInfo, page: int = 1
) -> tuple[list[AuditLine], int]:
    """Return one page of entries, newest first, and how many there are in all."""
    query = select(AuditEntry, Person.name).outerjoin(Person, Person.id == AuditEntry.actor_id)
    if chosen.action:
        query = query.where(AuditEntry.action == chosen.action)
    if chosen.person:
        query = query.where(Person.name.contains(chosen.person, autoescape=True))
    if chosen.day is not None:
        start = datetime.combine(chosen.day, time(), zone)
        query = query.where(AuditEntry.at >= start, AuditEntry.at < start + timedelta(days=1))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.execute(
        query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    lines = [
        AuditLine(
            at=entry.at,
            actor=name,
            action=entry.action,
            subject_kind=entry.subject_kind,
            subject_id=entry.subject_id,
            facts="; ".join(f"{key}={value}" for key, value in entry.facts.items()),
        )
        for entry, name in rows
    ]
    return lines, total
