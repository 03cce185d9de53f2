"""The demo county is whole: it tiles, flows, connects and keeps its own promises."""

import json
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from inspect_app.demo.county import County, make_county
from inspect_app.demo.history import History, ImpossibleStep, StepRow
from inspect_app.demo.sources import uscc
from inspect_app.domain.access import Role
from inspect_app.domain.transitions import FindingState
from tests.demo_county import TODAY, drawn


@pytest.fixture
def county() -> County:
    """Give the county of seed 1."""
    return drawn()


def in_force(grids: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return the grids of a day."""
    ended = grids.valid_to.map(lambda until: until is not None and until <= day)
    return grids[(grids.valid_from <= day) & ~ended]


def fingerprint(frame: pd.DataFrame) -> str:
    """Return every value of a frame as text, geometries to the last bit."""
    plain = frame.copy()
    if "geom" in plain:
        shapes = [shape if isinstance(shape, shapely.Geometry) else None for shape in plain.geom]
        plain["geom"] = shapely.to_wkb(np.array(shapes, dtype=object), hex=True)
    return pd.DataFrame(plain).to_csv()


@pytest.mark.slow
def test_the_same_seed_draws_the_same_county_to_the_last_byte(county: County):
    again = make_county(1, scale=1, today=TODAY)
    assert list(again.frames) == list(county.frames)
    for name, frame in county.frames.items():
        assert fingerprint(frame) == fingerprint(again.frames[name]), name
    assert again.photos == county.photos
    assert fingerprint(again.true_matter) == fingerprint(county.true_matter)


@pytest.mark.slow
def test_another_seed_and_day_draw_a_sound_county_too():
    today = date(2027, 8, 29)
    county = make_county(7, scale=0.2, today=today)
    grids = in_force(county.frames["grid"], today)
    for depth in (2, 3, 4):
        assert shapely.coverage_is_valid(grids[grids.depth == depth].geom.to_numpy())
    assert set(county.frames["finding"].state) == {state.value for state in FindingState}
    assert len(county.frames["complaint"]) == 1_200


@pytest.mark.parametrize("day", [date(2025, 6, 30), TODAY])
@pytest.mark.parametrize("depth", [2, 3, 4])
def test_the_grids_of_a_level_tile_the_county_without_gap_or_overlap(
    county: County, day: date, depth: int
):
    grids = in_force(county.frames["grid"], day)
    tiles = grids[grids.depth == depth].geom.to_numpy()
    assert shapely.is_valid(tiles).all()
    assert shapely.coverage_is_valid(tiles)
    whole = grids[grids.depth == 1].geom.iloc[0]
    assert shapely.coverage_union_all(tiles).symmetric_difference(whole).area == 0


def test_children_lie_in_their_parents_and_paths_and_codes_say_so(county: County):
    grids = county.frames["grid"].set_index("id")
    for number, grid in grids[grids.depth > 1].iterrows():
        parent = grids.loc[grid.parent_id]
        assert grid.path == f"{parent.path}{number}/"
        assert grid.code.startswith(parent.code)
        assert len(grid.code) == 3 * grid.depth + 3
    assert 1_450 < grids.area_km2.iloc[0] < 1_550
    assert not grids.duplicated(["code", "valid_from"]).any()


def test_a_village_merged_last_year_has_former_grids_and_a_successor(county: County):
    grids = county.frames["grid"]
    former = grids[(grids.depth == 3) & grids.valid_to.notna()]
    assert set(former.valid_to) == {date(2025, 7, 1)}
    assert len(former) >= 3
    successors = grids[(grids.depth == 3) & (grids.valid_from == date(2025, 7, 1))]
    old, new = (shapely.union_all(part.geom.to_numpy()) for part in (former, successors))
    assert old.symmetric_difference(new).area == 0


def test_every_grid_in_force_has_one_owner_today(county: County):
    owners = county.frames["grid_owner"]
    held = owners[
        (owners.valid_from <= TODAY)
        & owners.valid_to.map(lambda until: until is None or pd.isna(until) or until > TODAY)
        & owners.duty.isin(["responsible_person", "grid_chief"])
        & (owners["rank"] == 1)
    ]
    count = Counter(held.grid_id)
    assert {count[number] for number in in_force(county.frames["grid"], TODAY).id} == {1}


def test_waterways_end_on_the_waterway_they_flow_into(county: County):
    waterways = county.frames["waterway"].set_index("id")
    joined = waterways[waterways.flows_into_id.notna()]
    assert len(joined) > 15
    for way in joined.itertuples():
        lower = waterways.geom[way.flows_into_id]
        mouth = shapely.get_coordinates(way.geom)[-1]
        assert (shapely.get_coordinates(lower) == mouth).all(axis=1).any(), way.name


def test_segments_make_up_their_waterway_and_shares_make_up_their_segment(county: County):
    waterways = county.frames["waterway"].set_index("id")
    segments = county.frames["patrol_segment"]
    made = segments.groupby("waterway_id").length_m.sum()
    assert (made - waterways.length_m[made.index]).abs().max() < 5
    assert segments.length_m.between(300, 3_100).all()
    shares = county.frames["segment_grid"].groupby("segment_id").share.sum()
    assert shares.between(0.98, 1.001).all()
    assert set(shares.index) == set(segments.id)


def test_the_roads_are_one_network(county: County):
    lines = county.frames["road"].geom
    ends = np.array([shapely.get_coordinates(line)[[0, -1]] for line in lines])
    _, node = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    u, v = node.reshape(-1, 2).T
    size = int(node.max()) + 1
    parts, _ = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(size, size)))
    assert parts == 1


def test_points_have_the_deepest_grid_and_ties_go_to_the_lower_code(county: County):
    units = in_force(county.frames["grid"], TODAY)
    units = units[units.depth == 4].sort_values("code")
    for name in ("pollution_source", "outlet", "station", "water_source"):
        frame = county.frames[name]
        for row in frame.sample(25, replace=True, random_state=1).itertuples():
            covering = units[shapely.covers(units.geom.to_numpy(), row.geom)]
            assert row.grid_id == covering.id.iloc[0]


def test_outlets_lie_on_the_banks_and_some_in_a_protection_zone(county: County):
    outlets, zones = county.frames["outlet"], county.frames["protection_zone"]
    waterways = county.frames["waterway"].set_index("id").geom
    for outlet in outlets.itertuples():
        gap_deg = waterways[outlet.waterway_id].distance(outlet.geom)
        assert 1e-5 < gap_deg < 6e-4
    everywhere = shapely.union_all(zones.geom.to_numpy())
    assert shapely.intersects(everywhere, outlets.geom.to_numpy()).sum() >= 3


def test_published_credit_codes_get_their_check_digit():
    # GB 32100-2015: codes printed by public registers.
    for code in ("91130200699229617X", "11330424002556213T", "91350100M000100Y43"):
        assert uscc(code[:-1]) == code


def test_the_plant_has_a_hundred_calls_of_which_68_within_two_days(county: County):
    spot = county.hot_spots.iloc[0]
    assert spot.complaints == 100
    calls = county.frames["complaint"].merge(county.true_matter, on="complaint_no")
    matter = calls.groupby("matter").size().idxmax()
    days = calls[calls.matter == matter].received_at.dt.tz_convert("Asia/Shanghai").dt.date
    peak = days.isin([spot.peak_from, spot.peak_to, spot.peak_to + timedelta(days=1)])
    assert len(days) == 100
    assert peak.sum() >= 68


def test_complaints_keep_the_rhythm_of_the_year_and_the_day(county: County):
    complaints = county.frames["complaint"]
    local = complaints.received_at.dt.tz_convert("Asia/Shanghai")
    assert len(complaints) == 6_000
    assert local.dt.date.max() < TODAY
    noise = complaints.summary.str.contains("施工|打桩|通宵")
    night = local.dt.hour.isin([21, 22, 23, 0, 1, 2])
    assert night[noise].mean() > 2 * night[~noise].mean()
    canal = complaints.summary.str.contains("育秧|渠道|渠段")
    assert local[canal].dt.month.isin([3, 4]).mean() > 0.35
    quality = complaints.place_quality.value_counts(normalize=True)
    assert 0.01 < quality["shared_fallback"] < 0.03
    assert complaints[complaints.place_quality == "none"].geom.isna().all()


def test_the_truth_names_every_complaint_once(county: County):
    assert set(county.true_matter.complaint_no) == set(county.frames["complaint"].complaint_no)
    assert not county.true_matter.complaint_no.duplicated().any()


def test_findings_are_in_every_state_and_their_events_lead_there(county: County):
    findings, events = county.frames["finding"], county.frames["event"]
    assert set(findings.state) == {state.value for state in FindingState}
    mine = events[events.subject_kind == "finding"].sort_values("id")
    for number, steps in mine.groupby("subject_id"):
        assert steps.from_state.iloc[0] is None or pd.isna(steps.from_state.iloc[0])
        assert steps.from_state.iloc[1:].tolist() == steps.to_state.iloc[:-1].tolist()
        assert steps.to_state.iloc[-1] == findings.state[number - 1]
        assert steps["at"].is_monotonic_increasing
    closed = findings[findings.state == "closed"]
    assert closed.closed_at.notna().all()


def test_those_who_took_steps_hold_a_post_that_permits_them(county: County):
    posts = county.frames["post"]
    roles = posts.groupby("person_id").role.agg(set)
    handlers = county.frames["finding"].handler_person_id.dropna()
    assert all(roles[person] & {"worker", "station", "inspector"} for person in handlers)


def test_a_step_the_table_does_not_have_is_refused():
    step = StepRow("close", pd.Timestamp("2026-03-24", tz="UTC"), 1)
    with pytest.raises(ImpossibleStep, match="no close from None"):
        History().live("finding", 1, [step])


def test_each_role_has_an_account(county: County):
    accounts = county.frames["account"].set_index("login").person_id
    roles = county.frames["post"].groupby("person_id").role.agg(set)
    for role in Role:
        assert role.value in roles[accounts[role.value]]


def test_tracks_run_along_the_routes_of_their_tasks(county: County):
    tasks = county.frames["patrol_task"].set_index("id")
    logs = county.frames["patrol_log"].set_index("uid")
    for track in county.frames["track_segment"].head(60).itertuples():
        route = tasks.route[logs.task_id[track.log_uid]]
        first = shapely.Point(shapely.get_coordinates(track.line)[0])
        assert route.distance(first) < 5e-4
        assert json.loads(json.dumps(track.fixes)) == track.fixes


def test_repeats_are_as_common_as_published_counts_say(county: County):
    calls = county.frames["complaint"].merge(county.true_matter, on="complaint_no")
    sizes = calls.groupby("matter").size()
    # Jiulongpo 2019: 279 complaints, 164 problems, 55 of them told 170 times; the county's three
    # hot spots come on top.
    assert 1 - sizes.size / sizes.sum() == pytest.approx(1 - 164 / 279, abs=0.05)
    assert (sizes == 1).mean() == pytest.approx(109 / 164, abs=0.03)
    assert sizes[sizes > 1].mean() == pytest.approx(170 / 55, abs=0.5)
    gaps = calls.sort_values("received_at").groupby("matter").received_at.diff().dt.days.dropna()
    assert 0.1 < (gaps > 30).mean() < 0.4
    alike = calls.pollution_types.map(tuple).groupby(calls.matter).nunique()
    assert (alike[sizes > 1] > 1).mean() > 0.2


def test_a_firm_has_one_matter_of_a_kind(county: County):
    calls = county.frames["complaint"].merge(county.true_matter, on="complaint_no")
    matters = county.frames["complaint_matter"].set_index("id")
    first = calls.drop_duplicates("matter")
    of = matters.loc[first.matter_id]
    known = of[of.respondent_source_id.notna()]
    assert not known.duplicated(["title", "respondent_source_id"]).any()
