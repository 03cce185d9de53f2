"""The page of a trace, its JSON, and the part of it on a matter's page."""

import pytest
from flask import Flask
from shapely.geometry import Point
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from tests.conftest import NOW
from tests.factories import (
    ewkt,
    log_in,
    make_account,
    make_finding,
    make_grid,
    make_matter,
    make_outlet,
    make_policies,
    make_waterway,
)

EVIL = "<b>${alert(1)}</b>排口"


@pytest.fixture
def place(session: Session):
    make_policies(session)
    grid = make_grid(session)
    make_waterway(session, [(120.4, 30.5), (120.6, 30.5)], name="清河", flow_direction="digitised")
    make_outlet(session, 120.49, 30.5, name=EVIL, grid_id=grid.id)
    return grid


def signed_in(app: Flask, session: Session, role: Role, **values):
    account = make_account(session, role, **values)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def test_the_page_tells_both_lists_and_escapes_what_people_wrote(app, session, place):
    client = signed_in(app, session, Role.DEPUTY)
    page = client.get("/trace?lon=120.5&lat=30.5005&km=5").text
    assert "起点在“清河”上" in page
    assert "上游可疑排口与污染源 1 处" in page
    assert "&lt;b&gt;${alert(1)}&lt;/b&gt;排口" in page
    assert EVIL not in page
    assert place.name in page


@pytest.mark.usefixtures("place")
def test_the_json_has_the_waters_and_the_reasons(app, session):
    client = signed_in(app, session, Role.DEPUTY)
    found = client.get("/api/trace?lon=120.5&lat=30.5005&km=5").json
    assert found["water"]["name"] == "清河"
    (suspect,) = found["suspects"]
    assert suspect["name"] == EVIL
    assert suspect["reasons"] == ["沿水路 1.0 公里,32 分"]
    (line,) = found["above"]["features"]
    assert line["geometry"]["type"] == "LineString"
    assert line["properties"]["certain"] is True
    assert [one["kind"] for one in found["warned"]] == ["grid"]


def test_a_matter_page_has_the_part_only_for_water_with_a_place(app, session, place):
    at = ewkt(Point(120.5, 30.5))
    wet = make_matter(session, at=NOW, grid_id=place.id, geom=at)
    dry = make_matter(session, at=NOW, grid_id=place.id, geom=at, pollution_types=["noise"])
    lost = make_matter(session, at=NOW, grid_id=place.id, geom=None)
    client = signed_in(app, session, Role.DEPUTY)
    assert f"/api/trace?matter={wet.id}" in client.get(f"/complaints/{wet.id}").text
    for other in (dry, lost):
        assert "/api/trace" not in client.get(f"/complaints/{other.id}").text
    assert client.get(f"/api/trace?matter={lost.id}").json == {"fault": "还没有位置,无法溯源"}
    assert "还没有位置" in client.get(f"/trace?matter={lost.id}").text
    assert client.get(f"/trace?matter={wet.id}").status_code == 200


@pytest.mark.usefixtures("place")
def test_without_a_start_the_page_asks_for_a_place(app, session):
    client = signed_in(app, session, Role.INSPECTOR)
    assert "开始溯源" in client.get("/trace").text


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lon=120.5", 422),
        ("lon=x&lat=30", 422),
        ("lon=120.5&lat=30.5&km=0", 422),
        ("lon=120.5&lat=30.5&km=far", 422),
        ("matter=999999", 404),
        ("matter=abc", 404),
        ("finding=abc", 404),
        ("lon=110&lat=25", 200),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(app, session, query, status):
    client = signed_in(app, session, Role.DEPUTY)
    assert client.get(f"/trace?{query}").status_code == status


def test_others_matters_are_not_found_and_matters_need_their_own_permission(app, session, place):
    matter = make_matter(session, at=NOW, grid_id=place.id)
    finding = make_finding(session, at=NOW, grid_id=place.id)
    far = make_grid(session)
    stranger = signed_in(app, session, Role.CHIEF, grid=far)
    assert stranger.get(f"/trace?matter={matter.id}").status_code == 404
    assert stranger.get(f"/trace?finding={finding.uid}").status_code == 404
    worker = signed_in(app, session, Role.WORKER)
    assert worker.get(f"/trace?matter={matter.id}").status_code == 200
    assert worker.get(f"/trace?finding={finding.uid}").status_code == 200
    administrator = signed_in(app, session, Role.ADMINISTRATOR)
    assert administrator.get(f"/trace?matter={matter.id}").status_code == 403
    auditor = signed_in(app, session, Role.AUDITOR)
    assert auditor.get("/trace").status_code == 403
    assert app.test_client().get("/api/trace").status_code == 401
