"""Dwell at stops: when they were entered and left, how long the longest stay was."""

import pandas as pd
import pytest

from gis.coverage import dwell
from tests.gis.coverage.recordings import START, cleaned, planned, stops, walk


def seconds_after_start(value) -> float:
    return (value - START).total_seconds()


def test_a_stay_is_timed_from_entering_the_radius_to_leaving_it():
    # At 2 m/s from 100 m west: 20 m before the stop after 40 s; then 5 minutes there.
    waiting = [(55.0 + 5 * n, 0.0, 0.0) for n in range(60)]
    rows = walk(-100, 0) + waiting + walk(0, 200, from_s=355)
    found = dwell(cleaned(rows), stops((0, 0), (200, 100)), radius_m=20)
    assert found["stop"].tolist() == ["stop 0", "stop 1"]
    assert seconds_after_start(found["entered_at"][0]) == pytest.approx(40, abs=0.1)
    assert seconds_after_start(found["left_at"][0]) == pytest.approx(365, abs=0.1)
    assert found["stay_s"].tolist() == pytest.approx([325, 0], abs=0.1)
    assert found["longest_s"].tolist() == pytest.approx([325, 0], abs=0.1)
    assert found["visits"].tolist() == [1, 0]
    assert found["left_at"].isna().tolist() == [False, True]
    assert found["nearest_m"].tolist() == pytest.approx([0, 100], abs=0.2)
    assert found["rank"].tolist() == [1, pd.NA]


def test_a_drive_through_between_two_fixes_is_seen():
    rows = [(45.0 * number, -450.0 + 300 * number, 0.0) for number in range(4)]
    found = dwell(cleaned(rows), stops((0, 0)), radius_m=50)
    assert found["longest_s"][0] == pytest.approx(100 / (300 / 45), abs=0.05)


def test_two_visits_are_two_stays_and_the_longest_is_told():
    rows = [(5.0 * n, 0.0, 0.0) for n in range(13)]
    rows += walk(0, 200, from_s=65) + walk(200, 0, from_s=170)
    rows += [(275 + 5.0 * n, 0.0, 0.0) for n in range(25)]
    found = dwell(cleaned(rows), stops((0, 0)), radius_m=20)
    assert found["visits"][0] == 2
    assert found["longest_s"][0] == pytest.approx(135, abs=5)
    assert found["stay_s"][0] == pytest.approx(135 + 75, abs=10)


def test_a_silence_is_no_stay():
    rows = [(5.0 * n, 0.0, 0.0) for n in range(13)] + [
        (7_200 + 5.0 * n, 0.0, 0.0) for n in range(7)
    ]
    found = dwell(cleaned(rows), stops((0, 0)), radius_m=20)
    assert found["stay_s"].tolist() == pytest.approx([90])
    assert found["longest_s"].tolist() == pytest.approx([60])


def test_an_area_is_stayed_in_and_stops_are_ranked_by_their_first_moment():
    yard = planned([(300, -20), (340, -20), (340, 20), (300, 20)])
    yard["geometry"] = (
        yard.to_crs(4547).geometry.apply(lambda line: line.convex_hull).set_crs(4547).to_crs(4490)
    )
    both = pd.concat([yard, stops((0, 0))])
    found = dwell(cleaned(walk(-50, 400)), both, radius_m=10)
    assert found["rank"].tolist() == [2, 1]
    assert found["stay_s"].tolist() == pytest.approx([30, 10], abs=0.1)


def test_stops_without_fixes_were_not_visited():
    found = dwell(cleaned([]), stops((0, 0)), radius_m=20)
    assert found["entered_at"].isna().all()
    assert found["stay_s"].tolist() == [0]
    assert found["nearest_m"].isna().all()
