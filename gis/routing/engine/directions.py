"""Compiled: random numbers, and routes whose directions are always the best possible."""

import numpy as np

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.hours import timed_cost
from gis.routing.engine.model import DAY_S, NEVER, Indices
from gis.routing.engine.workspace import Random, Search

# SplitMix64. The numbers depend on the seed alone: not on the process, nor on numba's version.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31, _SHIFT_11 = (np.uint64(n) for n in (30, 27, 31, 11))
_UNIT = 2.0**-53


@compiled
def uniform(random: Random) -> float:
    """Return the next random number from 0 up to, but without, 1."""
    random[0] += _STEP
    mixed = random[0]
    mixed = (mixed ^ (mixed >> _SHIFT_30)) * _MIX_1
    mixed = (mixed ^ (mixed >> _SHIFT_27)) * _MIX_2
    return float((mixed ^ (mixed >> _SHIFT_31)) >> _SHIFT_11) * _UNIT


@compiled
def below(random: Random, bound: int) -> int:
    """Return the next random whole number from 0 up to, but without, the bound."""
    return int(uniform(random) * bound)


@inlined
def with_task(travel: Indices, search: Search, vehicle: int, position: int, task: int) -> int:
    """Return the cost of a route with a task put in; the directions of all tasks chosen anew.

    Waiting is left out: where there are windows this is a lower bound of ``timed_cost``.
    """
    model, routes = search.model, search.routes
    best = NEVER
    for way in range(model.ways[task]):
        entry = model.ends[task, way]
        leave = model.ends[task, 1 - way]
        if position == 0:
            there = np.int64(travel[model.start[vehicle], entry])
        else:
            before = routes.order[vehicle, position - 1]
            there = min(
                routes.reach[vehicle, position - 1, 0] + travel[model.ends[before, 1], entry],
                routes.reach[vehicle, position - 1, 1] + travel[model.ends[before, 0], entry],
            )
        if position == routes.length[vehicle]:
            home = np.int64(travel[leave, model.end[vehicle]])
        else:
            after = routes.order[vehicle, position]
            home = min(
                routes.finish[vehicle, position, 0] + travel[leave, model.ends[after, 0]],
                routes.finish[vehicle, position, 1] + travel[leave, model.ends[after, 1]],
            )
        best = min(best, there + model.service[task, way] + home)
    return best


@inlined
def refresh(search: Search, vehicle: int, first: int, last: int) -> None:
    """Bring a route up to date after its order changed between two positions.

    ``reach`` is valid before ``first`` and ``finish`` after ``last``; both become valid
    everywhere, as do the cost and the positions of the tasks.
    """
    model, routes = search.model, search.routes
    length = routes.length[vehicle]
    before = routes.cost[vehicle]
    if length == 0:
        routes.cost[vehicle] = 0
    else:
        travel = model.travel[model.mode[vehicle]]
        day = model.day[vehicle]
        for position in range(first, length):
            routes.position_of[routes.order[vehicle, position], day] = position
            _reach(travel, search, vehicle, position)
        for position in range(min(last, length - 1), -1, -1):
            _finish(travel, search, vehicle, position)
        task = routes.order[vehicle, 0]
        start = model.start[vehicle]
        cost = travel[start, model.ends[task, 0]] + routes.finish[vehicle, 0, 0]
        other = travel[start, model.ends[task, 1]] + routes.finish[vehicle, 0, 1]
        routes.cost[vehicle] = min(cost, other)
    if model.windows:
        _wait(search, vehicle)
    if model.priced:
        routes.extra[vehicle] = overtime(search, vehicle, routes.cost[vehicle]) + _changes(
            search, vehicle
        )
    routes.hours[model.team[vehicle]] += routes.cost[vehicle] - before


@inlined
def overtime(search: Search, vehicle: int, cost: int) -> int:
    """Return the price of the overtime of a route that costs so much."""
    price: int = max(0, cost - search.model.regular[vehicle]) * search.model.overtime_factor
    return price


@inlined
def change_of(search: Search, vehicle: int, task: int) -> int:
    """Return the price of a visit that is not where it usually is."""
    usual = search.model.usual
    change = 0
    if usual.change > 0 and usual.vehicle[task, search.model.day[vehicle]] != vehicle:
        change = usual.change
    return change


@inlined
def _changes(search: Search, vehicle: int) -> int:
    routes = search.routes
    total = 0
    for position in range(routes.length[vehicle]):
        total += change_of(search, vehicle, routes.order[vehicle, position])
    return total


@inlined
def _wait(search: Search, vehicle: int) -> None:
    """Count the tasks with a window; with any, waiting and the break are part of the cost."""
    model, routes = search.model, search.routes
    routes.timed[vehicle] = 0
    length, order = routes.length[vehicle], routes.order[vehicle]
    for position in range(length):
        if model.clocks.slack[order[position]] < DAY_S:
            routes.timed[vehicle] += 1
    if routes.timed[vehicle] > 0:
        routes.cost[vehicle] = timed_cost(model, vehicle, order, length, -1, -1)


@inlined
def _reach(travel: Indices, search: Search, vehicle: int, position: int) -> None:
    model, routes = search.model, search.routes
    task = routes.order[vehicle, position]
    routes.reach[vehicle, position, 1] = NEVER
    for way in range(model.ways[task]):
        entry = model.ends[task, way]
        if position == 0:
            there = np.int64(travel[model.start[vehicle], entry])
        else:
            before = routes.order[vehicle, position - 1]
            there = min(
                routes.reach[vehicle, position - 1, 0] + travel[model.ends[before, 1], entry],
                routes.reach[vehicle, position - 1, 1] + travel[model.ends[before, 0], entry],
            )
        routes.reach[vehicle, position, way] = there + model.service[task, way]


@inlined
def _finish(travel: Indices, search: Search, vehicle: int, position: int) -> None:
    model, routes = search.model, search.routes
    task = routes.order[vehicle, position]
    routes.finish[vehicle, position, 1] = NEVER
    for way in range(model.ways[task]):
        leave = model.ends[task, 1 - way]
        if position == routes.length[vehicle] - 1:
            home = np.int64(travel[leave, model.end[vehicle]])
        else:
            after = routes.order[vehicle, position + 1]
            home = min(
                routes.finish[vehicle, position + 1, 0] + travel[leave, model.ends[after, 0]],
                routes.finish[vehicle, position + 1, 1] + travel[leave, model.ends[after, 1]],
            )
        routes.finish[vehicle, position, way] = home + model.service[task, way]
