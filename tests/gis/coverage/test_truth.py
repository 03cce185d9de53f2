"""Generated journeys with known truth: length within 3 %, coverage within 1 %, no invented way."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.coverage import CoverRules, clean_track, cover
from tests.gis.coverage.recordings import (
    METRIC,
    ORIGIN,
    RULES,
    Journey,
    journey,
    meander,
    planned,
)

COVER = CoverRules(tolerance_m=30, along_share=0.5, apart_m=15)
CANAL = [(0.0, 0.0), (1_500.0, 0.0), (1_500.0, 1_200.0), (3_000.0, 1_200.0)]
STANDS = ((400.0, 600.0), (2_000.0, 900.0))


def river() -> list[tuple[float, float]]:
    return meander(np.random.default_rng(2), length_m=4_000)


WAYS = {"canal": CANAL, "river": river()}


def recorded(way: str, sigma_m: float, seed: int, **troubles) -> Journey:
    return journey(np.random.default_rng(seed), WAYS[way], sigma_m=sigma_m, **troubles)


def error_share(made: Journey) -> float:
    return clean_track(made.fixes, rules=RULES).length_m / made.walked_m - 1


def coverage_error_share(made: Journey, way: str) -> float:
    """Return the covered length against that of the exact walk, both by the same rule.

    The exact walk is measured by buffers, without our cleaning and without our covering.
    """
    segments = planned(*[WAYS[way][place : place + 2] for place in range(len(WAYS[way]) - 1)])
    found = cover(clean_track(made.fixes, rules=RULES), segments, rules=COVER).segments
    exact = gpd.GeoSeries.from_xy(made.exact["lon"], made.exact["lat"], crs=4490).to_crs(METRIC)
    xy = shapely.get_coordinates(exact.to_numpy())
    silent = np.flatnonzero(made.exact["at"].diff().dt.total_seconds() > RULES.gap_s)
    walked = shapely.union_all([shapely.LineString(part) for part in np.split(xy, silent)])
    truth = segments.to_crs(METRIC).intersection(walked.buffer(30, quad_segs=32)).length.sum()
    return float(found["covered_m"].sum()) / truth - 1


TROUBLES = {
    "nothing else": {},
    "stands": {"stands": STANDS},
    "an outage": {"outages": ((1_000.0, 2_300.0),)},
    "spikes": {"spike_share": 0.02},
    "all": {"stands": STANDS, "outages": ((1_000.0, 1_700.0),), "spike_share": 0.02},
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sigma_m", [3, 5, 8])
def test_length_and_coverage_are_near_the_truth(way: str, sigma_m: float, trouble: str):
    made = recorded(way, sigma_m, 11, **TROUBLES[trouble])
    assert abs(error_share(made)) < 0.03
    assert abs(coverage_error_share(made, way)) < 0.01


@pytest.mark.parametrize("way", WAYS)
def test_even_noise_of_15_m_and_an_urban_canyon_leave_the_coverage_right(way: str):
    noisy = recorded(way, 15, 12, stands=STANDS, spike_share=0.02)
    assert abs(coverage_error_share(noisy, way)) < 0.01
    assert abs(error_share(noisy)) < 0.06
    canyon = recorded(way, 6, 13, canyons=((800.0, 1_600.0),))
    assert abs(coverage_error_share(canyon, way)) < 0.01
    assert abs(error_share(canyon)) < 0.06


def test_without_cleaning_the_same_recordings_would_be_far_off():
    made = recorded("canal", 8, 11, stands=STANDS)
    raw = gpd.GeoSeries.from_xy(made.fixes["lon"], made.fixes["lat"], crs=4490).to_crs(METRIC)
    way_m = np.hypot(*np.diff(shapely.get_coordinates(raw.to_numpy()) - ORIGIN, axis=0).T).sum()
    assert way_m / made.walked_m > 2


def test_no_kilometre_is_invented_over_a_gap():
    made = recorded("canal", 5, 14, outages=((500.0, 3_700.0),))
    track = clean_track(made.fixes, rules=RULES)
    assert made.walked_m == pytest.approx(1_000, abs=15)
    assert track.length_m == pytest.approx(1_000, rel=0.03)
    assert len(track.gaps) == 1
    # From (500, 0) to (2,500, 1,200): 3,200 m of way, 2,332 m apart.
    assert track.gaps["metres"][0] == pytest.approx(2_332, abs=20)


@pytest.mark.parametrize("every_s", [1.0, 5.0, 15.0])
@pytest.mark.parametrize("speed_m_s", [0.7, 1.2, 3.3])
def test_slow_and_fast_often_and_seldom_recorded_journeys_are_as_long_as_they_were(
    speed_m_s: float, every_s: float
):
    made = recorded("canal", 5, 15, speed_m_s=speed_m_s, every_s=every_s)
    assert abs(error_share(made)) < 0.03


@pytest.mark.parametrize("seed", range(3))
def test_more_of_a_recording_never_covers_less(seed: int):
    made = recorded("river", 6, seed, stands=STANDS)
    segments = planned(WAYS["river"])
    before = 0.0
    for count in range(100, len(made.fixes), 150):
        track = clean_track(made.fixes.iloc[:count], rules=RULES)
        now = float(cover(track, segments, rules=COVER).segments["covered_m"][0])
        # The last fixes of a part are smoothed without those after them: half a metre.
        assert now >= before - 0.5
        before = now
