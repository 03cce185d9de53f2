"""How much of the planned segments a track covers, and how long it stayed at stops."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.crs import STORAGE_CRS, metric_crs_for, require_storage_crs

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

_SECONDS_IN_MINUTE = 60.0


def cover(
    track_pieces: gpd.GeoDataFrame, segments: gpd.GeoDataFrame, *, tolerance_m: float
) -> pd.DataFrame:
    """Measure how much of each planned segment lies within the tolerance of the track.

    Parameters
    ----------
    track_pieces
        Pieces of `clean_track`, in EPSG:4490.
    segments
        Planned lines in EPSG:4490.
    tolerance_m
        How far from the segment the track may be and still cover it.

    Returns
    -------
    One row for each segment, in order: ``segment``, its index label; ``covered_m``;
    ``covered_share`` (0-1); ``passes``, how often the track ran along its length (there and back is
    2; to and fro within the tolerance doesn't count); ``nearest_m``, missing without a track. A
    missing or empty segment is covered by nothing.

    Raises
    ------
    CRSMismatch
        If a frame isn't in storage.

    Notes
    -----
    The track is taken as its straight stretches between fixes; those within reach of a segment are
    buffered, united and cut with it. About 1 ms a segment.
    """
    require_storage_crs(track_pieces)
    require_storage_crs(segments)
    planned, track = _in_metres(segments, track_pieces)
    start, end, piece = _stretches(track)
    tree = shapely.STRtree(shapely.linestrings(np.stack([start, end], axis=1)))
    row, stretch = tree.query(planned, predicate="dwithin", distance=tolerance_m)
    order = np.lexsort((stretch, row))
    row, stretch = row[order], stretch[order]
    bounds = np.searchsorted(row, np.arange(len(planned) + 1))
    length = np.nan_to_num(shapely.length(planned))
    covered, passes = np.zeros(len(planned)), np.zeros(len(planned))
    for place in np.unique(row):
        near = stretch[bounds[place] : bounds[place + 1]]
        shape = planned[place]
        buffers = shapely.buffer(tree.geometries[near], tolerance_m, quad_segs=16)
        covered[place] = shapely.intersection(shape, shapely.union_all(buffers)).length
        advance = _advance_m(
            shape, (start[near], end[near]), _runs(near, piece), tolerance_m=tolerance_m
        )
        passes[place] = advance / length[place] if length[place] else 0.0
    share = np.divide(covered, length, out=np.zeros(len(planned)), where=length > 0)
    return pd.DataFrame(
        {
            "segment": segments.index,
            "covered_m": covered,
            "covered_share": np.minimum(share, 1.0),
            "passes": passes,
            "nearest_m": _nearest_m(tree, planned),
        }
    )


def _in_metres(segments: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame) -> tuple[Shapes, Shapes]:
    bounds = segments.total_bounds
    if not np.isfinite(bounds).all():
        bounds = pieces.total_bounds
    if not np.isfinite(bounds).all():
        return segments.geometry.to_numpy(), pieces.geometry.to_numpy()
    metric = metric_crs_for(bounds)
    return tuple(frame.geometry.to_crs(metric).to_numpy() for frame in (segments, pieces))


def _stretches(track: Shapes) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return start, end and piece of every stretch between two fixes."""
    xy, piece = shapely.get_coordinates(track, return_index=True)
    same = np.flatnonzero(np.diff(piece) == 0)
    return xy[same], xy[same + 1], piece[same]


def _runs(near: NDArray[np.intp], piece: NDArray[np.intp]) -> NDArray[np.intp]:
    """Tell the runs of stretches that follow each other in one piece."""
    broken = (np.diff(near) != 1) | (np.diff(piece[near]) != 0)
    return np.cumsum(np.r_[0, broken])


def _advance_m(
    segment: shapely.LineString,
    stretches: tuple[Floats, Floats],
    run: NDArray[np.intp],
    *,
    tolerance_m: float,
) -> float:
    """Return how far the runs went along the segment, forth and back added up."""
    start, end = (shapely.line_locate_point(segment, shapely.points(xy)) for xy in stretches)
    total = 0.0
    for number in np.unique(run):
        inside = run == number
        along = np.r_[start[inside][:1], end[inside]]
        total += _steady_advance_m(along, tolerance_m)
    return total


def _steady_advance_m(along: Floats, tolerance_m: float) -> float:
    """Add up the ways between turning points; a turn counts once it exceeds the tolerance."""
    total, turn, farthest = 0.0, float(along[0]), float(along[0])
    for position in along[1:].tolist():
        onward = (position - farthest) * (farthest - turn) >= 0
        if onward:
            farthest = position
        elif abs(position - farthest) > tolerance_m:
            total += abs(farthest - turn)
            turn, farthest = farthest, position
    return total + abs(farthest - turn)


def _nearest_m(tree: shapely.STRtree, planned: Shapes) -> Floats:
    nearest = np.full(len(planned), np.nan)
    if len(tree.geometries):
        (row, _), distance = tree.query_nearest(planned, return_distance=True, all_matches=False)
        nearest[row] = distance
    return nearest


def dwell(
    fixes: pd.DataFrame, stops: gpd.GeoDataFrame, radius_m: float, *, gap_s: float = np.inf
) -> pd.DataFrame:
    """Measure when and how long a track was at each stop.

    Parameters
    ----------
    fixes
        ``at``, ``lon``, ``lat`` in EPSG:4490; those without time or place are passed over.
    stops
        Places (points, or areas such as a yard) in EPSG:4490.
    radius_m
        How near counts as there.
    gap_s
        A longer silence between two fixes isn't counted as a stay.

    Returns
    -------
    One row for each stop, in order: ``stop``, its index label; ``first_at``, ``last_at`` of the
    fixes within the radius, missing if there are none; ``minutes``, the time between fixes that
    follow each other and both lie within it; ``nearest_m`` of any fix.

    Raises
    ------
    CRSMismatch
        If the stops aren't in storage.
    """
    require_storage_crs(stops)
    timed = fixes.dropna(subset=["at", "lon", "lat"]).sort_values("at", kind="stable")
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(timed["lon"], timed["lat"]), crs=STORAGE_CRS
    )
    places, where = _in_metres(stops, points)
    at = timed["at"].reset_index(drop=True)
    tree = shapely.STRtree(where)
    row, fix = tree.query(places, predicate="dwithin", distance=radius_m)
    order = np.lexsort((fix, row))
    near = pd.DataFrame({"row": row[order], "fix": fix[order]})
    near["at"] = at.take(near["fix"]).reset_index(drop=True)
    wait_s = near["at"].diff().dt.total_seconds()
    stayed = (near["row"].diff() == 0) & (near["fix"].diff() == 1) & (wait_s <= gap_s)
    near["minutes"] = wait_s.where(stayed, 0.0) / _SECONDS_IN_MINUTE
    visits = near.groupby("row").agg(
        first_at=("at", "first"), last_at=("at", "last"), minutes=("minutes", "sum")
    )
    visits = visits.reindex(np.arange(len(places)))
    return pd.DataFrame(
        {
            "stop": stops.index,
            "first_at": visits["first_at"].array,
            "last_at": visits["last_at"].array,
            "minutes": visits["minutes"].fillna(0.0).to_numpy(),
            "nearest_m": _nearest_m(tree, places),
        }
    )
