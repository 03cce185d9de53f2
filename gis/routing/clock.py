"""How long an order of tasks takes: best directions, waiting for windows, the break."""

from collections.abc import Sequence
from dataclasses import dataclass

from gis.routing.problem import (
    SECONDS_PER_MIN,
    UNREACHABLE_S,
    Crew,
    Direction,
    PatrolTask,
    SecondsMatrix,
)

# A way to be at the end of a visit: its direction, and whether the break follows it or came before.
State = tuple[Direction, bool]


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
            return cls(crew.shift_start_s, UNREACHABLE_S * UNREACHABLE_S, 0)
        from_s = crew.lunch.from_min * SECONDS_PER_MIN
        return cls(crew.shift_start_s, from_s - crew.shift_start_s, crew.lunch_s)

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
    spent, came_from = _states(crew, order, travel_s=travel_s)
    if not order:
        return ()
    home = crew.home_node
    chosen: State | None = min(
        spent[-1],
        key=lambda state: spent[-1][state] + int(travel_s[order[-1].exit(state[0]), home]),
    )
    backwards: list[Direction] = []
    for index in range(len(order) - 1, -1, -1):
        if chosen is None:
            break
        backwards.append(chosen[0])
        chosen = came_from[index][chosen]
    return tuple(reversed(backwards))


def route_s(crew: Crew, order: Sequence[PatrolTask], *, travel_s: SecondsMatrix) -> int:
    """Return the seconds of travel, waiting and visits of an order in its best directions."""
    home = crew.home_node
    if not order:
        return int(travel_s[home, home])
    spent, _ = _states(crew, order, travel_s=travel_s)
    last = order[-1]
    return min(cost + int(travel_s[last.exit(way), home]) for (way, _), cost in spent[-1].items())


def _states(
    crew: Crew, order: Sequence[PatrolTask], *, travel_s: SecondsMatrix
) -> tuple[list[dict[State, int]], list[dict[State, State | None]]]:
    """Return for each task and state the least seconds, and the state before it."""
    shift = Shift.of(crew)
    spent: list[dict[State, int]] = []
    came_from: list[dict[State, State | None]] = []
    for index, task in enumerate(order):
        spent.append({})
        came_from.append({})
        for way in task.directions():
            node = task.entry(way)
            options: list[tuple[int, State | None]] = (
                [(int(travel_s[crew.home_node, node]), None)]
                if index == 0
                else [
                    (cost + int(travel_s[order[index - 1].exit(state[0]), node]), state)
                    for state, cost in spent[index - 1].items()
                ]
            )
            for arrival, earlier in options:
                rested = earlier is not None and earlier[1]
                wait = shift.wait_s(task, arrival_s=arrival, rested=rested)
                end = arrival + wait + task.service_s
                state = (way, end >= shift.break_at_s)
                if state not in spent[index] or end < spent[index][state]:
                    spent[index][state], came_from[index][state] = end, earlier
    return spent, came_from


def overtime_cost(crew: Crew, used_s: int, *, factor: int) -> int:
    """Return the price of the overtime of a route."""
    return max(0, used_s - crew.working_s) * factor


def can_hold(task: PatrolTask) -> bool:
    """Tell whether the window of a task is long enough for a visit."""
    return task.window is None or task.window.begin_s(0, service_s=task.service_s) is not None
