"""Travel seconds and leg lines between terminal points over a road network and canal banks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import LineString
from shapely.ops import substring

from gis.routing.problem import UNREACHABLE_S, SecondsMatrix

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Sources per Dijkstra call: a full block of distances for 100 000 nodes is then 40 MB.
CHUNK_SOURCES = 50
# scipy reads a weight of exactly zero as "no edge" in some inputs.
LEAST_SECONDS = 1e-6
KMH_TO_M_PER_S = 1 / 3.6


# Vertices rounded to centimetres by whoever noded the lines still count as the node.
SAME_PLACE_M = 0.02


class BrokenNetwork(ValueError):
    """The arrays of a road network do not fit each other, or a line does not run from u to v."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """A noded road network in the metric CRS; every edge may be travelled both ways.

    Parameters
    ----------
    nodes_xy
        (n, 2) metres.
    u, v
        Node numbers at the first and last vertex of each edge.
    length_m
        Length of each edge.
    geometry
        LineString of each edge, from ``u`` to ``v``.
    speed_kmh
        Own speed of each edge, or None: all edges have the mode's speed. An edge with speed 0
        is closed.
    """

    nodes_xy: Floats
    u: Ints
    v: Ints
    length_m: Floats
    geometry: npt.NDArray[np.object_]
    speed_kmh: Floats | None = None

    def __post_init__(self) -> None:
        sizes = {len(self.u), len(self.v), len(self.length_m), len(self.geometry)}
        if self.speed_kmh is not None:
            sizes.add(len(self.speed_kmh))
        if len(sizes) != 1:
            raise BrokenNetwork(str(sorted(sizes)))
        for node, vertex in ((self.u, 0), (self.v, -1)):
            ends = shapely.get_coordinates(shapely.get_point(self.geometry, vertex))
            off = np.hypot(*(self.nodes_xy[node] - ends).T)
            if (off > SAME_PLACE_M).any():
                raise BrokenNetwork(str(int(np.argmax(off))))


@dataclass(frozen=True, slots=True)
class Bank:
    """A waterway reach that can be travelled along its bank between two terminals."""

    start: int
    end: int
    line: LineString


@dataclass(frozen=True, slots=True)
class TravelRules:
    """How a mode of travel moves.

    Parameters
    ----------
    road_kmh
        Speed on roads that have none of their own.
    bank_kmh, off_road_kmh
        Speed along a bank, and between a terminal and its road.
    detour
        Factor on every straight line.
    snap_m
        A terminal farther than this from every road is not joined to the roads.
    straight_m
        Pairs without a way are joined by a straight line up to this length; 0 = never.
    """

    road_kmh: float = 30.0
    bank_kmh: float = 12.0
    off_road_kmh: float = 5.0
    detour: float = 1.4
    snap_m: float = 300.0
    straight_m: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Arcs:
    """The edges of the working graph: distinct pairs of nodes, ascending by ``pair_id``.

    ``lines`` holds the whole line and the share of it that an arc uses, from tail to head.
    """

    tail: Ints
    head: Ints
    seconds: Floats
    lines: tuple[tuple[LineString, float, float], ...]
    pair_id: Ints
    node_count: int

    def coordinates(self, tail: int, head: int) -> Floats:
        """Return the vertices from one node to a neighbour."""
        wanted = min(tail, head) * self.node_count + max(tail, head)
        index = int(np.searchsorted(self.pair_id, wanted))
        whole, first, last = self.lines[index]
        line = (
            whole if (first, last) == (0.0, 1.0) else substring(whole, first, last, normalized=True)
        )
        vertices: Floats = shapely.get_coordinates(line)
        return vertices if self.tail[index] == tail else vertices[::-1]

    def graph(self) -> csr_array:
        """Return the undirected graph."""
        size = (self.node_count, self.node_count)
        return csr_array((self.seconds, (self.tail, self.head)), shape=size)


@dataclass(frozen=True, slots=True, eq=False)
class TravelMatrix:
    """Travel between terminals.

    Parameters
    ----------
    seconds
        (m, m) whole seconds, ``UNREACHABLE_S`` where there is no way.
    off_road_m
        Distance of each terminal to the nearest road; infinite without roads.
    straight
        (m, m): the pair is joined by a straight line times the detour factor.
    unreachable
        Terminals with no way to any other terminal at another place.
    """

    seconds: SecondsMatrix
    off_road_m: Floats
    straight: npt.NDArray[np.bool_]
    unreachable: tuple[int, ...]
    _places_xy: Floats
    _place: Ints
    _arcs: _Arcs
    _graph: csr_array

    def leg(self, origin: int, goal: int) -> LineString:
        """Return the line travelled from one terminal to another; see ``legs``."""
        return self.legs([(origin, goal)])[0]

    def legs(self, pairs: Sequence[tuple[int, int]]) -> list[LineString]:
        """Return the lines of several legs, one Dijkstra per distinct origin.

        A leg to the same place is a line of no length; one without a way is the straight line.
        """
        places = [(int(self._place[origin]), int(self._place[goal])) for origin, goal in pairs]
        lines: dict[tuple[int, int], LineString] = {}
        for origin in sorted({origin for origin, _ in places}):
            _, before = dijkstra(
                self._graph, directed=False, indices=origin, return_predecessors=True
            )
            for goal in {goal for start, goal in places if start == origin}:
                lines[origin, goal] = self._line(origin, goal, before=before)
        return [lines[pair] for pair in places]

    def _line(self, origin: int, goal: int, *, before: npt.NDArray[np.int32]) -> LineString:
        ends = LineString(self._places_xy[[origin, goal]])
        if origin == goal or before[goal] < 0:
            return ends
        parts: list[Floats] = []
        node = goal
        while node != origin:
            earlier = int(before[node])
            parts.append(self._arcs.coordinates(earlier, node))
            node = earlier
        coordinates = np.vstack(parts[::-1])
        moved = np.any(np.diff(coordinates, axis=0) != 0, axis=1)
        kept = coordinates[np.concatenate([[True], moved])]
        return LineString(kept) if len(kept) > 1 else ends


def travel_matrix(
    network: RoadNetwork,
    terminals_xy: Floats,
    *,
    rules: TravelRules,
    banks: Iterable[Bank] = (),
) -> TravelMatrix:
    """Return travel seconds between terminals: roads, banks, the way to the road.

    Each terminal within ``snap_m`` of a road is joined to the nearest point of the nearest edge
    (ties: the first edge) by a straight line times ``detour``; the edge is cut there. Reaches in
    ``banks`` join their two terminals directly. Pairs with no way fall back to a straight line.

    Parameters
    ----------
    network
        Noded roads; may be empty (0 edges).
    terminals_xy
        (m, 2) metres in the same CRS.
    rules
        Speeds and tolerances of one mode of travel.
    banks
        Waterway reaches whose terminals are rows of ``terminals_xy``.

    Returns
    -------
    TravelMatrix
        Symmetric seconds. Memory: one block of 50 x nodes and the m x m matrices.
    """
    # Consecutive reaches share their ends: each place is a source of Dijkstra only once.
    places_xy, place = np.unique(terminals_xy, axis=0, return_inverse=True)
    place = place.ravel()
    joined = [Bank(int(place[bank.start]), int(place[bank.end]), bank.line) for bank in banks]
    arcs, off_road_m = _arcs(network, places_xy, rules=rules, banks=joined)
    graph = arcs.graph()
    seconds, straight = _with_straight_lines(
        _shortest(graph, source_count=len(places_xy)), places_xy, rules=rules
    )
    whole: SecondsMatrix = np.where(
        np.isfinite(seconds), np.rint(np.minimum(seconds, UNREACHABLE_S)), UNREACHABLE_S
    ).astype(np.int64)
    every = np.ix_(place, place)
    lonely = np.isin(place, _unreachable(whole))
    return TravelMatrix(
        whole[every],
        off_road_m[place],
        straight[every],
        tuple(np.flatnonzero(lonely).tolist()),
        places_xy,
        place,
        arcs,
        graph,
    )


def _shortest(graph: csr_array, *, source_count: int) -> Floats:
    """Return seconds among the first nodes of the graph, block by block."""
    blocks = [np.empty((0, source_count))]
    for first in range(0, source_count, CHUNK_SOURCES):
        sources = range(first, min(first + CHUNK_SOURCES, source_count))
        blocks.append(dijkstra(graph, directed=False, indices=sources)[:, :source_count])
    return np.vstack(blocks)


def _arcs(
    network: RoadNetwork, terminals_xy: Floats, *, rules: TravelRules, banks: list[Bank]
) -> tuple[_Arcs, Floats]:
    """Return the graph on terminals (first), road nodes and cut points, as arcs."""
    count = len(terminals_xy)
    edge, off_road_m = _nearest_edges(network, terminals_xy, rules=rules)
    joined = np.flatnonzero(off_road_m <= rules.snap_m)
    points = shapely.points(terminals_xy[joined])
    lines = network.geometry[edge[joined]]
    share = shapely.line_locate_point(lines, points, normalized=True)
    cut_nodes = count + len(network.nodes_xy) + np.arange(len(joined))
    road = _road_pieces(
        network, rules=rules, first_node=count, cuts=(edge[joined], share, cut_nodes)
    )
    foot = shapely.line_interpolate_point(lines, share, normalized=True)
    slow = rules.detour / (rules.off_road_kmh * KMH_TO_M_PER_S)
    access = [
        (
            int(terminal),
            int(node),
            float(off_road_m[terminal]) * slow,
            (LineString([a, b]), 0.0, 1.0),
        )
        for terminal, node, a, b in zip(joined, cut_nodes, points, foot, strict=True)
    ]
    along = [
        (
            bank.start,
            bank.end,
            bank.line.length / (rules.bank_kmh * KMH_TO_M_PER_S),
            (bank.line, 0.0, 1.0),
        )
        for bank in banks
    ]
    node_count = count + len(network.nodes_xy) + len(joined)
    return _distinct(road + access + along, node_count=node_count), off_road_m


_Arc = tuple[int, int, float, tuple[LineString, float, float]]


def _speeds(network: RoadNetwork, *, rules: TravelRules) -> Floats:
    if network.speed_kmh is not None:
        return network.speed_kmh
    return np.full(len(network.u), rules.road_kmh)


def _nearest_edges(
    network: RoadNetwork, terminals_xy: Floats, *, rules: TravelRules
) -> tuple[Ints, Floats]:
    """Return the nearest open edge of each terminal and its distance."""
    count = len(terminals_xy)
    open_edges = np.flatnonzero(_speeds(network, rules=rules) > 0)
    if not len(open_edges) or not count:
        return np.zeros(count, dtype=np.int64), np.full(count, np.inf)
    tree = shapely.STRtree(network.geometry[open_edges])
    points = shapely.points(terminals_xy)
    found, distance = tree.query_nearest(points, return_distance=True)
    # Ties come in no fixed order; the first edge wins.
    first = np.lexsort((found[1], found[0]))
    row, at = np.unique(found[0][first], return_index=True)
    edge = np.zeros(count, dtype=np.int64)
    off_road_m = np.full(count, np.inf)
    edge[row] = open_edges[found[1][first][at]]
    off_road_m[row] = distance[first][at]
    return edge, off_road_m


def _road_pieces(
    network: RoadNetwork,
    *,
    rules: TravelRules,
    first_node: int,
    cuts: tuple[Ints, Floats, Ints],
) -> list[_Arc]:
    """Return the open edges, cut at the given shares of their length."""
    speed = _speeds(network, rules=rules)
    cuts_of: dict[int, list[tuple[float, int]]] = {}
    for edge, share, node in zip(*cuts, strict=True):
        cuts_of.setdefault(int(edge), []).append((float(share), int(node)))
    pieces: list[_Arc] = []
    for edge in np.flatnonzero(speed > 0):
        whole_s = float(network.length_m[edge] / (speed[edge] * KMH_TO_M_PER_S))
        stops = [
            (0.0, first_node + int(network.u[edge])),
            *sorted(cuts_of.get(int(edge), [])),
            (1.0, first_node + int(network.v[edge])),
        ]
        pieces += [
            (tail, head, whole_s * (last - first), (network.geometry[edge], first, last))
            for (first, tail), (last, head) in pairwise(stops)
        ]
    return pieces


def _distinct(every: list[_Arc], *, node_count: int) -> _Arcs:
    """Keep of parallel arcs only the fastest (a sparse array would add them), and no loops."""
    tail = np.array([arc[0] for arc in every], dtype=np.int64)
    head = np.array([arc[1] for arc in every], dtype=np.int64)
    seconds = np.maximum(np.array([arc[2] for arc in every], dtype=np.float64), LEAST_SECONDS)
    pair_id = np.minimum(tail, head) * node_count + np.maximum(tail, head)
    order = np.lexsort((seconds, pair_id))
    order = order[tail[order] != head[order]]
    kept = order[np.unique(pair_id[order], return_index=True)[1]]
    lines = tuple(every[index][3] for index in kept)
    return _Arcs(tail[kept], head[kept], seconds[kept], lines, pair_id[kept], node_count)


def _with_straight_lines(
    seconds: Floats, terminals_xy: Floats, *, rules: TravelRules
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    apart = np.hypot(*np.moveaxis(terminals_xy[:, None] - terminals_xy[None], -1, 0))
    straight = ~np.isfinite(seconds) & ((apart == 0) | (apart <= rules.straight_m))
    slow = rules.detour / (rules.off_road_kmh * KMH_TO_M_PER_S)
    return np.where(straight, apart * slow, seconds), straight


def _unreachable(seconds: SecondsMatrix) -> npt.NDArray[np.intp]:
    """Return the places that reach no other place, unless there is only one."""
    reached = (seconds < UNREACHABLE_S).sum(axis=1)
    return np.flatnonzero((reached <= 1) & (len(seconds) > 1))
