"""The map of repeat complaints: one number everywhere, no homes, no names on the wall."""

import csv
import io
import json
import re
from datetime import timedelta

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.codes import PollutionType, SourceChannel
from inspect_app.models import (
    AuditEntry,
    BurstAlarm,
    Cluster,
    ClusterComplaint,
    ClusterRun,
    ClusterScan,
    Complaint,
    NearRepeat,
    Person,
    Reporter,
)
from tests.conftest import NOW
from tests.county import County, furnish, make_county
from tests.factories import client_of, make_complaint, make_matter, make_source

DAY = timedelta(days=1)
HOME = (120.123456, 30.123456)
KINDS = ("air", "water", "noise", "soil")
CHANNELS = ("phone_12369", "hotline_12345", "visit")


@pytest.fixture
def county(session: Session) -> County:
    county = make_county(session)
    session.flush()
    return county


@pytest.fixture
def leader(app: Flask, session: Session, county: County) -> FlaskClient:
    assert county.root.id
    return client_of(app, session, Role.DIRECTOR)


def scatter(session: Session, county: County, *, matters: int = 60) -> None:
    """Scatter matters of one to six complaints over a year and the county; some have no place."""
    rng = np.random.default_rng(4)
    for number in range(matters):
        lon, lat = 120 + rng.random(), 30 + rng.random()
        side = "west" if lon < 120.5 else "east"
        half = "south" if lat < 30.5 else "north"
        is_placed = number % 7 > 0
        matter = make_matter(
            session,
            at=NOW - 100 * DAY,
            complaints=0,
            pollution_types=[KINDS[number % 4]],
            geom=f"SRID=4490;POINT({lon} {lat})" if is_placed else None,
            grid_id=county.units[f"{side}_{half}"].id if is_placed else None,
        )
        for _ in range(int(rng.integers(1, 7))):
            make_complaint(
                session,
                matter,
                at=NOW - float(rng.random() * 60) * DAY,
                source_channel=CHANNELS[int(rng.integers(3))],
            )
    session.flush()


def counts_of(client: FlaskClient, asked: dict[str, object], *, zoom: int) -> dict[str, object]:
    """Return the totals as the map's circles, the list, and both exports have them."""
    cells = client.get("/api/clusters/cells", query_string=asked | {"zoom": zoom}).json
    first = client.get("/api/clusters/list", query_string=asked).json
    rows = list(first["rows"])
    for page in range(2, first["totals"]["pages"] + 1):
        rows += client.get("/api/clusters/list", query_string=asked | {"page": page}).json["rows"]
    answer = client.get("/clusters/complaints.csv", query_string=asked)
    table = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    book = client.get("/clusters/complaints.xlsx", query_string=asked).data
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    number = table[0].index("件数")
    placed = sum(cell["complaints"] for cell in cells["cells"])
    return {
        "totals": first["totals"]["complaints"],
        "map": placed + cells["totals"]["without_place"],
        "list": sum(row["complaints"] for row in rows),
        "csv": sum(int(line[number]) for line in table[1:-1]),
        "csv total": int(table[-1][number]),
        "xlsx": sum(int(line[number]) for line in sheet[1:-1]),
        "xlsx total": int(sheet[-1][number]),
        "ids": len({row["id"] for row in rows}) == len(rows) == first["totals"]["matters"],
    }


def test_map_list_and_exports_have_one_number_for_random_filters(
    app: Flask, session: Session, county: County, leader: FlaskClient
):
    scatter(session, county)
    session.commit()
    chief = client_of(app, session, Role.CHIEF, county.west)
    grids = [county.west.id, county.east.id, county.units["west_south"].id]

    @settings(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        asked=st.fixed_dictionaries(
            {
                "week": st.sampled_from(["2026-W13", "2026-W12", "2026-W08"]),
                "span": st.integers(1, 9),
            },
            optional={
                "type": st.sampled_from([*KINDS, PollutionType.RADIATION.value]),
                "channel": st.sampled_from([*CHANNELS, SourceChannel.LETTER.value]),
                "grid": st.sampled_from(grids),
                "min": st.integers(1, 6),
            },
        ),
        zoom=st.integers(0, 19),
        client=st.sampled_from([leader, chief]),
    )
    def one_number(asked, zoom, client):
        found = counts_of(client, asked, zoom=zoom)
        assert found.pop("ids")
        assert len(set(found.values())) == 1, (asked, zoom, found)

    one_number()


