"""Keep a track segment: with its log, or beside it until the log has come."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, exists, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.codes import SyncState
from inspect_app.domain.problems import Problem
from inspect_app.models import PatrolLog, SyncRecord, TrackSegment
from inspect_app.queries.manifest import segment_uid
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.sync_patrol.locks import LockedTask, lock_log, lock_task
from inspect_app.workflows.sync_patrol.quarantine import Rival, quarantine
from inspect_app.workflows.sync_patrol.receipt import ANSWERS, Receipt, Sent, stamp_of
from inspect_app.workflows.sync_patrol.records import read_head, read_segment
from inspect_app.workflows.sync_patrol.settle import (
    SEGMENT,
    SETTLED_AT_ONCE,
    Crew,
    Undo,
    Verdict,
    all_or_nothing,
    facts_of,
    permitted_task,
    problem_of,
    savepoint,
    verdict_of,
    write_verdict,
)
from inspect_app.workflows.sync_patrol.tracks import (
    grid_of,
    line_of,
    refresh_figures,
    usable_places,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Which tablet sent a segment, under which counter; `vouched` if the tablet is enrolled."""

    device: UUID | None = None
    seq: int | None = None
    vouched: bool = False


DESK = Origin()


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment as it came: its place in its log, its bytes, where from and when."""

    log: UUID
    number: int
    body: bytes
    sha256: str
    origin: Origin
    came_at: datetime

    @property
    def name(self) -> str:
        """What tablet and server call the segment."""
        return f"{self.log}/{self.number}"


def keep_segment(
    session: Session,
    place: tuple[UUID, int],
    sent: Sent,
    *,
    actor: Actor,
    now: datetime,
    origin: Origin = DESK,
) -> Receipt:
    """Keep segment `place` (log uid, number) of a track, exactly once.

    The raw fixes are kept as they came; the line is drawn from usable ones. A log that has ended
    gets its figures anew. A segment that comes before its log waits for it. The sender is of the
    task's crew, or the tablet is enrolled.

    Raises
    ------
    Problem
        `digest_mismatch`; `body_invalid` for bytes that are no JSON object.
    """
    piece = _piece(place, sent, origin=origin, now=now)
    return _keep(session, piece, actor=actor, undo=savepoint)


def try_segment(
    session: Session,
    place: tuple[UUID, int],
    sent: Sent,
    *,
    actor: Actor,
    now: datetime,
    origin: Origin = DESK,
) -> Receipt:
    """Keep a segment as `keep_segment` does, but only if it can join its log; four statements.

    Raises
    ------
    EffectRefused
        The transaction is to be rolled back, and `keep_segment` to be called in a new one.
    Problem
        As `keep_segment`.
    """
    piece = _piece(place, sent, origin=origin, now=now)
    return _keep(session, piece, actor=actor, undo=all_or_nothing)


def _piece(place: tuple[UUID, int], sent: Sent, *, origin: Origin, now: datetime) -> Piece:
    sha256 = sent.checked()
    read_head(sent.body)
    return Piece(*place, sent.body, sha256, origin, now)


HELD = select(exists().where(SyncRecord.uid == bindparam("uid")))


def _keep(session: Session, piece: Piece, *, actor: Actor, undo: Undo) -> Receipt:
    locked = _locked(session, piece, actor)
    uid, now = segment_uid(piece.name), piece.came_at
    if session.scalar(HELD, {"uid": uid}):
        row = session.get_one(SyncRecord, uid, populate_existing=True)
        if row.sha256 == piece.sha256 and locked is not None:
            _join_held(session, piece, row, locked=locked, actor=actor)
        return _held_before(session, piece, row, actor=actor, now=now)
    joined = Joined(Verdict(Problem("record_early", uid=piece.name)))
    if locked is not None:
        joined = _join(session, piece, locked, actor=actor, undo=undo)
    place = (piece.log, piece.number)
    if joined.verdict.problem is not None and session.get(TrackSegment, place) is None:
        return _hold(session, piece, joined.verdict, locked=locked, actor=actor)
    if not joined.new:
        return _known(session, piece, actor=actor, now=now)
    return Receipt(piece.name, piece.sha256, "new", stamp_of(now, piece.sha256))


def join_segments(session: Session, log: UUID, locked: LockedTask, *, now: datetime) -> None:
    """Let segments that waited for a log join it; its task is locked by the caller."""
    rows = session.scalars(
        select(SyncRecord)
        .where(
            SyncRecord.log_uid == log,
            SyncRecord.kind == SEGMENT,
            SyncRecord.state == SyncState.WAITING.value,
        )
        .order_by(SyncRecord.number)
        .limit(SETTLED_AT_ONCE)
    ).all()
    crew = Crew(session, locked.task, now=now)
    for row in rows:
        join_row(session, row, crew, now=now)


def join_row(session: Session, row: SyncRecord, crew: Crew, *, now: datetime) -> Verdict:
    """Let a segment that was held join its log, and leave the records; or write why it cannot."""
    if row.log_uid is None or row.number is None:
        message = f"segment {row.uid} has no place"
        raise ValueError(message)
    origin = Origin(row.device_uid, row.seq, vouched=row.sender_id is not None)
    place = (row.log_uid, row.number)
    piece = Piece(*place, row.body, row.sha256, origin, row.received_at)
    actor, locked = crew.author(row.author_id)
    if actor is None or locked is None:
        joined = Joined(Verdict(Problem("record_early", uid=piece.name)))
    else:
        joined = _join(session, piece, locked, actor=actor)
    verdict = joined.verdict
    if verdict.problem is None and not joined.new:
        verdict = Verdict(Problem("seq_taken", device=row.device_uid, seq=row.seq))
    if verdict.problem is None:
        session.delete(row)
    else:
        write_verdict(row, verdict, now=now)
    session.flush()
    return verdict


@dataclass(frozen=True, slots=True)
class Joined:
    """How joining a log ended; `new` unless the segment's place or counter was taken."""

    verdict: Verdict
    new: bool = False


