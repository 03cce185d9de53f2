"""Import: declared references, reasons by row, idempotence, private columns, dry runs."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Role, Scope
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    Complaint,
    ComplaintMatter,
    Grid,
    ImportBatch,
    PollutionSource,
    Reporter,
    Station,
    Waterway,
)
from inspect_app.workflows.import_file import ImportRequest, import_file
from inspect_app.workflows.import_file.values import Context, instants
from tests.conftest import NOW, seal_of
from tests.workflows.importing import DAY, reasons, run, write

SOURCES = """企业名称,经度,纬度,统一社会信用代码,类型
甲纸业,120.1,30.6,91130200699229617X,造纸厂
乙化工,30.7,120.2,,化工企业
丙食品,abc,30.6,,
丁金属,,30.6,,
戊,120.2,30.6,91350100M000100Y44,火星
甲纸业,120.3,30.6,,造纸厂
己,0,0,,
,120.4,30.6,,
"""


def geojson(*features, crs=None) -> str:
    body = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": geometry}
            for properties, geometry in features
        ],
    }
    if crs:
        body["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(body)


def square(west, south, size=0.1):
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_every_bad_row_has_its_reason_and_the_good_ones_are_stored(session: Session, tmp_path):
    path = write(tmp_path, "台账.csv", SOURCES)
    report = run(session, "sources", path, crs="CGCS2000")
    assert reasons(report) == {
        2: "coordinates_swapped",
        3: "coordinates_not_a_number",
        4: "coordinates_missing",
        6: "key_repeated",
        7: "coordinates_zero",
        8: "value_missing",
    }
    assert report.counts["inserted"] == 2
    assert report.counts["read"] == 8
    warned = {(one.row, one.reason) for one in report.warnings}
    assert warned == {(5, "uscc_check_digit"), (5, "value_defaulted")}
    stored = session.scalars(select(PollutionSource).order_by(PollutionSource.source_row)).all()
    assert [(one.name, one.uscc, one.kind) for one in stored] == [
        ("甲纸业", "91130200699229617X", "paper_mill"),
        ("戊", None, "other"),
    ]
    assert stored[1].raw["统一社会信用代码"] == "91350100M000100Y44"
    assert (stored[1].source_row, stored[1].source_crs) == (5, "EPSG:4490")


def test_a_table_without_a_declared_reference_is_refused(session: Session, tmp_path):
    path = write(tmp_path, "台账.csv", SOURCES)
    with pytest.raises(Problem) as refused:
        run(session, "sources", path)
    assert refused.value.code == "crs_undeclared"
    with pytest.raises(Problem) as refused:
        run(session, "sources", path, crs="EPSG:99999")
    assert refused.value.code == "crs_unknown"


def test_a_declaration_wins_over_what_geojson_means_and_is_said(session: Session, tmp_path):
    point = {"type": "Point", "coordinates": [120.1, 30.5]}
    path = write(tmp_path, "a.geojson", geojson(({"name": "站"}, point)))
    report = run(session, "stations", path, crs="GCJ02")
    assert any("GCJ02" in note and "RFC 7946" in note for note in map(str, report.notes))
    lon, lat = session.execute(select(func.ST_X(Station.geom), func.ST_Y(Station.geom))).one()
    # GCJ-02 lies some 450 m to the east of the truth here, and 250 m off in latitude.
    assert 0.003 < 120.1 - lon < 0.007
    assert 0.001 < abs(lat - 30.5) < 0.004


def test_metres_are_brought_to_degrees(session: Session, tmp_path):
    path = write(tmp_path, "m.csv", "站名,x,y\n甲,500000,3400000\n乙,120.1,30.5\n")
    report = run(session, "stations", path, crs="EPSG:4549")
    assert reasons(report) == {2: "coordinates_geographic"}
    assert session.scalar(select(func.ST_X(Station.geom))) == pytest.approx(120, abs=1e-6)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_encodings_are_told_by_the_bytes(session: Session, tmp_path, encoding):
    path = write(tmp_path, "台账.csv", SOURCES.encode(encoding))
    report = run(session, "sources", path, crs="EPSG:4490")
    assert report.counts["inserted"] == 2
    assert report.sample[0]["单位名称"] == "甲纸业"


def test_importing_twice_changes_nothing_and_a_changed_row_is_updated(session: Session, tmp_path):
    path = write(tmp_path, "台账.csv", SOURCES)
    run(session, "sources", path, crs="EPSG:4490")
    again = run(session, "sources", path, crs="EPSG:4490")
    assert (again.counts["inserted"], again.counts["updated"], again.counts["unchanged"]) == (
        0,
        0,
        2,
    )
    changed = write(tmp_path, "台账.csv", SOURCES.replace("戊,120.2,", "戊,120.25,"))
    third = run(session, "sources", changed, crs="EPSG:4490")
    assert (third.counts["inserted"], third.counts["updated"], third.counts["unchanged"]) == (
        0,
        1,
        1,
    )
    assert session.scalar(select(func.count()).select_from(PollutionSource)) == 2


def test_columns_the_file_does_not_have_keep_what_is_stored(session: Session, tmp_path):
    run(session, "sources", write(tmp_path, "a.csv", SOURCES), crs="EPSG:4490")
    bare = write(tmp_path, "b.csv", "企业名称,经度,纬度\n甲纸业,120.11,30.6\n")
    run(session, "sources", bare, crs="EPSG:4490")
    stored = session.scalar(select(PollutionSource).where(PollutionSource.name == "甲纸业"))
    assert (stored.uscc, stored.kind) == ("91130200699229617X", "paper_mill")


def test_a_dry_run_counts_the_same_and_writes_nothing(session: Session, tmp_path):
    path = write(tmp_path, "台账.csv", SOURCES)
    preview = run(session, "sources", path, crs="EPSG:4490", dry_run=True)
    tables = (PollutionSource, ImportBatch, AuditEntry)
    assert [session.scalar(select(func.count()).select_from(table)) for table in tables] == [0] * 3
    assert preview.batch_id is None
    report = run(session, "sources", path, crs="EPSG:4490")
    assert preview.counts == report.counts
    assert preview.rejections == report.rejections


def test_the_batch_and_the_audit_keep_what_was_done(session: Session, tmp_path):
    report = run(session, "sources", write(tmp_path, "a.csv", SOURCES), crs="EPSG:4490")
    batch = session.get(ImportBatch, report.batch_id)
    assert batch.counts["inserted"] == 2
    assert len(batch.rejections["rows"]) == 6
    assert session.scalar(select(AuditEntry.action)) == "import.run"


def test_an_import_needs_the_permission_and_the_whole_county(session: Session, tmp_path):
    request = ImportRequest("sources", write(tmp_path, "a.csv", SOURCES), "a.csv", DAY)
    nobody = Actor(None, "甲", frozenset({Role.WORKER}), Scope(everywhere=True))
    township = Actor(None, "乙", frozenset({Role.CHIEF}), Scope(False, ("/1/",)))
    for actor, code in ((nobody, "not_permitted"), (township, "import_needs_county")):
        with pytest.raises(Problem) as refused:
            import_file(session, request, actor=actor, now=NOW)
        assert refused.value.code == code


COMPLAINTS = """外部编号,来件时间,来源渠道,污染类型,反映内容,经度,纬度,举报人姓名,举报人电话,\
被投诉单位
A1,2025-03-01 08:00,12345热线,大气、噪声,夜间施工,120.1,30.5,王某,13800000000,甲
A2,2025年3月2日 9时30分,电话,水,河水发黑,,,,,
A3,昨天,微信,水,异味,120.1,30.5,,,
A4,2026/3/4,火星,火星,异味,120.1,30.5,,,
"""


def test_complaints_get_numbers_matters_and_their_reporters_stay_apart(session: Session, tmp_path):
    path = write(tmp_path, "投诉.csv", COMPLAINTS)
    report = run(session, "complaints", path, crs="EPSG:4490")
    assert reasons(report) == {3: "not_an_instant"}
    rows = session.scalars(select(Complaint).order_by(Complaint.complaint_no)).all()
    assert [one.complaint_no for one in rows] == ["TS2025000001", "TS2025000002", "TS2026000001"]
    assert rows[0].received_at == datetime(2025, 3, 1, 0, 0, tzinfo=UTC)
    assert rows[0].pollution_types == ["air", "noise"]
    assert [one.source_channel for one in rows] == ["hotline_12345", "phone_12369", "other"]
    assert [one.place_quality for one in rows] == ["exact", "none", "exact"]
    assert rows[2].pollution_types == ["other"]
    assert rows[2].raw["污染类型"] == "火星"
    assert "13800000000" not in json.dumps(rows[0].raw)
    assert "王某" not in json.dumps([dict(one) for one in report.sample], ensure_ascii=False)
    reporter = session.scalars(select(Reporter)).one()
    told = seal_of(session).open(reporter.sealed, complaint_id=rows[0].id)
    assert (reporter.mode, *told) == ("named", "王某", "13800000000", "")
    matters = session.scalars(select(ComplaintMatter).order_by(ComplaintMatter.matter_no)).all()
    assert [one.id for one in matters] == [one.matter_id for one in rows]
    assert (matters[0].title, matters[0].respondent_name) == ("夜间施工", "甲")
    again = run(session, "complaints", path, crs="EPSG:4490")
    assert again.counts["unchanged"] == 3
    assert session.scalar(select(func.count()).select_from(ComplaintMatter)) == 3


def test_complaints_without_numbers_are_known_by_their_content(session: Session, tmp_path):
    text_ = "来件时间,反映内容\n2025-03-01,异味\n2025-03-01,异味\n2025-03-02,噪声\n"
    path = write(tmp_path, "投诉.csv", text_)
    assert run(session, "complaints", path).counts["inserted"] == 3
    more = write(tmp_path, "更多.csv", text_ + "2025-03-03,扬尘\n")
    report = run(session, "complaints", more)
    assert (report.counts["inserted"], report.counts["unchanged"]) == (1, 3)


def test_a_point_shared_by_very_many_complaints_is_a_fallback(session: Session, tmp_path):
    lines = [f"{n},2025-03-01,异味,120.5,30.5" for n in range(6)]
    lines += ["9,2025-03-01,异味,120.6,30.5"]
    path = write(tmp_path, "投诉.csv", "\n".join(["外部编号,来件时间,反映内容,经度,纬度", *lines]))
    report = run(session, "complaints", path, crs="EPSG:4490", shared_place_rows=6)
    assert report.counts["shared_fallback"] == 6
    placed = session.scalar(select(func.count(ComplaintMatter.geom)))
    assert placed == 1
    assert session.scalar(select(func.count(Complaint.geom))) == 7


def test_a_tree_of_grids_grows_by_code_and_by_containment(session: Session, tmp_path):
    town = write(
        tmp_path, "town.geojson", geojson(({"code": "330521001", "name": "甲镇"}, square(120, 30)))
    )
    run(session, "grids", town, constants={"level_name": "乡镇"})
    county = write(
        tmp_path, "county.geojson", geojson(({"adcode": 330521, "name": "县"}, square(120, 30, 1)))
    )
    run(session, "grids", county, constants={"level_name": "县"})
    villages = write(
        tmp_path,
        "villages.geojson",
        geojson(
            ({"name": "乙村"}, square(120.01, 30.01, 0.02)),
            ({"name": "甲村"}, square(120.05, 30.05, 0.02)),
            ({"name": "天外村"}, square(125, 30)),
        ),
    )
    report = run(session, "grids", villages, constants={"level_name": "村"})
    assert reasons(report) == {3: "grid_without_code"}
    grids = {one.name: one for one in session.scalars(select(Grid))}
    assert grids["乙村"].code == "330521001001"
    assert grids["甲村"].depth == 3
    assert grids["甲村"].path == f"/{grids['县'].id}/{grids['甲镇'].id}/{grids['甲村'].id}/"
    assert grids["甲镇"].parent_id == grids["县"].id
    assert grids["县"].area_km2 == pytest.approx(
        session.scalar(select(func.ST_Area(func.geography(Grid.geom))).where(Grid.name == "县"))
        / 1e6,
        rel=2e-3,
    )
    again = run(session, "grids", villages, constants={"level_name": "村"})
    assert again.counts["unchanged"] == 2


def test_a_negligible_fault_is_mended_and_a_bow_tie_refused(session: Session, tmp_path):
    spike = [[0, 0], [1, 0], [1, 1], [1, 1.5], [1, 1], [0, 1], [0, 0]]
    bow = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
    path = write(
        tmp_path,
        "z.geojson",
        geojson(
            ({"name": "刺"}, {"type": "Polygon", "coordinates": [spike]}),
            ({"name": "结"}, {"type": "Polygon", "coordinates": [bow]}),
            ({"name": "点"}, {"type": "Point", "coordinates": [1, 1]}),
            ({"name": "空"}, None),
        ),
    )
    report = run(session, "zones", path, constants={"zone_level": "一级"})
    assert reasons(report) == {2: "geometry_invalid", 3: "geometry_kind", 4: "geometry_missing"}
    assert [(one.row, one.reason) for one in report.warnings] == [(1, "geometry_repaired")]


def test_waterways_without_codes_are_known_by_name_and_course(session: Session, tmp_path):
    line = {"type": "LineString", "coordinates": [[120, 30], [120, 31]]}
    path = write(tmp_path, "w.geojson", geojson(({"name": "甲河"}, line), ({"name": "甲河"}, line)))
    report = run(session, "waterways", path)
    assert reasons(report) == {2: "key_repeated"}
    stored = session.scalars(select(Waterway)).one()
    # One degree of latitude at 30.5° N is 110.86 km on the ellipsoid.
    assert stored.length_m == pytest.approx(110_860, rel=1e-3)
    assert run(session, "waterways", path).counts["unchanged"] == 1
    segments = write(tmp_path, "s.geojson", geojson(({"河道名称": "甲河", "name": "一段"}, line)))
    assert run(session, "segments", segments).counts["inserted"] == 1


def test_rows_that_fit_two_stored_ones_are_refused(session: Session, tmp_path):
    header = "名称,编码,类型,经度,纬度\n"
    both = write(tmp_path, "a.csv", header + "甲,1,湖库,120,30\n乙,2,河流,120,30\n")
    run(session, "water_sources", both, crs="EPSG:4490")
    mixed = write(tmp_path, "b.csv", header + "甲,2,湖库,120,30\n")
    report = run(session, "water_sources", mixed, crs="EPSG:4490")
    assert reasons(report) == {1: "key_conflict"}


def test_ragged_rows_empty_files_and_gzip(session: Session, tmp_path):
    ragged = "站名,经度,纬度\n甲,120,30,多,余\n乙,120,30\n丙,120\n"
    path = write(tmp_path, "r.csv.gz", gzip.compress(ragged.encode()))
    report = run(session, "stations", path, crs="EPSG:4490")
    assert reasons(report) == {1: "fields_too_many", 3: "coordinates_missing"}
    with pytest.raises(Problem, match="文件为空"):
        run(session, "stations", write(tmp_path, "e.csv", ""), crs="EPSG:4490")
    nothing = run(
        session, "stations", write(tmp_path, "h.csv", "站名,经度,纬度\n"), crs="EPSG:4490"
    )
    assert nothing.counts["read"] == 0


def test_the_hour_that_does_not_exist_is_no_trouble():
    import pandas as pd

    raws = pd.Series(["03/08/2015 02:30:00 AM", "1477935134", "2015-01-01T00:00:00Z", "13/13/2015"])
    found = instants(raws, Context("America/New_York"))
    assert list(found.faults) == ["", "", "", "not_an_instant"]
    assert found.values[0] == datetime(2015, 3, 8, 7, 0, tzinfo=UTC)
    assert found.values[1] == datetime(2016, 10, 31, 17, 32, 14, tzinfo=UTC)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.text(max_size=8), min_size=4, max_size=4), max_size=6))
def test_any_table_is_imported_or_refused_but_never_breaks(session: Session, tmp_path, rows):
    import csv

    path = tmp_path / "any.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as stream:
        writer = csv.writer(stream)
        writer.writerow(["站名", "经度", "纬度", "备注"])
        writer.writerows(rows)
    try:
        report = run(session, "stations", path, crs="EPSG:4490", dry_run=True)
    except Problem:
        return
    counts = report.counts
    taken = counts["inserted"] + counts["updated"] + counts["unchanged"]
    assert taken + counts["rejected"] == counts["read"]
    assert session.scalar(text("SELECT count(*) FROM station")) == 0
