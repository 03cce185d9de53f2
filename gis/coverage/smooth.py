"""Noise of a track taken away: stands become one spot, ways are smoothed as little as is needed.

A fix every few seconds on foot has steps as short as the noise, and summing noisy steps gives
kilometres nobody walked. Therefore

1. the noise is read off the track itself: how far a fix lies from the line between its neighbours
   (robustly, in a window), never more than the device's own accuracy;
2. who keeps near one spot for a while stands: all fixes of the stand take its middle;
3. each other place becomes the value of a straight line fitted to its neighbours in time, weighted
   by a Gaussian. Its width is the least that leaves about 1 % of false length:
   h³ = σ²·dt / (4·√π · 2·0.01 · v²) (the variance of the slope of Gaussian-weighted white noise,
   set against the speed). Fast or exact tracks aren't smoothed at all.

Noise that drifts over minutes (a receiver between tall houses) is no noise to this; it stays.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

_NOISE_WINDOW = 61
_WITH_NEIGHBOURS = 3
# The median of a squared two-dimensional normal error, in variances of one axis.
_MEDIAN_OF_SQUARES = 1.386
_FALSE_LENGTH_SHARE = 0.01
_SLOPE_FACTOR = 4.0 * np.sqrt(np.pi)
# Fixes looked at on either side; a width is at most what fits well into them.
_REACH = 25
_REACH_WIDTHS = 2.5
# Below this width in intervals the neighbours have no weight and smoothing changes nothing.
_LEAST_WIDTH = 0.4
# The width with which speeds and stands are looked for.
_PILOT_S = 15.0
_SLOWEST_M_S = 0.3


def noise_m(xy: Floats, seconds: Floats, piece: Numbers | None = None) -> Floats:
    """Return the noise of one axis at each fix, from its distance to its neighbours' line."""
    count = len(xy)
    if count < _WITH_NEIGHBOURS:
        return np.zeros(count)
    ahead = (seconds[2:] - seconds[1:-1]) / (seconds[2:] - seconds[:-2])
    behind = 1.0 - ahead
    off = xy[1:-1] - (ahead[:, None] * xy[:-2] + behind[:, None] * xy[2:])
    squares = (off**2).sum(axis=1) / (1.0 + ahead**2 + behind**2) / _MEDIAN_OF_SQUARES
    if piece is not None:
        squares[piece[2:] != piece[:-2]] = np.nan
    padded = pd.Series(np.r_[np.nan, squares, np.nan])
    typical = padded.rolling(_NOISE_WINDOW, center=True, min_periods=1).median()
    return np.asarray(np.sqrt(typical.bfill().ffill().fillna(0.0)), dtype=float)


def smoothed(
    xy: Floats, seconds: Floats, known: tuple[Numbers, Floats], *, still_m: float, still_s: float
) -> tuple[Floats, Flags]:
    """Return the places without noise, and where the track stands.

    Parameters
    ----------
    xy, seconds
        Fixes in metres, in order of time.
    known
        The piece of each fix, and its accuracy in metres.
    still_m, still_s
        Within how many metres of one spot, and for how long at least, is a stand.

    Notes
    -----
    O(n · 51). The middle of a stand is the mean of its raw fixes.
    """
    piece, accuracy_m = known
    if not len(xy):
        return xy, np.zeros(0, dtype=bool)
    sigma = np.minimum(noise_m(xy, seconds, piece), accuracy_m)
    interval = _interval_s(seconds, piece)
    widest = _REACH * interval / _REACH_WIDTHS
    pilot = _local_line(xy, (seconds, piece), np.minimum(_PILOT_S, widest))
    pilot[sigma == 0] = xy[sigma == 0]
    stand = _stands(pilot, (seconds, piece), still_m=still_m, still_s=still_s)
    still = stand >= 0
    middle = _middles(xy, stand)
    speed = np.maximum(_speed_m_s(pilot, seconds, piece), _SLOWEST_M_S)
    width = np.cbrt(sigma**2 * interval / (_SLOPE_FACTOR * 2.0 * _FALSE_LENGTH_SHARE * speed**2))
    width = np.minimum(np.where(width < _LEAST_WIDTH * interval, 0.0, width), widest)
    anchored = np.where(still[:, None], middle, xy)
    clean = _local_line(anchored, (seconds, piece), width) if (width > 0).any() else anchored
    return np.where(still[:, None], middle, clean), still


