"""Lines → a graph whose edges meet only at nodes, built by array operations."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.crs import require_metric_crs

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Shapes = NDArray[np.object_]

# Survey and map lines that should touch miss each other by centimetres; half a metre joins them and
# is still less than the distance of two ditches that don't meet.
SNAP_M = 0.5
# Two vertices are the same one when they agree to the millimetre.
_SAME_PLACE_DIGITS = 3
# A vertex a micrometre from a cut is the cut.
_GRAIN_M = 1e-6


@dataclass(frozen=True, slots=True)
class Network:
    """A noded multigraph in metres.

    Parameters
    ----------
    nodes_xy
        Coordinates of the nodes, one row each; the row number is the node.
    edges
        One row for each edge, numbered from 0: ``u``, ``v`` (nodes), ``length_m``, ``line`` (index
        label of the source line), ``from_m`` and ``to_m`` (where on the line), ``geometry`` from u
        to v. Parallel edges and loops are kept.
    directed
        Whether an edge leads from u to v only, as water does.
    """

    nodes_xy: Floats
    edges: gpd.GeoDataFrame
    directed: bool

    @property
    def crs(self) -> CRS:
        """The metric reference system."""
        crs: CRS = self.edges.crs
        return crs


@dataclass(frozen=True, slots=True)
class _Parts:
    """The single lines of the sources: shape, source row, and where on the source it starts."""

    shapes: Shapes
    source: Places
    starts_m: Floats


@dataclass(frozen=True, slots=True)
class _Vertices:
    """All vertices of the parts: place, part, position on it, and whether the part ends there."""

    xy: Floats
    part: Places
    at_m: Floats
    is_end: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Where parts are cut, by part and position; and the node (or the meeting) there."""

    part: Places
    at_m: Floats
    node: Places


def node_lines(
    lines: gpd.GeoDataFrame,
    *,
    snap_m: float = SNAP_M,
    directed: bool = False,
    at_crossings: bool = False,
) -> Network:
    """Cut lines where they meet and build the graph.

    Lines meet at an end point that lies on (within ``snap_m`` of) another line, and at a vertex
    they share. Lines that only cross don't meet, because that is how a bridge or a culvert is
    drawn, unless ``at_crossings`` says so for sources that were never noded.

    Parameters
    ----------
    lines
        Lines in a metric reference system, single or multi, with a unique index. Missing, empty and
        zero-length ones give no edge.
    snap_m
        Places on the lines closer than this to a meeting point are that point.
    directed
        Whether the drawing direction is the flow (or the one way).
    at_crossings
        Whether lines also meet where they cross between vertices.

    Returns
    -------
    The network. An edge shorter than ``snap_m`` whose ends became one node is dropped.

    Raises
    ------
    CRSMismatch
        If the lines aren't in metres.
    ValueError
        If a geometry isn't a line.
    """
    require_metric_crs(lines)
    parts = _parts_of(lines.geometry.to_numpy())
    vertices = _vertices_of(parts.shapes)
    meetings = _meetings(parts.shapes, vertices, at_crossings=at_crossings)
    cuts = _cuts(parts.shapes, _visits(parts.shapes, vertices, meetings, snap_m=snap_m), snap_m)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(parts.shapes[cuts.part], cuts.at_m))
    nodes_xy = _mean_places(xy, cuts.node)
    first = np.flatnonzero(cuts.part[1:] == cuts.part[:-1])
    part = cuts.part[first]
    edges = gpd.GeoDataFrame(
        {
            "u": cuts.node[first],
            "v": cuts.node[first + 1],
            "length_m": cuts.at_m[first + 1] - cuts.at_m[first],
            "line": lines.index.take(parts.source[part]),
            "from_m": parts.starts_m[part] + cuts.at_m[first],
            "to_m": parts.starts_m[part] + cuts.at_m[first + 1],
        },
        geometry=_stretches(parts.shapes, vertices, cuts, nodes_xy=nodes_xy),
        crs=lines.crs,
    )
    collapsed = (edges["u"] == edges["v"]) & (edges["length_m"] <= snap_m)
    kept = edges[~collapsed].reset_index(drop=True)
    used, number = np.unique(kept[["u", "v"]].to_numpy(), return_inverse=True)
    ends = number.reshape(-1, 2)
    return Network(nodes_xy[used], kept.assign(u=ends[:, 0], v=ends[:, 1]), directed)


def _parts_of(shapes: Shapes) -> _Parts:
    kinds = shapely.get_type_id(shapes)
    lineal = np.isin(kinds, [1, 2, 5])
    if (~lineal & (kinds >= 0) & ~shapely.is_empty(shapes)).any():
        fault = "expected lines only"
        raise ValueError(fault)
    rows = np.flatnonzero(lineal)
    singles, part_of = shapely.get_parts(shapes[rows], return_index=True)
    singles, source = shapely.force_2d(singles), rows[part_of]
    lengths = shapely.length(singles)
    kept = lengths > 0
    singles, source, lengths = singles[kept], source[kept], lengths[kept]
    before = np.cumsum(lengths) - lengths
    first_of_source = np.r_[True, np.diff(source) != 0][: len(source)]
    starts = before - np.maximum.accumulate(np.where(first_of_source, before, 0.0))
    return _Parts(singles, source, starts)


