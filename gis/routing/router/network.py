"""What is travelled: noded roads, banks of waterways, and the rules of a mode of travel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry import LineString

from gis.network import Network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

KMH_TO_M_PER_S = 1 / 3.6
MS_PER_S = 1000
# Vertices rounded to centimetres by whoever noded the lines still count as the node.
SAME_PLACE_M = 0.02


class BrokenNetwork(ValueError):
    """The arrays of a road network do not fit each other, or a line does not run from u to v."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """A noded road network in the metric CRS; parallel edges and loops are allowed.

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
    oneway
        Whether an edge is driven from ``u`` to ``v`` only, or None: all are driven both ways.
    road
        Number of the road each edge was cut from, or None: each edge is a road of its own. What is
        closed is a road.
    """

    nodes_xy: Floats
    u: Ints
    v: Ints
    length_m: Floats
    geometry: npt.NDArray[np.object_]
    speed_kmh: Floats | None = None
    oneway: Flags | None = None
    road: Ints | None = None

    def __post_init__(self) -> None:
        sizes = {len(self.u), len(self.v), len(self.length_m), len(self.geometry)}
        sizes |= {len(one) for one in (self.speed_kmh, self.oneway, self.road) if one is not None}
        if len(sizes) != 1:
            raise BrokenNetwork(str(sorted(sizes)))
        for node, vertex in ((self.u, 0), (self.v, -1)):
            ends = shapely.get_coordinates(shapely.get_point(self.geometry, vertex))
            off = np.hypot(*(self.nodes_xy[node] - ends).T)
            if (off > SAME_PLACE_M).any():
                raise BrokenNetwork(str(int(np.argmax(off))))

    @property
    def road_numbers(self) -> Ints:
        """The road of each edge."""
        return np.arange(len(self.u), dtype=np.int64) if self.road is None else self.road

    @property
    def shut(self) -> Flags:
        """Whether an edge has the speed 0."""
        if self.speed_kmh is None:
            return np.zeros(len(self.u), dtype=np.bool_)
        shut: Flags = self.speed_kmh <= 0
        return shut


def road_network(noded: Network, *, oneway: Mapping[int, bool] | None = None) -> RoadNetwork:
    """Return noded road lines as the router takes them.

    Parameters
    ----------
    noded
        Roads cut where they meet (`gis.network.node_lines`), their lines indexed by road number.
    oneway
        Roads that are driven in the drawing direction only; a road it does not name is two-way.

    Returns
    -------
    The network; every edge knows its road, so that closing a road closes all of its edges.
    """
    edges = noded.edges
    road = edges["line"].to_numpy(dtype=np.int64)
    one_way = {number for number, only in (oneway or {}).items() if only}
    return RoadNetwork(
        noded.nodes_xy,
        edges["u"].to_numpy(dtype=np.int64),
        edges["v"].to_numpy(dtype=np.int64),
        edges["length_m"].to_numpy(dtype=float),
        edges.geometry.to_numpy(),
        oneway=np.isin(road, list(one_way)) if one_way else None,
        road=road,
    )


def parts_of(network: RoadNetwork, *, closed: Flags) -> Ints:
    """Return the part of each edge, -1 for closed ones; roads of two parts do not touch.

    Directions do not count. Part 0 is the longest by the length of its edges, and so on.
    """
    size = len(network.nodes_xy)
    open_ = np.flatnonzero(~closed)
    u, v = network.u[open_], network.v[open_]
    graph = coo_array((np.ones(len(open_)), (u, v)), shape=(size, size))
    part = np.full(len(network.u), -1, dtype=np.int64)
    if not len(open_):
        return part
    _, label = connected_components(graph, directed=False)
    length = np.bincount(label[u], weights=network.length_m[open_], minlength=label.max() + 1)
    number = np.empty(len(length), dtype=np.int64)
    number[np.argsort(-length, kind="stable")] = np.arange(len(length))
    part[open_] = number[label[u]]
    return part


@dataclass(frozen=True, slots=True)
class Bank:
    """A waterway reach that can be travelled along its bank between two terminals, both ways."""

    start: int
    end: int
    line: LineString


@dataclass(frozen=True, slots=True, eq=False)
class Banks:
    """Banks with the places at their ends; `Bank.start` and `.end` are rows of ``places_xy``."""

    places_xy: Floats
    banks: tuple[Bank, ...]

    @classmethod
    def of_lines(cls, lines: Iterable[LineString]) -> "Banks":
        """Return banks along lines; lines that share an end meet there."""
        kept = [line for line in lines if line.length > 0]
        ends = np.array([[line.coords[0][:2], line.coords[-1][:2]] for line in kept], dtype=float)
        places, row = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
        rows = row.reshape(-1, 2).tolist()
        banks = [Bank(start, end, line) for (start, end), line in zip(rows, kept, strict=True)]
        return cls(places, tuple(banks))

    @classmethod
    def between(cls, terminals_xy: Floats, banks: Iterable[Bank]) -> "Banks":
        """Return banks that were told by rows of ``terminals_xy``."""
        told = list(banks)
        rows = [row for bank in told for row in (bank.start, bank.end)]
        wanted = terminals_xy[np.array(rows, dtype=np.int64)]
        places, place = np.unique(wanted.reshape(-1, 2), axis=0, return_inverse=True)
        ends = place.reshape(-1, 2).tolist()
        joined = [
            Bank(start, end, bank.line) for (start, end), bank in zip(ends, told, strict=True)
        ]
        return cls(places, tuple(joined))


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
    obeys_oneway
        Whether one-way roads are followed in their direction only; people on foot need not.
    """

    road_kmh: float = 30.0
    bank_kmh: float = 12.0
    off_road_kmh: float = 5.0
    detour: float = 1.4
    snap_m: float = 300.0
    straight_m: float = 0.0
    obeys_oneway: bool = True

    @property
    def off_road_ms_per_m(self) -> float:
        """Milliseconds for a metre of straight line."""
        return MS_PER_S * self.detour / (self.off_road_kmh * KMH_TO_M_PER_S)