def _locked(session: Session, piece: Piece, actor: Actor) -> LockedTask | None:
    """Lock the task of the segment's log; where there is no log, nobody begins it meanwhile."""
    locked = lock_task(session, person_id=actor.person_id, log=piece.log)
    if locked is None:
        lock_log(session, piece.log)
        locked = lock_task(session, person_id=actor.person_id, log=piece.log)
    return locked


def _join(
    session: Session, piece: Piece, locked: LockedTask, *, actor: Actor, undo: Undo = savepoint
) -> Joined:
    new = False

    def take() -> None:
        nonlocal new
        if not piece.origin.vouched:
            permitted_task(locked, actor)
        with undo(session):
            ended = _insert(session, piece, locked)
            new = ended is not None
            if ended:
                log = session.get_one(PatrolLog, piece.log, populate_existing=True)
                refresh_figures(session, log, day=locked.task.day)

    return Joined(verdict_of(take), new)


def _join_held(
    session: Session, piece: Piece, row: SyncRecord, *, locked: LockedTask, actor: Actor
) -> None:
    """Let a held segment join its log if this sender may what the first might not."""
    if SyncState(row.state) in ANSWERS:
        joined = _join(session, replace(piece, came_at=row.received_at), locked, actor=actor)
        if joined.new:
            session.delete(row)
            session.flush()


OWN_LOG: ColumnElement[UUID] = literal_column("track_segment.log_uid")
ADD = (
    insert(cast("Table", TrackSegment.__table__))
    .on_conflict_do_nothing()
    .returning(
        select(PatrolLog.ended_at.is_not(None)).where(PatrolLog.uid == OWN_LOG).scalar_subquery()
    )
)


def _insert(session: Session, piece: Piece, locked: LockedTask) -> bool | None:
    """Add the segment; tell whether its log has ended, or None if its place or number is taken."""
    fixes, day = read_segment(piece.body).fixes, locked.task.day
    limit = policy_value(session, "fix_accuracy_max_m", day=day)
    usable = usable_places(fixes, accuracy_max_m=limit)
    row = {
        "log_uid": piece.log,
        "number": piece.number,
        "grid_id": grid_of(session, usable, day=day),
        "fixes": [list(fix) for fix in fixes],
        "sha256": piece.sha256,
        "received_at": piece.came_at,
        "device_uid": piece.origin.device if piece.origin.seq is not None else None,
        "seq": piece.origin.seq if piece.origin.device is not None else None,
        "line": line_of(usable),
    }
    ended: bool | None = session.scalar(ADD, row)
    return ended


