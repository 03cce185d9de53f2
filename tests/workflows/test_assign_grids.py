"""Assign: the database's set-based way and the rule in memory agree, and dated records stay."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, MultiPolygon, box
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.assign import assign_points
from inspect_app.domain.access import SYSTEM
from inspect_app.models import (
    Finding,
    PatrolSegment,
    ProtectionZone,
    SegmentGrid,
    Station,
    Waterway,
    ZoneGrid,
)
from inspect_app.queries.checks import check_all
from inspect_app.workflows.assign_grids import assign_grids, read_grids
from tests.conftest import NOW
from tests.factories import add, ewkt, make_finding, make_grid
from tests.workflows.importing import DAY

TOLERANCE_M = 30


def assign(session: Session, *kinds: str):
    return assign_grids(session, kinds, tolerance_m=TOLERANCE_M, day=DAY, actor=SYSTEM, now=NOW)


def test_database_and_memory_agree_on_borders_near_and_far(session: Session):
    county = make_grid(session, shape=box(120, 30, 120.04, 30.04))
    for n in range(16):
        west, south = 120 + n % 4 / 100, 30 + n // 4 / 100
        shape = box(west, south, west + 0.01, south + 0.01)
        make_grid(session, parent=county, shape=shape, code=f"{county.code}{16 - n:03d}")
    rng = np.random.default_rng(7)
    random = rng.uniform([119.999, 29.999], [120.041, 30.041], (300, 2))
    # Corners and borders of the cells, and places a little outside.
    exact = np.array([[120 + i / 100, 30 + j / 100] for i in range(5) for j in range(5)])
    near = exact[:5] - [0, 0.0001]
    places = np.vstack([random, exact, near])
    session.add_all(
        Station(name=f"{n}", kind="other", geom=ewkt(shapely.Point(*xy)))
        for n, xy in enumerate(places)
    )
    session.flush()
    (result,) = assign(session, "stations")
    grids = read_grids(session, day=DAY)
    expected = assign_points(
        gpd.GeoSeries(shapely.points(places), crs=4490), grids, tolerance_m=TOLERANCE_M
    )
    stored = dict(session.execute(select(Station.name, Station.grid_id)).all())
    for n, grid in enumerate(expected["grid"]):
        assert stored[f"{n}"] == (None if pd.isna(grid) else grid), places[n]
    assert dict(result.how) == expected["how"].value_counts().to_dict()
    assert {"inside", "border", "near", "outside"} <= set(result.how)
    assert assign(session, "stations")[0].changed == 0


def test_a_finding_keeps_the_grid_of_its_day(session: Session):
    old = make_grid(session, valid_to=DAY)
    new = make_grid(session, valid_from=DAY)
    kept = make_finding(session, at=NOW, grid_id=old.id)
    open_ = make_finding(session, at=NOW)
    (result,) = assign(session, "findings")
    grids = dict(session.execute(select(Finding.id, Finding.grid_id)).all())
    assert grids == {kept.id: old.id, open_.id: new.id}
    assert (result.kept, result.changed) == (1, 1)


def test_segments_and_zones_are_shared_among_their_grids(session: Session):
    west = make_grid(session, shape=box(120, 30, 120.1, 30.1))
    east = make_grid(session, shape=box(120.1, 30, 120.2, 30.1))
    waterway = add(
        session,
        Waterway(
            name="甲河",
            kind="river",
            level="main",
            length_m=1.0,
            geom="SRID=4490;MULTILINESTRING((120 30.05,120.2 30.05))",
        ),
    )
    line = LineString([(120.075, 30.05), (120.175, 30.05)])
    segment = add(
        session,
        PatrolSegment(waterway_id=waterway.id, name="一", length_m=1.0, geom=ewkt(line)),
    )
    zone = add(
        session,
        ProtectionZone(
            name="区",
            zone_level="level_1",
            geom=ewkt(MultiPolygon([box(120.09, 30.01, 120.11, 30.02)])),
        ),
    )
    segments, zones = assign(session, "segments", "zones")
    assert (segments.how["border"], zones.how["border"]) == (1, 1)
    shares = dict(session.execute(select(SegmentGrid.grid_id, SegmentGrid.share)).all())
    assert abs(shares[east.id] - 0.75) < 1e-6
    assert abs(shares[west.id] - 0.25) < 1e-6
    assert session.get(PatrolSegment, segment.id).grid_id == east.id
    halves = session.scalars(select(ZoneGrid.share).where(ZoneGrid.zone_id == zone.id)).all()
    assert sorted(round(share, 6) for share in halves) == [0.5, 0.5]


def test_checks_name_gaps_overlaps_and_outlets_in_zones(session: Session):
    from inspect_app.models import Outlet

    county = make_grid(session, shape=box(120, 30, 120.1, 30.1))
    make_grid(session, parent=county, shape=box(120, 30, 120.06, 30.1))
    make_grid(session, parent=county, shape=box(120.05, 30, 120.09, 30.1))
    add(session, Outlet(name="乙口", geom="SRID=4490;POINT(120.5 30.5)"))
    add(
        session,
        ProtectionZone(
            name="区",
            zone_level="level_1",
            geom=ewkt(MultiPolygon([box(120.4, 30.4, 120.6, 30.6)])),
        ),
    )
    found = {fault.key: fault for fault in check_all(session, day=DAY)}
    assert (found["grid_gap"].count, found["grid_overlap"].count) == (1, 1)
    # 0.01° by 0.1° at 30.05° N: 0.9645 km by 11.085 km.
    assert abs(found["grid_overlap"].area_km2 - 10.69) < 0.02
    assert found["outlets_in_zones"].critical
    assert found["outlets_in_zones"].examples == ("乙口 → 区 (level_1)",)
    assert found["outside_every_grid"].count == 1
    assert found["grids_without_owner"].count == 3
