"""Matters in a real browser: the work list by keyboard, the promise counting down, a step, axe."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import box
from sqlalchemy import func, select

from inspect_app.domain.access import Role
from inspect_app.models import ComplaintMatter, Event
from tests.browser.conftest import DESK, TABLET, LiveServer, Watch, log_in
from tests.browser.tablet.test_access import AXE, JUDGE
from tests.conftest import NOW, seal_of
from tests.factories import (
    make_account,
    make_grid,
    make_matter,
    make_owner,
    make_policies,
    make_reporter,
)

pytestmark = pytest.mark.browser

KEYS_MAX = 80
"""More presses of Tab than any page here has stops."""


@dataclass(frozen=True)
class Desk:
    """A deputy and the matters on their desk."""

    login: str
    open_ids: tuple[int, int]
    archived: tuple[int, str]
    promised_id: int


@pytest.fixture(scope="module")
def desk(live_server: LiveServer) -> Desk:
    with live_server.writing() as session:
        make_policies(session)
        seal_of(session)
        county = make_grid(session, name="宁川县")
        town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31), name="通义镇")
        make_owner(session, town)
        at, place = NOW - timedelta(days=1), "SRID=4490;POINT(120.25 30.75)"
        first, second, archived = (
            make_matter(session, at=at, grid_id=town.id, geom=place, title=title, **values)
            for title, values in (
                ("清河纸业夜间排放刺鼻气味", {"complaints": 2, "is_key_item": True}),
                ("工地夜间施工噪声", {"pollution_types": ["noise"], "severity": "important"}),
                ("养殖场污水入渠", {"state": "archived"}),
            )
        )
        promised = make_matter(
            session,
            at=NOW - timedelta(seconds=10),
            grid_id=town.id,
            title="河面大量死鱼",
            severity="urgent",
            is_on_site_promised=True,
        )
        make_reporter(session, first.complaints[0], name="金丝雀", phone="13800009999")
        account = make_account(session, Role.DEPUTY)
        numbered = (archived.id, archived.matter_no)
        return Desk(account.login, (first.id, second.id), numbered, promised.id)


class Keyboard:
    """Goes through a page by keys alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def on_to(self, selector: str, *, key: str = "Tab") -> None:
        """Press the key until what the selector names has the focus."""
        for _ in range(KEYS_MAX):
            if self.page.evaluate("(s) => document.activeElement.matches(s)", selector):
                assert self.page.evaluate(SHOWS_FOCUS), f"{selector} does not show its focus"
                return
            self.press(key)
        raise AssertionError(selector)


SHOWS_FOCUS = """() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
}"""


def test_the_work_list_is_worked_through_by_keyboard_alone(
    page: Page, desk: Desk, live_server: LiveServer, watch: Watch
):
    log_in(page, desk.login)
    page.goto("/complaints")
    keyboard = Keyboard(page)
    keyboard.on_to('.tabs a[href*="tab=all"]')
    keyboard.press("Enter")
    page.wait_for_url("**tab=all")
    for matter_id in sorted_as_shown(page, {desk.open_ids[0], desk.archived[0]}):
        keyboard.on_to(f'input[name=chosen][value^="{matter_id} "]')
        keyboard.press("Space")
    expect(page.locator("#chosen-count")).to_have_text("2")
    keyboard.on_to("select[name=event]", key="Shift+Tab")
    keyboard.press("End")
    expect(page.locator("select[name=event]")).not_to_have_value("urge")
    keyboard.press("Home")
    expect(page.locator("select[name=event]")).to_have_value("urge")
    keyboard.on_to("[name=reason]")
    page.keyboard.type("请尽快到场")
    keyboard.on_to(".bulk-fields button")
    keyboard.press("Enter")
    outcome = page.get_by_role("status")
    expect(outcome).to_contain_text("催办:已办理 1 件,未办理 1 件")
    expect(outcome.locator(".refused li")).to_have_count(1)
    expect(outcome.locator(".refused li")).to_contain_text(desk.archived[1])
    assert urged(live_server) == [(desk.open_ids[0], "请尽快到场")]
    watch.assert_quiet()


def sorted_as_shown(page: Page, wanted: set[int]) -> list[int]:
    values = page.locator("input[name=chosen]").evaluate_all("all => all.map((one) => one.value)")
    shown = [int(value.split(" ")[0]) for value in values]
    return [matter_id for matter_id in shown if matter_id in wanted]


