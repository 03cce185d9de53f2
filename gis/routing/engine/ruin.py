"""Compiled: take strings of neighbouring tasks out of routes (ruin), and undo an iteration."""

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.directions import below, refresh, uniform
from gis.routing.engine.model import Model, Routes
from gis.routing.engine.workspace import ABSENT, MISSING, TOUCHED, Random, Tuning, Workspace

_PICKS = 50
_NEAR_WHOLE = 10
_MOST_WHOLE = 4
_LONGEST_KEPT = 30


@inlined
def visit_count(mask: int) -> int:
    """Return the number of days in a mask."""
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@inlined
def debt(model: Model, task: int, visited: int) -> int:
    """Return what a task costs beyond its routes: missing visits and unloved combinations."""
    missing = model.times[task] - visit_count(visited)
    return model.worth[task] * missing + model.uneasiness[model.pattern_set[task], visited]


@inlined
def note_hours(routes: Routes, work: Workspace) -> None:
    """Note the teams' hours before an iteration."""
    for team in range(len(routes.hours)):
        work.old_hours[team] = routes.hours[team]


@inlined
def touch(routes: Routes, work: Workspace, vehicle: int) -> None:
    """Note a route as it is, before its first change in this iteration."""
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


@inlined
def undo(model: Model, routes: Routes, work: Workspace) -> None:
    """Bring back every touched route."""
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
    for team in range(len(routes.hours)):
        routes.hours[team] = work.old_hours[team]


@inlined
def set_aside(routes: Routes, work: Workspace, task: int) -> None:
    """Note a task as one to be put back."""
    if not work.is_absent[task]:
        work.is_absent[task] = True
        work.old_visited[task] = routes.visited[task]
        work.absent[work.counts[ABSENT]] = task
        work.counts[ABSENT] += 1


@inlined
def ruin(model: Model, routes: Routes, work: Workspace, tuning: Tuning, random: Random) -> None:
    """Take tasks out around a random place; the routes are up to date afterwards."""
    note_hours(routes, work)
    seed = _seed(model, routes, work, random)
    _set_missing_aside(model, routes, work, tuning, seed)
    _take_strings(model, routes, work, tuning, seed, random)
    in_strings = work.counts[ABSENT]
    if tuning.whole_share > 0 and uniform(random) < tuning.whole_share:
        for _ in range(1 + below(random, _MOST_WHOLE)):
            task = below(random, len(model.ends))
            if uniform(random) < 0.5 and model.neighbours.shape[1] > 0:
                near = min(_NEAR_WHOLE, model.neighbours.shape[1])
                task = model.neighbours[seed, below(random, near)]
            set_aside(routes, work, task)
    for index in range(work.counts[ABSENT]):
        # Without this a task visited twice could never change both of its days.
        task = work.absent[index]
        whole = index >= in_strings or tuning.whole_only
        if routes.visited[task] != 0 and (whole or uniform(random) < 0.5):
            _take_all(model, routes, work, task)
    refresh_touched(model, routes, work)


@compiled
def refresh_touched(model: Model, routes: Routes, work: Workspace) -> None:
    """Bring the touched routes up to date after tasks were taken out."""
    for index in range(work.counts[TOUCHED]):
        vehicle = work.touched_vehicles[index]
        refresh(model, routes, vehicle, 0, routes.length[vehicle])


@inlined
def _seed(model: Model, routes: Routes, work: Workspace, random: Random) -> int:
    """Choose the centre: any task, or every other time one with missing visits."""
    seed = below(random, len(model.ends))
    if work.score[MISSING] > 0 and uniform(random) < 0.5:
        for _ in range(_PICKS):
            if visit_count(routes.visited[seed]) < model.times[seed]:
                break
            seed = below(random, len(model.ends))
    return seed


