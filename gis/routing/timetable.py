"""Routes with times, and where a task fits best into them."""

from collections.abc import Iterable, Sequence

from gis.routing.clock import Shift, best_directions, overtime_cost, route_s
from gis.routing.insertions import Insertion, OpenRoute, OpenWeek, alone_s, is_reachable
from gis.routing.problem import (
    Crew,
    CrewDay,
    PatrolTask,
    PlannedVisit,
    SecondsMatrix,
    Unserved,
    WeekProblem,
    worths,
)

__all__ = [
    "Insertion",
    "OpenRoute",
    "OpenWeek",
    "alone_s",
    "best_directions",
    "is_reachable",
    "overtime_cost",
    "plan_cost",
    "route_s",
    "timed_route",
]


def timed_route(
    crew: Crew, day: int, *, order: Sequence[PatrolTask], travel_s: SecondsMatrix
) -> CrewDay:
    """Return the route in this order, in its best directions, leaving at the start of the shift."""
    shift = Shift.of(crew)
    node, spent, rested = crew.home_node, 0, False
    visits: list[PlannedVisit] = []
    directions = best_directions(crew, order, travel_s=travel_s)
    for task, direction in zip(order, directions, strict=True):
        stops = bool(visits) and not rested and spent >= shift.break_at_s
        rested = rested or stops
        leg = int(travel_s[node, task.entry(direction)])
        wait = shift.wait_s(task, arrival_s=spent + leg, rested=rested)
        spent += leg + wait + task.service_s
        end = shift.start_s + spent + (shift.break_s if rested else 0)
        visits.append(
            PlannedVisit(
                task.key,
                direction,
                end - task.service_s,
                end,
                leg,
                task.service_s,
                wait_s=wait,
                break_s=shift.break_s if stops else 0,
            )
        )
        node = task.exit(direction)
    home_leg = int(travel_s[node, crew.home_node])
    back_s = shift.start_s + spent + home_leg + (shift.break_s if rested else 0)
    return CrewDay(crew.key, day, shift.start_s, tuple(visits), home_leg, back_s)


def plan_cost(
    problem: WeekProblem, routes: Iterable[CrewDay], *, unserved: Iterable[Unserved]
) -> int:
    """Return the cost of a plan: travel, waiting, overtime at its price, worth of what is missing.

    What is missing but not due is worth nothing.
    """
    crews, worth = problem.crew_by_key(), worths(problem)
    factor = problem.weights.overtime_factor
    cost = sum(item.missing * worth.get(item.task, 0) for item in unserved)
    for route in routes:
        cost += route.travel_s + route.wait_s
        cost += overtime_cost(crews[route.crew], route.used_s, factor=factor)
    return cost
