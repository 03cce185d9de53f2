"""What lies up- and downstream of a place, by known and by possible directions of flow."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from gis.network.noding import Floats, Network, Places
from gis.network.paths import directed_graph
from gis.network.positions import Position

Flags = NDArray[np.bool_]
_NO_NODE = -9999
# Positions on the edges are laid on one axis, each edge a stretch of its own with this room after.
_ROOM_M = 1.0
# What is closer to an end than a millimetre is the end.
_GRAIN_M = 1e-3


class NotDirected(ValueError):
    """Up- and downstream were asked of a network without directions."""

    def __init__(self) -> None:
        super().__init__("expected a directed network, found an undirected one")


@dataclass(frozen=True, slots=True)
class _Arcs:
    """Pieces of edges as they are walked from the start on; an edge either way makes two.

    An arc leads from ``tail`` to ``head``; ``forward`` tells that this is in drawing direction.
    ``twin`` is the arc the other way round, -1 without. One edge is cut where the tracing starts.
    """

    edge: Places
    tail: Places
    head: Places
    from_m: Floats
    to_m: Floats
    forward: Flags
    twin: Places
    nodes: int
    start: int

    @property
    def length_m(self) -> Floats:
        return np.asarray(self.to_m - self.from_m)


@dataclass(frozen=True, slots=True)
class _Walk:
    """The shortest ways from the start to every node: metres, and gates on the way."""

    far_m: Floats
    gates: Places


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the water leads from (or to) a start; made by `reach`."""

    _network: Network
    _arcs: _Arcs
    _known: _Walk
    _possible: _Walk
    _gate_at: Floats
    _max_m: float

    def stretches(self) -> gpd.GeoDataFrame:
        """Return the waters reached, nearest first; every metre of an edge at most once.

        Returns
        -------
        A frame in the reference system of the network: ``edge``; ``from_m``, ``to_m`` on the edge;
        ``nearest_m``, ``farthest_m`` along the water from the start; ``certain``: reached by known
        directions alone; ``forward``: leads away from the start in drawing direction; ``geometry``
        in drawing direction.
        """
        arcs, known, possible = self._arcs, self._known.far_m, self._possible.far_m
        sure_m = _covered(arcs, known, self._max_m, is_open=arcs.twin < 0)
        any_m = _shared(arcs, possible, _covered(arcs, possible, self._max_m))
        any_m = np.maximum(any_m, sure_m)
        sure = np.flatnonzero(sure_m > _GRAIN_M)
        more = np.flatnonzero(any_m > sure_m + _GRAIN_M)
        rows = np.concatenate([sure, more])
        zero = np.zeros(len(sure))
        low, high = np.r_[zero, sure_m[more]], np.r_[sure_m[sure], any_m[more]]
        tail = np.r_[known[arcs.tail[sure]], possible[arcs.tail[more]]]
        forward = arcs.forward[rows]
        from_m = np.where(forward, arcs.from_m[rows] + low, arcs.to_m[rows] - high)
        to_m = np.where(forward, arcs.from_m[rows] + high, arcs.to_m[rows] - low)
        edge = arcs.edge[rows]
        shapes = self._network.edges.geometry.to_numpy()[edge]
        found = gpd.GeoDataFrame(
            {
                "edge": edge,
                "from_m": from_m,
                "to_m": to_m,
                "nearest_m": tail + low,
                "farthest_m": tail + high,
                "certain": np.arange(len(rows)) < len(sure),
                "forward": forward,
            },
            geometry=[_between(*cut) for cut in zip(shapes, from_m, to_m, strict=True)],
            crs=self._network.crs,
        )
        order = ["nearest_m", "edge", "from_m"]
        return found.sort_values(order, kind="stable").reset_index(drop=True)

    def distances(self, places: pd.DataFrame) -> pd.DataFrame:
        """Return how far places of the network are along the water.

        Parameters
        ----------
        places
            ``edge`` (missing where a point didn't snap) and ``position_m``, as `snap` gives them.

        Returns
        -------
        A frame with the index of ``places``: ``distance_m`` (infinite where the water doesn't
        lead), ``certain`` (by known directions alone) and ``gates``, how many stand in the way. A
        place that is reached both ways has the distance of the certain one.
        """
        row, arc = _matches(self._arcs, places)
        at_m = places["position_m"].to_numpy(dtype=float)[row]
        forward = self._arcs.forward[arc]
        on_m = np.where(forward, at_m - self._arcs.from_m[arc], self._arcs.to_m[arc] - at_m)
        span = np.sort([self._axis(arc, at_m), self._axis(arc, self._start_of(arc))], axis=0)
        gates = _counted(self._gate_at, span[0], span[1])
        is_known = self._arcs.twin[arc] < 0
        best = pd.DataFrame(
            {
                "distance_m": np.full(len(places), np.inf),
                "certain": np.zeros(len(places), dtype=bool),
                "gates": np.zeros(len(places), dtype=np.int64),
            },
            index=places.index,
        )
        for walk, is_open, certain in (
            (self._possible, np.ones(len(row), dtype=bool), False),
            (self._known, is_known, True),
        ):
            far = np.where(is_open, walk.far_m[self._arcs.tail[arc]] + on_m, np.inf)
            order = np.lexsort((far, row))
            one, first = np.unique(row[order], return_index=True)
            chosen = order[first]
            near = np.isfinite(far[chosen]) & (far[chosen] <= self._max_m)
            one, chosen = one[near], chosen[near]
            best.iloc[one, 0] = far[chosen]
            best.iloc[one, 1] = certain
            best.iloc[one, 2] = gates[chosen] + walk.gates[self._arcs.tail[arc[chosen]]]
        return best

    def _start_of(self, arc: Places) -> Floats:
        arcs = self._arcs
        return np.where(arcs.forward[arc], arcs.from_m[arc], arcs.to_m[arc])

    def _axis(self, arc: Places, at_m: Floats) -> Floats:
        return np.asarray(_offsets(self._network)[self._arcs.edge[arc]] + at_m)


