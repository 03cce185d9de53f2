"""Compiled: put absent tasks back where they cost least (recreate), and anneal."""

import math

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.directions import refresh, uniform, with_task
from gis.routing.engine.model import NEVER, Model, Routes
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
    STAMP,
    TOUCHED,
    UNBLINKING,
    Best,
    Cooling,
    Random,
    Tuning,
    Workspace,
)

_SECONDS_PER_DEMAND = 1e-3
# Looking at every position now and then finds what the neighbours hide.
_LOOK_EVERYWHERE = 0.002
_FEW_MISSING = 3
_LEAST_GAIN = 1e-6
_FIRST_BLINK = 100


@compiled
def anneal(
    model: Model,
    routes: Routes,
    best: Best,
    work: Workspace,
    tuning: Tuning,
    cooling: Cooling,
    random: Random,
) -> int:
    """Run some iterations; return how many found a better solution than any before.

    Iteration -1 puts in everything that finds room, dearest tasks first, and sets the scores. The
    temperature of iteration i is ``hot * exp(rate * i / total)``: it depends on how far the whole
    search is, and not on how it was cut into calls.
    """
    improvements = 0
    for iteration in range(cooling.done, cooling.done + cooling.rounds):
        first = iteration < 0
        if first:
            _set_all_aside(model, routes, work)
        else:
            ruin(model, routes, work, tuning, random)
            _sort_keys(model, work, tuning, random)
        everywhere = first or tuning.everywhere
        if not everywhere and work.score[MISSING] < _FEW_MISSING:
            everywhere = uniform(random) < _LOOK_EVERYWHERE
        _sort_absent(work)
        for index in range(work.counts[ABSENT]):
            _put_task(model, routes, work, tuning, everywhere, work.absent[index], random)
        if first:
            _set_scores(model, routes, work, tuning)
        else:
            share = cooling.cycles * iteration / cooling.total
            temperature = cooling.hot * math.exp(cooling.rate * (share - math.floor(share)))
            if not _accept(model, routes, work, tuning, temperature, random):
                undo(model, routes, work)
        if work.score[CURRENT] < work.score[BEST] - _LEAST_GAIN and (
            not tuning.complete_only or work.score[MISSING] == 0
        ):
            work.score[BEST] = work.score[CURRENT]
            improvements += 1
            _keep(routes, best)
        _forget_notes(work)
    return improvements


@inlined
def _set_all_aside(model: Model, routes: Routes, work: Workspace) -> None:
    """Take up every task with missing visits; bring routes that were given up to date."""
    note_hours(routes, work)
    work.counts[UNBLINKING] = _FIRST_BLINK
    for vehicle in range(len(model.start)):
        touch(routes, work, vehicle)
    refresh_touched(model, routes, work)
    for task in range(len(model.ends)):
        if visit_count(routes.visited[task]) < model.times[task]:
            set_aside(routes, work, task)
            work.sort_key[work.counts[ABSENT] - 1] = -float(model.worth[task])


@inlined
def _set_scores(model: Model, routes: Routes, work: Workspace, tuning: Tuning) -> None:
    total, owed, missing = 0, 0, 0
    for vehicle in range(len(model.start)):
        total += routes.cost[vehicle]
    for task in range(len(model.ends)):
        owed += debt(model, task, routes.visited[task])
        missing += model.times[task] - visit_count(routes.visited[task])
    work.score[CURRENT] = float(total + owed) + _imbalance(routes, tuning)
    work.score[BEST] = math.inf
    work.score[MISSING] = float(missing)


@inlined
def _keep(routes: Routes, best: Best) -> None:
    for vehicle in range(len(routes.length)):
        best.length[vehicle] = routes.length[vehicle]
        for position in range(routes.length[vehicle]):
            best.order[vehicle, position] = routes.order[vehicle, position]


@inlined
def _forget_notes(work: Workspace) -> None:
    for index in range(work.counts[ABSENT]):
        work.is_absent[work.absent[index]] = False
    for index in range(work.counts[TOUCHED]):
        work.touched[work.touched_vehicles[index]] = False
    work.counts[ABSENT] = 0
    work.counts[TOUCHED] = 0


@inlined
def _imbalance(routes: Routes, tuning: Tuning) -> float:
    total = 0.0
    if tuning.balance > 0:
        for team in range(len(routes.hours)):
            total += routes.hours[team] * routes.hours[team]
        total *= tuning.balance / tuning.usual_hours
    return total


@inlined
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
    work.score[MISSING] += float(missing)
    return True


@inlined
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


@inlined
def _sort_absent(work: Workspace) -> None:
    """Sort by insertion: nearly always there are few."""
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
    count = _candidates(model, routes, work, tuning, everywhere, task, open_days)
    for index in range(count):
        vehicle, place = work.try_vehicle[index], work.try_position[index]
        behind = place + 2
        if place < 0:
            place, behind = 0, routes.length[vehicle] + 1
        _try(model, routes, work, tuning, task, vehicle, place, behind, least_factor, random)
    _put_by_pattern(model, routes, work, tuning, task)


@inlined
def _candidates(
    model: Model,
    routes: Routes,
    work: Workspace,
    tuning: Tuning,
    everywhere: bool,
    task: int,
    open_days: int,
) -> int:
    """List the places to try: beside the nearest neighbours or everywhere, and empty routes."""
    count = 0
    if not everywhere:
        for index in range(min(tuning.near, model.neighbours.shape[1])):
            other = model.neighbours[task, index]
            days, day = open_days & routes.visited[other], 0
            while days:
                if days & 1:
                    vehicle = routes.route_of[other, day]
                    if model.permitted[model.team[vehicle], task]:
                        work.try_vehicle[count] = vehicle
                        work.try_position[count] = routes.position_of[other, day]
                        count += 1
                days >>= 1
                day += 1
    work.counts[STAMP] += 1
    for vehicle in range(len(model.start)):
        if routes.length[vehicle] == 0:
            if work.tried_twin[model.twin[vehicle]] == work.counts[STAMP]:
                continue
            work.tried_twin[model.twin[vehicle]] = work.counts[STAMP]
        elif not everywhere:
            continue
        on_day = (open_days >> model.day[vehicle]) & 1
        if on_day and model.permitted[model.team[vehicle], task]:
            work.try_vehicle[count] = vehicle
            work.try_position[count] = -1
            count += 1
    return count


@inlined
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


@inlined
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


@inlined
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


@inlined
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
