"""When and how long a track was at each stop, and how far it strayed from its ways."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.coverage.stretches import Stretches, common_metric, moments, stretches_of
from gis.coverage.track import CleanTrack

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

# A circle of 4 x 32 edges lies within 0.03 % of the true radius.
_CORNERS = 32
_SAME_MOMENT_S = 1e-3


def dwell(track: CleanTrack, stops: gpd.GeoDataFrame, *, radius_m: float) -> pd.DataFrame:
    """Measure when and how long a track was at each stop.

    Parameters
    ----------
    track
        What `clean_track` made of the fixes.
    stops
        Places (points, or lines and areas such as a yard) in EPSG:4490.
    radius_m
        How near counts as there.

    Returns
    -------
    One row for each stop, in order: ``stop``, its index label; ``entered_at``, ``left_at``, the
    first and last moment within the radius, missing if there was none; ``stay_s``, all time within
    it; ``longest_s``, the longest time without leaving it; ``visits``, how often it was entered;
    ``nearest_m``, missing without a track; ``rank``, 1 for the stop that was entered first.

    Raises
    ------
    CRSMismatch
        If the stops aren't in storage.

    Notes
    -----
    Moments between fixes are interpolated, so that a drive through between two fixes is seen. A gap
    ends a stay: nobody knows where the device was. Time overlapping in several sources counts once
    for each. O(stretches in reach).
    """
    metric = common_metric(track, stops)
    places = stops.geometry.to_crs(metric).to_numpy()
    stretches = stretches_of(track, metric)
    tree = shapely.STRtree(stretches.lines)
    stop, stretch = tree.query(places, predicate="dwithin", distance=radius_m)
    zones = shapely.buffer(places, radius_m, quad_segs=_CORNERS)
    low, high = _within(stretches, (stop, stretch), zones)
    seen = high >= low
    stop, stretch, low, high = stop[seen], stretch[seen], low[seen], high[seen]
    wait = stretches.to_s[stretch] - stretches.from_s[stretch]
    stays = pd.DataFrame(
        {
            "stop": stop,
            "piece": stretches.piece[stretch],
            "start_s": stretches.from_s[stretch] + low * wait,
            "end_s": stretches.from_s[stretch] + high * wait,
        }
    ).sort_values(["stop", "piece", "start_s"], ignore_index=True)
    table = _visits(stays).reindex(np.arange(len(places)))
    entered = moments(table["entered_s"].to_numpy(dtype=float))
    return pd.DataFrame(
        {
            "stop": stops.index,
            "entered_at": entered,
            "left_at": moments(table["left_s"].to_numpy(dtype=float)),
            "stay_s": table["stay_s"].fillna(0.0),
            "longest_s": table["longest_s"].fillna(0.0),
            "visits": table["visits"].fillna(0).astype(int),
            "nearest_m": _nearest_m(tree, places),
            "rank": entered.rank(method="first").astype("Int64"),
        }
    )


def _within(
    stretches: Stretches, pairs: tuple[Numbers, Numbers], zones: NDArray[np.object_]
) -> tuple[Floats, Floats]:
    """Return from which to which share of each stretch it lies in the zone; high < low for none."""
    stop, stretch = pairs
    inside = shapely.intersection(zones[stop], stretches.lines[stretch])
    xy, pair = shapely.get_coordinates(inside, return_index=True)
    length = stretches.length[stretch]
    away = np.hypot(*(xy - stretches.start[stretch][pair]).T)
    share = np.divide(away, length[pair], out=np.zeros(len(xy)), where=length[pair] > 0)
    low, high = np.full(len(stop), 2.0), np.full(len(stop), -1.0)
    np.minimum.at(low, pair, share)
    np.maximum.at(high, pair, np.minimum(share, 1.0))
    standing = length == 0
    there = shapely.intersects(zones[stop], shapely.points(stretches.start[stretch]))
    low[standing] = np.where(there[standing], 0.0, 2.0)
    high[standing] = np.where(there[standing], 1.0, -1.0)
    return low, high


def _visits(stays: pd.DataFrame) -> pd.DataFrame:
    """Join stays that follow each other without a moment outside."""
    fresh = (
        (stays["stop"].diff() != 0)
        | (stays["piece"].diff() != 0)
        | (stays["start_s"] - stays["end_s"].shift() > _SAME_MOMENT_S)
    )
    visits = stays.groupby(fresh.cumsum()).agg(
        stop=("stop", "first"), entered_s=("start_s", "first"), left_s=("end_s", "max")
    )
    visits["stay_s"] = visits["left_s"] - visits["entered_s"]
    return visits.groupby("stop").agg(
        entered_s=("entered_s", "min"),
        left_s=("left_s", "max"),
        stay_s=("stay_s", "sum"),
        longest_s=("stay_s", "max"),
        visits=("stay_s", "size"),
    )


def _nearest_m(tree: shapely.STRtree, places: NDArray[np.object_]) -> Floats:
    nearest = np.full(len(places), np.nan)
    if len(tree.geometries):
        (row, _), away = tree.query_nearest(places, return_distance=True, all_matches=False)
        nearest[row] = away
    return nearest


@dataclass(frozen=True, slots=True)
class OffRoute:
    """How much of a track leads along none of the planned ways."""

    off_m: float
    length_m: float

    @property
    def share(self) -> float | None:
        """The share (0-1) of the track that is off its ways; None for a track of no length."""
        return self.off_m / self.length_m if self.length_m else None


def off_route(track: CleanTrack, ways: gpd.GeoDataFrame, *, tolerance_m: float) -> OffRoute:
    """Measure how much of a track lies farther than the tolerance from every planned way.

    Parameters
    ----------
    track
        What `clean_track` made of the fixes.
    ways
        Routes, planned segments and stops in EPSG:4490.
    tolerance_m
        How far off still counts as on the way.

    Notes
    -----
    A stretch between two fixes counts whole, by its middle. Without any way all is off.

    Raises
    ------
    CRSMismatch
        If the ways aren't in storage.
    """
    metric = common_metric(track, ways)
    stretches = stretches_of(track, metric)
    middle = shapely.points((stretches.start + stretches.end) / 2)
    lines = shapely.get_parts(ways.geometry.to_crs(metric).dropna().to_numpy())
    near, _ = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=tolerance_m)
    away = np.ones(len(middle), dtype=bool)
    away[near] = False
    length = stretches.length
    return OffRoute(float(length[away].sum()), float(length.sum()))
