"""Compiled: take strings of neighbouring tasks out of routes (ruin), and undo an iteration."""

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.directions import below, refresh, uniform
from gis.routing.engine.workspace import ABSENT, MISSING, TOUCHED, Search

_PICKS = 50
_NEAR_WHOLE = 10
_MOST_WHOLE = 4
_LONGEST_KEPT = 30
_STOP_KEEPING = 0.01
_FOCUSED = 0.9
# Crews that share a vehicle swap it only when the one that has it loses its whole route.
_HAND_OVER = 0.2


@inlined
def visit_count(mask: int) -> int:
    """Return the number of days in a mask."""
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@inlined
def debt(search: Search, task: int, visited: int) -> int:
    """Return what a task costs beyond its routes: missing visits and unloved combinations."""
    model = search.model
    missing = model.times[task] - visit_count(visited)
    owed: int = model.worth[task] * missing + model.uneasiness[model.pattern_set[task], visited]
    return owed


@inlined
def note_hours(search: Search) -> None:
    """Note the teams' hours before an iteration."""
    routes, work = search.routes, search.work
    for team in range(len(routes.hours)):
        work.old_hours[team] = routes.hours[team]


@inlined
def touch(search: Search, vehicle: int) -> None:
    """Note a route as it is, before its first change in this iteration."""
    routes, work = search.routes, search.work
    if work.touched[vehicle]:
        return
    work.touched[vehicle] = True
    work.touched_vehicles[work.counts[TOUCHED]] = vehicle
    work.counts[TOUCHED] += 1
    for position in range(routes.length[vehicle]):
        work.old_order[vehicle, position] = routes.order[vehicle, position]
        for way in range(2):
            work.old_reach[vehicle, position, way] = routes.reach[vehicle, position, way]
            work.old_finish[vehicle, position, way] = routes.finish[vehicle, position, way]
    work.old_length[vehicle] = routes.length[vehicle]
    work.old_load[vehicle] = routes.load[vehicle]
    work.old_cost[vehicle] = routes.cost[vehicle]
    work.old_timed[vehicle] = routes.timed[vehicle]
    work.old_extra[vehicle] = routes.extra[vehicle]


@inlined
def undo(search: Search) -> None:
    """Bring back every touched route."""
    model, routes, work = search.model, search.routes, search.work
    for index in range(work.counts[TOUCHED]):
        vehicle = work.touched_vehicles[index]
        day = model.day[vehicle]
        for position in range(routes.length[vehicle]):
            task = routes.order[vehicle, position]
            routes.route_of[task, day] = -1
            routes.visited[task] &= ~(1 << day)
    for index in range(work.counts[TOUCHED]):
        vehicle = work.touched_vehicles[index]
        day = model.day[vehicle]
        length = work.old_length[vehicle]
        for position in range(length):
            task = work.old_order[vehicle, position]
            routes.order[vehicle, position] = task
            for way in range(2):
                routes.reach[vehicle, position, way] = work.old_reach[vehicle, position, way]
                routes.finish[vehicle, position, way] = work.old_finish[vehicle, position, way]
            routes.route_of[task, day] = vehicle
            routes.position_of[task, day] = position
            routes.visited[task] |= 1 << day
        routes.length[vehicle] = length
        routes.load[vehicle] = work.old_load[vehicle]
        routes.cost[vehicle] = work.old_cost[vehicle]
        routes.timed[vehicle] = work.old_timed[vehicle]
        routes.extra[vehicle] = work.old_extra[vehicle]
    for team in range(len(routes.hours)):
        routes.hours[team] = work.old_hours[team]


@inlined
def set_aside(search: Search, task: int) -> None:
    """Note a task as one to be put back."""
    routes, work = search.routes, search.work
    if not work.is_absent[task]:
        work.is_absent[task] = True
        work.old_visited[task] = routes.visited[task]
        work.absent[work.counts[ABSENT]] = task
        work.counts[ABSENT] += 1


@inlined
def ruin(search: Search) -> None:
    """Take tasks out around a random place; the routes are up to date afterwards."""
    model, routes, work = search.model, search.routes, search.work
    tuning, random = search.tuning, search.random
    note_hours(search)
    seed = _seed(search)
    _set_missing_aside(search, seed)
    _take_strings(search, seed)
    in_strings = work.counts[ABSENT]
    if tuning.whole_share > 0 and uniform(random) < tuning.whole_share:
        for _ in range(1 + below(random, _MOST_WHOLE)):
            task = below(random, len(model.ends))
            if uniform(random) < 0.5 and model.neighbours.shape[1] > 0:
                near = min(_NEAR_WHOLE, model.neighbours.shape[1])
                task = model.neighbours[seed, below(random, near)]
            set_aside(search, task)
    for index in range(work.counts[ABSENT]):
        # Without this a task visited twice could never change both of its days.
        task = work.absent[index]
        whole = index >= in_strings or tuning.whole_only
        if routes.visited[task] != 0 and (whole or uniform(random) < 0.5):
            _take_all(search, task)
    refresh_touched(search)


@compiled
def refresh_touched(search: Search) -> None:
    """Bring the touched routes up to date after tasks were taken out."""
    routes, work = search.routes, search.work
    for index in range(work.counts[TOUCHED]):
        vehicle = work.touched_vehicles[index]
        refresh(search, vehicle, 0, routes.length[vehicle])