def reach(
    network: Network,
    start: int | Position,
    *,
    against: bool,
    max_m: float = np.inf,
    either_way: Flags | None = None,
    gates: pd.DataFrame | None = None,
) -> Reach:
    """Follow the water from a place, or against it.

    Parameters
    ----------
    network
        A directed network; rings and parallel arms are allowed.
    start
        A node, or a position on an edge.
    against
        Upstream when true, downstream when false.
    max_m
        How far.
    either_way
        Edges on which nobody knows where the water flows, or on which it flows now here, now there:
        they are walked both ways, and what is reached only by them is possible, not certain.
    gates
        ``edge`` and ``position_m`` of gates and sluices. They stop nothing (whether one is shut is
        not known here); how many stand in the way is told.

    Raises
    ------
    NotDirected
        If the network has no directions.

    Notes
    -----
    Two runs of Dijkstra: 8 ms CPU on a city's 8,200 edges; its 5,200 stretches take 70 ms more.
    """
    if not network.directed:
        raise NotDirected
    either = np.zeros(len(network.edges), dtype=bool) if either_way is None else either_way
    arcs = _arcs_of(network, start, against=against, either_way=either)
    gate_at = np.empty(0)
    if gates is not None and len(gates):
        edge = gates["edge"].to_numpy(dtype=np.intp)
        gate_at = np.sort(_offsets(network)[edge] + gates["position_m"].to_numpy(dtype=float))
    axis = _offsets(network)[arcs.edge]
    on_arc = _counted(gate_at, axis + arcs.from_m, axis + arcs.to_m)
    known = _walk(arcs, on_arc, max_m, is_open=arcs.twin < 0)
    possible = _walk(arcs, on_arc, max_m, is_open=np.ones(len(arcs.edge), dtype=bool))
    return Reach(network, arcs, known, possible, gate_at, max_m)


