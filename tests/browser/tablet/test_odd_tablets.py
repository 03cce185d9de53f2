"""Odd tablets: a full disk, two windows, a wrong clock, a new version, another person's log-in."""

import shutil
from contextlib import suppress

import pytest
from playwright.sync_api import Page, TimeoutError, expect
from sqlalchemy import delete, select

from inspect_app.models import Account, PatrolLog, SyncRecord, WebSession
from tests.browser.conftest import ARGUMENTS, log_in
from tests.browser.tablet.conftest import (
    HELD,
    Office,
    Person,
    Tablet,
    assert_each_once,
    begin,
    come_back,
    hand_in,
    make_inspector,
    outbox,
    photo,
    send_now,
    tick,
    wait_for_shell,
    wait_until,
    wait_until_held,
)
from tests.browser.tablet.line import Line

pytestmark = pytest.mark.browser

FULL_BYTES = 8 * 1024 * 1024
"""What the browser may use of a disk that is nearly full; a photo of 12 megapixels is larger."""
YEAR_MS = 365 * 24 * 3600 * 1000


def log_out(page: Page) -> None:
    """Log out as the page lets one, through the question about what still waits."""
    page.evaluate("document.querySelector('form[action$=\"/logout\"]').requestSubmit()")
    page.wait_for_function(
        "() => document.querySelector('#leave-form').open || location.pathname === '/login'"
    )
    page.click("#leave-go")
    page.wait_for_url("**/login**")


def test_a_full_disk_is_said_and_nothing_claims_to_be_saved(
    page: Page, tablet: Tablet, office: Office, person: Person
):
    begin(page)
    wait_until_held(page)
    tablet.close()
    share = FULL_BYTES / shutil.disk_usage(tablet.profile).total
    little = f"StorageQuotaSettings:PoolSizeRatio/{share:.12f}/PerStorageKeyRatio/1.0"
    page = come_back(
        tablet,
        person,
        args=[*ARGUMENTS, f"--enable-features={little}", "--disable-features=StaticStorageQuota"],
    )
    expect(page.locator("#do-end")).to_be_visible()
    before = outbox(page)
    page.set_input_files("#site-photo", photo(megapixels=12))
    expect(page.locator("#fault")).to_contain_text("本机写入失败")
    expect(page.locator("#saved")).to_be_hidden()
    assert outbox(page) == before
    tablet.close()
    page = come_back(tablet, person)
    tick(page)
    assert_each_once(office, wait_until_held(page), task_id=person.task_id)


def test_a_button_that_is_drawn_anew_while_it_is_pressed_works_all_the_same(page: Page):
    box = page.locator(".card-task button.main").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.evaluate("import('/static/patrol/today.js').then(({ showToday }) => showToday())")
    page.mouse.up()
    expect(page.locator("#do-end")).to_be_visible()


def test_two_windows_of_one_tablet_send_each_item_once(
    page: Page, office: Office, person: Person, line: Line
):
    begin(page)
    wait_until_held(page)
    other = page.context.new_page()
    other.goto("/patrol")
    expect(other.locator("#open-box")).to_have_text("待传 0")
    line.turn("slow", "/sync/records/", delay_s=0.4)
    before = len(line.asked)
    tick(page)
    for each in (page, other, page, other):
        send_now(each)
    found = wait_until_held(page)
    puts = [path for method, path in line.asked[before:] if method == "PUT"]
    assert len(puts) == len(set(puts))
    assert_each_once(office, found, task_id=person.task_id)


