"""Where a task fits best into the routes of a week, the directions of whole routes chosen anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from gis.routing.clock import Legs, Shift, legs_s, route_s
from gis.routing.permissions import crew_days_of
from gis.routing.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_MIN,
    UNREACHABLE_S,
    Crew,
    PatrolTask,
    SecondsMatrix,
    WeekProblem,
)

Ints = npt.NDArray[np.int64]
_CrewDay = tuple[str, int]
Orders = Mapping[_CrewDay, Sequence[str]]

_NEVER = UNREACHABLE_S * UNREACHABLE_S


@dataclass(frozen=True, slots=True)
class Insertion:
    """Where a task fits best into an order: position, seconds of the whole route, seconds added."""

    position: int
    total_s: int
    added_s: int


@dataclass(frozen=True, slots=True)
class _Gaps:
    """The gaps between the visits of routes, one a row; two columns for the two directions.

    ``before_s`` and ``after_s``: seconds spent up to and from the nodes beside the gap, without
    waiting in what comes after. ``shift``: start, break_at, break as in ``Shift``.
    """

    before_s: Ints
    before: Ints
    after_s: Ints
    after: Ints
    shift: Ints

    def estimates(self, task: PatrolTask, *, travel_s: SecondsMatrix) -> Ints:
        """Return the seconds of each gap's route with the task in it.

        Exact where nothing else has a window, else what is waited later is missing.
        """
        best = np.full(len(self.before), _NEVER, np.int64)
        for way in task.directions():
            there = self.before_s + travel_s[self.before, task.entry(way)]
            nearest = there.argmin(axis=1)[:, None]
            arrival = np.take_along_axis(there, nearest, axis=1)[:, 0]
            left = np.take_along_axis(self.before_s, nearest, axis=1)[:, 0]
            home = (self.after_s + travel_s[task.exit(way), self.after]).min(axis=1)
            total = arrival + self._waits(task, arrival=arrival, left=left) + task.service_s + home
            best = np.minimum(best, total)
        return best

    def _waits(self, task: PatrolTask, *, arrival: Ints, left: Ints) -> Ints:
        if task.window is None:
            return np.zeros_like(arrival)
        start, break_at, break_s = self.shift.T
        clock = start + arrival + np.where(left >= break_at, break_s, 0)
        into = (clock - task.window.open_min * SECONDS_PER_MIN) % SECONDS_PER_DAY
        minutes = task.window.close_min - task.window.open_min
        slack = minutes * SECONDS_PER_MIN - task.service_s
        return np.where(into <= slack, 0, SECONDS_PER_DAY - into)


class OpenRoute:
    """An order of one crew-day prepared so that insertions are priced quickly.

    Prices are those of ``route_s``: without windows in O(len(order)), with windows a pass over the
    route for each position that could be the best.
    """

    def __init__(self, crew: Crew, order: Sequence[PatrolTask], *, travel_s: SecondsMatrix) -> None:
        self.crew = crew
        self.order = tuple(order)
        self.waits = any(task.window is not None for task in order)
        self._travel_s = travel_s
        legs = legs_s(crew, self.order, travel_s=travel_s)
        self.gaps = self._opened(legs)
        self.total_s = self._total_s(legs)

    def cheapest(self, task: PatrolTask) -> Insertion:
        """Return the best place for a task; ties take the earliest."""
        estimates = self.gaps.estimates(task, travel_s=self._travel_s)
        best = int(estimates.argmin())
        total = int(estimates[best])
        if self.waits or task.window is not None:
            total, best = self._exact(task, estimates=estimates)
        return Insertion(best, total, total - self.total_s)

    def inserted(self, task: PatrolTask, *, position: int) -> tuple[PatrolTask, ...]:
        """Return the order with the task put before the given position."""
        return (*self.order[:position], task, *self.order[position:])

    def _exact(self, task: PatrolTask, *, estimates: Ints) -> tuple[int, int]:
        best = (_NEVER, 0)
        for position in np.argsort(estimates, kind="stable").tolist():
            if estimates[position] > best[0]:
                break
            order = self.inserted(task, position=position)
            total = route_s(self.crew, order, travel_s=self._travel_s)
            best = min(best, (total, position))
        return best

    def _total_s(self, legs: Legs) -> int:
        if self.waits:
            return route_s(self.crew, self.order, travel_s=self._travel_s)
        forward, backward = (int(spent) for spent in self.gaps.before_s[-1])
        return min(forward + legs[-1][0][0], backward + legs[-1][1][0])

    def _opened(self, legs: Legs) -> _Gaps:
        """Return the gaps. Who cannot be at a node in a direction is there after for ever."""
        shift = Shift.of(self.crew)
        before, after = [(0, _NEVER)], [(0, _NEVER)]
        for task, leg in zip(self.order, legs, strict=False):
            before.append(_beyond(task, before[-1], leg=leg, shift=shift))
        for task, leg in zip(reversed(self.order), reversed(legs), strict=False):
            after.append(_ahead(task, after[-1], leg=leg))
        ends = [(task.start_node, task.end_node) for task in self.order]
        behind = [(self.crew.first_node,) * 2, *((last, first) for first, last in ends)]
        ahead = [*ends, (self.crew.home_node,) * 2]
        clock = [(shift.start_s, shift.break_at_s, shift.break_s)] * len(before)
        gaps = (before, behind, after[::-1], ahead, clock)
        return _Gaps(*(np.array(part, np.int64) for part in gaps))


_Sides = tuple[int, int]


def _beyond(task: PatrolTask, spent: _Sides, *, leg: list[list[int]], shift: Shift) -> _Sides:
    """Return the seconds behind a visit, per direction."""
    found = [_NEVER, _NEVER]
    for side in range(task.ways):
        arrival, left = min(
            (spent[0] + leg[0][side], spent[0]), (spent[1] + leg[1][side], spent[1])
        )
        found[side] = arrival + task.service_s
        if task.window is not None:
            rested = left >= shift.break_at_s
            found[side] += shift.wait_s(task, arrival_s=arrival, rested=rested)
    return found[0], found[1]


def _ahead(task: PatrolTask, left: _Sides, *, leg: list[list[int]]) -> _Sides:
    """Return the seconds in front of a visit, per direction, as if nobody ever waited."""
    found = [_NEVER, _NEVER]
    for side in range(task.ways):
        found[side] = min(left[0] + leg[side][0], left[1] + leg[side][1]) + task.service_s
    return found[0], found[1]


_NOTHING: Mapping[_CrewDay, OpenRoute] = {}


class OpenWeek:
    """All crew-days of a week, prepared so that a task is priced in all of them at once.

    Parameters
    ----------
    opened
        Routes that are prepared already, each with its order.
    """

    def __init__(
        self,
        problem: WeekProblem,
        orders: Orders,
        *,
        opened: Mapping[_CrewDay, OpenRoute] = _NOTHING,
    ) -> None:
        tasks = problem.task_by_key()
        self._problem = problem
        self.crew_days = crew_days_of(problem)
        self.routes = [
            opened.get((crew.key, day))
            or OpenRoute(
                crew,
                [tasks[key] for key in orders.get((crew.key, day), ())],
                travel_s=problem.travel_s[crew.mode],
            )
            for crew, day in self.crew_days
        ]
        self._by_mode: dict[str, tuple[list[int], _Gaps, Ints]] = {}

    def estimates(self, task: PatrolTask) -> Ints:
        """Return per crew-day the least seconds of its route with the task.

        What ``exactly`` returns unless the route ``waits`` or the task has a window; then about so.
        """
        found = np.full(len(self.routes), _NEVER, np.int64)
        for mode in sorted({crew.mode for crew, _ in self.crew_days}):
            columns, gaps, first = self._gaps_of(mode)
            every = gaps.estimates(task, travel_s=self._problem.travel_s[mode])
            found[columns] = np.minimum.reduceat(every, first)
        return found

    def exactly(self, task: PatrolTask, *, column: int) -> Insertion:
        """Return the best place in one crew-day."""
        return self.routes[column].cheapest(task)

    def waits(self, task: PatrolTask, *, column: int) -> bool:
        """Tell whether the estimate for a crew-day may be wrong."""
        return task.window is not None or self.routes[column].waits

    def insert(self, task: PatrolTask, *, column: int, position: int) -> None:
        """Put a task into a route."""
        route = self.routes[column]
        order = route.inserted(task, position=position)
        travel = self._problem.travel_s[route.crew.mode]
        self.routes[column] = OpenRoute(route.crew, order, travel_s=travel)
        self._by_mode.pop(route.crew.mode, None)

    def _gaps_of(self, mode: str) -> tuple[list[int], _Gaps, Ints]:
        if mode not in self._by_mode:
            columns = [row for row, (crew, _) in enumerate(self.crew_days) if crew.mode == mode]
            parts = [self.routes[column].gaps for column in columns]
            sizes = [len(part.before) for part in parts]
            joined = _Gaps(
                *(
                    np.concatenate([getattr(part, name) for part in parts])
                    for name in ("before_s", "before", "after_s", "after", "shift")
                )
            )
            first = np.array([0, *accumulate(sizes[:-1])], np.int64)
            self._by_mode[mode] = (columns, joined, first)
        return self._by_mode[mode]


def alone_s(crew: Crew, task: PatrolTask, *, travel_s: SecondsMatrix) -> int:
    """Return the seconds from home to the task and back, in the better direction."""
    return route_s(crew, (task,), travel_s=travel_s)


def is_reachable(crew: Crew, task: PatrolTask, *, travel_s: SecondsMatrix) -> bool:
    """Tell whether there is a way from the crew's home through the task and back."""
    home = crew.home_node
    return any(
        int(travel_s[home, task.entry(way)]) + int(travel_s[task.exit(way), home]) < UNREACHABLE_S
        for way in task.directions()
    )
