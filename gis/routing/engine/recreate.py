"""Compiled: put absent tasks back where they cost least (recreate), and anneal."""

import math

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.directions import refresh, uniform, with_task
from gis.routing.engine.model import NEVER, Indices, Model, Routes
from gis.routing.engine.ruin import debt, note_hours, ruin, set_aside, touch, undo, visit_count
from gis.routing.engine.workspace import (
    ABSENT,
    BEST,
    CURRENT,
    DEBT,
    MISSING,
    STAMP,
    TOUCHED,
    UNBLINKING,
    Random,
    Tuning,
    Workspace,
)

_SECONDS_PER_DEMAND = 1e-3
# Looking at every position now and then finds what the neighbours hide.
_LOOK_EVERYWHERE = 0.002
_FEW_RETRIED = 3
_FIRST_BLINK = 100


@compiled
def construct(
    model: Model, routes: Routes, work: Workspace, tuning: Tuning, random: Random
) -> None:
    """Put in every missing visit that finds room, dearest tasks first; sets the scores."""
    note_hours(routes, work)
    work.counts[UNBLINKING] = _FIRST_BLINK
    for task in range(len(model.ends)):
        if visit_count(routes.visited[task]) < model.times[task]:
            set_aside(routes, work, task)
            work.sort_key[work.counts[ABSENT] - 1] = -float(model.worth[task])
    _put_back(model, routes, work, tuning, True, random)
    total, owed, missing = 0, 0, 0
    for vehicle in range(len(model.start)):
        total += routes.cost[vehicle]
    for task in range(len(model.ends)):
        owed += debt(model, task, routes.visited[task])
        missing += model.times[task] - visit_count(routes.visited[task])
    work.score[CURRENT] = float(total + owed) + _imbalance(routes, tuning)
    work.score[DEBT] = float(owed)
    work.score[MISSING] = float(missing)
    _forget_notes(work)


@compiled
def anneal(
    model: Model,
    routes: Routes,
    best_order: Indices,
    best_length: Indices,
    work: Workspace,
    tuning: Tuning,
    hot: float,
    cooling: float,
    done: int,
    total: int,
    rounds: int,
    random: Random,
) -> int:
    """Run some iterations; return how many found a better solution than any before.

    The temperature of iteration i is ``hot * exp(cooling * i / total)``: it depends on how far the
    whole search is and not on how it was cut into calls.
    """
    improvements = 0
    for iteration in range(done, done + rounds):
        temperature = hot * math.exp(cooling * (iteration / total))
        ruin(model, routes, work, tuning, random)
        _sort_keys(model, work, tuning, random)
        everywhere = tuning.everywhere or (
            work.counts[ABSENT] > 0
            and work.score[MISSING] < _FEW_RETRIED
            and uniform(random) < _LOOK_EVERYWHERE
        )
        _put_back(model, routes, work, tuning, everywhere, random)
        if _accept(model, routes, work, tuning, temperature, random):
            if work.score[CURRENT] < work.score[BEST] - 1e-6 and (
                not tuning.complete_only or work.score[MISSING] == 0
            ):
                work.score[BEST] = work.score[CURRENT]
                improvements += 1
                _keep(routes, best_order, best_length)
        else:
            undo(model, routes, work)
        _forget_notes(work)
    return improvements


@compiled
def _keep(routes: Routes, best_order: Indices, best_length: Indices) -> None:
    for vehicle in range(len(routes.length)):
        best_length[vehicle] = routes.length[vehicle]
        for position in range(routes.length[vehicle]):
            best_order[vehicle, position] = routes.order[vehicle, position]


@compiled
def _forget_notes(work: Workspace) -> None:
    for index in range(work.counts[ABSENT]):
        work.is_absent[work.absent[index]] = False
    for index in range(work.counts[TOUCHED]):
        work.touched[work.touched_vehicles[index]] = False
    work.counts[ABSENT] = 0
    work.counts[TOUCHED] = 0


@compiled
def _imbalance(routes: Routes, tuning: Tuning) -> float:
    total = 0.0
    if tuning.balance > 0:
        for team in range(len(routes.hours)):
            total += routes.hours[team] * routes.hours[team]
        total *= tuning.balance / tuning.usual_hours
    return total


