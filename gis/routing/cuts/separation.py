"""Sets of nodes whose border is crossed too rarely in an answer of the programme."""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gis.routing.cuts.flows import SCALE, WITHOUT_LIMIT, Flow, greatest_flow, reach_back
from gis.routing.cuts.prices import Notes, Sets, Statement, count_crossings, price
from gis.routing.cuts.values import Bools, Floats, Ints, Network, Services, Trips

# Edges used at least so often join their ends when sets are looked for in a fractional answer.
THRESHOLDS = (1e-6, 0.1, 0.2, 0.26, 0.34, 0.4, 0.51, 0.6, 0.67, 0.76, 0.9, 0.99)
# The same with services counted as crossings.
CROSSED_IN_ALL = (1.01, 1.26, 1.51, 1.76, 1.99, 2.01, 2.5, 2.99, 3.01, 3.99, 4.01, 5.99)
UNUSED = 1e-7
FLOWS_PER_ROUND = 4
LOAD_FACTORS = (1.0, 1.6, 0.5)
# Flows are rounded: a cut this near to what is asked for is not looked at.
ENOUGH = SCALE - SCALE // 10_000


def statement_of(services: Services, trips: Trips, *, nodes: int) -> Statement:
    """Return services and trips as the compiled functions read them."""
    count = len(services.start)
    tail = np.concatenate([services.start, services.end])
    order = np.argsort(tail, kind="stable")
    allowed, group = np.unique(services.allowed, axis=0, return_inverse=True)
    homes, home_row = np.unique(trips.home, return_inverse=True)
    toll = np.zeros((len(homes), nodes))
    toll[home_row] = trips.toll
    return Statement(
        np.searchsorted(tail[order], np.arange(nodes + 1)).astype(np.int64),
        np.tile(np.arange(count), 2)[order],
        services.start.astype(np.int64),
        services.end.astype(np.int64),
        services.load.astype(np.float64),
        services.times.astype(np.int64),
        group.ravel().astype(np.int64),
        np.ascontiguousarray(allowed),
        trips.home.astype(np.int64),
        home_row.ravel().astype(np.int64),
        trips.capacity.astype(np.float64),
        trips.count.astype(np.int64),
        toll,
        np.zeros(1),
    )


def notes_of(statement: Statement) -> Notes:
    """Return room for the notes about sets."""
    kinds, groups = len(statement.home), len(statement.allowed)
    return Notes(
        np.zeros(1, dtype=np.int64),
        np.zeros(len(statement.first) - 1, dtype=np.int64),
        np.zeros(len(statement.start), dtype=np.int64),
        np.zeros(kinds, dtype=bool),
        np.zeros(groups, dtype=bool),
        np.zeros(groups, dtype=bool),
        np.zeros(len(statement.toll)),
        np.zeros(kinds),
        np.zeros(kinds, dtype=np.int64),
    )


