"""A patrol on a tablet without a network: nothing is lost, everything arrives once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.models import (
    Event,
    Finding,
    PatrolLog,
    PatrolTask,
    Photo,
    SyncRecord,
    TrackSegment,
)
from tests.browser.conftest import DESK, TABLET, LiveServer, log_in
from tests.factories import make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import CANAL, make_crew, make_task, picture

pytestmark = pytest.mark.browser
PLACE = {"longitude": CANAL[0][0] + 0.001, "latitude": CANAL[0][1], "accuracy": 8}
PHOTO = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(320, 240))}


@pytest.fixture
def tablet(browser: Browser, live_server: LiveServer) -> Iterator[tuple[Page, int]]:
    """Give a tablet in the field, logged in as the inspector of a task, and the task's id."""
    with live_server.writing() as session:
        if session.scalar(select(PatrolTask.id)) is None:
            make_policies(session)
        grid = make_grid(session)
        make_owner(session, grid)
        account = make_account(session, Role.INSPECTOR, grid=grid)
        task = make_task(session, make_crew(session, account), grid=grid)
    context = browser.new_context(
        base_url=live_server.url,
        viewport=TABLET,
        locale="zh-CN",
        geolocation=PLACE,
        permissions=["geolocation"],
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    log_in(page, account)
    page.goto("/patrol")
    yield page, task.id
    context.close()


def wait_for_shell(page: Page) -> None:
    """Wait until the service worker holds the shell and controls the page."""
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def state_in_outbox(page: Page) -> list[str]:
    return page.evaluate(
        "async () => { const { entries } = await import('/static/patrol/store.js');"
        " return (await entries()).map((entry) => `${entry.kind} ${entry.state}`); }"
    )


def raise_finding(page: Page) -> None:
    page.click("#do-finding")
    expect(page.locator("#finding-types .chip").first).to_be_visible()  # the form has its draft
    page.set_input_files("#finding-photo", PHOTO)
    expect(page.locator("#finding-shots img")).to_have_count(1)
    page.locator("#finding-types .chip").first.click()
    page.fill("#finding-text", "排口有黑水<b>流出</b>")
    page.click("#finding-save")
    expect(page.locator("#finding-form")).to_be_hidden()


def skip_second_stop(page: Page) -> None:
    page.locator("#stops .stop").nth(1).get_by_role("button", name="跳过").click()
    page.locator("#skip-reasons button").first.click()
    page.click("#skip-save")
    expect(page.locator("#stops .stop.skipped")).to_have_count(1)


def end_patrol(page: Page, *, shortfall: str) -> None:
    page.click("#do-end")
    expect(page.locator("#end-warning")).to_be_visible()
    page.fill("#end-shortfall", shortfall)
    page.click("#end-save")
    expect(page.locator("#actions")).to_contain_text("已提交")


def wait_until_all_is_sent(page: Page, count: int) -> None:
    expect(page.locator("#open-box")).to_have_text("待传 0", timeout=30_000)
    page.click("#open-box")
    expect(page.locator("#entries .entry.verified")).to_have_count(count)
    page.click("#compare")
    expect(page.locator("#verdict")).to_contain_text("全部收到")


def test_a_patrol_done_offline_survives_a_reload_and_arrives_once(
    tablet: tuple[Page, int], live_server: LiveServer
):
    page, task_id = tablet
    expect(page.locator(".card-task")).to_have_count(1)
    wait_for_shell(page)
    page.context.set_offline(True)
    expect(page.locator("#line")).to_have_text("离线")
    page.locator(".card-task button.main").click()
    expect(page.locator("#saved")).to_be_visible()
    page.click("#proposal button")  # the tablet stands at the first stop
    expect(page.locator("#stops .stop.done")).to_have_count(1)
    page.set_input_files("#site-photo", PHOTO)
    raise_finding(page)
    skip_second_stop(page)

    page.reload()  # without a network: the shell comes from the tablet
    expect(page.locator("#stops .stop.done")).to_have_count(1)
    expect(page.locator("#stops .stop.skipped")).to_have_count(1)
    expect(page.locator("#map .pin")).to_have_count(3)
    page.click("#do-pause")
    page.locator("#reason-choices button").first.click()
    page.click("#do-resume")
    end_patrol(page, shortfall="涨水")
    written = state_in_outbox(page)
    assert all(entry.endswith("waiting") for entry in written)
    with live_server.writing() as session:
        assert session.scalars(select(SyncRecord.uid)).all() == []

    page.context.set_offline(False)
    wait_until_all_is_sent(page, len(written))
    assert_server_has_it_once(live_server, task_id, records=len(written))


def assert_server_has_it_once(live_server: LiveServer, task_id: int, *, records: int) -> None:
    with live_server.writing() as session:
        task = session.get_one(PatrolTask, task_id)
        assert task.state == "submitted"
        assert [stop.result for stop in task.stops] == ["done", "skipped", "pending"]
        log = session.scalars(select(PatrolLog).where(PatrolLog.task_id == task_id)).one()
        assert log.form["shortfall_reason"] == "涨水"
        assert len(log.form["photos"]) == 1
        finding = session.scalars(select(Finding)).one()
        assert finding.description == "排口有黑水<b>流出</b>"
        assert finding.owner_person_id is not None
        segments = session.scalars(select(TrackSegment.number)).all()
        kept = session.scalars(select(SyncRecord.uid)).all()
        assert len(kept) + len(segments) == records
        assert len(session.scalars(select(Photo.sha256)).all()) == 1


def test_a_killed_form_comes_back_with_its_words_and_photo(tablet: tuple[Page, int]):
    page, _ = tablet
    page.locator(".card-task button.main").click()
    page.click("#do-finding")
    expect(page.locator("#finding-types .chip").first).to_be_visible()  # the form has its draft
    page.set_input_files("#finding-photo", PHOTO)
    expect(page.locator("#finding-shots img")).to_have_count(1)
    page.fill("#finding-text", "写到一半")
    page.wait_for_timeout(300)
    page.reload()
    page.click("#do-finding")
    expect(page.locator("#finding-text")).to_have_value("写到一半")
    expect(page.locator("#finding-shots img")).to_have_count(1)


def test_lost_replies_make_nothing_twice(tablet: tuple[Page, int], live_server: LiveServer):
    page, task_id = tablet
    lost = []

    def lose(route):
        """Let two records reach the server, but not their answers the tablet."""
        if len(lost) < 2:
            lost.append(route.request.url)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.context.route("**/sync/records/*", lose)
    page.locator(".card-task button.main").click()
    page.click("#proposal button")
    end_patrol(page, shortfall="时间不足")
    expect(page.locator("#open-box")).to_have_text("待传 0", timeout=30_000)
    assert len(lost) == 2
    with live_server.writing() as session:
        task = session.get_one(PatrolTask, task_id)
        assert task.state == "submitted"
        log = session.scalars(select(PatrolLog).where(PatrolLog.task_id == task_id)).one()
        steps = session.scalars(
            select(Event.event).where(Event.subject_kind == "task", Event.subject_id == log.task_id)
        ).all()
        assert steps == ["start", "finish"]


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_every_target_is_large_enough_for_a_glove(tablet: tuple[Page, int], viewport):
    page, _ = tablet
    page.set_viewport_size(viewport)
    small = """() => [...document.querySelectorAll(
        'main button, main a, main textarea, main .chip, .statebar button, .leaflet-marker-icon')]
        .filter((e) => e.offsetParent && !e.classList.contains('me')
            && (e.offsetHeight < 48 || e.offsetWidth < 48)).map((e) => e.outerHTML.slice(0, 90))"""
    assert page.evaluate(small) == []
    page.locator(".card-task button.main").click()
    expect(page.locator("#stops .stop")).to_have_count(3)
    assert page.evaluate(small) == []
    page.click("#do-finding")
    assert page.evaluate(small) == []
    page.click("#finding-close")
    page.click("#do-end")
    assert page.evaluate(small) == []
