"""Cleaned tracks: what is kept, what is dropped and why, gaps, stands, clocks."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.coverage import Fault, clean_track
from tests.gis.coverage.recordings import (
    RULES,
    START,
    Row,
    cleaned,
    fixes,
    walk,
)


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
    assert track.dropped == {"spike": 1}
    assert track.pieces["length_m"].tolist() == pytest.approx([100], abs=1e-3)


def test_what_could_be_reached_only_too_fast_is_dropped():
    rows = [*walk(0, 30), (20.0, 4_000.0, 0.0), *walk(50, 60, from_s=25)]
    track = cleaned(rows)
    assert track.dropped == {"too_fast": 1}
    assert track.pieces["fixes"].tolist() == [6]


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
    track = clean_track(rows, rules=RULES)
    assert track.dropped == {"no_time": 1, "no_place": 3, "inaccurate": 1, "same_time": 1}
    assert track.kept == 5


def test_the_order_of_arrival_doesn_t_matter():
    rows = fixes(*walk(0, 100), *walk(500, 600, from_s=400))
    shuffled = rows.sample(frac=1, random_state=4)
    one, other = (clean_track(table, rules=RULES).pieces for table in (rows, shuffled))
    assert one.geometry.geom_equals_exact(other.geometry, 0).all()


def test_nothing_recorded_is_no_track():
    track = clean_track(fixes(), rules=RULES)
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
    # Each end of a step may be off by the accuracy of 5 m.
    steps = track.pieces["fixes"] - 1
    assert (track.pieces["length_m"] <= seconds * 60 / 3.6 + 10 * steps + 1e-3).all()
    assert (seconds <= 120 * (track.pieces["fixes"] - 1)).all()


def test_every_dropped_fix_has_its_reason_and_the_recording_is_untouched():
    rows = fixes(*walk(0, 100))
    rows.index = [f"fix {number}" for number in range(len(rows))]
    rows.loc["fix 4", "accuracy_m"] = 80.0
    before = rows.copy()
    track = clean_track(rows, rules=RULES)
    pd.testing.assert_frame_equal(rows, before)
    assert track.fixes.index.tolist() == rows.index.tolist()
    assert track.fixes["reason"].dropna().to_dict() == {"fix 4": Fault.INACCURATE}
    assert track.fixes.loc["fix 4", "piece"] == -1
    assert (track.fixes["piece"].drop("fix 4") == 0).all()


def test_gaps_tell_their_kind_their_time_and_the_metres_between():
    rows = walk(0, 100) + walk(500, 600, from_s=400) + walk(2_100, 2_200, from_s=550)
    gaps = cleaned(rows).gaps
    assert gaps["kind"].tolist() == ["silence", "distance"]
    assert gaps["seconds"].tolist() == [350, 100]
    assert gaps["metres"].tolist() == pytest.approx([400, 1_500], abs=0.01)
    assert gaps["start_at"][0] == START + pd.Timedelta(seconds=50)
    assert gaps["end_at"][0] == START + pd.Timedelta(seconds=400)
    assert gaps.geometry.geom_type.tolist() == ["MultiPoint", "MultiPoint"]


def test_a_device_that_is_suddenly_elsewhere_goes_on_there_after_a_gap():
    rows = walk(0, 100) + walk(5_000, 5_100, from_s=55)
    track = cleaned(rows)
    assert track.gaps["kind"].tolist() == ["distance"]
    assert track.length_m == pytest.approx(200, abs=0.01)
    near = clean_track(fixes(*walk(0, 100), *walk(900, 1_000, from_s=55)), rules=RULES)
    assert near.gaps["kind"].tolist() == ["speed"]


def test_a_spike_within_the_speed_limit_is_dropped():
    rows = walk(0, 300)
    rows[15] = (rows[15][0], 150.0, 70.0)  # 70 m in 5 s is 50 km/h
    track = cleaned(rows)
    assert track.dropped == {"spike": 1}
    assert track.length_m == pytest.approx(300, abs=0.01)


def test_a_real_dead_end_is_no_spike():
    rows = [
        (45.0 * number, east, 0) for number, east in enumerate((0, 300, 600, 300, 0, -300, -600))
    ]
    track = cleaned(rows)
    assert track.dropped == {}
    assert track.length_m == pytest.approx(1_800, abs=0.01)


def test_standing_adds_no_way_and_keeps_its_time():
    rng = np.random.default_rng(5)
    cloud = [(105 + 5 * n, 200 + rng.normal(0, 5), rng.normal(0, 5)) for n in range(240)]
    rows = walk(0, 200) + cloud + walk(200, 400, from_s=1_305)
    track = cleaned(rows)
    assert track.dropped == {}
    assert track.length_m == pytest.approx(400, rel=0.02)
    assert track.points["still"].sum() >= 235
    assert track.duration_s == 1_405


def test_late_delivery_is_put_in_order():
    rows = fixes(*walk(0, 100)).assign(seq=range(11))
    rows.loc[[4, 5], "seq"] = [5, 4]
    track = clean_track(rows, rules=RULES)
    assert track.length_m == pytest.approx(100, abs=1e-3)


def test_a_clock_set_back_begins_a_new_piece_and_costs_nothing():
    rows = fixes(*walk(0, 200), *walk(210, 400, from_s=-3_600)).assign(seq=range(41))
    track = clean_track(rows, rules=RULES)
    assert (track.kept, track.dropped) == (41, {})
    assert track.gaps["kind"].tolist() == ["clock"]
    assert track.gaps["seconds"].isna().all()
    assert track.length_m == pytest.approx(390, abs=0.01)


def test_a_remembered_fix_is_stale_whether_its_clock_leaps_back_or_ahead():
    for leap_s in (-3_600, 3_600):
        rows = fixes(*walk(0, 100)).assign(seq=range(11))
        rows.loc[5, "at"] += pd.Timedelta(seconds=leap_s)
        track = clean_track(rows, rules=RULES)
        assert track.dropped == {"stale": 1}
        assert len(track.pieces) == 1


def test_a_clock_set_forward_is_a_silence():
    rows = fixes(*walk(0, 100), *walk(110, 200, from_s=3_600)).assign(seq=range(21))
    track = clean_track(rows, rules=RULES)
    assert track.gaps["kind"].tolist() == ["silence"]


def test_what_no_receiver_reports_is_a_mock():
    perfect = fixes(*walk(0, 100), accuracy_m=0.0)
    assert clean_track(perfect, rules=RULES).dropped == {"mock": 11}
    frozen = fixes(*[(5.0 * number, 0, 0) for number in range(10)], accuracy_m=0.05)
    assert clean_track(frozen, rules=RULES).dropped == {"mock": 10}
    resting = fixes(*[(5.0 * number, 0, 0) for number in range(10)], accuracy_m=12)
    assert clean_track(resting, rules=RULES).dropped == {}


def test_an_impossibly_steady_walk_is_kept_but_told():
    rng = np.random.default_rng(8)
    steady = walk(0, 400)
    assert cleaned(steady).suspect == 39
    real = [(s, x + rng.normal(0, 2), y + rng.normal(0, 2)) for s, x, y in steady]
    assert cleaned(real).suspect == 0


def test_sources_are_never_joined():
    rows = pd.concat(
        [fixes(*walk(0, 100)), fixes(*walk(105, 205, from_s=2.5)).assign(source="drone")],
        ignore_index=True,
    )
    track = clean_track(rows, rules=RULES)
    assert track.pieces["source"].tolist() == ["device", "drone"]
    # What was flown is a piece of its own and no way of the crew.
    assert track.pieces["length_m"].tolist() == pytest.approx([100, 100], abs=0.01)
    assert track.length_m == pytest.approx(100, abs=0.01)
    assert track.gaps.empty


def test_another_receiver_counts_only_where_the_device_was_silent():
    own = fixes(*walk(0, 400), *walk(800, 1_200, from_s=400))
    other = fixes(*walk(0, 1_200)).assign(source="gpx")
    track = clean_track(pd.concat([own.assign(source="device"), other]), rules=RULES)
    assert track.pieces["length_m"].sum() == pytest.approx(2_000, abs=0.1)
    # The device has 0–200 s and 400–600 s; the way between is the other receiver's.
    assert track.length_m == pytest.approx(1_200, abs=0.1)
    assert track.duration_s == pytest.approx(600, abs=10)
    alone = clean_track(other, rules=RULES)
    assert (alone.length_m, alone.duration_s) == (pytest.approx(1_200, abs=0.1), 600)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 700), max_size=4), st.randoms(use_true_random=False))
def test_how_a_recording_is_cut_and_in_which_order_it_arrives_changes_nothing(cuts, random):
    rng = np.random.default_rng(3)
    rows = walk(0, 3_000) + walk(3_000, 1_000, from_s=2_600)
    noisy = [(s, x + rng.normal(0, 6), y + rng.normal(0, 6)) for s, x, y in rows]
    whole = fixes(*noisy).assign(seq=range(len(noisy)))
    bounds = sorted({0, len(whole), *[cut for cut in cuts if cut < len(whole)]})
    parts = [whole.iloc[start:end] for start, end in pairwise(bounds)]
    random.shuffle(parts)
    joined = clean_track(pd.concat(parts), rules=RULES)
    assert joined.points.equals(clean_track(whole, rules=RULES).points)


def test_a_fix_on_the_other_side_of_the_world_has_no_place_and_moves_nothing():
    rows = fixes(*walk(0, 100))
    rows.loc[5, ["lon", "lat"]] = [-66.0, 0.0]
    track = clean_track(rows, rules=RULES)
    assert sum(track.dropped.values()) == 1
    assert track.length_m == pytest.approx(100, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, 0, 5, 4_000]),
            st.floats(-200, 200),
            st.floats(-95, 95),
            st.sampled_from([None, 0.0, 4.0, 60.0]),
        ),
        max_size=25,
    )
)
def test_nothing_a_device_can_write_breaks_the_cleaning(rows):
    table = pd.DataFrame(rows, columns=["wait", "lon", "lat", "accuracy_m"])
    at = START + pd.to_timedelta(table.pop("wait").astype(float).cumsum(), unit="s")
    table = table.assign(at=at, seq=range(len(rows)), accuracy_m=table["accuracy_m"].astype(float))
    track = clean_track(table, rules=RULES)
    assert track.kept + sum(track.dropped.values()) == len(rows)
    assert np.isfinite(track.points[["lon", "lat"]].to_numpy(dtype=float)).all()
