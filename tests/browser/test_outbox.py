"""The tablet's outbox: one visible state an item, honest about the line, nothing ever lost."""

import base64
import json
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.models import Account, PatrolTask, Photo, SyncRecord
from tests.browser.conftest import DESK, TABLET, LiveServer, log_in, until
from tests.factories import make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import CANAL, make_crew, make_task, picture, sha256

pytestmark = pytest.mark.browser
PLACE = {"longitude": CANAL[0][0] + 0.001, "latitude": CANAL[0][1], "accuracy": 8}


class Field:
    """An inspector's tablet: a browser of its own, with what a test does over and over."""

    def __init__(self, context: BrowserContext, account: Account, task_id: int, name: str) -> None:
        self.name = name
        self.context, self.account, self.task_id = context, account, task_id
        self.log = str(uuid4())
        self.page = context.new_page()
        self.page.set_default_timeout(15_000)
        log_in(self.page, account)

    def open(self) -> Page:
        self.page.goto("/patrol")
        expect(self.page.locator(".card-task, #do-end, #do-start").first).to_be_visible()
        return self.page

    def keep(self, kind: str = "patrol_start", photo: bytes | None = None, **values) -> str:
        """Put a record into the outbox as the page itself does; return its id."""
        values = {"kind": kind, "task_id": self.task_id, "log_uid": self.log} | values
        given = {"values": values, "author": self.account.person_id, "photo": coded(photo or b"")}
        uid: str = self.page.evaluate(KEEP, given)
        return uid

    def states(self) -> dict[str, str]:
        found: dict[str, str] = self.page.evaluate(STATES)
        return found

    def send(self) -> None:
        self.page.evaluate(
            "import('/static/patrol/upload.js').then((m) => m.upload({ again: true }))"
        )

    def show_box(self) -> Page:
        self.page.click("#open-box")
        expect(self.page.locator("#box")).to_be_visible()
        return self.page


KEEP = """async ({ values, author, photo }) => {
  const { keep, keepBlob } = await import('/static/patrol/store.js');
  const { tell } = await import('/static/patrol/dom.js');
  const bytes = Uint8Array.from(atob(photo), (each) => each.charCodeAt(0));
  const photos = bytes.length
    ? [await keepBlob(new File([bytes], 'a.jpg', { type: 'image/jpeg' }))] : [];
  const content = { ...values, ...(values.kind === 'finding' ? { photos } : {}) };
  const entry = await keep(content, { author, photos });
  tell('kept');
  return entry.id;
}"""
REASON = "import('/static/patrol/upload.js').then(({ line }) => line.reason)"
STATES = """async () => {
  const { entries } = await import('/static/patrol/store.js');
  return Object.fromEntries((await entries()).map((entry) => [entry.id, entry.state]));
}"""
FINDING = {
    "finding_type": "direct_discharge",
    "severity": "normal",
    "lon": CANAL[0][0],
    "lat": CANAL[0][1],
}


@pytest.fixture
def field(browser: Browser, live_server: LiveServer) -> Iterator[Field]:
    """Give a tablet with a published task, logged in."""
    with live_server.writing() as session:
        if session.scalar(select(PatrolTask.id)) is None:
            make_policies(session)
        grid = make_grid(session)
        make_owner(session, grid)
        account = make_account(session, Role.INSPECTOR, grid=grid)
        name = account.person.name
        task = make_task(session, make_crew(session, account), grid=grid)
    context = browser.new_context(
        base_url=live_server.url,
        viewport=TABLET,
        locale="zh-CN",
        geolocation=PLACE,
        permissions=["geolocation"],
        service_workers="block",
    )
    yield Field(context, account, task.id, name)
    context.close()


def coded(photo: bytes) -> str:
    return base64.b64encode(photo).decode()


