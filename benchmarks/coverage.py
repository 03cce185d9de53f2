"""A week of patrols cleaned, covered and judged, in CPU seconds; and one long patrol by itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.coverage import (
    CleanTrack,
    CoverRules,
    TrackRules,
    VisitRules,
    clean_track,
    cover,
    judge_visits,
)

CREWS, DAYS, FIXES = 40, 5, 2_000
LONG_FIXES, LONG_SEGMENTS = 5_760, 60
EVERY_S, SIGMA_M, SPEED_M_S = 5.0, 6.0, 1.6
METRIC = 4547
CORNER = np.array([500_000.0, 3_400_000.0])
EDGE_M, EDGES = 30.0, 25
TRACK = TrackRules(
    max_accuracy_m=50, max_speed_kmh=120, gap_s=120, gap_m=1_000, still_m=15, still_s=60
)
COVER = CoverRules(tolerance_m=30, along_share=0.5, apart_m=15)
VISITS = VisitRules(cover=COVER, share_min=0.8, radius_m=50, stay_s=60, near_m=300, detour=1.4)
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Patrol:
    """Planned segments, and the fixes of somebody who walked along them."""

    segments: gpd.GeoDataFrame
    fixes: pd.DataFrame


def patrol(fixes: int, rng: np.random.Generator) -> Patrol:
    """Make a winding canal cut into segments of 750 m, and a noisy walk along it."""
    length_m = fixes * EVERY_S * SPEED_M_S
    heading = np.cumsum(rng.normal(0, 0.12, int(length_m / EDGE_M) + EDGES))
    heading = 0.8 * np.sin(heading)
    steps = EDGE_M * np.column_stack([np.cos(heading), np.sin(heading)])
    xy = CORNER + np.cumsum(steps, axis=0)
    ways = [
        shapely.LineString(xy[place : place + EDGES + 1])
        for place in range(0, len(xy) - EDGES, EDGES)
    ]
    done = np.arange(fixes) * EVERY_S * SPEED_M_S
    places = shapely.line_interpolate_point(shapely.LineString(xy), done)
    noisy = shapely.get_coordinates(places) + rng.normal(0, SIGMA_M, (fixes, 2))
    lonlat = gpd.GeoSeries.from_xy(*noisy.T, crs=METRIC).to_crs(4490)
    at = pd.Timestamp("2026-03-24", tz="UTC") + pd.to_timedelta(np.arange(fixes) * EVERY_S, "s")
    table = pd.DataFrame({"at": at, "lon": lonlat.x, "lat": lonlat.y, "accuracy_m": 9.0})
    planned = gpd.GeoDataFrame(geometry=ways, crs=METRIC).to_crs(4490)
    return Patrol(planned, table.assign(seq=range(fixes)))


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a piece of work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(patrols: list[Patrol]) -> list[tuple[str, float]]:
    """Return the CPU seconds of each step over all patrols; judging repeats the covering."""
    tracks: list[CleanTrack] = []
    cleaning_s = cpu_s(
        lambda: tracks.extend(clean_track(each.fixes, rules=TRACK) for each in patrols)
    )
    pairs = list(zip(tracks, patrols, strict=True))
    covering_s = cpu_s(lambda: [cover(track, each.segments, rules=COVER) for track, each in pairs])
    judging_s = cpu_s(
        lambda: [
            judge_visits(track, each.segments, rules=VISITS, zone=ZONE) for track, each in pairs
        ]
    )
    return [("clean_track", cleaning_s), ("cover", covering_s), ("judge_visits", judging_s)]


def table(patrols: list[Patrol]) -> str:
    """Return fixes and patrols a second of each step, and of cleaning and judging together."""
    steps = measure(patrols)
    steps.append(("clean + judge", steps[0][1] + steps[2][1]))
    fixes = sum(len(each.fixes) for each in patrols)
    rows = [
        (name, f"{s:.2f}", f"{fixes / s:,.0f}", f"{len(patrols) / s:,.1f}") for name, s in steps
    ]
    columns = ["step", "CPU s", "fixes/s", "patrols/s"]
    return pd.DataFrame(rows, columns=columns).to_string(index=False)


def main() -> None:
    """Print both tables."""
    rng = np.random.default_rng(20_260_324)
    few = [patrol(FIXES, rng) for _ in range(CREWS)]
    table(few[:1])
    print(f"{CREWS} crews x {DAYS} days x {FIXES:,} fixes, {len(few[0].segments)} segments each")
    print(table(few * DAYS))
    long = patrol(LONG_FIXES, rng)
    long = Patrol(long.segments.iloc[:LONG_SEGMENTS], long.fixes)
    print(f"\none patrol of 8 h: {LONG_FIXES:,} fixes, {len(long.segments)} segments")
    print(table([long]))


if __name__ == "__main__":
    main()
