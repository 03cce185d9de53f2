"""Real files of many makers: each is imported with known counts, or refused with a clear reason."""

import gzip

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM
from inspect_app.domain.problems import Problem
from inspect_app.models import Complaint, Grid, Road, Station, Waterway
from inspect_app.queries.checks import check_all
from inspect_app.workflows.assign_grids import assign_grids
from tests.conftest import NOW
from tests.workflows.importing import DAY, reasons, run, write


def test_counties_in_gcj02_come_to_lie_on_the_cgcs2000_ones(session: Session, shared_data):
    path = shared_data("boundaries/counties_amap_gcj02.geojson")
    report = run(session, "grids", path, crs="GCJ02", constants={"level_name": "县级"})
    assert report.counts["inserted"] == 31
    truth = gpd.read_file(shared_data("boundaries/counties_tianditu_cgcs2000.geojson"))
    truth = truth.set_index(truth["adcode"].astype(str)).geometry
    raw = gpd.read_file(path)
    raw = raw.set_index(raw["adcode"].astype(str)).geometry
    stored = session.execute(select(Grid.code, func.ST_AsText(Grid.geom))).all()
    shapes = {code: shapely.from_wkt(wkt) for code, wkt in stored}

    def overlap(one, other) -> float:
        return one.intersection(other).area / one.union(other).area

    good = pd.Series({code: overlap(shape, truth[code]) for code, shape in shapes.items()})
    unshifted = pd.Series({code: overlap(raw[code], truth[code]) for code in shapes})
    assert (good > unshifted).all()
    assert good.median() > 0.95
    assert good.min() > 0.8


def test_a_county_with_towns_and_villages_becomes_one_tree(session: Session, shared_data):
    run(
        session,
        "grids",
        shared_data("boundaries/tw_yilan_counties.geojson"),
        columns={"name": "COUNTYNAME"},
        constants={"code": "710002", "level_name": "县"},
    )
    towns = shared_data("boundaries/tw_yilan_towns.geojson")
    run(session, "grids", towns, columns={"name": "TOWNNAME"}, constants={"level_name": "镇"})
    villages = shared_data("boundaries/tw_yilan_villages.geojson")
    options = {"columns": {"name": "VILLNAME"}, "constants": {"level_name": "村"}}
    report = run(session, "grids", villages, **options)
    assert report.counts["inserted"] == 233
    assert [one.reason for one in report.warnings] == ["geometry_repaired"]
    wrong = session.scalar(
        text(
            "SELECT count(*) FROM grid v JOIN grid t ON t.id = v.parent_id"
            " WHERE v.depth = 3 AND v.raw->>'TOWNNAME' <> t.name"
        )
    )
    assert wrong == 0
    counts = dict(session.execute(select(Grid.depth, func.count()).group_by(Grid.depth)).all())
    assert counts == {1: 1, 2: 12, 3: 233}
    assert run(session, "grids", villages, **options).counts["unchanged"] == 233
    found = {fault.key: fault.count for fault in check_all(session, day=DAY)}
    assert found["grids_without_owner"] == 246
    assert found["grid_overlap"] == 0


def test_enterprises_of_ningxia_must_be_declared(session: Session, shared_data):
    path = shared_data("sources_outlets/ningxia_key_sources_yinchuan_wuzhong.csv")
    with pytest.raises(Problem) as refused:
        run(session, "sources", path)
    assert refused.value.code == "crs_undeclared"
    report = run(session, "sources", path, crs="WGS84", columns={"site_code": "许可证"})
    assert report.counts["inserted"] == 115
    assert {one.reason for one in report.warnings} == {"uscc_form"}


def test_canal_points_in_gcj02_fall_into_their_district(session: Session, shared_data):
    counties = shared_data("boundaries/counties_tianditu_cgcs2000.geojson")
    run(session, "grids", counties, constants={"level_name": "县级"})
    path = shared_data("sources_outlets/wuhan_dongxihu_monitoring_points.csv")
    report = run(session, "stations", path, crs="GCJ02")
    assert (report.counts["inserted"], set(reasons(report).values())) == (242, {"key_repeated"})
    (result,) = assign_grids(session, ["stations"], tolerance_m=30, day=DAY, actor=SYSTEM, now=NOW)
    assert result.rows == 242
    district = session.scalar(
        select(func.count()).select_from(Station).join(Grid).where(Grid.code == "420112")
    )
    assert district == 219


def test_boston_complaints_with_their_fallback_point(session: Session, shared_data, tmp_path):
    whole = gzip.decompress(shared_data("complaints/boston311_2015_h1.csv.gz").read_bytes())
    path = write(tmp_path, "boston.csv", b"\n".join(whole.split(b"\n")[:12_001]))
    report = run(
        session,
        "complaints",
        path,
        crs="WGS84",
        time_zone="America/New_York",
        columns={
            "external_no": "CASE_ENQUIRY_ID",
            "received_at": "OPEN_DT",
            "summary": "TYPE",
            "incident_address": "Location",
            "lon": "LONGITUDE",
            "lat": "LATITUDE",
        },
    )
    assert report.counts["inserted"] == report.counts["read"] == 12_000
    assert report.counts["shared_fallback"] == 2_375
    first = session.scalar(select(func.min(Complaint.received_at)))
    assert f"{first:%Y-%m-%d %H:%M:%S}" == "2015-01-01 05:20:09"