def noisy_picture(size: int) -> bytes:
    """Return a picture of at least so many bytes."""
    side = int((size / 3) ** 0.5) + 1
    grain = np.random.default_rng(7).integers(0, 256, (side, side, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(grain).save(out, "PNG")
    return out.getvalue()


def test_an_item_is_received_with_its_record_and_verified_with_its_photos(
    field: Field,
):
    page = field.open()
    for pattern in ("**/sync/blobs/*", "**/sync/photos/*"):
        page.route(pattern, lambda route: route.abort())
    field.keep()
    uid = field.keep("finding", picture(), **FINDING)
    field.show_box()
    row = page.locator(f"[data-id='{uid}']")
    expect(row).to_contain_text("照片 0/1 张已核验")
    page.unroute_all()
    page.click("#send")
    expect(row).to_have_attribute("data-state", "verified", timeout=20_000)
    expect(row).to_contain_text("照片 1/1 张已核验")


@pytest.mark.parametrize("answer", ["page", "redirect", "other json", "unsaid hash", "login page"])
def test_a_captive_portal_never_counts_as_received(field: Field, answer: str):
    page = field.open()

    def portal(route: Route) -> None:
        uid = route.request.url.rsplit("/", 1)[-1]
        said = {"id": uid, "state": "new", "now": "2026-03-24T01:00:00+00:00"}
        html = {"status": 200, "content_type": "text/html", "body": "<html>Wi-Fi</html>"}
        given: dict[str, dict] = {
            "page": html,
            "login page": html | {"status": 401},
            "redirect": {"status": 302, "headers": {"Location": "/login"}},
            "other json": {"status": 200, "json": {"code": 0, "msg": "ok"}},
            "unsaid hash": {"status": 201, "json": said},
        }
        route.fulfill(**given[answer])

    page.route("**/sync/records/*", portal)
    uid = field.keep()
    expect(page.locator("#sync-note")).to_contain_text("上网认证")
    assert field.states() == {uid: "waiting"}
    page.unroute_all()
    field.send()
    assert field.states() == {uid: "verified"}
    expect(page.locator("#sync-note")).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "said", "state", "waits"),
    [
        (202, {"state": "inbox", "message": "等待复核"}, "attention", "待传 0"),
        (202, {"state": "waiting"}, "received", "待传 0"),
        (409, {"problem": "record_conflict", "message": "内容不同"}, "attention", "待传 1"),
        (422, {"problem": "body_invalid", "message": "无法识别"}, "attention", "待传 1"),
    ],
)
def test_each_answer_has_its_visible_state(field: Field, status, said, state, waits):
    page = field.open()

    def answer(route: Route) -> None:
        uid = route.request.url.rsplit("/", 1)[-1]
        held = {"id": uid, "sha256": sha256(route.request.post_data_buffer or b"")}
        now = {"now": "2026-03-24T01:00:00+00:00", "missing_photos": []}
        route.fulfill(status=status, json=held | now | said)

    page.route("**/sync/records/*", answer)
    uid = field.keep()
    expect(page.locator("#open-box")).to_have_text(waits)
    field.show_box()
    row = page.locator(f"[data-id='{uid}']")
    expect(row).to_have_attribute("data-state", state)
    expect(row).to_contain_text(said.get("message", "服务器已收"))


def test_a_busy_server_is_left_alone_as_long_as_it_asks(field: Field):
    page = field.open()
    tries = []
    page.route(
        "**/sync/records/*",
        lambda route: tries.append(1) or route.fulfill(status=507, headers={"Retry-After": "120"}),
    )
    field.keep()
    until(page, lambda: page.evaluate(REASON) == "busy")
    field.keep("stop_result", stop_id=1, result="done")
    page.wait_for_timeout(1500)
    assert len(tries) == 1
    wait = page.evaluate(
        "import('/static/patrol/upload.js').then(({ line }) => line.notBefore - performance.now())"
    )
    assert 100_000 < wait <= 120_000


