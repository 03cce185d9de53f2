"""An independent check of benchmark solutions: it shares no code with the search."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from gis.routing.benchmark_sets.instance import (
    DAY_PATTERNS,
    BenchmarkInstance,
    BenchmarkSolution,
    load_factor,
)


class WrongSolution(ValueError):
    """A solution breaks a rule of its instance: the rule, what was found, what was right."""


def checked_cost(instance: BenchmarkInstance, solution: BenchmarkSolution) -> int:
    """Return the cost of a solution recomputed from the instance.

    Every route is walked in its order with the cheapest directions.

    Raises
    ------
    WrongSolution
        When something is not served as often as due, on days that are not allowed, beyond the
        capacity of a vehicle, against an arc, or with more vehicles than stated.
    """
    served_on = _served_on(instance, solution)
    if instance.vehicles and solution.fleet > instance.vehicles:
        raise WrongSolution("vehicles", solution.fleet, instance.vehicles)
    total = 0
    for day, routes in enumerate(solution.days):
        for order in routes:
            load = sum(
                instance.required[number].demand
                * (load_factor(served_on[number], day) if instance.is_periodic else 1)
                for number in order
            )
            if load > instance.capacity:
                raise WrongSolution("load", load, instance.capacity)
            total += _walk(instance, order)
    return total


def _served_on(instance: BenchmarkInstance, solution: BenchmarkSolution) -> dict[int, list[int]]:
    served_on: dict[int, list[int]] = defaultdict(list)
    for day, routes in enumerate(solution.days):
        for number, count in Counter(n for order in routes for n in order).items():
            served_on[number] += [day] * count
    for number, item in enumerate(instance.required):
        days = served_on[number]
        if len(days) != item.times:
            raise WrongSolution("times", number, len(days), item.times)
        mask = sum(1 << day for day in set(days))
        if instance.is_periodic and mask not in DAY_PATTERNS[item.times]:
            raise WrongSolution("days", number, days)
    if set(served_on) - set(range(len(instance.required))):
        raise WrongSolution("unknown task")
    return served_on


def _walk(instance: BenchmarkInstance, order: Sequence[int]) -> int:
    """Return the least cost of a closed walk serving this order: cheapest cost per last node."""
    spent = {instance.depot: 0}
    for number in order:
        item = instance.required[number]
        ways = [(item.start, item.end)]
        if not item.one_way:
            ways.append((item.end, item.start))
        after: dict[int, int] = {}
        for entry, leave in ways:
            there = min(cost + int(instance.travel[node, entry]) for node, cost in spent.items())
            after[leave] = min(after.get(leave, there + item.cost), there + item.cost)
        spent = after
    return min(cost + int(instance.travel[node, instance.depot]) for node, cost in spent.items())
