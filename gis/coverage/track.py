"""Raw fixes → pieces of track that may be believed, what was dropped and why, and the gaps."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gis.coverage.faults import Fault, clock_epochs, first_faults, join_pieces, spikes, suspect_runs
from gis.coverage.smooth import noise_m, smoothed
from gis.crs import STORAGE_CRS, metric_crs_for, project, unproject

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class Source(StrEnum):
    """Who recorded a fix; fixes without a source are the tablet's."""

    DEVICE = "device"
    GPX = "gpx"
    """Another receiver, whose file was handed in."""
    DRONE = "drone"
    MANUAL = "manual"
    """Drawn by hand after the patrol."""


class GapKind(StrEnum):
    """What ended a piece of track."""

    SILENCE = "silence"
    DISTANCE = "distance"
    SPEED = "speed"
    CLOCK = "clock"


# What each kind of gap is called before people.
GAPS: Mapping[GapKind, str] = {
    GapKind.SILENCE: "长时间无定位",
    GapKind.DISTANCE: "两点相距过远",
    GapKind.SPEED: "位置突变",
    GapKind.CLOCK: "设备时钟被调回",
}

_KMH_IN_M_S = 3.6
_MISSING_ACCURACY = np.inf
_NOISE_SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class TrackRules:
    """What is believed of a recording; every number is a policy of the place.

    Parameters
    ----------
    max_accuracy_m
        Less accurate fixes are dropped; a missing accuracy is let through, because not every device
        tells it.
    max_speed_kmh
        A fix that could be reached from the last good one only faster than this is dropped.
    gap_s, gap_m
        A longer silence, or a farther way between two fixes, ends a piece.
    still_m, still_s
        Who keeps within ``still_m`` of one spot for ``still_s`` stands there: the cloud of fixes
        becomes one spot and adds no way.
    """

    max_accuracy_m: float
    max_speed_kmh: float
    gap_s: float
    gap_m: float
    still_m: float
    still_s: float


