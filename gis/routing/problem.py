"""The weekly patrol problem and its plan as plain values, independent of any solving engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt

SecondsMatrix = npt.NDArray[np.int32] | npt.NDArray[np.int64]

# An entry of a travel matrix at or above this (115 days) means: no way from here to there.
UNREACHABLE_S = 10_000_000
DAYS_PER_WEEK = 7
FIRST_WEEKEND_DAY = 5
SECONDS_PER_MIN = 60
SECONDS_PER_DAY = 86_400
MINUTES_PER_DAY = 1440


class InconsistentProblem(ValueError):
    """The parts of a week problem contradict each other (unknown node, doubled key, ...)."""


class Direction(StrEnum):
    """The way along a reach: as digitised from start to end node, or against it."""

    forward = "forward"
    backward = "backward"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Hours of the day in which a visit begins and ends; it recurs every day.

    Minutes after midnight; ``close_min`` beyond 1440 crosses midnight: a night check from 18:00 to
    06:00 is 1080 to 1800. At most one day long.
    """

    open_min: int
    close_min: int

    def begin_s(self, clock_s: int, *, service_s: int) -> int | None:
        """Return the first second from ``clock_s`` on at which a visit can begin.

        Both count from midnight of the route's day and may lie beyond it. None when the visit is
        longer than the window.
        """
        slack_s = (self.close_min - self.open_min) * SECONDS_PER_MIN - service_s
        if slack_s < 0:
            return None
        into_s = (clock_s - self.open_min * SECONDS_PER_MIN) % SECONDS_PER_DAY
        return clock_s if into_s <= slack_s else clock_s + SECONDS_PER_DAY - into_s


@dataclass(frozen=True, slots=True)
class Lunch:
    """A break on the way: taken where the first visit ends at or after ``from_min``.

    Its length is kept free in the shift even when no visit follows and the crew eats at home.
    """

    from_min: int
    length_min: int


@dataclass(frozen=True, slots=True)
class PatrolTask:
    """One object due this week: a reach (two end nodes) or a stop (both ends the same node).

    Parameters
    ----------
    key
        Name of the object, unique in the problem.
    start_node, end_node
        Rows of the travel matrices; equal for a stop.
    service_s
        Seconds one visit takes (patrol of the whole reach, or time at the stop).
    times
        Visits due this week, 1-7, each on another day.
    days
        Day offsets from the Monday of the week (0-6) on which a visit may take place.
    min_gap_days
        Least difference of the dates of two visits of this object.
    must
        The visit may not wait for another week; it outweighs every overdue and ordinary visit.
    officers
        Enforcement officers the crew must have.
    grid
        Grid of the object; a crew bound to grids serves only tasks of these.
    window
        Hours of the day in which a visit must lie; None means the whole shift.
    crews
        Only these crews may serve it; None means all that grid and officers allow.
    pinned
        Visits that are settled: pairs of crew and day. On a pinned day no other crew may serve it.
    barred
        Pairs of crew and day that may not serve it.
    off_road_m, road_fault, road_limit_m
        Distance to the nearest open road where known, why it is not joined to the roads
        (`router.SnapFault`, empty where it is), and how far it may be; only explanations read them.
    """

    key: str
    start_node: int
    end_node: int
    service_s: int
    times: int = 1
    days: frozenset[int] = frozenset(range(FIRST_WEEKEND_DAY))
    min_gap_days: int = 1
    one_way: bool = False
    must: bool = False
    overdue_days: int = 0
    priority: int = 0
    officers: int = 0
    grid: str | None = None
    kind: str = "reach"
    length_m: float = 0.0
    off_road_m: float | None = None
    road_fault: str = ""
    road_limit_m: float | None = None
    window: TimeWindow | None = None
    crews: frozenset[str] | None = None
    pinned: frozenset[tuple[str, int]] = frozenset()
    barred: frozenset[tuple[str, int]] = frozenset()

    @property
    def is_stop(self) -> bool:
        """Both ends are one node: there is nothing to walk along."""
        return self.start_node == self.end_node

    def directions(self) -> tuple[Direction, ...]:
        """Return the directions in which this task may be served."""
        if self.is_stop or self.one_way:
            return (Direction.forward,)
        return (Direction.forward, Direction.backward)

    def entry(self, direction: Direction) -> int:
        """Return the node where a visit in this direction begins."""
        return self.start_node if direction is Direction.forward else self.end_node

    def exit(self, direction: Direction) -> int:
        """Return the node where a visit in this direction ends."""
        return self.end_node if direction is Direction.forward else self.start_node


