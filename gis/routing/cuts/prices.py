"""Compiled: how often the border of a set of nodes must be crossed without serving."""

from typing import NamedTuple

from gis.routing.cuts.values import Bools, Floats, Ints
from gis.routing.engine.compiled import compiled, inlined

_FAR = 1e18
# A hair less load, so that rounding never asks for one trip too many.
_HAIR_SHARE, _HAIR = 1e-9, 1e-6


class Statement(NamedTuple):
    """Services and trips as the compiled functions read them.

    ``listed`` has the services at each node from ``first`` on; ``group`` is which crews a service
    allows: a row of ``allowed``. ``trips`` of each kind exist. ``toll`` has a row per home.
    ``travel`` is what all trips together need at least beside their services where time is the
    load.
    """

    first: Ints
    listed: Ints
    start: Ints
    end: Ints
    load: Floats
    times: Ints
    group: Ints
    allowed: Bools
    home: Ints
    home_row: Ints
    capacity: Floats
    trips: Ints
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


class Sets(NamedTuple):
    """Sets of nodes, and what is written about each.

    The nodes of set i are ``members`` from ``begin[i]`` to ``begin[i + 1]``; its border must be
    crossed ``least`` times and is ``crossed`` now.
    """

    members: Ints
    begin: Ints
    least: Ints
    crossed: Floats


@compiled
def price(statement: Statement, notes: Notes, sets: Sets) -> None:
    """Write for each set how often its border must be crossed.

    Closed trips cross it an even number of times in all. Services that only trips from outside may
    do need trips by their load (a trip has its capacity less the way there and back) and by their
    visits, one a trip; each of these trips crosses twice. Trips for everything must have room for
    the least travel of all as well.
    """
    for number in range(len(sets.least)):
        _mark(notes, sets, number)
        _bar(statement, notes)
        served, counted, visits, load = _tally(statement, notes, sets, number)
        trips = 0
        if counted > 0:
            trips = max(visits, _trips(statement, notes, load, 2.0))
        if counted == len(statement.start):
            trips = max(trips, _trips(statement, notes, load + statement.travel[0], 0.0))
        least = max(served % 2, 2 * trips - served)
        sets.least[number] = least + (least + served) % 2


@compiled
def count_crossings(first: Ints, head: Ints, used: Floats, notes: Notes, sets: Sets) -> None:
    """Write for each set how often its border is crossed over the arcs of a graph."""
    for number in range(len(sets.least)):
        _mark(notes, sets, number)
        total = 0.0
        for index in range(sets.begin[number], sets.begin[number + 1]):
            node = sets.members[index]
            for arc in range(first[node], first[node + 1]):
                # Arcs to the source and the sink of flows are never used.
                if head[arc] >= len(notes.node) or notes.node[head[arc]] != notes.stamp[0]:
                    total += used[arc]
        sets.crossed[number] = total


@inlined
def _mark(notes: Notes, sets: Sets, number: int) -> None:
    """Begin notes about a set."""
    notes.stamp[0] += 1
    for index in range(sets.begin[number], sets.begin[number + 1]):
        notes.node[sets.members[index]] = notes.stamp[0]


@inlined
def _tally(
    statement: Statement, notes: Notes, sets: Sets, number: int
) -> tuple[int, int, int, float]:
    """Return visits across the border; services only outsiders may do, their visits and load."""
    served, counted, visits, load = 0, 0, 0, 0.0
    for row in range(len(notes.nearest)):
        notes.nearest[row] = _FAR
    for index in range(sets.begin[number], sets.begin[number + 1]):
        node = sets.members[index]
        for row in range(len(notes.nearest)):
            notes.nearest[row] = min(notes.nearest[row], statement.toll[row, node])
        for entry in range(statement.first[node], statement.first[node + 1]):
            service = statement.listed[entry]
            if notes.service[service] == notes.stamp[0]:
                continue
            notes.service[service] = notes.stamp[0]
            if _is_across(statement, notes, service):
                served += statement.times[service]
            if not notes.barred[statement.group[service]]:
                counted += 1
                visits = max(visits, statement.times[service])
                load += statement.load[service]
                _meet(statement, notes, service)
    return served, counted, visits, load


@inlined
def _is_across(statement: Statement, notes: Notes, service: int) -> bool:
    one = notes.node[statement.start[service]] == notes.stamp[0]
    other = notes.node[statement.end[service]] == notes.stamp[0]
    return bool(one != other)


@inlined
def _bar(statement: Statement, notes: Notes) -> None:
    """Note which groups of services somebody from inside may do."""
    any_home = False
    for kind in range(len(statement.home)):
        notes.here[kind] = notes.node[statement.home[kind]] == notes.stamp[0]
        any_home |= notes.here[kind]
    for group in range(len(statement.allowed)):
        notes.met[group] = False
        notes.barred[group] = False
        if any_home:
            for kind in range(len(statement.home)):
                notes.barred[group] |= notes.here[kind] and statement.allowed[group, kind]


@inlined
def _meet(statement: Statement, notes: Notes, service: int) -> None:
    """Note the group of a service, and how near to the homes its ends are."""
    notes.met[statement.group[service]] = True
    start, end = statement.start[service], statement.end[service]
    for row in range(len(notes.nearest)):
        nearer = min(statement.toll[row, start], statement.toll[row, end])
        notes.nearest[row] = min(notes.nearest[row], nearer)


@inlined
def _is_able(statement: Statement, notes: Notes, kind: int) -> bool:
    able = False
    for group in range(len(statement.allowed)):
        if notes.met[group] and statement.allowed[group, kind]:
            able = True
            break
    return able


@compiled
def _trips(statement: Statement, notes: Notes, load: float, tolls: float) -> int:
    """Return how many trips of those able to must come for a load, the roomiest first.

    So many tolls are taken from the room of each.
    """
    kinds = 0
    for kind in range(len(statement.home)):
        if _is_able(statement, notes, kind):
            room = statement.capacity[kind]
            if tolls > 0:
                room = max(0.0, room - tolls * notes.nearest[statement.home_row[kind]])
            place = kinds
            while place > 0 and notes.room[place - 1] < room:
                notes.room[place] = notes.room[place - 1]
                notes.rooms[place] = notes.rooms[place - 1]
                place -= 1
            notes.room[place] = room
            notes.rooms[place] = statement.trips[kind]
            kinds += 1
    wanted, trips, carried = load * (1 - _HAIR_SHARE) - _HAIR, 0, 0.0
    for place in range(kinds):
        left = notes.rooms[place]
        while left > 0 and (trips == 0 or carried < wanted):
            trips += 1
            left -= 1
            carried += notes.room[place]
    return trips
