"""Anomalies: honest recordings raise none, each planted one is found with its numbers."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString, Point

from gis.coverage import clean_track, read_gpx
from gis.coverage.anomalies import (
    SENTENCES,
    TITLES,
    Anomaly,
    AnomalyKind,
    AnomalyRules,
    Shot,
    clock_anomalies,
    photo_anomalies,
    tick_anomalies,
    track_anomalies,
)
from tests.gis.coverage.recordings import METRIC, ORIGIN, RULES, START, fixes, journey, meander

K = AnomalyKind
ODD = AnomalyRules(
    speed_kmh=120,
    leap_m=500,
    fixes_min=60,
    straight_m=0.05,
    hop_m=100,
    outside_h=4,
    clock_s=300,
    photo_min=10,
    photo_m=200,
    alike_bits=4,
    tick_m=200,
    tick_gap_s=20,
    apart_m=100,
)
DAY = (START, START + pd.Timedelta(hours=10))
CANAL = [(0.0, 0.0), (1_500.0, 0.0), (1_500.0, 1_200.0), (3_000.0, 1_200.0)]


def found(rows: pd.DataFrame, period=DAY, rules=RULES) -> list[Anomaly]:
    return track_anomalies(clean_track(rows, rules=rules), rules=ODD, period=period)


def kinds(rows: pd.DataFrame, **given) -> set[AnomalyKind]:
    return {one.kind for one in found(rows, **given)}


def river(seed: int) -> list[tuple[float, float]]:
    return meander(np.random.default_rng(seed), length_m=4_000)


def written(rows: pd.DataFrame, digits: int) -> pd.DataFrame:
    return rows.assign(lon=rows["lon"].round(digits), lat=rows["lat"].round(digits))


# Ways of going: metres a second, seconds between fixes, noise in metres.
GOING = [(1.2, 5.0, 3.0), (0.8, 10.0, 8.0), (3.0, 2.0, 1.5), (8.0, 1.0, 2.0), (12.0, 1.0, 0.7)]
TROUBLES = {
    "nothing else": {},
    "stands": {"stands": ((400.0, 600.0), (2_000.0, 900.0))},
    "an outage": {"outages": ((1_000.0, 2_300.0),)},
    "spikes": {"spike_share": 0.02},
    "a canyon": {"canyons": ((800.0, 1_600.0),)},
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("going", GOING)
def test_honest_noisy_journeys_raise_nothing(going, trouble: str):
    speed, every, sigma = going
    for seed, way, digits in ((1, CANAL, 7), (2, river(2), 6), (3, river(3), 5)):
        made = journey(
            np.random.default_rng(seed),
            way,
            sigma_m=sigma,
            speed_m_s=speed,
            every_s=every,
            **TROUBLES[trouble],
        )
        assert not found(written(made.fixes, digits)), (going, trouble, seed, digits)


def days_of(rows: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    return rows["at"].min(), rows["at"].max()


def test_real_walks_drives_and_buses_raise_nothing(shared_data: Path):
    folder = shared_data / "tracks_photos"
    looked = 0
    for name in ("around-visnjan-with-car", "cerknicko-jezero", "track_with_speed"):
        rows = read_gpx((folder / "gpx" / f"{name}.gpx").read_bytes()).fixes
        assert not found(rows.assign(source="device"), days_of(rows)), name
        looked += len(rows)
    table = pd.read_csv(folder / "liverpool_bus_route14.csv.gz")
    table = table.rename(columns={"longitude": "lon", "latitude": "lat"})
    table["at"] = pd.to_datetime(table["timestamp"], utc=True)
    for vehicle, rows in table.groupby("vehicle_id"):
        assert not found(rows, days_of(rows)), vehicle
        looked += len(rows)
    assert looked > 1_900


def ruler(every_m: float, way: list[tuple[float, float]], *, every_s: float) -> pd.DataFrame:
    """Return the fixes of a simulator that goes along a drawn way by equal steps."""
    line = LineString(way)
    metres = np.arange(0, line.length, every_m)
    places = shapely.get_coordinates(shapely.line_interpolate_point(line, metres))
    return fixes(*np.column_stack([np.arange(len(metres)) * every_s, places]).tolist())


def test_a_simulator_of_constant_speed_is_found():
    # Rounding to a centimetre hides the steadiness of small steps, not the ruler.
    assert kinds(written(ruler(6, CANAL, every_s=5), 7)) == {K.STRAIGHT, K.SAME_ACCURACY}
    driven = kinds(written(ruler(15, CANAL, every_s=1), 7))
    assert driven == {K.STEADY, K.STRAIGHT, K.SAME_ACCURACY}


@pytest.mark.parametrize("seed", range(5))
def test_a_simulator_of_changing_speed_on_drawn_lines_is_found(seed: int):
    rng = np.random.default_rng(seed)
    line = LineString(meander(rng, length_m=4_000, edge_m=300))
    metres = np.cumsum(rng.uniform(4, 14, 400))
    places = shapely.get_coordinates(shapely.line_interpolate_point(line, metres))
    rows = fixes(*np.column_stack([np.arange(400) * 5.0, places]).tolist())
    rows["accuracy_m"] = rng.uniform(3, 8, 400).round(1)
    assert kinds(written(rows[metres < line.length], 7)) == {K.STRAIGHT}


@pytest.mark.parametrize("seed", range(5))
def test_one_accuracy_without_its_noise_is_found(seed: int):
    rng = np.random.default_rng(seed)
    way = [(50 * np.cos(a) * 8, 50 * np.sin(a) * 8) for a in np.linspace(0, 6, 400)]
    rows = ruler(5, way, every_s=5)
    wander = rng.normal(0, 0.03, (len(rows), 2)) / 111_320
    rows["lon"], rows["lat"] = rows["lon"] + wander[:, 0], rows["lat"] + wander[:, 1]
    (one,) = found(written(rows, 7))
    assert one.kind is K.SAME_ACCURACY
    assert one.facts["accuracy"] == 5
    assert one.facts["jitter"] < 0.1


def test_steps_of_round_numbers_are_found():
    step = np.random.default_rng(1).integers(0, 2, (200, 2)) * 1e-4
    places = np.cumsum(step, axis=0) + np.array([114.123456, 30.123456])
    rows = pd.DataFrame({"lon": places[:, 0], "lat": places[:, 1]})
    rows["at"] = START + pd.to_timedelta(np.arange(200) * 7, unit="s")
    rows["accuracy_m"] = np.random.default_rng(2).uniform(3, 9, 200)
    assert K.ROUND_STEPS in kinds(rows)


def test_a_position_set_from_stop_to_stop_is_found():
    rows = []
    for stop in range(5):
        rows += [(stop * 130 + 10 * n, 250.0 * stop, 0.0) for n in range(13)]
    (one,) = found(written(fixes(*rows), 7))
    assert (one.kind, one.facts["count"], one.facts["limit"]) == (K.HOPS, 4, 100)
    assert one.facts["metres"] == pytest.approx(250, abs=1)


def test_a_leap_tells_its_speed_and_where_it_ended():
    rows = [(5.0 * n, 6.0 * n, 0.0) for n in range(60)]
    rows += [(300.0 + 5 * n, 5_000 + 6.0 * n, 0.0) for n in range(60)]
    rng = np.random.default_rng(4)
    noisy = [(t, x + rng.normal(0, 2), y + rng.normal(0, 2)) for t, x, y in rows]
    (one,) = found(fixes(*noisy))
    assert one.kind is K.LEAP
    # From about 354 m to 5,000 m within 5 s.
    assert one.facts["metres"] == pytest.approx(4_646, abs=15)
    assert one.facts["kmh"] == pytest.approx(3_345, abs=20)
    there = gpd.GeoSeries([Point(ORIGIN + np.array([5_000.0, 0.0]))], crs=METRIC).to_crs(4490)[0]
    assert one.place == pytest.approx((there.x, there.y), abs=1e-4)


def test_a_silence_too_short_for_the_way_is_a_leap_and_a_long_one_is_not():
    rng = np.random.default_rng(7)
    walk = [(5.0 * n, 6.0 * n + rng.normal(0, 2), rng.normal(0, 2)) for n in range(40)]
    for silence, odd in ((180, {K.LEAP}), (3_600, set())):
        later = [(t + 200 + silence, x + 12_000, y) for t, x, y in walk]
        assert kinds(fixes(*walk, *later)) == odd


def test_a_flight_is_too_fast():
    rng = np.random.default_rng(5)
    walk = [(5.0 * n, 6.0 * n + rng.normal(0, 2), rng.normal(0, 2)) for n in range(40)]
    flight = [(200 + 1.0 * n, 240 + 80.0 * n, rng.normal(0, 2)) for n in range(60)]
    assert kinds(fixes(*walk, *flight)) & {K.TOO_FAST, K.LEAP}
    (fast,) = [one for one in found(fixes(*walk, *flight)) if one.kind is K.TOO_FAST]
    assert fast.facts["kmh"] == pytest.approx(288, abs=8)


def test_a_track_of_another_day_is_outside():
    made = journey(np.random.default_rng(6), CANAL, sigma_m=3)
    yesterday = (DAY[0] - pd.Timedelta(days=1), DAY[1] - pd.Timedelta(days=1))
    (one,) = found(made.fixes, yesterday)
    assert one.kind is K.OUTSIDE_DAY
    assert one.facts["count"] == len(made.fixes)
    assert one.facts["from"] == "2024-05-01 08:00"


def test_what_was_drawn_or_flown_is_not_held_against_the_walker():
    drawn = ruler(6, CANAL, every_s=5).assign(source="manual")
    assert not found(drawn)


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_recordings_of_almost_nothing_raise_nothing(count: int):
    assert not found(fixes(*[(5.0 * n, 6.0 * n, 0.0) for n in range(count)]))


def shot(**given) -> Shot:
    values = {"sha256": "a", "at": START, "place": (114.0, 30.0), "taken_at": START}
    return Shot(**(values | {"taken_place": (114.0, 30.0)} | given))


def test_a_photo_of_its_time_and_place_is_not_odd_and_others_are():
    assert not photo_anomalies([shot(), shot(taken_at=None, taken_place=None)], rules=ODD)
    assert not photo_anomalies([shot(taken_at=START - pd.Timedelta(minutes=9))], rules=ODD)
    (early,) = photo_anomalies([shot(taken_at=START - pd.Timedelta(days=2))], rules=ODD)
    assert (early.kind, early.facts["minutes"]) == (K.PHOTO_TIME, 2_880)
    assert "2024-04-29 08:00" in early.words()
    (far,) = photo_anomalies([shot(taken_place=(114.0, 30.01))], rules=ODD)
    # 0.01° of latitude is about 1,113 m.
    assert (far.kind, far.facts["metres"]) == (K.PHOTO_PLACE, 1_113)


PLACES = gpd.GeoDataFrame(
    {"name": ["上段", "下段", "排口"]},
    index=[1, 2, 3],
    geometry=[
        LineString([(114.0, 30.0), (114.01, 30.0)]),
        LineString([(114.01, 30.0), (114.02, 30.0)]),
        Point(114.03, 30.0),
    ],
    crs=4490,
)


def ticks(*rows: tuple[int, float | None, float | None]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["stop", "seconds", "lon"])
    table["at"] = START + pd.to_timedelta(table["seconds"].astype(float), unit="s")
    return table.assign(lat=30.0, accuracy_m=10.0, lon=table["lon"].astype(float))


def test_a_tick_far_from_its_stop_is_told_with_the_distance():
    assert not tick_anomalies(ticks((1, 0, 114.005), (2, 900, 114.0101)), PLACES, rules=ODD)
    (one,) = tick_anomalies(ticks((3, 0, 114.02)), PLACES, rules=ODD)
    assert (one.kind, one.subject) == (K.TICK_FAR, 3)
    # 0.01° of longitude at 30° N is about 965 m.
    assert one.facts["metres"] == pytest.approx(965, abs=2)
    assert "排口" in one.words()


def test_a_tick_without_a_position_or_a_known_stop_says_nothing():
    assert not tick_anomalies(ticks((3, 0, None), (77, 5, 114.0)), PLACES, rules=ODD)
    assert not tick_anomalies(ticks(), PLACES, rules=ODD)


def test_stops_far_apart_ticked_within_seconds_are_one_anomaly():
    (one,) = tick_anomalies(
        ticks((1, 0, 114.005), (2, 8, 114.015), (3, 15, 114.03)), PLACES, rules=ODD
    )
    assert one.kind is K.TICKS_HASTY
    assert (one.facts["count"], one.facts["seconds"]) == (3, 15)


def test_neighbouring_stops_ticked_at_once_are_not_hasty():
    assert not tick_anomalies(ticks((1, 0, 114.01), (2, 3, 114.01)), PLACES, rules=ODD)
    assert not tick_anomalies(ticks((1, 0, 114.01), (3, 600, 114.03)), PLACES, rules=ODD)


def records(*rows: tuple[int, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["seq", "at", "received_at"])
    for name in ("at", "received_at"):
        table[name] = START + pd.to_timedelta(table[name].astype(float), unit="s")
    return table


def test_records_that_come_late_are_usual_and_those_from_the_future_are_not():
    honest = records((1, 0, 9_000), (2, 60, 9_000), (3, 120, 300))
    assert not clock_anomalies(honest, offset_s=-12.5, rules=ODD)
    (ahead,) = clock_anomalies(records((1, 9_000, 60), (2, 9_060, 60)), offset_s=0, rules=ODD)
    assert (ahead.kind, ahead.facts["count"], ahead.facts["seconds"]) == (K.CLOCK_AHEAD, 2, 9_000)


def test_a_clock_set_back_and_a_clock_that_differs_are_told():
    back, offset = (
        clock_anomalies(records((2, 0, 9_000), (1, 3_600, 9_000)), offset_s=None, rules=ODD),
        clock_anomalies(records(), offset_s=-3_600, rules=ODD),
    )
    assert [(one.kind, one.facts["seconds"]) for one in back] == [(K.CLOCK_BACK, 3_600)]
    assert [(one.kind, one.facts["seconds"]) for one in offset] == [(K.CLOCK_OFFSET, -3_600)]


def test_every_kind_has_its_title_and_its_sentence():
    assert set(TITLES) == set(SENTENCES) == set(AnomalyKind)
