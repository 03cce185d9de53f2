"""Real recordings of walkers, cars, buses and ships: nothing breaks, figures stay as measured."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gis.coverage import (
    CleanTrack,
    CoverRules,
    GpxUnreadable,
    TrackRules,
    clean_track,
    cover,
    read_gpx,
)

RULES = TrackRules(
    max_accuracy_m=50, max_speed_kmh=120, gap_s=120, gap_m=1_000, still_m=15, still_s=60
)

# file: fixes, rejections, kept, pieces, metres, seconds. The car of Višnjan drove 2.70 km by its
# own fixes, recorded by distance; the walk at Cerknica leaps by hundreds of metres.
GPX = {
    "Mojstrovka.gpx": (0, 184, 0, 0, 0, 0),
    "around-visnjan-with-car.gpx": (104, 0, 104, 1, 2_704, 514),
    "cerknicko-jezero.gpx": (296, 0, 288, 8, 4_368, 3_084),
    "cerknicko-without-times.gpx": (296, 0, 5, 1, 53, 57),
    "gpx1.1_with_all_fields.gpx": (1, 0, 0, 0, 0, 0),
    "graphhopper_andorra_for_map_matching.gpx": (21, 0, 0, 0, 0, 0),
    "track-with-empty-segment.gpx": (9, 0, 9, 1, 82, 76),
    "track_with_speed.gpx": (3, 0, 3, 1, 19, 13),
}
NO_TRACK = ("route.gpx", "unicode.gpx", "unicode_with_bom.gpx")


@pytest.fixture(scope="module")
def tracks(shared_data: Path) -> Path:
    return shared_data / "tracks_photos"


def covers_itself(track: CleanTrack) -> None:
    own = cover(track, track.pieces, rules=CoverRules(tolerance_m=1)).segments
    assert own["covered_share"].to_numpy() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", GPX)
def test_gpx_files_give_the_figures_of_the_table(tracks: Path, name: str):
    found = read_gpx((tracks / "gpx" / name).read_bytes())
    track = clean_track(found.fixes, rules=RULES)
    assert track.kept + sum(track.dropped.values()) == len(found.fixes)
    figures = (track.kept, len(track.pieces), round(track.length_m), round(track.duration_s))
    assert (len(found.fixes), len(found.rejections), *figures) == GPX[name]
    covers_itself(track)


@pytest.mark.parametrize("name", NO_TRACK)
def test_files_without_a_track_say_so(tracks: Path, name: str):
    with pytest.raises(GpxUnreadable, match="no_track"):
        read_gpx((tracks / "gpx" / name).read_bytes())


def test_every_file_of_the_folder_is_in_a_table(tracks: Path):
    assert {file.name for file in (tracks / "gpx").glob("*.gpx")} == {*GPX, *NO_TRACK}


def buses(tracks: Path) -> pd.DataFrame:
    table = pd.read_csv(tracks / "liverpool_bus_route14.csv.gz")
    table = table.rename(columns={"longitude": "lon", "latitude": "lat"})
    return table.assign(at=pd.to_datetime(table["timestamp"], utc=True), accuracy_m=np.nan)


def test_a_real_bus_line_is_cleaned_without_a_line_over_its_pauses(tracks: Path):
    rules = TrackRules(
        max_accuracy_m=50, max_speed_kmh=100, gap_s=300, gap_m=5_000, still_m=15, still_s=60
    )
    kept, metres, seconds = 0, 0.0, 0.0
    table = buses(tracks)
    for _, rows in table.groupby("vehicle_id"):
        track = clean_track(rows, rules=rules)
        assert track.kept + sum(track.dropped.values()) == len(rows)
        assert (track.gaps["seconds"] > 0).all()
        covers_itself(track)
        kept, metres = kept + track.kept, metres + track.length_m
        seconds += track.duration_s
    assert kept > 0.9 * len(table)
    # City buses: between walking pace and 50 km/h on the whole.
    assert 10 < metres / seconds * 3.6 < 50


def test_ships_that_report_once_an_hour_are_points_not_lines(tracks: Path):
    table = pd.read_csv(tracks / "boat_positions.csv.gz", encoding="utf-8-sig")
    table = table.rename(columns={"longitude": "lon", "latitude": "lat"})
    at = pd.to_datetime(table["ais_pos_timestamp"], dayfirst=True, utc=True)
    every_tenth = table.assign(at=at)[table["ID"] % 10 == 0]
    for _, rows in every_tenth.groupby("ID"):
        track = clean_track(rows, rules=RULES)
        assert track.kept + sum(track.dropped.values()) == len(rows)
        if len(track.pieces):
            step_s = track.pieces["end_at"] - track.pieces["start_at"]
            assert (step_s.dt.total_seconds() <= 120 * (track.pieces["fixes"] - 1)).all()
