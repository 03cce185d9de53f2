"""Least cuts of an undirected graph, many times with changing capacities."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

# scipy's flows are whole numbers below 2^31.
_SCALE = 10_000
_MOST = 100_000_000
WITHOUT_LIMIT = _MOST / _SCALE


Mask = npt.NDArray[np.bool_]


class Flows:
    """Least cuts in an undirected graph of fixed shape with changing capacities."""

    def __init__(
        self, nodes: int, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> None:
        rows, columns = np.concatenate([starts, ends]), np.concatenate([ends, starts])
        pairs, self._entry = np.unique(rows * nodes + columns, return_inverse=True)
        self._nodes = nodes
        row, column = pairs // nodes, pairs % nodes
        self._back = np.searchsorted(pairs, column * nodes + row)
        self._leaving: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
        for entry, (node, other) in enumerate(zip(row.tolist(), column.tolist(), strict=True)):
            self._leaving[node].append((entry, other))
        pointers = np.searchsorted(row, np.arange(nodes + 1)).astype(np.int32)
        values = np.zeros(len(pairs), dtype=np.int32)
        parts = (values, column.astype(np.int32), pointers)
        self._graph = csr_array(parts, shape=(nodes, nodes))

    def set(self, capacity: npt.NDArray[np.float64]) -> None:
        """Set the capacities of the edges; those of parallel edges add up."""
        both = np.concatenate([capacity, capacity])
        whole = np.rint(np.bincount(self._entry, weights=both) * _SCALE)
        self._graph.data[:] = np.minimum(whole, _MOST).astype(np.int32)

    def sides(self, source: int, sink: int) -> tuple[Mask, Mask]:
        """Return the smallest and the largest source side of a least cut."""
        flow = maximum_flow(self._graph, source, sink).flow
        free = self._graph.data > flow.data
        ahead, behind = free.tolist(), free[self._back].tolist()
        smallest = self._reached(source, ahead)
        largest = ~self._reached(sink, behind)
        return smallest, largest

    def _reached(self, first: int, free: list[bool]) -> Mask:
        """Return the nodes reached over free entries; plain lists are the fastest here."""
        reached = [False] * self._nodes
        reached[first] = True
        waiting = [first]
        while waiting:
            for entry, node in self._leaving[waiting.pop()]:
                if free[entry] and not reached[node]:
                    reached[node] = True
                    waiting.append(node)
        return np.array(reached)
