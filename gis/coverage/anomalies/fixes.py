"""What is odd about fixes: leaps, journeys too fast, fixes no receiver gives, other days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.coverage.anomalies.kinds import (
    Anomaly,
    AnomalyKind,
    AnomalyRules,
    Fact,
    Place,
    apart_m,
    number_of,
)
from gis.coverage.faults import Fault
from gis.coverage.track import CleanTrack, Source
from gis.crs import metric_crs_for, project

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_KMH = 3.6
_MOVING_M = 1.0
# Ten steps of a walk are some 60 m, of a drive 150 m: nobody keeps a line to centimetres so long.
_WINDOW = 10
_STRAIGHT_SHARE = 0.5
# Tablets write 7 decimals (1 cm). Where only 5 are written (1 m), straightness can't be told.
_FINEST = 7
_COARSEST = 6
_M_A_DEGREE = 111_320.0
# A simulator steps by whole ten-thousandths of a degree (11 m); receivers know no such grid.
_ROUND_DEG = 1e-4
_ROUND_SLACK_DEG = 1e-8
_ROUND_SHARE = 0.9
# The second difference of independent noise is larger than the noise by the root of 1 + 4 + 1.
_SECOND_DIFFERENCE = 6**0.5
# Receivers that smooth still wander by a tenth of what they claim; a fiftieth is made up.
_JITTER_SHARE = 0.02
_FROZEN_FIXES = 5
_FROZEN_S = 30.0
# Within so many seconds nobody who stood still is a hundred metres away thrice in a patrol.
_HOP_S = 15.0
_HOPS_MIN = 3
# One or two too fast fixes are a spike; so many are a journey.
_FAST_FIXES = 5


def track_anomalies(
    track: CleanTrack, *, rules: AnomalyRules, period: tuple[pd.Timestamp, pd.Timestamp]
) -> list[Anomaly]:
    """Return what is odd about a recording, by kind.

    Parameters
    ----------
    track
        The cleaned recording with its raw fixes. Of the sources only the device's own fixes are
        looked at: what was drawn is straight by right.
    period
        Start and end of the task.

    Notes
    -----
    Single spikes and short leaps are the receiver's weakness, were dropped or cut by `clean_track`,
    and are not told here. A mock that imitates noise, changing accuracy and human speed can't be
    told from fixes alone.
    """
    found = [*_leaps(track, rules), *_too_fast(track, rules), *_outside(track, rules, period)]
    found += _hops(track, rules)
    walk = _Walk.of(track)
    if walk is None:
        return found
    return [
        *found,
        *_steady(track, rules),
        *_straight(walk, rules),
        *_same_accuracy(walk, rules),
        *_round_steps(walk, rules),
    ]


@dataclass(frozen=True, slots=True)
class _Walk:
    """The device's kept fixes in order, with raw places: which steps move within one piece."""

    fixes: pd.DataFrame
    xy: Floats
    way_m: Floats
    joined: Flags

    @classmethod
    def of(cls, track: CleanTrack) -> "_Walk | None":
        fixes = _own(track)
        fixes = fixes[fixes["piece"] >= 0].sort_values(["piece", "at"], kind="stable")
        if len(fixes) < _WINDOW:
            return None
        lonlat = fixes[["lon", "lat"]].to_numpy(dtype=float)
        middle = np.median(lonlat, axis=0).tolist()
        xy = project(lonlat, metric_crs=metric_crs_for([*middle, *middle]))
        way_m = np.hypot(*np.diff(xy, axis=0).T)
        joined = np.diff(fixes["piece"].to_numpy()) == 0
        return cls(fixes.reset_index(drop=True), xy, way_m, joined)

    @property
    def moving(self) -> Flags:
        """Steps that move within one piece."""
        return np.asarray(self.joined & (self.way_m > _MOVING_M))

    def spot(self, fix: int) -> tuple[pd.Timestamp, Place]:
        """When and where a fix is."""
        row = self.fixes.iloc[fix]
        return row["at"], _place(row)


def _own(track: CleanTrack) -> pd.DataFrame:
    fixes = track.fixes
    if "source" not in fixes:
        return fixes
    return fixes[fixes["source"].fillna(Source.DEVICE.value) == Source.DEVICE.value]


def _place(row: pd.Series) -> Place:
    return float(row["lon"]), float(row["lat"])


