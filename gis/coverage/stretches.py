"""A track as straight stretches between fixes, and what of planned lines each one reaches."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gis.coverage.track import CleanTrack
from gis.crs import metric_crs_for, project, require_storage_crs

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.intp]

_MS_IN_SECOND = 1_000.0


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches in metres, in order of source and time; times are seconds since the epoch."""

    start: Floats
    end: Floats
    from_s: Floats
    to_s: Floats
    piece: Numbers
    source: Shapes

    @property
    def length(self) -> Floats:
        """The length of each stretch in metres."""
        return np.asarray(np.hypot(*(self.end - self.start).T))

    @property
    def lines(self) -> Shapes:
        """The stretches as lines; a stand is a point, as GEOS can't measure a line of no length."""
        lines = shapely.linestrings(np.stack([self.start, self.end], axis=1))
        standing = self.length == 0
        lines[standing] = shapely.points(self.start[standing])
        return np.asarray(lines)


def common_metric(track: CleanTrack, planned: gpd.GeoDataFrame) -> CRS:
    """Return the metric system of the plan, or of the track where nothing is planned.

    Raises
    ------
    CRSMismatch
        If the plan isn't in storage.
    """
    require_storage_crs(planned)
    bounds = planned.total_bounds
    if not np.isfinite(bounds).all():
        bounds = track.pieces.total_bounds
    return metric_crs_for(bounds if np.isfinite(bounds).all() else 0.0)


def stretches_of(track: CleanTrack, metric: CRS) -> Stretches:
    """Return the stretches of a track; no stretch leads over a gap."""
    points = track.points
    xy = project(points[["lon", "lat"]].to_numpy(dtype=float), metric_crs=metric)
    piece = points["piece"].to_numpy()
    seconds = unix_seconds(points["at"])
    # A track half the world away from the plan has no coordinates in its zone.
    known = np.asarray(np.isfinite(xy).all(axis=1))
    same = np.flatnonzero((np.diff(piece) == 0) & known[1:] & known[:-1])
    source = points["source"].to_numpy(dtype=object)
    return Stretches(
        xy[same], xy[same + 1], seconds[same], seconds[same + 1], piece[same], source[same]
    )


def unix_seconds(at: pd.Series) -> Floats:
    """Return times as seconds since 1970."""
    epoch = pd.Timestamp(0, tz="UTC")
    return np.asarray((at - epoch).dt.total_seconds(), dtype=float)


def moments(seconds: Floats) -> pd.Series:
    """Return seconds since 1970 as times in UTC to the millisecond; NaN is missing."""
    known = np.isfinite(seconds)
    at = np.full(len(seconds), "NaT", dtype="datetime64[ms]")
    at[known] = np.round(seconds[known] * _MS_IN_SECOND).astype(np.int64).astype("datetime64[ms]")
    return pd.Series(at).dt.tz_localize("UTC")


def reached(
    stretches: Stretches, planned: Shapes, *, tolerance_m: float
) -> tuple[Numbers, Numbers, Floats, Floats]:
    """Return what of each planned line lies within the tolerance of each stretch.

    Returns
    -------
    Four arrays of one length: the line, the stretch, and from where to where along the line in
    metres; a pair of line and stretch comes once for every straight edge of the line in reach.

    Notes
    -----
    What lies within a distance of a straight stretch is convex, so that it cuts a straight edge in
    one interval: the hull of the intervals in the discs round both ends and in the band between.
    Exact; about 1 million pairs a second.
    """
    edge_start, edge_end, line, offset = _edges(planned)
    tree = shapely.STRtree(stretches.lines)
    edges = shapely.linestrings(np.stack([edge_start, edge_end], axis=1))
    edge, stretch = tree.query(edges, predicate="dwithin", distance=tolerance_m)
    low, high = _cut(
        (edge_start[edge], edge_end[edge]),
        (stretches.start[stretch], stretches.end[stretch]),
        tolerance_m,
    )
    cut = high > low
    edge, stretch = edge[cut], stretch[cut]
    return line[edge], stretch, offset[edge] + low[cut], offset[edge] + high[cut]


def _edges(planned: Shapes) -> tuple[Floats, Floats, Numbers, Floats]:
    """Return start, end, line and metres before it of every straight edge."""
    parts, line = shapely.get_parts(planned, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    same = np.flatnonzero(np.diff(part) == 0)
    length = np.hypot(*(xy[same + 1] - xy[same]).T)
    before = np.cumsum(length) - length
    owner = line[part[same]]
    first = np.searchsorted(owner, owner, side="left")
    offset = before - before[first] if len(before) else before
    long = length > 0
    return xy[same][long], xy[same + 1][long], owner[long], offset[long]


def _cut(
    edge: tuple[Floats, Floats], stretch: tuple[Floats, Floats], reach_m: float
) -> tuple[Floats, Floats]:
    """Return from where to where (metres) each edge lies within reach of its stretch."""
    (a, b), (p, q) = edge, stretch
    length = np.hypot(*(b - a).T)
    along = (b - a) / length[:, None]
    parts = [_disc(p - a, along, reach_m), _disc(q - a, along, reach_m)]
    parts.append(_band((a - p, along), q - p, reach_m))
    low = np.minimum.reduce([part[0] for part in parts])
    high = np.maximum.reduce([part[1] for part in parts])
    return np.clip(low, 0.0, length), np.clip(high, 0.0, length)


_NEVER = (np.inf, -np.inf)


def _disc(centre: Floats, along: Floats, reach_m: float) -> tuple[Floats, Floats]:
    middle = (centre * along).sum(axis=1)
    aside = centre[:, 0] * along[:, 1] - centre[:, 1] * along[:, 0]
    half = np.sqrt(np.maximum(reach_m**2 - aside**2, 0.0))
    inside = np.abs(aside) <= reach_m
    return np.where(inside, middle - half, _NEVER[0]), np.where(inside, middle + half, _NEVER[1])


def _band(edge: tuple[Floats, Floats], stretch: Floats, reach_m: float) -> tuple[Floats, Floats]:
    """Cut the edge (its start from the stretch's, its direction) with the band of a stretch."""
    start, along = edge
    length = np.hypot(*stretch.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = stretch / length[:, None]
        abeam = np.column_stack([-ahead[:, 1], ahead[:, 0]])
        within = _between((start * ahead).sum(1), (along * ahead).sum(1), (0.0, length))
        beside = _between((start * abeam).sum(1), (along * abeam).sum(1), (-reach_m, reach_m))
    low, high = np.maximum(within[0], beside[0]), np.minimum(within[1], beside[1])
    empty = ~(low <= high)
    return np.where(empty, _NEVER[0], low), np.where(empty, _NEVER[1], high)


def _between(
    value: Floats, slope: Floats, limits: tuple[float | Floats, float | Floats]
) -> tuple[Floats, Floats]:
    """Solve lower <= value + slope * s <= upper for s."""
    lower, upper = limits
    one, other = (lower - value) / slope, (upper - value) / slope
    flat = slope == 0
    always = flat & (value >= lower) & (value <= upper)
    low = np.where(flat, np.where(always, -np.inf, np.inf), np.minimum(one, other))
    high = np.where(flat, np.where(always, np.inf, -np.inf), np.maximum(one, other))
    return low, high
