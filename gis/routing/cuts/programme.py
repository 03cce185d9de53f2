"""The growing linear programme: rows are borders that must be crossed so often."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from gis.routing.cuts.values import Bools, Floats, Ints, Network

VIOLATED = 1e-4
# A row without a price in so many answers rests; it is looked at again before each answer.
ROUNDS_IDLE = 4
# Columns of the first programme: the cheapest edges, so many for each node.
FIRST_EDGES = 6
# The scaling that makes prices feasible may cost so much before missing columns are added at once.
SCALE_ENOUGH = 0.999
MOST_COLUMN_ROUNDS = 12


@dataclass(slots=True)
class _Rows:
    """Edges across each border one after the other, what each border needs, and its idle rounds."""

    edges: list[Ints]
    least: list[float]
    idle: list[int]

    def matrix(self, columns: int) -> csr_array:
        sizes = [len(row) for row in self.edges]
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        entries = np.concatenate([*self.edges, np.empty(0, dtype=np.int64)])
        return csr_array((np.ones(len(entries)), entries, pointers), shape=(len(sizes), columns))


class Programme:
    """How often each edge is travelled without serving, at least cost.

    ``bound`` is taken from dual values made feasible by scaling over all edges, so that it holds
    whatever the solver's tolerances and whichever edges it was given; it never falls.
    """

    def __init__(self, network: Network, *, left: Callable[[], float]) -> None:
        self.bound = 0.0
        self.used: Floats = np.zeros(len(network.cost))
        self._cost, self._left = network.cost, left
        self._rows = _Rows([], [], [])
        self._resting = _Rows([], [], [])
        self._seen: set[tuple[int, bytes]] = set()
        self._active: Bools = _nearest_edges(network)

    def add(self, edges: Ints, *, least: int) -> bool:
        """Add a border unless it is known; tell whether it was added."""
        # The two sides of a border may ask for different numbers: both are rows.
        key = (least, edges.tobytes())
        if key in self._seen:
            return False
        self._seen.add(key)
        self._rows.edges.append(edges)
        self._rows.least.append(least)
        self._rows.idle.append(0)
        return True

    def solve(self) -> bool:
        """Solve over fractions; False when nothing was gained from it."""
        if not self._rows.edges:
            return True
        for _ in range(MOST_COLUMN_ROUNDS):
            scale = self._solve_active()
            if scale is None:
                return False
            if scale >= SCALE_ENOUGH:
                break
        self._rest()
        return True

    def wake(self) -> int:
        """Take up resting rows that the present answer violates; return how many."""
        rows = self._resting
        if not rows.edges:
            return 0
        crossed = rows.matrix(len(self._cost)) @ self.used
        woken = np.flatnonzero(crossed < np.array(rows.least) - VIOLATED)
        for index in woken:
            self._rows.edges.append(rows.edges[index])
            self._rows.least.append(rows.least[index])
            self._rows.idle.append(0)
        gone = set(woken.tolist())
        stay = [index for index in range(len(rows.edges)) if index not in gone]
        self._resting = _taken(rows, stay)
        return len(woken)

    def _solve_active(self) -> float | None:
        """Solve with the active columns; return the scale of the prices, None without an answer."""
        matrix, least = self._rows.matrix(len(self._cost)), np.array(self._rows.least)
        columns = np.flatnonzero(self._active)
        found = linprog(
            self._cost[columns],
            A_ub=-matrix[:, columns],
            b_ub=-least,
            method="highs-ds",
            options={"time_limit": max(self._left(), 0.01)},
        )
        if found.status == 2:
            # Some border has no active edge yet.
            self._active[:] = True
            return 0.0
        if found.status != 0:
            return None
        self.used = np.zeros(len(self._cost))
        self.used[columns] = found.x
        prices = np.maximum(-found.ineqlin.marginals, 0.0)
        spent = matrix.T @ prices
        dear = spent > 0
        scale = float(np.min(self._cost[dear] / spent[dear], initial=1.0))
        self.bound = max(self.bound, scale * float(prices @ least))
        missing = ~self._active & (spent > self._cost * (1 + 1e-9))
        self._active |= missing
        for index, price in enumerate(prices.tolist()):
            self._rows.idle[index] = 0 if price > 0 else self._rows.idle[index] + 1
        return 1.0 if not missing.any() else scale

    def _rest(self) -> None:
        idle = np.array(self._rows.idle)
        rest, stay = np.flatnonzero(idle > ROUNDS_IDLE), np.flatnonzero(idle <= ROUNDS_IDLE)
        resting = _taken(self._rows, rest.tolist())
        self._resting.edges += resting.edges
        self._resting.least += resting.least
        self._resting.idle += resting.idle
        self._rows = _taken(self._rows, stay.tolist())

    def solve_whole(self) -> bool:
        """Solve over whole numbers; False without an optimum in time."""
        if not self._rows.edges:
            return False
        matrix, least = self._rows.matrix(len(self._cost)), np.array(self._rows.least)
        found = milp(
            self._cost,
            constraints=LinearConstraint(matrix, lb=least),
            integrality=np.ones(len(self._cost)),
            bounds=Bounds(0, np.inf),
            options={"time_limit": max(self._left(), 0.01), "mip_rel_gap": 0.0},
        )
        proved = found.mip_dual_bound
        if proved is not None and math.isfinite(proved):
            self.bound = max(self.bound, float(proved))
        if found.status != 0:
            return False
        self.used = found.x
        return True


def _taken(rows: _Rows, chosen: list[int]) -> _Rows:
    return _Rows(
        [rows.edges[index] for index in chosen],
        [rows.least[index] for index in chosen],
        [rows.idle[index] for index in chosen],
    )


def _nearest_edges(network: Network) -> Bools:
    """Return the cheapest edges of every node."""
    chosen = np.zeros(len(network.cost), dtype=bool)
    tail = np.concatenate([network.start, network.end])
    edge = np.tile(np.arange(len(network.cost)), 2)
    order = np.lexsort((np.tile(network.cost, 2), tail))
    first = np.searchsorted(tail[order], np.arange(network.nodes))
    rank = np.arange(len(order)) - first[tail[order]]
    chosen[edge[order][rank < FIRST_EDGES]] = True
    return chosen