@dataclass(frozen=True, slots=True)
class Crew:
    """People who go out together; every route starts and ends at their home node.

    ``grids`` None means the whole county; ``shift_min`` counts from leaving home to being back.
    A shift may cross midnight: it belongs to the day on which it starts.

    Parameters
    ----------
    officers
        Enforcement officers of the crew; ``officers_by_day`` replaces it on single days.
    lunch
        The break, part of the shift.
    overtime_min
        Minutes beyond the shift that may be used at the price of ``Weights.overtime_factor``.
    vehicle
        Of crews with the same vehicle only one goes out on a day.
    """

    key: str
    home_node: int
    working_days: frozenset[int]
    shift_start_min: int
    shift_min: int
    officers: int = 0
    grids: frozenset[str] | None = None
    mode: str = "car"
    members: tuple[str, ...] = ()
    officers_by_day: Mapping[int, int] = field(default_factory=dict)
    lunch: Lunch | None = None
    overtime_min: int = 0
    vehicle: str | None = None

    def officers_on(self, day: int) -> int:
        """Return the enforcement officers on a day."""
        return self.officers_by_day.get(day, self.officers)

    @property
    def lunch_s(self) -> int:
        """Seconds kept free for the break: 0 for shifts that end before it begins."""
        if self.lunch is None or self.lunch.from_min >= self.shift_start_min + self.shift_min:
            return 0
        return self.lunch.length_min * SECONDS_PER_MIN

    @property
    def working_s(self) -> int:
        """Seconds of a shift for travel, waiting and visits, without overtime."""
        return self.shift_s - self.lunch_s

    @property
    def most_s(self) -> int:
        """Seconds for travel, waiting and visits with all overtime that is allowed."""
        return self.working_s + self.overtime_min * SECONDS_PER_MIN

    @property
    def shift_s(self) -> int:
        """Length of the shift in seconds."""
        return self.shift_min * SECONDS_PER_MIN

    @property
    def shift_start_s(self) -> int:
        """Start of the shift in seconds after midnight."""
        return self.shift_start_min * SECONDS_PER_MIN


@dataclass(frozen=True, slots=True)
class Weights:
    """What a visit is worth, in seconds of travel.

    ``visit_s`` should exceed the longest shift: then no reachable visit is left out merely because
    it is far away. A must-visit is worth ``must_factor`` times the best other visit.
    A second of overtime costs as much as ``overtime_factor`` seconds of travel.
    ``balance`` evens out the crews' weekly hours while searching: 0 not at all; 0.05 narrows the
    spread by half almost free of charge, 0.3 costs some travel.
    """

    visit_s: int = 36_000
    overdue_s_per_day: int = 600
    overdue_days_cap: int = 60
    priority_s: int = 3_600
    must_factor: int = 20
    overtime_factor: int = 10
    balance: float = 0.0


