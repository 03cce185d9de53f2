"""Raw fixes → pieces of track that may be believed, and what was dropped and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.crs import STORAGE_CRS, to_metric

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_TIME = "no_time"
NO_PLACE = "no_place"
INACCURATE = "inaccurate"
SAME_TIME = "same_time"
TOO_FAST = "too_fast"
ALONE = "alone"

_LON_LIMIT, _LAT_LIMIT = 180.0, 90.0
# So many fixes in a row that fit each other but not the track before are no outliers: the track
# before ended in one, or the device was carried on with the recording off.
_AGREEING = 3
_KMH_IN_M_S = 3.6


@dataclass(frozen=True, slots=True)
class CleanTrack:
    """The believable part of a recording.

    Parameters
    ----------
    pieces
        Lines in EPSG:4490 in order of time: ``start_at``, ``end_at``, ``fixes``, ``length_m``,
        ``geometry``. Between two pieces nothing is known, so nothing is drawn.
    kept
        How many fixes the pieces are made of.
    dropped
        How many fixes were dropped, by reason.
    """

    pieces: gpd.GeoDataFrame
    kept: int
    dropped: Mapping[str, int]


def clean_track(
    fixes: pd.DataFrame, *, max_accuracy_m: float, max_speed_kmh: float, gap_s: float
) -> CleanTrack:
    """Clean the fixes of one recording and join them to pieces.

    Parameters
    ----------
    fixes
        ``at`` (time), ``lon``, ``lat`` (degrees in EPSG:4490) and ``accuracy_m``, in any order. A
        missing accuracy is let through, because not every device tells it; a missing column too.
    max_accuracy_m
        Fixes that are less accurate are dropped (``inaccurate``).
    max_speed_kmh
        A fix that could be reached from the last good one only faster than this is dropped
        (``too_fast``). When three in a row agree with each other, they are the track again, and a
        new piece begins.
    gap_s
        A longer silence begins a new piece: no straight line is drawn over it.

    Returns
    -------
    The pieces, and a count for every fix that isn't in one: also ``no_time``, ``no_place``
    (missing, out of range or 0/0), ``same_time`` as the fix before, ``alone`` (a piece of one fix).

    Notes
    -----
    One pass over the fixes in order of time, some 250,000 a second.
    """
    dropped: Counter[str] = Counter()
    usable = _usable(fixes, max_accuracy_m, dropped).sort_values("at", kind="stable")
    repeated = usable["at"].duplicated()
    dropped[SAME_TIME] += int(repeated.sum())
    usable = usable[~repeated]
    points = gpd.GeoSeries.from_xy(usable["lon"], usable["lat"], crs=STORAGE_CRS)
    metric = to_metric(points)
    xy = shapely.get_coordinates(metric.to_numpy())
    seconds = (usable["at"] - usable["at"].min()).dt.total_seconds().to_numpy()
    piece = _pieces(xy, seconds, max_m_s=max_speed_kmh / _KMH_IN_M_S, gap_s=gap_s)
    dropped[TOO_FAST] += int((piece < 0).sum())
    size = np.bincount(piece[piece >= 0], minlength=1)
    alone = (piece >= 0) & (size[piece] == 1)
    dropped[ALONE] += int(alone.sum())
    kept = (piece >= 0) & ~alone
    pieces = _lines(usable[kept], piece[kept], xy[kept])
    return CleanTrack(
        pieces, int(kept.sum()), {why: count for why, count in dropped.items() if count}
    )


def _usable(fixes: pd.DataFrame, max_accuracy_m: float, dropped: Counter[str]) -> pd.DataFrame:
    lon, lat = fixes["lon"].astype(float), fixes["lat"].astype(float)
    nowhere = ~((lon.abs() <= _LON_LIMIT) & (lat.abs() <= _LAT_LIMIT)) | ((lon == 0) & (lat == 0))
    accuracy = fixes.get("accuracy_m", pd.Series(np.nan, index=fixes.index)).astype(float)
    tests = [
        (NO_TIME, fixes["at"].isna()),
        (NO_PLACE, nowhere),
        (INACCURATE, accuracy > max_accuracy_m),
    ]
    refused = pd.Series(data=False, index=fixes.index)
    for reason, found in tests:
        dropped[reason] += int((found & ~refused).sum())
        refused |= found
    return fixes.loc[~refused, ["at"]].assign(lon=lon[~refused], lat=lat[~refused])


def _pieces(xy: Floats, seconds: Floats, *, max_m_s: float, gap_s: float) -> NDArray[np.int64]:
    """Tell the number of the piece of each fix; -1 for a fix that could not be reached in time."""
    piece = np.full(len(xy), -1, dtype=np.int64)
    number, last = -1, -1
    doubtful: list[int] = []

    def reachable(one: int, other: int) -> bool:
        away_m = np.hypot(xy[other, 0] - xy[one, 0], xy[other, 1] - xy[one, 1])
        return bool(away_m <= max_m_s * (seconds[other] - seconds[one]))

    def agrees(one: int, other: int) -> bool:
        return bool(seconds[other] - seconds[one] <= gap_s) and reachable(one, other)

    for fix in range(len(xy)):
        if last >= 0 and reachable(last, fix):
            number += int(seconds[fix] - seconds[last] > gap_s)
            piece[fix], last = number, fix
            doubtful.clear()
            continue
        if doubtful and not agrees(doubtful[-1], fix):
            doubtful.clear()
        doubtful.append(fix)
        if last < 0 or len(doubtful) == _AGREEING:
            number += 1
            piece[doubtful], last = number, fix
            doubtful.clear()
    return piece


def _lines(fixes: pd.DataFrame, piece: NDArray[np.int64], xy: Floats) -> gpd.GeoDataFrame:
    number = pd.factorize(piece)[0]
    lonlat = fixes[["lon", "lat"]].to_numpy(dtype=float)
    at = fixes["at"].groupby(number)
    step_m = np.r_[0.0, np.hypot(*np.diff(xy, axis=0).T)][: len(xy)]
    step_m[np.r_[True, np.diff(number) != 0][: len(xy)]] = 0.0
    return gpd.GeoDataFrame(
        {
            "start_at": at.first(),
            "end_at": at.last(),
            "fixes": at.size(),
            "length_m": np.bincount(number, weights=step_m).astype(float),
        },
        geometry=shapely.linestrings(lonlat, indices=number),
        crs=STORAGE_CRS,
    )