@pytest.mark.parametrize("years", [-1, 1, -50], ids=["behind", "ahead", "empty battery"])
def test_a_wrong_clock_changes_neither_order_nor_what_is_kept(
    page: Page, office: Office, person: Person, years: int
):
    page.add_init_script(
        f"""{{ const shift = {years * YEAR_MS}; const Real = Date;
        globalThis.Date = class extends Real {{
          constructor(...given) {{ given.length ? super(...given) : super(Real.now() + shift); }}
          static now() {{ return Real.now() + shift; }}
        }}; }}"""
    )
    page.reload()
    begin(page)
    tick(page)
    hand_in(page)
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)
    page.reload()  # nothing is tidied away because of a clock
    assert [entry["id"] for entry in outbox(page)] == [entry["id"] for entry in found]
    steps = [entry["kind"] for entry in found if entry["kind"] != "segment"]
    assert steps == ["patrol_start", "stop_result", "patrol_end"]


def test_a_clock_that_jumps_in_the_middle_of_a_patrol_does_no_harm(
    page: Page, office: Office, person: Person
):
    begin(page)
    page.evaluate(f"{{ const real = Date.now.bind(Date); Date.now = () => real() - {YEAR_MS}; }}")
    tick(page)
    hand_in(page)
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)
    log = office.ask(select(PatrolLog).where(PatrolLog.task_id == person.task_id))[0]
    assert log.ended_at is not None


def test_logging_out_with_unsent_work_erases_nothing(page: Page, office: Office, person: Person):
    begin(page)
    wait_until_held(page)
    page.context.set_offline(True)
    tick(page)
    page.set_input_files("#site-photo", photo())
    written = wait_until(page, lambda all_: "site_photo" in {entry["kind"] for entry in all_})
    page.context.set_offline(False)
    office.line.turn("storm", "/sync/records/", "/sync/blobs/", "/sync/photos/", "/sync/tracks/")
    log_out(page)
    office.line.turn("good")
    log_in(page, person.account)
    page.goto("/patrol")
    found = wait_until_held(page)
    assert {entry["id"] for entry in written} <= {entry["id"] for entry in found}
    assert_each_once(office, found, task_id=person.task_id)


def test_another_persons_log_in_neither_shows_nor_sends_as_its_own_what_waits(
    page: Page, office: Office, person: Person
):
    begin(page)
    wait_until_held(page)
    page.context.set_offline(True)
    tick(page)
    waiting = outbox(page)[-1]
    page.context.set_offline(False)
    office.line.turn("storm", "/sync/records/")
    log_out(page)
    office.line.turn("good")
    colleague = make_inspector(office)
    log_in(page, colleague.account)
    page.goto("/patrol")
    expect(page.locator(".card-task")).to_have_count(1)
    send_now(page)
    page.wait_for_timeout(1500)
    authors = office.ask(select(SyncRecord.author_id).where(SyncRecord.uid == waiting["id"]))
    assert authors in ([], [person.account.person_id])  # never under the colleague's name
    log_out(page)
    log_in(page, person.account)
    page.goto("/patrol")
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)


def test_a_log_in_that_expired_out_of_range_stops_no_work(
    page: Page, office: Office, person: Person
):
    begin(page)
    wait_until_held(page)
    page.context.set_offline(True)
    tick(page)
    with office.sessions() as session:
        mine = select(Account.id).where(Account.person_id == person.account.person_id)
        session.execute(delete(WebSession).where(WebSession.account_id.in_(mine)))
        session.commit()
    page.context.set_offline(False)
    send_now(page)
    expect(page.locator("#notice")).to_contain_text("登录已过期")
    page.set_input_files("#site-photo", photo())
    expect(page.locator("#saved")).to_be_visible()
    hand_in(page)
    assert len([entry for entry in outbox(page) if entry["state"] not in HELD]) >= 3
    page.click("#notice a")
    log_in(page, person.account)
    page.goto("/patrol")
    assert_each_once(office, wait_until_held(page), task_id=person.task_id)


def publish_new_version(office: Office) -> None:
    """Make the server serve a worker of a new version, as an update of the product does."""
    inner = office.app.wsgi_app

    def changed(environ, start):
        answer = inner(environ, start)
        if environ["PATH_INFO"] != "/patrol/worker.js":
            return answer
        return [b"".join(answer) + b"\n// a newer version\n"]

    office.app.wsgi_app = lambda environ, start: changed(
        environ,
        lambda status, headers, *rest: start(
            status, [each for each in headers if each[0] != "Content-Length"], *rest
        ),
    )


