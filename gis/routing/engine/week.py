"""A week's problem put to the search, and its answer read back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from gis.routing.clock import can_hold, route_s
from gis.routing.engine.annealing import Annealing, Heat, SearchBudget
from gis.routing.engine.model import (
    DAY_S,
    NEVER,
    UNLIMITED,
    Indices,
    Model,
    PatternSet,
    Tasks,
    Usual,
    Vehicles,
    model_of,
)
from gis.routing.engine.workspace import tuning_of
from gis.routing.patterns import day_sets, may_add, pinned_days, spread_fault_days
from gis.routing.permissions import crew_days_of, days_with, permissions, reachable
from gis.routing.problem import (
    DAYS_PER_WEEK,
    SECONDS_PER_MIN,
    UNREACHABLE_S,
    Crew,
    PatrolTask,
    SecondsMatrix,
    WeekProblem,
    worths,
)
from gis.routing.shared import layers_of

Orders = dict[tuple[str, int], tuple[str, ...]]

# What one day less than a comfortable distance between two visits may cost in travel.
_CLOSE_VISITS_S = 1800
_WHOLE_SHARE = 0.3
# A plan to stay close to must not melt: about 90 s at first, for visits of 3000 s with their ways.
_KEEPING = Heat(hot=0.03, cold=0.001, cycles=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: iterations done, travel and missing visits of the best plan so far.

    Waiting counts as travel here.
    """

    iteration: int
    travel_s: int
    missing_visits: int


class Watch(TypedDict, total=False):
    """Who follows a search: told of progress and asked whether to stop, some times a second."""

    progress: Callable[[Progress], None] | None
    cancel: Callable[[], bool] | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search returns: the keys in travel order per crew and day, and iterations used."""

    orders: Orders
    iterations: int


@dataclass(frozen=True, slots=True)
class Keep:
    """A plan to stay close to while searching.

    Parameters
    ----------
    orders
        The keys in travel order per crew and day; the search begins with them.
    change_s
        Price, in seconds of travel, of each visit that is not on the crew-day it has in ``orders``.
    focus
        Keys of the tasks around which to search most of the time; empty for everywhere.
    """

    orders: Orders
    change_s: int
    focus: frozenset[str] = frozenset()


def search(
    problem: WeekProblem,
    *,
    seed: int,
    budget: SearchBudget,
    start: Orders | None = None,
    keep: Keep | None = None,
    **watch: Unpack[Watch],
) -> Found:
    """Return the best orders found; visits that do not pay or do not fit are simply absent.

    With an iteration budget the result depends on problem, seed and start alone.

    Parameters
    ----------
    start
        Orders of an earlier plan to begin with; what no longer fits or is due is left out.
    keep
        A plan to stay close to, and to begin with unless ``start`` is given.
    """
    week = _Week(problem, keep=keep)
    if not week.tasks or not week.crew_days:
        return Found({}, 0)
    model = week.model()
    tuning = tuning_of(model, whole_share=_WHOLE_SHARE, balance=problem.weights.balance)
    orders = keep.orders if start is None and keep is not None else start
    first = None if orders is None else week.numbers(orders)
    annealing = Annealing(model, tuning, seed=seed, heat=_KEEPING if keep else None, start=first)

    progress = watch.get("progress")

    def tell() -> None:
        if progress is not None:
            progress(week.progress(annealing))

    tell()
    outcome = annealing.run(budget, after_chunk=tell, cancel=watch.get("cancel"))
    return Found(week.orders(outcome.orders), outcome.iterations)


def model_of_week(problem: WeekProblem) -> Model:
    """Return the arrays of the search for a week somebody can work in."""
    return _Week(problem).model()


class _Week:
    """The tasks somebody can reach and the crew-days, numbered for the search."""

    def __init__(self, problem: WeekProblem, *, keep: Keep | None = None) -> None:
        self.problem = problem
        self.keep = keep
        self.crew_days = crew_days_of(problem)
        allowed = permissions(problem, self.crew_days)
        reached = (allowed & reachable(problem, self.crew_days)).any(axis=1)
        served = reached & np.array([can_hold(task) for task in problem.tasks], np.bool_)
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
        out: set[tuple[str | None, int]] = set()
        for column, (crew, day) in enumerate(self.crew_days):
            wanted = [index_of[key] for key in orders.get((crew.key, day), ()) if key in index_of]
            allowed = [
                index
                for index in wanted
                if self.permitted[index, column]
                and (crew.vehicle, day) not in out
                and may_add(self.tasks[index], days.setdefault(index, []), day=day)
            ]
            kept = allowed if self._fits(crew, allowed) else self._fitting(crew, allowed)
            for index in kept:
                days[index].append(day)
            numbered.append(kept)
            if kept and crew.vehicle is not None:
                out.add((crew.vehicle, day))
        return numbered

    def _fitting(self, crew: Crew, order: Sequence[int]) -> list[int]:
        """Return the tasks of an order that fit one after the other."""
        kept: list[int] = []
        for index in order:
            if self._fits(crew, [*kept, index]):
                kept.append(index)
        return kept

    def _fits(self, crew: Crew, order: Sequence[int]) -> bool:
        tasks = [self.tasks[index] for index in order]
        total = route_s(crew, tasks, travel_s=self.problem.travel_s[crew.mode])
        return total <= min(crew.most_s, UNREACHABLE_S - 1)

    def model(self) -> Model:
        """Return the arrays of the search."""
        modes = sorted({crew.mode for crew, _ in self.crew_days})
        return model_of(
            _stacked([self.problem.travel_s[mode] for mode in modes]),
            self._tasks(),
            self._vehicles(modes),
            permitted=self.permitted,
            usual=None if self.keep is None else self._usual(self.keep),
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
            **self._windows(),
        )

    def _windows(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return when windows open, and for how long visits can begin; nothing without windows."""
        windows = [task.window for task in self.tasks]
        if not any(windows):
            return {}
        service = np.array([task.service_s for task in self.tasks], np.int64)
        opens = np.array([w.open_min if w else 0 for w in windows], np.int64)
        width = np.array([w.close_min - w.open_min if w else 0 for w in windows], np.int64)
        without = np.array([w is None for w in windows])
        return {
            "opens": opens * SECONDS_PER_MIN,
            "slack": np.where(without, DAY_S, width * SECONDS_PER_MIN - service),
        }

    def _usual(self, keep: Keep) -> Usual:
        index_of = {task.key: index for index, task in enumerate(self.tasks)}
        vehicle = np.full((len(self.tasks), DAYS_PER_WEEK), -1, np.int32)
        for column, (crew, day) in enumerate(self.crew_days):
            for key in keep.orders.get((crew.key, day), ()):
                if key in index_of:
                    vehicle[index_of[key], day] = column
        focus = sorted(index_of[key] for key in keep.focus if key in index_of)
        return Usual(vehicle, int(keep.change_s), np.array(focus, np.int32))

    def _vehicles(self, modes: Sequence[str]) -> Vehicles:
        starts = self._per_crew_day(lambda crew: crew.first_node)
        homes = self._per_crew_day(lambda crew: crew.home_node)
        team_of = {crew.key: team for team, crew in enumerate(self.problem.crews)}
        return Vehicles(
            start=starts,
            end=homes,
            mode=np.array([modes.index(crew.mode) for crew, _ in self.crew_days], np.int64),
            day=np.array([day for _, day in self.crew_days], np.int64),
            team=np.array([team_of[crew.key] for crew, _ in self.crew_days], np.int64),
            capacity=np.full(len(homes), UNLIMITED),
            limit=self._per_crew_day(lambda crew: min(crew.most_s, UNREACHABLE_S - 1)),
            regular=self._per_crew_day(lambda crew: crew.working_s),
            overtime_factor=self._overtime_factor(),
            leave=self._per_crew_day(lambda crew: crew.leave_s),
            break_at=self._per_crew_day(_break_at),
            break_s=self._per_crew_day(lambda crew: crew.lunch_s),
            shares=self._shares(),
        )

    def _per_crew_day(self, value: Callable[[Crew], int]) -> npt.NDArray[np.int64]:
        return np.array([value(crew) for crew, _ in self.crew_days], np.int64)

    def _overtime_factor(self) -> int:
        """Return the price of a second of overtime, 0 where nobody may work longer."""
        longer = any(crew.overtime_min for crew, _ in self.crew_days)
        return self.problem.weights.overtime_factor if longer else 0

    def _shares(self) -> npt.NDArray[np.int64]:
        """Return for each crew-day the next one with the same vehicle on the same day."""
        following = np.arange(len(self.crew_days))
        last: dict[tuple[str, int], int] = {}
        for column, (crew, day) in enumerate(self.crew_days):
            if crew.vehicle is not None:
                before = last.get((crew.vehicle, day), column)
                following[column], following[before] = following[before], column
                last[crew.vehicle, day] = column
        return following

    def _pattern_sets(self) -> list[PatternSet]:
        known: dict[tuple[int, int, int, frozenset[int]], PatternSet] = {}
        sets = []
        days = days_with(self.permitted, self.crew_days)
        for task, mask in zip(self.tasks, days.tolist(), strict=True):
            kind = (mask, task.times, task.min_gap_days, pinned_days(task))
            if kind not in known:
                known[kind] = _pattern_set(task, _days_in(mask))
            sets.append(known[kind])
        return sets


