"""A tablet that can be killed, a line that can be bad, a server that can go away and come back."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import BaseWSGIServer, make_server

from inspect_app import create_app
from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.domain.access import Role
from inspect_app.models import Account, PatrolLog, Policy, SyncRecord, TrackSegment
from tests.browser.conftest import ARGUMENTS, CHROMIUM, TABLET, log_in
from tests.browser.tablet.line import Line
from tests.conftest import NOW, settings_for
from tests.factories import make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import CANAL, make_crew, make_task

PLACE = {"longitude": CANAL[0][0] + 0.001, "latitude": CANAL[0][1], "accuracy": 8}
shots = count(1)

ENTRIES = """async () => {
  const { entries } = await import('/static/patrol/store.js');
  return (await entries()).map(({ id, seq, kind, state, message, name, sha256 }) =>
    ({ id, seq, kind, state, message, name, sha256 }));
}"""
expect.set_options(timeout=15_000)  # a machine that also runs everything else is slow at times
HELD = ("received", "verified")
"""States of an item that the server has confirmed."""


@dataclass
class Office:
    """The server at the end of the line: it can stop, start again at its address, and be asked."""

    app: Any
    sessions: sessionmaker[Session]
    line: Line
    port: int = 0
    served: BaseWSGIServer | None = None
    thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Serve, always at the same port."""
        self.served = make_server("127.0.0.1", self.port, self.line, threaded=True)
        self.served.daemon_threads = False  # type: ignore[attr-defined]
        self.port = self.served.port
        self.thread = threading.Thread(target=self.served.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop serving."""
        assert self.served is not None
        assert self.thread is not None
        self.served.shutdown()
        self.served.server_close()
        self.thread.join(timeout=10)

    def ask(self, statement: Any) -> list[Any]:
        """Return what the database holds."""
        with transaction(self.sessions) as session:
            return list(session.scalars(statement).all())

    def names_held(self) -> list[str]:
        """Return the names of all records and segments that have arrived, doubled ones twice."""
        with transaction(self.sessions) as session:
            records = [str(uid) for uid in session.scalars(select(SyncRecord.uid))]
            segments = session.execute(select(TrackSegment.log_uid, TrackSegment.number))
            return records + [f"{log}/{number}" for log, number in segments]


@dataclass
class Person:
    """Somebody with a task of today."""

    account: Account
    task_id: int


@dataclass
class Tablet:
    """A Chromium with a profile of its own on the disk; `kill` is what a dead battery does."""

    browser: Browser
    office: Office
    profile: Path
    context: BrowserContext | None = field(default=None)

    def start(self, **options: Any) -> Page:
        """Open the browser with what its disk holds."""
        values = {
            "executable_path": CHROMIUM,
            "args": ARGUMENTS,
            "base_url": self.office.url,
            "viewport": TABLET,
            "locale": "zh-CN",
            "geolocation": PLACE,
            "permissions": ["geolocation"],
        } | options
        self.context = self.browser.browser_type.launch_persistent_context(self.profile, **values)
        self.context.set_default_timeout(15_000)
        return self.context.pages[0]

    def kill(self) -> None:
        """End every process of the browser with SIGKILL."""
        wanted = f"--user-data-dir={self.profile}".encode()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and wanted in _command_line(folder):
                os.kill(int(folder.name), signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End the browser in peace."""
        if self.context is not None:
            with suppress(Error):  # of a killed browser nothing is left to close
                self.context.close()
            self.context = None


def _command_line(folder: Path) -> bytes:
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""  # the process has ended meanwhile


@pytest.fixture(scope="module")
def office(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    """Give a server of this test file behind a line that is good; the clock stands at NOW."""
    settings = settings_for(
        server(make_database(template=migrated)), Path(tmp_path_factory.mktemp("data"))
    )
    settings.secure_cookies = False
    engine = make_engine(settings)
    sessions = session_factory(engine)
    app = create_app(settings, sessions=sessions)
    app.extensions["clock"] = lambda: NOW
    office = Office(app, sessions, Line(app))
    office.open()
    yield office
    office.close()
    engine.dispose()


@pytest.fixture
def line(office: Office) -> Iterator[Line]:
    """Give the line to the server; it is good again afterwards."""
    yield office.line
    office.line.turn("good")


@pytest.fixture
def person(office: Office) -> Person:
    """Give an inspector with a task of three stops today."""
    return make_inspector(office)


def make_inspector(office: Office) -> Person:
    """Return a new inspector with a task of three stops today."""
    with transaction(office.sessions) as session:
        if session.scalar(select(Policy.id).limit(1)) is None:
            make_policies(session)
        grid = make_grid(session)
        make_owner(session, grid)
        account = make_account(session, Role.INSPECTOR, grid=grid)
        task = make_task(session, make_crew(session, account), grid=grid)
        return Person(account, task.id)


@pytest.fixture
def tablet(browser: Browser, office: Office, tmp_path: Path) -> Iterator[Tablet]:
    """Give a tablet that is switched off."""
    tablet = Tablet(browser, office, tmp_path / "profile")
    yield tablet
    tablet.close()


@pytest.fixture
def page(tablet: Tablet, person: Person) -> Page:
    """Give the tablet's page: logged in, today's task loaded, the shell kept for offline use."""
    page = tablet.start()
    log_in(page, person.account)
    page.goto("/patrol")
    expect(page.locator(".card-task")).to_have_count(1)
    wait_for_shell(page)
    return page


def come_back(tablet: Tablet, person: Person, **options: Any) -> Page:
    """Start the killed tablet again; the log-in went with the browser."""
    page = tablet.start(**options)
    log_in(page, person.account)
    page.goto("/patrol")
    return page


def wait_for_shell(page: Page) -> None:
    """Wait until the service worker holds the shell and controls the page."""
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def photo(*, megapixels: float = 0.1) -> dict[str, Any]:
    """Return a photo as the camera gives it, grainy; no two are the same."""
    shot = next(shots)
    out = BytesIO()
    side = int((megapixels * 1e6) ** 0.5)
    Image.effect_noise((side, side + shot), 60).save(out, "JPEG")
    return {"name": f"{shot}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def begin(page: Page) -> None:
    """Begin the patrol of the only card."""
    page.locator(".card-task button.main").click()
    expect(page.locator("#do-end")).to_be_visible()


def tick(page: Page) -> None:
    """Tick the stop the tablet stands at."""
    page.click("#proposal button")
    expect(page.locator("#stops .stop.done")).to_have_count(1)


def hand_in(page: Page) -> None:
    """End the patrol with a reason for what is left."""
    page.click("#do-end")
    page.fill("#end-shortfall", "时间不足")
    page.click("#end-save")
    expect(page.locator("#actions")).to_contain_text("已提交")


def outbox(page: Page) -> list[dict[str, Any]]:
    """Return the tablet's own list, by number."""
    return page.evaluate(ENTRIES)


def send_now(page: Page) -> None:
    """Press 立即上传, as an impatient person does, whatever pause the uploader is in."""
    page.evaluate(
        "import('/static/patrol/upload.js').then(({ upload }) => { upload({ again: true }); })"
    )


def wait_until(page: Page, true_of: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """Wait until something is true of the tablet's own list; return the list."""
    for _ in range(150):
        found = outbox(page)
        if true_of(found):
            return found
        page.wait_for_timeout(100)
    raise AssertionError(found)


def wait_until_held(page: Page) -> list[dict[str, Any]]:
    """Wait until the server has confirmed every item of the outbox; return them."""
    for _ in range(30):
        send_now(page)
        page.wait_for_timeout(500)
        if page.locator("#open-box").inner_text() == "待传 0":
            break
    expect(page.locator("#open-box")).to_have_text("待传 0")
    found = outbox(page)
    assert found
    assert {entry["state"] for entry in found} <= set(HELD)
    return found


def pause(page: Page) -> None:
    """Pause the patrol, with the first of the proposed reasons."""
    page.click("#do-pause")
    page.locator("#reason-choices button").first.click()
    expect(page.locator("#do-resume")).to_be_visible()


def assert_each_once(office: Office, found: list[dict[str, Any]], *, task_id: int) -> None:
    """The server holds exactly the tablet's items of this task, each once."""
    log = office.ask(select(PatrolLog.uid).where(PatrolLog.task_id == task_id))
    assert len(log) == 1
    held = office.names_held()
    names = [entry["name"] for entry in found]
    assert sorted(name for name in held if name in set(names)) == sorted(names)
