"""How much empty travel any closed trips need: a linear programme over cut-sets of a network."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from gis.routing.flows import WITHOUT_LIMIT, Flows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Ways between two nodes that lead over one of so many nearest nodes of either are left out.
WITNESSES = 32
# Edges used at least so often join their ends when sets are looked for in a fractional answer.
THRESHOLDS = (1e-6, 0.25, 0.5, 0.75, 0.99)
VIOLATED = 1e-4
# Stands for zero; whole seconds are restored after adding up.
LEAST_TIME, ROUNDED_UP = 1e-9, 1e-3
ENOUGH_NEW_CUTS = 30
FLOWS_PER_ROUND = 40
LOAD_FACTORS = (1.0, 1.3, 0.8)


@dataclass(frozen=True, slots=True)
class Services:
    """What is served: its end nodes, its load over all visits, its visits, who may serve it.

    ``allowed`` is (services, trips): that kind of trip may serve it.
    """

    start: Ints
    end: Ints
    load: Floats
    times: Ints
    allowed: Bools


@dataclass(frozen=True, slots=True)
class Trips:
    """Kinds of trips: closed walks from a home, each with at most ``capacity`` of load.

    ``count`` trips of a kind exist. Where time is the load, ``toll[kind, node]`` is what of it a
    trip uses at least between home and a node (see ``least_tolls``); otherwise it is zero.
    """

    home: Ints
    capacity: Floats
    count: Ints
    toll: Floats


@dataclass(frozen=True, slots=True)
class Network:
    """Undirected ways between nodes: the cheapest way of every pair runs along these edges."""

    nodes: int
    start: Ints
    end: Ints
    cost: Floats


def contracted(costs: Floats) -> tuple[Ints, Floats]:
    """Return the place of each node, and the least costs between places.

    Nodes at no cost from each other are one place. Costs are made symmetric by the cheaper
    direction; infinite where there is no way.
    """
    least = np.minimum(costs, costs.T)
    np.fill_diagonal(least, 0.0)
    joined = csr_array(least == 0.0)
    count, place = connected_components(joined, directed=False)
    if count < len(least):
        whole = np.full((count, count), np.inf)
        np.minimum.at(whole, (place[:, None], place[None, :]), least)
        least = whole
    return place.astype(np.int64), least


def network_of(least: Floats) -> Network:
    """Return the pairs of places whose way does not lead over another place.

    A pair is left out when the way over a third place is no dearer; its pieces are shorter, so
    that some way along kept edges always costs at most the given amount. Cost: 32 matrix sums.
    """
    count = len(least)
    ways = least.copy()
    np.fill_diagonal(ways, np.inf)
    kept = np.isfinite(ways)
    rows = np.arange(count)
    for via in np.argsort(ways, axis=1)[:, :WITNESSES].T:
        kept &= ways[rows, via][:, None] + ways[via, :] > ways
    start, end = np.nonzero(np.triu(kept & kept.T))
    return Network(count, start.astype(np.int64), end.astype(np.int64), ways[start, end])


def least_tolls(network: Network, services: Services, *, per_visit: Floats, homes: Ints) -> Floats:
    """Return the least time between homes and nodes, (homes, nodes); infinite without a way.

    A trip may come nearer by serving something on its way, which takes the time ``per_visit`` of
    that service and not the way along it: whichever is less counts.
    """
    starts = np.concatenate([network.start, services.start])
    ends = np.concatenate([network.end, services.end])
    # scipy takes zeros for missing edges and adds up parallel ones.
    times = np.maximum(np.concatenate([network.cost, per_visit]), LEAST_TIME)
    lower, upper = np.minimum(starts, ends), np.maximum(starts, ends)
    pairs, entry = np.unique(lower * network.nodes + upper, return_inverse=True)
    least = np.full(len(pairs), np.inf)
    np.minimum.at(least, entry, times)
    shape = (network.nodes, network.nodes)
    graph = csr_array((least, (pairs // network.nodes, pairs % network.nodes)), shape=shape)
    tolls: Floats = np.floor(dijkstra(graph, directed=False, indices=homes) + ROUNDED_UP)
    return tolls


class CutBound:
    """A growing linear programme whose value never exceeds the empty travel of any valid trips.

    Variables count how often each edge is travelled without serving. For every set of nodes:

    * closed trips cross its border an even number of times in all, so an odd number of services
      across the border needs one more crossing;
    * services that only trips from outside may do need a number of trips by their load and by
      their visits (one a trip), and each of these crosses the border at least twice.

    ``bound`` is taken from dual values made feasible by scaling, so that it holds whatever the
    solver's tolerances, and whenever the work is stopped; it never falls.

    Parameters
    ----------
    clock, deadline
        Work stops when the clock passes the deadline.
    """

    def __init__(
        self,
        network: Network,
        services: Services,
        *,
        trips: Trips,
        clock: Callable[[], float],
        deadline: float,
    ) -> None:
        self.bound = 0.0
        self.finished = False
        self._network, self._services, self._trips = network, services, trips
        self._clock, self._deadline = clock, deadline
        self._rows: list[Ints] = []
        self._least: list[float] = []
        self._seen: set[tuple[int, bytes]] = set()
        self._used: Floats = np.zeros(len(network.cost))
        self._rng = np.random.default_rng(1)
        self._share = services.load / max(float(trips.capacity.max(initial=1.0)), 1.0)

    def run(self) -> None:
        """Solve and add cuts until none is violated or the time is up."""
        for inside in self._first_sets():
            self._add(inside)
        while self._left() > 0 and self._solve():
            if not self._separate():
                self.finished = True
                return

    def run_whole(self, *, rounds: int = 8) -> None:
        """Sharpen the bound by whole numbers of crossings, with cuts for what they violate."""
        for _ in range(rounds):
            if self._left() <= 0 or not self._rows or not self._solve_whole():
                return
            if not self._separate():
                return

    def _left(self) -> float:
        return self._deadline - self._clock()

    # --- sets -------------------------------------------------------------------------------------

    def _first_sets(self) -> Iterator[Bools]:
        count = self._network.nodes
        for node in np.union1d(self._services.start, self._services.end):
            yield np.arange(count) == node
        ends = (self._services.start, self._services.end)
        yield from _parts(count, *ends)
        for group in np.unique(self._services.allowed, axis=0):
            away = np.ones(count, dtype=bool)
            away[self._trips.home[group]] = False
            yield away

    def _add(self, inside: Bools) -> bool:
        """Add the cut of a set of nodes when it is new and violated; tell whether it was added."""
        across = inside[self._network.start] != inside[self._network.end]
        least = self._crossings(inside)
        if least <= 0 or self._used[across].sum() > least - VIOLATED:
            return False
        # The two sides of a border may ask for different numbers: both are cuts.
        key = (least, np.packbits(across).tobytes())
        if key in self._seen:
            return False
        self._seen.add(key)
        self._rows.append(np.flatnonzero(across))
        self._least.append(least)
        return True

    def _crossings(self, inside: Bools) -> int:
        """Return how often the border must at least be crossed without serving."""
        services = self._services
        served = int(services.times[inside[services.start] != inside[services.end]].sum())
        least = max(2 * self._trips_into(inside) - served, served % 2)
        return least + (least + served) % 2

    def _trips_into(self, inside: Bools) -> int:
        """Return how many trips from outside must at least come into a set."""
        services, trips = self._services, self._trips
        counted = inside[services.start] | inside[services.end]
        at_home = inside[trips.home]
        if at_home.any():
            counted &= ~services.allowed[:, at_home].any(axis=1)
        if not counted.any():
            return 0
        able = services.allowed[counted].any(axis=0)
        # A trip comes to the set, or to an end of what it serves there, and goes home again.
        near = inside.copy()
        near[services.start[counted]] = near[services.end[counted]] = True
        room = (trips.capacity - 2 * trips.toll[:, near].min(axis=1))[able]
        rooms = np.sort(np.repeat(np.maximum(room, 0.0), trips.count[able]))[::-1]
        # A hair less load, so that rounding never asks for one trip too many.
        load = services.load[counted].sum() * (1 - 1e-12) - 1e-9
        by_load = int(np.searchsorted(np.cumsum(rooms), load)) + 1
        return max(min(by_load, len(rooms)), int(services.times[counted].max()))

    # --- programmes -------------------------------------------------------------------------------

    def _matrix(self) -> csr_array:
        sizes = [len(row) for row in self._rows]
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        columns = np.concatenate(self._rows)
        shape = (len(sizes), len(self._network.cost))
        return csr_array((np.ones(len(columns)), columns, pointers), shape=shape)

    def _solve(self) -> bool:
        """Solve the linear programme; False when nothing was gained from it."""
        if not self._rows:
            return True
        cost, matrix, least = self._network.cost, self._matrix(), np.array(self._least)
        found = linprog(
            cost,
            A_ub=-matrix,
            b_ub=-least,
            method="highs-ds",
            options={"time_limit": max(self._left(), 0.01)},
        )
        if found.status != 0:
            return False
        self._used = found.x
        prices = np.maximum(-found.ineqlin.marginals, 0.0)
        spent = matrix.T @ prices
        scale = float(np.min(cost[spent > 0] / spent[spent > 0], initial=1.0))
        self.bound = max(self.bound, scale * float(prices @ least))
        return True

    def _solve_whole(self) -> bool:
        """Solve over whole numbers; False without an optimum in time."""
        matrix, least = self._matrix(), np.array(self._least)
        found = milp(
            self._network.cost,
            constraints=LinearConstraint(matrix, lb=least),
            integrality=np.ones(len(self._network.cost)),
            bounds=Bounds(0, np.inf),
            options={"time_limit": max(self._left(), 0.01), "mip_rel_gap": 0.0},
        )
        proved = found.mip_dual_bound
        if proved is not None and math.isfinite(proved):
            self.bound = max(self.bound, float(proved))
        if found.status != 0:
            return False
        self._used = found.x
        return True

    # --- separation -------------------------------------------------------------------------------

    def _separate(self) -> int:
        """Add cuts that the present answer violates; return how many."""
        new = sum(self._add(inside) for inside in self._threshold_sets())
        for sets in (self._odd_sets, self._heavy_sets):
            if new >= ENOUGH_NEW_CUTS:
                break
            for inside in sets():
                new += self._add(inside)
                if new >= ENOUGH_NEW_CUTS or self._left() <= 0:
                    break
        return new

    def _threshold_sets(self) -> Iterator[Bools]:
        network, services = self._network, self._services
        for least in THRESHOLDS:
            often = self._used > least
            starts, ends = network.start[often], network.end[often]
            yield from _parts(network.nodes, starts, ends)
            starts = np.concatenate([starts, services.start])
            ends = np.concatenate([ends, services.end])
            yield from _parts(network.nodes, starts, ends)

    def _odd_sets(self) -> Iterator[Bools]:
        """Yield the sides of least cuts between nodes (Gusfield's tree of flows)."""
        network = self._network
        flows = Flows(network.nodes, network.start, network.end)
        flows.set(self._used)
        tree = np.zeros(network.nodes, dtype=np.int64)
        for node in range(1, network.nodes):
            inside, _ = flows.sides(node, int(tree[node]))
            behind = (tree == tree[node]) & (np.arange(network.nodes) > node) & inside
            tree[behind] = node
            yield inside

    def _heavy_sets(self) -> Iterator[Bools]:
        """Yield sets with much load for the crossings they have."""
        network, services = self._network, self._services
        count = network.nodes
        source, sink = count, count + 1
        homes = np.unique(self._trips.home)
        weight = np.zeros(count)
        np.add.at(weight, services.start, self._share)
        np.add.at(weight, services.end, self._share)
        to_sink = np.full(len(homes), sink)
        flows = Flows(
            count + 2,
            np.concatenate([network.start, services.start, np.full(count, source), homes]),
            np.concatenate([network.end, services.end, np.arange(count), to_sink]),
        )
        between = np.concatenate([self._used, np.maximum(services.times - self._share, 0.0)])
        unlimited = np.full(len(homes), WITHOUT_LIMIT)
        served = np.union1d(services.start, services.end)
        met: set[bytes] = set()
        chosen = [None, *self._rng.permutation(served)[:FLOWS_PER_ROUND].tolist()]
        for factor, node in itertools.product(LOAD_FACTORS, chosen):
            pull = weight * factor
            if node is not None:
                pull[node] = WITHOUT_LIMIT
            flows.set(np.concatenate([between, pull, unlimited]))
            for side in flows.sides(source, sink):
                inside = side[:count]
                inside[homes] = False
                if inside.tobytes() in met:
                    continue
                met.add(inside.tobytes())
                yield inside
                yield from self._pieces(inside)

    def _pieces(self, inside: Bools) -> Iterator[Bools]:
        """Yield the connected parts of a set."""
        network = self._network
        within = inside[network.start] & inside[network.end]
        for part in _parts(network.nodes, network.start[within], network.end[within]):
            if inside[part].all():
                yield part


def _parts(nodes: int, starts: Ints, ends: Ints) -> Iterator[Bools]:
    """Yield the connected parts of a graph, except all nodes at once."""
    graph = csr_array((np.ones(len(starts)), (starts, ends)), shape=(nodes, nodes))
    count, part = connected_components(graph, directed=False)
    if count > 1:
        for number in range(count):
            yield part == number