def _stacked(matrices: Sequence[SecondsMatrix]) -> Indices:
    """Return the matrices as one array of 32 bits; what is so already is not copied.

    At a county's 6000 nodes a matrix takes 140 MB.
    """
    shared = layers_of(matrices)
    if shared is not None:
        return shared
    only = matrices[0]
    if len(matrices) == 1 and only.dtype == np.int32 and only.max(initial=0) <= UNREACHABLE_S:
        return np.ascontiguousarray(only, np.int32)[None]
    stack = np.empty((len(matrices), *only.shape), np.int32)
    for layer, matrix in zip(stack, matrices, strict=True):
        np.minimum(matrix, UNREACHABLE_S, out=layer, casting="unsafe")
    return stack


def _pattern_set(task: PatrolTask, days: list[int]) -> PatternSet:
    """Return every combination of days that keeps the gap; comfortable ones are free of charge."""
    sets = day_sets(days, task.times, gap_days=task.min_gap_days, pinned=pinned_days(task))
    masks = [sum(1 << day for day in chosen) for chosen in sets]
    uneasiness = [
        _CLOSE_VISITS_S * spread_fault_days(_days_in(mask), days=days, times=task.times)
        for mask in range(1 << DAYS_PER_WEEK)
    ]
    return PatternSet(tuple(masks), tuple(uneasiness))


def _days_in(mask: int) -> list[int]:
    return [day for day in range(DAYS_PER_WEEK) if mask >> day & 1]


def _break_at(crew: Crew) -> int:
    if crew.lunch is None or not crew.lunch_s:
        return NEVER
    return crew.lunch.from_min * SECONDS_PER_MIN - crew.leave_s
