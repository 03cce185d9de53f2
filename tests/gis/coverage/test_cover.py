"""Covered segments: share, intervals, passes, direction, parallel canals, bends, sources."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.coverage import CoverRules, clean_track, cover, off_route
from gis.crs import CRSMismatch
from tests.gis.coverage.recordings import (
    METRIC,
    ORIGIN,
    RULES,
    START,
    cleaned,
    fixes,
    planned,
    walk,
)

PLAIN = CoverRules(tolerance_m=30)
STRICT = CoverRules(tolerance_m=30, along_share=0.5, apart_m=15)


def test_what_lies_within_the_tolerance_of_the_track_is_covered():
    segments = planned([(0, 0), (200, 0)], [(0, 500), (200, 500)])
    segments.index = ["near", "far"]
    found = cover(cleaned(walk(0, 100, north_m=20)), segments, rules=PLAIN).segments
    assert found["segment"].tolist() == ["near", "far"]
    assert found["length_m"].tolist() == pytest.approx([200, 200], abs=1e-3)
    # The track ends at 100 m; its reach of 30 m at 20 m aside goes 22.4 m further.
    assert found["covered_m"].tolist() == pytest.approx([122.36, 0], abs=0.01)
    assert found["covered_share"].tolist() == pytest.approx([0.6118, 0], abs=0.0001)
    assert found["passes"].tolist() == pytest.approx([0.5, 0], abs=0.001)
    assert found["nearest_m"].tolist() == pytest.approx([20, 480], abs=0.01)


def test_the_covered_part_is_told_from_where_to_where_and_when():
    track = cleaned(walk(100, 200) + walk(500, 600, from_s=400))
    coverage = cover(track, planned([(0, 0), (1_000, 0)]), rules=PLAIN)
    told = coverage.intervals
    assert told["from_m"].tolist() == pytest.approx([70, 470], abs=0.01)
    assert told["to_m"].tolist() == pytest.approx([230, 630], abs=0.01)
    assert told["start_at"].tolist() == [START, START + pd.Timedelta(seconds=400)]
    assert told["end_at"][1] == START + pd.Timedelta(seconds=450)
    missing = coverage.uncovered
    assert missing["from_m"].tolist() == pytest.approx([0, 230, 630], abs=0.01)
    lengths = missing.to_crs(METRIC).length.tolist()
    assert lengths == pytest.approx([70, 240, 370], abs=0.01)
    assert coverage.segments["first_at"][0] == START
    assert coverage.share == pytest.approx(0.32, abs=1e-4)


def test_there_and_back_are_two_passes_one_each_way_and_standing_about_is_none():
    segments = planned([(0, 0), (200, 0)], [(200, 0), (0, 0)])
    found = cover(cleaned(walk(0, 200) + walk(200, 0, from_s=105)), segments, rules=PLAIN).segments
    assert found["passes"].tolist() == pytest.approx([2, 2])
    once = cover(cleaned(walk(0, 200)), segments, rules=PLAIN).segments
    assert once["forth_m"].tolist() == pytest.approx([200, 0], abs=0.01)
    assert once["back_m"].tolist() == pytest.approx([0, 200], abs=0.01)
    rng = np.random.default_rng(5)
    drift = [(5.0 * number, 100 + rng.normal(0, 5), rng.normal(0, 5)) for number in range(200)]
    assert cover(cleaned(drift), segments, rules=PLAIN).segments["passes"][0] < 0.2


def test_crossing_a_canal_on_a_bridge_covers_nothing_of_it():
    canal = planned([(0, 0), (600, 0)])
    crossing = cleaned([(5.0 * n, 300.0, -200.0 + 10 * n) for n in range(41)])
    assert cover(crossing, canal, rules=PLAIN).segments["covered_m"][0] == pytest.approx(
        60, abs=0.1
    )
    assert cover(crossing, canal, rules=STRICT).segments["covered_m"][0] == 0


def test_of_parallel_canals_only_the_one_walked_along_is_covered():
    canals = planned([(0, 0), (500, 0)], [(0, 25), (500, 25)])
    beside = cover(cleaned(walk(0, 500, north_m=-3)), canals, rules=STRICT).segments
    assert beside["covered_share"].tolist() == pytest.approx([1, 0])
    assert beside["passes"].tolist() == pytest.approx([1, 0], abs=0.01)
    # On the dam between them both are looked at, and without the rule both count anyway.
    between = cover(cleaned(walk(0, 500, north_m=12)), canals, rules=STRICT).segments
    assert between["covered_share"].tolist() == pytest.approx([1, 1])
    plain = cover(cleaned(walk(0, 500, north_m=-3)), canals, rules=PLAIN).segments
    assert plain["covered_share"].tolist() == pytest.approx([1, 1])


def test_a_junction_takes_nothing_from_the_segment_that_ends_there():
    way = planned([(0, 0), (300, 0)], [(300, 0), (300, 300)])
    rows = walk(0, 300) + [(155 + 5 * n, 300.0, 10.0 * n) for n in range(31)]
    found = cover(cleaned(rows), way, rules=STRICT).segments
    assert found["covered_share"].tolist() == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.parametrize("aside_m", [-20, 20])
def test_both_sides_of_a_bend_cover_it(aside_m: float):
    bend = [(0, 0), (300, 0), (300, 300)]
    bank = shapely.offset_curve(shapely.LineString(bend), aside_m, join_style="mitre")
    spots = shapely.line_interpolate_point(bank, np.arange(0, bank.length, 10))
    rows = [(5.0 * n, x, y) for n, (x, y) in enumerate(shapely.get_coordinates(spots).tolist())]
    found = cover(cleaned(rows), planned(bend), rules=STRICT).segments
    assert found["covered_share"][0] == pytest.approx(1, abs=0.02)
    assert found["passes"][0] == pytest.approx(1, abs=0.05)


def test_a_drone_is_counted_apart():
    rows = pd.concat(
        [fixes(*walk(0, 100)), fixes(*walk(0, 300, from_s=900)).assign(source="drone")],
        ignore_index=True,
    )
    coverage = cover(clean_track(rows, rules=RULES), planned([(0, 0), (300, 0)]), rules=PLAIN)
    assert coverage.segments["covered_m"].tolist() == pytest.approx([130], abs=0.01)
    told = coverage.by_source.set_index("source")["covered_m"]
    assert told.to_dict() == pytest.approx({"device": 130, "drone": 300}, abs=0.01)


def test_a_line_of_several_parts_is_measured_through_its_parts():
    parts = [
        shapely.LineString(np.array(way) + ORIGIN)
        for way in ([(0, 0), (100, 0)], [(200, 0), (300, 0)])
    ]
    segments = gpd.GeoDataFrame(geometry=[shapely.MultiLineString(parts)], crs=METRIC).to_crs(4490)
    coverage = cover(cleaned(walk(0, 60)), segments, rules=PLAIN)
    assert coverage.segments["length_m"][0] == pytest.approx(200, abs=0.01)
    assert coverage.segments["covered_m"][0] == pytest.approx(90, abs=0.01)
    assert coverage.uncovered["from_m"].tolist() == pytest.approx([90, 100], abs=0.01)


def test_without_a_track_nothing_is_covered_and_nothing_is_near():
    segments = planned([(0, 0), (200, 0)])
    segments = pd.concat([segments, gpd.GeoDataFrame(geometry=[None], crs=4490)])
    coverage = cover(clean_track(fixes(), rules=RULES), segments, rules=STRICT)
    assert coverage.segments["covered_share"].tolist() == [0, 0]
    assert coverage.segments["nearest_m"].isna().all()
    assert coverage.uncovered.to_crs(METRIC).length.tolist() == pytest.approx([200], abs=0.01)


def test_a_track_on_the_other_side_of_the_world_covers_nothing():
    rows = fixes(*walk(0, 100)).assign(lat=0.0)
    rows["lon"] -= 180
    coverage = cover(clean_track(rows, rules=RULES), planned([(0, 0), (200, 0)]), rules=STRICT)
    assert coverage.segments["covered_m"].tolist() == [0]


def test_no_segments_are_no_rows_and_no_share():
    coverage = cover(cleaned(walk(0, 100)), planned(), rules=STRICT)
    assert coverage.segments.empty
    assert coverage.share is None


def test_frames_in_metres_are_refused():
    segments = planned([(0, 0), (200, 0)]).to_crs(METRIC)
    with pytest.raises(CRSMismatch):
        cover(cleaned(walk(0, 100)), segments, rules=PLAIN)


SPOTS = st.lists(st.tuples(st.integers(0, 300), st.integers(-60, 60)), min_size=2, max_size=8)


@settings(max_examples=40, deadline=None)
@given(spots=SPOTS, tolerance_m=st.integers(5, 60))
def test_coverage_agrees_with_buffers(spots: list[tuple[int, int]], tolerance_m: int):
    track = cleaned([(100.0 * number, x, y) for number, (x, y) in enumerate(spots)])
    segments = planned([(0, 0), (150, 40), (300, 0), (300, 90)], [(20, -50), (280, -50)])
    found = cover(track, segments, rules=CoverRules(tolerance_m=tolerance_m)).segments
    drawn = track.pieces.to_crs(METRIC).geometry.to_numpy()
    zone = shapely.union_all(shapely.buffer(drawn, tolerance_m, quad_segs=200))
    expected = shapely.length(shapely.intersection(segments.to_crs(METRIC).geometry, zone))
    assert found["covered_m"].to_numpy() == pytest.approx(expected, abs=0.05)


@settings(max_examples=25, deadline=None)
@given(first=SPOTS, second=SPOTS)
def test_more_track_never_covers_less(first: list, second: list):
    segments = planned([(0, 0), (150, 40), (300, 0)], [(0, 30), (300, 30)])
    rows = [(100.0 * number, x, y) for number, (x, y) in enumerate(first)]
    later = [(5_000 + 100.0 * number, x, y) for number, (x, y) in enumerate(second)]
    less = cover(cleaned(rows), segments, rules=STRICT).segments["covered_m"]
    more = cover(cleaned(rows + later), segments, rules=STRICT).segments["covered_m"]
    assert (more >= less - 1e-6).all()


@settings(max_examples=25, deadline=None)
@given(spots=SPOTS)
def test_covered_and_uncovered_parts_make_up_the_segment(spots: list[tuple[int, int]]):
    track = cleaned([(100.0 * number, x, y) for number, (x, y) in enumerate(spots)])
    coverage = cover(track, planned([(0, 0), (150, 40), (300, 0)]), rules=STRICT)
    open_m = (coverage.uncovered["to_m"] - coverage.uncovered["from_m"]).sum()
    row = coverage.segments.iloc[0]
    assert row["covered_m"] + open_m == pytest.approx(row["length_m"], abs=1e-4)


def test_what_leads_along_no_planned_way_is_off_route():
    track = cleaned(walk(0, 300))
    astray = off_route(track, planned([(0, 0), (100, 0)]), tolerance_m=50)
    assert astray.share == pytest.approx(0.5, abs=0.02)
    assert off_route(track, planned(), tolerance_m=50).share == 1
    assert off_route(cleaned([]), planned([(0, 0), (100, 0)]), tolerance_m=50).share is None
