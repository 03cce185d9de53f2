"""The weekly plan: search, fill what still fits, and set the times."""

from collections import Counter
from collections.abc import Iterator
from typing import Unpack

import numpy as np

from gis.routing.clock import can_hold, overtime_cost
from gis.routing.engine import Keep, Orders, Progress, SearchBudget, Watch, search
from gis.routing.patterns import may_add
from gis.routing.permissions import permissions
from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    PatrolTask,
    Unserved,
    WeekPlan,
    WeekProblem,
    worths,
)
from gis.routing.timetable import OpenWeek, plan_cost, timed_route

__all__ = ["Keep", "Orders", "Progress", "SearchBudget", "Watch", "orders_of", "plan_of", "solve"]


def solve(
    problem: WeekProblem,
    *,
    seed: int,
    budget: SearchBudget,
    start: Orders | None = None,
    keep: Keep | None = None,
    **watch: Unpack[Watch],
) -> WeekPlan:
    """Return the plan of a week: routes per crew and day, and the visits left out.

    Every visit is optional at a price: must-visits outweigh overdue ones, these the rest, so an
    overloaded week has a plan too. Visits of one object fall on different days with its gap.

    Parameters
    ----------
    problem
        What is due and who can go.
    seed
        Start of the search's random numbers.
    budget
        Iterations (same seed, same plan) or seconds (as good as the machine is fast).
    start
        Orders of an earlier plan to begin with, see ``orders_of``.
    keep
        A plan to stay close to: each visit elsewhere is dearer while searching, not in the cost.
    watch
        ``progress`` is called with the figures of the first plan, then some times a second;
        ``cancel`` is asked as often: True ends the search with the best plan so far.

    Returns
    -------
    WeekPlan
        Routes ordered by day and crew. Never invalid: what does not fit is in ``unserved``.
    """
    found = search(problem, seed=seed, budget=budget, start=start, keep=keep, **watch)
    week = _Week(problem, orders=found.orders)
    for task in sorted(problem.tasks, key=week.urgency):
        week.fill(task)
    return week.plan(seed=seed, iterations=found.iterations)


def orders_of(plan: WeekPlan) -> Orders:
    """Return the orders of a plan, as ``solve`` takes them to begin with."""
    return {
        (route.crew, route.day): tuple(visit.task for visit in route.visits)
        for route in plan.routes
    }


def plan_of(
    problem: WeekProblem, orders: Orders, *, seed: int = 0, iterations: int = 0
) -> WeekPlan:
    """Return orders that fit as a plan with times; nothing is searched and nothing added."""
    tasks, crews, worth = problem.task_by_key(), problem.crew_by_key(), worths(problem)
    routes = tuple(
        timed_route(
            crews[crew],
            day,
            order=[tasks[key] for key in orders[crew, day]],
            travel_s=problem.ways_of(crews[crew], day),
        )
        for crew, day in sorted(orders, key=lambda at: (at[1], at[0]))
        if orders[crew, day]
    )
    served = Counter(key for order in orders.values() for key in order)
    unserved = tuple(
        Unserved(task.key, task.times - served[task.key])
        for task in sorted(problem.tasks, key=lambda task: (-worth[task.key], task.key))
        if served[task.key] < task.times
    )
    cost = plan_cost(problem, routes, unserved=unserved)
    return WeekPlan(problem.week, routes, unserved, cost, seed=seed, iterations=iterations)


class _Week:
    """Orders per crew and day while a plan is being filled.

    The search may stop early; a visit it left out can still fit as it stands. Filling these makes
    "no room" in an explanation literally true.
    """

    def __init__(self, problem: WeekProblem, *, orders: Orders) -> None:
        self._problem = problem
        self._worth = worths(problem)
        self._open = OpenWeek(problem, orders)
        self._allowed = permissions(problem, self._open.crew_days)
        self._most_s = np.array(
            [min(crew.most_s, UNREACHABLE_S - 1) for crew, _ in self._open.crew_days], np.int64
        )
        self._row = {task.key: row for row, task in enumerate(problem.tasks)}
        self._days: dict[str, list[int]] = {task.key: [] for task in problem.tasks}
        for (_, day), keys in orders.items():
            for key in keys:
                self._days[key].append(day)

    def urgency(self, task: PatrolTask) -> tuple[int, str]:
        """Return the sorting key: dearest first, then by name."""
        return (-self._worth[task.key], task.key)

    def fill(self, task: PatrolTask) -> None:
        """Insert missing visits wherever they fit and pay."""
        allowed = self._allowed[self._row[task.key]]
        while len(self._days[task.key]) < task.times and can_hold(task):
            fitting = self._open.estimates(task) <= self._most_s
            options = [
                option
                for column in np.flatnonzero(allowed & fitting).tolist()
                if self._is_free(task, column)
                for option in self._options(task, column)
            ]
            if not options:
                return
            _, day, _, column, position = min(options)
            self._open.insert(task, column=column, position=position)
            self._days[task.key].append(day)

    def _is_free(self, task: PatrolTask, column: int) -> bool:
        crew, day = self._open.crew_days[column]
        return may_add(task, self._days[task.key], day=day) and not self._is_out(crew, day)

    def _is_out(self, crew: Crew, day: int) -> bool:
        """Tell whether another crew has the crew's vehicle on the day."""
        return crew.vehicle is not None and any(
            other.vehicle == crew.vehicle and on == day and other.key != crew.key and route.order
            for (other, on), route in zip(self._open.crew_days, self._open.routes, strict=True)
        )

    def _options(self, task: PatrolTask, column: int) -> Iterator[tuple[int, int, str, int, int]]:
        crew, day = self._open.crew_days[column]
        best = self._open.exactly(task, column=column)
        factor = self._problem.weights.overtime_factor
        before = overtime_cost(crew, best.total_s - best.added_s, factor=factor)
        price = best.added_s + overtime_cost(crew, best.total_s, factor=factor) - before
        pays = best.total_s <= crew.working_s or price - task.service_s < self._worth[task.key]
        if best.total_s <= self._most_s[column] and pays:
            yield price, day, crew.key, column, best.position

    def plan(self, *, seed: int, iterations: int) -> WeekPlan:
        """Return what has been filled as a plan with times."""
        orders = {
            (crew.key, day): tuple(task.key for task in route.order)
            for (crew, day), route in zip(self._open.crew_days, self._open.routes, strict=True)
        }
        return plan_of(self._problem, orders, seed=seed, iterations=iterations)