def _vertices_of(parts: Shapes) -> _Vertices:
    xy, part = shapely.get_coordinates(parts, return_index=True)
    first = np.r_[True, np.diff(part) != 0][: len(xy)]
    step = np.r_[0.0, np.hypot(*np.diff(xy, axis=0).T)][: len(xy)]
    travelled = np.cumsum(np.where(first, 0.0, step))
    at_m = travelled - np.maximum.accumulate(np.where(first, travelled, 0.0))
    return _Vertices(xy, part, at_m, first | np.r_[first[1:], True][: len(xy)])


def _meetings(parts: Shapes, vertices: _Vertices, *, at_crossings: bool) -> Floats:
    """Return the places where lines may meet: ends, shared vertices and, if asked, crossings."""
    _, place, count = np.unique(
        vertices.xy.round(_SAME_PLACE_DIGITS), axis=0, return_inverse=True, return_counts=True
    )
    found = [vertices.xy[vertices.is_end | (count[place.ravel()] > 1)]]
    if at_crossings:
        found.append(_crossings(parts))
    return np.unique(np.concatenate(found).round(_SAME_PLACE_DIGITS), axis=0)


def _crossings(parts: Shapes) -> Floats:
    one, other = shapely.STRtree(parts).query(parts, predicate="intersects")
    upper = one < other
    common = shapely.intersection(parts[one[upper]], parts[other[upper]])
    # Of a stretch that two lines share, the ends and vertices are meetings.
    return np.asarray(shapely.get_coordinates(common), dtype=float)


def _visits(parts: Shapes, vertices: _Vertices, meetings: Floats, *, snap_m: float) -> _Cuts:
    """Return which line passes which meeting where; a line may pass the same one repeatedly."""
    node, part = shapely.STRtree(parts).query(
        shapely.points(meetings), predicate="dwithin", distance=snap_m
    )
    at_m = shapely.line_locate_point(parts[part], shapely.points(meetings[node]))
    # Locating finds only the first pass; rings and loops come back to one of their own vertices.
    every = np.concatenate([meetings, vertices.xy.round(_SAME_PLACE_DIGITS)])
    _, number = np.unique(every, axis=0, return_inverse=True)
    number = number.ravel()
    meeting_of = np.full(len(every), -1)
    meeting_of[number[: len(meetings)]] = np.arange(len(meetings))
    met = meeting_of[number[len(meetings) :]]
    known = met >= 0
    return _Cuts(
        np.concatenate([part, vertices.part[known]]),
        np.concatenate([at_m, vertices.at_m[known]]),
        np.concatenate([node, met[known]]),
    )


def _cuts(parts: Shapes, visits: _Cuts, snap_m: float) -> _Cuts:
    """Turn visits of meetings into cuts: those closer on a line than the snap are one."""
    part, at_m, meeting = visits.part, visits.at_m, visits.node
    length = shapely.length(parts)[part]
    near_start = at_m <= np.minimum(snap_m, length / 2)
    near_end = ~near_start & (at_m >= length - snap_m)
    at_m = np.where(near_start, 0.0, np.where(near_end, length, at_m))
    order = np.lexsort((at_m, part))
    meeting, part, at_m, near_end = meeting[order], part[order], at_m[order], near_end[order]
    # A cut closer to the previous one than the snap is the same cut, but the ends stay apart.
    apart = (np.diff(at_m) > snap_m) | np.diff(near_end)
    new = np.r_[True, (np.diff(part) != 0) | apart][: len(part)]
    node = _joined(meeting, np.cumsum(new) - 1)
    return _Cuts(part[new], at_m[new], node)


def _joined(meeting: Places, cut: Places) -> Places:
    """Give cuts that share a meeting, directly or through others, the same node number."""
    meetings = int(meeting.max(initial=-1)) + 1
    cuts = int(cut.max(initial=-1)) + 1
    size = meetings + cuts
    links = coo_array((np.ones(len(cut)), (meeting, meetings + cut)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    return np.unique(label[meetings:], return_inverse=True)[1].ravel()


def _mean_places(xy: Floats, node: Places) -> Floats:
    count = np.bincount(node)
    return np.column_stack([np.bincount(node, weights=xy[:, axis]) / count for axis in (0, 1)])


def _stretches(parts: Shapes, vertices: _Vertices, cuts: _Cuts, *, nodes_xy: Floats) -> Shapes:
    """Return the geometry between each two neighbouring cuts, its ends moved to their nodes."""
    lengths = shapely.length(parts)
    # One axis for all parts: each begins a metre after the one before ends.
    offset = np.cumsum(lengths) - lengths + np.arange(len(parts))
    vertex_at = offset[vertices.part] + vertices.at_m
    cut_at = offset[cuts.part] + cuts.at_m
    before = np.searchsorted(cut_at, vertex_at, side="right") - 1
    after = np.minimum(before + 1, len(cut_at) - 1)
    inner = (before >= 0) & (vertex_at - cut_at[before] > _GRAIN_M)
    inner &= (cut_at[after] - vertex_at > _GRAIN_M) & (cuts.part[before] == cuts.part[after])
    first = np.flatnonzero(cuts.part[1:] == cuts.part[:-1])
    stretch = np.concatenate([first, before[inner], first])
    rank = np.repeat([0, 1, 2], [len(first), int(inner.sum()), len(first)])
    along = np.concatenate([cut_at[first], vertex_at[inner], cut_at[first + 1]])
    places = [nodes_xy[cuts.node[first]], vertices.xy[inner], nodes_xy[cuts.node[first + 1]]]
    order = np.lexsort((along, rank, stretch))
    number = pd.factorize(stretch[order])[0]
    shapes: Shapes = shapely.linestrings(np.concatenate(places)[order], indices=number)
    return shapes
