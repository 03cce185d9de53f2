"""Scans of a week: what is stored, repeated, left out and kept private."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Scope
from inspect_app.domain.alarm_codes import Confidence
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Cluster, ClusterComplaint, ClusterScan, Policy
from inspect_app.queries.cluster_scans import found_clusters, newest_scan
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
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "cluster.scan")).one()
    assert entry.facts["clusters"] == 0
