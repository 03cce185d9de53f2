"""The map of the demo county paints quickly; the measured times are printed."""

import sys

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Watch, log_in
from tests.conftest import SeededCounty

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAINT_MAX_MS = 2000
"""The first paint of the page of a whole county, the goal of the map's design."""
DRAWN_MAX_MS = 8000
"""All layers, clusters and names drawn: generous, since test machines are shared."""


@pytest.fixture(scope="module")
def template(seeded: SeededCounty) -> str:
    return seeded.name


def test_the_map_of_the_demo_county_paints_within_two_seconds(
    page: Page, watch: Watch, capsys: pytest.CaptureFixture[str]
):
    log_in(page, "director", password="demo")
    page.goto("about:blank")
    page.goto("/map")
    page.wait_for_selector("html[data-map=drawn]")
    paint, drawn = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime,"
        " performance.getEntriesByName('map-drawn')[0].startTime]"
    )
    with capsys.disabled():
        sys.stdout.write(f"\nmap of the demo county: paint {paint:.0f} ms, drawn {drawn:.0f} ms\n")
    assert page.locator(".map-cluster").count() > 5
    assert paint < PAINT_MAX_MS
    assert drawn < DRAWN_MAX_MS
    watch.assert_quiet()
