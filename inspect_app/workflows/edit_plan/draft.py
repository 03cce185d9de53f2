"""A draft in hand: its orders, what it leaves out, its pins, and the week it is a plan of."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.routing.problem import CrewDay, Unserved, WeekPlan
from gis.routing.timetable import timed_route
from gis.routing.verify import Rule, Verdict, Violation, verify
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.models import PatrolPlan, PlanUncovered
from inspect_app.queries.patrol_week import key_of
from inspect_app.queries.plan_orders import CrewDayName, plan_orders
from inspect_app.workflows.build_week import WeekToPlan
from inspect_app.workflows.travel_cache import MatrixStore
from inspect_app.workflows.week_at_hand import week_at_hand

Orders = Mapping[CrewDayName, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Who visits what on which day, and how many visits of which object find no place."""

    orders: Orders
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Checked:
    """An arrangement with times and the verdict of the independent check."""

    routes: Mapping[CrewDayName, CrewDay]
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A draft as it stands; `pinned` holds an object's key with its crew-day."""

    plan: PatrolPlan
    built: WeekToPlan
    arrangement: Arrangement
    pinned: frozenset[tuple[str, CrewDayName]]

    def crew_day(self, crew: str, day: date) -> CrewDayName:
        """Return the name of a crew-day."""
        return crew, (day - self.plan.week).days

    def checked(self, arrangement: Arrangement) -> Checked:
        """Return an arrangement with times, checked against all rules."""
        routes = timed(self.built, arrangement.orders)
        unserved = tuple(
            Unserved(key, missing) for key, missing in arrangement.missing.items() if missing
        )
        whole = WeekPlan(
            self.plan.week, tuple(routes.values()), unserved, 0, seed=self.plan.seed, iterations=0
        )
        return Checked(routes, without_cost(verify(self.built.problem, whole)))


def draft_of(
    session: Session, plan: PatrolPlan, *, zone: ZoneInfo, store: MatrixStore | None = None
) -> Draft:
    """Return a draft to work on.

    Raises
    ------
    Problem
        `plan_not_draft`; `plan_outdated` when an object of it is no longer due or a crew of it no
        longer goes out.
    """
    if plan.state != PlanState.DRAFT:
        raise Problem("plan_not_draft")
    first_day = plan.parameters.get("first_day")
    built = week_at_hand(
        session,
        plan.week,
        zone=zone,
        first_day=None if first_day is None else date.fromisoformat(first_day),
        store=store,
    )
    kept = plan_orders(session, plan)
    known = {key for order in kept.orders.values() for key in order} <= set(built.objects)
    if not known or not {crew for crew, _ in kept.orders} <= set(built.crews):
        raise Problem("plan_outdated")
    return Draft(plan, built, Arrangement(kept.orders, _missing(session, plan)), kept.pinned)


def timed(built: WeekToPlan, orders: Orders) -> dict[CrewDayName, CrewDay]:
    """Return the routes of orders with times, by day and crew; crew-days without stops go."""
    problem = built.problem
    tasks, crews = problem.task_by_key(), problem.crew_by_key()
    return {
        (crew, day): timed_route(
            crews[crew],
            day,
            order=[tasks[key] for key in order],
            travel_s=problem.ways_of(crews[crew], day),
        )
        for (crew, day), order in sorted(orders.items(), key=lambda one: one[0][::-1])
        if order
    }


def without_cost(verdict: Verdict) -> Verdict:
    """Return a verdict without the rule of the stated cost: hand-made orders state none."""
    return Verdict(
        tuple(one for one in verdict.violations if one.rule is not Rule.cost),
        due_visits=verdict.due_visits,
        served_visits=verdict.served_visits,
        travel_s=verdict.travel_s,
        service_s=verdict.service_s,
        cost=verdict.cost,
    )


def new_violations(before: Iterable[Violation], after: Iterable[Violation]) -> list[Violation]:
    """Return what an edit breaks that was whole before, or breaks worse.

    A draft may break rules already (a copy of another week does): then an edit that mends some of
    them must be possible before the others are mended.
    """
    known: Counter[object] = Counter()
    worst: dict[object, int] = {}
    for one in before:
        known[_identity(one)] += 1
        worst[_identity(one)] = max(_excess(one), worst.get(_identity(one), 0))
    found = []
    for one in after:
        known[_identity(one)] -= 1
        if known[_identity(one)] < 0 or _excess(one) > worst.get(_identity(one), 0):
            found.append(one)
    return found


AMOUNTS = ("over_s", "planned")
"""Facts that say how far a rule is broken, not which one of whom."""


def _identity(violation: Violation) -> object:
    facts = {name: fact for name, fact in violation.facts.items() if name not in AMOUNTS}
    return violation.rule, tuple(sorted(facts.items()))


def _excess(violation: Violation) -> int:
    amounts = (violation.facts.get(name, 0) for name in AMOUNTS)
    return sum(amount for amount in amounts if isinstance(amount, int))


def _missing(session: Session, plan: PatrolPlan) -> dict[str, int]:
    rows = session.scalars(
        select(PlanUncovered).where(PlanUncovered.plan_id == plan.id).order_by(PlanUncovered.id)
    )
    missing: dict[str, int] = {}
    for row in rows:
        key = key_of(row)
        missing[key] = missing.get(key, 0) + row.visits_missing
    return missing
