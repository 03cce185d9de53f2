"""The fast form by keyboard alone: a routine call, a repeat that joins, a draft that survives."""

import time

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import box
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.models import Complaint, Reporter
from tests.browser.conftest import LiveServer, Watch, log_in
from tests.conftest import NOW, seal_of
from tests.factories import (
    make_account,
    make_grid,
    make_matter,
    make_owner,
    make_policies,
    make_source,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEY_MS = 60
"""Between two keys: 200 keystrokes a minute are those of an office clerk, these are slower."""
SECONDS = 45


class Keyboard:
    """Types like a person, and counts the keys."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key, delay=KEY_MS)
            self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=KEY_MS)
        self.keys += len(text)

    def at(self) -> str:
        return self.page.evaluate("document.activeElement.name || document.activeElement.id")

    def on_to(self, name: str) -> None:
        """Go on with the Tab key to a field."""
        for _ in range(8):
            if self.at() == name:
                return
            self.press("Tab")
        raise AssertionError(name)


@pytest.fixture(scope="module")
def clerk(live_server: LiveServer) -> str:
    with live_server.writing() as session:
        make_policies(session)
        county = make_grid(session, name="宁川县")
        town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31), name="通义镇")
        make_owner(session, town)
        make_source(session, 120.25, 30.75, name="清河纸业", grid_id=town.id)
        make_matter(
            session,
            at=NOW,
            complaints=3,
            grid_id=town.id,
            title="清河纸业夜间排放刺鼻气味",
            pollution_types=["air"],
            geom="SRID=4490;POINT(120.25 30.75)",
        )
        seal_of(session)
        return make_account(session, Role.CLERK).login


@pytest.fixture
def keyboard(page: Page, clerk: str) -> Keyboard:
    log_in(page, clerk)
    page.goto("/complaints/new")
    page.wait_for_selector("#intake[data-ready=yes]")
    page.wait_for_selector(".place-picker[data-ready=yes]")
    return Keyboard(page)


def test_a_routine_call_takes_under_45_seconds_without_the_mouse(
    page: Page, keyboard: Keyboard, live_server: LiveServer, watch: Watch
):
    begun = time.monotonic()
    keyboard.press("1")  # 12369, and on to the number of the other system
    keyboard.press("Tab")
    keyboard.type("qhzy")
    expect(page.locator(".place-picker .found button").first).to_have_text(
        "清河纸业 · 污染源 · 通义镇"
    )
    keyboard.press("Enter")
    keyboard.on_to("types")
    keyboard.press("1", "Tab", "a")
    keyboard.on_to("summary")
    keyboard.type("昨晚十点起有刺鼻气味,居民不敢开窗,已持续三天")
    keyboard.on_to("reporter_mode")
    keyboard.press("1")
    keyboard.type("金丝雀")
    keyboard.press("Tab")
    keyboard.type("13800009999")
    keyboard.press("Control+Enter")
    page.wait_for_url("**/complaints/registered/*")
    seconds = time.monotonic() - begun
    assert seconds < SECONDS, f"{keyboard.keys} keys, {seconds:.1f} s"
    assert keyboard.keys < 100
    expect(page.locator("h1 strong")).to_contain_text("TS2026")
    expect(page.locator("#next-call")).to_be_focused()
    assert_kept(live_server)
    keyboard.press("Enter")
    page.wait_for_url("**/complaints/new")
    expect(page.locator("[name=summary]")).to_have_value("")
    watch.assert_quiet()


def assert_kept(live_server: LiveServer) -> None:
    """Look at what the routine call left in the database."""
    with live_server.sessions() as session:
        saved = session.scalars(select(Complaint).order_by(Complaint.id.desc())).first()
        assert (saved.respondent_name, saved.incident_address) == ("清河纸业", "通义镇清河纸业")
        assert (saved.pollution_types, saved.pollution_subtypes) == (["air"], ["odour"])
        assert saved.first_contact_person_id is not None
        reporter = session.get_one(Reporter, saved.id)
        told = seal_of(session).open(reporter.sealed, complaint_id=saved.id)
        assert told[:2] == ("金丝雀", "13800009999")


def test_a_likely_same_matter_is_joined_by_its_number_and_taken_out_again(
    page: Page, keyboard: Keyboard, watch: Watch
):
    keyboard.press("1", "Tab")
    keyboard.type("清河")
    keyboard.press("Enter")
    keyboard.on_to("types")
    keyboard.press("1")
    keyboard.on_to("summary")
    keyboard.type("夜间有刺鼻气味")
    first = page.locator("#same li").first
    expect(first).to_contain_text("清河纸业夜间排放刺鼻气味")
    expect(first).to_contain_text("相距 0 米")
    expect(first).to_contain_text("类别相同")
    expect(page.locator("#handlers li").first).to_contain_text("通义镇")
    keyboard.press("F2", "1")
    expect(page.locator("#joined")).to_be_visible()
    keyboard.press("Control+Enter")
    page.wait_for_url("**/complaints/registered/*")
    expect(page.locator(".registered")).to_contain_text("次来件")
    page.fill(".undo-form [name=reason]", "不是同一件事")
    page.click(".undo-form button")
    expect(page.locator(".undo-form")).to_contain_text("撤销移出")
    page.click(".undo-form button")
    expect(page.locator(".registered")).to_contain_text("次来件")
    watch.assert_quiet()


def test_a_draft_survives_a_reload_without_the_reporter_and_a_refusal_keeps_everything(
    page: Page, keyboard: Keyboard
):
    keyboard.press("6")
    keyboard.on_to("summary")
    keyboard.type("河水发黑")
    keyboard.on_to("reporter_mode")
    keyboard.press("3")
    keyboard.type("金丝雀")
    keyboard.press("Tab")
    keyboard.type("13800009999")
    page.reload()
    page.wait_for_selector("#intake[data-ready=yes]")
    expect(page.locator("[name=summary]")).to_have_value("河水发黑")
    expect(page.locator("[name=channel]:checked")).to_have_value("visit")
    expect(page.locator("[name=reporter_name]")).to_have_value("")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "河水发黑" in kept
    assert "金丝雀" not in kept
    assert "13800009999" not in kept
    page.fill("[name=reporter_phone]", "13800009999")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".alert-danger")).to_contain_text("请选择地点")
    page.wait_for_selector("#intake[data-ready=yes]")
    expect(page.locator("[name=reporter_phone]")).to_have_value("13800009999")
    expect(page.locator("[name=summary]")).to_have_value("河水发黑")
    keyboard.press("Alt+n")
    page.locator("[name=types]").first.focus()
    keyboard.press("2")
    keyboard.press("Control+Enter")
    page.wait_for_url("**/complaints/registered/*")
    expect(page.locator(".registered")).to_contain_text("暂无位置")