@pytest.fixture
def updated(office: Office):
    """Give the act of publishing a new version; the old one is back afterwards."""
    inner = office.app.wsgi_app
    yield lambda: publish_new_version(office)
    office.app.wsgi_app = inner


def look_for_update(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.getRegistration('/patrol').then((r) => r.update())")
    expect(page.locator("#update")).to_be_visible()


def update_now(page: Page) -> None:
    """Tap the update until it is taken: a round of the uploader may just be under way."""
    for _ in range(20):
        if page.locator("#update").is_visible():
            page.click("#update")
        with suppress(TimeoutError):
            page.wait_for_function("() => window.sameVisit === undefined", timeout=1500)
            return
    raise AssertionError(page.locator("#fault").inner_text())


def test_an_update_waits_for_a_draft_and_keeps_it(page: Page, updated):
    begin(page)
    wait_until_held(page)
    page.click("#do-finding")
    expect(page.locator("#finding-types .chip").first).to_be_visible()
    page.set_input_files("#finding-photo", photo())
    expect(page.locator("#finding-shots img")).to_have_count(1)
    page.fill("#finding-text", "写到一半")
    page.wait_for_timeout(2200)
    page.click("#finding-close")
    page.evaluate("window.sameVisit = true")
    updated()
    look_for_update(page)
    page.click("#update")
    page.wait_for_timeout(800)
    assert page.evaluate("window.sameVisit") is True  # not reloaded: a draft is open
    page.click("#do-finding")
    expect(page.locator("#finding-text")).to_have_value("写到一半")
    page.locator("#finding-types .chip").first.click()
    page.click("#finding-save")
    expect(page.locator("#finding-form")).to_be_hidden()
    wait_until_held(page)
    update_now(page)
    wait_for_shell(page)


def test_an_update_waits_for_the_end_of_an_upload(
    page: Page, office: Office, person: Person, line: Line, updated
):
    begin(page)
    wait_until_held(page)
    updated()
    look_for_update(page)
    page.evaluate("window.sameVisit = true")
    line.turn("slow", "/sync/records/", delay_s=6)
    tick(page)
    page.click("#update")
    page.wait_for_timeout(500)
    assert page.evaluate("window.sameVisit") is True
    line.turn("good")
    found = wait_until_held(page)
    update_now(page)
    assert_each_once(office, found, task_id=person.task_id)


def test_a_server_set_back_to_yesterdays_backup_gets_again_what_it_lost(
    page: Page, office: Office, person: Person
):
    begin(page)
    tick(page)
    hand_in(page)
    found = wait_until_held(page)
    lost = [entry["id"] for entry in found if entry["kind"] in ("stop_result", "patrol_end")]
    with office.sessions() as session:
        session.execute(delete(SyncRecord).where(SyncRecord.uid.in_(lost)))
        session.commit()
    page.click("#open-box")
    page.click("#compare")
    page.wait_for_timeout(1000)
    found = wait_until_held(page)
    assert_each_once(office, found, task_id=person.task_id)


def test_what_the_disk_holds_is_usable_from_a_cold_start_without_a_network_in_three_seconds(
    page: Page, tablet: Tablet
):
    begin(page)
    wait_until_held(page)
    starts_ms = []
    for _ in range(3):  # the least counts: what else runs on the machine only adds time
        tablet.close()
        page = tablet.start(offline=True)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto("/patrol", wait_until="commit")
        expect(page.locator("#do-end")).to_be_visible()
        starts_ms.append(page.evaluate("performance.now()"))
        if starts_ms[-1] < 3000:
            break
    assert min(starts_ms) < 3000, starts_ms
    tick(page)
