"""One week of the bureau: a file comes in, a week is planned and walked, a finding is closed."""

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Row, text
from sqlalchemy.orm import Session, sessionmaker

from gis.datum.shift import Shift, shift_in_china
from inspect_app import create_app
from inspect_app.cli import main
from inspect_app.config import Settings
from inspect_app.db import make_engine, session_factory
from inspect_app.jobs import make_queue
from inspect_app.queries.features import tile_bounds
from inspect_app.workflows import plan_week
from inspect_app.workflows.seed_county import PASSWORD
from layers.base import Delivery
from layers.registry import all_layers
from tests.conftest import NOW, REPORTER_KEY, SeededCounty, settings_for
from tests.patrol_factories import Tablet, digest, picture, sha256

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = "2026-W14"
MONDAY = datetime(2026, 3, 30, 8, 0, tzinfo=ZONE)
TUESDAY = MONDAY + timedelta(days=1)
FRIDAY = MONDAY + timedelta(days=4, hours=8)
OUTLET = (106.4801, 38.3162)
"""A place on 清水河 in 金庄村第1单元, in the township of the demo's chief."""
ABROAD = (105.2, 38.9)
"""Outside the county."""
SEARCH_S = 3.0
"""Enough for a valid plan of the county; a test need not wait for the last kilometre."""


