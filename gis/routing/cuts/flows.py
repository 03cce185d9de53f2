"""Compiled: greatest flows in an undirected graph, and the sides of its least cuts."""

from typing import NamedTuple

from gis.routing.cuts.values import Ints
from gis.routing.engine.compiled import compiled, inlined

# Flows are whole numbers: capacities times this.
SCALE = 1_000_000
WITHOUT_LIMIT = 1 << 50
_DEAD_END = -2


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


@compiled
def greatest_flow(graph: Flow, source: int, sink: int, most: int) -> int:
    """Return the greatest flow, but stop at ``most``; below it, levels from 0 on are its cut."""
    total = 0
    while total < most and _number_levels(graph, source, sink):
        for node in range(len(graph.turn)):
            graph.turn[node] = graph.first[node]
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


@inlined
def _number_levels(graph: Flow, source: int, sink: int) -> bool:
    """Set levels by the distance from the source; tell whether the sink is reached."""
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


@inlined
def _push(graph: Flow, source: int, sink: int, most: int) -> int:
    """Fill the ways along rising levels; return how much flows along them, up to ``most``."""
    total, node, depth = 0, source, 0
    while total < most:
        if node == sink:
            flow, depth = _fill(graph, depth, most - total)
            total += flow
            node = graph.head[graph.mate[graph.path[depth]]]
            continue
        arc = _next_arc(graph, node)
        if arc >= 0:
            graph.path[depth] = arc
            depth += 1
            node = graph.head[arc]
        elif depth == 0:
            break
        else:
            graph.level[node] = _DEAD_END
            depth -= 1
            node = graph.head[graph.mate[graph.path[depth]]]
    return total


@inlined
def _next_arc(graph: Flow, node: int) -> int:
    """Return the next arc of a node that leads to a higher level, -1 when there is none left."""
    found = -1
    while found < 0 and graph.turn[node] < graph.first[node + 1]:
        arc = graph.turn[node]
        if graph.free[arc] > 0 and graph.level[graph.head[arc]] == graph.level[node] + 1:
            found = arc
        else:
            graph.turn[node] += 1
    return found


@inlined
def _fill(graph: Flow, depth: int, most: int) -> tuple[int, int]:
    """Send what fits along the path; return how much, and where the first full arc begins."""
    flow, back = most, 0
    for index in range(depth):
        flow = min(flow, graph.free[graph.path[index]])
    for index in range(depth - 1, -1, -1):
        arc = graph.path[index]
        graph.free[arc] -= flow
        graph.free[graph.mate[arc]] += flow
        if graph.free[arc] == 0:
            back = index
    return flow, back
