"""What is due in a week: reaches and stops, with their hours, pins and bars."""

from dataclasses import dataclass
from enum import StrEnum

from gis.routing.problem.units import (
    DAYS_PER_WEEK,
    FIRST_WEEKEND_DAY,
    MINUTES_PER_DAY,
    SECONDS_PER_DAY,
    SECONDS_PER_MIN,
    require,
)


class Direction(StrEnum):
    """The way along a reach: as digitised from start to end node, or against it."""

    forward = "forward"
    backward = "backward"


_FORWARD = (Direction.forward,)
_BOTH = (Direction.forward, Direction.backward)


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

    @property
    def ways(self) -> int:
        """Number of directions in which this task may be served."""
        return 1 if self.one_way or self.start_node == self.end_node else 2

    def directions(self) -> tuple[Direction, ...]:
        """Return the directions in which this task may be served."""
        return _FORWARD if self.ways == 1 else _BOTH

    def entry(self, direction: Direction) -> int:
        """Return the node where a visit in this direction begins."""
        return self.start_node if direction is Direction.forward else self.end_node

    def exit(self, direction: Direction) -> int:
        """Return the node where a visit in this direction ends."""
        return self.end_node if direction is Direction.forward else self.start_node


_WEEK = frozenset(range(DAYS_PER_WEEK))


def check_task(task: PatrolTask, *, nodes: range) -> None:
    """Refuse a task that contradicts itself or the nodes of the travel matrices."""
    known = task.start_node in nodes and task.end_node in nodes
    require(known, f"task {task.key} is at an unknown node")
    require(1 <= task.times <= DAYS_PER_WEEK, f"task {task.key} is due {task.times} times")
    require(task.days <= _WEEK, f"task {task.key} has days outside the week")
    require(task.service_s >= 0, f"task {task.key} has a negative service")
    require(task.min_gap_days >= 1, f"task {task.key} has a gap below one day")
    if task.window is not None:
        width = task.window.close_min - task.window.open_min
        on_clock = 0 <= task.window.open_min < MINUTES_PER_DAY
        fits = on_clock and 0 < width <= MINUTES_PER_DAY
        require(fits, f"task {task.key} has a window that is no part of a day")
