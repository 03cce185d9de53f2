"""A real Chromium on a real server: own database, own port, a watch over what the page does."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Request, Response, sync_playwright
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from inspect_app import create_app
from inspect_app.config import Settings
from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.models import Account
from tests.conftest import NOW, settings_for
from tests.factories import PASSWORD

# A line for each script of a page would hide what a failing test has to say.
logging.getLogger("werkzeug").setLevel(logging.WARNING)

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
]
DESK = {"width": 1280, "height": 800}
TABLET = {"width": 800, "height": 1280}


@dataclass
class LiveServer:
    """A served application with committed data; `sessions` writes what a test needs."""

    url: str
    app: Flask
    sessions: sessionmaker[Session]

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that commits at the end."""
        with transaction(self.sessions) as session:
            yield session


@dataclass
class Watch:
    """What a page did that it must not: requests elsewhere, policy violations, faults, dialogs."""

    host: str
    faults: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to everything the page does."""
        page.on("request", lambda request: self._request(request.url))
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on("dialog", self._dialog)
        page.on("console", lambda message: self._console(message.type, message.text))

    def _request(self, url: str) -> None:
        if urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc != self.host:
            self.faults.append(f"request leaves the host: {url}")

    def _failed(self, request: Request) -> None:
        # A page that is left takes back what it still asks for; that is no fault.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"request failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.url} answered {response.status}")

    def _dialog(self, dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" or "Content Security Policy" in text:
            self.faults.append(f"console {kind}: {text}")

    def assert_quiet(self) -> None:
        """Fail with everything that happened."""
        assert not self.faults, "\n".join(self.faults)


@pytest.fixture(scope="module")
def template(migrated: str) -> str:
    """Give the database the server's own is copied from; a test file may give another."""
    return migrated


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the server's files; a test file may give another."""
    return Path(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def live_server(
    template: str, data_dir: Path, make_database: Callable[..., str], server: Callable[[str], str]
) -> Iterator[LiveServer]:
    """Give a server on a database of this test file; the clock stands at NOW."""
    with serve(settings_for(server(make_database(template=template)), data_dir)) as served:
        yield served


def read_at_once(app: WSGIApplication) -> WSGIApplication:
    """Return the application with each answer read and closed before it is sent.

    A page that is left drops its connections, and the test server then never closes their files.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = app(environ, start_response)
        try:
            return [b"".join(body)]
        finally:
            if hasattr(body, "close"):
                body.close()

    return answer


@contextmanager
def serve(settings: Settings) -> Iterator[LiveServer]:
    """Serve the application of these settings on a free port; the clock stands at NOW."""
    settings.secure_cookies = False  # the test server speaks plain HTTP
    engine = make_engine(settings)
    sessions = session_factory(engine)
    app = create_app(settings, sessions=sessions)
    app.extensions["clock"] = lambda: NOW
    served = make_server("127.0.0.1", 0, read_at_once(app), threaded=True)
    # Closing then waits for answers still under way, or their connections would never be closed.
    served.daemon_threads = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield LiveServer(f"http://127.0.0.1:{served.port}", app, sessions)
    served.shutdown()
    served.server_close()
    thread.join(timeout=10)
    engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the machine's Chromium, headless."""
    with chromium() as browser:
        yield browser


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Give a fresh page at the server's address, 1280×800."""
    context = browser.new_context(base_url=live_server.url, viewport=DESK, locale="zh-CN")
    yield context.new_page()
    context.close()


@pytest.fixture
def watch(page: Page, live_server: LiveServer) -> Watch:
    """Give the watch over the page; call `assert_quiet()` at the end."""
    watch = Watch(urlsplit(live_server.url).netloc)
    watch.follow(page)
    return watch


def log_in(page: Page, account: Account | str, *, password: str = PASSWORD) -> None:
    """Log in through the page."""
    page.goto("/login")
    page.fill("#login", account if isinstance(account, str) else account.login)
    page.fill("#password", password)
    page.click("main button.btn-primary")
    page.wait_for_url(lambda url: "/login" not in url)


def until(page: Page, done: Callable[[], bool], *, seconds: int = 40) -> None:
    """Wait until something outside of the document is so."""
    for _ in range(seconds * 5):
        if done():
            return
        page.wait_for_timeout(200)
    pytest.fail("it never came")