def _interval_s(seconds: Floats, piece: Numbers) -> Floats:
    """Return the usual time between fixes around each fix."""
    step = np.diff(seconds, prepend=np.nan)
    step[np.diff(piece, prepend=-1) != 0] = np.nan
    usual = pd.Series(step).rolling(_NOISE_WINDOW, center=True, min_periods=1).median()
    return np.asarray(usual.bfill().ffill().fillna(1.0), dtype=float)


def _local_line(xy: Floats, order: tuple[Floats, Numbers], width_s: Floats) -> Floats:
    """Fit a straight motion to the neighbours of each fix and return its value there."""
    seconds, piece = order
    wide = np.flatnonzero(width_s > 0)
    near = wide[:, None] + np.arange(-_REACH, _REACH + 1)
    inside = (near >= 0) & (near < len(xy))
    near = np.clip(near, 0, len(xy) - 1)
    inside &= piece[near] == piece[wide, None]
    away = seconds[near] - seconds[wide, None]
    weight = np.exp(-0.5 * (away / width_s[wide, None]) ** 2) * inside
    off = xy[near] - xy[wide, None]
    total, first = weight.sum(1), (weight * away).sum(1)
    second = (weight * away**2).sum(1)
    spread = total * second - first**2
    value = np.einsum("ij,ijk->ik", weight, off) * second[:, None]
    value -= np.einsum("ij,ijk->ik", weight * away, off) * first[:, None]
    shift = np.divide(value, spread[:, None], out=np.zeros_like(value), where=spread[:, None] > 0)
    clean = xy.copy()
    clean[wide] += shift
    return clean


def _speed_m_s(xy: Floats, seconds: Floats, piece: Numbers) -> Floats:
    """Return the speed at each fix over its neighbours, two on either side."""
    count = len(xy)
    start = np.maximum(np.arange(count) - 2, 0)
    end = np.minimum(np.arange(count) + 2, count - 1)
    first = np.searchsorted(piece, piece, side="left")
    last = np.searchsorted(piece, piece, side="right") - 1
    start, end = np.maximum(start, first), np.minimum(end, last)
    wait = np.maximum(seconds[end] - seconds[start], 1e-3)
    return np.asarray(np.hypot(*(xy[end] - xy[start]).T) / wait)


def _stands(
    xy: Floats, order: tuple[Floats, Numbers], *, still_m: float, still_s: float
) -> Numbers:
    """Tell the number of the stand of each fix; -1 under way.

    From the first fix that may begin one, a stand goes on while the next fix lies within
    ``still_m`` of the mean so far.
    """
    seconds, piece = order
    stand = np.full(len(xy), -1, dtype=np.int64)
    later = np.minimum(np.searchsorted(seconds, seconds + still_s), len(xy) - 1)
    away = np.hypot(*(xy[later] - xy).T)
    possible = (away <= 2 * still_m) & (piece[later] == piece)
    x, y = xy[:, 0].tolist(), xy[:, 1].tolist()
    last = np.searchsorted(piece, piece, side="right").tolist()
    number, free = 0, 0
    for fix in np.flatnonzero(possible).tolist():
        if fix < free:
            continue
        end = _stand_end(fix, last[fix], (x, y), still_m=still_m)
        if seconds[end - 1] - seconds[fix] >= still_s:
            stand[fix:end] = number
            number, free = number + 1, end
    return stand


def _stand_end(
    fix: int, last: int, places: tuple[list[float], list[float]], *, still_m: float
) -> int:
    x, y = places
    east, north, limit, end = x[fix], y[fix], still_m**2, fix + 1
    while end < last and (x[end] - east) ** 2 + (y[end] - north) ** 2 <= limit:
        share = 1.0 / (end - fix + 1)
        east += (x[end] - east) * share
        north += (y[end] - north) * share
        end += 1
    return end


def _middles(xy: Floats, stand: Numbers) -> Floats:
    """Return the mean place of the stand of each fix; the place itself under way."""
    middle = xy.copy()
    still = stand >= 0
    if still.any():
        size = np.bincount(stand[still])
        for axis in (0, 1):
            sums = np.bincount(stand[still], weights=xy[still, axis] - xy[0, axis])
            middle[still, axis] = (sums / size)[stand[still]] + xy[0, axis]
    return middle
