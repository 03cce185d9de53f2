"""The desk side of tablets in the browser: a patrol is replayed, a code is shown and runs out."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.models import PatrolLog, TrackSegment
from tests.browser.conftest import LiveServer, Watch, log_in
from tests.conftest import NOW
from tests.factories import make_account, make_grid, make_policies
from tests.patrol_factories import START, make_crew, make_patrol

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def review(page: Page, live_server: LiveServer) -> Page:
    """Give the review of a patrol with a silence of 15 minutes and a photo that has not come."""
    with live_server.writing() as session:
        make_policies(session)
        grid = make_grid(session)
        inspector = make_account(session, Role.INSPECTOR, grid=grid)
        task = make_patrol(session, make_crew(session, inspector), inspector, grid=grid)
        log = session.scalars(select(PatrolLog).where(PatrolLog.task_id == task.id)).one()
        first = session.get_one(TrackSegment, (log.uid, 0)).fixes
        # Fifteen minutes of silence, then on along the second half of the canal.
        later = [[at + 1_200_000, lon + 0.01, lat, accuracy] for at, lon, lat, accuracy in first]
        session.add(
            TrackSegment(log_uid=log.uid, number=1, fixes=later, sha256="0" * 64, received_at=NOW)
        )
        at = (START + timedelta(minutes=22)).isoformat()
        photo = {"sha256": "a" * 64, "stop_id": task.stops[1].id, "at": at, "record": None}
        log.form = {"photos": [photo | {"lon": 120.515, "lat": 30.5}]}
        chief, address = make_account(session, Role.CHIEF, grid=grid).login, f"/patrols/{task.id}"
    log_in(page, chief)
    page.goto(address)
    page.wait_for_selector("#review-map[data-ready=yes]")
    return page


def test_a_replay_shows_the_gap_the_stops_and_the_photos_as_they_came(review: Page, watch: Watch):
    page, clock = review, review.locator("#replay output")
    # At rest everything is shown: the way ends at 08:55, all stops are lit, the photo is there.
    expect(clock).to_have_text("08:55:00")
    expect(page.locator(".stop-mark.unlit")).to_have_count(0)
    expect(page.locator(".photo-mark.not-yet")).to_have_count(0)
    expect(page.locator(".wall .not-arrived")).to_have_text("照片未到")
    # Home: nothing has been come to but where the crew began.
    page.locator("#replay input").focus()
    page.keyboard.press("Home")
    expect(clock).to_have_text("08:30:00")
    expect(page.locator(".stop-mark.unlit")).to_have_count(2)
    expect(page.locator(".photo-mark.not-yet")).to_have_count(1)
    expect(page.locator(".here-mark")).to_have_count(1)
    # In the silence there is no place, and the silence is named.
    for _ in range(10):
        page.keyboard.press("Shift+ArrowRight")
    expect(clock).to_have_text("08:40:00")
    expect(page.locator(".replay-note")).to_have_text("轨迹中断 08:35:00–08:50:00")
    expect(page.locator(".here-mark")).to_have_count(0)
    # The photo comes with its time; the slider goes where it is drawn.
    page.locator("#replay input").fill(str(23 * 60))
    expect(clock).to_have_text("08:53:00")
    expect(page.locator(".photo-mark.not-yet")).to_have_count(0)
    expect(page.locator(".here-mark")).to_have_count(1)
    # A photo's link shows its place on the map.
    page.locator(".wall [data-lon]").click()
    expect(page.locator("#review-map")).to_be_in_viewport()
    watch.assert_quiet()


def test_a_replay_plays_to_its_end_and_what_is_asked_goes_into_the_return(
    review: Page, watch: Watch
):
    page, bar, clock = review, review.locator("#replay"), review.locator("#replay output")
    page.locator("#replay input").focus()
    # From the beginning at 300 × the twenty-five minutes take about three seconds.
    page.keyboard.press("Home")
    page.locator("#replay select").select_option("300")
    bar.get_by_role("button").click()
    expect(bar.get_by_role("button")).to_have_text("暂停")
    expect(clock).to_have_text("08:55:00", timeout=15_000)
    expect(bar.get_by_role("button")).to_have_text("播放")
    expect(page.locator(".stop-mark.unlit")).to_have_count(0)
    # What is asked to be explained goes into the reason of the return.
    ask = page.locator("[data-ask]").first
    if ask.count():
        ask.click()
        expect(page.locator("#step-return input[name=reason]")).to_have_value(re.compile("请说明"))
    watch.assert_quiet()


def test_a_code_is_shown_with_its_picture_and_counts_down(
    page: Page, live_server: LiveServer, watch: Watch
):
    with live_server.writing() as session:
        make_policies(session)
        administrator = make_account(session, Role.ADMINISTRATOR).login
    log_in(page, administrator)
    page.clock.install()
    page.goto("/administration/devices")
    page.fill(".invite [name=name]", "设备 07")
    page.click(".invite button")
    expect(page.locator(".invitation .code")).to_have_text(re.compile(r"^\w{5}-\w{5}$"))
    picture = page.locator(".invitation .qr svg").bounding_box()
    assert picture is not None
    assert picture["width"] > 200
    page.clock.run_for(61_000)
    expect(page.locator(".invitation output")).to_have_text(re.compile("^8:5"))
    page.clock.run_for(10 * 60_000)
    expect(page.locator(".invitation .left")).to_have_text("登记码已失效，请重新生成")
    expect(page.locator(".invitation .code")).to_be_hidden()
    watch.assert_quiet()
