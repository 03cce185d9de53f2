"""Compiled: put absent tasks back where they cost least (recreate), and anneal."""

import math

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.directions import refresh, uniform
from gis.routing.engine.model import NEVER
from gis.routing.engine.prices import LEAST, list_near, list_routes, try_route
from gis.routing.engine.ruin import (
    debt,
    note_hours,
    refresh_touched,
    ruin,
    set_aside,
    touch,
    undo,
    visit_count,
)
from gis.routing.engine.workspace import (
    ABSENT,
    BEST,
    CURRENT,
    MISSING,
    OVERLOAD,
    PRICE,
    TOUCHED,
    UNBLINKING,
    Cooling,
    Search,
)

_SECONDS_PER_DEMAND = 1e-3
# Looking at every position now and then finds what the neighbours hide.
_LOOK_EVERYWHERE = 0.002
_FEW_MISSING = 3
_LEAST_GAIN = 1e-6
_FIRST_BLINK = 100
# About a third of the solutions are without overload: the price falls twice as fast as it rises.
_DEARER, _CHEAPER = 1.001, 0.998
_DEAREST = 1000.0


@compiled
def anneal(search: Search, cooling: Cooling) -> int:
    """Run some iterations; return how many found a better solution than any before.

    Iteration -1 puts in everything that finds room, dearest tasks first, and sets the scores. The
    temperature of iteration i is ``hot * exp(rate * i / total)``: it depends on how far the whole
    search is, and not on how it was cut into calls.
    """
    work = search.work
    improvements = 0
    for iteration in range(cooling.done, cooling.done + cooling.rounds):
        first = iteration < 0
        if first:
            _set_all_aside(search)
        else:
            ruin(search)
            _sort_keys(search)
        near = _neighbours_tried(search, iteration)
        _sort_absent(search)
        for index in range(work.counts[ABSENT]):
            _put_task(search, work.absent[index], near)
        if first:
            _set_scores(search)
        else:
            share = cooling.cycles * iteration / cooling.total
            temperature = cooling.hot * math.exp(cooling.rate * (share - math.floor(share)))
            if not _accept(search, temperature):
                undo(search)
            _set_price(search)
        improvements += _keep_if_better(search)
        _forget_notes(search)
    return improvements


@inlined
def _set_all_aside(search: Search) -> None:
    """Take up every task with missing visits; bring routes that were given up to date."""
    model, routes, work = search.model, search.routes, search.work
    note_hours(search)
    work.counts[UNBLINKING] = _FIRST_BLINK
    work.score[PRICE] = search.tuning.overload
    for vehicle in range(len(model.start)):
        touch(search, vehicle)
    refresh_touched(search)
    for task in range(len(model.ends)):
        if visit_count(routes.visited[task]) < model.times[task]:
            set_aside(search, task)
            work.sort_key[work.counts[ABSENT] - 1] = -float(model.worth[task])


@inlined
def _set_scores(search: Search) -> None:
    model, routes, work = search.model, search.routes, search.work
    total, owed, missing = 0, 0, 0
    for vehicle in range(len(model.start)):
        total += routes.cost[vehicle] + routes.extra[vehicle]
    for task in range(len(model.ends)):
        owed += debt(search, task, routes.visited[task])
        missing += model.times[task] - visit_count(routes.visited[task])
    work.score[CURRENT] = float(total + owed) + _imbalance(search)
    work.score[BEST] = math.inf
    work.score[MISSING] = float(missing)
    work.score[OVERLOAD] = 0.0
    for vehicle in range(len(model.start) if search.tuning.overload > 0 else 0):
        work.score[OVERLOAD] += float(max(0, routes.load[vehicle] - model.capacity[vehicle]))


@inlined
def _set_price(search: Search) -> None:
    """Let overload become dearer while there is any, cheaper without: both sides are searched."""
    score, first = search.work.score, search.tuning.overload
    if score[OVERLOAD] > 0:
        score[PRICE] = min(score[PRICE] * _DEARER, first * _DEAREST)
    elif first > 0:
        score[PRICE] = max(score[PRICE] * _CHEAPER, first / _DEAREST)


