"""How much of the planned segments a track covers: where, when, how often, which way."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops
from numpy.typing import NDArray

from gis.coverage.stretches import Stretches, common_metric, moments, reached, stretches_of
from gis.coverage.track import CleanTrack, Source

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.intp]
Shapes = NDArray[np.object_]

_TOUCHING_M = 1e-6


@dataclass(frozen=True, slots=True)
class CoverRules:
    """When a stretch of track covers a planned line; every number is a policy of the place.

    Parameters
    ----------
    tolerance_m
        How far from the line the track may be and still cover it.
    along_share
        How much of its own length (0-1) a stretch must advance along the line, so that crossing a
        canal on a bridge doesn't cover it; 0 takes everything within the tolerance. A stand covers.
    apart_m
        A stretch along parallel lines counts only for those at most this much farther than the
        nearest of them; infinite: for all within the tolerance.
    counted
        The sources whose track counts; the others are told apart.
    """

    tolerance_m: float
    along_share: float = 0.0
    apart_m: float = np.inf
    counted: AbstractSet[str] = frozenset({Source.DEVICE, Source.GPX})


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a track covers of a plan.

    Parameters
    ----------
    segments
        One row for each planned segment, in order: ``segment``, its index label; ``length_m``;
        ``covered_m``; ``covered_share`` (0-1); ``passes``, how often the track ran along its length
        (there and back is 2; to and fro within the tolerance doesn't count); ``forth_m`` and
        ``back_m``, how far it went in and against the line's direction; ``first_at``, ``last_at``;
        ``nearest_m``, missing without a track. A missing or empty segment is covered by nothing.
    by_source
        ``segment``, ``source``, ``covered_m``, ``covered_share`` for every source with something to
        show, counted or not.
    intervals
        ``segment``, ``from_m``, ``to_m`` along it, ``start_at``, ``end_at``: what is covered.
    uncovered
        ``segment``, ``from_m``, ``to_m`` and the line (EPSG:4490): what is not.
    """

    segments: pd.DataFrame
    by_source: pd.DataFrame
    intervals: pd.DataFrame
    uncovered: gpd.GeoDataFrame

    @property
    def share(self) -> float | None:
        """The covered share (0-1) of all planned length; None where nothing is planned."""
        planned = float(self.segments["length_m"].sum())
        return float(self.segments["covered_m"].sum()) / planned if planned else None


def cover(track: CleanTrack, segments: gpd.GeoDataFrame, *, rules: CoverRules) -> Coverage:
    """Measure how much of each planned segment lies within the tolerance of the track.

    Parameters
    ----------
    track
        What `clean_track` made of the fixes.
    segments
        Planned lines in EPSG:4490.
    rules
        The tolerances.

    Raises
    ------
    CRSMismatch
        If the segments aren't in storage.

    Notes
    -----
    The track is taken as its straight stretches between fixes, each for itself: the covered part is
    the union of what single stretches cover, so that more track never covers less and the order in
    which it arrives doesn't matter. O(stretches x edges in reach); 5,760 fixes and 60 segments take
    about 0.1 s.
    """
    metric = common_metric(track, segments)
    planned = segments.geometry.to_crs(metric).to_numpy()
    stretches = stretches_of(track, metric)
    near = _near(stretches, planned, rules)
    counted = np.isin(stretches.source[near["stretch"]].astype(str), list(rules.counted))
    intervals = _union(near[counted & near["covers"]], stretches)
    table = _segments(segments, planned, intervals)
    passes = _passes(planned, near[counted], stretches, tolerance_m=rules.tolerance_m)
    spans = intervals.groupby("line").agg(first_at=("start_s", "min"), last_at=("end_s", "max"))
    table = pd.concat([table, passes], axis=1)
    for column in ("first_at", "last_at"):
        table[column] = moments(spans[column].reindex(table.index).to_numpy(dtype=float))
    table["nearest_m"] = _nearest_m(stretches, planned, list(rules.counted))
    label = segments.index.to_series().reset_index(drop=True)
    return Coverage(
        segments=table,
        by_source=_by_source(near[near["covers"]], stretches, (label, table["length_m"])),
        intervals=_told(intervals, label),
        uncovered=_uncovered(planned, intervals, label).set_crs(metric).to_crs(segments.crs),
    )


