"""Quarantine: other bytes under a name or number that is taken; both are kept for a person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.models import AuditEntry, SyncQuarantine


@dataclass(frozen=True, slots=True)
class Rival:
    """Bytes that came under a taken name (a record's id, `log/number`), and what is kept there."""

    name: str
    sha256: str
    body: bytes
    kept_sha256: str
    device: UUID | None


def quarantine(session: Session, rival: Rival, *, actor: Actor, now: datetime) -> int:
    """Keep the rival beside what was there first and return its number; note it once."""
    found: int | None = session.scalar(
        insert(SyncQuarantine)
        .values(
            name=rival.name,
            sha256=rival.sha256,
            kept_sha256=rival.kept_sha256,
            body=rival.body,
            device_uid=rival.device,
            sender_id=actor.person_id,
            received_at=now,
        )
        .on_conflict_do_nothing()
        .returning(SyncQuarantine.id)
    )
    if found is None:
        return session.scalars(
            select(SyncQuarantine.id).where(
                SyncQuarantine.name == rival.name, SyncQuarantine.sha256 == rival.sha256
            )
        ).one()
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="sync.conflict",
            subject_kind="sync_record",
            subject_id=rival.name,
            facts={"kept": rival.kept_sha256, "came": rival.sha256},
        )
    )
    session.flush()
    return found