LINES = (
    ("waterways", "rivers_roads/dar_es_salaam_drains_2018.geojson.gz", {}, 853, 0),
    ("waterways", "rivers_roads/liechtenstein-2013-08-03.osm.pbf", {}, 76, 0),
    ("roads", "rivers_roads/liechtenstein-2013-08-03.osm.pbf", {}, 2751, 0),
    ("roads", "rivers_roads/wuhan_dongxihu_roads.gpkg", {}, 8185, 1),
    (
        "waterways",
        "rivers_roads/china_rivers_1_4m_level1_hyd1_4l.zip",
        {"crs": "EPSG:4326", "columns": {"name": "NAME"}},
        840,
        0,
    ),
    (
        "sources",
        "sources_outlets/us_superfund_sites.geojson.gz",
        {"columns": {"name": "site_name"}},
        1742,
        5,
    ),
    (
        "outlets",
        "sources_outlets/nyc_cso_outfalls.geojson.gz",
        {"columns": {"name": "location", "outlet_code_local": "unitid"}},
        777,
        14,
    ),
    (
        "zones",
        "protection_zones/ma_wellhead_protection.geojson",
        {"columns": {"name": "OBJECTID"}, "constants": {"zone_level": "level_2"}},
        15,
        0,
    ),
)


def test_oneway_roads_lead_in_the_drawing_direction(session: Session, tmp_path):
    ways = {1: "1 2", 2: "2 3", 3: "3 1", 4: "1 3"}
    tags = {1: {"oneway": "yes"}, 2: {"oneway": "-1"}, 3: {"junction": "roundabout"}, 4: {}}
    nodes = "".join(
        f'<node id="{n}" version="1" lon="{120 + n / 100}" lat="31"/>' for n in (1, 2, 3)
    )
    lines = "".join(
        f'<way id="{key}" version="1">'
        + "".join(f'<nd ref="{node}"/>' for node in way.split())
        + "".join(
            f'<tag k="{k}" v="{v}"/>'
            for k, v in {"highway": "primary", "name": str(key), **tags[key]}.items()
        )
        + "</way>"
        for key, way in ways.items()
    )
    path = tmp_path / "roads.osm"
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{nodes}{lines}</osm>')
    assert run(session, "roads", path).counts["inserted"] == 4
    roads = session.execute(select(Road.name, Road.oneway, func.ST_AsText(Road.geom))).all()
    assert {name: oneway for name, oneway, _ in roads} == {
        "1": True,
        "2": True,
        "3": True,
        "4": False,
    }
    assert {name: text for name, _, text in roads}["2"] == (
        "MULTILINESTRING((120.03 31,120.02 31))"
    )


def test_oneway_roads_of_a_real_file_are_known(session: Session, shared_data):
    run(session, "roads", shared_data("rivers_roads/liechtenstein-2013-08-03.osm.pbf"))
    # 33 tagged yes, 1 tagged against its drawing, 13 roundabouts without a tag.
    assert session.scalar(select(func.count()).select_from(Road).where(Road.oneway)) == 33 + 1 + 13


@pytest.mark.parametrize(("kind", "name", "options", "inserted", "rejected"), LINES)
def test_a_real_file_has_its_counts_and_is_known_again(
    session: Session, shared_data, kind, name, options, inserted, rejected
):
    report = run(session, kind, shared_data(name), **options)
    assert (report.counts["inserted"], report.counts["rejected"]) == (inserted, rejected)
    again = run(session, kind, shared_data(name), **options)
    assert (again.counts["unchanged"], again.counts["updated"]) == (inserted, 0)


def test_gbk_names_without_cpg_stay_chinese(session: Session, shared_data):
    path = shared_data("rivers_roads/china_rivers_1_4m_level1_hyd1_4l.zip")
    with pytest.raises(Problem) as refused:
        run(session, "waterways", path)
    assert refused.value.code == "crs_undeclared"
    run(session, "waterways", path, crs="EPSG:4326", columns={"name": "NAME"})
    names = set(session.scalars(select(Waterway.name)))
    assert {"长江", "黄河"} <= names


def test_every_odd_file_is_imported_or_refused_in_one_sentence(session: Session, shared_data):
    folder = shared_data("file_quirks")
    outcomes = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for kind in ("stations", "zones", "waterways"):
            constants = {"name": "甲"} | ({"zone_level": "level_1"} if kind == "zones" else {})
            try:
                report = run(session, kind, path, crs="WGS84", constants=constants, dry_run=True)
            except Problem as refused:
                outcomes[path.name, kind] = refused.code
            else:
                outcomes[path.name, kind] = report.counts["inserted"]
    assert set(map(str, outcomes.values())) - {"unreadable_file", "column_missing"}
    assert outcomes["res2_4m_gbk_no_prj_no_cpg.zip", "stations"] == 1
    assert outcomes["REL.zip", "zones"] == 0
    assert outcomes["latin1.shp", "stations"] == "unreadable_file"
    assert outcomes["general__TestValid.xml", "zones"] == "unreadable_file"
    assert outcomes["236__point.geojson", "stations"] == 1
    assert outcomes["geometry__polygon-xyz.geojson", "zones"] == 1
