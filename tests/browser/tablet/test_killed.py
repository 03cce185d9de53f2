"""Killed: the browser or the server dies in the middle, what was shown as 已保存 is there."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from inspect_app.models import Event, PatrolTask
from tests.browser.conftest import log_in
from tests.browser.tablet.conftest import (
    Office,
    Person,
    Tablet,
    assert_each_once,
    begin,
    come_back,
    hand_in,
    outbox,
    photo,
    tick,
    wait_until_held,
)
from tests.browser.tablet.line import Line

pytestmark = pytest.mark.browser


def test_a_browser_killed_right_after_saved_has_it_on_its_disk(
    page: Page, tablet: Tablet, office: Office, person: Person
):
    page.context.set_offline(True)
    begin(page)
    tick(page)
    page.set_input_files("#site-photo", photo())
    expect(page.locator("#saved")).to_be_visible()
    written = outbox(page)
    tablet.kill()

    page = come_back(tablet, person)
    expect(page.locator("#do-end")).to_be_visible()
    expect(page.locator("#stops .stop.done")).to_have_count(1)
    found = wait_until_held(page)
    assert {entry["id"] for entry in written} <= {entry["id"] for entry in found}
    assert_each_once(office, found, task_id=person.task_id)


def test_a_browser_killed_in_the_middle_of_writing_keeps_all_that_was_shown(
    page: Page, tablet: Tablet, person: Person
):
    page.context.set_offline(True)
    begin(page)
    shown = page.evaluate(
        """async () => {
          const { keep } = await import('/static/patrol/store.js');
          window.shown = [];
          (async () => {
            for (let n = 0; ; n += 1) {
              const step = { kind: 'patrol_pause', task_id: 1, log_uid: 'x', n };
              const entry = await keep(step, { author: 1 });
              window.shown.push(entry.id);
            }
          })();
          await new Promise((done) => setTimeout(done, 400));
          return window.shown;
        }"""
    )
    tablet.kill()
    assert len(shown) > 20

    page = tablet.start()
    page.goto("/patrol")
    if "/login" in page.url:
        log_in(page, person.account)
        page.goto("/patrol")
    found = outbox(page)
    assert set(shown) <= {entry["id"] for entry in found}
    numbers = [entry["seq"] for entry in found]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_browser_killed_while_sending_sends_the_rest_later_and_nothing_twice(
    page: Page, tablet: Tablet, office: Office, person: Person, line: Line
):
    page.context.set_offline(True)
    begin(page)
    tick(page)
    hand_in(page)
    line.turn("slow", "/sync/records/", delay_s=1.0)
    page.context.set_offline(False)
    expect(page.locator("#line")).to_have_text("在线")
    page.wait_for_timeout(1500)  # the first record is being answered, the others wait
    tablet.kill()
    line.turn("good")
    page = come_back(tablet, person)
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)
    assert [entry["kind"] for entry in found if entry["kind"] != "segment"] == [
        "patrol_start",
        "stop_result",
        "patrol_end",
    ]


def test_a_server_that_goes_away_and_comes_back_gets_everything_once(
    page: Page, office: Office, person: Person
):
    begin(page)
    office.close()
    try:
        tick(page)
        hand_in(page)
        page.wait_for_timeout(1500)
        assert any(entry["state"] != "received" for entry in outbox(page))
    finally:
        office.open()
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)
    steps = office.ask(
        select(Event.event).where(Event.subject_kind == "task", Event.subject_id == person.task_id)
    )
    assert steps == ["start", "finish"]
    assert office.ask(select(PatrolTask.state).where(PatrolTask.id == person.task_id)) == [
        "submitted"
    ]
