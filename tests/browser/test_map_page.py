"""The map page in a real browser: draws, links, keeps its address, runs no text of people."""

import re

import pytest
from playwright.sync_api import Page, expect

from inspect_app.domain.access import Role
from layers.registry import all_layers
from tests.browser.conftest import LiveServer, Watch, log_in
from tests.county import WEST, furnish, make_county
from tests.factories import make_account

pytestmark = pytest.mark.browser
EVIL = "${alert(1)}<img src=x onerror=alert(2)></script><script>alert(3)</script>`"


@pytest.fixture(scope="module")
def chief(live_server: LiveServer) -> str:
    """A chief of the whole county, whose places all carry hostile names."""
    with live_server.writing() as session:
        county = make_county(session)
        furnish(session, county, text=EVIL)
        account = make_account(session, Role.CHIEF)
    return account.login


def open_map(page: Page, login: str, address: str = "/map") -> None:
    log_in(page, login)
    page.goto("about:blank")  # or a new fragment would not load the page anew
    page.goto(address)
    page.wait_for_selector("html[data-map=drawn]")


def test_the_map_draws_from_its_own_house_only(page: Page, watch: Watch, chief: str):
    open_map(page, chief)
    expect(page.locator(".layer-row")).to_have_count(len(all_layers()))
    expect(page.locator(".map-name", has_text="河西镇").first).to_be_visible()
    assert page.locator("canvas").count() > 5
    watch.assert_quiet()


def test_hostile_names_stay_text_in_pop_up_list_and_labels(page: Page, watch: Watch, chief: str):
    lon, lat = WEST
    on = "grids,waterways,roads,sources,outlets,matters,findings,water_sources,stations"
    open_map(page, chief, f"/map#at=14/{lat - 0.06}/{lon}&on={on}")
    box = page.locator(".folium-map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".popup h2")).to_contain_text("onerror=alert(2)>")
    page.click("#list-toggle")
    expect(page.locator("#list-body tr").first).to_be_visible()
    page.select_option("#list-layer", "sources")
    expect(page.locator("#list-body")).to_contain_text("${alert(1)}")
    watch.assert_quiet()


def test_the_list_opens_the_map_and_the_map_marks_the_list(page: Page, watch: Watch, chief: str):
    open_map(page, chief, "/map#on=grids,findings")
    page.click("#list-toggle")
    page.select_option("#list-layer", "findings")
    expect(page.locator("#list-body tr")).to_have_count(2)
    page.locator("#list-body tr").first.click()
    expect(page.locator(".popup")).to_be_visible()
    expect(page.locator("#list-body tr[aria-selected=true]")).to_have_count(1)
    watch.assert_quiet()


def test_the_address_keeps_view_layers_and_hidden_classes(page: Page, watch: Watch, chief: str):
    open_map(page, chief)
    page.locator(".layer-row", has_text="污染源").locator("input").check()
    page.locator(".layer-legend:visible button", has_text="登记管理").click()
    page.locator(".leaflet-control-zoom-in").click()
    expect(page).to_have_url(re.compile(r"hide=sources%3Aregistered"))
    page.wait_for_timeout(600)
    kept = page.url
    page.goto("about:blank")
    page.goto(kept)
    page.wait_for_selector("html[data-map=drawn]")
    assert page.url == kept
    expect(page.locator(".layer-row", has_text="污染源").locator("input")).to_be_checked()
    hidden = page.locator(".layer-legend button", has_text="登记管理")
    expect(hidden).to_have_attribute("aria-pressed", "false")
    watch.assert_quiet()


def test_a_cluster_shows_complaints_and_not_pins(page: Page, watch: Watch, chief: str):
    open_map(page, chief, "/map#at=7/30.5/120.5&on=matters")
    expect(page.locator(".map-cluster")).to_have_text("6")
    row = page.locator(".layer-row", has_text="投诉事项")
    expect(row).to_contain_text("6 件投诉")
    watch.assert_quiet()
