"""Begin a search with an earlier version: its orders to start from, its pins to keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from gis.routing.engine import Orders
from gis.routing.problem import WeekProblem
from inspect_app.domain.problems import Problem
from inspect_app.models import PatrolPlan, PatrolTask
from inspect_app.queries.patrol_week import key_of
from inspect_app.queries.plan_orders import CrewDayName, plan_orders


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an earlier version hands on: orders by crew-day, pinned crew-days by object."""

    orders: Orders
    pins: Mapping[str, frozenset[CrewDayName]]

    def pinned(self, problem: WeekProblem) -> WeekProblem:
        """Return the problem with the pins of what is still due and of crews that still go out."""
        days = {(crew.key, day) for crew in problem.crews for day in crew.working_days}
        tasks = tuple(
            replace(task, pinned=task.pinned | (self.pins[task.key] & days))
            if task.key in self.pins
            else task
            for task in problem.tasks
        )
        return replace(problem, tasks=tasks)

    def carry_over(self, tasks: Iterable[PatrolTask], *, crews: Mapping[int, str]) -> list[str]:
        """Pin the stops that are where they were pinned; returns the keys of those that are not."""
        left = {(key, day) for key, days in self.pins.items() for day in days}
        for task in tasks:
            name = (crews[task.crew_id], task.day.weekday())
            for stop in task.stops:
                key = key_of(stop)
                stop.pinned = (key, name) in left
                left.discard((key, name))
        return sorted(key for key, _ in left)


def beginning(session: Session, plan_id: int | None, *, week: date) -> Beginning | None:
    """Return what a version of the same week hands on, None without one.

    Raises
    ------
    Problem
        `not_found` when there is no such plan of the week.
    """
    if plan_id is None:
        return None
    plan = session.get(PatrolPlan, plan_id)
    if plan is None or plan.week != week:
        raise Problem("not_found", what="计划")
    kept = plan_orders(session, plan)
    return Beginning(kept.orders, kept.pins())
