"""A week's problem put to the search, and its answer read back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gis.routing.engine.annealing import Annealing, SearchBudget
from gis.routing.engine.model import (
    UNLIMITED,
    Indices,
    Model,
    PatternSet,
    Tasks,
    Vehicles,
    model_of,
)
from gis.routing.engine.workspace import tuning_of
from gis.routing.patterns import day_sets, keeps_gap, spread_fault_days
from gis.routing.permissions import crew_days_of, days_with, permissions, reachable
from gis.routing.problem import (
    DAYS_PER_WEEK,
    UNREACHABLE_S,
    Crew,
    SecondsMatrix,
    WeekProblem,
    worths,
)
from gis.routing.timetable import OpenRoute

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


def model_of_week(problem: WeekProblem) -> Model:
    """Return the arrays of the search for a week somebody can work in."""
    return _Week(problem).model()


class _Week:
    """The tasks somebody can reach and the crew-days, numbered for the search."""

    def __init__(self, problem: WeekProblem) -> None:
        self.problem = problem
        self.crew_days = crew_days_of(problem)
        allowed = permissions(problem, self.crew_days)
        served = (allowed & reachable(problem, self.crew_days)).any(axis=1)
        self.tasks = [problem.tasks[row] for row in np.flatnonzero(served)]
        self.permitted = allowed[served]

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
        for column, (crew, day) in enumerate(self.crew_days):
            wanted = [index_of[key] for key in orders.get((crew.key, day), ()) if key in index_of]
            kept: list[int] = []
            for index in wanted:
                task, served = self.tasks[index], days.setdefault(index, [])
                if (
                    self.permitted[index, column]
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
        modes = sorted({crew.mode for crew, _ in self.crew_days})
        return model_of(
            _stacked([self.problem.travel_s[mode] for mode in modes]),
            self._tasks(),
            self._vehicles(modes),
            permitted=self.permitted,
        )

    def _tasks(self) -> Tasks:
        worth = worths(self.problem)
        service = np.array([task.service_s for task in self.tasks], np.int64)
        return Tasks(
            ends=np.array([(t.start_node, t.end_node) for t in self.tasks]).reshape(-1, 2),
            service=np.stack([service, service], axis=1),
            one_way=np.array([task.one_way for task in self.tasks], np.bool_),
            demand=np.zeros(len(self.tasks), np.int64),
            times=np.array([task.times for task in self.tasks], np.int64),
            worth=np.array([worth[task.key] for task in self.tasks], np.int64),
            patterns=self._pattern_sets(),
        )

    def _vehicles(self, modes: Sequence[str]) -> Vehicles:
        homes = np.array([crew.home_node for crew, _ in self.crew_days], np.int64)
        team_of = {crew.key: team for team, crew in enumerate(self.problem.crews)}
        return Vehicles(
            start=homes,
            end=homes,
            mode=np.array([modes.index(crew.mode) for crew, _ in self.crew_days], np.int64),
            day=np.array([day for _, day in self.crew_days], np.int64),
            team=np.array([team_of[crew.key] for crew, _ in self.crew_days], np.int64),
            capacity=np.full(len(homes), UNLIMITED),
            limit=np.array(
                [min(crew.shift_s, UNREACHABLE_S - 1) for crew, _ in self.crew_days], np.int64
            ),
        )

    def _pattern_sets(self) -> list[PatternSet]:
        known: dict[tuple[int, int, int], PatternSet] = {}
        sets = []
        days = days_with(self.permitted, self.crew_days)
        for task, mask in zip(self.tasks, days.tolist(), strict=True):
            kind = (mask, task.times, task.min_gap_days)
            if kind not in known:
                known[kind] = _pattern_set(mask, times=task.times, gap_days=task.min_gap_days)
            sets.append(known[kind])
        return sets


def _stacked(matrices: Sequence[SecondsMatrix]) -> Indices:
    """Return the matrices as one array of 32 bits; a single one that is so already is not copied.

    At a county's 6000 nodes a matrix takes 140 MB.
    """
    only = matrices[0]
    if len(matrices) == 1 and only.dtype == np.int32 and only.max(initial=0) <= UNREACHABLE_S:
        return np.ascontiguousarray(only, np.int32)[None]
    stack = np.empty((len(matrices), *only.shape), np.int32)
    for layer, matrix in zip(stack, matrices, strict=True):
        np.minimum(matrix, UNREACHABLE_S, out=layer, casting="unsafe")
    return stack


def _pattern_set(mask: int, *, times: int, gap_days: int) -> PatternSet:
    """Return every combination of days that keeps the gap; comfortable ones are free of charge."""
    days = _days_in(mask)
    masks = [sum(1 << day for day in chosen) for chosen in day_sets(days, times, gap_days=gap_days)]
    uneasiness = [
        _CLOSE_VISITS_S * spread_fault_days(_days_in(mask), days=days, times=times)
        for mask in range(1 << DAYS_PER_WEEK)
    ]
    return PatternSet(tuple(masks), tuple(uneasiness))


def _days_in(mask: int) -> list[int]:
    return [day for day in range(DAYS_PER_WEEK) if mask >> day & 1]
