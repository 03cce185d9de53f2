"""Points on a network, and what lies up- and downstream of them."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from gis.network.noding import Floats, Network
from gis.network.paths import directed_graph

NO_PLACE = "no_place"
TOO_FAR = "too_far"
NO_EDGES = "no_edges"


class NotDirected(ValueError):
    """Up- and downstream were asked of a network without directions."""

    def __init__(self) -> None:
        super().__init__("expected a directed network, found an undirected one")


@dataclass(frozen=True, slots=True)
class Position:
    """A place on an edge.

    Parameters
    ----------
    edge
        Row number of the edge.
    at_m
        Metres from its start.
    """

    edge: int
    at_m: float


def snap(points: gpd.GeoSeries | gpd.GeoDataFrame, network: Network, max_m: float) -> pd.DataFrame:
    """Find the nearest place of the network for each point.

    Of edges at the same distance the first has it.

    Parameters
    ----------
    points
        Points, in any declared reference system.
    network
        The network.
    max_m
        How far away a place may be.

    Returns
    -------
    A frame with the index of ``points``: ``edge`` (missing when there is none), ``position_m`` from
    the start of the edge, ``distance_m`` (also of a place that is too far), ``reason``: empty,
    ``no_place`` for a missing point, ``too_far``, ``no_edges``.
    """
    shapes = points.geometry.to_crs(network.crs).to_numpy()
    edge = np.full(len(shapes), -1, dtype=np.int64)
    at_m, away_m = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
    reason = np.full(len(shapes), NO_EDGES if network.edges.empty else "", dtype=object)
    lines = network.edges.geometry.to_numpy()
    if len(lines):
        (point, line), distance = shapely.STRtree(lines).query_nearest(
            shapes, return_distance=True, all_matches=True
        )
        order = np.lexsort((line, point))
        row, first = np.unique(point[order], return_index=True)
        edge[row], away_m[row] = line[order][first], distance[order][first]
        at_m[row] = shapely.line_locate_point(lines[edge[row]], shapes[row])
    reason[away_m > max_m] = TOO_FAR
    reason[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = NO_PLACE
    refused = reason != ""
    edge[refused], at_m[refused] = -1, np.nan
    return pd.DataFrame(
        {
            "edge": pd.array(edge, dtype="Int64").take(
                np.where(refused, -1, np.arange(len(edge))), allow_fill=True
            ),
            "position_m": at_m,
            "distance_m": away_m,
            "reason": reason,
        },
        index=points.index,
    )


def upstream(network: Network, start: int | Position, *, max_m: float = np.inf) -> gpd.GeoDataFrame:
    """Return what flows to a place, as far as ``max_m`` against the stream.

    Parameters
    ----------
    network
        A directed network; rings and parallel arms are allowed.
    start
        A node, or a position on an edge.
    max_m
        How far.

    Returns
    -------
    Stretches in the reference system of the network, nearest first: ``edge``; ``from_m``, ``to_m``
    on the edge; ``nearest_m``, ``farthest_m``, the distance along the water from the start;
    ``geometry`` in the direction of flow. A stretch that is reached by two arms counts once, by the
    shorter.

    Raises
    ------
    NotDirected
        If the network has no directions.
    """
    return _trace(network, start, max_m, against=True)


def downstream(
    network: Network, start: int | Position, *, max_m: float = np.inf
) -> gpd.GeoDataFrame:
    """Return where the water of a place goes, as far as ``max_m``; see `upstream`."""
    return _trace(network, start, max_m, against=False)


@dataclass(frozen=True, slots=True)
class _Stretches:
    """The edges, one of them cut in two where the tracing starts."""

    edge: np.ndarray[tuple[int], np.dtype[np.int64]]
    u: np.ndarray[tuple[int], np.dtype[np.int64]]
    v: np.ndarray[tuple[int], np.dtype[np.int64]]
    from_m: Floats
    to_m: Floats
    nodes: int
    start: int


def _trace(
    network: Network, start: int | Position, max_m: float, *, against: bool
) -> gpd.GeoDataFrame:
    if not network.directed:
        raise NotDirected
    whole = _stretches(network, start)
    u, v = (whole.v, whole.u) if against else (whole.u, whole.v)
    length = whole.to_m - whole.from_m
    graph = directed_graph(u, v, length, nodes=whole.nodes)
    reached = dijkstra(graph, directed=True, indices=whole.start, limit=max_m)[u]
    rows = np.flatnonzero(reached < max_m)
    near = reached[rows]
    far = np.minimum(near + length[rows], max_m)
    from_m, to_m = whole.from_m[rows].copy(), whole.to_m[rows].copy()
    if against:
        from_m = to_m - (far - near)
    else:
        to_m = from_m + (far - near)
    edge = whole.edge[rows]
    shapes = network.edges.geometry.to_numpy()[edge]
    found = gpd.GeoDataFrame(
        {"edge": edge, "from_m": from_m, "to_m": to_m, "nearest_m": near, "farthest_m": far},
        geometry=[_between(*cut) for cut in zip(shapes, from_m, to_m, strict=True)],
        crs=network.crs,
    )
    return found.sort_values(["nearest_m", "edge", "from_m"], kind="stable").reset_index(drop=True)


def _between(shape: shapely.LineString, from_m: float, to_m: float) -> shapely.LineString:
    return substring(shape, from_m, to_m)


def _stretches(network: Network, start: int | Position) -> _Stretches:
    u, v = network.edges["u"].to_numpy(), network.edges["v"].to_numpy()
    length = network.edges["length_m"].to_numpy()
    edge, nodes = np.arange(len(u)), len(network.nodes_xy)
    zero = np.zeros(len(u))
    if not isinstance(start, Position):
        return _Stretches(edge, u, v, zero, length, nodes, start)
    cut, at_m = start.edge, float(np.clip(start.at_m, 0.0, length[start.edge]))
    from_m, to_m, ends = np.r_[zero, at_m], np.r_[length, length[cut]], np.r_[v, v[cut]]
    to_m[cut], ends[cut] = at_m, nodes
    return _Stretches(np.r_[edge, cut], np.r_[u, nodes], ends, from_m, to_m, nodes + 1, nodes)
