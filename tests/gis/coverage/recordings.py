"""Recordings for the tests: hand-made ones, and journeys whose truth is known."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.coverage import CleanTrack, TrackRules, clean_track

METRIC = 4547
ORIGIN = np.array([500_000.0, 3_400_000.0])
START = pd.Timestamp("2024-05-01 08:00", tz="Asia/Shanghai")
RULES = TrackRules(
    max_accuracy_m=50, max_speed_kmh=60, gap_s=120, gap_m=1_000, still_m=15, still_s=60
)
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
    """Return planned lines in storage from metres east and north of the test town."""
    shapes = [shapely.LineString(np.array(way) + ORIGIN) for way in ways]
    return gpd.GeoDataFrame(geometry=shapes, crs=METRIC).to_crs(4490)


def stops(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return places in storage, named stop 0, stop 1 and so on."""
    shapes = shapely.points(np.array(places, dtype=float).reshape(-1, 2) + ORIGIN)
    frame = gpd.GeoDataFrame(geometry=shapes, crs=METRIC).to_crs(4490)
    return frame.set_index(pd.Index([f"stop {number}" for number in range(len(places))]))


def cleaned(rows: list[Row]) -> CleanTrack:
    return clean_track(fixes(*rows), rules=RULES)


def meander(rng: np.random.Generator, *, length_m: float, edge_m: float = 120) -> list:
    """Return a river of about the length, bending up to 45° every edge, heading east."""
    bends = np.cumsum(rng.uniform(-0.8, 0.8, int(length_m / edge_m)))
    heading = np.clip(bends, -1.3, 1.3)
    steps = edge_m * np.column_stack([np.cos(heading), np.sin(heading)])
    return [(0.0, 0.0), *map(tuple, np.cumsum(steps, axis=0).tolist())]


@dataclass(frozen=True)
class Journey:
    """A recording and its truth: the way walked outside outages, and the exact fixes."""

    fixes: pd.DataFrame
    exact: pd.DataFrame
    walked_m: float


def journey(
    rng: np.random.Generator,
    way: list[tuple[float, float]],
    *,
    sigma_m: float,
    speed_m_s: float = 1.2,
    every_s: float = 5.0,
    stands: tuple[tuple[float, float], ...] = (),
    outages: tuple[tuple[float, float], ...] = (),
    spike_share: float = 0.0,
    canyons: tuple[tuple[float, float], ...] = (),
) -> Journey:
    """Walk along a way and record it badly.

    `stands` are (metres, seconds); `outages` and `canyons` go from metre to metre. Noise is normal
    and independent; in a canyon a bias of some 10 m wanders over minutes on top of it.
    """
    line = shapely.LineString(way)
    clock, metres = [0.0], [0.0]
    for at_m, seconds in [*stands, (line.length, 0.0)]:
        clock += [clock[-1] + (at_m - metres[-1]) / speed_m_s]
        metres += [at_m]
        clock += [clock[-1] + seconds]
        metres += [at_m]
    times = np.arange(0.0, clock[-1], every_s)
    done = np.interp(times, clock, metres)
    exact = shapely.get_coordinates(shapely.line_interpolate_point(line, done))
    noisy = exact + rng.normal(0, sigma_m, exact.shape)
    noisy += _bias(rng, done, canyons)
    spiky = rng.random(len(times)) < spike_share
    spiky[[0, -1]] = False
    angle, far = rng.uniform(0, 2 * np.pi, len(times)), rng.uniform(200, 900, len(times))
    noisy[spiky] += (far * np.array([np.cos(angle), np.sin(angle)])).T[spiky]
    heard = np.ones(len(times), dtype=bool)
    for start, end in outages:
        heard &= (done < start) | (done > end)
    way_m = np.diff(done[heard])
    joined = np.diff(times[heard]) <= RULES.gap_s
    return Journey(
        fixes=_frame(times[heard], noisy[heard], accuracy_m=max(3.0, 1.5 * sigma_m)),
        exact=_frame(times[heard], exact[heard], accuracy_m=3.0),
        walked_m=float(way_m[joined].sum()),
    )


def _bias(
    rng: np.random.Generator, done: np.ndarray, canyons: tuple[tuple[float, float], ...]
) -> np.ndarray:
    bias = np.zeros((len(done), 2))
    for start, end in canyons:
        inside = (done >= start) & (done <= end)
        drift = np.zeros(2)
        for fix in np.flatnonzero(inside):
            drift = 0.97 * drift + rng.normal(0, 2.5, 2)
            bias[fix] = drift
    return bias


def _frame(seconds: np.ndarray, xy: np.ndarray, *, accuracy_m: float) -> pd.DataFrame:
    return fixes(*np.column_stack([seconds, xy]).tolist(), accuracy_m=accuracy_m)
