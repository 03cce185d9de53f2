"""The week searched by PyVRP, to cross-check our own search; `benchmarks.plan` prints both.

One solve covers the whole week: a vehicle per crew and day lives in that day's slice of one long
clock; a visit is a group of mutually exclusive clients, one per direction and block of days.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvrp
from pyvrp import (
    IteratedLocalSearchCallbacks,
    IteratedLocalSearchParams,
    PenaltyParams,
    SolveParams,
)
from pyvrp.search import PerturbationParams

from gis.routing.engine import Found, Orders, Progress, SearchBudget
from gis.routing.patterns import visit_windows, workable_days
from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    Direction,
    PatrolTask,
    SecondsMatrix,
    WeekProblem,
    may_serve,
    worths,
)
from gis.routing.timetable import is_reachable

# Each day owns 48 hours of the solver's clock, so that a shift may cross midnight and still lie
# in the slice of the day on which it starts.
_DAY_SLICE_S = 48 * 3600

# A week runs only some thousand iterations. PyVRP's defaults explore too widely for that; this was
# better on each of four measured county weeks.
_PERTURBATION = PerturbationParams(min_perturbations=1, max_perturbations=12)

_FIRST_PRICE = 50_000.0


@dataclass(frozen=True, slots=True)
class _Choice:
    """A client of the solver: one direction of one visit within one block of consecutive days."""

    task: PatrolTask
    direction: Direction
    first_day: int
    last_day: int
    group: int


def search(
    problem: WeekProblem,
    *,
    seed: int,
    budget: SearchBudget,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Found:
    """Return the best orders found; visits that do not pay or do not fit are simply absent.

    With an iteration budget the result depends on problem and seed alone.
    """
    choices = _choices(problem)
    crew_days = [(crew, day) for crew in problem.crews for day in sorted(crew.working_days)]
    if not choices or not crew_days:
        return Found({}, 0)
    statement = _statement(problem, choices=choices, crew_days=crew_days)
    due_visits = sum(task.times for task in problem.tasks)
    watcher = _Watcher(progress, due_visits=due_visits)
    result = pyvrp.solve(
        statement,
        _Stop(budget, cancel=cancel),
        seed=seed,
        collect_stats=False,
        params=SolveParams(
            ils=IteratedLocalSearchParams(callbacks=watcher),
            penalty=_OvertimePrice(dearest=max(worths(problem).values())),
            perturbation=_PERTURBATION,
        ),
    )
    best = watcher.best if watcher.best is not None else result.best
    if not best.is_feasible():
        return Found({}, result.num_iterations)
    return Found(_orders(best, choices=choices, crew_days=crew_days), result.num_iterations)


class _OvertimePrice(PenaltyParams):
    """The price of a second of overtime while searching, adapted often for a short search.

    At its highest, one second costs more than the dearest visit brings, so that leaving a visit
    out always beats an endless struggle for room; it starts where PyVRP's default starts.
    """

    def __init__(self, *, dearest: int) -> None:
        super().__init__(
            solutions_between_updates=25,
            penalty_decrease=0.8,
            max_penalty=float(max(2 * dearest, 2 * _FIRST_PRICE)),
        )

    def midpoint_penalties(self, data: pyvrp.ProblemData) -> tuple[list[float], float, float]:
        """Return the prices at the start: none for load, overtime, distance."""
        return ([_FIRST_PRICE] * data.num_load_dimensions, _FIRST_PRICE, _FIRST_PRICE)


class _Stop:
    """Stops on budget or on request."""

    def __init__(self, budget: SearchBudget, *, cancel: Callable[[], bool] | None) -> None:
        self._criteria: list[pyvrp.stop.StoppingCriterion] = []
        if budget.iterations is not None:
            self._criteria.append(pyvrp.stop.MaxIterations(budget.iterations))
        if budget.seconds is not None:
            self._criteria.append(pyvrp.stop.MaxRuntime(budget.seconds))
        self._cancel = cancel

    def __call__(self, best_cost: int) -> bool:
        # All criteria count calls or time, so each must be asked every time.
        stopped = [criterion(best_cost) for criterion in self._criteria]
        return any(stopped) or (self._cancel is not None and self._cancel())


class _Watcher(IteratedLocalSearchCallbacks):
    """Keeps the best feasible solution and tells of each improvement."""

    def __init__(self, progress: Callable[[Progress], None] | None, *, due_visits: int) -> None:
        self._due_visits = due_visits
        self.best: pyvrp.Solution | None = None
        self._progress = progress
        self._iteration = 0

    def on_start(self, algorithm: pyvrp.IteratedLocalSearch) -> None:
        """Take the initial solution as the first answer."""
        self._keep(algorithm.initial_solution)

    def on_best(self, best: pyvrp.Solution) -> None:
        """Keep an improvement."""
        self._keep(best)

    def on_iteration(self, *_state: object) -> None:
        """Count iterations for the progress report."""
        self._iteration += 1

    def _keep(self, solution: pyvrp.Solution) -> None:
        if not solution.is_feasible():
            return
        self.best = solution
        if self._progress is not None:
            missing = self._due_visits - solution.num_clients()
            self._progress(Progress(self._iteration, solution.distance(), missing))


def _choices(problem: WeekProblem) -> list[_Choice]:
    choices: list[_Choice] = []
    group = 0
    for task in problem.tasks:
        if not _can_be_served(problem, task):
            continue
        days = workable_days(problem, task)
        for window in visit_windows(days, times=task.times, gap_days=task.min_gap_days):
            choices += [
                _Choice(task, direction, first, last, group)
                for first, last in _blocks(window)
                for direction in task.directions()
            ]
            group += 1
    return choices


def _can_be_served(problem: WeekProblem, task: PatrolTask) -> bool:
    return any(
        is_reachable(crew, task, travel_s=problem.travel_s[crew.mode])
        for crew in problem.crews
        if may_serve(crew, task)
    )


def _blocks(days: Sequence[int]) -> list[tuple[int, int]]:
    """Return runs of consecutive days as (first, last): the solver knows only unbroken windows."""
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and runs[-1][1] == day - 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _statement(
    problem: WeekProblem, *, choices: Sequence[_Choice], crew_days: Sequence[tuple[Crew, int]]
) -> pyvrp.ProblemData:
    homes = sorted({crew.home_node for crew, _ in crew_days})
    places = list(dict.fromkeys((choice.task, choice.direction) for choice in choices))
    place_index = {place: len(homes) + index for index, place in enumerate(places)}
    worth = worths(problem)
    clients = [
        pyvrp.Client(
            place_index[choice.task, choice.direction],
            service_duration=choice.task.service_s,
            tw_early=choice.first_day * _DAY_SLICE_S,
            tw_late=(choice.last_day + 1) * _DAY_SLICE_S - 1,
            prize=worth[choice.task.key],
            required=False,
            group=choice.group,
        )
        for choice in choices
    ]
    profiles = _Profiles(problem, homes=homes, places=places)
    vehicles = [
        pyvrp.VehicleType(
            1,
            [],
            homes.index(crew.home_node),
            homes.index(crew.home_node),
            tw_early=day * _DAY_SLICE_S + crew.shift_start_s,
            tw_late=day * _DAY_SLICE_S + crew.shift_start_s + crew.shift_s,
            unit_distance_cost=1,
            profile=profiles.index(crew),
        )
        for crew, day in crew_days
    ]
    return pyvrp.ProblemData(
        # The solver works from matrices; coordinates are required but unused.
        [pyvrp.Location(0, 0) for _ in range(len(homes) + len(places))],
        clients,
        [pyvrp.Depot(index) for index in range(len(homes))],
        vehicles,
        profiles.matrices,
        profiles.matrices,
        _groups(choices),
    )


def _groups(choices: Sequence[_Choice]) -> list[pyvrp.ClientGroup]:
    members: dict[int, list[int]] = {}
    for client, choice in enumerate(choices):
        members.setdefault(choice.group, []).append(client)
    return [pyvrp.ClientGroup(clients, required=False) for clients in members.values()]


class _Profiles:
    """One matrix per mode and set of permitted tasks; crews alike share it."""

    def __init__(
        self,
        problem: WeekProblem,
        *,
        homes: Sequence[int],
        places: Sequence[tuple[PatrolTask, Direction]],
    ) -> None:
        self._problem = problem
        self._places = places
        self._home_count = len(homes)
        self._entries = np.array([*homes, *(t.entry(way) for t, way in places)])
        self._exits = np.array([*homes, *(t.exit(way) for t, way in places)])
        self._known: dict[tuple[str, bytes], int] = {}
        # PyVRP's stubs name the element type of an array wrongly, hence no element type here.
        self.matrices: list[Any] = []

    def index(self, crew: Crew) -> int:
        """Return the number of the crew's matrix, building it when it is new."""
        barred = np.array(
            [False] * self._home_count + [not may_serve(crew, task) for task, _ in self._places]
        )
        key = (crew.mode, barred.tobytes())
        if key not in self._known:
            self._known[key] = len(self.matrices)
            self.matrices.append(self._matrix(crew.mode, barred=barred))
        return self._known[key]

    def _matrix(self, mode: str, *, barred: np.ndarray) -> SecondsMatrix:
        travel = self._problem.travel_s[mode]
        matrix: SecondsMatrix = travel[np.ix_(self._exits, self._entries)].astype(np.int64)
        np.minimum(matrix, UNREACHABLE_S, out=matrix)
        matrix[:, barred] = UNREACHABLE_S
        matrix[barred, :] = UNREACHABLE_S
        np.fill_diagonal(matrix, 0)
        return matrix


def _orders(
    solution: pyvrp.Solution,
    *,
    choices: Sequence[_Choice],
    crew_days: Sequence[tuple[Crew, int]],
) -> Orders:
    orders: Orders = {}
    for route in solution.routes():
        crew, day = crew_days[route.vehicle_type()]
        orders[crew.key, day] = tuple(
            choices[activity.idx].task.key for activity in route if activity.is_client()
        )
    return orders