def _near(stretches: Stretches, planned: Shapes, rules: CoverRules) -> pd.DataFrame:
    """Return pairs of planned line and stretch in reach: where along it, and whether it covers."""
    line, stretch, low, high = reached(stretches, planned, tolerance_m=rules.tolerance_m)
    near = pd.DataFrame({"line": line, "stretch": stretch, "from_m": low, "to_m": high})
    near = near.sort_values(["line", "stretch", "from_m"], ignore_index=True)
    pair = ~near.duplicated(["line", "stretch"]).to_numpy()
    line, stretch = near.loc[pair, "line"].to_numpy(), near.loc[pair, "stretch"].to_numpy()
    start, end = (
        shapely.line_locate_point(planned[line], shapely.points(xy[stretch]))
        for xy in (stretches.start, stretches.end)
    )
    follows = np.abs(end - start) >= rules.along_share * stretches.length[stretch] - _TOUCHING_M
    own = _own(stretches, planned, (line, stretch, follows), apart_m=rules.apart_m)
    of_pair = np.cumsum(pair) - 1
    near["start_m"], near["end_m"] = start[of_pair], end[of_pair]
    near["own"] = own[of_pair]
    near["covers"] = (follows & own)[of_pair]
    return near[near["own"]].reset_index(drop=True)


def _own(
    stretches: Stretches,
    planned: Shapes,
    pairs: tuple[Numbers, Numbers, Flags],
    *,
    apart_m: float,
) -> Flags:
    """Tell which pairs stay when a stretch runs along a nearer line."""
    line, stretch, follows = pairs
    if np.isinf(apart_m) or not len(line):
        return np.ones(len(line), dtype=bool)
    middle = shapely.points((stretches.start[stretch] + stretches.end[stretch]) / 2)
    away = shapely.distance(planned[line], middle)
    nearest = np.full(len(stretches.start), np.inf)
    np.minimum.at(nearest, stretch[follows], away[follows])
    return np.asarray(away <= nearest[stretch] + apart_m)


def _union(near: pd.DataFrame, stretches: Stretches) -> pd.DataFrame:
    """Join overlapping parts of a line: from and to in metres, first and last time."""
    parts = near.sort_values(["line", "from_m"], kind="stable")
    line, low = parts["line"].to_numpy(), parts["from_m"].to_numpy()
    # One running maximum serves all lines: each is moved beyond the one before.
    farthest = float(parts["to_m"].max()) + 1.0 if len(parts) else 0.0
    reach = np.maximum.accumulate(parts["to_m"].to_numpy() + line * farthest) - line * farthest
    begins = np.ones(len(parts), dtype=bool)
    begins[1:] = (line[1:] != line[:-1]) | (low[1:] > reach[:-1] + _TOUCHING_M)
    stretch = parts["stretch"].to_numpy()
    parts = parts.assign(
        start_s=stretches.from_s[stretch], end_s=stretches.to_s[stretch], number=np.cumsum(begins)
    )
    return (
        parts.groupby("number")
        .agg(
            line=("line", "first"),
            from_m=("from_m", "min"),
            to_m=("to_m", "max"),
            start_s=("start_s", "min"),
            end_s=("end_s", "max"),
        )
        .reset_index(drop=True)
    )


def _segments(segments: gpd.GeoDataFrame, planned: Shapes, intervals: pd.DataFrame) -> pd.DataFrame:
    length = np.nan_to_num(shapely.length(planned))
    covered = np.bincount(
        intervals["line"].to_numpy(dtype=np.intp),
        weights=(intervals["to_m"] - intervals["from_m"]).to_numpy(),
        minlength=len(planned),
    )
    share = np.divide(covered, length, out=np.zeros(len(planned)), where=length > 0)
    return pd.DataFrame(
        {
            "segment": segments.index,
            "length_m": length,
            "covered_m": np.minimum(covered, length),
            "covered_share": np.minimum(share, 1.0),
        }
    )


