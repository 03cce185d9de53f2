"""The graph under a router: which node leads to which; what an arc costs comes later."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely.ops import substring

from gis.routing.router.network import (
    KMH_TO_M_PER_S,
    MS_PER_S,
    Banks,
    Flags,
    Floats,
    Ints,
    RoadNetwork,
    TravelRules,
)

# A way of so many milliseconds (24.8 days) is none: the largest weight of a 32-bit hierarchy.
NO_WAY_MS = 2_147_483_647
# A place beside the water is prepared for its nearest road and for the next ones behind it, so that
# closing one or two of them only changes weights.
ROADS_PER_PLACE = 3
FIRST_LOOK_M = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Edges cut where places join them, ascending by edge and position.

    ``first`` and ``last`` are shares of the edge's length at ``tail`` and ``head``.
    """

    edge: Ints
    first: Floats
    last: Floats
    tail: Ints
    head: Ints

    def at(self, edge: Ints, share: Floats) -> Ints:
        """Return the piece on which a position of an edge lies (the later of two)."""
        starts = 2.0 * self.edge + self.first
        rows: Ints = np.searchsorted(starts, 2.0 * edge + share, side="right") - 1
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Accesses:
    """Ways from places to roads nearby, nearest first.

    ``complete`` tells of each place whether these are all the roads within reach.
    """

    place: Ints
    edge: Ints
    share: Floats
    distance_m: Floats
    complete: Flags

    def chosen(self, closed: Flags) -> Ints:
        """Return the row of the nearest open road of each place that has one."""
        open_rows = np.flatnonzero(~closed[self.edge])
        _, first = np.unique(self.place[open_rows], return_index=True)
        rows: Ints = open_rows[first]
        return rows


