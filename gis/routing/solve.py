"""The weekly plan: search, fill what still fits, and set the times."""

from collections.abc import Callable

from gis.routing.engine import Orders, Progress, SearchBudget, search
from gis.routing.patterns import keeps_gap
from gis.routing.problem import (
    Crew,
    PatrolTask,
    Unserved,
    WeekPlan,
    WeekProblem,
    may_serve_on,
    worths,
)
from gis.routing.timetable import OpenRoute, timed_route

__all__ = ["Progress", "SearchBudget", "orders_of", "solve"]


def solve(
    problem: WeekProblem,
    *,
    seed: int,
    budget: SearchBudget,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    start: Orders | None = None,
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
    progress
        Called with the figures of the first plan, then some times a second.
    cancel
        Asked as often; True ends the search with the best plan so far.
    start
        Orders of an earlier plan to begin with, see ``orders_of``.

    Returns
    -------
    WeekPlan
        Routes ordered by day and crew. Never invalid: what does not fit is in ``unserved``.
    """
    found = search(problem, seed=seed, budget=budget, progress=progress, cancel=cancel, start=start)
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


class _Week:
    """Orders per crew and day while a plan is being filled.

    The search fixes a window per visit of an object, and may stop early; a visit it left out can
    still fit as it stands. Filling these makes "no room" in an explanation literally true.
    """

    def __init__(self, problem: WeekProblem, *, orders: Orders) -> None:
        tasks = problem.task_by_key()
        self._problem = problem
        self._worth = worths(problem)
        self._days: dict[str, list[int]] = {task.key: [] for task in problem.tasks}
        self._routes: dict[tuple[str, int], OpenRoute] = {}
        for crew in problem.crews:
            for day in sorted(crew.working_days):
                keys = orders.get((crew.key, day), ())
                self._put(crew, day, order=tuple(tasks[key] for key in keys))
                for key in keys:
                    self._days[key].append(day)

    def urgency(self, task: PatrolTask) -> tuple[int, str]:
        """Return the sorting key: dearest first, then by name."""
        return (-self._worth[task.key], task.key)

    def fill(self, task: PatrolTask) -> None:
        """Insert missing visits wherever they fit at the least travel."""
        while len(self._days[task.key]) < task.times:
            options = [
                (insertion.added_s, day, crew.key, insertion.position)
                for crew in self._problem.crews
                for day in sorted(crew.working_days & task.days)
                if may_serve_on(crew, task, day=day)
                and keeps_gap(self._days[task.key], day=day, gap_days=task.min_gap_days)
                for insertion in (self._routes[crew.key, day].cheapest(task),)
                if insertion.total_s <= crew.shift_s
            ]
            if not options:
                return
            _, day, crew_key, position = min(options)
            route = self._routes[crew_key, day]
            self._put(route.crew, day, order=route.inserted(task, position=position))
            self._days[task.key].append(day)

    def plan(self, *, seed: int, iterations: int) -> WeekPlan:
        """Return what has been filled as a plan with times."""
        routes = tuple(
            timed_route(
                route.crew,
                day,
                order=route.order,
                travel_s=self._problem.travel_s[route.crew.mode],
            )
            for (_, day), route in sorted(
                self._routes.items(), key=lambda item: (item[0][1], item[0][0])
            )
            if route.order
        )
        unserved = tuple(
            Unserved(task.key, task.times - len(self._days[task.key]))
            for task in sorted(self._problem.tasks, key=self.urgency)
            if len(self._days[task.key]) < task.times
        )
        lost = sum(item.missing * self._worth[item.task] for item in unserved)
        travel = sum(route.travel_s for route in routes)
        return WeekPlan(
            self._problem.week, routes, unserved, travel + lost, seed=seed, iterations=iterations
        )

    def _put(self, crew: Crew, day: int, *, order: tuple[PatrolTask, ...]) -> None:
        travel = self._problem.travel_s[crew.mode]
        self._routes[crew.key, day] = OpenRoute(crew, order, travel_s=travel)
