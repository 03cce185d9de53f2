"""What is wrong with single fixes: tests on place, accuracy, clock, leaps and steadiness."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class Fault(StrEnum):
    """Why a fix isn't part of the track."""

    NO_TIME = "no_time"
    NO_PLACE = "no_place"
    """Missing, out of range, or 0/0, which devices write when they know nothing."""
    INACCURATE = "inaccurate"
    MOCK = "mock"
    """Of a perfection no receiver has: accuracy 0, or the very same spot and ~0 m again."""
    STALE = "stale"
    """A remembered fix: the clock leaps for one or two fixes and comes back."""
    SAME_TIME = "same_time"
    SPIKE = "spike"
    """Out and back: far from the median of its seven neighbours."""
    TOO_FAST = "too_fast"
    ALONE = "alone"
    """The only fix between two gaps: no line can be drawn through it."""


# What each fault is called before people.
FAULTS: Mapping[Fault, str] = {
    Fault.NO_TIME: "没有时间",
    Fault.NO_PLACE: "没有位置",
    Fault.INACCURATE: "精度不足",
    Fault.MOCK: "疑似模拟定位",
    Fault.STALE: "旧定位",
    Fault.SAME_TIME: "时间重复",
    Fault.SPIKE: "跳点",
    Fault.TOO_FAST: "速度过快",
    Fault.ALONE: "孤立点",
}

_LON_LIMIT, _LAT_LIMIT = 180.0, 90.0
# So many fixes in a row that fit each other but not the track before are no outliers: the track
# before ended in one, or the device was carried on with the recording off.
_AGREEING = 3
# Receivers report 1 m at best; mock-location apps write 0 or a token 0.01.
_PERFECT_M = 0.1
_SAME_SPOT_AGAIN = 5
# A median of seven stands three bad fixes in a row; straight motion doesn't move it at all.
_SPIKE_WINDOW = 7
_SPIKE_SIGMAS = 5.0
_SPIKE_ACCURACIES = 2.0
# A turn on the spot lies two steps from the median of seven, so four steps are no turn.
_SPIKE_STEPS = 4.0
# Speeds of a real walk or drive vary by per cents from fix to fix; of a simulator by rounding.
_STEADY_STEPS = 20
_STEADY_SHARE = 0.001
_MOVING_M = 1.0


def first_faults(fixes: pd.DataFrame, *, max_accuracy_m: float) -> NDArray[np.object_]:
    """Return the reason to drop each fix that can be told from the fix alone, or None.

    The same spot to the last digit, five times in a row, is a mock only together with a perfect
    accuracy: devices at rest repeat their last fix.
    """
    lon, lat = fixes["lon"].astype(float), fixes["lat"].astype(float)
    nowhere = ~((lon.abs() <= _LON_LIMIT) & (lat.abs() <= _LAT_LIMIT)) | ((lon == 0) & (lat == 0))
    if "accuracy_m" in fixes:
        accuracy = fixes["accuracy_m"].astype(float)
    else:
        accuracy = pd.Series(np.nan, index=fixes.index)
    spot = ((lon.diff() != 0) | (lat.diff() != 0)).cumsum().to_numpy()
    again = np.bincount(spot, minlength=1)[spot] >= _SAME_SPOT_AGAIN
    mocked = (accuracy <= 0) | ((accuracy <= _PERFECT_M) & again)
    return np.select(
        [fixes["at"].isna(), nowhere, accuracy > max_accuracy_m, mocked],
        np.array([Fault.NO_TIME, Fault.NO_PLACE, Fault.INACCURATE, Fault.MOCK], dtype=object),
        np.array(None, dtype=object),
    )


def clock_epochs(source: pd.Series, at: pd.Series, *, gap_s: float) -> tuple[Numbers, Flags]:
    """Count the runs of the clock in fixes given as recorded, and mark remembered fixes.

    A step back of at most ``gap_s`` is late delivery and is put in order by time. A longer one is a
    clock set back: a new run. Unless the time of one or two fixes only leaps and the next goes on
    from before them: then they are stale. A leap forward can't be told from a silence and is one.
    """
    seconds = (at - at.min()).dt.total_seconds().to_numpy()
    owner = pd.factorize(source)[0]
    stale = np.zeros(len(seconds), dtype=bool)
    epoch = np.zeros(len(seconds), dtype=np.int64)
    back = np.flatnonzero((np.diff(seconds) < -gap_s) & (np.diff(owner) == 0)) + 1
    for fix in back.tolist():
        remembered = _few_after(seconds, owner, fix) or _few_before(seconds, owner, (fix, gap_s))
        if remembered:
            stale[remembered] = True
        elif not stale[fix - 1]:
            epoch[fix:] += 1
    return epoch, stale


