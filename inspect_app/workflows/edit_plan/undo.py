"""Undo the last edit of a draft: the crew-days it touched get their earlier orders again."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, PatrolPlan, PlanUncovered
from inspect_app.queries.patrol_week import task_key
from inspect_app.workflows.edit_plan.draft import Arrangement, Draft, draft_of
from inspect_app.workflows.edit_plan.edits import Proposal
from inspect_app.workflows.edit_plan.write import write_proposal
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import lock_week, require_county

EDITS = ("plan.move_stop", "plan.move_day", "plan.place_visit")
UNDO = "plan.undo"


def last_edit(session: Session, plan: PatrolPlan) -> AuditEntry | None:
    """Return the newest edit of a plan that has not been undone."""
    entries = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject_kind == "plan",
            AuditEntry.subject_id == str(plan.id),
            AuditEntry.action.in_([*EDITS, UNDO]),
        )
        .order_by(AuditEntry.id.desc())
    ).all()
    undone = {entry.facts["undoes"] for entry in entries if entry.action == UNDO}
    for entry in entries:
        if entry.action != UNDO and entry.id not in undone:
            return entry if "days" in entry.facts else None
    return None


def undo_edit(session: Session, plan: PatrolPlan, *, hand: Hand) -> AuditEntry:
    """Undo the last edit of a draft exactly and return the entry of that edit.

    Raises
    ------
    Problem
        `nothing_to_undo`, `undo_stale` when the crew-days have changed otherwise since,
        `stop_pinned` when a stop the edit moved has been pinned since, and as `edit_plan`.
    """
    require_county(hand.actor, Permission.PLAN_MAKE)
    lock_week(session, plan.week)
    entry = last_edit(session, plan)
    if entry is None:
        raise Problem("nothing_to_undo")
    draft = draft_of(session, plan, zone=hand.zone, store=hand.store)
    proposal = _backwards(draft, entry)
    restored = _restore_missing(session, entry)
    missing = {**draft.arrangement.missing, **restored}
    draft = replace(draft, arrangement=Arrangement(draft.arrangement.orders, missing))
    proposal = replace(proposal, arrangement=Arrangement(proposal.arrangement.orders, missing))
    write_proposal(session, draft, proposal, hand=hand)
    return entry


def _backwards(draft: Draft, entry: AuditEntry) -> Proposal:
    orders = dict(draft.arrangement.orders)
    for day in entry.facts["days"]:
        name = (day["crew"], day["day"])
        if orders.get(name, ()) != tuple(day["after"]):
            raise Problem("undo_stale")
        gone = set(day["after"]) - set(day["before"])
        if any((key, name) in draft.pinned for key in gone):
            raise Problem("stop_pinned", name=entry.facts.get("name", day["crew"]))
        orders[name] = tuple(day["before"])
    touched = tuple((day["crew"], day["day"]) for day in entry.facts["days"])
    return Proposal(
        UNDO, Arrangement(orders, draft.arrangement.missing), touched, {"undoes": entry.id}
    )


def _restore_missing(session: Session, entry: AuditEntry) -> dict[str, int]:
    """Put rows of visits without a place back as they were; returns how many miss by key."""
    restored = {}
    for facts in entry.facts["left"]:
        row = session.get(PlanUncovered, facts["id"])
        if row is None:
            session.add(PlanUncovered(**facts))
        else:
            row.visits_missing = facts["visits_missing"]
        key = task_key(facts["object_kind"], facts["object_id"], timed=facts["timed"])
        restored[key] = facts["visits_missing"]
    session.flush()
    return restored
