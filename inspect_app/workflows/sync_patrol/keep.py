"""Keep a record: its bytes first, then its effects, in one transaction, however often it comes."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.codes import SyncState
from inspect_app.domain.problems import Problem
from inspect_app.models import SyncRecord
from inspect_app.workflows.sync_patrol.locks import LockedTask, lock_task
from inspect_app.workflows.sync_patrol.photos import photos_not_here
from inspect_app.workflows.sync_patrol.quarantine import Rival, quarantine
from inspect_app.workflows.sync_patrol.receipt import ANSWERS, Receipt, Sent, stamp_of
from inspect_app.workflows.sync_patrol.records import read_head
from inspect_app.workflows.sync_patrol.segments import join_segments
from inspect_app.workflows.sync_patrol.settle import (
    Held,
    Undo,
    Verdict,
    all_or_nothing,
    author_of,
    facts_of,
    judge,
    problem_of,
    retry_waiting,
    savepoint,
    write_verdict,
)


@dataclass(frozen=True, slots=True)
class Came:
    """A record as it came: its id, its bytes, whether another author than the sender counts."""

    uid: UUID
    sent: Sent
    vouched: bool


def keep_record(
    session: Session,
    uid: UUID,
    sent: Sent,
    *,
    actor: Actor,
    now: datetime,
    vouched: bool = False,
) -> Receipt:
    """Keep a record and let it take effect, exactly once; nothing that can be read is turned away.

    The same bytes again answer as before and do nothing, unless they are held and this sender may
    what the first might not. Other bytes under a known id, and a
    record under a counter its device has used, go to quarantine and are noted. `actor` is who is
    logged in; another author is believed if the sender is `vouched` for: an enrolled tablet, or a
    person who brings in a tablet's rescued outbox. Records of one task come one after the other.

    Raises
    ------
    Problem
        `digest_mismatch`; `body_invalid` for bytes that are no JSON object.
    """
    return _keep(session, Came(uid, sent, vouched), actor=actor, now=now, undo=savepoint)


def try_record(
    session: Session,
    uid: UUID,
    sent: Sent,
    *,
    actor: Actor,
    now: datetime,
    vouched: bool = False,
) -> Receipt:
    """Keep a record as `keep_record` does, but only if its effect is not refused.

    For the caller who ends the transaction: nearly all records are taken, and a visit of a stop
    costs four statements without the savepoint.

    Raises
    ------
    EffectRefused
        The transaction is to be rolled back, and `keep_record` to be called in a new one.
    Problem
        As `keep_record`.
    """
    return _keep(session, Came(uid, sent, vouched), actor=actor, now=now, undo=all_or_nothing)


def _keep(session: Session, came: Came, *, actor: Actor, now: datetime, undo: Undo) -> Receipt:
    uid, sent = came.uid, came.sent
    sha256 = sent.checked()
    head = read_head(sent.body)
    author = author_of(session, head, sender=actor, vouched=came.vouched, now=now)
    held = Held(uid, head, sent.body, author, now)
    locked = None
    if head.task_id is not None:
        locked = lock_task(session, person_id=author.actor.person_id, task_id=head.task_id)
    others_wait = _insert(session, held, sha256)
    if others_wait is None:
        own = _own(session, held, sha256)
        if own is None:
            return _conflict(session, held, sha256, sender=actor, now=now)
        return _again(session, own, held, locked=locked, now=now)
    verdict = judge(session, held, locked, now=now, undo=undo)
    faults = [] if verdict.fault is None else [verdict.fault]
    if verdict.problem is not None:
        _write(session, uid, verdict)
    elif locked is not None:
        faults += _settle_followers(session, held, locked, others_wait=others_wait, now=now)
    state = ANSWERS.get(verdict.state, "new")
    receipt = Receipt(str(uid), sha256, state, stamp_of(now, sha256), problem=verdict.problem)
    missing = photos_not_here(session, head.photos)
    return replace(receipt, missing_photos=missing, faults=tuple(faults))


KEPT = cast("Table", SyncRecord.__table__)
WAITING = KEPT.alias("waiting")
OWN_TASK: ColumnElement[int] = literal_column("sync_record.task_id")
KEEP = (
    insert(KEPT)
    .on_conflict_do_nothing()
    .returning(
        select(WAITING.c.uid)
        .where(WAITING.c.task_id == OWN_TASK, WAITING.c.state == SyncState.WAITING.value)
        .exists()
    )
)
"""Tells of the row it keeps whether others of its task wait. Built once, as all statements that
every record needs: to build one costs more time of the processor than to run it."""


def _insert(session: Session, held: Held, sha256: str) -> bool | None:
    """Keep the row as taken; tell whether records of its task wait, or None if it is known."""
    head = held.head
    row = {
        "uid": held.uid,
        "kind": head.kind,
        "sha256": sha256,
        "body": held.body,
        "author_id": held.author.actor.person_id,
        "sender_id": held.author.sender_id,
        "device_uid": head.device if head.seq is not None else None,
        "seq": head.seq if head.device is not None else None,
        "task_id": head.task_id,
        "log_uid": head.log_uid,
        "photos": list(head.photos),
        "state": SyncState.TAKEN.value,
        "received_at": held.came_at,
    }
    found: bool | None = session.scalar(KEEP, row)
    return found


def _write(session: Session, uid: UUID, verdict: Verdict) -> None:
    session.execute(
        update(SyncRecord)
        .where(SyncRecord.uid == uid)
        .values(
            state=verdict.state.value,
            problem=None if verdict.problem is None else verdict.problem.code,
            problem_facts=facts_of(verdict.problem),
        )
    )


def _settle_followers(
    session: Session, held: Held, locked: LockedTask, *, others_wait: bool, now: datetime
) -> list[Exception]:
    """Let what waited for a record take effect too: segments of a log just begun, later steps."""
    session.flush()
    if held.head.kind == "patrol_start" and held.head.log_uid is not None:
        join_segments(session, held.head.log_uid, locked, now=now)
    return retry_waiting(session, locked, now=now) if others_wait else []


def _own(session: Session, held: Held, sha256: str) -> SyncRecord | None:
    """Return the row that holds these very bytes under this very id."""
    row = session.get(SyncRecord, held.uid, populate_existing=True)
    return row if row is not None and row.sha256 == sha256 else None


def _again(
    session: Session,
    row: SyncRecord,
    held: Held,
    *,
    locked: LockedTask | None,
    now: datetime,
) -> Receipt:
    """Answer for a record that is here; one that is held may take effect if this sender may."""
    faults: list[Exception] = []
    if SyncState(row.state) in ANSWERS:
        held = replace(held, came_at=row.received_at)
        verdict = judge(session, held, locked, now=now)
        if verdict.problem is None and locked is not None:
            row.author_id = held.author.actor.person_id or row.author_id
            row.sender_id = held.author.sender_id
            write_verdict(row, verdict, now=now)
            faults = _settle_followers(session, held, locked, others_wait=True, now=now)
    state = SyncState(row.state)
    return Receipt(
        str(row.uid),
        row.sha256,
        ANSWERS.get(state, "seen"),
        stamp_of(row.received_at, row.sha256),
        missing_photos=photos_not_here(session, row.photos),
        problem=problem_of(row) if state in ANSWERS else None,
        faults=tuple(faults),
    )


def _conflict(
    session: Session, held: Held, sha256: str, *, sender: Actor, now: datetime
) -> Receipt:
    """Put bytes into quarantine whose id, or whose counter on their device, is taken."""
    head, name = held.head, str(held.uid)
    kept = session.get(SyncRecord, held.uid)
    problem = Problem("record_conflict", uid=held.uid)
    if kept is None:
        problem = Problem("seq_taken", device=head.device, seq=head.seq)
        kept = session.scalars(
            select(SyncRecord).where(
                SyncRecord.device_uid == head.device, SyncRecord.seq == head.seq
            )
        ).one()
    rival = Rival(name, sha256, held.body, kept.sha256, head.device)
    number = quarantine(session, rival, actor=sender, now=now)
    return Receipt(name, kept.sha256, "conflict", problem=problem, quarantine=number)
