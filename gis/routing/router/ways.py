"""Least ways on a weighted graph: a contraction hierarchy, or plain Dijkstra where it is absent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from gis.routing.router.network import Floats, Ints
from gis.routing.router.topology import NO_WAY_MS, Topology

try:
    import routingkit_cch as cch
except ImportError:  # No wheel for this platform: scipy answers, about ten times slower.
    HAS_HIERARCHY = False
else:
    HAS_HIERARCHY = True

# A start or goal: nodes with the milliseconds to or from them.
Ends = Sequence[tuple[int, int]]
_NO_NODE = -9999


class Engine(StrEnum):
    """How least ways are found; both give the same milliseconds."""

    hierarchy = "hierarchy"
    dijkstra = "dijkstra"

    @classmethod
    def best(cls) -> "Engine":
        """Return the fastest engine that is installed."""
        return cls.hierarchy if HAS_HIERARCHY else cls.dijkstra


@dataclass(frozen=True, slots=True)
class Way:
    """A least way: its milliseconds, its arcs in order, the nodes it begins and ends at."""

    spent_ms: int
    arcs: tuple[int, ...]
    first: int
    last: int


class Sweep(Protocol):
    """Milliseconds from (or, backward, to) several starts to a fixed set of nodes."""

    def __call__(self, starts: Sequence[Ends]) -> Floats:
        """Return (starts, nodes) milliseconds, infinite where there is no way."""


class Ways(Protocol):
    """A graph with weights that answers for distances and ways."""

    def sweep(self, nodes: Ints, *, backward: bool = False) -> Sweep:
        """Return the search to (backward: from) these nodes, prepared once."""

    def ways(self, pairs: Sequence[tuple[Ends, Ends]]) -> list[Way | None]:
        """Return the least way from any start to any goal of each pair."""


def elimination_order(topology: Topology) -> list[int]:
    """Return the order in which a hierarchy contracts the nodes: 2.5 s for 100,000 of them.

    It depends on the topology alone and is worth keeping.
    """
    xy = topology.nodes_xy - topology.nodes_xy.min(axis=0)
    order: list[int] = cch.compute_order_inertial(
        topology.node_count,
        topology.tail.tolist(),
        topology.head.tolist(),
        xy[:, 1].tolist(),
        xy[:, 0].tolist(),
    )
    return order


class Hierarchy:
    """A contraction hierarchy without weights; see `elimination_order` for the costly part."""

    def __init__(self, topology: Topology, order: list[int] | None = None) -> None:
        self.order = elimination_order(topology) if order is None else order
        self._shape = cch.CCH(self.order, topology.tail.tolist(), topology.head.tolist(), False)

    def weighted(self, weights: Ints) -> "HierarchyWays":
        """Return the hierarchy with weights: 0.1 s for 100,000 nodes."""
        return HierarchyWays(cch.CCHMetric(self._shape, weights.tolist()))


class HierarchyWays:
    """Least ways by a contraction hierarchy."""

    def __init__(self, metric: "cch.CCHMetric") -> None:
        self._metric = metric

    def sweep(self, nodes: Ints, *, backward: bool = False) -> Sweep:
        """Return the search to (backward: from) these nodes, prepared once."""
        search: Callable[[list[tuple[int, int]]], list[int | None]] = (
            cch.CCHManyToOne(self._metric, nodes.tolist()).distances_to_multi
            if backward
            else cch.CCHOneToMany(self._metric, nodes.tolist()).distances_from_multi
        )

        def run(starts: Sequence[Ends]) -> Floats:
            spent = np.full((len(starts), len(nodes)), np.inf)
            for row, one in enumerate(starts):
                if one:
                    # None, where there is no way, becomes a NaN.
                    spent[row] = search(list(one))
            spent[np.isnan(spent)] = np.inf
            return spent

        return run

    def ways(self, pairs: Sequence[tuple[Ends, Ends]]) -> list[Way | None]:
        """Return the least way from any start to any goal of each pair."""
        query = cch.CCHQuery(self._metric)
        return [
            _least_way(query, starts, goals) if starts and goals else None
            for starts, goals in pairs
        ]


def _least_way(query: "cch.CCHQuery", starts: Ends, goals: Ends) -> Way | None:
    # A query refuses to run again while its last result lives: it ends with this function.
    result = query.run_multi(list(starts), list(goals))
    if result.distance is None:
        return None
    nodes = result.node_path
    return Way(result.distance, tuple(result.arc_path), nodes[0], nodes[-1])


class DijkstraWays:
    """Least ways by scipy's Dijkstra over the same whole milliseconds."""

    def __init__(self, topology: Topology, weights: Ints) -> None:
        self._nodes = topology.node_count
        usable = np.flatnonzero((weights < NO_WAY_MS) & (topology.tail != topology.head))
        tail, head = topology.tail[usable], topology.head[usable]
        # A sparse array would add parallel arcs up: only the fastest stays.
        order = np.lexsort((weights[usable], head, tail))
        tail, head = tail[order], head[order]
        first = np.r_[True, (np.diff(tail) != 0) | (np.diff(head) != 0)][: len(tail)]
        self._tail, self._head = tail[first], head[first]
        self._arc = usable[order][first]
        self._spent = weights[self._arc].astype(np.float64)

    @cached_property
    def _keys(self) -> Ints:
        keys: Ints = self._tail * self._nodes + self._head
        return keys

    def sweep(self, nodes: Ints, *, backward: bool = False) -> Sweep:
        """Return the search to (backward: from) these nodes."""

        def run(starts: Sequence[Ends]) -> Floats:
            spent, _ = self._search(starts, backward=backward, tracing=False)
            return spent[:, nodes]

        return run

    def ways(self, pairs: Sequence[tuple[Ends, Ends]]) -> list[Way | None]:
        """Return the least way of each pair, with one search for each distinct start."""
        found: dict[int, Way | None] = {}
        rows: dict[tuple[tuple[int, int], ...], list[int]] = {}
        for row, (starts, _) in enumerate(pairs):
            rows.setdefault(tuple(starts), []).append(row)
        for starts, same in rows.items():
            spent, before = self._search([starts], backward=False, tracing=True)
            for row in same:
                found[row] = self._way(pairs[row][1], spent=spent[0], before=before[0])
        return [found[row] for row in range(len(pairs))]

    def _search(
        self, starts: Sequence[Ends], *, backward: bool, tracing: bool
    ) -> tuple[Floats, Ints]:
        """Search from one added node per start, which leads to the start's nodes."""
        size = self._nodes + len(starts)
        ends = [
            (row, node, spent)
            for row, one in enumerate(starts, start=self._nodes)
            for node, spent in _least(one)
        ]
        row, node, off = np.array(ends, dtype=np.int64).reshape(-1, 3).T
        tail, head = (self._head, self._tail) if backward else (self._tail, self._head)
        graph = csr_array(
            (np.r_[self._spent, off], (np.r_[tail, row], np.r_[head, node])), shape=(size, size)
        )
        sources = np.arange(self._nodes, size)
        found = dijkstra(graph, indices=sources, return_predecessors=tracing)
        spent, before = found if tracing else (found, np.empty((0, 0), dtype=np.int64))
        spent[spent >= NO_WAY_MS] = np.inf
        return spent, before

    def _way(self, goals: Ends, *, spent: Floats, before: Ints) -> Way | None:
        best = min(goals, key=lambda goal: spent[goal[0]] + goal[1], default=None)
        if best is None or not spent[best[0]] + best[1] < NO_WAY_MS:
            return None
        nodes = [best[0]]
        while (earlier := int(before[nodes[-1]])) < self._nodes:
            nodes.append(earlier)
        nodes.reverse()
        steps = np.array(nodes[:-1], dtype=np.int64) * self._nodes + nodes[1:]
        arcs = self._arc[np.searchsorted(self._keys, steps)]
        total = int(spent[best[0]]) + best[1]
        return Way(total, tuple(arcs.tolist()), nodes[0], nodes[-1])


def _least(ends: Ends) -> list[tuple[int, int]]:
    """Keep the least of the times to one node."""
    least: dict[int, int] = {}
    for node, spent in ends:
        least[node] = min(spent, least.get(node, spent))
    return list(least.items())
