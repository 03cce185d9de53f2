"""Scans of a week: what is stored, repeated, left out and kept private."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Scope
from inspect_app.domain.alarm_codes import Confidence
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    Cluster,
    ClusterComplaint,
    ClusterScan,
    Complaint,
    ComplaintMatter,
    Policy,
    Reporter,
)
from inspect_app.queries.cluster_scans import (
    found_clusters,
    judged_grids,
    near_repeats_of,
    newest_scan,
)
from inspect_app.workflows.scan_clusters import ScanWish, scan_clusters
from tests.conftest import NOW
from tests.county import County, make_county
from tests.factories import make_complaint, make_matter

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = date(2026, 3, 16)
SUNDAY = NOW - timedelta(days=2)
HEAP = (120.3, 30.3)


@pytest.fixture
def county(session: Session) -> County:
    """Give 120 scattered complaints of a year and a heap of 12 in the last three days."""
    county = make_county(session)
    for policy in session.scalars(select(Policy).where(Policy.key == "cluster_replications")):
        policy.value = {"value": 199}
    rng = np.random.default_rng(3)
    for number in range(120):
        lon, lat = 120 + rng.random(), 30 + rng.random()
        at = NOW - timedelta(days=float(3 + rng.random() * 350))
        place = f"SRID=4490;POINT({lon} {lat})"
        grid = county.units["west_south" if number % 2 else "east_north"]
        make_matter(session, at=at, geom=place, grid_id=grid.id)
    matter = make_matter(
        session,
        at=SUNDAY,
        complaints=0,
        title="化工厂异味",
        geom=f"SRID=4490;POINT({HEAP[0]} {HEAP[1]})",
        grid_id=county.units["west_south"].id,
    )
    for number in range(12):
        make_complaint(session, matter, at=SUNDAY - timedelta(hours=5 * number))
    session.flush()
    return county


def scan(session: Session, **values) -> tuple[ClusterScan, bool]:
    wish = ScanWish(**({"week": WEEK, "seed": 1, "reason": "测试"} | values))
    return scan_clusters(session, wish, zone=ZONE, actor=SYSTEM, now=NOW)


@pytest.mark.usefixtures("county")
def test_a_heap_of_the_week_is_found_with_its_complaints_numbers_and_words(session):
    stored, is_new = scan(session)
    assert is_new
    assert (stored.complaints, stored.without_place, stored.on_shared_place) == (132, 0, 0)
    assert (stored.seed, stored.replications, stored.last_day) == (1, 199, date(2026, 3, 22))
    first = found_clusters(session, stored, EVERYWHERE)[0]
    assert first.cluster.observed == 12
    assert first.cluster.expected < 2
    assert first.confidence is Confidence.STRONG
    assert first.cluster.p == pytest.approx(0.005)
    assert first.cluster.recurrence_days == pytest.approx(7 / 0.005)
    assert first.place == pytest.approx(HEAP)
    assert first.matters[0][1:] == ("化工厂异味", 12)
    assert first.cluster.q >= first.cluster.p
    inside = select(func.count()).where(ClusterComplaint.cluster_id == first.cluster.id)
    assert session.scalar(inside) == first.cluster.observed


@pytest.mark.usefixtures("county")
def test_a_week_is_scanned_once_and_again_only_when_it_is_wished(session):
    stored, _ = scan(session)
    assert scan(session, seed=2) == (stored, False)
    other, is_new = scan(session, seed=2, again=True)
    assert is_new
    assert stored.superseded_at == NOW
    assert newest_scan(session, until=NOW.date()) is other
    assert session.scalar(select(func.count()).select_from(ClusterScan)) == 2


@pytest.mark.usefixtures("county")
def test_the_same_seed_finds_the_same(session):
    stored, _ = scan(session)
    other, _ = scan(session, again=True)
    rows = [
        [
            (one.p, one.observed, one.radius_m, one.first_day)
            for one in session.scalars(
                select(Cluster).where(Cluster.scan_id == each.id).order_by(Cluster.rank)
            )
        ]
        for each in (stored, other)
    ]
    assert rows[0] == rows[1]
    assert repeats_of(session, stored) == repeats_of(session, other)
    assert hot_of(session, stored) == hot_of(session, other)
    assert (stored.repeat_seed, stored.hot_seed) == (other.repeat_seed, other.hot_seed)
    third, _ = scan(session, again=True, seed=2)
    assert third.repeat_seed != stored.repeat_seed
    assert third.hot_seed != stored.hot_seed


def repeats_of(session: Session, stored: ClusterScan) -> list[tuple[float, ...]]:
    return [
        (row.limit_m, row.limit_days, row.observed, row.expected, row.p, row.q)
        for row in near_repeats_of(session, stored)
    ]


def hot_of(session: Session, stored: ClusterScan) -> list[tuple[float, ...]]:
    return [
        (
            one.grid.grid_id,
            one.grid.rank,
            one.grid.observed,
            one.grid.around,
            one.grid.z,
            one.grid.p,
        )
        for one in judged_grids(session, stored, EVERYWHERE)
    ]


@pytest.mark.usefixtures("county")
def test_near_repeats_are_stored_for_every_distance_and_number_of_days(session):
    stored, _ = scan(session)
    rows = near_repeats_of(session, stored)
    assert [(row.limit_m, row.limit_days) for row in rows] == [
        (metres, days) for metres in (100, 200, 500) for days in (3, 7, 14)
    ]
    # All pairs of the heap lie in one place within three days; elsewhere nothing is near.
    assert (rows[0].observed, rows[0].near_space) == (66, 66)
    pairs = 132 * 131 / 2
    assert rows[0].expected == pytest.approx(66 * rows[0].near_time / pairs)
    assert rows[0].p == pytest.approx(1 / 1_000)
    assert {row.confidence for row in rows} == {"strong"}
    assert (stored.repeat_complaints, stored.repeat_replications) == (132, 999)


@pytest.mark.usefixtures("county")
def test_one_persons_calls_of_a_day_are_one_repeat_and_unknown_people_are_many(session):
    lines = session.scalars(
        select(Complaint).join(ComplaintMatter).where(ComplaintMatter.title == "化工厂异味")
    ).all()
    for line in lines:
        line.received_at = SUNDAY
    for line in lines[:8]:
        session.add(Reporter(complaint_id=line.id, mode="named", phone_hash="same"))
    session.flush()
    stored, _ = scan(session)
    assert stored.complaints == 132
    assert stored.repeat_complaints == 132 - 7
    rows = near_repeats_of(session, stored)
    assert rows[0].observed == 5 * 4 / 2
    judged = judged_grids(session, stored, EVERYWHERE)
    assert sum(one.grid.observed for one in judged) == stored.hot_complaints


def test_grids_of_the_depth_of_the_policy_are_judged_by_their_complaints(session, county):
    stored, _ = scan(session)
    judged = judged_grids(session, stored, EVERYWHERE)
    assert {one.grid.grid_id for one in judged} == {unit.id for unit in county.units.values()}
    by_grid = {one.grid.grid_id: one.grid for one in judged}
    # By hand: the complaints of the last 28 days in each grid; all four meet in the middle.
    since = datetime.combine(date(2026, 2, 23), time(), ZONE)
    for unit in county.units.values():
        lines = select(func.count()).where(
            Complaint.grid_id == unit.id,
            Complaint.received_at >= since,
            Complaint.received_at < datetime.combine(date(2026, 3, 23), time(), ZONE),
        )
        assert by_grid[unit.id].observed == session.scalar(lines)
    total = sum(grid.observed for grid in by_grid.values())
    assert all(grid.neighbours == 3 for grid in by_grid.values())
    assert all(grid.around == total - grid.observed for grid in by_grid.values())
    assert (stored.hot_depth, stored.hot_days, stored.hot_replications) == (3, 28, 9_999)
    assert stored.hot_complaints == total
    west = Scope(everywhere=False, grid_paths=(county.west.path,))
    assert len(judged_grids(session, stored, west)) == 2


def test_townships_are_judged_by_what_lies_below_them(session, county):
    for policy in session.scalars(select(Policy).where(Policy.key == "hot_grid_depth")):
        policy.value = {"value": 2}
    stored, _ = scan(session)
    judged = {one.grid.grid_id: one.grid for one in judged_grids(session, stored, EVERYWHERE)}
    assert set(judged) == {county.west.id, county.east.id}
    assert judged[county.west.id].observed >= 12
    assert {grid.confidence for grid in judged.values()} == {"could_be_chance"}


@pytest.mark.usefixtures("county")
def test_complaints_without_a_place_or_on_a_fallback_coordinate_are_left_out_and_counted(session):
    lost = make_matter(session, at=SUNDAY, geom=None)
    seat = "SRID=4490;POINT(120.9 30.9)"
    said = make_matter(session, at=SUNDAY, complaints=0, geom=None)
    make_complaint(session, said, at=SUNDAY, geom=seat, place_quality="shared_fallback")
    assert lost.geom is None
    stored, _ = scan(session)
    assert (stored.complaints, stored.without_place) == (132, 1)
    assert (stored.on_shared_place, stored.shared_places) == (1, 1)
    assert stored.repeat_complaints == 132


def test_a_cluster_is_seen_in_the_scope_of_its_grid_only(session, county):
    stored, _ = scan(session)
    west = Scope(everywhere=False, grid_paths=(county.west.path,))
    east = Scope(everywhere=False, grid_paths=(county.east.path,))
    whole = {one.cluster.id for one in found_clusters(session, stored, EVERYWHERE)}
    parts = [{o.cluster.id for o in found_clusters(session, stored, s)} for s in (west, east)]
    assert parts[0]
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] <= whole


def test_a_cluster_about_matters_of_single_people_shows_no_place_of_theirs(session, county):
    home = (120.111, 30.111)
    for number in range(12):
        make_matter(
            session,
            at=SUNDAY - timedelta(hours=number),
            geom=f"SRID=4490;POINT({home[0]} {home[1]})",
            grid_id=county.units["west_south"].id,
        )
    stored, _ = scan(session)
    for one in found_clusters(session, stored, EVERYWHERE):
        assert one.place is None or np.hypot(*np.subtract(one.place, home)) > 0.01


@pytest.mark.usefixtures("county")
def test_a_scan_that_takes_too_long_or_comes_too_early_is_refused_and_leaves_nothing(session):
    for policy in session.scalars(select(Policy).where(Policy.key == "cluster_scan_limit_s")):
        policy.value = {"value": 0}
    with pytest.raises(Problem) as refused:
        scan(session)
    assert refused.value.code == "scan_too_long"
    with pytest.raises(Problem) as refused:
        scan(session, week=date(2026, 3, 30))
    assert refused.value.code == "scan_early"
    assert session.scalar(select(func.count()).select_from(ClusterScan)) == 0


def test_a_county_without_complaints_is_scanned_in_peace(session):
    make_county(session)
    stored, _ = scan(session)
    assert stored.complaints == 0
    assert found_clusters(session, stored, EVERYWHERE) == []
    assert {row.p for row in near_repeats_of(session, stored)} == {1.0}
    assert {one.grid.p for one in judged_grids(session, stored, EVERYWHERE)} == {1.0}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "cluster.scan")).one()
    assert entry.facts["clusters"] == 0