@dataclass(frozen=True, slots=True)
class CleanTrack:
    """The believable part of a recording.

    Parameters
    ----------
    fixes
        The fixes as they came, in their order and with their index, and beside them ``reason``
        (a `Fault`, missing for a kept fix), ``piece`` (-1 for a dropped one) and ``suspect`` (kept,
        but of a steadiness no receiver shows; for people to judge).
    points
        The kept fixes in order of source and time: ``piece``, ``at``, ``source``, ``still``, and
        the smoothed ``lon`` and ``lat`` in EPSG:4490.
    pieces
        Lines through the points, indexed by piece: ``source``, ``start_at``, ``end_at``, ``fixes``,
        ``length_m``, ``counted_m``, ``counted_s``, ``geometry``. Between two pieces nothing is
        known, so nothing is drawn. Counted is what the crew went: nothing flown or drawn, and of
        another receiver only the time in which the device itself has no track.
    gaps
        What lies between pieces of one source: ``source``, ``kind`` (a `GapKind`), ``start_at``,
        ``end_at``, ``seconds`` (missing where the clock was set back), ``metres`` between the ends,
        which are the two points of ``geometry``.
    """

    fixes: pd.DataFrame
    points: pd.DataFrame
    pieces: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame

    @property
    def kept(self) -> int:
        """How many fixes the pieces are made of."""
        return len(self.points)

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many fixes were dropped, by reason."""
        return dict(Counter(str(reason) for reason in self.fixes["reason"].dropna()))

    @property
    def suspect(self) -> int:
        """How many kept fixes are of a steadiness no receiver shows."""
        return int(self.fixes["suspect"].sum())

    @property
    def length_m(self) -> float:
        """The way the crew went, each time once; gaps add nothing."""
        return float(self.pieces["counted_m"].sum())

    @property
    def duration_s(self) -> float:
        """The time within the pieces the crew went, each time once; gaps add nothing."""
        return float(self.pieces["counted_s"].sum())


def clean_track(fixes: pd.DataFrame, *, rules: TrackRules) -> CleanTrack:
    """Clean the fixes of one recording and join them to pieces.

    Parameters
    ----------
    fixes
        ``at`` (time), ``lon``, ``lat`` (degrees in EPSG:4490) and, where known, ``accuracy_m``,
        ``source`` (fixes of different sources are never joined) and ``seq``, the order in which the
        device recorded them. With ``seq`` a clock that was set back is noticed; without it the
        order of rows means nothing. The frame isn't changed.
    rules
        The limits.

    Returns
    -------
    The pieces, the gaps, and a reason for every fix that isn't in a piece: see `Fault`.

    Notes
    -----
    In this order: fixes without time or place, inaccurate or mocked ones; stale ones and clocks set
    back; of several at one time the most accurate stays; spikes against the median of seven; what
    can't be reached at the speed limit; pieces of one fix. Then places are smoothed: see
    `gis.coverage.smooth`. The same fixes in any order of rows give the same track. About 50,000
    fixes a second in recordings of 2,000.
    """
    reason = first_faults(fixes, max_accuracy_m=rules.max_accuracy_m)
    work = _in_order(fixes, reason, gap_s=rules.gap_s)
    metric = _metric_of(work)
    work[["x", "y"]] = project(work[["lon", "lat"]].to_numpy(), metric_crs=metric)
    # Half the world away from the track a zone has no coordinates.
    beyond = ~np.isfinite(work[["x", "y"]].to_numpy()).all(axis=1)
    reason[work.loc[beyond, "row"]] = Fault.NO_PLACE
    work = work[~beyond].reset_index(drop=True)
    recordings = [
        _trace(recording.reset_index(drop=True), reason, rules=rules)
        for _, recording in work.groupby(["source", "epoch"], sort=False)
    ]
    points = (
        pd.concat(recordings, ignore_index=True)
        if recordings
        else work.assign(still=False, piece=0)
    )
    started = points.groupby(["source", "epoch"], sort=False).ngroup()
    points["piece"] = pd.factorize(pd.MultiIndex.from_arrays([started, points["piece"]]))[0]
    points[["lon", "lat"]] = unproject(points[["x", "y"]].to_numpy(), metric_crs=metric)
    return CleanTrack(
        fixes=_explained(fixes, reason, points),
        points=points[["piece", "at", "source", "still", "lon", "lat"]],
        pieces=_lines(points),
        gaps=_gaps(points, rules),
    )


def _in_order(fixes: pd.DataFrame, reason: NDArray[np.object_], *, gap_s: float) -> pd.DataFrame:
    """Return the usable fixes by source, run of the clock and time; one fix a time."""
    usable = np.flatnonzero(pd.isna(reason))
    rows = fixes.iloc[usable]
    accuracy = rows.get("accuracy_m", np.nan)
    source = rows.get("source", pd.Series(Source.DEVICE.value, index=rows.index))
    work = pd.DataFrame(
        {
            "row": usable,
            "at": rows["at"].array,
            "lon": rows["lon"].to_numpy(dtype=float),
            "lat": rows["lat"].to_numpy(dtype=float),
            "accuracy_m": np.asarray(accuracy, dtype=float) + np.zeros(len(rows)),
            "source": source.fillna(Source.DEVICE.value).to_numpy(),
            "epoch": 0,
        }
    )
    if "seq" in rows:
        work["seq"] = rows["seq"].to_numpy()
        work = work.sort_values(["source", "seq"], kind="stable", ignore_index=True)
        work["epoch"], stale = clock_epochs(work["source"], work["at"], gap_s=gap_s)
        reason[work.loc[stale, "row"]] = Fault.STALE
        work = work[~stale]
    work["rank"] = work["accuracy_m"].fillna(_MISSING_ACCURACY)
    work = work.sort_values(["source", "epoch", "at", "rank", "lon", "lat"], kind="stable")
    again = work.duplicated(["source", "epoch", "at"])
    reason[work.loc[again, "row"]] = Fault.SAME_TIME
    return work[~again].reset_index(drop=True)


def _metric_of(work: pd.DataFrame) -> CRS:
    """Return the zone of the median place, which a wrong fix can't move."""
    if work.empty:
        return metric_crs_for(0.0)
    lon, lat = work["lon"].median(), work["lat"].median()
    return metric_crs_for([lon, lat, lon, lat])


def _trace(
    recording: pd.DataFrame, reason: NDArray[np.object_], *, rules: TrackRules
) -> pd.DataFrame:
    """Return the kept fixes of one run of the clock with piece and smoothed place."""
    seconds = _seconds(recording["at"])
    xy = recording[["x", "y"]].to_numpy()
    doubt_m = recording["accuracy_m"].fillna(rules.max_accuracy_m).to_numpy()
    noise = noise_m(xy, seconds)
    spiky = spikes(xy, noise, recording["accuracy_m"].to_numpy())
    reason[recording.loc[spiky, "row"]] = Fault.SPIKE
    kept = np.flatnonzero(~spiky)
    piece = join_pieces(
        xy[kept],
        (seconds[kept], np.minimum(_NOISE_SIGMAS * noise, doubt_m)[kept]),
        max_m_s=rules.max_speed_kmh / _KMH_IN_M_S,
        gap_s=rules.gap_s,
        gap_m=rules.gap_m,
    )
    reason[recording["row"].to_numpy()[kept[piece < 0]]] = Fault.TOO_FAST
    size = np.bincount(piece[piece >= 0], minlength=1)
    alone = (piece >= 0) & (size[piece] == 1)
    reason[recording["row"].to_numpy()[kept[alone]]] = Fault.ALONE
    good = (piece >= 0) & ~alone
    kept, piece = kept[good], piece[good]
    points = recording.iloc[kept].assign(piece=piece)
    clean, still = smoothed(
        xy[kept],
        seconds[kept],
        (piece, doubt_m[kept]),
        still_m=rules.still_m,
        still_s=rules.still_s,
    )
    return points.assign(x=clean[:, 0], y=clean[:, 1], still=still)