@dataclass
class Bureau:
    """The product on a copy of the demo county, its clock, and what earlier steps left behind."""

    app: Flask
    settings: Settings
    sessions: sessionmaker[Session]
    now: datetime = NOW
    kept: SimpleNamespace = field(default_factory=SimpleNamespace)

    def person(self, login: str) -> FlaskClient:
        """Return a client logged in through the page."""
        client = self.app.test_client()
        answer = client.post("/login", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    def rows(self, statement: str, **values: object) -> list[Row]:
        with self.sessions() as session:
            return list(session.execute(text(statement), values).all())

    def one(self, statement: str, **values: object) -> Row:
        [row] = self.rows(statement, **values)
        return row

    def command(self, *arguments: str) -> str:
        """Run a command on this database; return what it printed."""
        result = CliRunner(env={"COLUMNS": "200"}).invoke(main, list(arguments))
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture(scope="module")
def bureau(
    seeded: SeededCounty,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bureau]:
    folder = seeded.copy_files(Path(tmp_path_factory.mktemp("bureau")))
    url = server(make_database(template=seeded.name))
    settings = settings_for(url, folder)
    engine = make_engine(settings)
    sessions = session_factory(engine)
    app = create_app(settings, sessions=sessions)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    bureau = Bureau(app, settings, sessions)
    app.extensions["clock"] = lambda: bureau.now
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("INSPECT_DEMO", "1")
        patch.setenv("INSPECT_DATA_DIR", str(folder))
        patch.setenv("INSPECT_REPORTER_KEY", REPORTER_KEY)
        patch.setattr(plan_week, "DEFAULT_SECONDS", SEARCH_S)
        yield bureau
    engine.dispose()


# Tuesday before: files come in.


def outlets_in_gcj02() -> bytes:
    """Return a file as an outside surveyor delivers it: shifted coordinates, one of them torn."""
    moved = shift_in_china(np.array([OUTLET, ABROAD]), Shift.GCJ02, inverse=False)
    rows = [
        f"清水河新查排口,W14-1,{moved[0][0]:.7f},{moved[0][1]:.7f}",
        "坐标残缺排口,W14-2,106.48,三十八",
        f"县外排口,W14-3,{moved[1][0]:.7f},{moved[1][1]:.7f}",
    ]
    return "\n".join(["排口名称,排口编号,经度,纬度", *rows]).encode("gb18030")


def test_the_clerk_previews_outlets_in_gcj02_and_the_bad_row_is_refused_with_its_reason(
    bureau: Bureau,
):
    clerk = bureau.person("clerk")
    form = {"kind": "outlets", "crs": "GCJ02"}
    file = (io.BytesIO(outlets_in_gcj02()), "普查.csv")
    page = clerk.post("/imports/preview", data=form | {"file": file})
    assert page.status_code == 200
    assert "坐标不是数字" in page.text
    assert "尚未写入任何数据" in page.text
    assert not bureau.rows("SELECT id FROM outlet WHERE outlet_code_local LIKE 'W14-%'")
    bureau.kept.token = re.search(r'name="token" value="(\w+)"', page.text)[1]
    bureau.kept.clerk = clerk


def test_the_confirmed_file_is_stored_in_the_countys_system_with_grid_and_owner(bureau: Bureau):
    clerk = bureau.kept.clerk
    done = clerk.post("/imports/confirm", data={"token": bureau.kept.token})
    assert done.status_code == 302
    assert "坐标不是数字" in clerk.get(done.location).text
    stored = bureau.rows(
        "SELECT id, outlet_code_local, grid_id, source_crs, ST_SRID(geom),"
        " ST_DistanceSphere(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490)) FROM outlet"
        " WHERE outlet_code_local LIKE 'W14-%' ORDER BY 2",
        lon=OUTLET[0],
        lat=OUTLET[1],
    )
    assert [row[1] for row in stored] == ["W14-1", "W14-3"]
    bureau.kept.outlet_id, _, grid_id, crs, srid, metres = stored[0]
    assert (crs, srid) == ("GCJ02", 4490)
    assert metres < 1
    covering = bureau.rows(
        "SELECT id, name FROM grid WHERE valid_to IS NULL AND ST_Covers(geom,"
        " ST_SetSRID(ST_MakePoint(:lon, :lat), 4490)) ORDER BY depth DESC",
        lon=OUTLET[0],
        lat=OUTLET[1],
    )
    assert grid_id == covering[0][0]
    bureau.kept.grid_id, bureau.kept.grid_name = covering[0]
    bureau.kept.owner_id = bureau.one(
        "SELECT person_id FROM grid_owner WHERE grid_id = :grid AND duty = 'responsible_person'"
        " AND valid_from <= '2026-03-31' AND (valid_to IS NULL OR valid_to > '2026-03-31')"
        " ORDER BY rank LIMIT 1",
        grid=grid_id,
    )[0]
    assert stored[1][2] is None


COMPLAINTS = """受理编号,受理时间,来源,内容,经度,纬度
K1,2026-03-30 10:00,12369,新查排口夜间排黑水,106.4802,38.3161
K2,2026-03-30 11:30,电话,清水河边有异味,106.4803,38.3163
K3,昨天,电话,时间不明,106.4803,38.3163
K4,2026-03-30 12:00,网络,县界外有人倾倒,105.2,38.9
"""


def test_complaints_come_by_command_first_as_a_dry_run_and_once(bureau: Bureau, tmp_path: Path):
    file = tmp_path / "接报.csv"
    file.write_text(COMPLAINTS, encoding="utf-8")
    command = ("import", "complaints", str(file), "--crs", "EPSG:4490")
    before = bureau.one("SELECT count(*) FROM complaint")[0]
    printed = bureau.command(*command, "--dry-run")
    assert "dry run, nothing written" in printed
    assert "not_an_instant" in printed
    assert bureau.one("SELECT count(*) FROM complaint")[0] == before
    assert "inserted 3" in bureau.command(*command)
    assert bureau.one("SELECT count(*) FROM complaint")[0] == before + 3
    again = CliRunner().invoke(main, list(command))
    assert "inserted 3" not in again.output
    assert bureau.one("SELECT count(*) FROM complaint")[0] == before + 3


def test_assigning_gives_the_complaints_their_grid_and_checking_names_the_outlet_abroad(
    bureau: Bureau,
):
    bureau.command("assign", "--on", "2026-03-31")
    grids = bureau.rows("SELECT grid_id FROM complaint WHERE external_no IN ('K1', 'K2')")
    assert [row[0] for row in grids] == [bureau.kept.grid_id] * 2
    found = json.loads(bureau.command("check", "--on", "2026-03-31", "--json"))["faults"]
    told = json.dumps(found, ensure_ascii=False)
    assert "县外排口" in told
    assert "清水河新查排口" not in told


# The map, for the county and for one township.

COUNTY = "106.0,37.9,107.0,38.7"


def tile_of(lon: float, lat: float, *, zoom: int) -> tuple[int, int]:
    """Return the tile that holds a place, by search over rows."""
    x = int((lon + 180) / 360 * 2**zoom)
    inside = (y for y in range(2**zoom) if tile_bounds(zoom, x, y).south <= lat)
    return x, next(inside)


@pytest.mark.parametrize("key", sorted(all_layers()))
def test_every_layer_answers_for_the_county(bureau: Bureau, key: str):
    deputy = bureau.person("deputy")
    answer = deputy.get(f"/api/layers/{key}/features?zoom=14&days=0&bbox={COUNTY}")
    assert answer.status_code == 200
    assert answer.json["features"]
    assert deputy.get(f"/api/layers/{key}/list?days=0").json["count"] >= answer.json["shown"] > 0
    if all_layers()[key].delivery is Delivery.TILES:
        x, y = tile_of(*OUTLET, zoom=8)
        assert deputy.get(f"/api/tiles/{key}/8/{x}/{y}.mvt?zoom=14").data


def test_a_township_chief_finds_the_new_outlet_and_nothing_of_the_neighbours(bureau: Bureau):
    chief, deputy = bureau.person("chief"), bureau.person("deputy")
    township = {row[0] for row in bureau.rows("SELECT id FROM grid WHERE path LIKE '/1/2/%'")}
    for key, table in (("outlets", "outlet"), ("sources", "pollution_source")):
        asked = f"/api/layers/{key}/features?zoom=16&bbox={COUNTY}"
        seen = {feature["id"] for feature in chief.get(asked).json["features"]}
        expected = bureau.rows(
            f"SELECT id FROM {table} WHERE NOT closed AND grid_id = ANY(:grids)",  # noqa: S608 - our own two names
            grids=sorted(township),
        )
        assert seen == {row[0] for row in expected}
        listed = chief.get(f"/api/layers/{key}/list").json
        assert listed["count"] == len(seen)
        foreign = {feature["id"] for feature in deputy.get(asked).json["features"]} - seen
        assert foreign
        for feature_id in sorted(foreign)[:5]:
            assert chief.get(f"/api/layers/{key}/features/{feature_id}").status_code == 404
    click = {"lon": OUTLET[0], "lat": OUTLET[1], "zoom": 17, "layers": "outlets"}
    hits = chief.get("/api/identify", query_string=click).json["hits"]
    assert bureau.kept.outlet_id in {hit["id"] for hit in hits}


def test_a_tile_and_a_click_in_the_next_township_are_empty_for_the_chief(bureau: Bureau):
    chief, deputy = bureau.person("chief"), bureau.person("deputy")
    lon, lat = bureau.one(
        "SELECT ST_X(ST_PointOnSurface(geom)), ST_Y(ST_PointOnSurface(geom))"
        " FROM grid WHERE name = '南塬乡'"
    )
    x, y = tile_of(lon, lat, zoom=13)
    tile = f"/api/tiles/grids/13/{x}/{y}.mvt?zoom=14"
    assert deputy.get(tile).data
    assert chief.get(tile).data == b""
    click = {"lon": lon, "lat": lat, "zoom": 14, "layers": "grids"}
    assert deputy.get("/api/identify", query_string=click).json["hits"]
    assert chief.get("/api/identify", query_string=click).json["hits"] == []


# The plan of the week.


def test_the_button_queues_a_job_and_a_worker_makes_a_valid_plan(bureau: Bureau):
    bureau.now = MONDAY + timedelta(hours=8)
    deputy = bureau.person("deputy")
    wanted = {"week": WEEK, "seed": "1", "first_day": str(TUESDAY.date())}
    asked = deputy.post("/plans/runs", data=wanted)
    assert asked.status_code == 302
    run = re.search(r"/api/plans/runs/(\d+)", deputy.get(asked.location).text)[1]
    assert deputy.get(f"/api/plans/runs/{run}").json["ended"] is False
    queue = make_queue(bureau.settings, bureau.sessions)
    queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    state = deputy.get(f"/api/plans/runs/{run}").json
    assert (state["ended"], state["problem"]) == (True, None)
    bureau.kept.plan_id = state["plan"]
    page = deputy.get(f"/plans?week={WEEK}").text
    assert "核验通过" in page
    assert "草案" in page


def test_every_due_visit_is_planned_or_told_with_a_reason(bureau: Bureau):
    plan = {"plan": bureau.kept.plan_id}
    [figures] = bureau.one("SELECT figures FROM patrol_plan WHERE id = :plan", **plan)
    missing = bureau.rows(
        "SELECT object_kind, object_id, visits_missing AS missing, reason FROM plan_uncovered"
        " WHERE plan_id = :plan",
        **plan,
    )
    assert all(row.missing > 0 and row.reason for row in missing)
    stops = bureau.rows(
        "SELECT object_kind, object_id FROM patrol_stop s JOIN patrol_task t ON t.id = s.task_id"
        " WHERE plan_id = :plan",
        **plan,
    )
    planned = {tuple(row) for row in stops}
    told = {(row.object_kind, row.object_id) for row in missing}
    matters = bureau.rows("SELECT external_no, matter_id FROM complaint WHERE external_no ~ '^K'")
    places = {row.external_no: ("matter", row.matter_id) for row in matters}
    assert {places["K1"], places["K2"]} <= planned | told
    assert places["K4"] in told - planned
    due = sum(row["due"] for row in figures["policies"])
    assert due == sum(row["served"] for row in figures["policies"]) + sum(
        row.missing for row in missing
    )
    page = bureau.person("deputy").get(f"/plans?week={WEEK}").text
    assert "县界外有人倾倒" in page
    assert "超过上路距离" in page


def test_the_deputy_publishes_and_the_township_chief_may_not(bureau: Bureau):
    address = f"/plans/{bureau.kept.plan_id}/publish"
    assert bureau.person("chief").post(address).status_code == 403
    assert bureau.person("inspector").post(address).status_code == 403
    assert bureau.person("deputy").post(address).status_code == 302
    [state] = bureau.one("SELECT state FROM patrol_plan WHERE id = :id", id=bureau.kept.plan_id)
    assert state == "published"
    tasks = bureau.rows(
        "SELECT DISTINCT state FROM patrol_task WHERE plan_id = :id", id=bureau.kept.plan_id
    )
    assert [row[0] for row in tasks] == ["published"]


# The week itself.

FIGURE = re.compile(
    r'<h2>([^<]+)</h2>\s*<p class="value">([^<]+)</p>\s*<p class="parts">([^<]+)</p>'
)


def figures_of(bureau: Bureau) -> dict[str, list[int]]:
    """Read the leader's page: per figure its count, or numerator and denominator."""
    page = bureau.person("director").get(f"/summary?week={WEEK}").text
    found = {}
    for title, value, parts in FIGURE.findall(page):
        shown = parts if "/" in parts else value
        found[title] = [int(number) for number in shown.split("/")]
    assert len(found) == 7
    return found


def put(client: FlaskClient, address: str, body: bytes) -> list[int]:
    """Send the same bytes twice, as a tablet does whose first answer was lost."""
    return [client.put(address, data=body, headers=digest(body)).status_code for _ in range(2)]


def put_record(client: FlaskClient, item) -> list[int]:
    return put(client, f"/sync/records/{item[0]}", item[1])


ONCE = [201, 200]


def test_the_inspector_finds_the_published_task_on_the_tablet(bureau: Bureau):
    [day] = bureau.one(
        "SELECT min(t.day) FROM patrol_task t JOIN crew_member m USING (crew_id)"
        " JOIN account a USING (person_id)"
        " WHERE plan_id = :plan AND a.login = 'inspector' AND t.day >= :tuesday",
        plan=bureau.kept.plan_id,
        tuesday=TUESDAY.date(),
    )
    bureau.now = datetime.combine(day, TUESDAY.time(), ZONE)
    bureau.kept.day = day
    bureau.kept.figures = figures_of(bureau)
    inspector = bureau.person("inspector")
    [card] = inspector.get("/sync/tasks").json["tasks"]
    assert card["state"] == "published"
    assert len(card["stops"]) > 1
    bureau.kept.card = card
    bureau.kept.tablet = Tablet(SimpleNamespace(id=card["id"]), at=bureau.now)
    assert bureau.person("station").get("/sync/tasks").json["tasks"] != [card]


def test_records_sent_twice_and_out_of_order_arrive_once(bureau: Bureau):
    inspector, tablet = bureau.person("inspector"), bureau.kept.tablet
    stops = bureau.kept.card["stops"]
    start = tablet.write("patrol_start")
    first = tablet.write("stop_result", stop_id=stops[0]["id"], result="done")
    early = inspector.put(f"/sync/records/{first[0]}", data=first[1], headers=digest(first[1]))
    assert (early.status_code, early.json["state"]) == (202, "waiting")
    assert "自动生效" in early.json["message"]
    assert put_record(inspector, start) == ONCE
    assert put_record(inspector, first) == [200, 200]
    second = tablet.write(
        "stop_result", stop_id=stops[1]["id"], result="unreachable", reason="涨水"
    )
    assert put_record(inspector, second) == ONCE
    began = int(bureau.now.timestamp() * 1000)
    fixes = [[began + 5000 * step, OUTLET[0] + step / 1e4, OUTLET[1], 8.0] for step in range(60)]
    body = json.dumps({"fixes": fixes}).encode()
    assert put(inspector, f"/sync/tracks/{tablet.log_uid}/segments/0", body) == ONCE


def test_photo_and_finding_arrive_once_and_belong_to_grid_and_owner_of_the_day(bureau: Bureau):
    inspector, tablet = bureau.person("inspector"), bureau.kept.tablet
    photo = picture(size=(320, 240))
    item = tablet.write(
        "finding",
        finding_type="direct_discharge",
        severity="important",
        description="新查排口有黑水",
        lon=OUTLET[0],
        lat=OUTLET[1],
        place="pin",
        photos=[sha256(photo)],
        object_kind="outlet",
        object_id=bureau.kept.outlet_id,
    )
    first = inspector.put(f"/sync/records/{item[0]}", data=item[1], headers=digest(item[1]))
    assert (first.status_code, first.json["missing_photos"]) == (201, [sha256(photo)])
    assert put(inspector, f"/sync/photos/{sha256(photo)}", photo) == ONCE
    again = inspector.put(f"/sync/records/{item[0]}", data=item[1], headers=digest(item[1]))
    assert (again.status_code, again.json["missing_photos"]) == (200, [])
    finding = bureau.one(
        "SELECT id, uid, grid_id, owner_person_id, found_on, state FROM finding WHERE uid = :uid",
        uid=item[0],
    )
    [shown] = bureau.one(
        "SELECT array_agg(photo_sha256) FROM finding_photo WHERE finding_id = :id", id=finding.id
    )
    assert shown == [sha256(photo)]
    assert (finding.grid_id, finding.owner_person_id) == (
        bureau.kept.grid_id,
        bureau.kept.owner_id,
    )
    assert (finding.found_on, finding.state) == (bureau.kept.day, "reported")
    bureau.kept.finding, bureau.kept.page = finding, f"/findings/{finding.uid}"


def test_the_patrol_ends_and_is_accepted(bureau: Bureau):
    inspector, tablet = bureau.person("inspector"), bureau.kept.tablet
    end = tablet.write("patrol_end", weather="晴", shortfall_reason="涨水")
    assert put_record(inspector, end) == ONCE
    log = bureau.one(
        "SELECT distance_m, ended_at FROM patrol_log WHERE task_id = :id", id=bureau.kept.card["id"]
    )
    assert log.distance_m == pytest.approx(515, abs=5)  # 59 steps of 8.74 m at 38.3° N
    assert log.ended_at is not None
    [results] = bureau.one(
        "SELECT array_agg(result ORDER BY seq) FROM patrol_stop WHERE task_id = :id",
        id=bureau.kept.card["id"],
    )
    assert results[:2] == ["done", "unreachable"]
    assert set(results[2:]) <= {"pending"}
    deputy = bureau.person("deputy")
    address = f"/patrols/{bureau.kept.card['id']}"
    assert "涨水" in deputy.get(address).text
    assert deputy.post(f"{address}/accept", data={"reason": ""}).status_code == 302
    events = bureau.rows(
        "SELECT event FROM event WHERE subject_kind = 'task' AND subject_id = :id ORDER BY id",
        id=bureau.kept.card["id"],
    )
    assert [row[0] for row in events] == ["plan", "publish", "start", "finish", "accept"]


# The finding is followed until it is closed.


def step(bureau: Bureau, login: str, event: str, **fields: object):
    """Take a step through the finding's page as a person sees it now."""
    client = bureau.person(login)
    page = client.get(bureau.kept.page)
    assert page.status_code == 200, login
    shown = re.findall(r'name="(state|version)" value="(\w+)"', page.text)
    return client.post(f"{bureau.kept.page}/{event}", data=dict(shown) | fields)


def hidden(bureau: Bureau) -> dict[str, object]:
    row = bureau.one(
        "SELECT state, (SELECT max(e.id) FROM event e WHERE subject_kind = 'finding'"
        " AND subject_id = f.id) AS version FROM finding f WHERE id = :id",
        id=bureau.kept.finding.id,
    )
    return {"state": row.state, "version": row.version}


def test_the_chief_verifies_and_assigns_and_a_wrong_step_is_refused_in_words(bureau: Bureau):
    refused = step(bureau, "deputy", "close", **hidden(bureau))
    assert refused.status_code == 409
    assert "当前状态为“已上报”,不能进行“销号”" in refused.text
    assert step(bureau, "chief", "verify").status_code == 302
    [bureau.kept.handler] = bureau.one("SELECT person_id FROM account WHERE login = 'station'")
    fields = {"due_at": str(bureau.kept.day + timedelta(days=5))}
    assigned = step(bureau, "chief", "assign", handler_person_id=bureau.kept.handler, **fields)
    assert assigned.status_code == 302


def test_rectification_is_ordered_and_handed_in_only_with_a_photo(bureau: Bureau):
    bureau.now += timedelta(hours=2)
    order = step(bureau, "inspector", "order_rectification", document_no="限改〔2026〕14号")
    assert order.status_code == 302
    bureau.now += timedelta(days=1)
    bare = step(bureau, "station", "submit_rectification", reason="已封堵")
    assert bare.status_code == 422
    assert "不能进行“提交整改结果”:须附整改后照片" in bare.text
    after = picture(size=(400, 300))
    station = bureau.person("station")
    assert put(station, f"/sync/photos/{sha256(after)}", after) == ONCE
    handed_in = step(
        bureau, "station", "submit_rectification", reason="已封堵", photos=sha256(after)
    )
    assert handed_in.status_code == 302


def test_another_person_rechecks_and_the_deputy_closes(bureau: Bureau):
    bureau.now += timedelta(hours=3)
    own = step(bureau, "station", "recheck_pass", **hidden(bureau))
    assert own.status_code == 422
    assert "复查人不得是承办人" in own.text
    assert step(bureau, "inspector", "recheck_pass", reason="现场无排水").status_code == 302
    township = step(bureau, "chief", "close", **hidden(bureau))
    assert township.status_code == 422
    assert "须分管领导销号" in township.text
    assert step(bureau, "deputy", "close", reason="销号").status_code == 302
    assert "已销号" in bureau.person("chief").get(bureau.kept.page).text


def test_every_step_is_an_event_with_person_and_time(bureau: Bureau):
    events = bureau.rows(
        "SELECT e.event, a.login, e.at FROM event e LEFT JOIN account a"
        " ON a.person_id = e.actor_id WHERE subject_kind = 'finding' AND subject_id = :id"
        " ORDER BY e.id",
        id=bureau.kept.finding.id,
    )
    assert [(row.event, row.login) for row in events] == [
        ("report", "inspector"),
        ("verify", "chief"),
        ("assign", "chief"),
        ("order_rectification", "inspector"),
        ("submit_rectification", "station"),
        ("recheck_pass", "inspector"),
        ("close", "deputy"),
    ]
    times = [row.at for row in events]
    assert times == sorted(times)
    assert times[-1] == bureau.now
    audited = bureau.one(
        "SELECT count(*) FROM audit_entry WHERE subject_kind = 'finding' AND subject_id = :id",
        id=str(bureau.kept.finding.id),
    )
    assert audited[0] >= len(events)


# What the leader sees of it.


def test_the_leaders_figures_change_by_what_happened(bureau: Bureau):
    bureau.now = max(FRIDAY, bureau.now)
    before, after = bureau.kept.figures, figures_of(bureau)
    assert (before["本周新增问题"], after["本周新增问题"]) == ([0], [1])
    assert (before["问题销号率"][0], after["问题销号率"][0]) == (0, 1)
    assert (before["巡查完成率"][0], after["巡查完成率"][0]) == (0, 1)
    week = {"start": MONDAY.replace(hour=0), "now": bureau.now}
    counted = bureau.one(
        "SELECT (SELECT count(*) FROM complaint"
        "  WHERE received_at >= :start AND received_at < :now),"
        " (SELECT count(*) FROM patrol_task t JOIN patrol_plan p ON p.id = t.plan_id"
        "  WHERE p.state = 'published' AND t.state NOT IN ('exempted', 'cancelled')"
        "  AND starts_at >= :start AND starts_at < :now)",
        **week,
    )
    assert after["本周接报投诉"] == [counted[0]] == [3]
    assert after["巡查完成率"][1] == counted[1]


def test_the_top_list_and_the_clusters_count_complaints_truly(bureau: Bureau):
    director = bureau.person("director")
    page = director.get(f"/summary?week={WEEK}").text
    shown = re.findall(
        r'/complaints/(\d+)">.*?<strong>(\d+)</strong></td><td class="text-end">(\d+)</td>', page
    )
    since = MONDAY.replace(hour=0) - timedelta(days=21)
    window = {"since": since, "until": bureau.now}
    counted = bureau.rows(
        "SELECT matter_id, count(*) FILTER (WHERE received_at >= :since) AS recent, count(*)"
        " FROM complaint WHERE received_at < :until GROUP BY 1"
        " HAVING count(*) FILTER (WHERE received_at >= :since) > 1"
        " ORDER BY 2 DESC, max(received_at) DESC LIMIT 10",
        **window,
    )
    assert [tuple(map(int, row)) for row in shown] == [tuple(row) for row in counted]
    asked = {"bbox": COUNTY, "zoom": 8, "since": since.date(), "until": bureau.now.date()}
    answer = director.get("/api/layers/repeats/features", query_string=asked).json
    [number] = bureau.one(
        "SELECT count(*) FROM complaint c JOIN complaint_matter m ON m.id = c.matter_id"
        " WHERE m.geom IS NOT NULL AND received_at >= :since AND received_at < :until"
        " AND (SELECT count(*) FROM complaint o WHERE o.matter_id = m.id) > 1",
        **window,
    )
    assert answer["clustered"]
    assert answer["number"] == number > 0
    assert sum(each["properties"]["number"] for each in answer["features"]) == number