def upstream(
    network: Network,
    start: int | Position,
    *,
    max_m: float = np.inf,
    either_way: Flags | None = None,
) -> gpd.GeoDataFrame:
    """Return what flows to a place, as far as ``max_m`` against the stream; see `reach`.

    Returns
    -------
    The stretches of `Reach.stretches`. What is reached by two arms counts once, by the shorter.
    """
    return reach(network, start, against=True, max_m=max_m, either_way=either_way).stretches()


def downstream(
    network: Network,
    start: int | Position,
    *,
    max_m: float = np.inf,
    either_way: Flags | None = None,
) -> gpd.GeoDataFrame:
    """Return where the water of a place goes, as far as ``max_m``; see `upstream`."""
    return reach(network, start, against=False, max_m=max_m, either_way=either_way).stretches()


def first_contacts(stretches: gpd.GeoDataFrame, areas: gpd.GeoSeries) -> pd.DataFrame:
    """Tell where the water first enters areas.

    Parameters
    ----------
    stretches
        Of `Reach.stretches`.
    areas
        Polygons in the same reference system.

    Returns
    -------
    One row for each area that is touched, with its index label, nearest first: ``distance_m``
    along the water, ``certain``, ``edge`` and ``position_m`` of the contact, ``length_m`` of the
    stretches inside. A certain contact goes before a nearer possible one.
    """
    lines, shapes = stretches.geometry.to_numpy(), areas.to_numpy()
    area, line = shapely.STRtree(lines).query(shapes, predicate="intersects")
    inside = shapely.intersection(lines[line], shapes[area])
    xy, piece = shapely.get_coordinates(inside, return_index=True)
    at_m = shapely.line_locate_point(lines[line[piece]], shapely.points(xy))
    forward = stretches["forward"].to_numpy()[line[piece]]
    on_m = np.where(forward, at_m, shapely.length(lines[line[piece]]) - at_m)
    touched = pd.DataFrame(
        {
            "area": area[piece],
            "distance_m": stretches["nearest_m"].to_numpy()[line[piece]] + on_m,
            "certain": stretches["certain"].to_numpy()[line[piece]],
            "edge": stretches["edge"].to_numpy()[line[piece]],
            "position_m": stretches["from_m"].to_numpy()[line[piece]] + at_m,
        }
    ).sort_values(["certain", "distance_m"], ascending=[False, True], kind="stable")
    found = touched.drop_duplicates("area").set_index("area")
    found["length_m"] = pd.Series(shapely.length(inside)).groupby(area).sum()
    found.index = areas.index.take(found.index.to_numpy(dtype=np.intp))
    return found.sort_values("distance_m", kind="stable")


def _between(shape: shapely.LineString, from_m: float, to_m: float) -> shapely.LineString:
    return substring(shape, from_m, to_m)


def _arcs_of(network: Network, start: int | Position, *, against: bool, either_way: Flags) -> _Arcs:
    u, v = network.edges["u"].to_numpy(), network.edges["v"].to_numpy()
    to_m = network.edges["length_m"].to_numpy(dtype=float)
    edge, from_m = np.arange(len(u)), np.zeros(len(u))
    nodes = len(network.nodes_xy)
    first = start if not isinstance(start, Position) else nodes
    if isinstance(start, Position):
        cut, at_m = start.edge, float(np.clip(start.at_m, 0.0, to_m[start.edge]))
        edge, u, v = np.r_[edge, cut], np.r_[u, nodes], np.r_[v, v[cut]]
        from_m, to_m = np.r_[from_m, at_m], np.r_[to_m, to_m[cut]]
        to_m[cut], v[cut] = at_m, nodes
        nodes += 1
    other = np.flatnonzero(either_way[edge])
    twin = np.full(len(edge), -1)
    twin[other] = len(edge) + np.arange(len(other))
    tail, head = (v, u) if against else (u, v)
    return _Arcs(
        edge=np.r_[edge, edge[other]],
        tail=np.r_[tail, head[other]],
        head=np.r_[head, tail[other]],
        from_m=np.r_[from_m, from_m[other]],
        to_m=np.r_[to_m, to_m[other]],
        forward=np.r_[np.full(len(edge), not against), np.full(len(other), against)],
        twin=np.r_[twin, other],
        nodes=nodes,
        start=first,
    )