def _known(session: Session, piece: Piece, *, actor: Actor, now: datetime) -> Receipt:
    """Answer for a segment whose place, or whose counter on its device, is taken."""
    kept = session.execute(
        select(TrackSegment.sha256, TrackSegment.received_at).where(
            TrackSegment.log_uid == piece.log, TrackSegment.number == piece.number
        )
    ).first()
    if kept is None:
        taken = session.scalars(
            select(TrackSegment.sha256).where(
                TrackSegment.device_uid == piece.origin.device,
                TrackSegment.seq == piece.origin.seq,
            )
        ).one()
        return _conflict(session, piece, taken, seq_taken=True, actor=actor, now=now)
    if kept.sha256 == piece.sha256:
        return Receipt(piece.name, kept.sha256, "seen", stamp_of(kept.received_at, kept.sha256))
    return _conflict(session, piece, kept.sha256, seq_taken=False, actor=actor, now=now)


def _held_before(
    session: Session, piece: Piece, row: SyncRecord, *, actor: Actor, now: datetime
) -> Receipt:
    """Answer for a segment that lies among the records already."""
    if row.sha256 != piece.sha256:
        return _conflict(session, piece, row.sha256, seq_taken=False, actor=actor, now=now)
    state = SyncState(row.state)
    holds = state in ANSWERS and row in session
    return Receipt(
        piece.name,
        row.sha256,
        ANSWERS[state] if holds else "seen",
        stamp_of(row.received_at, row.sha256),
        problem=problem_of(row) if holds else None,
    )


def _hold(
    session: Session,
    piece: Piece,
    verdict: Verdict,
    *,
    locked: LockedTask | None,
    actor: Actor,
) -> Receipt:
    """Keep a segment that cannot join its log among the records, as waiting or for a person."""
    origin = piece.origin
    uid = session.scalar(
        insert(SyncRecord)
        .values(
            uid=segment_uid(piece.name),
            kind=SEGMENT,
            sha256=piece.sha256,
            body=piece.body,
            author_id=actor.person_id,
            sender_id=actor.person_id if origin.vouched else None,
            device_uid=origin.device if origin.seq is not None else None,
            seq=origin.seq if origin.device is not None else None,
            task_id=None if locked is None else locked.task.id,
            log_uid=piece.log,
            number=piece.number,
            state=verdict.state.value,
            problem=None if verdict.problem is None else verdict.problem.code,
            problem_facts=facts_of(verdict.problem),
            received_at=piece.came_at,
        )
        .on_conflict_do_nothing()
        .returning(SyncRecord.uid)
    )
    if uid is None:
        taken = session.scalars(
            select(SyncRecord.sha256).where(
                SyncRecord.device_uid == origin.device, SyncRecord.seq == origin.seq
            )
        ).one()
        return _conflict(session, piece, taken, seq_taken=True, actor=actor, now=piece.came_at)
    faults = () if verdict.fault is None else (verdict.fault,)
    stamp = stamp_of(piece.came_at, piece.sha256)
    state = ANSWERS[verdict.state]
    return Receipt(piece.name, piece.sha256, state, stamp, problem=verdict.problem, faults=faults)


def _conflict(
    session: Session, piece: Piece, kept: str, *, seq_taken: bool, actor: Actor, now: datetime
) -> Receipt:
    rival = Rival(piece.name, piece.sha256, piece.body, kept, piece.origin.device)
    number = quarantine(session, rival, actor=actor, now=now)
    problem = Problem("record_conflict", uid=piece.name)
    if seq_taken:
        problem = Problem("seq_taken", device=piece.origin.device, seq=piece.origin.seq)
    return Receipt(piece.name, kept, "conflict", problem=problem, quarantine=number)