class Topology:
    """Road pieces, ways to the roads, banks: everything but weights; built once per network.

    Nodes are the road nodes, then the places at the ends of banks, then the points where these are
    joined to a road. Arcs are, in blocks: pieces forward, pieces backward, accesses out, accesses
    back, banks forward, banks backward. One-way roads, closed roads and speeds are weights.

    Parameters
    ----------
    network
        Noded roads; may be empty (0 edges).
    banks
        Banks that can be travelled, with the places at their ends.
    snap_m
        How far from a road a place may be.
    without
        Edges that no place shall be joined to: those closed for good.

    Notes
    -----
    0.2 s of CPU for 100,000 nodes and 175,000 edges with 5,200 places beside the water.
    """

    def __init__(
        self,
        network: RoadNetwork,
        *,
        banks: Banks,
        snap_m: float,
        without: Flags | None = None,
    ) -> None:
        self.network = network
        self.banks = banks
        self.snap_m = snap_m
        self.without = network.shut if without is None else without
        self.accesses = _accesses(network, banks.places_xy, snap_m=snap_m, without=self.without)
        road_nodes, places = len(network.nodes_xy), len(banks.places_xy)
        self.first_place = road_nodes
        self.node_count = road_nodes + places + len(self.accesses.place)
        cut_nodes = np.arange(road_nodes + places, self.node_count)
        self.pieces = _pieces(network, self.accesses, cut_nodes)
        start = np.array([bank.start for bank in banks.banks], dtype=np.int64) + road_nodes
        end = np.array([bank.end for bank in banks.banks], dtype=np.int64) + road_nodes
        place = self.accesses.place + road_nodes
        self.tail = np.concatenate(
            [self.pieces.tail, self.pieces.head, place, cut_nodes, start, end]
        )
        self.head = np.concatenate(
            [self.pieces.head, self.pieces.tail, cut_nodes, place, end, start]
        )

    @cached_property
    def nodes_xy(self) -> Floats:
        """Coordinates of all nodes."""
        lines = self.network.geometry[self.accesses.edge]
        feet = shapely.line_interpolate_point(lines, self.accesses.share, normalized=True)
        points = [self.network.nodes_xy, self.banks.places_xy, shapely.get_coordinates(feet)]
        return np.vstack([xy.reshape(-1, 2) for xy in points])

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The index of all edges."""
        return shapely.STRtree(self.network.geometry)

    def runs_out(self, closed: Flags) -> bool:
        """Tell whether a place needs a road that it was not prepared for."""
        joined = np.zeros(len(self.banks.places_xy), dtype=np.bool_)
        joined[self.accesses.place[self.accesses.chosen(closed)]] = True
        return bool((~joined & ~self.accesses.complete).any())

    def edge_ms(self, rules: TravelRules) -> Floats:
        """Return the milliseconds of each edge, not yet whole; infinite with speed 0."""
        speed = self.network.speed_kmh
        if speed is None:
            speed = np.full(len(self.network.u), rules.road_kmh)
        with np.errstate(divide="ignore"):
            spent: Floats = self.network.length_m / (speed * KMH_TO_M_PER_S) * MS_PER_S
        return spent

    def backward(self, rules: TravelRules) -> Flags:
        """Tell of each edge whether it may be travelled from ``v`` to ``u``."""
        if self.network.oneway is None or not rules.obeys_oneway:
            return np.ones(len(self.network.u), dtype=np.bool_)
        return ~self.network.oneway

    def weights(self, rules: TravelRules, *, closed: Flags) -> Ints:
        """Return whole milliseconds of each arc, ``NO_WAY_MS`` where it may not be travelled.

        Positions along an edge are rounded, not pieces: an edge takes equally long however often
        it is cut, so that closing a road and opening it again changes nothing.
        """
        pieces, accesses = self.pieces, self.accesses
        spent = self.edge_ms(rules)[pieces.edge]
        shut = closed[pieces.edge] | ~np.isfinite(spent)
        spent = np.where(shut, 0.0, spent)
        along = np.rint(pieces.last * spent) - np.rint(pieces.first * spent)
        forward = np.where(shut, NO_WAY_MS, along)
        back = np.where(self.backward(rules)[pieces.edge], forward, NO_WAY_MS)
        access = np.full(len(accesses.place), float(NO_WAY_MS))
        chosen = accesses.chosen(closed)
        access[chosen] = np.rint(accesses.distance_m[chosen] * rules.off_road_ms_per_m)
        slow = MS_PER_S / (rules.bank_kmh * KMH_TO_M_PER_S)
        bank = np.rint(np.array([one.line.length for one in self.banks.banks]) * slow)
        every = np.concatenate([forward, back, access, access, bank, bank])
        whole: Ints = np.minimum(every, NO_WAY_MS).astype(np.int64)
        return whole

    def coordinates(self, arc: int) -> Floats:
        """Return the vertices along an arc."""
        for count, forward in (
            (len(self.pieces.edge), self._piece),
            (len(self.accesses.place), self._access),
            (len(self.banks.banks), self._bank),
        ):
            if arc < 2 * count:
                vertices = forward(arc % count)
                return vertices if arc < count else vertices[::-1]
            arc -= 2 * count
        raise IndexError(arc)

    def stretch(self, edge: int, first: float, last: float) -> Floats:
        """Return the vertices between two positions of an edge, from the first to the last."""
        whole = self.network.geometry[edge]
        if (first, last) == (0.0, 1.0):
            return np.asarray(shapely.get_coordinates(whole))
        return np.asarray(shapely.get_coordinates(substring(whole, first, last, normalized=True)))

    def _piece(self, row: int) -> Floats:
        pieces = self.pieces
        return self.stretch(
            int(pieces.edge[row]), float(pieces.first[row]), float(pieces.last[row])
        )

    def _access(self, row: int) -> Floats:
        accesses = self.accesses
        line, share = self.network.geometry[accesses.edge[row]], accesses.share[row]
        foot = shapely.get_coordinates(line.interpolate(share, normalized=True))[0]
        return np.array([self.banks.places_xy[accesses.place[row]], foot])

    def _bank(self, row: int) -> Floats:
        return np.asarray(shapely.get_coordinates(self.banks.banks[row].line))


def _accesses(
    network: RoadNetwork, places_xy: Floats, *, snap_m: float, without: Flags
) -> Accesses:
    """Return the nearest roads of each place; of a road its nearest edge, of equal ones the first.

    Sorted by place, then by distance.
    """
    points = shapely.points(places_xy)
    place, edge = _roads_around(network, points, snap_m=snap_m, without=without)
    distance = shapely.distance(points[place], network.geometry[edge])
    order = np.lexsort((edge, distance, place))
    place, edge, distance = place[order], edge[order], distance[order]
    road = network.road_numbers[edge]
    _, nearest = np.unique(np.column_stack([place, road]), axis=0, return_index=True)
    nearest.sort()
    place, edge, distance = place[nearest], edge[nearest], distance[nearest]
    counts = np.bincount(place, minlength=len(places_xy))
    rank = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = rank < ROADS_PER_PLACE
    place, edge, distance = place[kept], edge[kept], distance[kept]
    share = shapely.line_locate_point(network.geometry[edge], points[place], normalized=True)
    return Accesses(place, edge, share, distance, counts <= ROADS_PER_PLACE)


def _roads_around(
    network: RoadNetwork, points: npt.NDArray[np.object_], *, snap_m: float, without: Flags
) -> tuple[Ints, Ints]:
    """Return pairs of place and edge: all edges around a place as far as enough roads need.

    The limit may be kilometres and hold hundreds of roads: the look widens only where few are near.
    """
    open_edges = np.flatnonzero(~without)
    tree = shapely.STRtree(network.geometry[open_edges])
    radius_m = np.minimum(_radii(tree, points), snap_m)
    left = np.arange(len(points))
    places, edges = [left[:0]], [left[:0]]
    while len(left):
        near, found = tree.query(points[left], predicate="dwithin", distance=radius_m[left])
        place, edge = left[near], open_edges[found]
        roads = np.unique(np.column_stack([place, network.road_numbers[edge]]), axis=0)
        counts = np.bincount(roads[:, 0], minlength=len(points))
        left = left[(counts[left] <= ROADS_PER_PLACE) & (radius_m[left] < snap_m)]
        done = ~np.isin(place, left)
        places.append(place[done])
        edges.append(edge[done])
        radius_m[left] = np.minimum(radius_m[left] * 2, snap_m)
    return np.concatenate(places), np.concatenate(edges)


def _radii(tree: shapely.STRtree, points: npt.NDArray[np.object_]) -> Floats:
    """Return within which distance to look first: twice that of the nearest edge."""
    radii = np.full(len(points), FIRST_LOOK_M)
    if len(tree.geometries) and len(points):
        (row, _), distance = tree.query_nearest(points, return_distance=True, all_matches=False)
        radii[row] = np.maximum(2 * distance, FIRST_LOOK_M)
    return radii


def _pieces(network: RoadNetwork, accesses: Accesses, cut_nodes: Ints) -> Pieces:
    """Cut the edges at the accesses."""
    edges = np.arange(len(network.u), dtype=np.int64)
    edge = np.concatenate([edges, accesses.edge, edges])
    share = np.concatenate([np.zeros(len(edges)), accesses.share, np.ones(len(edges))])
    node = np.concatenate([network.u, cut_nodes, network.v])
    rank = np.repeat([0, 1, 2], [len(edges), len(accesses.edge), len(edges)])
    order = np.lexsort((share, rank, edge))
    edge, share, node = edge[order], share[order], node[order]
    starts = np.flatnonzero(edge[1:] == edge[:-1])
    return Pieces(edge[starts], share[starts], share[starts + 1], node[starts], node[starts + 1])