def _walk(arcs: _Arcs, gates_on: Places, max_m: float, *, is_open: Flags) -> _Walk:
    rows = np.flatnonzero(is_open & (arcs.tail != arcs.head))
    tail, head, length = arcs.tail[rows], arcs.head[rows], arcs.length_m[rows]
    far, before = dijkstra(
        directed_graph(tail, head, length, nodes=arcs.nodes),
        directed=True,
        indices=arcs.start,
        limit=max_m,
        return_predecessors=True,
    )
    order = np.lexsort((length, head, tail))
    key = tail[order] * arcs.nodes + head[order]
    node = np.flatnonzero(before != _NO_NODE)
    used = rows[order[np.searchsorted(key, before[node].astype(np.intp) * arcs.nodes + node)]]
    gates = np.zeros(arcs.nodes, dtype=np.intp)
    gates[node] = gates_on[used]
    # Every node adds the gates of the one before it, then of the one twice as far back, and so on.
    back = np.where(before == _NO_NODE, np.arange(arcs.nodes), before)
    while (back[back] != back).any():
        gates, back = gates + gates[back], back[back]
    return _Walk(far, gates)


def _covered(arcs: _Arcs, far_m: Floats, max_m: float, *, is_open: Flags | None = None) -> Floats:
    """Return how much of each arc is reached, from its tail on."""
    start_m = far_m[arcs.tail]
    is_reached = np.isfinite(start_m) if is_open is None else np.isfinite(start_m) & is_open
    length = np.zeros(len(start_m))
    length[is_reached] = np.clip(max_m - start_m[is_reached], 0.0, arcs.length_m[is_reached])
    return length


def _shared(arcs: _Arcs, far_m: Floats, covered_m: Floats) -> Floats:
    """Let twin arcs end where they meet, so that no metre is reached twice."""
    paired = np.flatnonzero(arcs.twin >= 0)
    mine, other = far_m[arcs.tail[paired]], far_m[arcs.tail[arcs.twin[paired]]]
    length = arcs.length_m[paired]
    both = np.isfinite(mine) & np.isfinite(other)
    meeting = np.where(np.isfinite(mine), length, 0.0)
    meeting[both] = np.clip((length[both] + other[both] - mine[both]) / 2, 0.0, length[both])
    shared = covered_m.copy()
    shared[paired] = np.minimum(covered_m[paired], meeting)
    return shared


def _matches(arcs: _Arcs, places: pd.DataFrame) -> tuple[Places, Places]:
    """Return pairs of a place and an arc that holds it."""
    edge = places["edge"].to_numpy(dtype=float, na_value=np.nan)
    known = np.flatnonzero(np.isfinite(edge))
    order = np.argsort(arcs.edge, kind="stable")
    wanted = edge[known].astype(np.intp)
    low = np.searchsorted(arcs.edge[order], wanted, side="left")
    many = np.searchsorted(arcs.edge[order], wanted, side="right") - low
    row = np.repeat(known, many)
    within = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    arc = order[np.repeat(low, many) + within]
    at_m = places["position_m"].to_numpy(dtype=float)[row]
    held = (at_m >= arcs.from_m[arc] - _GRAIN_M) & (at_m <= arcs.to_m[arc] + _GRAIN_M)
    return row[held], arc[held]


def _offsets(network: Network) -> Floats:
    length = network.edges["length_m"].to_numpy(dtype=float) + _ROOM_M
    return np.asarray(np.cumsum(length) - length)


def _counted(gate_at: Floats, low: Floats, high: Floats) -> Places:
    """Return how many gates stand between two places of the axis, both included."""
    first = np.searchsorted(gate_at, low - _GRAIN_M, side="left")
    return np.asarray(np.searchsorted(gate_at, high + _GRAIN_M, side="right") - first)