def _leaps(track: CleanTrack, rules: AnomalyRules) -> list[Anomaly]:
    gaps = track.gaps[(track.gaps["source"] == Source.DEVICE.value) & (track.gaps["seconds"] > 0)]
    kmh = gaps["metres"] / gaps["seconds"] * _KMH
    odd = gaps[(gaps["metres"] >= rules.leap_m) & (kmh > rules.speed_kmh)]
    return [
        Anomaly(
            AnomalyKind.LEAP,
            {
                "seconds": round(gap["seconds"]),
                "metres": round(gap["metres"]),
                "kmh": round(kmh[label]),
                "limit": round(rules.speed_kmh),
            },
            gap["end_at"],
            (gap["geometry"].geoms[1].x, gap["geometry"].geoms[1].y),
        )
        for label, gap in zip(odd.index, odd.to_dict("records"), strict=True)
    ]


def _too_fast(track: CleanTrack, rules: AnomalyRules) -> list[Anomaly]:
    """Tell the longest run of fixes too fast for each other, if it is a journey."""
    fixes = _own(track)
    fixes = fixes[fixes["at"].notna() & (fixes["reason"] != Fault.NO_PLACE)]
    fast = (fixes["reason"] == Fault.TOO_FAST).to_numpy()
    if not fast.any():
        return []
    run = np.cumsum(~fast)
    length = np.bincount(run, weights=fast)
    longest = int(np.argmax(length))
    inside = np.flatnonzero(fast & (run == longest))
    if len(inside) < _FAST_FIXES:
        return []
    lonlat = fixes[["lon", "lat"]].to_numpy(dtype=float)[inside]
    xy = project(lonlat, metric_crs=metric_crs_for([*lonlat[0], *lonlat[0]]))
    seconds = np.diff(fixes["at"].iloc[inside]) / np.timedelta64(1, "s")
    with np.errstate(divide="ignore", invalid="ignore"):
        kmh = np.hypot(*np.diff(xy, axis=0).T) / seconds * _KMH
    usual = float(np.nanmedian(kmh))
    if not usual > rules.speed_kmh:
        return []
    facts = {"count": len(inside), "kmh": round(usual), "limit": round(rules.speed_kmh)}
    row = fixes.iloc[inside[0]]
    return [Anomaly(AnomalyKind.TOO_FAST, facts, row["at"], _place(row))]


def _outside(
    track: CleanTrack, rules: AnomalyRules, period: tuple[pd.Timestamp, pd.Timestamp]
) -> list[Anomaly]:
    fixes = _own(track)
    fixes = fixes[fixes["at"].notna()]
    slack = pd.Timedelta(hours=rules.outside_h)
    odd = fixes[(fixes["at"] < period[0] - slack) | (fixes["at"] > period[1] + slack)]
    if len(odd) < _FAST_FIXES:
        return []
    zone = period[0].tz
    first, last = (at.tz_convert(zone) for at in (odd["at"].min(), odd["at"].max()))
    facts: dict[str, Fact] = {
        "count": len(odd),
        "from": f"{first:%Y-%m-%d %H:%M}",
        "to": f"{last:%Y-%m-%d %H:%M}",
        "limit": number_of(rules.outside_h),
    }
    row = odd.iloc[0]
    return [Anomaly(AnomalyKind.OUTSIDE_DAY, facts, row["at"], _place(row))]


def _hops(track: CleanTrack, rules: AnomalyRules) -> list[Anomaly]:
    """Tell spots to the last digit that are left by a hop, with nothing on the way.

    Of the raw fixes: a hop's end is often dropped as too fast.
    """
    fixes = _own(track)
    fixes = fixes[fixes["reason"].isna() | (fixes["reason"] == Fault.TOO_FAST)]
    fixes = fixes.sort_values("at", kind="stable")
    if len(fixes) < _FROZEN_FIXES:
        return []
    lonlat = fixes[["lon", "lat"]].to_numpy(dtype=float)
    seconds = (fixes["at"] - fixes["at"].iloc[0]).dt.total_seconds().to_numpy()
    spot = np.concatenate([[0], np.cumsum((np.diff(lonlat, axis=0) != 0).any(axis=1))])
    count = np.bincount(spot)
    began = np.searchsorted(spot, np.arange(len(count)))
    ended = began + count - 1
    frozen = (count >= _FROZEN_FIXES) & (seconds[ended] - seconds[began] >= _FROZEN_S)
    left = ended[frozen & (ended < len(lonlat) - 1)]
    way_m = np.array([apart_m(lonlat[fix], lonlat[fix + 1]) for fix in left.tolist()])
    hop = (seconds[left + 1] - seconds[left] <= _HOP_S) & (way_m >= rules.hop_m)
    if hop.sum() < _HOPS_MIN:
        return []
    facts = {
        "count": int(hop.sum()),
        "metres": round(float(way_m[hop].max())),
        "limit": number_of(rules.hop_m),
    }
    row = fixes.iloc[int(left[hop][0])]
    return [Anomaly(AnomalyKind.HOPS, facts, row["at"], _place(row))]