@compiled
def _accept(
    model: Model,
    routes: Routes,
    work: Workspace,
    tuning: Tuning,
    temperature: float,
    random: Random,
) -> bool:
    """Tell whether the new solution is taken; if so, its scores are set."""
    change, missing = 0, 0
    for index in range(work.counts[TOUCHED]):
        vehicle = work.touched_vehicles[index]
        # Without the triangle inequality a route can grow by losing a task.
        if routes.cost[vehicle] > model.limit[vehicle]:
            return False
        change += routes.cost[vehicle] - work.old_cost[vehicle]
    owed = 0
    for index in range(work.counts[ABSENT]):
        task = work.absent[index]
        now, before = routes.visited[task], work.old_visited[task]
        owed += debt(model, task, now) - debt(model, task, before)
        missing += visit_count(before) - visit_count(now)
    candidate = work.score[CURRENT] + float(change + owed)
    if tuning.balance > 0:
        was = 0.0
        for team in range(len(work.old_hours)):
            was += work.old_hours[team] * work.old_hours[team]
        candidate += _imbalance(routes, tuning) - was * tuning.balance / tuning.usual_hours
    if candidate >= work.score[CURRENT] - temperature * math.log(uniform(random) + 1e-300):
        return False
    work.score[CURRENT] = candidate
    work.score[DEBT] += float(owed)
    work.score[MISSING] += float(missing)
    return True


@compiled
def _sort_keys(model: Model, work: Workspace, tuning: Tuning, random: Random) -> None:
    """Choose the order in which absent tasks are put back; small keys first."""
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


@compiled
def _put_back(
    model: Model,
    routes: Routes,
    work: Workspace,
    tuning: Tuning,
    everywhere: bool,
    random: Random,
) -> None:
    count = work.counts[ABSENT]
    _sort_absent(work, count)
    for index in range(count):
        _put_task(model, routes, work, tuning, everywhere, work.absent[index], random)


@compiled
def _sort_absent(work: Workspace, count: int) -> None:
    """Sort by insertion when there are few, which is nearly always."""
    for index in range(1, count):
        key, task = work.sort_key[index], work.absent[index]
        place = index
        while place > 0 and work.sort_key[place - 1] > key:
            work.sort_key[place] = work.sort_key[place - 1]
            work.absent[place] = work.absent[place - 1]
            place -= 1
        work.sort_key[place] = key
        work.absent[place] = task


@compiled
def _put_task(
    model: Model,
    routes: Routes,
    work: Workspace,
    tuning: Tuning,
    everywhere: bool,
    task: int,
    random: Random,
) -> None:
    """Put in the missing visits of a task by the cheapest of its day patterns."""
    open_days, least_factor = _open_days(model, routes, work, task)
    if open_days == 0:
        return
    work.counts[STAMP] += 1
    if not everywhere:
        _try_near(model, routes, work, tuning, task, open_days, least_factor, random)
    for vehicle in range(len(model.start)):
        if not (open_days >> model.day[vehicle]) & 1:
            continue
        length = routes.length[vehicle]
        if length == 0:
            if work.tried_twin[model.twin[vehicle]] == work.counts[STAMP]:
                continue
            work.tried_twin[model.twin[vehicle]] = work.counts[STAMP]
        elif not everywhere:
            continue
        if not model.permitted[model.team[vehicle], task]:
            continue
        _try(model, routes, work, tuning, task, vehicle, 0, length + 1, least_factor, random)
    _put_by_pattern(model, routes, work, tuning, task)


@compiled
def _open_days(model: Model, routes: Routes, work: Workspace, task: int) -> tuple[int, int]:
    """Return the days on which a visit could be added, and the least load factor; clear prices."""
    chosen, visited = model.pattern_set[task], routes.visited[task]
    days = model.load_factor.shape[1]
    open_days, least = 0, work.best_cost.shape[1] - 1
    for index in range(model.pattern_count[chosen]):
        pattern = model.patterns[chosen, index]
        if pattern & visited == visited:
            open_days |= pattern
            if tuning_free_loads(work):
                continue
            for day in range(days):
                if (pattern >> day) & 1:
                    least = min(least, model.load_factor[pattern, day])
    open_days &= ~visited
    for day in range(days):
        for factor in range(work.best_cost.shape[1]):
            work.best_cost[day, factor] = NEVER
    return open_days, least