@inlined
def _neighbours_tried(search: Search, iteration: int) -> int:
    """Return next to how many neighbours each task is tried; 0 means everywhere."""
    tuning = search.tuning
    if iteration < 0 or tuning.everywhere:
        return 0
    if search.work.score[MISSING] < _FEW_MISSING and uniform(search.random) < _LOOK_EVERYWHERE:
        return 0
    return tuning.near


@inlined
def _keep_if_better(search: Search) -> int:
    routes, best, score = search.routes, search.best, search.work.score
    if score[CURRENT] >= score[BEST] - _LEAST_GAIN:
        return 0
    if score[OVERLOAD] > 0 or (search.tuning.complete_only and score[MISSING] > 0):
        return 0
    score[BEST] = score[CURRENT]
    for vehicle in range(len(routes.length)):
        best.length[vehicle] = routes.length[vehicle]
        best.cost[vehicle] = routes.cost[vehicle]
        for position in range(routes.length[vehicle]):
            best.order[vehicle, position] = routes.order[vehicle, position]
    return 1


@inlined
def _forget_notes(search: Search) -> None:
    work = search.work
    for index in range(work.counts[ABSENT]):
        work.is_absent[work.absent[index]] = False
    for index in range(work.counts[TOUCHED]):
        work.touched[work.touched_vehicles[index]] = False
    work.counts[ABSENT] = 0
    work.counts[TOUCHED] = 0


@inlined
def _imbalance(search: Search) -> float:
    routes, tuning = search.routes, search.tuning
    total = 0.0
    if tuning.balance > 0:
        for team in range(len(routes.hours)):
            total += routes.hours[team] * routes.hours[team]
        total *= tuning.balance / tuning.usual_hours
    return total


@inlined
def _accept(search: Search, temperature: float) -> bool:
    """Tell whether the new solution is taken; if so, its scores are set."""
    model, routes, work, tuning = search.model, search.routes, search.work, search.tuning
    change, missing, above = 0, 0, 0
    for index in range(work.counts[TOUCHED]):
        vehicle = work.touched_vehicles[index]
        # Without the triangle inequality a route can grow by losing a task.
        if routes.cost[vehicle] > model.limit[vehicle]:
            return False
        change += routes.cost[vehicle] - work.old_cost[vehicle]
        change += routes.extra[vehicle] - work.old_extra[vehicle]
        if tuning.overload > 0:
            above += max(0, routes.load[vehicle] - model.capacity[vehicle])
            above -= max(0, work.old_load[vehicle] - model.capacity[vehicle])
    owed = 0
    for index in range(work.counts[ABSENT]):
        task = work.absent[index]
        now, before = routes.visited[task], work.old_visited[task]
        owed += debt(search, task, now) - debt(search, task, before)
        missing += visit_count(before) - visit_count(now)
    candidate = work.score[CURRENT] + float(change + owed)
    if tuning.balance > 0:
        was = 0.0
        for team in range(len(work.old_hours)):
            was += work.old_hours[team] * work.old_hours[team]
        candidate += _imbalance(search) - was * tuning.balance / tuning.usual_hours
    penalty = work.score[PRICE] * float(above)
    worst = work.score[CURRENT] - temperature * math.log(uniform(search.random) + LEAST)
    if candidate + penalty >= worst:
        return False
    work.score[CURRENT] = candidate
    work.score[OVERLOAD] += float(above)
    work.score[MISSING] += float(missing)
    return True


@inlined
def _sort_keys(search: Search) -> None:
    """Choose the order in which absent tasks are put back; small keys first."""
    model, work, tuning, random = search.model, search.work, search.tuning, search.random
    rule = uniform(random) * 11.0
    worth_first = tuning.by_worth and uniform(random) < 0.5
    for index in range(work.counts[ABSENT]):
        task = work.absent[index]
        if worth_first:
            key = -float(model.worth[task])
        elif rule < 4.0:
            key = uniform(random)
        elif rule < 8.0:
            key = -float(model.demand[task] * model.times[task])
            key -= _SECONDS_PER_DEMAND * float(model.service[task, 0])
        elif rule < 10.0:
            key = -float(model.remoteness[task])
        else:
            key = float(model.remoteness[task])
        work.sort_key[index] = key