class Separation:
    """One answer of the programme, and the sets it may violate.

    The graph has the edges in use, the services, an arc from a source to every node and from every
    home to a sink; each kind of set gives them capacities of its own.
    """

    def __init__(
        self, network: Network, statement: Statement, *, notes: Notes, used: Floats
    ) -> None:
        self._statement, self._notes = statement, notes
        self._nodes = network.nodes
        in_use = np.flatnonzero(used > UNUSED)
        self._start, self._end = network.start[in_use], network.end[in_use]
        self._used = used[in_use]
        self._homes = np.unique(statement.home)
        self._source, self._sink = network.nodes, network.nodes + 1
        every = np.arange(network.nodes)
        tails = [self._start, statement.start, np.full(network.nodes, self._source), self._homes]
        heads = [self._end, statement.end, every, np.full(len(self._homes), self._sink)]
        self._graph, self._order = graph_of(
            np.concatenate(tails), np.concatenate(heads), nodes=network.nodes + 2
        )
        self._crossing = self._capacities(self._used)

    def violated(self, sets: Iterable[Ints], *, by: float) -> list[tuple[int, Ints]]:
        """Return how often a border must be crossed, for each set whose border is so too rarely."""
        found = [members for members in sets if 0 < len(members) < self._nodes]
        if not found:
            return []
        listed = Sets(
            np.concatenate(found),
            np.concatenate([[0], np.cumsum([len(members) for members in found])]),
            np.zeros(len(found), dtype=np.int64),
            np.zeros(len(found)),
        )
        price(self._statement, self._notes, listed)
        graph = self._graph
        count_crossings(graph.first, graph.head, self._crossing, self._notes, listed)
        wanted = np.flatnonzero((listed.least > 0) & (listed.crossed < listed.least - by))
        return [(int(listed.least[index]), found[index]) for index in wanted]

    def threshold_sets(self) -> Iterator[Ints]:
        """Yield what is joined by edges used often, alone and together with services."""
        for least in THRESHOLDS:
            often = self._used > least
            starts, ends = self._start[often], self._end[often]
            yield from parts(self._nodes, starts, ends)
            starts = np.concatenate([starts, self._statement.start])
            ends = np.concatenate([ends, self._statement.end])
            yield from parts(self._nodes, starts, ends)
        tail = np.concatenate([self._start, self._statement.start])
        head = np.concatenate([self._end, self._statement.end])
        pair, entry = np.unique(
            np.minimum(tail, head) * self._nodes + np.maximum(tail, head), return_inverse=True
        )
        both = np.bincount(entry, weights=np.concatenate([self._used, self._statement.times]))
        for least in CROSSED_IN_ALL:
            often = pair[both > least]
            yield from parts(self._nodes, often // self._nodes, often % self._nodes)

    def odd_sets(self) -> Iterator[Ints]:
        """Yield sets with less than one crossing between nodes where an odd number of services end.

        Gusfield's tree of flows over these nodes; what is joined by at least one crossing is never
        cut.
        """
        whole = self._used >= ENOUGH / SCALE
        joined = _labels(self._nodes, self._start[whole], self._end[whole])
        piece = _labels(self._nodes, self._start, self._end)
        odd = np.zeros(self._nodes, dtype=np.int64)
        np.add.at(odd, joined[self._statement.start], self._statement.times)
        np.add.at(odd, joined[self._statement.end], self._statement.times)
        first_of = np.full(self._nodes, self._nodes, dtype=np.int64)
        np.minimum.at(first_of, joined, np.arange(self._nodes))
        ends = first_of[np.flatnonzero(odd % 2)]
        capacities = self._whole(self._used)
        for number in np.unique(piece[ends]):
            yield from self._least_cuts(ends[piece[ends] == number], capacities)

    def _least_cuts(self, ends: Ints, capacities: Ints) -> Iterator[Ints]:
        tree = np.zeros(len(ends), dtype=np.int64)
        for index in range(1, len(ends)):
            self._graph.free[:] = capacities
            flow = greatest_flow(self._graph, int(ends[index]), int(ends[tree[index]]), ENOUGH)
            if flow < ENOUGH:
                inside = self._graph.level[: self._nodes] >= 0
                behind = np.arange(len(ends)) > index
                tree[behind & (tree == tree[index]) & inside[ends]] = index
                yield np.flatnonzero(inside)

    def rare_sets(self, looked_at: Bools) -> Iterator[Ints]:
        """Yield sets around one of the nodes that fewer trips enter than its visits need."""
        statement = self._statement
        between = np.concatenate([self._used, statement.times])
        source = np.zeros(self._nodes)
        for group, allowed in enumerate(statement.allowed):
            of_group = np.flatnonzero(statement.group == group)
            needs = np.zeros(self._nodes, dtype=np.int64)
            for ends in (statement.start, statement.end):
                np.maximum.at(needs, ends[of_group], statement.times[of_group])
            able = np.isin(self._homes, statement.home[allowed])
            sink = np.where(able, WITHOUT_LIMIT / SCALE, 0.0)
            capacities = self._whole(np.concatenate([between, source, sink]))
            done: set[int] = set()
            for node in np.flatnonzero((needs > 0) & looked_at).tolist():
                wanted = 2 * int(needs[node]) * SCALE - SCALE // 10_000
                self._graph.free[:] = capacities
                if node in done:
                    continue
                if greatest_flow(self._graph, node, self._sink, wanted) >= wanted:
                    continue
                smallest = self._graph.level[: self._nodes] >= 0
                reach_back(self._graph, self._sink)
                largest = self._graph.level[: self._nodes] < 0
                done.update(np.flatnonzero(smallest).tolist())
                yield np.flatnonzero(smallest)
                yield np.flatnonzero(largest)

    def heavy_sets(self, rng: np.random.Generator) -> Iterator[Ints]:
        """Yield sets with much load for the crossings they have."""
        statement = self._statement
        share = statement.load / max(float(statement.capacity.max(initial=1.0)), 1.0)
        weight = np.zeros(self._nodes)
        np.add.at(weight, statement.start, share)
        np.add.at(weight, statement.end, share)
        between = np.concatenate([self._used, np.maximum(statement.times - share, 0.0)])
        sink = np.full(len(self._homes), WITHOUT_LIMIT / SCALE)
        served = np.union1d(statement.start, statement.end)
        chosen: list[tuple[float, int | None]] = [(factor, None) for factor in LOAD_FACTORS]
        chosen += [(1.0, node) for node in rng.permutation(served)[:FLOWS_PER_ROUND].tolist()]
        for factor, node in chosen:
            pull = weight * factor
            if node is not None:
                pull[node] = WITHOUT_LIMIT / SCALE
            self._graph.free[:] = self._whole(np.concatenate([between, pull, sink]))
            greatest_flow(self._graph, self._source, self._sink, WITHOUT_LIMIT)
            smallest = self._graph.level[: self._nodes] >= 0
            reach_back(self._graph, self._sink)
            largest = self._graph.level[: self._nodes] < 0
            for inside in (smallest, largest):
                inside[self._homes] = False
                yield np.flatnonzero(inside)
                yield from self._pieces(inside)

    def _pieces(self, inside: Bools) -> Iterator[Ints]:
        """Yield the connected parts of a set."""
        within = inside[self._start] & inside[self._end]
        starts, ends = self._start[within], self._end[within]
        for part in parts(self._nodes, starts, ends):
            if inside[part[0]]:
                yield part

    def _capacities(self, values: Floats) -> Floats:
        """Return the capacity of each arc; edges beyond the given ones have none.

        From the source and to the sink nothing flows back.
        """
        both = np.zeros(len(self._order))
        half = len(both) // 2
        back = values[: len(self._used) + len(self._statement.start)]
        both[: len(values)] = values
        both[half : half + len(back)] = back
        capacities: Floats = both[self._order]
        return capacities

    def _whole(self, values: Floats) -> Ints:
        whole: Ints = np.rint(self._capacities(values) * SCALE).astype(np.int64)
        return whole


def parts(nodes: int, starts: Ints, ends: Ints) -> Iterator[Ints]:
    """Yield the connected parts of a graph."""
    label = _labels(nodes, starts, ends)
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], np.arange(int(label.max(initial=0)) + 2))
    for first, behind in itertools.pairwise(bounds.tolist()):
        yield order[first:behind]


def _labels(nodes: int, starts: Ints, ends: Ints) -> Ints:
    graph = csr_array((np.ones(len(starts)), (starts, ends)), shape=(nodes, nodes))
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def graph_of(tails: Ints, heads: Ints, *, nodes: int) -> tuple[Flow, Ints]:
    """Return the graph of undirected edges, and the edge (twice) of each arc."""
    tail, head = np.concatenate([tails, heads]), np.concatenate([heads, tails])
    order = np.argsort(tail, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    half = len(tails)
    mate = place[np.where(order < half, order + half, order - half)]
    notes = [np.zeros(nodes, dtype=np.int64) for _ in range(4)]
    first = np.searchsorted(tail[order], np.arange(nodes + 1)).astype(np.int64)
    free = np.zeros(len(order), dtype=np.int64)
    level, turn, queue, path = notes
    return Flow(first, head[order], mate, free, level, turn, queue, path), order
