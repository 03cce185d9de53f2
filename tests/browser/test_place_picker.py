"""Choosing a point at a desk: by name, by a click, by typing."""

import pytest
from playwright.sync_api import Page, expect

from inspect_app.domain.access import Role
from tests.browser.conftest import LiveServer, Watch, log_in
from tests.factories import make_account, make_grid, make_outlet, make_policies

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def inspector(live_server: LiveServer) -> str:
    with live_server.writing() as session:
        make_policies(session)
        grid = make_grid(session)
        make_outlet(session, 120.25, 30.75, name="北闸排口", grid_id=grid.id)
        return make_account(session, Role.INSPECTOR).login


def test_a_point_is_found_by_name_and_moved_by_a_click(page: Page, inspector: str, watch: Watch):
    log_in(page, inspector)
    page.goto("/findings/new")
    page.wait_for_selector(".place-picker[data-ready=yes]")
    page.fill(".place-picker input[type=search]", "北闸")
    page.click(".place-picker .found button")
    expect(page.locator("[name=lon]")).to_have_value("120.250000")
    expect(page.locator("[name=lat]")).to_have_value("30.750000")
    sight = page.locator(".picker-map")
    sight.click(position={"x": 100, "y": 60})
    assert float(page.input_value("[name=lon]")) < 120.25
    assert float(page.input_value("[name=lat]")) > 30.75
    page.fill(".place-picker input[type=search]", "没有这个地方")
    expect(page.locator(".place-picker .found")).to_have_text("没有找到")
    watch.assert_quiet()
