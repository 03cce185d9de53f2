"""Settle a record by hand: try it again, put it aside with a reason, decide a quarantine."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import SyncState
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, PatrolLog, SyncQuarantine, SyncRecord
from inspect_app.workflows.sync_patrol.locks import LockedTask, lock_log, lock_task
from inspect_app.workflows.sync_patrol.segments import join_row, join_segments
from inspect_app.workflows.sync_patrol.settle import (
    SEGMENT,
    Crew,
    Verdict,
    judge_row,
    retry_waiting,
)

UNKNOWN_THEN = ("kind_unknown", "version_unknown", "form_unknown")
"""What a server did not understand it may understand after its next update."""


def retry(session: Session, uid: UUID, *, actor: Actor, now: datetime) -> Verdict:
    """Try a held record again, as its author; a person answers for who the author is.

    What waited for it takes effect with it. Returns how it ended; the caller has checked the scope.

    Raises
    ------
    Problem
        `not_permitted`; `not_found`; `already_settled` for a record in effect.
    """
    _require_reviewer(actor)
    row, locked = _locked_row(session, uid)
    verdict = _try(session, row, locked, now=now)
    outcome = "taken" if verdict.problem is None else verdict.problem.code
    _audit(session, row, ("sync.retry", {"outcome": outcome}), actor=actor, now=now)
    if verdict.problem is None and row in session:
        row.settled_by = actor.person_id
    session.flush()
    return verdict


def set_aside(session: Session, uid: UUID, *, reason: str, actor: Actor, now: datetime) -> None:
    """Put a held record aside, with a reason; its bytes stay, and it may be tried again later.

    Raises
    ------
    Problem
        `not_permitted`; `reason_missing`; `not_found`; `already_settled`.
    """
    _require_reviewer(actor)
    if not reason.strip():
        raise Problem("reason_missing")
    row, _ = _locked_row(session, uid)
    row.state, row.settle_reason = SyncState.SET_ASIDE.value, reason.strip()
    row.settled_at, row.settled_by = now, actor.person_id
    _audit(session, row, ("sync.set_aside", {"reason": reason.strip()}), actor=actor, now=now)
    session.flush()


def decide_quarantine(
    session: Session, number: int, *, decision: str, actor: Actor, now: datetime
) -> SyncQuarantine:
    """Note what a person decided about bytes in quarantine; both versions stay as they are.

    Raises
    ------
    Problem
        `not_permitted`; `reason_missing`; `not_found`; `already_settled`.
    """
    _require_reviewer(actor)
    if not decision.strip():
        raise Problem("reason_missing")
    rival = session.get(SyncQuarantine, number, with_for_update=True, populate_existing=True)
    if rival is None:
        raise Problem("not_found", what="平板记录")
    if rival.decided_at is not None:
        raise Problem("already_settled")
    rival.decided_at, rival.decided_by, rival.decision = now, actor.person_id, decision.strip()
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="sync.decide",
            subject_kind="sync_record",
            subject_id=rival.name,
            facts={"decision": decision.strip(), "came": rival.sha256, "kept": rival.kept_sha256},
        )
    )
    session.flush()
    return rival


def tasks_with_held(session: Session) -> list[int]:
    """Return the tasks with records that the job of the hour is to try again."""
    unknown = SyncRecord.problem.in_(UNKNOWN_THEN)
    found = session.scalars(
        select(SyncRecord.task_id)
        .where(
            SyncRecord.task_id.is_not(None),
            (SyncRecord.state == SyncState.WAITING.value)
            | ((SyncRecord.state == SyncState.INBOX.value) & unknown),
        )
        .distinct()
        .order_by(SyncRecord.task_id)
    )
    return [task_id for task_id in found if task_id is not None]


def logs_with_held(session: Session) -> list[UUID]:
    """Return the logs that have come by now and have segments that still wait for them."""
    return list(
        session.scalars(
            select(PatrolLog.uid)
            .join(SyncRecord, SyncRecord.log_uid == PatrolLog.uid)
            .where(SyncRecord.kind == SEGMENT, SyncRecord.state == SyncState.WAITING.value)
            .distinct()
        )
    )


def retry_task(session: Session, task_id: int, *, now: datetime) -> list[Exception]:
    """Try again what waits for something of a task, and what the server did not know before.

    Returns the faults of our own code that were met, to be logged.
    """
    locked = lock_task(session, person_id=None, task_id=task_id)
    if locked is None:
        return []
    crew, faults = Crew(session, locked.task, now=now), []
    rows = session.scalars(
        select(SyncRecord)
        .where(
            SyncRecord.task_id == task_id,
            SyncRecord.state == SyncState.INBOX.value,
            SyncRecord.problem.in_(UNKNOWN_THEN),
        )
        .order_by(SyncRecord.device_uid, SyncRecord.seq, SyncRecord.uid)
    ).all()
    for row in rows:
        verdict = judge_row(session, row, crew, now=now)
        faults += [] if verdict.fault is None else [verdict.fault]
    return faults + retry_waiting(session, locked, now=now)


def retry_log(session: Session, log: UUID, *, now: datetime) -> None:
    """Let the segments that wait for a log join it."""
    locked = lock_task(session, person_id=None, log=log)
    if locked is not None:
        join_segments(session, log, locked, now=now)


def _locked_row(session: Session, uid: UUID) -> tuple[SyncRecord, LockedTask | None]:
    """Return a held record, locked after its task, as everybody locks them."""
    row = session.get(SyncRecord, uid)
    if row is None:
        raise Problem("not_found", what="平板记录")
    locked = None
    if row.kind == SEGMENT and row.log_uid is not None:
        locked = lock_task(session, person_id=row.author_id, log=row.log_uid)
        if locked is None:
            lock_log(session, row.log_uid)
            locked = lock_task(session, person_id=row.author_id, log=row.log_uid)
    elif row.task_id is not None:
        locked = lock_task(session, person_id=row.author_id, task_id=row.task_id)
    row = session.get(SyncRecord, uid, with_for_update=True, populate_existing=True)
    if row is None or row.state == SyncState.TAKEN.value:
        raise Problem("already_settled")
    return row, locked


def _try(session: Session, row: SyncRecord, locked: LockedTask | None, *, now: datetime) -> Verdict:
    crew = Crew(session, None if locked is None else locked.task, now=now)
    if row.kind == SEGMENT:
        return join_row(session, row, crew, now=now)
    verdict = judge_row(session, row, crew, now=now)
    if verdict.problem is None and locked is not None:
        if row.log_uid is not None:
            join_segments(session, row.log_uid, locked, now=now)
        retry_waiting(session, locked, now=now)
    return verdict


def _require_reviewer(actor: Actor) -> None:
    if not actor.may(Permission.PATROL_REVIEW):
        raise Problem("not_permitted", permission=Permission.PATROL_REVIEW.value)


def _audit(
    session: Session,
    row: SyncRecord,
    act: tuple[str, dict[str, object]],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=act[0],
            subject_kind="sync_record",
            subject_id=str(row.uid),
            facts=act[1],
        )
    )