def _few_after(seconds: Floats, owner: Numbers, fix: int) -> list[int]:
    """Return one or two fixes from here that lie in the past, if time then goes on."""
    for goes_on in range(fix + 1, min(fix + _AGREEING, len(seconds))):
        if owner[goes_on] == owner[fix] and seconds[goes_on] >= seconds[fix - 1]:
            return list(range(fix, goes_on))
    return []


def _few_before(seconds: Floats, owner: Numbers, place: tuple[int, float]) -> list[int]:
    """Return one or two fixes before here that lie in the future of what follows."""
    fix, gap_s = place
    for before in range(fix - 2, max(fix - _AGREEING, 0) - 1, -1):
        leapt = seconds[before + 1] - seconds[before] > gap_s
        if owner[before] == owner[fix] and leapt and seconds[fix] >= seconds[before]:
            return list(range(before + 1, fix))
    return []


def spikes(xy: Floats, sigma_m: Floats, accuracy_m: Floats) -> Flags:
    """Mark fixes that leap out of the track and back, up to three in a row.

    A spike lies farther from the median of the seven fixes around it than five times the noise
    there, twice its own accuracy and four usual steps. At fixes far apart the steps are long, so
    that a real dead end isn't taken for a spike.
    """
    if len(xy) < _SPIKE_WINDOW:
        return np.zeros(len(xy), dtype=bool)
    half = _SPIKE_WINDOW // 2
    padded = np.pad(xy, ((half, half), (0, 0)), mode="edge")
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, _SPIKE_WINDOW, axis=0), 2)
    step = np.hypot(*np.diff(xy, axis=0).T)
    steps = np.lib.stride_tricks.sliding_window_view(
        np.pad(step, (half, half), mode="edge"), _SPIKE_WINDOW - 1
    )
    limit = np.maximum.reduce(
        [
            _SPIKE_SIGMAS * sigma_m,
            _SPIKE_ACCURACIES * np.nan_to_num(accuracy_m),
            _SPIKE_STEPS * np.median(steps, axis=1),
            np.full(len(xy), _MOVING_M),
        ]
    )
    return np.asarray(np.hypot(*(xy - median).T) > limit)


def join_pieces(
    xy: Floats, known: tuple[Floats, Floats], *, max_m_s: float, gap_s: float, gap_m: float
) -> Numbers:
    """Tell the number of the piece of each fix; -1 for a fix that could not be reached in time.

    ``known`` are the seconds of each fix and the metres it may be off: at a fix a second noise
    alone leaps faster than any car.
    """
    piece = np.full(len(xy), -1, dtype=np.int64)
    number, last = -1, -1
    doubtful: list[int] = []
    x, y = xy[:, 0].tolist(), xy[:, 1].tolist()
    t, off = known[0].tolist(), known[1].tolist()

    def way_m(one: int, other: int) -> float:
        return float(((x[other] - x[one]) ** 2 + (y[other] - y[one]) ** 2) ** 0.5)

    def reachable(one: int, other: int) -> bool:
        reach_m: float = max_m_s * (t[other] - t[one]) + off[one] + off[other]
        return way_m(one, other) <= reach_m

    def together(one: int, other: int) -> bool:
        return bool(t[other] - t[one] <= gap_s) and way_m(one, other) <= gap_m

    for fix in range(len(x)):
        if last >= 0 and reachable(last, fix):
            number += int(not together(last, fix))
            piece[fix], last = number, fix
            doubtful.clear()
            continue
        fits = doubtful and reachable(doubtful[-1], fix) and together(doubtful[-1], fix)
        if doubtful and not fits:
            doubtful.clear()
        doubtful.append(fix)
        if last < 0 or len(doubtful) == _AGREEING:
            number += 1
            piece[doubtful], last = number, fix
            doubtful.clear()
    return piece


def suspect_runs(fixes: pd.DataFrame, points: pd.DataFrame) -> Flags:
    """Mark kept fixes in runs of at least twenty steps whose speed is the same to a thousandth."""
    rows = fixes.iloc[points["row"].to_numpy()]
    seconds = points["at"].diff().dt.total_seconds().to_numpy()
    lat = rows["lat"].to_numpy(dtype=float)
    east = np.diff(rows["lon"].to_numpy(dtype=float), prepend=np.nan) * np.cos(np.radians(lat))
    north = np.diff(lat, prepend=np.nan)
    way_m = np.hypot(east, north) * _M_A_DEGREE
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = way_m / seconds
        alike = np.abs(np.diff(speed, prepend=np.nan)) <= _STEADY_SHARE * speed
    inside = np.diff(points["piece"].to_numpy(), prepend=-1) == 0
    steady = alike & inside & (way_m > _MOVING_M)
    run = np.cumsum(~steady)
    size = np.bincount(run, weights=steady, minlength=1)
    return np.asarray(steady & (size[run] >= _STEADY_STEPS))


_M_A_DEGREE = 111_320.0