@dataclass(frozen=True, slots=True)
class WeekProblem:
    """Everything the plan of one week depends on, except seed and budget.

    Parameters
    ----------
    week
        The Monday.
    tasks, crews
        What is due and who can go.
    travel_s
        Per mode of travel one square matrix of seconds between nodes; need not be symmetric.
        Entries from ``UNREACHABLE_S`` upwards mean no way.

    Raises
    ------
    InconsistentProblem
        On doubled keys, unknown nodes or modes, times or days outside the week.
    """

    week: date
    tasks: tuple[PatrolTask, ...]
    crews: tuple[Crew, ...]
    travel_s: Mapping[str, SecondsMatrix]
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        _require(self.week.weekday() == 0, f"{self.week} is not a Monday")
        _check_keys(self)
        _check_matrices(self)
        for task in self.tasks:
            _check_task(task, node_count=self.node_count)
        for crew in self.crews:
            _check_crew(crew, problem=self)

    @property
    def node_count(self) -> int:
        """Number of terminal nodes."""
        return min((len(matrix) for matrix in self.travel_s.values()), default=0)

    def date_of(self, day: int) -> date:
        """Return the date of a day offset."""
        return self.week + timedelta(days=day)

    def task_by_key(self) -> dict[str, PatrolTask]:
        """Return the tasks by their keys."""
        return {task.key: task for task in self.tasks}

    def crew_by_key(self) -> dict[str, Crew]:
        """Return the crews by their keys."""
        return {crew.key: crew for crew in self.crews}


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit in a route; times in seconds after midnight of the route's day.

    Since the departure before: ``break_s`` of lunch, ``travel_s``, then ``wait_s`` until the window
    opens; ``arrival_s`` is when the visit begins.
    """

    task: str
    direction: Direction
    arrival_s: int
    departure_s: int
    travel_s: int
    service_s: int
    wait_s: int = 0
    break_s: int = 0

    @property
    def arrival_min(self) -> int:
        """Minute of the day at which the visit begins."""
        return self.arrival_s // SECONDS_PER_MIN

    @property
    def departure_min(self) -> int:
        """Minute of the day in which the visit ends."""
        return self.departure_s // SECONDS_PER_MIN


@dataclass(frozen=True, slots=True)
class CrewDay:
    """The route of one crew on one day, from home to home; never empty in a plan."""

    crew: str
    day: int
    leave_s: int
    visits: tuple[PlannedVisit, ...]
    return_travel_s: int
    return_s: int

    @property
    def travel_s(self) -> int:
        """Seconds between visits, from and to home."""
        return sum(visit.travel_s for visit in self.visits) + self.return_travel_s

    @property
    def service_s(self) -> int:
        """Seconds of patrol and stops."""
        return sum(visit.service_s for visit in self.visits)

    @property
    def wait_s(self) -> int:
        """Seconds of waiting for windows to open."""
        return sum(visit.wait_s for visit in self.visits)

    @property
    def used_s(self) -> int:
        """Seconds of travel, waiting and visits: what counts against ``Crew.working_s``."""
        return self.travel_s + self.wait_s + self.service_s


@dataclass(frozen=True, slots=True)
class Unserved:
    """A task of which ``missing`` visits found no place in the week."""

    task: str
    missing: int


@dataclass(frozen=True, slots=True)
class WeekPlan:
    """Routes and what they leave out.

    ``cost`` = seconds of travel and waiting + overtime seconds x ``Weights.overtime_factor`` +
    worth of the missing visits.
    """

    week: date
    routes: tuple[CrewDay, ...]
    unserved: tuple[Unserved, ...]
    cost: int
    seed: int
    iterations: int

    @property
    def travel_s(self) -> int:
        """Seconds of travel in the whole week."""
        return sum(route.travel_s for route in self.routes)

    @property
    def service_s(self) -> int:
        """Seconds of patrol and stops in the whole week."""
        return sum(route.service_s for route in self.routes)

    @property
    def overhead_share(self) -> float:
        """Travel per second of service; 0 for an empty plan."""
        return self.travel_s / self.service_s if self.service_s else 0.0


def may_serve(crew: Crew, task: PatrolTask) -> bool:
    """Tell whether grids, the choice of crews and officers allow the task on any day at all."""
    in_grid = crew.grids is None or task.grid in crew.grids
    chosen = task.crews is None or crew.key in task.crews
    officers = max([crew.officers, *crew.officers_by_day.values()])
    return in_grid and chosen and officers >= task.officers


def may_serve_on(crew: Crew, task: PatrolTask, *, day: int) -> bool:
    """Tell whether days, grids, officers, pins and bars let the crew serve the task on a day.

    Hours are another matter: shifts, windows and ways are not looked at.
    """
    if day not in task.days or day not in crew.working_days:
        return False
    others = any(other != crew.key and pinned == day for other, pinned in task.pinned)
    barred = others or (crew.key, day) in task.barred
    return may_serve(crew, task) and not barred and crew.officers_on(day) >= task.officers


def worth_s(task: PatrolTask, *, weights: Weights, priority_cap: int) -> int:
    """Return what one visit is worth in seconds of travel.

    ``priority_cap`` is the highest priority in the week; it sets the level above which every
    must-visit lies, so that must > overdue > ordinary whatever the priorities are.
    """
    overdue = min(max(task.overdue_days, 0), weights.overdue_days_cap)
    worth = (
        weights.visit_s
        + overdue * weights.overdue_s_per_day
        + min(max(task.priority, 0), priority_cap) * weights.priority_s
    )
    if not task.must:
        return worth
    ceiling = (
        weights.visit_s
        + weights.overdue_days_cap * weights.overdue_s_per_day
        + priority_cap * weights.priority_s
    )
    return worth + (weights.must_factor - 1) * ceiling


def worths(problem: WeekProblem) -> dict[str, int]:
    """Return the worth of one visit of every task, in seconds of travel."""
    cap = max((task.priority for task in problem.tasks), default=0)
    return {
        task.key: worth_s(task, weights=problem.weights, priority_cap=max(cap, 0))
        for task in problem.tasks
    }


def patrol_service_s(length_m: float, *, speed_kmh: float, at_least_min: int = 0) -> int:
    """Return the seconds one patrol of a reach takes at the given speed.

    Parameters
    ----------
    length_m
        Length of the reach in metres of the metric CRS.
    speed_kmh
        Speed while looking, not the speed of travel.
    at_least_min
        Lower bound from the frequency policy.
    """
    walked_s = round(length_m * 3.6 / speed_kmh)
    return max(walked_s, at_least_min * SECONDS_PER_MIN)


def _check_keys(problem: WeekProblem) -> None:
    for name, keys in (
        ("task", [task.key for task in problem.tasks]),
        ("crew", [crew.key for crew in problem.crews]),
    ):
        _require(len(set(keys)) == len(keys), f"a {name} key occurs twice")


def _check_matrices(problem: WeekProblem) -> None:
    for mode, matrix in problem.travel_s.items():
        count = problem.node_count
        whole = np.issubdtype(matrix.dtype, np.integer) and bool((matrix >= 0).all())
        _require(matrix.shape == (count, count), f"travel matrix of {mode} is not {count} square")
        _require(whole, f"travel matrix of {mode} must be whole seconds from 0 on")


def _check_task(task: PatrolTask, *, node_count: int) -> None:
    known = set(range(node_count))
    week = set(range(DAYS_PER_WEEK))
    _require({task.start_node, task.end_node} <= known, f"task {task.key} is at an unknown node")
    _require(1 <= task.times <= DAYS_PER_WEEK, f"task {task.key} is due {task.times} times")
    _require(task.days <= week, f"task {task.key} has days outside the week")
    _require(task.service_s >= 0, f"task {task.key} has a negative service")
    _require(task.min_gap_days >= 1, f"task {task.key} has a gap below one day")
    if task.window is not None:
        width = task.window.close_min - task.window.open_min
        on_clock = 0 <= task.window.open_min < MINUTES_PER_DAY
        fits = on_clock and 0 < width <= MINUTES_PER_DAY
        _require(fits, f"task {task.key} has a window that is no part of a day")


def _check_crew(crew: Crew, *, problem: WeekProblem) -> None:
    week = set(range(DAYS_PER_WEEK))
    _require(crew.mode in problem.travel_s, f"crew {crew.key}: no matrix for mode {crew.mode}")
    known = 0 <= crew.home_node < problem.node_count
    _require(known, f"crew {crew.key} lives at an unknown node")
    _require(crew.working_days <= week, f"crew {crew.key} has days outside the week")
    _require(crew.shift_min >= 0, f"crew {crew.key} has a negative shift")
    _require(crew.overtime_min >= 0, f"crew {crew.key} has negative overtime")
    if crew.lunch is not None:
        kept = 0 <= crew.lunch.length_min <= crew.shift_min
        _require(kept, f"crew {crew.key} has a break longer than the shift")


def _require(condition: object, fault: str) -> None:
    if not condition:
        raise InconsistentProblem(fault)
