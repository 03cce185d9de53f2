"""Compiled: ways over other places, greatest flows, and what a set of nodes asks for."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gis.routing.cuts.values import Bools, Costs, Floats, Ints
from gis.routing.engine.compiled import compiled

# Flows are whole numbers: capacities times this.
SCALE = 1_000_000
WITHOUT_LIMIT = 1 << 50


class Flow(NamedTuple):
    """An undirected graph as arcs both ways, sorted by tail, and notes of the search for a flow.

    ``free`` is what may still flow along an arc; ``mate`` its arc in the other direction.
    """

    first: Ints
    head: Ints
    mate: Ints
    free: Ints
    level: Ints
    turn: Ints
    queue: Ints
    path: Ints


class Statement(NamedTuple):
    """Services and trips as the compiled functions read them.

    ``at`` lists the services at each node from ``first`` on; ``group`` is which crews a service
    allows: a row of ``allowed``. ``toll`` has a row per home. ``travel`` is what all trips
    together need at least beside their services where time is the load.
    """

    first: Ints
    at: Ints
    start: Ints
    end: Ints
    load: Floats
    times: Ints
    group: Ints
    allowed: Bools
    home: Ints
    home_row: Ints
    capacity: Floats
    count: Ints
    toll: Floats
    travel: Floats


class Notes(NamedTuple):
    """Room for notes about one set; ``stamp`` tells which are of the present one."""

    stamp: Ints
    node: Ints
    service: Ints
    here: Bools
    barred: Bools
    met: Bools
    nearest: Floats
    room: Floats
    rooms: Ints


@compiled
def direct_pairs(least: Costs, nearest: Ints, found: Ints) -> int:
    """Write the pairs whose way does not lead over a third place; return how many there are."""
    count, number = len(least), 0
    for one in range(count):
        for other in range(one + 1, count):
            cost = np.int64(least[one, other])
            if cost >= 1 << 29:
                continue
            direct = True
            for index in range(nearest.shape[1]):
                via = nearest[one, index]
                if via not in (one, other) and np.int64(least[one, via]) + least[via, other] <= cost:
                    direct = False
                    break
                via = nearest[other, index]
                if via not in (one, other) and np.int64(least[one, via]) + least[via, other] <= cost:
                    direct = False
                    break
            if direct:
                for via in range(count):
                    if via not in (one, other) and (
                        np.int64(least[one, via]) + least[other, via] <= cost
                    ):
                        direct = False
                        break
            if direct:
                if number < len(found):
                    found[number, 0] = one
                    found[number, 1] = other
                number += 1
    return number


@compiled
def _levels(graph: Flow, source: int, sink: int) -> bool:
    """Number the nodes by their distance from the source; tell whether the sink is reached."""
    for node in range(len(graph.level)):
        graph.level[node] = -1
    graph.level[source] = 0
    graph.queue[0] = source
    read, write = 0, 1
    while read < write:
        node = graph.queue[read]
        read += 1
        for arc in range(graph.first[node], graph.first[node + 1]):
            head = graph.head[arc]
            if graph.free[arc] > 0 and graph.level[head] < 0:
                graph.level[head] = graph.level[node] + 1
                graph.queue[write] = head
                write += 1
    return bool(graph.level[sink] >= 0)


@compiled
def _push(graph: Flow, source: int, sink: int, most: int) -> int:
    """Fill the ways along rising levels; return how much flows along them, up to ``most``."""
    total = 0
    for node in range(len(graph.turn)):
        graph.turn[node] = graph.first[node]
    node, depth = source, 0
    while True:
        if node == sink:
            flow = most - total
            for index in range(depth):
                flow = min(flow, graph.free[graph.path[index]])
            back = depth
            for index in range(depth - 1, -1, -1):
                arc = graph.path[index]
                graph.free[arc] -= flow
                graph.free[graph.mate[arc]] += flow
                if graph.free[arc] == 0:
                    back = index
            total += flow
            if total >= most:
                return total
            depth = back
            node = graph.head[graph.mate[graph.path[back]]]
            continue
        while graph.turn[node] < graph.first[node + 1]:
            arc = graph.turn[node]
            if graph.free[arc] > 0 and graph.level[graph.head[arc]] == graph.level[node] + 1:
                break
            graph.turn[node] += 1
        if graph.turn[node] < graph.first[node + 1]:
            graph.path[depth] = graph.turn[node]
            depth += 1
            node = graph.head[graph.turn[node]]
        elif depth == 0:
            return total
        else:
            graph.level[node] = -2
            depth -= 1
            node = graph.head[graph.mate[graph.path[depth]]]


@compiled
def greatest_flow(graph: Flow, source: int, sink: int, most: int) -> int:
    """Return the greatest flow, but stop at ``most``; below it, levels from 0 on are its cut."""
    total = 0
    while total < most and _levels(graph, source, sink):
        total += _push(graph, source, sink, most - total)
    return total


@compiled
def reach_back(graph: Flow, sink: int) -> None:
    """Set levels from 0 on where something could still flow to the sink."""
    for node in range(len(graph.level)):
        graph.level[node] = -1
    graph.level[sink] = 0
    graph.queue[0] = sink
    read, write = 0, 1
    while read < write:
        node = graph.queue[read]
        read += 1
        for arc in range(graph.first[node], graph.first[node + 1]):
            head = graph.head[arc]
            if graph.free[graph.mate[arc]] > 0 and graph.level[head] < 0:
                graph.level[head] = 0
                graph.queue[write] = head
                write += 1


@compiled
def crossings(statement: Statement, notes: Notes, members: Ints, first: int, behind: int) -> int:
    """Return how often the border of a set must be crossed without serving.

    Closed trips cross it an even number of times in all. Services that only trips from outside may
    do need trips by their load (a trip has its capacity less the way there and back) and by their
    visits, one a trip; each of these trips crosses twice. Trips for everything must have room for
    the least travel of all as well.
    """
    notes.stamp[0] += 1
    stamp = notes.stamp[0]
    any_home = False
    for index in range(first, behind):
        notes.node[members[index]] = stamp
    for kind in range(len(statement.home)):
        notes.here[kind] = False
        if notes.node[statement.home[kind]] == stamp:
            notes.here[kind] = True
            any_home = True
    for group in range(len(statement.allowed)):
        notes.met[group] = False
        notes.barred[group] = False
        if any_home:
            for kind in range(len(statement.home)):
                if notes.here[kind] and statement.allowed[group, kind]:
                    notes.barred[group] = True
                    break
    served, visits, load, counted = 0, 0, 0.0, 0
    for row in range(len(notes.nearest)):
        notes.nearest[row] = np.inf
    for index in range(first, behind):
        node = members[index]
        for entry in range(statement.first[node], statement.first[node + 1]):
            service = statement.at[entry]
            if notes.service[service] == stamp:
                continue
            notes.service[service] = stamp
            start, end = statement.start[service], statement.end[service]
            if (notes.node[start] == stamp) != (notes.node[end] == stamp):
                served += statement.times[service]
            group = statement.group[service]
            if notes.barred[group]:
                continue
            counted += 1
            visits = max(visits, statement.times[service])
            load += statement.load[service]
            notes.met[group] = True
            for row in range(len(notes.nearest)):
                nearer = min(statement.toll[row, start], statement.toll[row, end])
                notes.nearest[row] = min(notes.nearest[row], nearer)
    least = served % 2
    if counted > 0:
        for index in range(first, behind):
            for row in range(len(notes.nearest)):
                toll = statement.toll[row, members[index]]
                notes.nearest[row] = min(notes.nearest[row], toll)
        # A hair less load, so that rounding never asks for one trip too many.
        trips = max(visits, _trips(statement, notes, load * (1 - 1e-12) - 1e-9, 2.0))
        if counted == len(statement.start):
            load += statement.travel[0]
            trips = max(trips, _trips(statement, notes, load * (1 - 1e-9) - 1e-9, 0.0))
        least = max(least, 2 * trips - served)
    return least + (least + served) % 2


@compiled
def _trips(statement: Statement, notes: Notes, load: float, tolls: float) -> int:
    """Return how many trips of those able to must come for a load, the roomiest first.

    So many tolls are taken from the room of each.
    """
    kinds = 0
    for kind in range(len(statement.home)):
        able = False
        for group in range(len(statement.allowed)):
            if notes.met[group] and statement.allowed[group, kind]:
                able = True
                break
        if not able:
            continue
        room = statement.capacity[kind]
        if tolls > 0:
            room = max(0.0, room - tolls * notes.nearest[statement.home_row[kind]])
        place = kinds
        while place > 0 and notes.room[place - 1] < room:
            notes.room[place] = notes.room[place - 1]
            notes.rooms[place] = notes.rooms[place - 1]
            place -= 1
        notes.room[place] = room
        notes.rooms[place] = statement.count[kind]
        kinds += 1
    trips, carried = 0, 0.0
    for place in range(kinds):
        for _ in range(notes.rooms[place]):
            trips += 1
            carried += notes.room[place]
            if carried >= load:
                return trips
    return trips


@compiled
def price(
    statement: Statement, notes: Notes, graph: Flow, used: Floats, members: Ints, begin: Ints,
    least: Ints, crossed: Floats,
) -> None:
    """Write for each set how often its border must be crossed, and how often it is now.

    The nodes of set i are ``members`` from ``begin[i]`` to ``begin[i + 1]``.
    """
    for number in range(len(least)):
        first, behind = begin[number], begin[number + 1]
        least[number] = crossings(statement, notes, members, first, behind)
        stamp, total = notes.stamp[0], 0.0
        for index in range(first, behind):
            node = members[index]
            for arc in range(graph.first[node], graph.first[node + 1]):
                if notes.node[graph.head[arc]] != stamp:
                    total += used[arc]
        crossed[number] = total
