"""The map's routes: scope, permission, nonsense, privacy, and one number everywhere."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from inspect_app.domain.access import Permission, Role
from inspect_app.domain.transitions import FINDING_FINISHED, FindingState
from inspect_app.queries.features import tile_bounds
from layers.base import Delivery
from layers.registry import all_layers
from tests.conftest import NOW
from tests.county import EAST, WEST, County, furnish, make_county
from tests.factories import client_of, make_finding

pytestmark = pytest.mark.usefixtures("county")
SCOPED = sorted(key for key, layer in all_layers().items() if not layer.everyone)
BOX = "119,29,122,32"
EVIL = "${alert(1)}<img src=x onerror=alert(2)></script>"


@pytest.fixture
def county(session: Session) -> County:
    county = make_county(session)
    furnish(session, county)
    session.commit()
    return county


@pytest.fixture
def chief(app: Flask, session: Session) -> FlaskClient:
    return client_of(app, session, Role.CHIEF)


@pytest.fixture
def west_chief(app: Flask, session: Session, county: County) -> FlaskClient:
    return client_of(app, session, Role.CHIEF, grid=county.west)


def features_of(client: FlaskClient, key: str, **asked) -> dict:
    answer = client.get(f"/api/layers/{key}/features", query_string={"bbox": BOX} | asked)
    assert answer.status_code == 200, answer.text
    return answer.json


def places(feature: dict) -> list[float]:
    """All longitudes of a geometry."""
    text = json.dumps(feature["geometry"]["coordinates"])
    return [float(lon) for lon in re.findall(r"\[([0-9.]+), [0-9.]+\]", text)]


@pytest.mark.parametrize("key", SCOPED)
def test_a_township_chief_sees_the_township_only_on_map_list_click_and_single_object(
    chief: FlaskClient, west_chief: FlaskClient, key: str
):
    whole = features_of(chief, key, zoom=20)["features"]
    mine = features_of(west_chief, key, zoom=20)["features"]
    ids, mine_ids = {f["id"] for f in whole}, {f["id"] for f in mine}
    assert mine_ids < ids
    assert mine_ids
    assert all(min(places(feature)) < 120.5 for feature in mine)
    listed = west_chief.get(f"/api/layers/{key}/list?zoom=20").json
    assert {row["id"] for row in listed["rows"]} == mine_ids
    for feature_id in ids:
        answer = west_chief.get(f"/api/layers/{key}/features/{feature_id}")
        assert answer.status_code == (200 if feature_id in mine_ids else 404)
    for row in chief.get(f"/api/layers/{key}/list?zoom=15").json["rows"]:
        click = {"lon": row["lon"], "lat": row["lat"], "zoom": 15, "layers": key}
        hits = west_chief.get("/api/identify", query_string=click).json["hits"]
        assert {hit["id"] for hit in hits} <= mine_ids
        assert bool(hits) == (row["id"] in mine_ids)


@pytest.mark.parametrize("key", [k for k in SCOPED if all_layers()[k].delivery is Delivery.TILES])
def test_a_tile_of_the_neighbour_township_is_empty_for_a_township_chief(
    chief: FlaskClient, west_chief: FlaskClient, key: str
):
    z, x, y = tile_at(*EAST, zoom=12)
    path = f"/api/tiles/{key}/{z}/{x}/{y}.mvt"
    assert len(chief.get(path).data) > 0
    assert west_chief.get(path).data == b""
    z, x, y = tile_at(*WEST, zoom=12)
    assert len(west_chief.get(f"/api/tiles/{key}/{z}/{x}/{y}.mvt").data) > 0


def tile_at(lon: float, lat: float, *, zoom: int) -> tuple[int, int, int]:
    """The tile whose bounds hold a place, by search."""
    x = int((lon + 180) / 360 * 2**zoom)
    for y in range(2**zoom):
        bounds = tile_bounds(zoom, x, y)
        if bounds.south <= lat - 0.005 and lat + 0.005 <= bounds.north:
            return zoom, x, y
    raise AssertionError(lat)


def test_map_list_and_single_layers_name_one_number(chief: FlaskClient):
    near = features_of(chief, "matters", zoom=15)
    far = features_of(chief, "matters", zoom=8)
    listed = chief.get("/api/layers/matters/list", query_string={"bbox": BOX}).json
    assert far["clustered"]
    assert not near["clustered"]
    assert [each["count"] for each in (near, far, listed)] == [2, 2, 2]
    assert [each["number"] for each in (near, far, listed)] == [6, 6, 6]


def test_the_time_window_and_the_classes_narrow_every_answer_alike(chief: FlaskClient):
    for asked, expected in (
        ({"days": 1}, 0),
        ({"days": 90}, 2),
        ({"days": 0}, 2),
        ({"since": "2026-03-21", "until": "2026-03-21"}, 2),
        ({"since": "2026-03-22"}, 0),
        ({"days": 0, "until": "2026-03-20"}, 0),
        ({"classes": "water"}, 0),
        ({"classes": "air,water"}, 2),
        ({"classes": ""}, 0),
    ):
        near = features_of(chief, "matters", zoom=15, **asked)
        listed = chief.get("/api/layers/matters/list", query_string={"bbox": BOX} | asked).json
        assert (near["count"], listed["count"]) == (expected, expected), asked


@pytest.mark.parametrize(
    ("role", "missing"),
    [
        (Role.WORKER, {"tracks"}),
        (Role.CLERK, {"planned_routes", "tracks"}),
        (
            Role.ADMINISTRATOR,
            {
                "matters",
                "repeats",
                "clusters",
                "hot_grids",
                "findings",
                "planned_routes",
                "tracks",
            },
        ),
        (Role.CHIEF, set()),
    ],
)
def test_a_layer_needs_its_own_permission_in_every_route(
    app: Flask, session: Session, role: Role, missing: set[str]
):
    client = client_of(app, session, role)
    for key in all_layers():
        expected = 404 if key in missing else 200
        for path in (
            f"/api/layers/{key}/features?bbox={BOX}",
            f"/api/layers/{key}/list",
            f"/api/layers/{key}/labels?bbox={BOX}",
            f"/api/tiles/{key}/9/427/210.mvt",
            f"/api/identify?lon=120.25&lat=30.4&layers={key}",
        ):
            assert client.get(path).status_code == expected, (key, path)
    tree = json.loads(
        re.findall(r"(?s)map-configuration.*?>(.*?)</script>", client.get("/map").text)[0]
    )
    assert set(tree["layers"]) == set(all_layers()) - missing


def test_the_auditor_has_no_map(app: Flask, session: Session):
    client = client_of(app, session, Role.AUDITOR)
    assert client.get("/map").status_code == 403
    assert client.get("/api/layers/grids/features").status_code == 403


NONSENSE = (
    "/api/tiles/grids/99/0/0.mvt",
    "/api/tiles/grids/3/8/0.mvt",
    "/api/tiles/grids/3/-1/0.mvt",
    "/api/tiles/grids/3/99999999999999999999999/0.mvt",
    "/api/tiles/grids;drop table grid/3/1/1.mvt",
    "/api/layers/nonsense/features",
    "/api/layers/grids/features?bbox=1,2,3",
    "/api/layers/grids/features?bbox=nan,30,121,31",
    "/api/layers/grids/features?bbox=121,30,120,31",
    "/api/layers/grids/features?bbox=0,0,1e308,1e309",
    "/api/layers/grids/features?zoom=1)or(1=1",
    "/api/layers/grids/features?zoom=99",
    "/api/layers/grids/features?classes=x'--",
    "/api/layers/matters/features?since=yesterday",
    "/api/layers/matters/features?days=-1",
    "/api/layers/planned_routes/features?week=2026-W99",
    "/api/layers/grids/list?sort=(select 1)",
    "/api/layers/grids/list?sort=geom",
    "/api/layers/grids/list?page=x",
    "/api/layers/grids/features/999999999999999999999999",
    "/api/identify?lon=x&lat=1",
    "/api/identify?lon=120&lat=NaN&layers=grids",
    "/api/identify?lon=120&lat=30&layers=reporter",
)


def test_nonsense_is_refused_with_a_sentence_and_no_sql(chief: FlaskClient):
    for path in NONSENSE:
        answer = chief.get(path)
        assert answer.status_code in {404, 422}, path
        assert "SELECT" not in answer.text
        assert answer.json["message"]


def test_a_click_keeps_to_the_classes_that_are_shown(chief: FlaskClient):
    click = {"lon": 120.25, "lat": 30.2, "zoom": 12, "layers": "grids,boundaries"}
    hits = chief.get("/api/identify", query_string=click).json["hits"]
    assert [hit["layer"] for hit in hits] == ["grids", "boundaries", "boundaries"]
    assert [hit["name"] for hit in hits[1:]] == ["河西镇", "测试县"]
    shown = {"classes_grids": "ownerless", "classes_boundaries": "township"}
    hits = chief.get("/api/identify", query_string=click | shown).json["hits"]
    assert [hit["name"] for hit in hits] == ["河西镇"]


def test_hostile_names_are_escaped_in_the_page_and_plain_in_json(
    app: Flask, session: Session, county: County
):
    county.west.name = EVIL
    county.root.name = EVIL
    client = client_of(app, session, Role.CHIEF)
    page = client.get("/map").text
    assert "alert(" not in page
    found = features_of(client, "grids", zoom=9)
    assert EVIL in {feature["properties"]["name"] for feature in found["features"]}
    answer = client.get(f"/api/layers/grids/labels?bbox={BOX}&zoom=9")
    assert answer.mimetype == "application/json"
    assert EVIL in {label["name"] for label in answer.json["labels"]}


def test_the_page_names_own_files_only_and_every_inline_tag_has_the_nonce(chief: FlaskClient):
    answer = chief.get("/map")
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])[1]
    addresses = re.findall(r"<(?:script|link)[^>]*(?:src|href)=\"([^\"]+)\"", answer.text)
    assert any("leaflet/leaflet.js" in address for address in addresses)
    assert all(address.startswith("/static/") for address in addresses)
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", answer.text):
        assert "src=" in tag or f'nonce="{nonce}"' in tag


def test_a_tile_stays_with_the_browser_and_is_not_sent_twice(chief: FlaskClient):
    z, x, y = tile_at(*WEST, zoom=12)
    first = chief.get(f"/api/tiles/grids/{z}/{x}/{y}.mvt")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Vary"] == "Cookie"
    again = chief.get(
        f"/api/tiles/grids/{z}/{x}/{y}.mvt", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304


def test_codes_and_instants_are_told_as_people_read_them(chief: FlaskClient):
    listed = chief.get("/api/layers/findings/list").json["rows"]
    single = chief.get(f"/api/layers/findings/features/{listed[0]['id']}").json
    texts = {row["label"]: row["text"] for row in single["rows"]}
    assert texts["类型"] == "岸坡垃圾淤积"
    assert texts["状态"] == "已上报"
    assert texts["发现时间"] == "2026-03-24 09:00"
    assert listed[0]["cells"] == [row["text"] for row in single["rows"]]


def test_the_popup_of_a_finding_or_matter_leads_to_its_page(chief: FlaskClient):
    for key in ("findings", "matters", "repeats"):
        for row in chief.get(f"/api/layers/{key}/list").json["rows"]:
            single = chief.get(f"/api/layers/{key}/features/{row['id']}").json
            answer = chief.get(single["page"])
            assert answer.status_code == 200, single["page"]
            assert row["cells"][0] in answer.text
    grid = chief.get("/api/layers/grids/list").json["rows"][0]["id"]
    assert chief.get(f"/api/layers/grids/features/{grid}").json["page"] is None


@pytest.mark.parametrize("key", SCOPED)
def test_no_popup_leads_to_a_page_that_its_reader_may_not_open(west_chief: FlaskClient, key: str):
    for row in west_chief.get(f"/api/layers/{key}/list").json["rows"]:
        page = west_chief.get(f"/api/layers/{key}/features/{row['id']}").json["page"]
        assert page is None or west_chief.get(page).status_code == 200


@pytest.mark.parametrize("key", [key for key, layer in all_layers().items() if layer.page])
def test_the_page_of_a_layers_features_exists_and_opens_to_who_sees_the_layer(app: Flask, key: str):
    layer = all_layers()[key]
    (rule,) = app.url_map.iter_rules(layer.page)
    assert rule.arguments <= set(layer.page_by)
    assert app.view_functions[layer.page].permissions == (Permission(layer.permission),)


def test_the_map_calls_findings_done_and_overdue_as_the_work_list_does(
    chief: FlaskClient, session: Session, county: County
):
    for state in FindingState:
        late = NOW - timedelta(days=1)
        make_finding(session, at=NOW, state=state, due_at=late, grid_id=county.west.id)
    session.commit()
    for asked, count in (
        ("overdue", len(FindingState) - len(FINDING_FINISHED)),
        ("done", len(FINDING_FINISHED)),
    ):
        assert chief.get(f"/api/layers/findings/list?classes={asked}").json["count"] == count


def test_no_answer_of_the_map_names_a_reporter(chief: FlaskClient):
    for key in all_layers():
        for path in ("features", "list", "labels"):
            assert "某举报人" not in chief.get(f"/api/layers/{key}/{path}?bbox={BOX}").text