@inlined
def _seed(search: Search) -> int:
    """Choose the centre: any task, or every other time one with missing visits."""
    model, routes, work, random = search.model, search.routes, search.work, search.random
    focus = model.usual.focus
    if len(focus) > 0 and uniform(random) < _FOCUSED:
        return int(focus[below(random, len(focus))])
    seed = below(random, len(model.ends))
    if work.score[MISSING] > 0 and uniform(random) < 0.5:
        for _ in range(_PICKS):
            if visit_count(routes.visited[seed]) < model.times[seed]:
                break
            seed = below(random, len(model.ends))
    return seed


@inlined
def _set_missing_aside(search: Search, seed: int) -> None:
    """Take up tasks with missing visits near the centre, so that they are tried again.

    Only a few: in an overloaded week trying all would slow the search a thousandfold.
    """
    model, routes, work, tuning = search.model, search.routes, search.work, search.tuning
    if work.score[MISSING] <= 0:
        return
    for index in range(-1, model.neighbours.shape[1]):
        if work.counts[ABSENT] >= tuning.retried:
            return
        task = seed
        if index >= 0:
            task = model.neighbours[seed, index]
        if visit_count(routes.visited[task]) < model.times[task]:
            set_aside(search, task)


@inlined
def _take_strings(search: Search, seed: int) -> None:
    """Take one string out of each of several routes passing near the centre."""
    model, routes, work, random = search.model, search.routes, search.work, search.random
    longest = _longest_string(search)
    most = 4.0 * search.tuning.removals / (1.0 + longest) - 1.0
    strings = int(uniform(random) * most + 1.0)
    days = model.load_factor.shape[1]
    # Every other time the strings come from one day, else each from a day of its own.
    any_day = days > 1 and uniform(random) < 0.5
    day = _visited_day(search, seed, days)
    if day < 0:
        day = below(random, days)
    for index in range(-1, model.neighbours.shape[1]):
        if strings <= 0:
            break
        task = seed
        if index >= 0:
            task = model.neighbours[seed, index]
        if any_day:
            day = _visited_day(search, task, days)
        vehicle = -1
        if day >= 0:
            vehicle = routes.route_of[task, day]
        if vehicle >= 0 and not work.ruined[vehicle]:
            work.ruined[vehicle] = True
            strings -= 1
            _take_string(search, vehicle, task, longest)


@inlined
def _longest_string(search: Search) -> float:
    """Return the longest string to take: never more than a route has on average."""
    routes, work = search.routes, search.work
    used, served = 0, 0
    for vehicle in range(len(routes.length)):
        work.ruined[vehicle] = False
        if routes.length[vehicle] > 0:
            used += 1
            served += routes.length[vehicle]
    return min(float(search.tuning.longest_string), served / max(used, 1))


@inlined
def _visited_day(search: Search, task: int, days: int) -> int:
    """Return a random day on which a task is served, -1 when there is none."""
    routes, random = search.routes, search.random
    mask = routes.visited[task]
    if mask == 0:
        return -1
    choice = below(random, visit_count(mask))
    for day in range(days):
        if (mask >> day) & 1:
            if choice == 0:
                return day
            choice -= 1
    return -1


@inlined
def _take_string(search: Search, vehicle: int, task: int, longest: float) -> None:
    """Take out a string around a task, every other time leaving some of its middle."""
    model, routes, random = search.model, search.routes, search.random
    length = routes.length[vehicle]
    taken = min(int(uniform(random) * min(float(length), longest) + 1.0), length)
    if model.shares[vehicle] != vehicle and uniform(random) < _HAND_OVER:
        taken = length
    kept = 0
    if 1 < taken < length and uniform(random) < 0.5:
        # Nearly always all that remains of the route is kept: two strings with a gap between.
        kept = 1
        while taken + kept < length and kept < _LONGEST_KEPT and uniform(random) > _STOP_KEEPING:
            kept += 1
    position = routes.position_of[task, model.day[vehicle]]
    span = taken + kept
    lowest = max(0, position - span + 1)
    highest = min(position, length - span)
    first = lowest + below(random, highest - lowest + 1)
    kept_from = first + below(random, taken + 1)
    touch(search, vehicle)
    write = first
    for read in range(first, length):
        task = routes.order[vehicle, read]
        if read >= first + span or kept_from <= read < kept_from + kept:
            routes.order[vehicle, write] = task
            write += 1
        else:
            set_aside(search, task)
            _forget(search, vehicle, task)
    routes.length[vehicle] = write


@inlined
def _forget(search: Search, vehicle: int, task: int) -> None:
    """Remove a visit from everything but the order of its route."""
    model, routes, work = search.model, search.routes, search.work
    day = model.day[vehicle]
    routes.route_of[task, day] = -1
    routes.visited[task] &= ~(1 << day)
    factor = model.load_factor[work.old_visited[task], day]
    routes.load[vehicle] -= model.demand[task] * factor


@inlined
def _take_all(search: Search, task: int) -> None:
    """Take out every visit of a task already set aside."""
    model, routes = search.model, search.routes
    for day in range(model.load_factor.shape[1]):
        vehicle = routes.route_of[task, day]
        if vehicle < 0:
            continue
        touch(search, vehicle)
        write = 0
        for read in range(routes.length[vehicle]):
            if routes.order[vehicle, read] != task:
                routes.order[vehicle, write] = routes.order[vehicle, read]
                write += 1
        routes.length[vehicle] = write
        _forget(search, vehicle, task)
