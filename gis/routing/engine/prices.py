"""Compiled: where an absent task could go, and what each place costs."""

import math

from gis.routing.engine.compiled import inlined
from gis.routing.engine.directions import change_of, overtime, uniform, with_task
from gis.routing.engine.hours import timed_cost
from gis.routing.engine.model import DAY_S, NEVER
from gis.routing.engine.workspace import PRICE, STAMP, UNBLINKING, Search

LEAST = 1e-300


@inlined
def list_near(search: Search, task: int, near: int, open_days: int) -> int:
    """List the positions of the nearest neighbours, on every day they are served."""
    model, routes, work = search.model, search.routes, search.work
    count = 0
    for index in range(min(near, model.neighbours.shape[1])):
        other = model.neighbours[task, index]
        days, day = open_days & routes.visited[other], 0
        while days:
            if days & 1:
                vehicle = routes.route_of[other, day]
                if model.permitted[task, vehicle]:
                    work.try_vehicle[count] = vehicle
                    work.try_position[count] = routes.position_of[other, day]
                    count += 1
            days >>= 1
            day += 1
    return count


@inlined
def list_routes(search: Search, task: int, open_days: int, count: int, near: int) -> int:
    """List empty routes, one of a kind, and when looking everywhere all others as well."""
    model, routes, work = search.model, search.routes, search.work
    work.counts[STAMP] += 1
    for vehicle in range(len(model.start)):
        allowed = (open_days >> model.day[vehicle]) & 1
        if routes.length[vehicle] > 0:
            allowed &= near == 0
        else:
            tried = work.tried_twin[model.twin[vehicle]] == work.counts[STAMP]
            if tried or _is_shared_out(search, vehicle):
                continue
            work.tried_twin[model.twin[vehicle]] = work.counts[STAMP]
        if allowed and model.permitted[task, vehicle]:
            work.try_vehicle[count] = vehicle
            work.try_position[count] = -1
            count += 1
    return count


@inlined
def _is_shared_out(search: Search, vehicle: int) -> bool:
    """Tell whether another of those that share is in use."""
    shares, routes = search.model.shares, search.routes
    other = shares[vehicle]
    while other != vehicle:
        if routes.length[other] > 0:
            return True
        other = shares[other]
    return False


@inlined
def try_route(
    search: Search, task: int, vehicle: int, first: int, behind: int, least_factor: int
) -> None:
    """Price some positions of a route and note the best per load factor."""
    model, routes, work, tuning = search.model, search.routes, search.work, search.tuning
    demand, room = model.demand[task], model.capacity[vehicle] - routes.load[vehicle]
    full = demand * least_factor > room and tuning.overload == 0
    if full or routes.length[vehicle] + 1 >= routes.order.shape[1]:
        return
    if model.windows and (routes.timed[vehicle] > 0 or model.clocks.slack[task] < DAY_S):
        best, place = _best_timed_position(search, task, vehicle, first, behind)
    else:
        best, place = _best_position(search, task, vehicle, first, behind)
    if best > model.limit[vehicle]:
        return
    bare = _price(search, task, vehicle, best)
    price = bare
    day = model.day[vehicle]
    for factor in range(least_factor, work.best_cost.shape[1]):
        if demand * factor > room:
            if tuning.overload == 0:
                break
            above = demand * factor - max(0, room)
            price = bare + int(work.score[PRICE] * float(above))
        if price < work.best_cost[day, factor]:
            work.best_cost[day, factor] = price
            work.best_vehicle[day, factor] = vehicle
            work.best_position[day, factor] = place


@inlined
def _best_position(
    search: Search, task: int, vehicle: int, first: int, behind: int
) -> tuple[int, int]:
    """Return the least cost of the route with the task, and where; some positions are overlooked.

    Not each position is drawn for this blinking but the gap to the next one overlooked.
    """
    counts, random = search.work.counts, search.random
    travel = search.model.travel[search.model.mode[vehicle]]
    best, place = NEVER, -1
    for position in range(first, behind):
        if counts[UNBLINKING] == 0:
            gap = math.log(uniform(random) + LEAST) / math.log(1.0 - search.tuning.blink)
            counts[UNBLINKING] = int(gap)
            continue
        counts[UNBLINKING] -= 1
        cost = with_task(travel, search, vehicle, position, task)
        if cost < best:
            best, place = cost, position
    return best, place


@inlined
def _best_timed_position(
    search: Search, task: int, vehicle: int, first: int, behind: int
) -> tuple[int, int]:
    """Return the same where there are windows; none is overlooked.

    Each position costs a pass over the route, unless it is too dear even without waiting.
    """
    model, routes = search.model, search.routes
    travel = model.travel[model.mode[vehicle]]
    order, length = routes.order[vehicle], routes.length[vehicle]
    best, place = NEVER, -1
    for position in range(first, behind):
        if with_task(travel, search, vehicle, position, task) < best:
            cost = timed_cost(model, vehicle, order, length, position, task)
            if cost < best:
                best, place = cost, position
    return best, place


@inlined
def _price(search: Search, task: int, vehicle: int, best: int) -> int:
    """Return what a route costs more with a task in it, ``best`` being its cost then."""
    model, routes, tuning = search.model, search.routes, search.tuning
    cost = routes.cost[vehicle]
    price = best - int(cost)
    if model.priced:
        price += overtime(search, vehicle, best) - overtime(search, vehicle, cost)
        price += change_of(search, vehicle, task)
    if tuning.balance > 0:
        hours = routes.hours[model.team[vehicle]]
        after = hours + (best - cost)
        price += int(tuning.balance * (after * after - hours * hours) / tuning.usual_hours)
    return price
