"""Merge matters: the complaints of one go to another; undone, everything is as it was."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import MATTER_FINISHED
from inspect_app.models import Complaint, ComplaintMatter, MatterMerge
from inspect_app.workflows.advance import Step, advance


def merge_matter(
    session: Session,
    matter: ComplaintMatter,
    into: ComplaintMatter,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> MatterMerge:
    """Merge a matter into another and return what is needed to undo it.

    Its complaints move, it becomes `merged` and points at the other. Findings, contacts, measures
    and events stay where they are; the other's page lists them. The caller has checked that both
    matters lie in the actor's scope.

    Raises
    ------
    Problem
        `merge_self`; `merge_target` where the other is merged, refused or over; those of `advance`.
    """
    _lock(session, matter, into)
    if matter.id == into.id:
        raise Problem("merge_self", subject=matter.matter_no)
    if into.state in MATTER_FINISHED:
        state = MatterState(into.state).label
        raise Problem("merge_target", subject=into.matter_no, state=state)
    complaint_ids = list(
        session.scalars(
            select(Complaint.id).where(Complaint.matter_id == matter.id).order_by(Complaint.id)
        )
    )
    former = matter.state
    facts = {"into_matter_id": into.id, "into_no": into.matter_no, "moved": len(complaint_ids)}
    step = Step(reason=reason.strip(), facts=facts)
    advance(session, matter, "merge", step=step, actor=actor, now=now)
    matter.merged_into_id = into.id
    merge = MatterMerge(
        from_matter_id=matter.id,
        into_matter_id=into.id,
        complaint_ids=complaint_ids,
        from_state=former,
        reason=reason.strip(),
        merged_at=now,
        merged_by=actor.person_id,
    )
    session.add(merge)
    _move(session, merge, source=matter, target=into)
    return merge


def unmerge_matter(
    session: Session, merge: MatterMerge, *, actor: Actor, now: datetime
) -> ComplaintMatter:
    """Undo a merge and return the matter that stands for itself again, in its former state.

    Exactly the complaints that moved go back; those that came to the other since stay there.

    Raises
    ------
    Problem
        `merge_undone`; `merge_built_on` where a later merge moved the complaints on: that one is
        undone first; those of `advance`.
    """
    matter = session.get_one(ComplaintMatter, merge.from_matter_id)
    into = session.get_one(ComplaintMatter, merge.into_matter_id)
    _lock(session, matter, into)
    session.refresh(merge, with_for_update=True)
    if merge.undone_at is not None:
        raise Problem("merge_undone", subject=matter.matter_no)
    _refuse_built_on(session, merge, matter)
    facts = {"from_matter_id": into.id, "from_no": into.matter_no}
    step = Step(facts=facts | {"moved": len(merge.complaint_ids)})
    advance(session, matter, "unmerge", step=step, actor=actor, now=now)
    matter.merged_into_id = None
    merge.undone_at, merge.undone_by = now, actor.person_id
    _move(session, merge, source=into, target=matter)
    return matter


def _lock(session: Session, *matters: ComplaintMatter) -> None:
    for matter in sorted(matters, key=lambda matter: matter.id):  # one order of locks for all
        session.refresh(matter, with_for_update=True)


def _refuse_built_on(session: Session, merge: MatterMerge, matter: ComplaintMatter) -> None:
    """Refuse where the other was itself merged since; its complaints are no longer there."""
    later = session.scalars(
        select(MatterMerge)
        .where(
            MatterMerge.from_matter_id == merge.into_matter_id,
            MatterMerge.id > merge.id,
            MatterMerge.undone_at.is_(None),
        )
        .order_by(MatterMerge.id.desc())
    ).first()
    if later is None:
        return
    other = session.get_one(ComplaintMatter, later.from_matter_id)
    further = session.get_one(ComplaintMatter, later.into_matter_id)
    raise Problem(
        "merge_built_on",
        subject=matter.matter_no,
        other=other.matter_no,
        further=further.matter_no,
    )


def _move(
    session: Session, merge: MatterMerge, *, source: ComplaintMatter, target: ComplaintMatter
) -> None:
    session.flush()
    session.execute(
        update(Complaint)
        .where(Complaint.id.in_(merge.complaint_ids), Complaint.matter_id == source.id)
        .values(matter_id=target.id)
    )
    session.expire(source, ["complaints"])
    session.expire(target, ["complaints"])