class LostReplies:
    """Lets the first pieces of a photo reach the server, but not their answers the tablet."""

    def __init__(self, app: Flask, *, lose: int) -> None:
        self.app, self.lose, self.sizes = app.wsgi_app, lose, []

    def __call__(self, environ, start_response):
        answer = self.app(environ, start_response)
        if environ["REQUEST_METHOD"] == "PATCH":
            self.sizes.append(int(environ["CONTENT_LENGTH"]))
            if len(self.sizes) <= self.lose:
                answer.close()
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                raise ConnectionResetError
        return answer


def test_a_photo_goes_on_where_it_stopped_in_smaller_pieces(
    field: Field, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
):
    page = field.open()
    photo = noisy_picture(900_000)
    line = LostReplies(live_server.app, lose=2)
    monkeypatch.setattr(live_server.app, "wsgi_app", line)
    uid = field.keep("finding", photo, **FINDING)
    until(page, lambda: field.states()[uid] == "verified")
    assert line.sizes[:3] == [256 * 1024, 128 * 1024, 64 * 1024]
    assert sum(line.sizes) == len(photo)  # no byte twice, none missing
    with live_server.writing() as session:
        assert session.get_one(Photo, sha256(photo)).size == len(photo)


def test_what_the_server_has_lost_is_sent_again(field: Field):
    page = field.open()
    uid = field.keep()
    expect(page.locator("#open-box")).to_have_text("待传 0")
    lost = {"missing": [uid], "different": [], "incomplete": [], "now": "2026-03-25T01:00:00+00:00"}
    page.route("**/sync/manifest", lambda route: route.fulfill(json=lost))
    page.evaluate("import('/static/patrol/reconcile.js').then((m) => m.compareAll())")
    assert field.states() == {uid: "waiting"}
    field.send()
    assert field.states() == {uid: "verified"}


def test_nothing_is_dropped_before_a_week_and_a_second_confirmation(field: Field):
    page = field.open()
    uid = field.keep("finding", picture(), **FINDING)
    field.send()
    expect(page.locator("#open-box")).to_have_text("待传 0")

    def confirm(day: int) -> dict[str, str]:
        said = {"missing": [], "different": [], "incomplete": [], "now": f"2026-03-{day}T02:00:00Z"}
        page.route("**/sync/manifest", lambda route: route.fulfill(json=said))
        page.evaluate("import('/static/patrol/reconcile.js').then((m) => m.dailyCheck())")
        page.unroute("**/sync/manifest")
        return field.states()

    assert confirm(30) == {uid: "verified"}  # six days after NOW
    assert confirm(31) == {}
    photo = page.evaluate(
        "(name) => import('/static/patrol/store.js').then((m) => m.blob(name))", sha256(picture())
    )
    assert photo is None


VERSION_1 = """async ({ task, author, log }) => {
  const gone = indexedDB.deleteDatabase('patrol');
  await new Promise((done) => { gone.onsuccess = done; });
  const open = indexedDB.open('patrol', 1);
  open.onupgradeneeded = () => {
    const outbox = open.result.createObjectStore('outbox', { keyPath: 'id' });
    outbox.createIndex('seq', 'seq', { unique: true });
    open.result.createObjectStore('blobs', { keyPath: 'sha256' });
    open.result.createObjectStore('track', { keyPath: ['log', 'number'] });
    for (const name of ['drafts', 'read', 'meta']) open.result.createObjectStore(name);
  };
  await new Promise((done) => { open.onsuccess = done; });
  const device = '0195c000-0000-7000-8000-000000000001';
  const at = '2026-03-24T00:40:00Z';
  const bytesOf = (seq, kind) => new TextEncoder().encode(
    JSON.stringify({ kind, task_id: task, log_uid: log, device, seq, at }));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(3, 'patrol_resume')));
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const tx = open.result.transaction(['outbox', 'meta', 'drafts'], 'readwrite');
  const add = (seq, state, kind) => {
    const id = `0195c000-0000-7000-8000-00000000000${seq + 1}`;
    const bytes = bytesOf(seq, kind);
    const body = JSON.parse(new TextDecoder().decode(bytes));
    tx.objectStore('outbox').add({
      id, seq, at: body.at, author, photos: [], label: '', kind, task, content: body,
      url: `/sync/records/${id}`, name: id, state, receivedAt: state === 'received' ? 5 : undefined,
      sha256: state === 'received' ? sha256 : undefined, bytes,
    });
  };
  add(1, 'waiting', 'patrol_start');
  add(2, 'sending', 'patrol_pause');
  add(3, 'received', 'patrol_resume');
  tx.objectStore('meta').put(3, 'seq');
  tx.objectStore('meta').put(device, 'device');
  tx.objectStore('drafts').put({ photos: [], description: '写到一半' }, task);
  await new Promise((done) => { tx.oncomplete = done; });
  open.result.close();
}"""