@inlined
def _sort_absent(search: Search) -> None:
    """Sort by insertion: nearly always there are few."""
    work = search.work
    for index in range(1, work.counts[ABSENT]):
        key, task = work.sort_key[index], work.absent[index]
        place = index
        while place > 0 and work.sort_key[place - 1] > key:
            work.sort_key[place] = work.sort_key[place - 1]
            work.absent[place] = work.absent[place - 1]
            place -= 1
        work.sort_key[place] = key
        work.absent[place] = task


@inlined
def _put_task(search: Search, task: int, near: int) -> None:
    """Put in the missing visits of a task by the cheapest of its day patterns."""
    routes, work = search.routes, search.work
    open_days, least_factor = _open_days(search, task)
    if open_days == 0:
        return
    count = 0
    if near > 0:
        count = list_near(search, task, near, open_days)
    count = list_routes(search, task, open_days, count, near)
    for index in range(count):
        vehicle, place = work.try_vehicle[index], work.try_position[index]
        behind = place + 2
        if place < 0:
            place, behind = 0, routes.length[vehicle] + 1
        try_route(search, task, vehicle, place, behind, least_factor)
    _put_by_pattern(search, task)


@inlined
def _open_days(search: Search, task: int) -> tuple[int, int]:
    """Return the days on which a visit could be added, and the least load factor; clear prices."""
    model, routes, work = search.model, search.routes, search.work
    chosen, visited = model.pattern_set[task], routes.visited[task]
    days, factors = work.best_cost.shape
    open_days, least = 0, factors - 1
    for index in range(model.pattern_count[chosen]):
        pattern = model.patterns[chosen, index]
        if pattern & visited == visited:
            open_days |= pattern
            least = min(least, model.least_factor[pattern])
    for day in range(days):
        for factor in range(factors):
            work.best_cost[day, factor] = NEVER
    return open_days & ~visited, least


@inlined
def _put_by_pattern(search: Search, task: int) -> None:
    model, visited = search.model, search.routes.visited[task]
    chosen = model.pattern_set[task]
    least, best_days, best_pattern = debt(search, task, visited), 0, 0
    for index in range(model.pattern_count[chosen]):
        pattern = model.patterns[chosen, index]
        if pattern & visited == visited:
            cost, days = _price_pattern(search, task, pattern)
            if cost < least:
                least, best_days, best_pattern = cost, days, pattern
    for day in range(model.load_factor.shape[1]):
        if (best_days >> day) & 1:
            _insert(search, task, day, model.load_factor[best_pattern, day])


@inlined
def _price_pattern(search: Search, task: int, pattern: int) -> tuple[int, int]:
    """Return the cost of a pattern with its missing visits, and the days that find room."""
    visited, work = search.routes.visited[task], search.work
    wanted = pattern & ~visited
    cost, put = 0, 0
    for day in range(work.best_cost.shape[0]):
        if (wanted >> day) & 1:
            price = work.best_cost[day, search.model.load_factor[pattern, day]]
            if price < NEVER:
                cost += price
                put |= 1 << day
    if put != wanted and search.tuning.whole_only:
        return NEVER, 0
    return cost + debt(search, task, visited | put), put


@inlined
def _insert(search: Search, task: int, day: int, factor: int) -> None:
    model, routes, work = search.model, search.routes, search.work
    vehicle, place = work.best_vehicle[day, factor], work.best_position[day, factor]
    touch(search, vehicle)
    for position in range(routes.length[vehicle], place, -1):
        routes.order[vehicle, position] = routes.order[vehicle, position - 1]
        for way in range(2):
            routes.finish[vehicle, position, way] = routes.finish[vehicle, position - 1, way]
    routes.order[vehicle, place] = task
    routes.length[vehicle] += 1
    routes.load[vehicle] += model.demand[task] * factor
    routes.route_of[task, day] = vehicle
    routes.visited[task] |= 1 << day
    refresh(search, vehicle, place, place)
