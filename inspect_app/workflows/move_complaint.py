"""Move a complaint to another matter or to one of its own, exactly, and back again."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import ObjectKind, Severity
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    Complaint,
    ComplaintMatter,
    ComplaintMove,
    Event,
    Finding,
    MatterContact,
    Measure,
    PatrolStop,
)
from inspect_app.queries.matters import living_matter
from inspect_app.queries.reporters import complaint_in_scope
from inspect_app.workflows.register_complaint import matter_of, note_birth

_SEVERITY = tuple(Severity)


def move_complaint(
    session: Session,
    complaint_id: int,
    into_id: int | None,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> ComplaintMove:
    """Move one complaint into another matter, or into a new one where `into_id` is None.

    What joining had made more pressing in the matter it leaves falls back, when no other complaint
    of it is as pressing. The only complaint of a matter does not move: that would be a merge.

    Raises
    ------
    Problem
        `not_permitted`; `not_found` outside the scope; `reason_missing`; `same_matter`;
        `only_complaint`.
    """
    _require(actor)
    if not reason.strip():
        raise Problem("reason_missing")
    complaint = complaint_in_scope(session, complaint_id, scope=actor.scope)
    left = _locked(session, complaint.matter_id)
    into = None
    if into_id is not None:
        into = living_matter(session, into_id, scope=actor.scope)
        if into.id == left.id:
            raise Problem("same_matter")
    if _complaints(session, left.id) == 1:
        raise Problem("only_complaint")
    before = _fall_back(session, left, complaint)
    opened = into is None
    if into is None:
        into = matter_of(session, complaint, now=now)
        into.legal_route = left.legal_route
        session.add(into)
        session.flush()
        facts = {"complaint_no": complaint.complaint_no, "moved_from": left.matter_no}
        note_birth(session, into, facts=facts, actor=actor, now=now)
    complaint.matter_id = into.id
    move = ComplaintMove(
        complaint_id=complaint.id,
        from_matter_id=left.id,
        into_matter_id=into.id,
        opened=opened,
        reason=reason.strip(),
        before=before,
        moved_at=now,
        moved_by=actor.person_id,
    )
    session.add(move)
    _audit(session, "complaint.move", complaint, matters=(left, into), actor=actor, now=now)
    session.refresh(complaint)
    return move


def undo_move(session: Session, move_id: int, *, actor: Actor, now: datetime) -> Complaint:
    """Bring a moved complaint back; both matters are then as they were before.

    A matter opened for it is gone again, unless others have joined it or work has begun on it.

    Raises
    ------
    Problem
        `not_permitted`; `not_found`; `move_undone`; `move_stale` when the complaint has moved on,
        or the matter opened for it has a record of its own.
    """
    _require(actor)
    move = session.scalar(
        select(ComplaintMove).where(ComplaintMove.id == move_id).with_for_update()
    )
    if move is None:
        raise Problem("not_found", what="投诉")
    complaint = complaint_in_scope(session, move.complaint_id, scope=actor.scope)
    if move.undone_at is not None:
        raise Problem("move_undone")
    if move.into_matter_id is None or complaint.matter_id != move.into_matter_id:
        raise Problem("move_stale")
    back = _locked(session, move.from_matter_id)
    into = _locked(session, move.into_matter_id)
    if move.opened and _has_record(session, into):
        raise Problem("move_stale")
    complaint.matter_id = back.id
    for column, value in move.before.items():
        setattr(back, column, value)
    move.undone_at, move.undone_by = now, actor.person_id
    _audit(session, "complaint.move_undo", complaint, matters=(into, back), actor=actor, now=now)
    if move.opened:
        _close_again(session, move, into)
    session.refresh(complaint)
    return complaint


def _require(actor: Actor) -> None:
    if not actor.may(Permission.COMPLAINT_REGISTER):
        raise Problem("not_permitted", permission=Permission.COMPLAINT_REGISTER.value)


def _locked(session: Session, matter_id: int) -> ComplaintMatter:
    """Return a matter nobody else changes until the transaction ends."""
    return session.scalars(
        select(ComplaintMatter).where(ComplaintMatter.id == matter_id).with_for_update()
    ).one()


def _complaints(session: Session, matter_id: int) -> int:
    counted = select(func.count()).where(Complaint.matter_id == matter_id)
    return session.scalar(counted) or 0


def _fall_back(
    session: Session, matter: ComplaintMatter, complaint: Complaint
) -> dict[str, object]:
    """Take back what the complaint had raised by joining; return what the matter was before."""
    facts = session.scalar(
        select(AuditEntry.facts)
        .where(AuditEntry.action == "complaint.join")
        .where(AuditEntry.subject_kind == "complaint")
        .where(AuditEntry.subject_id == str(complaint.id))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    before: dict[str, object] = {}
    if not facts or facts.get("matter_no") != matter.matter_no:
        return before
    was = facts.get("severity_was")
    if was is not None and matter.severity == complaint.severity:
        others = session.scalars(
            select(Complaint.severity).where(
                Complaint.matter_id == matter.id, Complaint.id != complaint.id
            )
        )
        least = max([was, *others], key=lambda one: _SEVERITY.index(Severity(one)))
        if least != matter.severity:
            before["severity"] = matter.severity
            matter.severity = least
    if facts.get("promise_was") is False and matter.is_on_site_promised:
        before["is_on_site_promised"] = True
        matter.is_on_site_promised = False
    return before


def _has_record(session: Session, matter: ComplaintMatter) -> bool:
    """Whether more hangs on a matter than the one complaint it was opened for and its birth."""
    if _complaints(session, matter.id) > 1:
        return True
    events = select(func.count()).where(
        Event.subject_kind == "matter",
        Event.subject_id == matter.id,
        Event.event.not_in(["register", "go_up"]),
    )
    hanging = (
        events,
        select(func.count()).where(MatterContact.matter_id == matter.id),
        select(func.count()).where(Measure.matter_id == matter.id),
        select(func.count()).where(Finding.matter_id == matter.id),
        select(func.count()).where(
            PatrolStop.object_kind == ObjectKind.MATTER.value, PatrolStop.object_id == matter.id
        ),
        select(func.count()).where(ComplaintMatter.merged_into_id == matter.id),
    )
    return any(session.scalar(one) for one in hanging)


def _close_again(session: Session, move: ComplaintMove, opened: ComplaintMatter) -> None:
    births = select(Event).where(Event.subject_kind == "matter", Event.subject_id == opened.id)
    for birth in session.scalars(births):
        session.delete(birth)
    move.into_matter_id = None
    session.flush()
    session.expire(opened)
    session.delete(opened)
    session.flush()


def _audit(
    session: Session,
    action: str,
    complaint: Complaint,
    *,
    matters: tuple[ComplaintMatter, ComplaintMatter],
    actor: Actor,
    now: datetime,
) -> None:
    session.flush()
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=action,
            subject_kind="complaint",
            subject_id=str(complaint.id),
            facts={
                "complaint_no": complaint.complaint_no,
                "from": matters[0].matter_no,
                "to": matters[1].matter_no,
            },
        )
    )
    session.flush()
