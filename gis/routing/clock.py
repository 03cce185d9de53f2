"""How long an order of tasks takes: best directions, waiting for windows, the break."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gis.routing.problem import (
    SECONDS_PER_MIN,
    UNREACHABLE_S,
    Crew,
    Direction,
    PatrolTask,
    SecondsMatrix,
)

# A way to be at the end of a visit: its direction (0 forward, 1 backward), and whether the break
# follows it or came before.
State = tuple[int, bool]
Legs = list[list[list[int]]]

_AT_FIRST: State = (0, False)


@dataclass(frozen=True, slots=True)
class Shift:
    """What a crew's clock depends on, in seconds.

    The seconds of a route count travel, waiting and visits since leaving, but not the break: it
    follows the first visit that ends ``break_at_s`` or later of them, and is ``break_s`` long.
    """

    start_s: int
    break_at_s: int
    break_s: int

    @classmethod
    def of(cls, crew: Crew) -> "Shift":
        """Return the shift of a crew."""
        if crew.lunch is None or not crew.lunch_s:
            return cls(crew.leave_s, UNREACHABLE_S * UNREACHABLE_S, 0)
        from_s = crew.lunch.from_min * SECONDS_PER_MIN
        return cls(crew.leave_s, from_s - crew.leave_s, crew.lunch_s)

    def wait_s(self, task: PatrolTask, *, arrival_s: int, rested: bool) -> int:
        """Return the seconds from arriving (seconds of the route) until the window opens.

        0 for a visit that is longer than its window: there is nothing to wait for.
        """
        if task.window is None:
            return 0
        clock = self.start_s + arrival_s + (self.break_s if rested else 0)
        begin = task.window.begin_s(clock, service_s=task.service_s)
        return 0 if begin is None else begin - clock


def best_directions(
    crew: Crew, order: Sequence[PatrolTask], *, travel_s: SecondsMatrix
) -> tuple[Direction, ...]:
    """Return the directions with the shortest route for a fixed order of tasks; ties take forward.

    Dynamic programming over four states per task: without windows exact, and with them but for
    one case. Who ends a visit early, but too late for the break, is kept only as the earliest of
    its direction; a later one could be better when a window after the next visit eats the break.
    O(len(order)).
    """
    if not order:
        return ()
    legs = legs_s(crew, order, travel_s=travel_s)
    spent, came_from = _states(crew, order, legs=legs)
    state = min(spent[-1], key=lambda state: spent[-1][state] + legs[-1][state[0]][0])
    backwards: list[Direction] = []
    for task, earlier in zip(reversed(order), reversed(came_from), strict=True):
        backwards.append(task.directions()[state[0]])
        state = earlier[state]
    return tuple(reversed(backwards))


def route_s(crew: Crew, order: Sequence[PatrolTask], *, travel_s: SecondsMatrix) -> int:
    """Return the seconds of travel, waiting and visits of an order in its best directions."""
    if not order:
        return int(travel_s[crew.home_node, crew.home_node])
    legs = legs_s(crew, order, travel_s=travel_s)
    spent, _ = _states(crew, order, legs=legs)
    return min(cost + legs[-1][side][0] for (side, _), cost in spent[-1].items())


def legs_s(crew: Crew, order: Sequence[PatrolTask], *, travel_s: SecondsMatrix) -> Legs:
    """Return the seconds of each leg of a route, the one home last.

    A leg has a row per direction of the visit before it (forward, backward) and a column per
    direction of the one after; at both ends of the route they are equal. One look into the matrix
    for the whole order is ten times as fast as one per pair of nodes.
    """
    ends = [(task.start_node, task.end_node) for task in order]
    origins = [(crew.first_node,) * 2, *((last, first) for first, last in ends)]
    goals = [*ends, (crew.home_node,) * 2]
    seconds: Legs = travel_s[np.array(origins)[:, :, None], np.array(goals)[:, None, :]].tolist()
    return seconds


def _states(
    crew: Crew, order: Sequence[PatrolTask], *, legs: Legs
) -> tuple[list[dict[State, int]], list[dict[State, State]]]:
    """Return for each task and state the least seconds, and the state before it."""
    shift = Shift.of(crew)
    spent: list[dict[State, int]] = []
    came_from: list[dict[State, State]] = []
    reached: dict[State, int] = {_AT_FIRST: 0}
    for task, leg in zip(order, legs, strict=False):
        ends: dict[State, int] = {}
        earlier: dict[State, State] = {}
        for side in range(task.ways):
            for before, seconds in reached.items():
                arrival = seconds + leg[before[0]][side]
                end = arrival + task.service_s
                if task.window is not None:
                    end += shift.wait_s(task, arrival_s=arrival, rested=before[1])
                state = (side, end >= shift.break_at_s)
                if state not in ends or end < ends[state]:
                    ends[state], earlier[state] = end, before
        spent.append(ends)
        came_from.append(earlier)
        reached = ends
    return spent, came_from


def overtime_cost(crew: Crew, used_s: int, *, factor: int) -> int:
    """Return the price of the overtime of a route."""
    return max(0, used_s - crew.working_s) * factor


def can_hold(task: PatrolTask) -> bool:
    """Tell whether the window of a task is long enough for a visit."""
    return task.window is None or task.window.begin_s(0, service_s=task.service_s) is not None