def _passes(
    planned: Shapes, near: pd.DataFrame, stretches: Stretches, *, tolerance_m: float
) -> pd.DataFrame:
    """Return how far the track went along each line, in and against its direction."""
    pairs = near.drop_duplicates(["line", "stretch"])
    way = np.zeros((len(planned), 2))
    line, stretch = pairs["line"].to_numpy(), pairs["stretch"].to_numpy()
    piece = stretches.piece[stretch]
    runs_on = (np.diff(line) == 0) & (np.diff(stretch) == 1) & (np.diff(piece) == 0)
    begins = np.flatnonzero(np.r_[True, ~runs_on][: len(line)])
    start, end = pairs["start_m"].tolist(), pairs["end_m"].tolist()
    ends = np.r_[begins[1:], len(line)][: len(begins)]
    for first, last in zip(begins.tolist(), ends.tolist(), strict=True):
        way[line[first]] += _steady_advance_m([start[first], *end[first:last]], tolerance_m)
    length = np.nan_to_num(shapely.length(planned))
    passes = np.divide(way.sum(axis=1), length, out=np.zeros(len(planned)), where=length > 0)
    return pd.DataFrame({"passes": passes, "forth_m": way[:, 0], "back_m": way[:, 1]})


def _steady_advance_m(along: list[float], tolerance_m: float) -> Floats:
    """Add up the ways forth and back; a turn counts once it exceeds the tolerance."""
    total, turn, farthest = np.zeros(2), along[0], along[0]
    for position in along[1:]:
        onward = (position - farthest) * (farthest - turn) >= 0
        if onward:
            farthest = position
        elif abs(position - farthest) > tolerance_m:
            total[int(farthest < turn)] += abs(farthest - turn)
            turn, farthest = farthest, position
    total[int(farthest < turn)] += abs(farthest - turn)
    return total


def _by_source(
    near: pd.DataFrame, stretches: Stretches, named: tuple[pd.Series, pd.Series]
) -> pd.DataFrame:
    label, length = named
    source = stretches.source[near["stretch"].to_numpy()]
    rows = []
    for name in sorted(set(source.tolist())):
        covered = _union(near[source == name], stretches)
        covered["covered_m"] = covered["to_m"] - covered["from_m"]
        metres = covered.groupby("line")["covered_m"].sum()
        rows += [
            (label[line], name, value, min(1.0, value / length[line]))
            for line, value in metres.items()
        ]
    return pd.DataFrame(rows, columns=["segment", "source", "covered_m", "covered_share"])


def _nearest_m(stretches: Stretches, planned: Shapes, counted: list[str]) -> Floats:
    nearest = np.full(len(planned), np.nan)
    lines = stretches.lines[np.isin(stretches.source.astype(str), counted)]
    if len(lines):
        (row, _), away = shapely.STRtree(lines).query_nearest(
            planned, return_distance=True, all_matches=False
        )
        nearest[row] = away
    return nearest


def _told(intervals: pd.DataFrame, label: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "segment": label.take(intervals["line"]).array,
            "from_m": intervals["from_m"],
            "to_m": intervals["to_m"],
            "start_at": moments(intervals["start_s"].to_numpy(dtype=float)),
            "end_at": moments(intervals["end_s"].to_numpy(dtype=float)),
        }
    )


def _uncovered(planned: Shapes, intervals: pd.DataFrame, label: pd.Series) -> gpd.GeoDataFrame:
    """Return what lies between the covered parts, as lines in metres."""
    rows, shapes = [], []
    bounds = np.searchsorted(intervals["line"].to_numpy(), np.arange(len(planned) + 1)).tolist()
    low, high = intervals["from_m"].tolist(), intervals["to_m"].tolist()
    for line, shape in enumerate(planned):
        own = slice(bounds[line], bounds[line + 1])
        holes = list(zip([0.0, *high[own]], [*low[own], np.inf], strict=True))
        offset = 0.0
        for part in shapely.get_parts(shape).tolist():
            for hole in holes:
                start, end = (min(max(edge - offset, 0.0), part.length) for edge in hole)
                if end - start > _TOUCHING_M:
                    rows.append((label[line], offset + start, offset + end))
                    shapes.append(shapely.ops.substring(part, start, end))
            offset += part.length
    table = pd.DataFrame(rows, columns=["segment", "from_m", "to_m"])
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, index=table.index))