@inlined
def _set_missing_aside(
    model: Model, routes: Routes, work: Workspace, tuning: Tuning, seed: int
) -> None:
    """Take up tasks with missing visits near the centre, so that they are tried again.

    Only a few: in an overloaded week trying all would slow the search a thousandfold.
    """
    if work.score[MISSING] <= 0:
        return
    for index in range(-1, model.neighbours.shape[1]):
        if work.counts[ABSENT] >= tuning.retried:
            return
        task = seed
        if index >= 0:
            task = model.neighbours[seed, index]
        if visit_count(routes.visited[task]) < model.times[task]:
            set_aside(routes, work, task)


@inlined
def _take_strings(
    model: Model, routes: Routes, work: Workspace, tuning: Tuning, seed: int, random: Random
) -> None:
    """Take one string out of each of several routes passing near the centre."""
    used, served = 0, 0
    for vehicle in range(len(model.start)):
        work.ruined[vehicle] = False
        if routes.length[vehicle] > 0:
            used += 1
            served += routes.length[vehicle]
    longest = min(float(tuning.longest_string), served / max(used, 1))
    most = 4.0 * tuning.removals / (1.0 + longest) - 1.0
    strings = int(uniform(random) * most + 1.0)
    days = model.load_factor.shape[1]
    any_day = days > 1 and uniform(random) < 0.5
    day = 0
    if days > 1:
        day = _visited_day(routes, seed, days, random)
        if day < 0:
            day = below(random, days)
    for index in range(-1, model.neighbours.shape[1]):
        if strings <= 0:
            break
        task = seed
        if index >= 0:
            task = model.neighbours[seed, index]
        if any_day:
            day = _visited_day(routes, task, days, random)
            if day < 0:
                continue
        vehicle = routes.route_of[task, day]
        if vehicle >= 0 and not work.ruined[vehicle]:
            work.ruined[vehicle] = True
            strings -= 1
            _take_string(model, routes, work, vehicle, task, longest, random)


@inlined
def _visited_day(routes: Routes, task: int, days: int, random: Random) -> int:
    """Return a random day on which a task is served, -1 when there is none."""
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
def _take_string(
    model: Model,
    routes: Routes,
    work: Workspace,
    vehicle: int,
    task: int,
    longest: float,
    random: Random,
) -> None:
    """Take out a string around a task, every other time leaving some of its middle."""
    length = routes.length[vehicle]
    taken = min(int(uniform(random) * min(float(length), longest) + 1.0), length)
    kept = 0
    if 1 < taken < length and uniform(random) < 0.5:
        kept = 1
        while taken + kept < length and kept < _LONGEST_KEPT and uniform(random) > 0.01:
            kept += 1
    position = routes.position_of[task, model.day[vehicle]]
    span = taken + kept
    lowest = max(0, position - span + 1)
    highest = min(position, length - span)
    first = lowest + below(random, highest - lowest + 1)
    kept_from = first + below(random, taken + 1)
    touch(routes, work, vehicle)
    write = first
    for read in range(first, length):
        task = routes.order[vehicle, read]
        if read >= first + span or kept_from <= read < kept_from + kept:
            routes.order[vehicle, write] = task
            write += 1
        else:
            set_aside(routes, work, task)
            _forget(model, routes, work, vehicle, task)
    routes.length[vehicle] = write


@inlined
def _forget(model: Model, routes: Routes, work: Workspace, vehicle: int, task: int) -> None:
    """Remove a visit from everything but the order of its route."""
    day = model.day[vehicle]
    routes.route_of[task, day] = -1
    routes.visited[task] &= ~(1 << day)
    factor = model.load_factor[work.old_visited[task], day]
    routes.load[vehicle] -= model.demand[task] * factor


@inlined
def _take_all(model: Model, routes: Routes, work: Workspace, task: int) -> None:
    """Take out every visit of a task already set aside."""
    for day in range(model.load_factor.shape[1]):
        vehicle = routes.route_of[task, day]
        if vehicle < 0:
            continue
        touch(routes, work, vehicle)
        write = 0
        for read in range(routes.length[vehicle]):
            if routes.order[vehicle, read] != task:
                routes.order[vehicle, write] = routes.order[vehicle, read]
                write += 1
        routes.length[vehicle] = write
        _forget(model, routes, work, vehicle, task)
