"""The orders of a plan's version: who visits what on which day, in which order; and the pins."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.models import Crew, PatrolPlan, PatrolStop, PatrolTask
from inspect_app.queries.patrol_week import key_of

CrewDayName = tuple[str, int]


@dataclass(frozen=True, slots=True)
class PlanOrders:
    """Keys of objects in travel order by crew-day, and pairs of pinned keys and crew-days.

    A crew-day is a crew's name and the day's number from the Monday on.
    """

    orders: dict[CrewDayName, tuple[str, ...]]
    pinned: frozenset[tuple[str, CrewDayName]]

    def pins(self) -> dict[str, frozenset[CrewDayName]]:
        """Return the crew-days on which each pinned object is pinned."""
        pins: dict[str, frozenset[CrewDayName]] = {}
        for key, name in self.pinned:
            pins[key] = pins.get(key, frozenset()) | {name}
        return pins


def plan_orders(session: Session, plan: PatrolPlan) -> PlanOrders:
    """Return the orders of a version; crew-days in order of day and crew, none without stops."""
    rows = session.execute(
        select(PatrolTask.day, Crew.name, PatrolStop)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id)
        .order_by(PatrolTask.day, Crew.name, PatrolStop.seq)
    )
    orders: dict[CrewDayName, tuple[str, ...]] = {}
    pinned = set()
    for day, crew, stop in rows:
        name, key = (crew, (day - plan.week).days), key_of(stop)
        orders[name] = (*orders.get(name, ()), key)
        if stop.pinned:
            pinned.add((key, name))
    return PlanOrders(orders, frozenset(pinned))
