"""Pin stops of a draft: they keep their crew and day when the plan is made anew."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.models import AuditEntry, PatrolPlan, PatrolStop
from inspect_app.queries.patrol_week import key_of
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import lock_week, require_county


def pin_stops(
    session: Session,
    plan: PatrolPlan,
    stops: Sequence[PatrolStop],
    *,
    pinned: bool,
    hand: Hand,
) -> int:
    """Pin or loosen stops of a draft and return how many changed.

    Raises
    ------
    Problem
        `plan_not_draft`, `not_found` for stops of another plan, `county_wide_only`,
        `not_permitted`.
    """
    require_county(hand.actor, Permission.PLAN_MAKE)
    lock_week(session, plan.week)
    if plan.state != PlanState.DRAFT:
        raise Problem("plan_not_draft")
    if any(stop.task.plan_id != plan.id for stop in stops):
        raise Problem("not_found", what="点位")
    changed = [stop for stop in stops if stop.pinned != pinned]
    for stop in changed:
        stop.pinned = pinned
    if changed:
        session.add(
            AuditEntry(
                at=hand.now,
                actor_id=hand.actor.person_id,
                action="plan.pin" if pinned else "plan.unpin",
                subject_kind="plan",
                subject_id=str(plan.id),
                facts={"objects": [key_of(stop) for stop in changed]},
            )
        )
    session.flush()
    return len(changed)
