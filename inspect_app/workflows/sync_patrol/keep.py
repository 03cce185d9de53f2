"""Keep a record: its bytes and its effects in one transaction, however often it is sent."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, SyncRecord
from inspect_app.queries.patrols import crew_task
from inspect_app.workflows.sync_patrol.effects import Arrival, take_effect
from inspect_app.workflows.sync_patrol.records import read_record


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes as they came in, and the digest the sender claims for them."""

    body: bytes
    sha256: str

    def checked(self) -> str:
        """Return the hash of the bytes; refuses bytes that were damaged on the way."""
        found = hashlib.sha256(self.body).hexdigest()
        if found != self.sha256:
            raise Problem("digest_mismatch", expected=self.sha256, found=found)
        return found


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the server says back: it is new, was seen before, or differs from what is kept."""

    uid: str
    sha256: str
    state: Literal["new", "seen", "conflict"]


def keep_record(session: Session, uid: UUID, sent: Sent, *, actor: Actor, now: datetime) -> Receipt:
    """Keep a record and let it take effect, exactly once.

    The same bytes again answer `seen` and do nothing; other bytes under a known id answer
    `conflict`, are noted in the audit, and the kept bytes stay. A refused record (a Problem) leaves
    nothing behind, so it can be sent again.
    """
    sha256 = sent.checked()
    record = read_record(sent.body)
    kept = session.scalar(
        insert(SyncRecord)
        .values(
            uid=uid,
            kind=record.kind,
            sha256=sha256,
            body=sent.body,
            author_id=actor.person_id,
            received_at=now,
        )
        .on_conflict_do_nothing()
        .returning(SyncRecord.uid)
    )
    if kept is None:
        return _seen_before(session, uid, sha256, actor=actor, now=now)
    task = crew_task(session, record.task_id, actor=actor)
    take_effect(session, record, Arrival(uid=uid, task=task, actor=actor, now=now))
    session.flush()
    return Receipt(str(uid), sha256, "new")


def _seen_before(
    session: Session, uid: UUID, sha256: str, *, actor: Actor, now: datetime
) -> Receipt:
    kept = session.scalars(select(SyncRecord.sha256).where(SyncRecord.uid == uid)).one()
    if kept == sha256:
        return Receipt(str(uid), sha256, "seen")
    note_conflict(session, str(uid), (kept, sha256), actor=actor, now=now)
    return Receipt(str(uid), kept, "conflict")


def note_conflict(
    session: Session, name: str, hashes: tuple[str, str], *, actor: Actor, now: datetime
) -> None:
    """Note once in the audit that other bytes came under a known name."""
    facts = {"kept": hashes[0], "came": hashes[1]}
    noted = session.scalar(
        select(AuditEntry.id).where(
            AuditEntry.action == "sync.conflict",
            AuditEntry.subject_id == name,
            AuditEntry.facts.contains(facts),
        )
    )
    if noted is None:
        session.add(
            AuditEntry(
                at=now,
                actor_id=actor.person_id,
                action="sync.conflict",
                subject_kind="sync_record",
                subject_id=name,
                facts=facts,
            )
        )
        session.flush()