def _seconds(at: pd.Series) -> Floats:
    """Return seconds since the first time, as floats."""
    return np.asarray((at - at.min()).dt.total_seconds(), dtype=float)


def _explained(
    fixes: pd.DataFrame, reason: NDArray[np.object_], points: pd.DataFrame
) -> pd.DataFrame:
    piece = np.full(len(fixes), -1, dtype=np.int64)
    piece[points["row"].to_numpy()] = points["piece"].to_numpy()
    suspect = np.zeros(len(fixes), dtype=bool)
    suspect[points["row"].to_numpy()[suspect_runs(fixes, points)]] = True
    return fixes.assign(reason=reason, piece=piece, suspect=suspect)


def _lines(points: pd.DataFrame) -> gpd.GeoDataFrame:
    number = points["piece"].to_numpy()
    step_m, step_s = np.zeros(len(points)), np.zeros(len(points))
    same = np.flatnonzero(np.diff(number) == 0)
    way = np.diff(points[["x", "y"]].to_numpy(), axis=0)
    step_m[same + 1] = np.hypot(*way[same].T)
    step_s[same + 1] = np.diff(_seconds(points["at"]))[same]
    pieces = points.groupby("piece")
    counted = _counted(points)
    return gpd.GeoDataFrame(
        {
            "source": pieces["source"].first(),
            "start_at": pieces["at"].first(),
            "end_at": pieces["at"].last(),
            "fixes": pieces.size(),
            "length_m": np.bincount(number, weights=step_m).astype(float),
            "counted_m": np.bincount(number, weights=step_m * counted).astype(float),
            "counted_s": np.bincount(number, weights=step_s * counted).astype(float),
        },
        geometry=shapely.linestrings(points[["lon", "lat"]].to_numpy(dtype=float), indices=number),
        crs=STORAGE_CRS,
    )


def _counted(points: pd.DataFrame) -> Flags:
    """Mark the points whose last step counts as the crew's way.

    The device's own do, and another receiver's outside the time of the device's pieces.
    """
    source = points["source"].to_numpy()
    own = source == Source.DEVICE.value
    if own.all():
        return np.ones(len(points), dtype=bool)
    seconds = _seconds(points["at"])
    pieces = pd.DataFrame({"piece": points["piece"].to_numpy()[own], "s": seconds[own]})
    spans = pieces.groupby("piece")["s"].agg(["min", "max"])
    starts, ends = np.sort(spans["min"].to_numpy()), np.sort(spans["max"].to_numpy())
    begun = np.searchsorted(starts, seconds, side="left")
    over = np.searchsorted(ends, seconds, side="left")
    return np.asarray(own | ((source == Source.GPX.value) & (begun == over)))


def _gaps(points: pd.DataFrame, rules: TrackRules) -> gpd.GeoDataFrame:
    last = points.groupby("piece").last().iloc[:-1].reset_index(drop=True)
    first = points.groupby("piece").first().iloc[1:].reset_index(drop=True)
    joined = (last["source"] == first["source"]).to_numpy()
    last, first = last[joined], first[joined]
    reset = (last["epoch"] != first["epoch"]).to_numpy()
    seconds = (first["at"] - last["at"]).dt.total_seconds().to_numpy()
    metres = np.hypot(first["x"] - last["x"], first["y"] - last["y"]).to_numpy()
    kind = np.select(
        [reset, seconds > rules.gap_s, metres > rules.gap_m],
        [GapKind.CLOCK.value, GapKind.SILENCE.value, GapKind.DISTANCE.value],
        GapKind.SPEED.value,
    )
    ends = np.stack([last[["lon", "lat"]], first[["lon", "lat"]]], axis=1).astype(float)
    return gpd.GeoDataFrame(
        {
            "source": last["source"].to_numpy(),
            "kind": kind,
            "start_at": last["at"].array,
            "end_at": first["at"].array,
            "seconds": np.where(reset & (seconds < 0), np.nan, seconds),
            "metres": metres,
        },
        geometry=shapely.multipoints(shapely.points(ends)) if len(ends) else [],
        crs=STORAGE_CRS,
    )
