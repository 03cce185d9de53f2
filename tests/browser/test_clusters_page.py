"""The map of repeat complaints in a real browser: weeks, circles and rows, the wall."""

import os
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from inspect_app.domain.access import Role
from inspect_app.models import Person
from tests.browser.conftest import DESK, TABLET, LiveServer, Watch, log_in
from tests.browser.tablet.test_access import AXE, JUDGE
from tests.conftest import NOW
from tests.county import furnish, make_county
from tests.factories import make_account, make_matter

pytestmark = pytest.mark.browser
EVIL = "${alert(1)}<img src=x onerror=alert(2)>"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def leader(live_server: LiveServer) -> str:
    """Give a director; seven complaints about one matter this month, four about one in January."""
    with live_server.writing() as session:
        county = make_county(session)
        furnish(session, county, text=EVIL)
        unit = county.units["west_north"]
        geom = "SRID=4490;POINT(120.25 30.75)"
        make_matter(session, at=NOW, complaints=7, title="今春异味", grid_id=unit.id, geom=geom)
        geom = "SRID=4490;POINT(120.75 30.75)"
        unit = county.units["east_north"]
        make_matter(
            session, at=NOW - 60 * DAY, complaints=4, title="冬天噪声", grid_id=unit.id, geom=geom
        )
        return make_account(session, Role.DIRECTOR).login


def open_clusters(page: Page, login: str, address: str = "/clusters") -> None:
    log_in(page, login)
    page.goto(address)
    page.wait_for_selector("body[data-drawn]")
    expect(page.locator("#rows li[data-id]").first).to_be_visible()


def circle_numbers(page: Page) -> list[int]:
    texts = page.locator(".map-cluster").all_inner_texts()
    return [int(re.match(r"\d+", text)[0]) for text in texts]


def test_circles_and_rows_are_one_and_a_circle_opens_its_complaints(
    page: Page, watch: Watch, leader: str
):
    open_clusters(page, leader)
    total = int(page.locator("#totals").get_attribute("data-complaints"))
    assert total == 13
    assert sum(circle_numbers(page)) == total
    rows = page.locator("#rows li[data-id]")
    keys = page.locator(".map-cluster").evaluate_all("faces => faces.map((f) => f.dataset.key)")
    ids = rows.evaluate_all("rows => rows.map((row) => row.dataset.id)")
    assert sorted(keys) == sorted(ids)
    page.locator(".map-cluster", has_text=re.compile("^7")).click()
    chosen = page.locator("#rows li.chosen")
    expect(chosen).to_contain_text("今春异味")
    expect(chosen.locator(".clusters-complaints li")).to_have_count(7)
    expect(chosen.locator(".clusters-complaints a")).to_have_attribute(
        "href", re.compile(r"/complaints/\d+")
    )
    other = rows.filter(has_text="onerror").first
    other.locator("button.clusters-row").click()
    expect(other.locator(".clusters-complaints li")).to_have_count(3)
    expect(page.locator(".map-cluster.chosen")).to_have_attribute(
        "data-key", other.get_attribute("data-id")
    )
    watch.assert_quiet()


def test_the_slider_turns_weeks_and_the_address_keeps_them(page: Page, watch: Watch, leader: str):
    open_clusters(page, leader)
    expect(page.locator("#rows")).not_to_contain_text("冬天噪声")
    slider = page.locator("#slider")
    slider.focus()
    for _ in range(8):
        slider.press("ArrowLeft")
    expect(page.locator("#weeks")).to_contain_text("2026-W05")
    expect(page.locator("#rows")).to_contain_text("冬天噪声")
    expect(page.locator("#rows")).not_to_contain_text("今春异味")
    assert "week=2026-W05" in page.url
    page.reload()
    expect(page.locator("#weeks")).to_contain_text("2026-W05")
    expect(page.locator("#rows")).to_contain_text("冬天噪声")
    assert circle_numbers(page) == [4]
    page.select_option("select[name=min]", "10")
    expect(page.locator("#rows")).to_contain_text("没有符合条件的投诉")
    expect(page.locator(".map-cluster")).to_have_count(0)
    expect(page.locator("[data-export=csv]")).to_have_attribute("href", re.compile("min=10"))
    watch.assert_quiet()


def test_near_repeats_are_told_and_hot_grids_are_shown_with_the_ids_of_the_list(
    page: Page, watch: Watch, leader: str
):
    open_clusters(page, leader)
    expect(page.locator("#repeats summary")).to_contain_text("2.4 倍(p=0.030)")
    expect(page.locator(".map-hot")).to_have_count(0)
    with page.expect_response(re.compile("/hot_grids/")) as tile:
        page.click("#hot-grids summary")
    assert tile.value.ok
    rows = page.locator("#hot-grids li")
    expect(rows).to_have_count(2)
    listed = sorted(row.get_attribute("data-id") for row in rows.all())
    marks = page.locator(".map-hot")
    assert sorted(mark.get_attribute("data-id") for mark in marks.all()) == listed
    rows.last.locator("button").click()
    expect(page.locator(".map-hot.chosen")).to_have_attribute(
        "data-id", rows.last.get_attribute("data-id")
    )
    page.click("#hot-grids summary")
    expect(marks).to_have_count(0)
    watch.assert_quiet()


def test_a_scan_is_started_and_stopped_by_hand(
    page: Page, watch: Watch, leader: str, live_server: LiveServer
):
    assert leader
    with live_server.writing() as session:
        account = make_account(session, Role.DEPUTY)
        login, name = account.login, session.get_one(Person, account.person_id).name
    open_clusters(page, login, "/clusters?week=2026-W13")
    page.click("#rings summary")
    status = page.locator("#run [role=status]")
    page.get_by_role("button", name="扫描该周").click()
    expect(status).to_contain_text("正在等待后台工作进程")
    expect(page.get_by_role("button", name="扫描该周")).to_be_hidden()
    page.get_by_role("button", name="停止扫描").click()
    page.wait_for_selector("body[data-drawn]")
    page.click("#rings summary")
    expect(status).to_contain_text(f"的扫描已停止({name},")
    expect(page.get_by_role("button", name="停止扫描")).to_be_hidden()
    watch.assert_quiet()


def test_the_wall_shows_numbers_without_controls_or_titles(page: Page, watch: Watch, leader: str):
    page.set_viewport_size({"width": 1920, "height": 1080})
    open_clusters(page, leader, "/clusters?screen=1")
    assert sum(circle_numbers(page)) == 13
    assert page.locator("button:visible, input:visible, select:visible, a:visible").count() == 0
    assert "今春异味" not in page.content()
    watch.assert_quiet()


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_neither_page_of_the_leader_has_a_serious_fault_of_access(
    page: Page, leader: str, viewport
):
    if not AXE.exists() and not os.environ.get("CI"):
        pytest.skip("axe-core is not installed: npm ci")
    page.set_viewport_size(viewport)
    open_clusters(page, leader)
    for address in ("/clusters", "/summary"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE.read_text())
        assert page.evaluate(JUDGE) == [], address