def test_a_database_of_version_1_is_taken_over_and_sent(field: Field, live_server: LiveServer):
    page = field.page
    page.goto("/nothing")
    given = {"task": field.task_id, "author": field.account.person_id, "log": field.log}
    page.evaluate(VERSION_1, given)
    field.open()
    expect(page.locator("#open-box")).to_have_text("待传 0", timeout=20_000)
    assert list(field.states().values()) == ["verified"] * 3
    with live_server.writing() as session:
        kinds = session.scalars(
            select(SyncRecord.kind).where(SyncRecord.author_id == field.account.person_id)
        ).all()
    # The first contact compares: what this server never had is sent again.
    assert sorted(kinds) == ["patrol_pause", "patrol_resume", "patrol_start"]
    field.show_box()
    expect(page.locator(".entry.draft")).to_contain_text("写到一半")
    assert len(field.keep("patrol_end")) == 36
    seqs = page.evaluate(
        "import('/static/patrol/store.js').then(async (m) => (await m.entries()).map((e) => e.seq))"
    )
    assert seqs == [1, 2, 3, 4]


def test_a_second_window_only_looks_until_it_takes_over(field: Field):
    first = field.open()
    second = field.context.new_page()
    second.goto("/patrol")
    expect(second.locator("#elsewhere")).to_be_visible()
    expect(first.locator("#elsewhere")).to_be_hidden()
    assert second.evaluate("document.getElementById('cards').inert")
    second.click("#take-over")
    expect(second.locator("#elsewhere")).to_be_hidden()
    expect(first.locator("#elsewhere")).to_be_visible()
    second.close()
    expect(first.locator("#elsewhere")).to_be_hidden()


def test_logging_out_keeps_the_outbox_and_the_next_person_sees_only_a_count(
    field: Field, live_server: LiveServer
):
    with live_server.writing() as session:
        other = make_account(session, Role.INSPECTOR)
        other_id = other.person_id
    page = field.open()
    page.route("**/sync/records/*", lambda route: route.abort())
    uid = field.keep("stop_result", stop_id=1, result="done")
    page.click("form[action$='/logout'] button")
    expect(page.locator("#leave-count")).to_contain_text("1 条待传")
    page.click("#leave-go")
    page.wait_for_url("**/login")

    log_in(page, other)
    page.goto("/patrol")
    expect(page.locator("#cards")).to_be_visible()
    field.show_box()
    expect(page.locator("#others")).to_have_text(f"{field.name}有 1 条记录待传,都在本机")
    expect(page.locator(f"[data-id='{uid}']")).to_have_count(0)
    page.unroute_all()
    field.send()
    assert field.states() == {
        uid: "waiting"
    }  # this tablet is not enrolled: it waits for its author
    assert other_id != field.account.person_id


