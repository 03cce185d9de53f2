"""Make the two offers of a change and keep them, so that one can be adopted later as it stands."""

import time
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from gis.routing.explain import explain
from gis.routing.replan import (
    Earliest,
    Moment,
    Offer,
    Remaining,
    best,
    earliest_arrivals,
    insert_only,
    remaining,
)
from gis.routing.solve import SearchBudget, orders_of
from inspect_app.domain.access import Permission
from inspect_app.domain.codes import ChangeWay
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.domain.weeks import week_text
from inspect_app.models import PatrolPlan, PlanChange
from inspect_app.models.base import Json
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import instant, require_county
from inspect_app.workflows.replan_week.prepare import CrewDayKey, Prepared, prepare
from inspect_app.workflows.replan_week.request import ChangeRequest

BEST_SECONDS = 1.5
"""Search time of the second offer: with loading the model it stays below two seconds."""
SEED = 1
LAST_SECOND = 86_399


@dataclass(frozen=True, slots=True)
class Offered:
    """The two offers as stored, and the seconds each step took."""

    insert_only: PlanChange
    best: PlanChange
    seconds: dict[str, float]


def make_offers(
    session: Session,
    plan: PatrolPlan,
    request: ChangeRequest,
    *,
    hand: Hand,
) -> Offered:
    """Return two ways to change a published plan, and keep them for adoption.

    `insert_only` moves nobody else's visit; `best` may, at the price of `replan_change_min` for
    each. Where an urgent visit cannot be reached within the promise it is offered as early as there
    is room today or later, and the offer says so.

    Raises
    ------
    Problem
        `plan_not_published`, `change_nothing`, `change_week_over`, `county_wide_only`,
        `not_permitted`, and what `build_week` raises.
    """
    actor, now = hand.actor, hand.now
    require_county(actor, Permission.PLAN_PUBLISH)
    if plan.state != PlanState.PUBLISHED:
        raise Problem("plan_not_published", week=week_text(plan.week))
    began = time.perf_counter()
    prepared = prepare(session, plan, request, hand=hand)
    built = time.perf_counter()
    rest, first = kept_promises(prepared)
    inserted = time.perf_counter()
    second = best(
        rest,
        first,
        change_s=round(60 * policy_value(session, "replan_change_min", day=plan.week)),
        seed=SEED,
        budget=SearchBudget(
            iterations=request.iterations,
            seconds=None if request.iterations else BEST_SECONDS,
        ),
    )
    seconds = {
        "build": built - began,
        "insert_only": inserted - built,
        "best": time.perf_counter() - inserted,
    }
    session.execute(
        delete(PlanChange).where(
            PlanChange.plan_id == plan.id,
            PlanChange.revision.is_(None),
            PlanChange.offered_to == actor.person_id,
        )
    )
    stored = [
        _stored(prepared, rest, offer, way=way, request=request, seconds=seconds)
        for way, offer in ((ChangeWay.INSERT_ONLY, first), (ChangeWay.BEST, second))
    ]
    for change in stored:
        change.offered_at, change.offered_to = now, actor.person_id
        session.add(change)
    session.flush()
    return Offered(stored[0], stored[1], seconds)


def kept_promises(prepared: Prepared) -> tuple[Remaining, Offer]:
    """Return the insertion with all promises kept, or as early as it can be without.

    A visit that finds no room until its promise is tried until the end of the day, then in the rest
    of the week.
    """
    rest, happened = prepared.rest, prepared.happened
    offer = insert_only(rest)
    today = prepared.standing.now.day
    for by in (Moment(today, LAST_SECOND), None):
        lost = {move.task for move in offer.unserved}
        if not any(one.task.key in lost for one in happened.urgent):
            break
        urgent = tuple(
            replace(one, by=by) if one.task.key in lost else one for one in happened.urgent
        )
        happened = replace(happened, urgent=urgent)
        rest = remaining(prepared.built.problem, prepared.standing, happened)
        offer = insert_only(rest)
    return rest, offer


def changed_orders(rest: Remaining, offer: Offer) -> dict[CrewDayKey, tuple[str, ...]]:
    """Return the remaining visits of each crew-day that an offer changes; none where it empties.

    The crew-days that homeless visits leave are among them.
    """
    orders = orders_of(offer.plan)
    left = {at for places in rest.left.values() for at in places}
    return {at: orders.get(at, ()) for at in sorted({*offer.touched, *left})}


def _stored(
    prepared: Prepared,
    rest: Remaining,
    offer: Offer,
    *,
    way: ChangeWay,
    request: ChangeRequest,
    seconds: dict[str, float],
) -> PlanChange:
    changed = changed_orders(rest, offer)
    return PlanChange(
        plan_id=prepared.plan.id,
        way=way.value,
        request=request.as_json(),
        orders={
            "crew_days": [[crew, day, list(order)] for (crew, day), order in changed.items()],
            "settled": [
                [crew, day, list(prepared.standing.settled.get((crew, day), ()))]
                for crew, day in changed
            ],
        },
        moves={
            "visits": [
                {
                    "key": move.task,
                    "name": prepared.built.objects[move.task].name,
                    "from": None if move.source is None else list(move.source),
                    "to": None if move.goal is None else list(move.goal),
                    "asked": move.asked,
                }
                for move in offer.moves
            ]
        },
        figures=_figures(prepared, rest, offer, seconds=seconds),
        standing=prepared.digest(changed),
    )


def _figures(
    prepared: Prepared, rest: Remaining, offer: Offer, *, seconds: dict[str, float]
) -> Json:
    explained = explain(offer.problem, offer.plan) if offer.unserved else None
    reasons = {} if explained is None else {one.task: one for one in explained.unserved}
    return {
        "added_min": round(offer.added_s / 60, 1),
        "moved": len(offer.moved),
        "crew_days": len(offer.touched),
        "crews": len({crew for crew, _ in offer.touched}),
        "unserved": [
            {
                "key": key,
                "name": prepared.built.objects[key].name,
                "missing": one.missing,
                "reason": str(one.reason),
                "facts": {
                    "facts": dict(one.facts),
                    "fixes": [{"remedy": str(f.remedy), "facts": dict(f.facts)} for f in one.fixes],
                },
            }
            for key, one in reasons.items()
        ],
        "arrivals": [
            _arrival(prepared, rest, offer, key=one.task.key) for one in prepared.happened.urgent
        ],
        "violations": len(offer.verdict.violations),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
    }


def _arrival(prepared: Prepared, rest: Remaining, offer: Offer, *, key: str) -> Json:
    """Return when an urgent object is reached, the promise, and who could be there first."""
    promise = prepared.promises[key]
    place = next(
        (
            (route.crew, route.day, visit.arrival_s)
            for route in offer.plan.routes
            for visit in route.visits
            if visit.task == key
        ),
        None,
    )
    today = prepared.standing.now.day
    nearest: tuple[Earliest, ...] = earliest_arrivals(rest, key, day=today)
    week, zone = prepared.plan.week, prepared.zone
    at = None if place is None else instant(week, day=place[1], second=place[2], zone=zone)
    return {
        "key": key,
        "name": prepared.built.objects[key].name,
        "promise": promise.isoformat(),
        "at": None if at is None else at.isoformat(),
        "crew": None if place is None else place[0],
        "kept": at is not None and at <= promise + timedelta(seconds=1),
        "nearest": [
            {
                "crew": one.crew,
                "at": instant(week, day=today, second=one.second, zone=zone).isoformat(),
                "fits": one.fits,
            }
            for one in nearest[:3]
        ],
    }