def urged(live_server: LiveServer) -> list[tuple[int, str]]:
    with live_server.sessions() as session:
        rows = session.execute(
            select(Event.subject_id, Event.reason).where(Event.event == "urge").order_by(Event.id)
        )
        return [(row[0], row[1]) for row in rows]


def test_all_rows_are_ticked_at_once_with_space(page: Page, desk: Desk):
    log_in(page, desk.login)
    page.goto("/complaints?tab=all")
    rows = page.locator("input[name=chosen]").count()
    keyboard = Keyboard(page)
    keyboard.on_to("#choose-all")
    keyboard.press("Space")
    expect(page.locator("#chosen-count")).to_have_text(str(rows))
    keyboard.press("Space")
    expect(page.locator("#chosen-count")).to_have_text("0")


def test_the_promised_arrival_counts_down_and_then_up(page: Page, desk: Desk, watch: Watch):
    page.clock.install(time=NOW)
    log_in(page, desk.login)
    page.goto(f"/complaints/{desk.promised_id}")
    promise = page.locator("[data-countdown]")
    expect(promise).to_contain_text("剩余 01:59:")
    page.clock.fast_forward("01:00:00")
    expect(promise).to_contain_text("剩余 00:59:")
    expect(page.locator(".promise-late")).to_have_count(0)
    page.clock.fast_forward("01:00:00")
    expect(promise).to_contain_text("已超 00:00:")
    expect(page.locator(".promise-late")).to_have_count(1)
    watch.assert_quiet()


def test_a_step_is_opened_filled_in_and_taken(
    page: Page, desk: Desk, live_server: LiveServer, watch: Watch
):
    log_in(page, desk.login)
    page.goto(f"/complaints/{desk.open_ids[1]}")
    form = page.locator("form[action$='/accept']")
    expect(form).to_be_hidden()
    Keyboard(page).on_to("details:has(form[action$='/accept']) > summary")
    page.keyboard.press("Enter")
    expect(form).to_be_visible()
    form.locator("[name=legal_route]").select_option("petition")
    form.locator("[name=means]").select_option("phone")
    form.locator("[name=told]").fill("已电话告知受理")
    form.locator("button").click()
    expect(page.get_by_role("status")).to_contain_text("已办理“受理”")
    expect(page.locator(".timeline").first).to_contain_text("已电话告知受理")
    with live_server.sessions() as session:
        matter = session.get_one(ComplaintMatter, desk.open_ids[1])
        assert (matter.state, matter.legal_route) == ("accepted", "petition")
    watch.assert_quiet()


def test_a_refused_step_keeps_its_form_open(page: Page, desk: Desk, live_server: LiveServer):
    log_in(page, desk.login)
    page.goto(f"/complaints/{desk.open_ids[0]}")
    before = events_of(live_server, desk.open_ids[0])
    form = page.locator("form[action$='/refuse']")
    page.locator("details:has(form[action$='/refuse']) > summary").click()
    form.locator("[name=reason]").fill("不属于本局职责")
    form.evaluate("form => { form.noValidate = true; }")
    form.locator("button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(form.locator("[name=reason]")).to_have_value("不属于本局职责")
    expect(form).to_be_visible()
    assert events_of(live_server, desk.open_ids[0]) == before


def events_of(live_server: LiveServer, matter_id: int) -> int:
    with live_server.sessions() as session:
        return session.scalar(
            select(func.count()).where(
                Event.subject_kind == "matter", Event.subject_id == matter_id
            )
        )


PAGES: tuple[Callable[[Desk], str], ...] = (
    lambda _desk: "/complaints?tab=all",
    lambda desk: f"/complaints/{desk.open_ids[0]}",
    lambda desk: f"/complaints/{desk.promised_id}",
    lambda desk: f"/complaints/{desk.open_ids[0]}/calls",
    lambda _desk: "/complaints/new",
    lambda _desk: "/administration/routing",
)


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_no_page_of_matters_has_a_serious_fault_of_access_or_runs_off_the_side(
    page: Page, desk: Desk, viewport
):
    if not AXE.exists() and not os.environ.get("CI"):
        pytest.skip("axe-core is not installed: npm ci")
    page.set_viewport_size(viewport)
    log_in(page, desk.login)
    faults = []
    for address in PAGES:
        path = address(desk)
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true;")
        page.evaluate(AXE.read_text())
        faults += [(path, fault) for fault in page.evaluate(JUDGE)]
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            faults.append((path, f"{over} px off the side"))
    assert not faults, "\n".join(f"{path}: {fault}" for path, fault in faults)