@inlined
def tuning_free_loads(work: Workspace) -> bool:
    """Tell that every load counts once, whatever the pattern."""
    return work.best_cost.shape[1] == 2


@compiled
def _try_near(
    model: Model,
    routes: Routes,
    work: Workspace,
    tuning: Tuning,
    task: int,
    open_days: int,
    least_factor: int,
    random: Random,
) -> None:
    """Price the positions on both sides of the nearest neighbours."""
    for index in range(min(tuning.near, model.neighbours.shape[1])):
        other = model.neighbours[task, index]
        days = open_days & routes.visited[other]
        day = 0
        while days:
            if days & 1:
                vehicle = routes.route_of[other, day]
                if model.permitted[model.team[vehicle], task]:
                    at = routes.position_of[other, day]
                    _try(
                        model, routes, work, tuning, task, vehicle, at, at + 2, least_factor, random
                    )
            days >>= 1
            day += 1


@compiled
def _try(
    model: Model,
    routes: Routes,
    work: Workspace,
    tuning: Tuning,
    task: int,
    vehicle: int,
    first: int,
    behind: int,
    least_factor: int,
    random: Random,
) -> None:
    """Price some positions of a route and note the best per load factor."""
    demand, room = model.demand[task], model.capacity[vehicle] - routes.load[vehicle]
    if demand * least_factor > room or routes.length[vehicle] + 1 >= routes.order.shape[1]:
        return
    travel = model.travel[model.mode[vehicle]]
    most = model.limit[vehicle]
    best, place = NEVER, -1
    for position in range(first, behind):
        # Blinking: the gap to the next overlooked position is drawn instead of each position.
        if work.counts[UNBLINKING] == 0:
            gap = math.log(uniform(random) + 1e-300) / math.log(1.0 - tuning.blink)
            work.counts[UNBLINKING] = int(gap)
            continue
        work.counts[UNBLINKING] -= 1
        cost = with_task(travel, model, routes, vehicle, position, task)
        if cost < best:
            best, place = cost, position
    if best > most:
        return
    price = best - routes.cost[vehicle]
    if tuning.balance > 0:
        hours = routes.hours[model.team[vehicle]]
        after = hours + price
        price += int(tuning.balance * (after * after - hours * hours) / tuning.usual_hours)
    day = model.day[vehicle]
    for factor in range(least_factor, work.best_cost.shape[1]):
        if demand * factor > room:
            break
        if price < work.best_cost[day, factor]:
            work.best_cost[day, factor] = price
            work.best_vehicle[day, factor] = vehicle
            work.best_position[day, factor] = place


@compiled
def _put_by_pattern(
    model: Model, routes: Routes, work: Workspace, tuning: Tuning, task: int
) -> None:
    chosen, visited = model.pattern_set[task], routes.visited[task]
    days = model.load_factor.shape[1]
    least, best_days, best_pattern = debt(model, task, visited), 0, 0
    for index in range(model.pattern_count[chosen]):
        pattern = model.patterns[chosen, index]
        if pattern & visited != visited:
            continue
        cost, put, whole = 0, 0, True
        for day in range(days):
            if not ((pattern & ~visited) >> day) & 1:
                continue
            price = work.best_cost[day, model.load_factor[pattern, day]]
            if price < NEVER:
                cost += price
                put |= 1 << day
            else:
                whole = False
        cost += debt(model, task, visited | put)
        if cost < least and (whole or not tuning.whole_only):
            least, best_days, best_pattern = cost, put, pattern
    for day in range(days):
        if (best_days >> day) & 1:
            _insert(model, routes, work, task, day, model.load_factor[best_pattern, day])


@compiled
def _insert(
    model: Model, routes: Routes, work: Workspace, task: int, day: int, factor: int
) -> None:
    vehicle, place = work.best_vehicle[day, factor], work.best_position[day, factor]
    touch(routes, work, vehicle)
    for position in range(routes.length[vehicle], place, -1):
        routes.order[vehicle, position] = routes.order[vehicle, position - 1]
        for way in range(2):
            routes.finish[vehicle, position, way] = routes.finish[vehicle, position - 1, way]
    routes.order[vehicle, place] = task
    routes.length[vehicle] += 1
    routes.load[vehicle] += model.demand[task] * factor
    routes.route_of[task, day] = vehicle
    routes.visited[task] |= 1 << day
    refresh(model, routes, vehicle, place, place)
