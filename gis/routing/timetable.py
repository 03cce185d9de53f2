"""Routes with times: best directions for an order of tasks, and the cheapest insertion."""

from collections.abc import Sequence
from dataclasses import dataclass

from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    CrewDay,
    Direction,
    PatrolTask,
    PlannedVisit,
    SecondsMatrix,
)


@dataclass(frozen=True, slots=True)
class Insertion:
    """Where a task fits best into an order: position, seconds of the whole route, seconds added."""

    position: int
    total_s: int
    added_s: int


@dataclass(frozen=True, slots=True)
class _Side:
    """For each gap of an order: (seconds spent beyond the gap, node at the gap) per direction."""

    gaps: tuple[tuple[tuple[int, int], ...], ...]


def best_directions(
    crew: Crew, order: Sequence[PatrolTask], *, travel_s: SecondsMatrix, day: int = -1
) -> tuple[Direction, ...]:
    """Return the directions with the shortest route for a fixed order of tasks.

    Exact dynamic programming over two states per task; ties take forward. O(len(order)).
    """
    spent: list[dict[Direction, int]] = []
    came_from: list[dict[Direction, Direction | None]] = []
    for index, task in enumerate(order):
        spent.append({})
        came_from.append({})
        for direction in task.directions():
            node = task.entry(direction)
            options: list[tuple[int, Direction | None]]
            if index == 0:
                options = [(int(travel_s[crew.first_node, node]), None)]
            else:
                before = order[index - 1]
                options = [
                    (cost + int(travel_s[before.exit(earlier), node]), earlier)
                    for earlier, cost in spent[index - 1].items()
                ]
            cost, came_from[index][direction] = min(options, key=lambda option: option[0])
            spent[index][direction] = cost + task.service_s
    return _trace_back(crew, order, travel_s=travel_s, spent=spent, came_from=came_from)


def _trace_back(
    crew: Crew,
    order: Sequence[PatrolTask],
    *,
    travel_s: SecondsMatrix,
    spent: list[dict[Direction, int]],
    came_from: list[dict[Direction, Direction | None]],
) -> tuple[Direction, ...]:
    if not order:
        return ()
    last = order[-1]
    chosen: Direction | None = min(
        spent[-1], key=lambda way: spent[-1][way] + int(travel_s[last.exit(way), crew.home_node])
    )
    backwards: list[Direction] = []
    for index in range(len(order) - 1, -1, -1):
        if chosen is None:
            break
        backwards.append(chosen)
        chosen = came_from[index][chosen]
    return tuple(reversed(backwards))


def timed_route(
    crew: Crew, day: int, *, order: Sequence[PatrolTask], travel_s: SecondsMatrix
) -> CrewDay:
    """Return the route in this order, in its best directions, leaving at the start of the shift."""
    crew = crew.on(day)
    node, clock = crew.first_node, crew.leave_s
    visits: list[PlannedVisit] = []
    directions = best_directions(crew, order, travel_s=travel_s, day=day)
    for task, direction in zip(order, directions, strict=True):
        leg = int(travel_s[node, task.entry(direction)])
        arrival = clock + leg
        clock = arrival + task.service_s
        visits.append(PlannedVisit(task.key, direction, arrival, clock, leg, task.service_s))
        node = task.exit(direction)
    home_leg = int(travel_s[node, crew.home_node])
    return CrewDay(crew.key, day, crew.leave_s, tuple(visits), home_leg, clock + home_leg)


class OpenRoute:
    """An order of one crew-day prepared so that insertions are priced in O(len(order)).

    Prices are exact for the order: the directions of the whole route are chosen anew.
    """

    def __init__(
        self,
        crew: Crew,
        order: Sequence[PatrolTask],
        *,
        travel_s: SecondsMatrix,
        day: int = -1,
    ) -> None:
        self.crew = crew
        self._first = crew.first_node
        self.order = tuple(order)
        self._travel_s = travel_s
        self._before = self._spent_before().gaps
        self._after = self._spent_after().gaps
        self.total_s = min(
            cost + int(travel_s[node, crew.home_node]) for cost, node in self._before[-1]
        )

    def cheapest(self, task: PatrolTask) -> Insertion:
        """Return the best place for a task; ties take the earliest."""
        best = min(
            range(len(self.order) + 1), key=lambda position: self._with(task, position=position)
        )
        total = self._with(task, position=best)
        return Insertion(best, total, total - self.total_s)

    def inserted(self, task: PatrolTask, *, position: int) -> tuple[PatrolTask, ...]:
        """Return the order with the task put before the given position."""
        return (*self.order[:position], task, *self.order[position:])

    def _with(self, task: PatrolTask, *, position: int) -> int:
        travel = self._travel_s
        return task.service_s + min(
            min(cost + int(travel[node, task.entry(way)]) for cost, node in self._before[position])
            + min(cost + int(travel[task.exit(way), node]) for cost, node in self._after[position])
            for way in task.directions()
        )

    def _spent_before(self) -> _Side:
        gaps: list[tuple[tuple[int, int], ...]] = [((0, self._first),)]
        for task in self.order:
            gaps.append(
                tuple(
                    (
                        min(c + int(self._travel_s[n, task.entry(way)]) for c, n in gaps[-1])
                        + task.service_s,
                        task.exit(way),
                    )
                    for way in task.directions()
                )
            )
        return _Side(tuple(gaps))

    def _spent_after(self) -> _Side:
        gaps: list[tuple[tuple[int, int], ...]] = [((0, self.crew.home_node),)]
        for task in reversed(self.order):
            gaps.append(
                tuple(
                    (
                        min(c + int(self._travel_s[task.exit(way), n]) for c, n in gaps[-1])
                        + task.service_s,
                        task.entry(way),
                    )
                    for way in task.directions()
                )
            )
        return _Side(tuple(reversed(gaps)))


def alone_s(crew: Crew, task: PatrolTask, *, travel_s: SecondsMatrix) -> int:
    """Return the seconds from home to the task and back, in the better direction."""
    return OpenRoute(crew, (), travel_s=travel_s).cheapest(task).total_s


def is_reachable(crew: Crew, task: PatrolTask, *, travel_s: SecondsMatrix) -> bool:
    """Tell whether there is a way from the crew's home through the task and back."""
    return alone_s(crew, task, travel_s=travel_s) - task.service_s < UNREACHABLE_S