def test_the_number_is_that_of_a_count_by_hand(session: Session, county: County, leader):
    scatter(session, county)
    session.commit()
    rows = session.scalars(select(Complaint)).all()
    found = leader.get("/api/clusters/list?week=2026-W13&span=52&min=1").json["totals"]
    assert found["complaints"] == len(rows)
    assert found["matters"] == len({row.matter_id for row in rows})


def test_a_circle_asked_for_alone_lists_its_own_complaints(session: Session, county, leader):
    scatter(session, county)
    session.commit()
    cells = leader.get("/api/clusters/cells?span=9&min=1&zoom=9").json["cells"]
    assert len(cells) > 3
    for cell in cells:
        asked = {"span": 9, "min": 1, "cell": cell["key"]}
        found = leader.get("/api/clusters/list", query_string=asked).json["totals"]
        assert (found["complaints"], found["matters"]) == (cell["complaints"], cell["matters"])


def test_one_more_call_about_an_old_matter_is_a_repeat(session: Session, county: County, leader):
    matter = make_matter(session, at=NOW - 200 * DAY, grid_id=county.units["west_south"].id)
    make_complaint(session, matter, at=NOW)
    make_matter(session, at=NOW, grid_id=county.units["west_south"].id)
    session.commit()
    found = leader.get("/api/clusters/list?span=1").json
    assert [(row["id"], row["complaints"], row["in_all"]) for row in found["rows"]] == [
        (matter.id, 1, 2)
    ]


@pytest.mark.parametrize("zoom", [0, 8, 14, 19])
def test_a_single_reporters_home_is_shown_at_no_zoom(session, county, leader, zoom: int):
    grid = county.units["west_south"]
    place = f"SRID=4490;POINT({HOME[0]} {HOME[1]})"
    matter = make_matter(session, at=NOW, complaints=0, geom=place, grid_id=grid.id)
    for _ in range(5):  # one person, five calls
        complaint = make_complaint(session, matter, at=NOW)
        session.add(Reporter(complaint_id=complaint.id, mode="named", phone_hash="same"))
    session.commit()
    (cell,) = leader.get(f"/api/clusters/cells?min=1&zoom={zoom}").json["cells"]
    (row,) = leader.get("/api/clusters/list?min=1").json["rows"]
    assert cell["complaints"] == row["complaints"] == 5
    for shown in (cell, row):
        assert abs(shown["lon"] - HOME[0]) > 0.01
        assert abs(shown["lat"] - HOME[1]) > 0.01
    assert "120.1234" not in leader.get("/clusters/complaints.csv?min=1").text


def test_two_reporters_show_a_matter_where_it_is_and_a_source_stands_for_one(
    session, county, leader
):
    grid = county.units["west_south"]
    place = f"SRID=4490;POINT({HOME[0]} {HOME[1]})"
    both = make_matter(session, at=NOW, complaints=0, geom=place, grid_id=grid.id)
    for phone in ("one", "other"):
        complaint = make_complaint(session, both, at=NOW)
        session.add(Reporter(complaint_id=complaint.id, mode="named", phone_hash=phone))
    plant = make_source(session, 120.3, 30.3, grid_id=grid.id)
    one = make_matter(session, at=NOW, geom=place, grid_id=grid.id, respondent_source_id=plant.id)
    session.commit()
    rows = leader.get("/api/clusters/list?min=1").json["rows"]
    assert {row["id"]: (row["lon"], row["lat"]) for row in rows} == {
        both.id: HOME,
        one.id: (120.3, 30.3),
    }


def test_a_matter_opens_to_its_complaints_inside_the_filter_and_the_scope(
    app, session, county, leader
):
    matter = make_matter(session, at=NOW, complaints=3, grid_id=county.units["west_south"].id)
    make_complaint(session, matter, at=NOW - 90 * DAY)
    session.commit()
    found = leader.get(f"/api/clusters/matters/{matter.id}?span=4").json
    assert found["count"] == len(found["complaints"]) == 3
    assert set(found["complaints"][0]) == {"no", "at", "channel", "summary"}
    east = client_of(app, session, Role.CHIEF, county.east)
    assert east.get(f"/api/clusters/matters/{matter.id}").status_code == 404
    assert east.get("/api/clusters/list").json["totals"]["complaints"] == 0


@pytest.mark.parametrize(
    "asked",
    ["span=0", "span=99", "min=x", "cell=1/2", "cell=99/1/1", "zoom=21", "type=gas", "grid=-1"],
)
def test_a_filter_that_means_nothing_is_refused(leader, asked: str):
    assert leader.get(f"/api/clusters/cells?{asked}").status_code == 422


