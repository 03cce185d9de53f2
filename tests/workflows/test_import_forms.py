"""Import of small files in the forms people send: XLSX, KML, and tables in BD-09."""

import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.models import PollutionSource, Station
from tests.workflows.importing import run, write


def places(session: Session, table) -> dict[str, tuple[float, float]]:
    rows = session.execute(select(table.name, func.ST_X(table.geom), func.ST_Y(table.geom)))
    return {name: (lon, lat) for name, lon, lat in rows}


def test_a_workbook_is_imported_with_its_chinese_headers_and_numbers(session: Session, tmp_path):
    path = tmp_path / "企业台账.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("台账")
        sheet.write_row(0, 0, ["企业名称", "经度", "纬度", "统一社会信用代码", "类型"])
        sheet.write_row(1, 0, ["甲纸业", 120.1, 30.6, "91130200699229617X", "造纸厂"])
        sheet.write_row(2, 0, ["乙化工", "120.25", "30.7", None, "化工企业"])
    report = run(session, "sources", path, crs="CGCS2000")
    assert (report.counts["inserted"], report.rejections) == (2, ())
    assert places(session, PollutionSource) == {"甲纸业": (120.1, 30.6), "乙化工": (120.25, 30.7)}
    stored = session.scalars(select(PollutionSource).where(PollutionSource.name == "甲纸业")).one()
    assert (stored.uscc, stored.kind) == ("91130200699229617X", "paper_mill")


def test_placemarks_of_a_kml_are_imported_by_their_names(session: Session, tmp_path):
    placemarks = "".join(
        f"<Placemark><name>{name}</name><Point><coordinates>{place},0</coordinates></Point>"
        "</Placemark>"
        for name, place in (("东站", "120.3,30.6"), ("西站", "120.1,30.5"))
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document><name>站点</name>{placemarks}</Document></kml>"
    )
    report = run(session, "stations", write(tmp_path, "站点.kml", body))
    assert (report.counts["inserted"], report.rejections) == (2, ())
    assert places(session, Station) == {"东站": (120.3, 30.6), "西站": (120.1, 30.5)}


def test_a_table_in_bd09_is_brought_to_where_it_really_lies(session: Session, tmp_path):
    # A published example: BD-09 116.410369, 39.921337 is GCJ-02 116.404, 39.915 and lies at
    # 116.397756, 39.913596. The step back from GCJ-02 is good for two metres there.
    path = write(tmp_path, "百度.csv", "名称,经度,纬度\n某厂,116.410369494,39.921336994\n")
    report = run(session, "sources", path, crs="BD09")
    assert report.counts["inserted"] == 1
    assert report.source_crs == "BD09"
    lon, lat = places(session, PollutionSource)["某厂"]
    assert abs(lon - 116.397756) < 3e-5
    assert abs(lat - 39.913596) < 3e-5
