"""Plan versus done: a cleaned track set against the planned visits."""

from datetime import tzinfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.coverage.cover import Coverage, cover
from gis.coverage.outcome import (
    Fact,
    Outcome,
    PlanVersusDone,
    Reason,
    Sentence,
    VisitOutcome,
    VisitRules,
)
from gis.coverage.stays import dwell
from gis.coverage.stretches import common_metric, unix_seconds
from gis.coverage.track import CleanTrack, Source

Verdict = tuple[Outcome, Sentence]
Row = dict[str, float | pd.Timestamp]

_LINES = ("LineString", "MultiLineString")
_PER_CENT = 100.0
_SECONDS_IN_MINUTE = 60.0
# What one end of a track reaches of the next line, on both sides of a junction, is no part of it.
_REACHES = 2.0
_REPORTED_DONE = "done"
_GIVEN_UP = frozenset({"skipped", "unreachable"})
_OTHER_SOURCES = {Source.DRONE: Reason.by_drone, Source.MANUAL: Reason.by_drawing}


def judge_visits(
    track: CleanTrack, visits: gpd.GeoDataFrame, *, rules: VisitRules, zone: tzinfo
) -> PlanVersusDone:
    """Set a cleaned track against the planned visits.

    Parameters
    ----------
    track
        What `clean_track` made of the fixes.
    visits
        Planned visits in EPSG:4490, in order: lines are to be covered, points and areas to be
        stayed at. Optional columns: ``reported`` (``done``, ``skipped``, ``unreachable``),
        ``note`` (the crew's reason), ``arrive_at`` (planned).
    rules
        When a visit is done.
    zone
        In which the times in sentences are told.

    Returns
    -------
    One outcome for each visit, and the measures. In this order: the track shows it; a drone or a
    drawn line shows it; the crew says it is done, or gave it up; then what the track shows of it,
    or that it has a gap just there, or how near it came. A gap explains a visit if going there in
    it is no detour, or if the visit was planned for that time.

    Raises
    ------
    CRSMismatch
        If the visits aren't in storage.

    Notes
    -----
    The cost is that of `cover` and `dwell`.
    """
    is_line = visits.geom_type.isin(_LINES).to_numpy()
    coverage = cover(track, visits[is_line], rules=rules.cover)
    own = _of_sources(track, [str(source) for source in rules.cover.counted])
    stays = dwell(own, visits[~is_line], radius_m=rules.radius_m)
    began = np.full(len(visits), np.nan)
    began[is_line] = unix_seconds(coverage.segments["first_at"])
    began[~is_line] = unix_seconds(stays["entered_at"])
    order = pd.Series(began).rank(method="first")
    judge = _Judge(own, visits, rules=rules, zone=zone)
    lines = iter(coverage.segments.to_dict("records"))
    places = iter(stays.to_dict("records"))
    outcomes = []
    for place, line in enumerate(is_line.tolist()):
        said = judge.line(place, next(lines), coverage) if line else judge.stop(place, next(places))
        outcome, why = judge.with_other_word(place, said, coverage)
        rank = None if np.isnan(order[place]) else int(order[place])
        outcomes.append(VisitOutcome(visits.index[place], outcome, why, said[1], rank))
    return PlanVersusDone(tuple(outcomes), coverage, stays)


def _of_sources(track: CleanTrack, sources: list[str]) -> CleanTrack:
    """Return the part of a track that these sources recorded."""
    return CleanTrack(
        fixes=track.fixes,
        points=track.points[track.points["source"].isin(sources)],
        pieces=track.pieces[track.pieces["source"].isin(sources)],
        gaps=track.gaps[track.gaps["source"].isin(sources)],
    )


