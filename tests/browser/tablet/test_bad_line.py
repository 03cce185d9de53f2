"""A bad line: hot spots that answer for the server, storms of errors, lost replies, slow ways."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from inspect_app.models import Finding, Photo, SyncRecord
from tests.browser.conftest import until
from tests.browser.tablet.conftest import (
    HELD,
    Office,
    Person,
    assert_each_once,
    begin,
    hand_in,
    outbox,
    pause,
    photo,
    send_now,
    tick,
    wait_until,
    wait_until_held,
)
from tests.browser.tablet.line import Line

pytestmark = pytest.mark.browser


def states(page: Page) -> set[str]:
    return {entry["state"] for entry in outbox(page)}


def test_a_hot_spot_that_answers_200_to_everything_is_not_taken_for_the_server(
    page: Page, office: Office, person: Person, line: Line
):
    line.turn("portal", "/sync/")
    begin(page)
    tick(page)
    page.set_input_files("#site-photo", photo())
    expect(page.locator("#open-box")).to_have_text("待传 3")
    send_now(page)
    page.wait_for_timeout(1000)
    assert line.happened["portal"] > 0
    assert not states(page) & set(HELD)
    expect(page.locator("#stops .stop.done")).to_have_count(1)
    line.turn("good")
    assert_each_once(office, wait_until_held(page), task_id=person.task_id)


def test_a_hot_spot_neither_replaces_the_week_nor_breaks_the_page(page: Page, line: Line):
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    line.turn("portal", "/sync/", "/photos/")
    page.reload()
    expect(page.locator(".card-task")).to_have_count(1)
    page.click("#refresh")
    page.wait_for_timeout(1000)
    assert line.happened["portal"] > 1
    expect(page.locator(".card-task")).to_have_count(1)
    begin(page)
    assert faults == []


def test_a_storm_of_502_loses_nothing_and_ends_in_one_copy(
    page: Page, office: Office, person: Person, line: Line
):
    line.turn("storm", "/sync/", times=6)
    begin(page)
    tick(page)
    hand_in(page)
    for _ in range(8):
        send_now(page)
        page.wait_for_timeout(200)
    assert line.happened["storm"] == 6
    assert_each_once(office, wait_until_held(page), task_id=person.task_id)


def test_a_busy_server_is_given_the_time_it_asks_for(page: Page, line: Line):
    line.turn("busy", "/sync/records/", times=1)
    begin(page)
    until(page, lambda: line.happened["busy"] == 1)
    expect(page.locator("#open-box")).to_have_text("待传 0", timeout=20_000)


def test_a_busy_server_is_asked_again_also_where_a_timer_is_a_moment_early(page: Page, line: Line):
    page.evaluate(
        "const now = performance.now.bind(performance); performance.now = () => 0.9 * now();"
    )
    line.turn("busy", "/sync/records/", times=1)
    begin(page)
    until(page, lambda: line.happened["busy"] == 1)
    expect(page.locator("#open-box")).to_have_text("待传 0", timeout=20_000)


def test_lost_replies_to_records_make_nothing_twice(
    page: Page, office: Office, person: Person, line: Line
):
    line.turn("reply_lost", "/sync/records/", times=3)
    begin(page)
    tick(page)
    hand_in(page)
    for _ in range(5):
        send_now(page)
        page.wait_for_timeout(200)
    assert line.happened["reply_lost"] == 3
    assert_each_once(office, wait_until_held(page), task_id=person.task_id)


def test_a_photo_whose_replies_are_lost_arrives_whole_and_once(
    page: Page, office: Office, person: Person, line: Line
):
    line.turn("reply_lost", "/sync/blobs/", "/sync/photos/", times=2)
    begin(page)
    page.set_input_files("#site-photo", photo())
    for _ in range(5):
        send_now(page)
        page.wait_for_timeout(300)
    found = wait_until_held(page)
    assert line.happened["reply_lost"] == 2
    assert_each_once(office, found, task_id=person.task_id)
    assert (
        len(office.ask(select(Photo.sha256).where(Photo.received_from == person.account.person_id)))
        == 1
    )


def test_a_photo_cut_off_half_way_is_sent_again(
    page: Page, office: Office, person: Person, line: Line
):
    line.turn("cut", "/sync/blobs/", "/sync/photos/", times=2)
    begin(page)
    taken = photo()
    page.set_input_files("#site-photo", taken)
    for _ in range(5):
        send_now(page)
        page.wait_for_timeout(300)
    found = wait_until_held(page)
    assert line.happened["cut"] == 2
    assert_each_once(office, found, task_id=person.task_id)
    sizes = office.ask(select(Photo.size).where(Photo.received_from == person.account.person_id))
    assert sizes == [len(taken["buffer"])]


def test_a_slow_line_keeps_the_page_quick_and_sends_each_item_once(
    page: Page, office: Office, person: Person, line: Line
):
    line.turn("slow", "/sync/", delay_s=0.8)
    begin(page)
    before = page.evaluate("performance.now()")
    tick(page)
    assert page.evaluate("performance.now()") - before < 1500  # writing never waits for the line
    hand_in(page)
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)
    puts = [path for method, path in line.asked if method == "PUT" and "/sync/records/" in path]
    own = [path for path in puts if path.rsplit("/", 1)[1] in {entry["id"] for entry in found}]
    assert len(own) == len(set(own))


def test_going_on_and_off_line_ten_times_in_a_patrol_changes_nothing_in_the_end(
    page: Page, office: Office, person: Person
):
    begin(page)
    for turn in range(10):
        page.context.set_offline(turn % 2 == 0)
        if turn % 2 == 0:
            pause(page)
        else:
            page.click("#do-resume")
            expect(page.locator("#do-pause")).to_be_visible()
    hand_in(page)
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)


def test_a_record_the_server_will_not_take_does_not_hold_up_the_others(
    page: Page, office: Office, person: Person
):
    page.context.set_offline(True)
    begin(page)
    page.evaluate(
        """async (task) => {
          const { keep } = await import('/static/patrol/store.js');
          const { person_id } = await (await import('/static/patrol/store.js')).readPackage();
          await keep({ kind: 'stop_result', task_id: task, log_uid: crypto.randomUUID(),
            stop_id: 987654321, result: 'done' }, { author: person_id, label: '不存在的点' });
        }""",
        person.task_id,
    )
    tick(page)
    hand_in(page)
    page.context.set_offline(False)
    send_now(page)
    found = wait_until(
        page, lambda all_: not {entry["state"] for entry in all_} & {"waiting", "sending"}
    )
    wrong = [entry for entry in found if entry["state"] == "attention"]
    assert len(wrong) == 1
    assert wrong[0]["message"]
    others = [entry for entry in found if entry["state"] in HELD]
    assert len(others) == len(found) - 1
    assert_each_once(office, others, task_id=person.task_id)
    # Nothing is thrown away: the office has the record that could not take effect.
    assert office.ask(select(SyncRecord.state).where(SyncRecord.uid == wrong[0]["id"])) == ["inbox"]


def test_a_finding_reaches_the_office_before_its_photo_can(
    page: Page, office: Office, person: Person, line: Line
):
    line.turn("storm", "/sync/blobs/", "/sync/photos/")
    begin(page)
    page.click("#do-finding")
    expect(page.locator("#finding-types .chip").first).to_be_visible()
    page.set_input_files("#finding-photo", photo())
    expect(page.locator("#finding-shots img")).to_have_count(1)
    page.locator("#finding-types .chip").first.click()
    page.click("#finding-save")
    expect(page.locator("#finding-form")).to_be_hidden()
    send_now(page)
    count = (
        select(func.count())
        .select_from(Finding)
        .where(Finding.reported_by == person.account.person_id)
    )
    for _ in range(50):
        if office.ask(count) == [1]:
            break
        page.wait_for_timeout(200)
    assert office.ask(count) == [1]
    finding = next(entry for entry in outbox(page) if entry["kind"] == "finding")
    assert finding["state"] == "received"  # not 已核验 yet: its photo is missing
    line.turn("good")
    found = wait_until_held(page)
    wait_until(
        page,
        lambda all_: (
            {each["state"] for each in all_ if each["id"] == finding["id"]} == {"verified"}
        ),
    )
    assert_each_once(office, found, task_id=person.task_id)
