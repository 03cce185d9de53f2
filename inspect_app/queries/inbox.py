"""The inbox: what tablets sent and no rule could settle, as far as a person's scope goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import SyncState
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    Crew,
    Device,
    PatrolStop,
    PatrolTask,
    Person,
    Post,
    SyncQuarantine,
    SyncRecord,
)
from inspect_app.queries.scope import in_scope

WAITS_QUIETLY = timedelta(days=1)
"""So long a record may wait for what it builds on before a person is shown it."""


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that is kept and not in effect; `problem` is said in the reader's language."""

    uid: UUID
    kind: str
    state: str
    problem: Problem | None
    author: str
    sender: str | None
    device: str | None
    device_uid: UUID | None
    seq: int | None
    task_id: int | None
    day: Any
    crew: str | None
    received_at: datetime
    body: bytes
    settled_at: datetime | None
    settled_by: str | None
    settle_reason: str | None


@dataclass(frozen=True, slots=True)
class Rivals:
    """Two versions under one name: what was there first, and what lies in quarantine."""

    id: int
    name: str
    sha256: str
    kept_sha256: str
    body: bytes
    kept_body: bytes | None
    sender: str | None
    device: str | None
    received_at: datetime
    decided_at: datetime | None
    decision: str | None


def held_records(
    session: Session, *, scope: Scope, now: datetime, limit: int = 500
) -> list[HeldRecord]:
    """Return what lies in the inbox, and what has waited for over a day, oldest first.

    A record is in the scope of who sees a stop of its task, or a post of its author.
    """
    return _held(session, _for_a_person(now) & _visible(scope), limit=limit)


def set_aside_records(session: Session, *, scope: Scope, limit: int = 500) -> list[HeldRecord]:
    """Return what was put aside, with who did it, when and why; the newest first."""
    aside = SyncRecord.state == SyncState.SET_ASIDE.value
    return _held(session, aside & _visible(scope), limit=limit, order=NEWEST_SETTLED)


def held_count(session: Session, *, scope: Scope, now: datetime) -> int:
    """Return how much waits for a person of the scope: held records and open rivals."""
    held = select(func.count()).select_from(SyncRecord).where(_for_a_person(now), _visible(scope))
    visible = true() if scope.everywhere else _posted(SyncQuarantine.sender_id, scope)
    open_rivals = (
        select(func.count())
        .select_from(SyncQuarantine)
        .where(SyncQuarantine.decided_at.is_(None), visible)
    )
    counts = session.execute(select(held.scalar_subquery(), open_rivals.scalar_subquery())).one()
    return int(counts[0]) + int(counts[1])


def _for_a_person(now: datetime) -> ColumnElement[bool]:
    overdue = (SyncRecord.state == SyncState.WAITING.value) & (
        SyncRecord.received_at <= now - WAITS_QUIETLY
    )
    return or_(SyncRecord.state == SyncState.INBOX.value, overdue)


def held_record(session: Session, uid: UUID, *, scope: Scope) -> HeldRecord:
    """Return one held record inside the scope, put aside or not; any other is not found."""
    held = SyncRecord.state != SyncState.TAKEN.value
    rows = _held(session, (SyncRecord.uid == uid) & held & _visible(scope), limit=1)
    if not rows:
        raise Problem("not_found", what="平板记录")
    return rows[0]


def rivals(
    session: Session, *, scope: Scope, decided: bool = False, limit: int = 500
) -> list[Rivals]:
    """Return what lies in quarantine, oldest first; the open ones, or those decided.

    It is in the scope of who sees a post of its sender.
    """
    visible = true() if scope.everywhere else _posted(SyncQuarantine.sender_id, scope)
    rows = session.execute(
        select(SyncQuarantine, Person.name, Device.name)
        .outerjoin(Person, Person.id == SyncQuarantine.sender_id)
        .outerjoin(Device, Device.uid == SyncQuarantine.device_uid)
        .where(SyncQuarantine.decided_at.is_not(None) == decided, visible)
        .order_by(SyncQuarantine.id)
        .limit(limit)
    ).all()
    kept = _bodies(session, [row.kept_sha256 for row, _, _ in rows])
    return [
        Rivals(
            id=row.id,
            name=row.name,
            sha256=row.sha256,
            kept_sha256=row.kept_sha256,
            body=row.body,
            kept_body=kept.get(row.kept_sha256),
            sender=sender,
            device=device,
            received_at=row.received_at,
            decided_at=row.decided_at,
            decision=row.decision,
        )
        for row, sender, device in rows
    ]


def _bodies(session: Session, hashes: Sequence[str]) -> dict[str, bytes]:
    """Return the bytes of kept records by their hash; segments are kept as fixes, not as bytes."""
    if not hashes:
        return {}
    rows = session.execute(
        select(SyncRecord.sha256, SyncRecord.body).where(SyncRecord.sha256.in_(set(hashes)))
    )
    return {row.sha256: row.body for row in rows}


OLDEST = (SyncRecord.received_at, SyncRecord.device_uid, SyncRecord.seq, SyncRecord.uid)
NEWEST_SETTLED = (SyncRecord.settled_at.desc(), SyncRecord.uid)


def _held(
    session: Session,
    which: ColumnElement[bool],
    *,
    limit: int,
    order: tuple[Any, ...] = OLDEST,
) -> list[HeldRecord]:
    sender, settler = aliased(Person), aliased(Person)
    persons = (Person.name, sender.name, settler.name)
    rows = session.execute(
        select(SyncRecord, *persons, Device.name, PatrolTask.day, Crew.name)
        .join(Person, Person.id == SyncRecord.author_id)
        .outerjoin(sender, sender.id == SyncRecord.sender_id)
        .outerjoin(settler, settler.id == SyncRecord.settled_by)
        .outerjoin(Device, Device.uid == SyncRecord.device_uid)
        .outerjoin(PatrolTask, PatrolTask.id == SyncRecord.task_id)
        .outerjoin(Crew, Crew.id == PatrolTask.crew_id)
        .where(which)
        .order_by(*order)
        .limit(limit)
    )
    return [
        HeldRecord(
            uid=row.uid,
            kind=row.kind,
            state=row.state,
            problem=None
            if row.problem is None
            else Problem(row.problem, **(row.problem_facts or {})),
            author=author,
            sender=sent_by,
            device=device,
            device_uid=row.device_uid,
            seq=row.seq,
            task_id=row.task_id,
            day=day,
            crew=crew,
            received_at=row.received_at,
            body=row.body,
            settled_at=row.settled_at,
            settled_by=settled_by,
            settle_reason=row.settle_reason,
        )
        for row, author, sent_by, settled_by, device, day, crew in rows
    ]


def _visible(scope: Scope) -> ColumnElement[bool]:
    if scope.everywhere:
        return true()
    stop = exists().where(
        PatrolStop.task_id == SyncRecord.task_id, in_scope(PatrolStop.grid_id, scope)
    )
    return stop | _posted(SyncRecord.author_id, scope)


def _posted(person_id: Any, scope: Scope) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    return exists().where(Post.person_id == person_id, in_scope(Post.grid_id, scope))