class _Judge:
    """One track and the rules, asked about one visit after the other."""

    def __init__(
        self, track: CleanTrack, visits: gpd.GeoDataFrame, *, rules: VisitRules, zone: tzinfo
    ) -> None:
        self.rules = rules
        self.zone = zone
        self.visits = visits
        self.lines = frozenset(np.flatnonzero(visits.geom_type.isin(_LINES)).tolist())
        self.empty = track.pieces.empty
        self.gaps = track.gaps.sort_values("seconds", ascending=False, na_position="last")
        metric = common_metric(track, visits)
        self.shapes = visits.geometry.to_crs(metric).to_numpy()
        self.metric = metric
        ends = shapely.get_coordinates(self.gaps.geometry.to_crs(metric).to_numpy())
        self.ends = ends.reshape(-1, 2, 2)

    def line(self, place: int, found: Row, coverage: Coverage) -> Verdict:
        """Judge a line by what the track covers of it."""
        facts = _covered_facts(found["covered_m"], found["covered_share"])
        if found["covered_share"] >= self.rules.share_min:
            passes = max(1, round(float(found["passes"])))
            return Outcome.done, Sentence(Reason.covered, facts | {"passes": passes})
        reach_m = self.rules.cover.tolerance_m
        partly = float(found["covered_m"]) > _REACHES * reach_m
        outcome = Outcome.partly if partly else Outcome.missed
        gap = self._gap(place, self._longest_hole(place, coverage), reach_m)
        if gap:
            return outcome, gap
        if partly:
            needed = round(self.rules.share_min * _PER_CENT)
            return outcome, Sentence(Reason.partly_covered, facts | {"needed_pct": needed})
        return outcome, self._how_near(float(found["nearest_m"]), reach_m)

    def stop(self, place: int, found: Row) -> Verdict:
        """Judge a place by how long the track stayed there."""
        stay_s, needed_s = float(found["longest_s"]), self.rules.stay_s
        entered = found["entered_at"]
        if not pd.isna(entered) and stay_s >= needed_s:
            facts: dict[str, Fact] = {
                "from": self._clock(entered),
                "stay_min": round(stay_s / _SECONDS_IN_MINUTE, 1),
            }
            return Outcome.done, Sentence(Reason.stayed, facts)
        there = not pd.isna(entered)
        outcome = Outcome.partly if there else Outcome.missed
        gap = self._gap(place, self._middle(place), self.rules.radius_m)
        if gap:
            return outcome, gap
        if there:
            # Rounded down, so that no sentence says "60 s of 60 s".
            facts = {"stay_s": int(stay_s), "needed_s": round(needed_s)}
            return outcome, Sentence(Reason.short_stay, facts)
        return outcome, self._how_near(float(found["nearest_m"]), self.rules.radius_m)

    def with_other_word(self, place: int, said: Verdict, coverage: Coverage) -> Verdict:
        """Let another source, or the crew's own word, count where the track shows less."""
        if said[0] is Outcome.done:
            return said
        label = self.visits.index[place]
        for row in coverage.by_source[coverage.by_source["segment"] == label].itertuples():
            reason = _OTHER_SOURCES.get(row.source)
            if reason and row.covered_share >= self.rules.share_min:
                facts = _covered_facts(row.covered_m, row.covered_share)
                return Outcome.done, Sentence(reason, facts)
        reported, note = self._told(place, "reported"), self._told(place, "note")
        if reported == _REPORTED_DONE:
            reason = Reason.by_hand if note else Reason.by_hand_unexplained
            return Outcome.done, Sentence(reason, {"note": note} if note else {})
        if reported in _GIVEN_UP:
            # A part of a line is walked all the same; a place given up isn't half done.
            partly = place in self.lines and said[0] is Outcome.partly
            outcome = Outcome.partly if partly else Outcome.missed
            return outcome, Sentence(Reason.given_up, {"note": note})
        return said

    def _told(self, place: int, column: str) -> str:
        value = self.visits[column].iloc[place] if column in self.visits else None
        return "" if pd.isna(value) else str(value)

    def _how_near(self, nearest_m: float, within_m: float) -> Sentence:
        if self.empty or np.isnan(nearest_m):
            return Sentence(Reason.no_track, {})
        if nearest_m <= self.rules.near_m:
            facts: dict[str, Fact] = {"nearest_m": round(nearest_m), "within_m": round(within_m)}
            return Sentence(Reason.passed_by, facts)
        return Sentence(Reason.not_reached, {"nearest_m": round(nearest_m)})

    def _gap(self, place: int, spot: shapely.Point | None, reach_m: float) -> Sentence | None:
        """Return the longest gap in which the visit may have happened unseen."""
        if spot is None or not len(self.gaps):
            return None
        away = np.hypot(*(self.ends - np.array([spot.x, spot.y])).transpose(2, 0, 1)).sum(axis=1)
        metres = self.gaps["metres"].to_numpy()
        near = away <= metres * self.rules.detour + _REACHES * reach_m
        if "arrive_at" in self.visits:
            due = self.visits["arrive_at"].iloc[place]
            near |= ((self.gaps["start_at"] <= due) & (due <= self.gaps["end_at"])).to_numpy()
        if not near.any():
            return None
        gap = self.gaps.iloc[int(np.flatnonzero(near)[0])]
        return Sentence(
            Reason.gap,
            {
                "from": self._clock(gap["start_at"]),
                "to": self._clock(gap["end_at"]),
                "metres": round(float(gap["metres"])),
            },
        )

    def _longest_hole(self, place: int, coverage: Coverage) -> shapely.Point | None:
        holes = coverage.uncovered[coverage.uncovered["segment"] == self.visits.index[place]]
        if holes.empty:
            return None
        longest = holes.loc[[(holes["to_m"] - holes["from_m"]).idxmax()]]
        line = longest.geometry.to_crs(self.metric).iloc[0]
        return shapely.line_interpolate_point(line, 0.5, normalized=True)

    def _middle(self, place: int) -> shapely.Point | None:
        shape = self.shapes[place]
        return None if shape is None or shape.is_empty else shape.centroid

    def _clock(self, at: object) -> str:
        return f"{pd.Timestamp(at).tz_convert(self.zone):%H:%M}"


def _covered_facts(covered_m: object, share: object) -> dict[str, Fact]:
    """Return the figures of a covered part, the share rounded down."""
    values = np.array([covered_m, share], dtype=float)
    return {"covered_m": round(float(values[0])), "share_pct": int(values[1] * _PER_CENT + 1e-9)}
