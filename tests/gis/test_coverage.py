"""Cleaned tracks, covered segments, dwell at stops."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.coverage import CleanTrack, clean_track, cover, dwell
from gis.crs import CRSMismatch

METRIC = 4547
ORIGIN = np.array([500_000.0, 3_400_000.0])
START = pd.Timestamp("2024-05-01 08:00", tz="Asia/Shanghai")
LIMITS = {"max_accuracy_m": 50.0, "max_speed_kmh": 60.0, "gap_s": 120.0}
Row = tuple[float, float, float]


def fixes(*rows: Row, accuracy_m: float = 5.0) -> pd.DataFrame:
    """Return fixes from seconds, metres east and metres north of the test town."""
    seconds, east, north = np.array(rows, dtype=float).reshape(-1, 3).T
    places = gpd.GeoSeries.from_xy(ORIGIN[0] + east, ORIGIN[1] + north, crs=METRIC).to_crs(4490)
    return pd.DataFrame(
        {
            "at": START + pd.to_timedelta(seconds, unit="s"),
            "lon": places.x,
            "lat": places.y,
            "accuracy_m": accuracy_m,
        }
    )


def walk(start_m: float, end_m: float, *, from_s: float = 0.0, north_m: float = 0.0) -> list[Row]:
    """Walk along the x axis at 2 m/s with a fix every 5 s."""
    count = int(abs(end_m - start_m) / 10) + 1
    return [
        (from_s + 5 * number, east, north_m)
        for number, east in enumerate(np.linspace(start_m, end_m, count))
    ]


def planned(*ways: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    shapes = [shapely.LineString(np.array(way) + ORIGIN) for way in ways]
    return gpd.GeoDataFrame(geometry=shapes, crs=METRIC).to_crs(4490)


def cleaned(rows: list[Row]) -> CleanTrack:
    return clean_track(fixes(*rows), **LIMITS)


# --- cleaning -------------------------------------------------------------------------------------


def test_a_good_recording_is_one_piece():
    track = cleaned(walk(0, 100))
    assert track.pieces["fixes"].tolist() == [11]
    assert track.pieces["length_m"].tolist() == pytest.approx([100], abs=1e-3)
    assert (track.kept, track.dropped) == (11, {})
    assert track.pieces["end_at"][0] - track.pieces["start_at"][0] == pd.Timedelta(seconds=50)


def test_no_line_is_drawn_over_a_silence():
    track = cleaned(walk(0, 100) + walk(500, 600, from_s=400))
    assert track.pieces["fixes"].tolist() == [11, 11]
    assert track.pieces["length_m"].sum() == pytest.approx(200, abs=1e-3)


def test_a_leap_is_dropped_and_counted():
    rows = walk(0, 100)
    rows[5] = (rows[5][0], 5_000.0, 5_000.0)
    track = cleaned(rows)
    assert track.dropped == {"too_fast": 1}
    assert track.pieces["length_m"].tolist() == pytest.approx([100], abs=1e-3)


def test_a_wrong_first_fix_doesn_t_cost_the_whole_recording():
    track = cleaned([(-5.0, 9_000.0, 9_000.0), *walk(0, 100)])
    assert track.dropped == {"alone": 1}
    assert track.pieces["fixes"].tolist() == [11]


def test_fixes_without_time_or_place_or_accuracy_are_counted_by_reason():
    rows = fixes(*walk(0, 100))
    rows.loc[0, "at"] = pd.NaT
    rows.loc[1, "lon"] = np.nan
    rows.loc[2, ["lon", "lat"]] = 0.0
    rows.loc[3, "lat"] = 91.0
    rows.loc[4, "accuracy_m"] = 80.0
    rows.loc[5, "accuracy_m"] = np.nan
    rows.loc[6, "at"] = rows.loc[5, "at"]
    track = clean_track(rows, **LIMITS)
    assert track.dropped == {"no_time": 1, "no_place": 3, "inaccurate": 1, "same_time": 1}
    assert track.kept == 5


def test_the_order_of_arrival_doesn_t_matter():
    rows = fixes(*walk(0, 100), *walk(500, 600, from_s=400))
    shuffled = rows.sample(frac=1, random_state=4)
    one, other = (clean_track(table, **LIMITS).pieces for table in (rows, shuffled))
    assert one.geometry.geom_equals_exact(other.geometry, 0).all()


def test_nothing_recorded_is_no_track():
    track = clean_track(fixes(), **LIMITS)
    assert (len(track.pieces), track.kept, track.dropped) == (0, 0, {})
    assert track.pieces.crs.to_epsg() == 4490


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(-2_000, 2_000), st.integers(-50, 50)),
        max_size=40,
    )
)
def test_every_fix_is_kept_or_counted_and_no_piece_breaks_the_limits(rows: list[Row]):
    track = cleaned(rows)
    assert track.kept + sum(track.dropped.values()) == len(rows)
    assert track.pieces["fixes"].sum() == track.kept
    seconds = (track.pieces["end_at"] - track.pieces["start_at"]).dt.total_seconds()
    assert (track.pieces["length_m"] <= seconds * 60 / 3.6 + 1e-3).all()
    assert (seconds <= 120 * (track.pieces["fixes"] - 1)).all()


def test_a_real_bus_line_is_cleaned_without_a_line_over_its_pauses(shared_data: Path):
    table = pd.read_csv(shared_data / "tracks_photos" / "liverpool_bus_route14.csv.gz")
    for _, bus in table.groupby("vehicle_id"):
        rows = bus.rename(columns={"longitude": "lon", "latitude": "lat"})
        rows = rows.assign(at=pd.to_datetime(bus["timestamp"], utc=True), accuracy_m=np.nan)
        track = clean_track(rows, max_accuracy_m=50, max_speed_kmh=100, gap_s=300)
        assert track.kept + sum(track.dropped.values()) == len(bus)
        assert track.kept > 0.9 * len(bus)
        own = cover(track.pieces, track.pieces, tolerance_m=1)
        assert own["covered_share"].to_numpy() == pytest.approx(1.0, abs=1e-6)


# --- covering -------------------------------------------------------------------------------------


def test_what_lies_within_the_tolerance_of_the_track_is_covered():
    segments = planned([(0, 0), (200, 0)], [(0, 500), (200, 500)])
    segments.index = ["near", "far"]
    found = cover(cleaned(walk(0, 100, north_m=20)).pieces, segments, tolerance_m=30)
    assert found["segment"].tolist() == ["near", "far"]
    # The track ends at 100 m; its reach of 30 m at 20 m aside goes 22.4 m further.
    assert found["covered_m"].tolist() == pytest.approx([122.36, 0], abs=0.3)
    assert found["covered_share"].tolist() == pytest.approx([0.612, 0], abs=0.002)
    assert found["passes"].tolist() == pytest.approx([0.5, 0], abs=0.001)
    assert found["nearest_m"].tolist() == pytest.approx([20, 480], abs=0.01)


def test_a_silence_covers_nothing():
    segments = planned([(0, 0), (600, 0)])
    track = cleaned(walk(0, 100) + walk(500, 600, from_s=400))
    found = cover(track.pieces, segments, tolerance_m=10)
    assert found["covered_m"][0] == pytest.approx(220, abs=0.5)


def test_there_and_back_are_two_passes_and_standing_about_is_none():
    segments = planned([(0, 0), (200, 0)])
    rows = walk(0, 200) + walk(200, 0, from_s=105)
    assert cover(cleaned(rows).pieces, segments, tolerance_m=30)["passes"][0] == pytest.approx(2)
    rng = np.random.default_rng(5)
    drift = [(5.0 * number, 100 + rng.normal(0, 5), rng.normal(0, 5)) for number in range(200)]
    assert cover(cleaned(drift).pieces, segments, tolerance_m=30)["passes"][0] < 0.2


def test_without_a_track_nothing_is_covered_and_nothing_is_near():
    segments = planned([(0, 0), (200, 0)])
    segments = pd.concat([segments, gpd.GeoDataFrame(geometry=[None], crs=4490)])
    found = cover(clean_track(fixes(), **LIMITS).pieces, segments, tolerance_m=30)
    assert found["covered_share"].tolist() == [0, 0]
    assert found["nearest_m"].isna().all()


def test_no_segments_are_no_rows():
    assert cover(cleaned(walk(0, 100)).pieces, planned(), tolerance_m=30).empty


def test_frames_in_metres_are_refused():
    segments = planned([(0, 0), (200, 0)])
    with pytest.raises(CRSMismatch):
        cover(cleaned(walk(0, 100)).pieces, segments.to_crs(METRIC), tolerance_m=30)


@settings(max_examples=25, deadline=None)
@given(
    spots=st.lists(st.tuples(st.integers(0, 300), st.integers(-60, 60)), min_size=2, max_size=8),
    tolerance_m=st.integers(5, 60),
)
def test_coverage_agrees_with_asking_every_half_metre(
    spots: list[tuple[int, int]], tolerance_m: int
):
    track = cleaned([(100.0 * number, x, y) for number, (x, y) in enumerate(spots)])
    segments = planned([(0, 0), (150, 40), (300, 0)])
    found = cover(track.pieces, segments, tolerance_m=tolerance_m)
    metric = segments.to_crs(METRIC).geometry.iloc[0]
    steps = shapely.line_interpolate_point(metric, np.arange(0.25, metric.length, 0.5))
    drawn = shapely.union_all(track.pieces.to_crs(METRIC).geometry.to_numpy())
    expected = (shapely.distance(steps, drawn) <= tolerance_m).mean()
    assert found["covered_share"][0] == pytest.approx(expected, abs=0.01)


# --- dwell ----------------------------------------------------------------------------------------


def stops(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    shapes = shapely.points(np.array(places, dtype=float) + ORIGIN)
    frame = gpd.GeoDataFrame(geometry=shapes, crs=METRIC).to_crs(4490)
    return frame.set_index(pd.Index([f"stop {number}" for number in range(len(places))]))


def test_a_stay_is_timed_from_the_first_to_the_last_fix_within_the_radius():
    waiting = [(60.0 * minute, 3.0, 0.0) for minute in range(6)]
    rows = fixes(*waiting, *walk(3, 203, from_s=305))
    found = dwell(rows, stops((0, 0), (200, 100)), 20)
    assert found["stop"].tolist() == ["stop 0", "stop 1"]
    assert found["first_at"][0] == START
    assert found["last_at"][0] == START + pd.Timedelta(seconds=310)
    assert found["minutes"].tolist() == pytest.approx([310 / 60, 0])
    assert found["last_at"].isna().tolist() == [False, True]
    assert found["nearest_m"].tolist() == pytest.approx([3, 100], abs=0.2)


def test_the_time_between_two_visits_is_no_stay():
    rows = fixes((0, 0, 0), (60, 0, 0), (120, 500, 0), (180, 0, 0), (240, 0, 0))
    assert dwell(rows, stops((0, 0)), 20)["minutes"].tolist() == pytest.approx([2])


def test_a_silence_is_no_stay_when_a_gap_is_given():
    rows = fixes((0, 0, 0), (7_200, 0, 0), (7_260, 0, 0))
    assert dwell(rows, stops((0, 0)), 20)["minutes"].tolist() == pytest.approx([121])
    assert dwell(rows, stops((0, 0)), 20, gap_s=300)["minutes"].tolist() == pytest.approx([1])


def test_stops_without_fixes_were_not_visited():
    found = dwell(fixes(), stops((0, 0)), 20)
    assert found["first_at"].isna().all()
    assert found["minutes"].tolist() == [0]
