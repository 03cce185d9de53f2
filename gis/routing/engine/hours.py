"""Compiled: routes that wait for windows to open, with the break on the way."""

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.model import DAY_S, NEVER, Indices, Model


@compiled
def timed_cost(
    model: Model, vehicle: int, order: Indices, length: int, place: int, extra: int
) -> int:
    """Return travel, waiting and service of a route in its best directions; cost: one pass.

    A task ``extra`` is put in at a place; place -1 means none. There are four states a visit: the
    least seconds at which it ends, by direction and by whether the break is still to come. Both
    kinds are kept: who ends a minute too early for the break may lose it to waiting.
    """
    travel, ends, clocks = model.travel[model.mode[vehicle]], model.ends, model.clocks
    break_at, break_s = int(clocks.break_at[vehicle]), int(clocks.break_s[vehicle])
    # At home both directions are one.
    fresh, fresh_back, rested, rested_back = 0, NEVER, NEVER, NEVER
    here, here_back = int(model.start[vehicle]), int(model.start[vehicle])
    behind = length
    if place >= 0:
        behind += 1
    for index in range(behind):
        task = extra
        if index != place:
            task = order[index - (0 <= place < index)]
        before, before_back, after, after_back = fresh, fresh_back, rested, rested_back
        fresh_back, rested_back = NEVER, NEVER
        for way in range(model.ways[task]):
            entry = ends[task, way]
            leg, leg_back = int(travel[here, entry]), int(travel[here_back, entry])
            early = _ending(model, vehicle, task, way, min(before + leg, before_back + leg_back), 0)
            late = min(after + leg, after_back + leg_back)
            late = _ending(model, vehicle, task, way, late, break_s)
            if early >= break_at:
                early, late = NEVER, min(early, late)
            if way == 0:
                fresh, rested = early, late
            else:
                fresh_back, rested_back = early, late
        here, here_back = int(ends[task, 1]), int(ends[task, 0])
    home = model.end[vehicle]
    forward = min(fresh, rested) + int(travel[here, home])
    return min(forward, min(fresh_back, rested_back) + int(travel[here_back, home]))


@inlined
def _ending(model: Model, vehicle: int, task: int, way: int, arrival: int, break_s: int) -> int:
    """Return when a visit ends, in seconds since leaving without the break."""
    if arrival >= NEVER:
        return NEVER
    begin, slack = arrival, int(model.clocks.slack[task])
    if slack < DAY_S:
        clock = int(model.clocks.leave[vehicle]) + arrival + break_s
        into = (clock - int(model.clocks.opens[task])) % DAY_S
        if into > slack:
            begin += DAY_S - into
    return begin + int(model.service[task, way])
