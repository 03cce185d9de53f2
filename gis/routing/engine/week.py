"""A week's problem put to the search, and its answer read back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gis.routing.engine.annealing import Annealing, SearchBudget
from gis.routing.engine.model import UNLIMITED, Model, PatternSet, Tasks, Vehicles, model_of
from gis.routing.engine.workspace import tuning_of
from gis.routing.patterns import day_sets, keeps_gap, spread_fault_days, workable_days
from gis.routing.problem import (
    DAYS_PER_WEEK,
    UNREACHABLE_S,
    Crew,
    PatrolTask,
    WeekProblem,
    may_serve,
    worths,
)
from gis.routing.timetable import OpenRoute, is_reachable

Orders = dict[tuple[str, int], tuple[str, ...]]

# What one day less than a comfortable distance between two visits may cost in travel.
_CLOSE_VISITS_S = 1800
_WHOLE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: iterations done, travel and missing visits of the best plan so far."""

    iteration: int
    travel_s: int
    missing_visits: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search returns: the keys in travel order per crew and day, and iterations used."""

    orders: Orders
    iterations: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Who follows a search: told of progress and asked whether to stop, some times a second."""

    progress: Callable[[Progress], None] | None = None
    cancel: Callable[[], bool] | None = None


def search(
    problem: WeekProblem,
    *,
    seed: int,
    budget: SearchBudget,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    start: Orders | None = None,
) -> Found:
    """Return the best orders found; visits that do not pay or do not fit are simply absent.

    With an iteration budget the result depends on problem, seed and start alone.

    Parameters
    ----------
    start
        Orders of an earlier plan to begin with; what no longer fits or is due is left out.
    """
    week = _Week(problem)
    if not week.tasks or not week.crew_days:
        return Found({}, 0)
    model = week.model()
    tuning = tuning_of(model, whole_share=_WHOLE_SHARE, balance=problem.weights.balance)
    first = None if start is None else week.numbers(start)
    annealing = Annealing(model, tuning, seed=seed, start=first)

    def tell() -> None:
        if progress is not None:
            progress(week.progress(annealing))

    tell()
    outcome = annealing.run(budget, after_chunk=tell, cancel=cancel)
    return Found(week.orders(outcome.orders), outcome.iterations)


class _Week:
    """The tasks somebody can reach and the crew-days, numbered for the search."""

    def __init__(self, problem: WeekProblem) -> None:
        self.problem = problem
        self.tasks = [task for task in problem.tasks if _can_be_served(problem, task)]
        self.crew_days = [
            (crew, day) for crew in problem.crews for day in sorted(crew.working_days)
        ]

    def orders(self, numbered: Sequence[Sequence[int]]) -> Orders:
        """Return tasks' keys per crew and day."""
        return {
            (crew.key, day): tuple(self.tasks[index].key for index in order)
            for (crew, day), order in zip(self.crew_days, numbered, strict=True)
            if order
        }

    def progress(self, annealing: Annealing) -> Progress:
        """Return the figures of the best plan so far."""
        service = sum(
            self.tasks[index].service_s for order in annealing.best_orders for index in order
        )
        due = sum(task.times for task in self.problem.tasks)
        travel = annealing.best_routes_cost - service
        return Progress(annealing.iterations, travel, due - annealing.best_visits)

    def numbers(self, orders: Orders) -> list[list[int]]:
        """Return the orders as numbers, without what is not allowed or no longer fits."""
        index_of = {task.key: index for index, task in enumerate(self.tasks)}
        days: dict[int, list[int]] = {}
        numbered = []
        for crew, day in self.crew_days:
            wanted = [index_of[key] for key in orders.get((crew.key, day), ()) if key in index_of]
            kept: list[int] = []
            for index in wanted:
                task, served = self.tasks[index], days.setdefault(index, [])
                if (
                    may_serve(crew, task)
                    and day in task.days
                    and len(served) < task.times
                    and keeps_gap(served, day=day, gap_days=task.min_gap_days)
                    and self._fits(crew, [*kept, index])
                ):
                    kept.append(index)
                    served.append(day)
            numbered.append(kept)
        return numbered

    def _fits(self, crew: Crew, order: Sequence[int]) -> bool:
        tasks = [self.tasks[index] for index in order]
        route = OpenRoute(crew, tasks, travel_s=self.problem.travel_s[crew.mode])
        return route.total_s <= min(crew.shift_s, UNREACHABLE_S - 1)

    def model(self) -> Model:
        """Return the arrays of the search."""
        problem, crews = self.problem, self.problem.crews
        modes = sorted(problem.travel_s)
        travel = np.stack([np.minimum(problem.travel_s[mode], UNREACHABLE_S) for mode in modes])
        worth = worths(problem)
        service = np.array([task.service_s for task in self.tasks], np.int64)
        tasks = Tasks(
            ends=np.array([(t.start_node, t.end_node) for t in self.tasks]).reshape(-1, 2),
            service=np.stack([service, service], axis=1),
            one_way=np.array([task.one_way for task in self.tasks], np.bool_),
            demand=np.zeros(len(self.tasks), np.int64),
            times=np.array([task.times for task in self.tasks], np.int64),
            worth=np.array([worth[task.key] for task in self.tasks], np.int64),
            patterns=_pattern_sets(problem, self.tasks),
        )
        homes = np.array([crew.home_node for crew, _ in self.crew_days], np.int64)
        vehicles = Vehicles(
            start=homes,
            end=homes,
            mode=np.array([modes.index(crew.mode) for crew, _ in self.crew_days], np.int64),
            day=np.array([day for _, day in self.crew_days], np.int64),
            team=np.array([crews.index(crew) for crew, _ in self.crew_days], np.int64),
            capacity=np.full(len(homes), UNLIMITED),
            limit=np.array(
                [min(crew.shift_s, UNREACHABLE_S - 1) for crew, _ in self.crew_days], np.int64
            ),
        )
        permitted = np.array([[may_serve(crew, task) for task in self.tasks] for crew in crews])
        used = int(vehicles.team.max(initial=-1)) + 1
        return model_of(
            travel,
            tasks,
            vehicles,
            permitted=permitted.reshape(len(crews), len(self.tasks))[:used],
        )


def _can_be_served(problem: WeekProblem, task: PatrolTask) -> bool:
    return bool(workable_days(problem, task)) and any(
        is_reachable(crew, task, travel_s=problem.travel_s[crew.mode])
        for crew in problem.crews
        if may_serve(crew, task)
    )


def _pattern_sets(problem: WeekProblem, tasks: Sequence[PatrolTask]) -> list[PatternSet]:
    known: dict[tuple[frozenset[int], int, int], PatternSet] = {}
    sets = []
    for task in tasks:
        days = workable_days(problem, task)
        kind = (days, task.times, task.min_gap_days)
        if kind not in known:
            known[kind] = _pattern_set(days, times=task.times, gap_days=task.min_gap_days)
        sets.append(known[kind])
    return sets


def _pattern_set(days: frozenset[int], *, times: int, gap_days: int) -> PatternSet:
    """Return every combination of days that keeps the gap; comfortable ones are free of charge."""
    masks = [sum(1 << day for day in chosen) for chosen in day_sets(days, times, gap_days=gap_days)]
    uneasiness = [
        _CLOSE_VISITS_S
        * spread_fault_days(
            [day for day in range(DAYS_PER_WEEK) if mask >> day & 1], days=days, times=times
        )
        for mask in range(1 << DAYS_PER_WEEK)
    ]
    return PatternSet(tuple(masks), tuple(uneasiness))
