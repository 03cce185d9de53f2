"""A crew falls out: the deputy computes two offers for the running week and adopts one."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from geoalchemy2.shape import to_shape
from playwright.sync_api import Page, expect
from sqlalchemy import select

from inspect_app.models import PatrolPlan, PatrolStop, PatrolTask
from inspect_app.workflows.seed_county import PASSWORD
from tests.browser.conftest import DESK, TABLET, LiveServer, Watch, log_in
from tests.conftest import SeededCounty
from tests.demo_county import TODAY

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ABSENT = "城关镇巡查组"
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(scope="module")
def template(seeded: SeededCounty) -> str:
    """Give the demo county: its present week has a published plan."""
    return seeded.name


@pytest.fixture(scope="module")
def data_dir(seeded: SeededCounty, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded.copy_files(Path(tmp_path_factory.mktemp("replan")))


def stops_by_crew(live_server: LiveServer, day: date) -> dict[str, set[str]]:
    """Return the names of what each crew is to visit on a day."""
    with live_server.sessions() as session:
        plan = session.scalars(select(PatrolPlan).order_by(PatrolPlan.week.desc())).first()
        tasks = session.scalars(
            select(PatrolTask).where(PatrolTask.plan_id == plan.id, PatrolTask.day == day)
        )
        return {task.crew.name: {stop.name for stop in task.stops} for task in tasks}


def test_the_visits_of_an_absent_crew_find_others_and_the_change_is_listed(
    page: Page, watch: Watch, live_server: LiveServer
):
    log_in(page, "deputy", password=PASSWORD)
    page.goto("/plans/changes")
    expect(page.locator("nav a[aria-current=page]")).to_have_text("巡查计划")
    lost = stops_by_crew(live_server, TOMORROW)[ABSENT]
    assert lost
    ticked = page.locator(".happened input:checked")
    while ticked.count():
        ticked.first.uncheck()
    page.get_by_text("其他班组不能出勤").click()
    page.get_by_label(f"{ABSENT} {TOMORROW}").check()
    page.get_by_role("button", name="计算两个方案").click()
    offers = page.locator("#offers article")
    expect(offers).to_have_count(2)
    for offer in offers.all():
        expect(offer.get_by_text("核验通过")).to_be_visible()
    gentle = offers.first
    expect(gentle.locator(".offer-figures li").nth(1)).to_contain_text("0")
    named = gentle.locator("tr.asked td:first-child").all_inner_texts()
    # A crew that has not set out yet may no longer reach everything of its day.
    of_today = set().union(*stops_by_crew(live_server, TODAY).values())
    assert lost <= set(named) <= lost | of_today
    for size in (DESK, TABLET):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    gentle.get_by_label("调整理由").fill("车辆故障,明天不能出勤")
    gentle.get_by_role("button", name="采用此方案").click()
    expect(page.get_by_role("status")).to_contain_text("第1次")
    changes = page.locator("section", has_text="已采用的调整")
    expect(changes.get_by_text("车辆故障,明天不能出勤")).to_be_visible()
    for name in lost:
        expect(changes.get_by_text(f"{name} {ABSENT}").first).to_be_visible()
    assert not stops_by_crew(live_server, TOMORROW).get(ABSENT)
    watch.assert_quiet()


def test_a_place_picked_on_the_map_is_offered_as_an_urgent_matter(
    page: Page, watch: Watch, live_server: LiveServer
):
    log_in(page, "deputy", password=PASSWORD)
    page.goto("/plans/changes")
    ticked = page.locator(".happened input:checked")
    while ticked.count():
        ticked.first.uncheck()
    page.get_by_text("在地图上选一处").click()
    page.wait_for_selector(".place-picker[data-ready=yes]")
    with live_server.sessions() as session:
        stop = session.scalars(select(PatrolStop).order_by(PatrolStop.id)).first()
        place = to_shape(stop.geom).representative_point()
    page.fill("[name=lon]", f"{place.x:.6f}")
    page.fill("[name=lat]", f"{place.y:.6f}")
    page.fill("[name=summary]", "桥下水面有大量泡沫")
    page.select_option("[name=channel]", "assigned")
    page.select_option("[name=pollution_type]", "water")
    for size in (DESK, TABLET):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.get_by_role("button", name="计算两个方案").click()
    offers = page.locator("#offers article")
    expect(offers).to_have_count(2)
    expect(offers.first.locator(".arrival")).to_contain_text("桥下水面有大量泡沫")
    expect(offers.locator(".compare-map[data-ready=yes]")).to_have_count(2)
    watch.assert_quiet()


def test_a_folded_map_keeps_nothing_back(page: Page, watch: Watch):
    log_in(page, "deputy", password=PASSWORD)
    page.goto("/plans/changes")
    fold = page.get_by_text("在地图上选一处")
    fold.click()
    expect(page.locator("[name=summary]")).to_be_enabled()
    fold.click()
    expect(page.locator("[name=summary]")).to_be_disabled()
    page.get_by_label("降雨").check()
    page.get_by_role("button", name="计算两个方案").click()
    expect(page.locator("#offers article")).to_have_count(2)
    watch.assert_quiet()