def test_only_who_may_see_the_summary_opens_the_map(app, session, county):
    assert county.root.id
    inspector = client_of(app, session, Role.INSPECTOR)
    for path in (
        "/clusters",
        "/api/clusters/cells",
        "/clusters/complaints.csv",
        "/clusters/tables/hot_grids.csv",
    ):
        assert inspector.get(path).status_code == 403


@pytest.mark.usefixtures("county")
def test_an_export_is_noted_and_no_cell_is_a_formula(session, leader):
    make_matter(session, at=NOW, complaints=2, title="=HYPERLINK(1)")
    session.commit()
    answer = leader.get("/clusters/complaints.csv?min=1")
    assert "'=HYPERLINK(1)" in answer.text
    noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "complaint.export")).one()
    assert (noted.facts["rows"], noted.facts["min"]) == (1, "1")
    assert leader.get("/clusters/complaints.pdf").status_code == 404


def test_clusters_are_marked_on_circles_and_rows_and_said_without_overclaiming(
    session, county, leader
):
    furnish(session, county)
    scan = session.scalars(select(ClusterScan)).one()
    unsure = session.scalars(select(Cluster).order_by(Cluster.id.desc())).first()
    assert unsure is not None
    unsure.confidence, unsure.p, unsure.recurrence_days = "could_be_chance", 0.3, 7 / 0.3
    for cluster in session.scalars(select(Cluster)):
        inside = select(Complaint.id).where(Complaint.grid_id == cluster.grid_id)
        for complaint_id in session.scalars(inside):
            session.add(ClusterComplaint(cluster_id=cluster.id, complaint_id=complaint_id))
    session.commit()
    found = leader.get("/api/clusters/cells?week=2026-W13&zoom=12").json
    assert {cell["ring"] for cell in found["cells"]} == {"strong", "could_be_chance"}
    sentences = {ring["class"]: ring["sentence"] for ring in found["rings"]}
    assert "约每 250 周才出现一次" in sentences["strong"]
    assert "可能是偶然" in sentences["could_be_chance"]
    assert str(scan.replications) in found["scan"]["words"]
    rows = leader.get("/api/clusters/list?week=2026-W13").json["rows"]
    assert {row["words"] for row in rows} == {"明显聚集", "可能是偶然"}


def test_near_repeats_are_said_in_words_and_chance_is_named(session, county, leader):
    furnish(session, county)
    session.commit()
    found = leader.get("/api/clusters/patterns?week=2026-W13").json["repeats"]
    assert found["sentence"] == (
        "在 200 米、7 天之内再次投诉的有 6 对,是随机预期(2.5 对)的 2.4 倍(p=0.030)"
    )
    assert [row["words"] for row in found["rows"]] == ["明显多于随机", "可能多于随机", "可能是偶然"]
    assert "999" in found["note"]
    for row in session.scalars(select(NearRepeat)):
        row.confidence, row.p = "could_be_chance", 0.31
    session.commit()
    found = leader.get("/api/clusters/patterns?week=2026-W13").json["repeats"]
    assert found["sentence"].endswith("随机预期 2.5 对,可能是偶然(p=0.31)")
    before = leader.get("/api/clusters/patterns?week=2026-W12").json
    assert before["repeats"] == {"sentence": "该周没有近重复统计", "note": "", "rows": []}
    assert before["grids"]["rows"] == []


def test_hot_grids_have_the_ids_of_the_layer_and_only_those_of_the_scope(
    app, session, county, leader
):
    furnish(session, county)
    session.commit()
    rows = leader.get("/api/clusters/patterns?week=2026-W13").json["grids"]["rows"]
    layer = leader.get(
        "/api/layers/hot_grids/features?week=2026-W13&bbox=119,29,122,32&zoom=12"
    ).json
    assert {row["id"] for row in rows} == {one["id"] for one in layer["features"]}
    assert len(rows) == 2
    assert rows[0]["sentence"].startswith("本网格 3 件,相邻 2 个网格共 4 件;z=3.1,p=0.0001")
    chief = client_of(app, session, Role.CHIEF, county.east)
    (row,) = chief.get("/api/clusters/patterns?week=2026-W13").json["grids"]["rows"]
    assert row["name"] == county.units["east_south"].name


