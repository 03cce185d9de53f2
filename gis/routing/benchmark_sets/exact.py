"""The optimum of a tiny instance, by trying every division of its tasks into routes."""

from collections.abc import Iterator
from itertools import product

from gis.routing.benchmark_sets.instance import BenchmarkInstance

# 3 to the power of the tasks divisions are tried: a second.
MOST_TASKS = 10
_NEVER = 10**9


def least_cost(instance: BenchmarkInstance) -> int | None:
    """Return the least cost of any solution; None for more than a handful of tasks, or weeks.

    Exact: a table over sets of tasks gives the cheapest closed walk for each, with its order and
    directions; a second one divides all tasks into as many walks as there are vehicles.
    """
    if len(instance.required) > MOST_TASKS or instance.is_periodic:
        return None
    walks = _cheapest_walks(instance)
    whole = len(walks) - 1
    least = [0] + [_NEVER] * whole
    for _ in range(instance.vehicles or len(instance.required)):
        divided = least.copy()
        for tasks in range(1, whole + 1):
            divided[tasks] = min(
                [least[tasks]] + [walks[part] + least[tasks ^ part] for part in _parts(tasks)]
            )
        if divided == least:
            break
        least = divided
    return least[whole] if least[whole] < _NEVER else None


def _parts(tasks: int) -> Iterator[int]:
    part = tasks
    while part:
        yield part
        part = (part - 1) & tasks


def _cheapest_walks(instance: BenchmarkInstance) -> list[int]:
    """Return for every set of tasks the cheapest closed walk serving it; never when too heavy."""
    required, travel, count = instance.required, instance.travel, len(instance.required)
    # By set, last task, and whether it was served backwards: cost up to the end of its service.
    reach: dict[tuple[int, int, int], int] = {(0, -1, 0): 0}
    walks = [0] + [_NEVER] * ((1 << count) - 1)
    for tasks in range(1, 1 << count):
        served = [number for number in range(count) if tasks >> number & 1]
        load = sum(required[number].demand for number in served)
        for number, backwards in product(served, (0, 1)):
            item = required[number]
            if backwards and item.one_way:
                continue
            entry, leave = (item.end, item.start) if backwards else (item.start, item.end)
            there = _NEVER
            for before, way in product(served if tasks & (tasks - 1) else (-1,), (0, 1)):
                cost = reach.get((tasks ^ (1 << number), before, way))
                if cost is not None:
                    place = _leave(instance, before, way)
                    there = min(there, cost + int(travel[place, entry]))
            reach[tasks, number, backwards] = there + item.cost
            if load <= instance.capacity:
                home = there + item.cost + int(travel[leave, instance.depot])
                walks[tasks] = min(walks[tasks], home)
    return walks


def _leave(instance: BenchmarkInstance, number: int, way: int) -> int:
    if number < 0:
        return instance.depot
    item = instance.required[number]
    return item.start if way else item.end
