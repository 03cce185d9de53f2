"""The link past the bar shows over the page: nothing moves under the pointer."""

import pytest
from playwright.sync_api import Page, expect

from inspect_app.domain.access import Role
from tests.browser.conftest import DESK, TABLET, LiveServer, Watch, log_in
from tests.factories import make_account

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def clerk(live_server: LiveServer) -> str:
    with live_server.writing() as session:
        return make_account(session, Role.CLERK).login


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_a_click_after_tab_lands_where_it_was_aimed(page: Page, clerk: str, watch: Watch, viewport):
    page.set_viewport_size(viewport)
    log_in(page, clerk)
    page.goto("/complaints")
    target = page.locator('.tabs a[href*="tab=all"]')
    before = target.bounding_box()
    page.keyboard.press("Tab")
    link = page.get_by_text("跳到正文")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    assert target.bounding_box() == before
    page.mouse.click(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    page.wait_for_url("**tab=all")
    watch.assert_quiet()


def test_the_link_leads_past_the_bar(page: Page, clerk: str):
    log_in(page, clerk)
    page.goto("/complaints")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
