"""The line of a crew's day in the order of travel, part by part, with times."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry import LineString, MultiLineString, Point

from gis.routing.problem import Crew, CrewDay, Direction, PatrolTask, WeekProblem

Legs = Callable[[Sequence[tuple[int, int]]], Sequence[LineString]]


class PartKind(StrEnum):
    """What the crew does on a part of its route."""

    travel = "travel"
    patrol = "patrol"


@dataclass(frozen=True, slots=True)
class RoutePart:
    """A leg, or a visit; times in seconds after midnight of the route's day.

    ``task`` is the visit's object, or the object travelled to (None on the way home).
    """

    kind: PartKind
    task: str | None
    start_s: int
    end_s: int
    line: LineString | Point


@dataclass(frozen=True, slots=True)
class RouteGeometry:
    """The parts of one crew-day in the order of travel."""

    parts: tuple[RoutePart, ...]

    @property
    def line(self) -> MultiLineString:
        """All parts that have a length, as one geometry in the order of travel."""
        return MultiLineString([part.line for part in self.parts if part.line.length > 0])


def route_geometry(
    problem: WeekProblem,
    route: CrewDay,
    *,
    legs: Legs,
    objects: Mapping[str, LineString | Point],
) -> RouteGeometry:
    """Return the geometry of a valid route.

    Parameters
    ----------
    problem, route
        The problem and one route of its plan.
    legs
        Lines for pairs of nodes, e.g. ``TravelMatrix.legs``.
    objects
        Geometry per task: a LineString digitised from start node to end node (turned round here
        when the visit goes backward), or the Point of a stop. Same CRS as the legs.

    Raises
    ------
    KeyError
        When a task of the route has no geometry.
    """
    tasks = problem.task_by_key()
    crew = problem.crew_by_key()[route.crew]
    lines = iter(legs(_node_pairs(crew, route, tasks=tasks)))
    parts: list[RoutePart] = []
    clock = route.leave_s
    for visit in route.visits:
        line = objects[visit.task]
        if visit.direction is Direction.backward:
            line = line.reverse()
        parts += [
            RoutePart(PartKind.travel, visit.task, clock, visit.arrival_s, next(lines)),
            RoutePart(PartKind.patrol, visit.task, visit.arrival_s, visit.departure_s, line),
        ]
        clock = visit.departure_s
    parts.append(RoutePart(PartKind.travel, None, clock, route.return_s, next(lines)))
    return RouteGeometry(tuple(parts))


def _node_pairs(
    crew: Crew, route: CrewDay, *, tasks: Mapping[str, PatrolTask]
) -> list[tuple[int, int]]:
    pairs, node = [], crew.home_node
    for visit in route.visits:
        task = tasks[visit.task]
        pairs.append((node, task.entry(visit.direction)))
        node = task.exit(visit.direction)
    return [*pairs, (node, crew.home_node)]