def test_exports_carry_near_repeats_and_hot_grids_and_are_noted(session, county, leader):
    furnish(session, county)
    session.commit()
    for table, rows in (("near_repeats", 3), ("hot_grids", 2)):
        answer = leader.get(f"/clusters/tables/{table}.csv?week=2026-W13")
        lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert len(lines) == 1 + rows + 1
        assert lines[-1][1] in ("种子 11", "种子 12")
    book = leader.get("/clusters/complaints.xlsx?week=2026-W13").data
    found = CalamineWorkbook.from_filelike(io.BytesIO(book))
    assert found.sheet_names == ["投诉清单", "近重复", "热点网格"]
    repeats, grids = (found.get_sheet_by_index(n).to_python() for n in (1, 2))
    assert repeats[1][:5] == [200, 3, 6, 2.5, 2.4]
    listed = leader.get("/api/clusters/patterns?week=2026-W13").json["grids"]["rows"]
    assert [line[0] for line in grids[1:-1]] == [row["id"] for row in listed]
    noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "complaint.export")).all()
    assert [entry.facts.get("table") for entry in noted] == ["near_repeats", "hot_grids", None]
    assert leader.get("/clusters/tables/anything.csv").status_code == 404


def test_a_scan_is_asked_for_and_stopped_on_the_page_and_says_who_and_when(app, session, county):
    assert county.root.id
    deputy = client_of(app, session, Role.DEPUTY)
    session.commit()
    before = deputy.get("/api/clusters/run?week=2026-W12").json
    assert (before["words"], before["works"], before["stop"]) == ("", False, None)
    assert deputy.post(before["start"], data={"week": "2026-W12"}).status_code == 302
    waits = deputy.get("/api/clusters/run?week=2026-W12").json
    assert waits["words"] == "2026-W12 的扫描正在等待后台工作进程"
    assert (waits["works"], waits["start"]) == (True, None)
    assert deputy.post("/clusters/runs", data={"week": "2026-W12"}).status_code == 409
    chief = client_of(app, session, Role.CHIEF, county.west)
    seen = chief.get("/api/clusters/run?week=2026-W12").json
    assert (seen["works"], seen["start"], seen["stop"]) == (True, None, None)
    assert chief.post(waits["stop"]).status_code == 403
    assert deputy.post(waits["stop"]).headers["Location"] == "/clusters?week=2026-W12"
    after = deputy.get("/api/clusters/run?week=2026-W12").json
    run = session.scalars(select(ClusterRun)).one()
    name = session.get_one(Person, run.cancelled_by).name
    assert after["words"].startswith(f"2026-W12 的扫描已停止({name},2026-03-24 ")
    assert after["works"] is False
    assert after["start"]
    assert deputy.get("/api/clusters/run?week=2026-W11").json["words"] == ""
    assert deputy.post(waits["stop"]).status_code == 409
    assert deputy.post("/clusters/runs", data={"week": "2026-W30"}).status_code == 422


def test_the_wall_gets_no_titles_names_or_links(session, county, leader):
    make_matter(
        session, at=NOW, complaints=4, title="张某家噪声", grid_id=county.units["west_south"].id
    )
    session.commit()
    page = leader.get("/clusters?screen=1").text
    assert "<form" not in page
    assert "<nav" not in page
    configuration = json.loads(re.findall(r"(?s)map-configuration.*?>(.*?)</script>", page)[0])
    assert configuration["screen"]
    for path in ("cells", "list"):
        answer = leader.get(f"/api/clusters/{path}?screen=1").text
        assert "张某" not in answer
        assert "/complaints/" not in answer
    (row,) = leader.get("/api/clusters/list?screen=1").json["rows"]
    assert row["title"] == f"{county.units['west_south'].name} · 水"


def test_an_alarm_is_acknowledged_from_the_leaders_page(session, county, leader):
    alarm = BurstAlarm(
        unit="grid",
        unit_key=str(county.west.id),
        grid_id=county.west.id,
        title="河西镇",
        window_from=NOW - 2 * DAY,
        rung_at=NOW,
        observed=12,
        expected=0.4,
        history=70,
        history_days=364,
        p=1e-9,
        q=1e-7,
        units_tested=4,
        peak=12,
        last_seen_at=NOW,
    )
    session.add(alarm)
    session.commit()
    page = leader.get("/summary").text
    assert "12 件,平时约 0.40 件" in page
    assert "未确认的激增报警" in leader.get("/complaints").text
    path = f"/alarms/{alarm.id}/acknowledge"
    assert leader.post(path, data={"note": "已派人"}).status_code == 302
    assert "已派人" in leader.get("/summary").text
    assert "未确认的激增报警" not in leader.get("/complaints").text
    assert leader.post(path, data={"note": "再派"}).status_code == 409
