"""The inspector's day on the tablet: package, self-check, lock, pocket, urgent stops, the way."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from gis.crs import STORAGE_CRS
from gis.datum import from_storage_points, parse_reference
from inspect_app.domain.access import Role
from inspect_app.models import (
    Account,
    Device,
    FindingPhoto,
    PatrolStop,
    PatrolTask,
    PlanChange,
    Policy,
    SyncRecord,
)
from inspect_app.workflows.enrol_device import make_code
from tests.browser.conftest import DESK, TABLET, LiveServer, log_in, until
from tests.conftest import NOW
from tests.factories import (
    PASSWORD,
    actor_with,
    add,
    make_account,
    make_finding,
    make_grid,
    make_owner,
    make_policies,
    serial,
)
from tests.patrol_factories import CANAL, DAY, make_crew, make_task, picture, sha256

pytestmark = pytest.mark.browser
PLACE = {"longitude": CANAL[0][0] + 0.001, "latitude": CANAL[0][1], "accuracy": 8}
THURSDAY = DAY + timedelta(days=2)


@dataclass
class Field:
    """A tablet with its page, the tasks of Tuesday and Thursday, and who carries it."""

    page: Page
    account: Account
    tuesday: int
    thursday: int


@pytest.fixture
def tablet(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Field]]:
    """Give a maker of tablets in the field; each is another inspector's."""
    contexts: list[BrowserContext] = []

    def make(*, place: dict | None = PLACE, address: str = "/patrol", **values) -> Field:
        with live_server.writing() as session:
            make_policies(session)
            grid = make_grid(session)
            make_owner(session, grid)
            account = make_account(session, Role.INSPECTOR, grid=grid)
            crew = make_crew(session, account)
            tasks = [
                make_task(
                    session,
                    crew,
                    grid=grid,
                    day=DAY + timedelta(days=days),
                    starts_at=NOW + timedelta(days=days, hours=-1),
                    ends_at=NOW + timedelta(days=days, hours=8),
                ).id
                for days in (0, 2)
            ]
        known = {"geolocation": place, "permissions": ["geolocation"]} if place else {}
        context = browser.new_context(
            base_url=live_server.url, viewport=TABLET, locale="zh-CN", **known, **values
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        log_in(page, account)
        page.goto(address)
        return Field(page, account, *tasks)

    yield make
    for context in contexts:
        context.close()


def wait_for_shell(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def read(page: Page, expression: str):
    """Return what an expression over the tablet's database comes to."""
    return page.evaluate(
        "async () => { const { db, entries } = await import('/static/patrol/store.js');"
        f" return {expression}; }}"
    )


def start(page: Page) -> None:
    page.locator(".card-task button.main").first.click()
    expect(page.locator("#do-end")).to_be_visible()


def test_thursday_starts_cold_and_offline_from_the_package_of_tuesday(tablet):
    field = tablet()
    page = field.page
    expect(page.locator(".card-task")).to_have_count(1)
    expect(page.locator(f".card-task[data-task='{field.tuesday}']")).to_be_visible()
    expect(page.locator("#days .chip-button")).to_have_count(7)
    wait_for_shell(page)
    context = page.context
    context.set_offline(True)
    page.close()

    page = context.new_page()
    page.clock.set_system_time(datetime.now().astimezone() + timedelta(days=2))
    page.goto("/patrol")
    expect(page.locator(f".card-task[data-task='{field.thursday}']")).to_be_visible()
    expect(page.locator("#day")).to_have_text(f"{THURSDAY}")
    expect(page.locator("#age")).to_have_class("quiet bad")  # 48 hours old, a policy says 24
    shown = page.evaluate("performance.now()")
    assert shown < 8000, f"cold start took {shown:.0f} ms"
    start(page)
    assert read(page, "(await entries()).map((entry) => entry.kind)")[0] == "patrol_start"

    page.click("#back")
    page.locator("#days .chip-button").nth(1).click()
    expect(page.locator(f".card-task[data-task='{field.tuesday}']")).to_be_visible()


def test_monday_begins_offline_with_the_week_that_was_loaded_on_the_evening_before(
    tablet, live_server: LiveServer
):
    monday = DAY + timedelta(days=6)
    field = tablet()
    page = field.page
    expect(page.locator(".card-task")).to_have_count(1)
    expect(page.locator("#early")).to_be_hidden()  # Monday is further off than 36 hours
    with live_server.writing() as session:
        early = session.scalars(select(Policy).where(Policy.key == "package_early_h")).one()
        early.value = {"value": 200}
        task = session.get_one(PatrolTask, field.tuesday)
        coming = make_task(
            session,
            task.crew,
            grid=make_grid(session),
            day=monday,
            starts_at=NOW + timedelta(days=6, hours=-1),
            ends_at=NOW + timedelta(days=6, hours=8),
        ).id
    page.click("#refresh")
    expect(page.locator("#early-note")).to_contain_text("下周计划已下达:1 项任务")
    page.click("#early-go")
    expect(page.locator("#early-note")).to_have_text("下周任务包已在本机,周一零时起自动启用")
    expect(page.locator(f".card-task[data-task='{field.tuesday}']")).to_be_visible()
    wait_for_shell(page)
    context = page.context
    context.set_offline(True)
    page.close()

    page = context.new_page()
    page.clock.set_system_time(datetime.now().astimezone() + timedelta(days=6))
    page.goto("/patrol")
    expect(page.locator(f".card-task[data-task='{coming}']")).to_be_visible()
    expect(page.locator("#day")).to_have_text(f"{monday}")
    start(page)
    with live_server.writing() as session:
        session.get_one(Policy, early.id).value = {"value": 36}


def test_the_size_is_told_before_the_package_is_loaded_again(tablet, live_server: LiveServer):
    page = tablet().page
    expect(page.locator(".card-task")).to_have_count(1)
    page.wait_for_load_state("networkidle")  # the page's own first look is over
    page.click("#package-ask")
    expect(page.locator("#package-note")).to_have_text("任务包已是最新")
    expect(page.locator("#package-go")).to_be_hidden()
    with live_server.writing() as session:
        for stop in session.scalars(select(PatrolStop)):
            stop.name = f"改名 {stop.name}"[:40]
    page.click("#package-ask")
    expect(page.locator("#package-note")).to_contain_text("本周任务包")
    page.click("#package-go")
    expect(page.locator("#package-note")).to_have_text("任务包已下载,可以离线使用")
    names = read(page, "(await db.get('read', 'package')).tasks[0].stops.map((s) => s.name)")
    assert all(name.startswith("改名") for name in names)


def test_the_self_check_names_the_remedy_of_what_is_red_and_tells_the_office(
    tablet, live_server: LiveServer
):
    with live_server.writing() as session:
        make_policies(session)
        administrator = actor_with(session, Role.ADMINISTRATOR)
        code = make_code(session, "设备 07", actor=administrator, now=NOW).code
    field = tablet(place=None, address=f"/patrol#enrol={code}")
    page = field.page
    expect(page.locator("#enrol-state")).to_have_text("本机已登记:设备 07")
    page.click("#check-again")
    red = page.locator("[data-check=position]")
    expect(red).to_have_attribute("data-level", "red", timeout=30_000)
    expect(red.locator(".remedy")).to_contain_text("在系统设置里打开定位")
    expect(page.locator("[data-check=https]")).to_have_attribute("data-level", "green")
    expect(page.locator("#check-sent")).to_have_text("结果已报给办公室", timeout=30_000)
    expect(page.locator("#checks .check").first).to_have_attribute("data-level", "red")
    with live_server.writing() as session:
        device = session.scalars(select(Device).where(Device.name == "设备 07")).one()
        told = {item["key"]: item["level"] for item in device.check["items"]}
    assert told["position"] == "red"
    assert told["enrolled"] == "green"
    assert len(told) == 12

    # The code worked once; a second tablet is told so and goes on without.
    other = tablet(address=f"/patrol#enrol={code}").page
    expect(other.locator("#enrol-fault")).not_to_be_empty()
    expect(other.locator("#enrol-state")).to_contain_text("未登记")
    other.click("#back")
    expect(other.locator(".card-task")).to_have_count(1)


def set_pin(page: Page, pin: str) -> None:
    page.click("#open-check")
    page.fill("#pin-new", pin)
    page.locator("#pin-form button.main").click()
    expect(page.locator("#pin-said")).to_have_text("PIN 已保存")


def try_pin(page: Page, pin: str) -> None:
    page.fill("#lock-pin", pin)
    page.click("#lock-open")
    expect(page.locator("#lock-pin")).to_have_value("")


def test_the_pin_is_asked_offline_and_five_wrong_ones_cost_time(tablet):
    page = tablet().page
    expect(page.locator(".card-task")).to_have_count(1)
    wait_for_shell(page)
    set_pin(page, "2468")
    page.context.set_offline(True)
    page.click("#pin-lock")
    expect(page.locator("#lock")).to_be_visible()
    try_pin(page, "2468")
    expect(page.locator("#lock")).to_be_hidden()

    # Away for longer than the policy's ten minutes: the page opens locked.
    page.evaluate("localStorage.setItem('patrol-seen-at', String(Date.now() - 11 * 60000))")
    page.add_init_script("localStorage.setItem('patrol-seen-at', String(Date.now() - 11 * 60000))")
    page.reload()
    expect(page.locator("#lock")).to_be_visible()
    for tries in range(1, 5):
        try_pin(page, "1111")
        expect(page.locator("#lock-fault")).to_have_text(f"PIN 不对(第 {tries} 次)")
    try_pin(page, "1111")
    expect(page.locator("#lock-fault")).to_contain_text("请等")
    expect(page.locator("#lock-open")).to_be_disabled()
    page.reload()  # the wait outlives a reload
    expect(page.locator("#lock-open")).to_be_disabled()
    kept = read(page, "(await db.get('meta', 'pin'))")
    assert kept["wrong"] == 5
    assert "2468" not in json.dumps(kept, default=str)


def test_a_forgotten_pin_is_taken_off_by_logging_in_and_nothing_is_lost(tablet):
    field = tablet()
    page = field.page
    start(page)
    page.click("#back")
    set_pin(page, "135790")
    page.click("#pin-lock")
    page.click("#lock-forgot")
    page.fill("#lock-login", field.account.login)
    page.fill("#lock-password", "wrong")
    page.click("#lock-relogin")
    expect(page.locator("#lock-fault")).to_have_text("用户名或密码不对")
    page.fill("#lock-password", PASSWORD)
    page.click("#lock-relogin")
    expect(page.locator("#lock")).to_be_hidden()
    assert read(page, "(await db.get('meta', 'pin'))") is None
    assert read(page, "(await entries()).length") >= 1


def test_pocket_mode_opens_by_sliding_or_by_two_taps_and_tells_the_gaps(tablet):
    page = tablet().page
    start(page)
    page.click("#do-pocket")
    expect(page.locator("#pocket-time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(page.locator("#pocket-gps")).to_contain_text("±8 m")
    expect(page.locator("#pocket-waiting")).to_contain_text("待传")
    small = """() => [...document.querySelectorAll('#pocket input, #pocket button:not([hidden])')]
        .filter((e) => e.offsetHeight < 64).map((e) => e.id)"""
    assert page.evaluate(small) == []
    page.keyboard.press("Escape")
    expect(page.locator("#pocket")).to_be_visible()
    page.click("#pocket-tap")
    page.click("#pocket-sure")
    expect(page.locator("#pocket")).to_be_hidden()
    page.click("#do-pocket")
    slide = page.locator("#pocket-slide").bounding_box()
    middle = slide["y"] + slide["height"] / 2
    page.mouse.move(slide["x"] + 50, middle)
    page.mouse.down()
    page.mouse.move(slide["x"] + slide["width"] / 2, middle, steps=4)
    page.mouse.up()
    expect(page.locator("#pocket")).to_be_visible()  # half the way is not enough
    expect(page.locator("#pocket-slide")).to_have_value("0")
    page.mouse.move(slide["x"] + 50, middle)
    page.mouse.down()
    page.mouse.move(slide["x"] + slide["width"] - 4, middle, steps=6)
    page.mouse.up()
    expect(page.locator("#pocket")).to_be_hidden()


def test_gaps_are_silences_that_no_pause_explains(tablet):
    page = tablet().page
    expect(page.locator(".card-task")).to_have_count(1)
    found = page.evaluate(
        """async () => {
        const m = await import('/static/patrol/measure.js');
        const at = (minutes, lon = 120.5) => [minutes * 60000, lon, 30.5, 8];
        const fixes = [at(0), at(1, 120.501), at(7, 120.502), at(8, 120.503), at(20), at(21)];
        return { gaps: m.gapsOf(fixes, 120, [[9 * 60000, 19 * 60000]]),
            pieces: m.piecesOf(fixes, 120).map((piece) => piece.length),
            metres: m.metresOf(m.piecesOf(fixes, 120)),
            stay: m.stayAt(fixes, {type: 'Point', coordinates: [120.5, 30.5]}, 50),
            away: m.stayAt(fixes.slice(0, 4), {type: 'Point', coordinates: [120.5, 30.5]}, 50),
            share: m.coveredShare(
                [{type: 'LineString', coordinates: [[120.5, 30.5], [120.51, 30.5]]}],
                Array.from({length: 51}, (_, i) => [i, 120.5 + i * 0.0001, 30.5, 5]), 30) };
        }"""
    )
    assert found["gaps"] == [{"from": 60_000, "to": 420_000}]
    assert found["pieces"] == [2, 2, 2]
    # Two steps of a thousandth of a degree at 30.5° N, and one on the spot.
    assert found["metres"] == pytest.approx(2 * 95.8, rel=0.01)
    assert found["stay"] == 60
    assert found["away"] is None
    assert found["share"] == pytest.approx(0.53, abs=0.03)


def insert_urgent_stop(live_server: LiveServer, task_id: int) -> int:
    """Add a stop that a change of the plan promised to reach in two hours; return its id."""
    with live_server.writing() as session:
        task = session.get_one(PatrolTask, task_id)
        stop = PatrolStop(
            task_id=task.id,
            seq=4,
            object_kind="matter",
            object_id=next(serial),
            name="三里桥异味投诉",
            arrive_at=NOW + timedelta(hours=1),
            leave_at=NOW + timedelta(hours=2),
            geom="SRID=4490;POINT(120.515 30.5)",
        )
        add(session, stop)
        arrival = {
            "key": f"matter:{stop.object_id}",
            "promise": (NOW + timedelta(hours=2)).isoformat(),
        }
        add(
            session,
            PlanChange(
                plan_id=task.plan_id,
                way="insert_only",
                request={},
                orders={},
                moves={},
                figures={"arrivals": [arrival]},
                standing="0" * 64,
                offered_at=NOW,
                revision=1,
                adopted_at=NOW,
                reason="群众投诉",
            ),
        )
        return stop.id


def test_an_urgent_stop_that_arrives_is_announced_and_comes_first(tablet, live_server: LiveServer):
    field = tablet()
    page = field.page
    start(page)
    shaken = "() => { window.shaken = 0; navigator.vibrate = () => { window.shaken += 1; }; }"
    page.evaluate(shaken)
    stop_id = insert_urgent_stop(live_server, field.tuesday)
    page.click("#back")
    page.click("#refresh")
    expect(page.locator("#urgent-text")).to_contain_text("新增紧急点:三里桥异味投诉,11:00 前到场")
    expect(page.locator("#urgent-text")).to_contain_text("还剩 2 小时 0 分")
    assert page.evaluate("window.shaken") == 1
    expect(page.locator(".urgent-line")).to_contain_text("三里桥异味投诉")
    page.click("#urgent-go")
    expect(page.locator("#urgent")).to_be_hidden()
    first = page.locator("#stops .stop").first
    expect(first).to_have_attribute("data-stop", str(stop_id))
    expect(first).to_have_class("stop pending chosen urgent")
    page.reload()  # who has taken note is not told again
    expect(page.locator("#stops .stop").first).to_have_attribute("data-stop", str(stop_id))
    page.wait_for_timeout(500)
    expect(page.locator("#urgent")).to_be_hidden()


def test_a_stop_ticked_from_afar_carries_its_reason(tablet, live_server: LiveServer):
    field = tablet()
    page = field.page
    start(page)
    outlet = page.locator("#stops .stop").nth(2)  # 1.8 km away
    outlet.get_by_role("button", name="已查").click()
    expect(page.locator("#reason-note")).to_contain_text("您距该点 1.8 km,超出到点半径 50 m")
    page.click("#reason-save")  # without a reason nothing is written
    expect(page.locator("#reason-form")).to_be_visible()
    page.click("#reason-close")
    expect(page.locator("#stops .stop.done")).to_have_count(0)
    outlet.get_by_role("button", name="已查").click()
    page.locator("#reason-choices button").nth(1).click()
    expect(page.locator("#stops .stop.done")).to_have_count(1)

    near = page.locator("#stops .stop").first  # the tablet stands on it: no question
    near.get_by_role("button", name="已查").click()
    expect(page.locator("#stops .stop.done")).to_have_count(2)
    page.click("#do-pause")
    page.locator("#reason-choices button").first.click()
    expect(page.locator("#do-resume")).to_be_visible()
    expect(page.locator("#open-box")).to_have_text("待传 0", timeout=30_000)
    with live_server.writing() as session:
        stops = session.get_one(PatrolTask, field.tuesday).stops
        assert [stop.result_reason for stop in stops] == [None, None, "道路不通,在远处查看"]
        bodies = [
            json.loads(body)
            for body in session.scalars(
                select(SyncRecord.body).where(SyncRecord.author_id == field.account.person_id)
            )
        ]
    (far,) = [body for body in bodies if body.get("far_m")]
    assert far["far_m"] == pytest.approx(1820, abs=15)
    (rest,) = [body for body in bodies if body["kind"] == "patrol_pause"]
    assert rest["reason"] == "午休"


def places(count: int) -> np.ndarray:
    """Return places all over the country, at its edges and abroad."""
    rng = np.random.default_rng(7)
    inside = np.column_stack([rng.uniform(73, 135, count), rng.uniform(4, 53, count)])
    edges = [[105.0, 35.0], [72.004, 30.0], [72.003, 30.0], [139.7, 35.7], [-0.1, 51.5]]
    return np.vstack([inside, edges])


def test_the_hand_off_gives_each_app_the_datum_it_reads(tablet):
    page = tablet().page
    expect(page.locator(".card-task")).to_have_count(1)
    stored = places(300)
    points = gpd.GeoSeries(gpd.points_from_xy(*stored.T), crs=STORAGE_CRS)
    expected = from_storage_points(points, parse_reference("GCJ-02"))
    found = page.evaluate(
        "async (all) => { const { gcj02 } = await import('/static/patrol/datum.js');"
        " return all.map(gcj02); }",
        stored.tolist(),
    )
    off_m = np.hypot(
        (np.array(found)[:, 0] - expected.x) * 111_320,
        (np.array(found)[:, 1] - expected.y) * 111_320,
    )
    assert off_m.max() < 0.001
    assert (np.array(found)[-3:] == stored[-3:]).all()  # abroad nothing is shifted

    links = page.evaluate(
        "async () => { const { links } = await import('/static/patrol/navigate.js');"
        " return [false, true].map((apple) => links([120.52, 30.5], '三里桥 排口', { apple })); }"
    )
    shifted = from_storage_points(
        gpd.GeoSeries(gpd.points_from_xy([120.52], [30.5]), crs=STORAGE_CRS),
        parse_reference("GCJ-02"),
    )
    lon, lat = f"{shifted.x[0]:.6f}", f"{shifted.y[0]:.6f}"
    amap, baidu, other = (link["href"] for link in links[0])
    assert amap.startswith(
        f"intent://route/plan/?sourceApplication=grid-patrol&dlat={lat}&dlon={lon}"
    )
    assert "dev=0&t=0#Intent;scheme=amapuri;" in amap
    assert baidu.startswith(f"bdapp://map/direction?destination=latlng%3A{lat}%2C{lon}%7Cname%3A")
    assert "coord_type=gcj02" in baidu
    assert other.startswith("geo:30.500000,120.520000?q=30.500000,120.520000(")
    assert links[1][0]["href"].startswith(
        f"iosamap://path?sourceApplication=grid-patrol&dlat={lat}"
    )
    assert links[1][1]["href"].startswith("baidumap://")


def test_the_way_is_offered_at_a_stop_unless_the_county_forbids_it(tablet, live_server: LiveServer):
    page = tablet().page
    start(page)
    page.locator("#stops .stop .name").nth(2).click()
    expect(page.locator("#thing-links a")).to_have_count(3)
    expect(page.locator("#thing-title")).to_have_text("3 三里桥排口")
    page.click("#thing-close")
    with live_server.writing() as session:
        row = session.scalars(select(Policy).where(Policy.key == "navigation_hand_off")).one()
        row.value = {"value": 0}
    page.click("#back")
    page.click("#refresh")
    expect(page.locator("#refresh")).to_be_enabled()
    page.locator(".card-task button.main").click()
    page.locator("#stops .stop .name").nth(2).click()
    expect(page.locator("#thing-title")).to_be_visible()
    expect(page.locator("#thing-links a")).to_have_count(0)
    with live_server.writing() as session:
        session.scalars(select(Policy).where(Policy.key == "navigation_hand_off")).one().value = {
            "value": 1
        }


def send_photo(page: Page) -> str:
    """Send a photo as the tablet's person; return its hash."""
    body = picture(size=(320, 240))
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    answer = page.request.put(
        f"/sync/photos/{sha256(body)}", data=body, headers={"X-CSRFToken": token}
    )
    assert answer.status in (200, 201), answer.text()
    return sha256(body)


def test_what_was_found_before_is_shown_with_its_picture_without_a_network(
    tablet, live_server: LiveServer
):
    field = tablet()
    page = field.page
    expect(page.locator(".card-task")).to_have_count(1)
    photo = send_photo(page)
    with live_server.writing() as session:
        outlet = session.get_one(PatrolTask, field.tuesday).stops[2]
        before = NOW - timedelta(days=9)
        found = make_finding(
            session,
            at=before,
            grid_id=outlet.grid_id,
            object_kind="outlet",
            object_id=outlet.object_id,
            description="排口有黑水<b>流出</b>",
        )
        add(session, FindingPhoto(finding_id=found.id, photo_sha256=photo))
    page.click("#refresh")
    expect(page.locator("#refresh")).to_be_enabled()
    # A promise is true at once to who waits for a function, so the answer is asked for anew.
    until(page, lambda: page.evaluate(HAS_THUMB))
    wait_for_shell(page)
    page.context.set_offline(True)
    page.reload()
    page.locator(".card-task button.main").click()
    page.locator("#stops .stop .name").nth(2).click()
    expect(page.locator("#thing-findings")).to_contain_text("排口有黑水<b>流出</b>")
    expect(page.locator("#thing-findings img")).to_have_count(1)
    expect(page.locator("#thing-contact")).to_contain_text("人员")


def test_after_a_silence_a_new_piece_of_the_track_begins(tablet, live_server: LiveServer):
    with live_server.writing() as session:
        make_policies(session)
        row = session.scalars(select(Policy).where(Policy.key == "track_gap_s")).one()
        kept, row.value = row.value, {"value": 2}
    page = tablet().page
    start(page)
    for step, wait_ms in ((1, 500), (2, 3500), (3, 300)):
        lon = PLACE["longitude"] + step * 0.001
        page.wait_for_timeout(wait_ms)
        page.context.set_geolocation(PLACE | {"longitude": lon})
        page.wait_for_timeout(1200)
    pieces = read(page, "(await db.getAll('track')).map((piece) => piece.fixes)")
    assert len(pieces) >= 2
    inside = [b[0] - a[0] for fixes in pieces for a, b in pairwise(fixes)]
    assert max(inside, default=0) <= 2000
    with live_server.writing() as session:
        session.scalars(select(Policy).where(Policy.key == "track_gap_s")).one().value = kept


HAS_THUMB = """async () => {
  const { db } = await import('/static/patrol/store.js');
  return (await db.getAllKeys('read')).some((key) => key.startsWith('thumb/'));
}"""
SMALL = """() => [...document.querySelectorAll('main button, main a, main input, main textarea,'
    + ' main summary, dialog[open] button, dialog[open] a, .statebar button')]
    .filter((e) => e.offsetParent && !['file', 'hidden', 'radio'].includes(e.type)
        && (e.offsetHeight < 48 || e.offsetWidth < 48)).map((e) => e.outerHTML.slice(0, 90))"""
CONTRAST = """() => { const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (e) => { for (let at = e; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour.length === 3 || colour[3] > 0) return colour; } return [255, 255, 255]; };
    return [...document.querySelectorAll('main *')].filter((e) => e.offsetParent && !e.disabled
        && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())).map((e) => {
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 80)];
    }).filter(([ratio]) => ratio < 7); }"""


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_every_screen_of_the_day_is_large_and_clear_in_sun_and_at_night(tablet, viewport):
    page = tablet().page
    page.set_viewport_size(viewport)
    expect(page.locator(".card-task")).to_have_count(1)

    def look(screen: str) -> None:
        assert page.evaluate(SMALL) == [], screen
        assert page.evaluate("document.body.dataset.look") == "sun"
        assert page.evaluate(CONTRAST) == [], f"{screen} in the sun"
        page.evaluate("document.body.dataset.look = 'night'")
        page.wait_for_timeout(300)  # colours fade
        assert page.evaluate(CONTRAST) == [], f"{screen} at night"
        page.evaluate("document.body.dataset.look = 'sun'")
        page.wait_for_timeout(300)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, f"{screen} is wider than the screen"

    look("today")
    page.click("#open-check")
    expect(page.locator("#check-verdict")).to_contain_text("项正常", timeout=30_000)
    page.click("summary")
    look("self-check")
    page.click("#back")
    start(page)
    look("patrol")
    page.locator("#stops .stop .name").nth(2).click()
    look("stop")
    page.click("#thing-close")
    page.click("#do-pause")
    look("pause")


def test_the_look_is_switched_by_hand_and_kept(tablet):
    page = tablet().page
    expect(page.locator("body")).to_have_attribute("data-look", "sun")
    page.click("#look")
    expect(page.locator("body")).to_have_attribute("data-look", "night")
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-look", "night")
    page.click("#look")
    expect(page.locator("body")).to_have_attribute("data-look", "sun")
