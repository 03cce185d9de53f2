"""Every screen of the tablet under axe, in sun and at night: no serious finding."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, TABLET
from tests.browser.tablet.conftest import begin, pause

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"
JUDGE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}"""


def assert_nothing_serious(page: Page, screen: str) -> None:
    """Let axe judge the screen as it stands, by day and by night."""
    for look in ("sun", "night"):
        page.evaluate(f"document.body.dataset.look = '{look}'")
        found = page.evaluate(JUDGE)
        assert found == [], f"{screen}, {look}: {found}"


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_no_screen_of_the_tablet_has_a_serious_fault_of_access(page: Page, viewport):
    if not AXE.exists() and not os.environ.get("CI"):
        pytest.skip("axe-core is not installed: npm ci")
    page.set_viewport_size(viewport)
    page.evaluate(AXE.read_text())
    assert_nothing_serious(page, "today")
    page.click("#open-box")
    assert_nothing_serious(page, "outbox")
    page.click("#back")
    page.click("#open-check")
    assert_nothing_serious(page, "self-check")
    page.click("#back")
    begin(page)
    assert_nothing_serious(page, "patrol")
    page.click("#do-finding")
    expect(page.locator("#finding-types .chip").first).to_be_visible()
    assert_nothing_serious(page, "finding")
    page.click("#finding-close")
    page.locator("#stops .check").first.click()
    expect(page.locator("#check-form")).to_be_visible()
    assert_nothing_serious(page, "check form")
    page.click("#check-close")
    page.click("#do-end")
    assert_nothing_serious(page, "end")
    page.locator("#end-form [data-close]").first.click()
    pause(page)
    assert_nothing_serious(page, "paused")
