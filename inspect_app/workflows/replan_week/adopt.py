"""Adopt an offer: the published plan is amended in place, and everyone can see why."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gis.routing.problem import WeekPlan
from gis.routing.solve import plan_of
from gis.routing.verify import verify
from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.domain.weeks import week_text
from inspect_app.models import (
    PatrolPlan,
    PlanChange,
)
from inspect_app.queries.patrol_week import grid_names
from inspect_app.workflows.advance import Step, advance
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import instant, lock_week, require_county
from inspect_app.workflows.replan_week.offers import kept_promises
from inspect_app.workflows.replan_week.prepare import CrewDayKey, Prepared, prepare
from inspect_app.workflows.replan_week.request import request_from
from inspect_app.workflows.replan_week.write import Adoption, ChangeWriter
from inspect_app.workflows.tell_verdict import violation_phrase


def adopt_change(session: Session, change: PlanChange, *, reason: str, hand: Hand) -> PatrolPlan:
    """Amend the published plan by an offer and return the plan.

    Nothing of the reader's is trusted: the orders are those stored with the offer, the week is
    built anew, times run from now, and the result is checked again. What has been visited since the
    offer was made is let be where the crew goes on as planned.

    Raises
    ------
    Problem
        `change_adopted`, `plan_not_published`, `change_outdated` when the plan or the crews'
        progress no longer fit the offer, `change_breaks_rule`, `guard_failed` without a reason,
        `county_wide_only`, `not_permitted`.
    """
    actor, now = hand.actor, hand.now
    require_county(actor, Permission.PLAN_PUBLISH)
    plan = session.get_one(PatrolPlan, change.plan_id)
    lock_week(session, plan.week)
    session.refresh(plan)
    session.refresh(change)
    if change.revision is not None:
        raise Problem("change_adopted")
    if plan.state != PlanState.PUBLISHED:
        raise Problem("plan_not_published", week=week_text(plan.week))
    prepared = prepare(session, plan, request_from(change.request), hand=hand)
    wanted = _wanted(prepared, change)
    routes = _checked(session, prepared, change, wanted=wanted)
    step = Step(
        reason=reason,
        facts={
            "revision": plan.revision + 1,
            "way": change.way,
            "moved": change.figures["moved"],
            "added_min": change.figures["added_min"],
        },
    )
    advance(session, plan, "change", step=step, actor=actor, now=now)
    by = Adoption(reason, actor, now, hand.zone)
    ChangeWriter(session, prepared, change, by=by).write(wanted, routes)
    plan.revision += 1
    change.revision, change.reason = plan.revision, reason
    change.adopted_at, change.adopted_by = now, actor.person_id
    session.flush()
    return plan


def _wanted(prepared: Prepared, change: PlanChange) -> dict[CrewDayKey, tuple[str, ...]]:
    """Return the stored orders of the changed crew-days without what has been visited since."""
    stored = {(crew, day): tuple(order) for crew, day, order in change.orders["crew_days"]}
    before = {(crew, day): tuple(order) for crew, day, order in change.orders["settled"]}
    if prepared.digest(stored) != change.standing:
        raise Problem("change_outdated")
    wanted = {}
    for at, order in stored.items():
        now_settled = prepared.standing.settled.get(at, ())
        new = tuple(key for key in now_settled if key not in before[at])
        if order[: len(new)] != new:
            raise Problem("change_outdated")
        wanted[at] = order[len(new) :]
    return wanted


def _checked(
    session: Session,
    prepared: Prepared,
    change: PlanChange,
    *,
    wanted: Mapping[CrewDayKey, tuple[str, ...]],
) -> WeekPlan:
    """Return the remaining week with the stored orders, timed from now; refuses what is not valid.

    A promise that the offer kept and that can no longer be kept is a change, too.
    """
    rest, _ = kept_promises(prepared)
    orders = rest.orders | dict(wanted)
    due = {task.key for task in rest.problem.tasks}
    if not {key for order in orders.values() for key in order} <= due:
        raise Problem("change_outdated")
    found = plan_of(rest.problem, {at: order for at, order in orders.items() if order})
    expected = {item["key"] for item in change.figures["unserved"]}
    if not {item.task for item in found.unserved} <= expected:
        raise Problem("change_outdated")
    verdict = verify(rest.problem, found)
    if verdict.violations:
        rule = violation_phrase(verdict.violations[0], prepared.built, names=grid_names(session))
        raise Problem("change_breaks_rule", rule=rule)
    _require_promises(prepared, change, found=found)
    return found


def _require_promises(prepared: Prepared, change: PlanChange, *, found: WeekPlan) -> None:
    kept = {one["key"]: one["promise"] for one in change.figures["arrivals"] if one["kept"]}
    for route in found.routes:
        for visit in route.visits:
            promise = kept.get(visit.task)
            if promise is None:
                continue
            at = instant(found.week, day=route.day, second=visit.arrival_s, zone=prepared.zone)
            if at > datetime.fromisoformat(promise) + timedelta(minutes=1):
                raise Problem("change_outdated")