def _steady(track: CleanTrack, rules: AnomalyRules) -> list[Anomaly]:
    fixes = _own(track)
    odd = fixes[fixes["suspect"].astype(bool)]
    if len(odd) < rules.fixes_min:
        return []
    row = odd.iloc[0]
    facts = {"count": len(odd), "limit": rules.fixes_min}
    return [Anomaly(AnomalyKind.STEADY, facts, row["at"], _place(row))]


def _straight(walk: _Walk, rules: AnomalyRules) -> list[Anomaly]:
    """Tell a way that follows rulers: half of its windows lie on their chords."""
    decimals = _decimals(walk.fixes[["lon", "lat"]].to_numpy(dtype=float))
    moving = walk.moving
    if decimals < _COARSEST or moving.sum() < max(rules.fixes_min, _WINDOW):
        return []
    limit = rules.straight_m + 10.0**-decimals * _M_A_DEGREE
    windows = np.lib.stride_tricks.sliding_window_view(walk.xy, _WINDOW + 1, axis=0)
    start, end = windows[:, :, 0], windows[:, :, -1]
    chord = end - start
    length = np.hypot(*chord.T)
    inner = windows[:, :, 1:-1] - start[:, :, None]
    cross = inner[:, 0] * chord[:, 1, None] - inner[:, 1] * chord[:, 0, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(cross).max(axis=1) / length
    whole = np.lib.stride_tricks.sliding_window_view(moving, _WINDOW).all(axis=1)
    ruled = whole & (off <= limit)
    share = ruled.sum() / max(whole.sum(), 1)
    touched = np.convolve(ruled, np.ones(_WINDOW, dtype=int)) > 0
    if touched.sum() < rules.fixes_min or share < _STRAIGHT_SHARE:
        return []
    facts = {
        "share": round(100 * share),
        "limit": round(limit, 2),
        "count": int(touched.sum()),
    }
    return [Anomaly(AnomalyKind.STRAIGHT, facts, *walk.spot(int(np.argmax(ruled))))]


def _decimals(degrees: Floats) -> int:
    """Return how many decimals coordinates are written with, at most seven."""
    for digits in range(_FINEST):
        if np.abs(degrees - np.round(degrees, digits)).max() < 10.0**-_FINEST / 2:
            return digits
    return _FINEST


def _same_accuracy(walk: _Walk, rules: AnomalyRules) -> list[Anomaly]:
    """Tell one accuracy all the way, where the places wander far less than it claims.

    One accuracy alone is nothing: some receivers never report better than a floor of 3 or 4 m.
    """
    if "accuracy_m" not in walk.fixes:
        return []
    inner = walk.moving[1:] & walk.moving[:-1]
    accuracy = walk.fixes["accuracy_m"].to_numpy(dtype=float)[1:-1][inner]
    if len(accuracy) < rules.fixes_min or not (accuracy == accuracy[0]).all():
        return []
    bend = np.hypot(*(walk.xy[2:] - 2 * walk.xy[1:-1] + walk.xy[:-2]).T)[inner]
    jitter = float(np.median(bend)) / _SECOND_DIFFERENCE
    if jitter > _JITTER_SHARE * accuracy[0]:
        return []
    facts = {
        "count": len(accuracy),
        "accuracy": number_of(float(accuracy[0])),
        "jitter": round(jitter, 2),
    }
    return [Anomaly(AnomalyKind.SAME_ACCURACY, facts, *walk.spot(0))]


def _round_steps(walk: _Walk, rules: AnomalyRules) -> list[Anomaly]:
    steps = np.diff(walk.fixes[["lon", "lat"]].to_numpy(dtype=float), axis=0)[walk.moving]
    if len(steps) < rules.fixes_min:
        return []
    off = np.abs(steps - np.round(steps / _ROUND_DEG) * _ROUND_DEG).max(axis=1)
    round_ones = off <= _ROUND_SLACK_DEG
    if round_ones.mean() < _ROUND_SHARE:
        return []
    facts: dict[str, Fact] = {"count": int(round_ones.sum()), "limit": f"{_ROUND_DEG:g}"}
    return [Anomaly(AnomalyKind.ROUND_STEPS, facts, *walk.spot(0))]