def test_three_hundred_items_are_drawn_at_once_and_filtered(field: Field):
    page = field.open()
    page.route("**/sync/records/*", lambda route: route.abort())
    page.evaluate(
        """async ({ task, log, author }) => {
          const { keep } = await import('/static/patrol/store.js');
          for (let n = 0; n < 320; n += 1) {
            const visit = { kind: 'stop_result', task_id: task, log_uid: log, stop_id: n };
            await keep({ ...visit, result: 'done' }, { author, label: `点位 ${n}` });
          }
        }""",
        {"task": field.task_id, "log": field.log, "author": field.account.person_id},
    )
    field.show_box()
    expect(page.locator("#entries .entry")).to_have_count(320)
    took = page.evaluate(
        """async () => {
          const { showBox } = await import('/static/patrol/box.js');
          const began = performance.now();
          await showBox();
          return performance.now() - began;
        }"""
    )
    assert took < 1000
    page.click("[data-filter='waiting']")
    expect(page.locator("[data-filter='waiting']")).to_have_attribute("aria-pressed", "true")


def saved_rescue(page: Page, folder: Path) -> Path:
    """Make the rescue file and save it as a person does."""
    page.click("#rescue")
    with page.expect_download() as coming:
        page.click("#rescue-link")
    file = folder / coming.value.suggested_filename
    coming.value.save_as(file)
    return file


def import_at_the_office(browser: Browser, live_server: LiveServer, file: Path) -> None:
    """Import it as an administrator, who vouches for a tablet that is not enrolled."""
    with live_server.writing() as session:
        office = make_account(session, Role.ADMINISTRATOR)
    desk = browser.new_context(base_url=live_server.url, viewport=DESK, locale="zh-CN").new_page()
    log_in(desk, office)
    desk.goto("/administration/rescue")
    desk.set_input_files("#rescue-file", file)
    desk.click("#rescue-form button")
    expect(desk.locator(".alert-danger")).to_contain_text("无法证明")
    desk.check("#trusted")
    desk.click("#rescue-form button")
    expect(desk.locator("#rescue-report .alert-success")).to_have_text("文件完整")
    desk.context.close()


def test_the_rescue_file_brings_to_the_office_what_could_not_be_sent(
    field: Field, live_server: LiveServer, browser: Browser, tmp_path: Path
):
    page = field.open()
    for pattern in ("**/sync/records/*", "**/sync/blobs/*", "**/sync/photos/*"):
        page.route(pattern, lambda route: route.abort())
    page.evaluate("import('/static/patrol/reconcile.js').then((m) => m.dailyCheck())")
    photo = picture(size=(200, 100))
    first = field.keep()
    second = field.keep("finding", photo, **FINDING)
    field.context.set_offline(True)  # the file is made without a network
    field.show_box()
    file = saved_rescue(page, tmp_path)
    expect(page.locator("#rescue-link")).to_contain_text("2 条记录、1 张照片")
    assert file.suffix == ".rescue"
    assert first.encode() not in file.read_bytes()

    import_at_the_office(browser, live_server, file)
    with live_server.writing() as session:
        author = SyncRecord.author_id == field.account.person_id
        uids = {str(uid) for uid in session.scalars(select(SyncRecord.uid).where(author))}
        assert uids == {first, second}
        assert session.get(Photo, sha256(photo)) is not None

    page.unroute_all()
    field.context.set_offline(False)  # and the tablet, back on the line, finds it all there
    field.send()
    assert set(field.states().values()) == {"verified"}


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_every_target_of_the_box_is_large_enough_for_a_glove(field: Field, viewport):
    page = field.open()
    page.set_viewport_size(viewport)
    page.route("**/sync/records/*", lambda route: route.abort())
    field.keep()
    field.show_box()
    page.click("#rescue")
    page.click("#compare")
    expect(page.locator("#receipt")).to_be_visible()
    small = """() => [...document.querySelectorAll('main button, main a')]
        .filter((e) => e.offsetParent && (e.offsetHeight < 48 || e.offsetWidth < 48))
        .map((e) => e.outerHTML.slice(0, 90))"""
    assert json.dumps(page.evaluate(small)) == "[]"
