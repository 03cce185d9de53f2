"""Server: the product's own application with points at which it can be killed or starved.

The product knows nothing of this: the points are put around it from outside. A request asks for its
fault by the header `X-Chaos`; what strikes all requests is asked for by files in the chaos folder.
"""

import errno
import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import psycopg.errors
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from benchmarks.chaos.disk import Disk
from benchmarks.chaos.safeguards import remove
from inspect_app import create_app
from inspect_app.config import Settings
from inspect_app.web.logs import init_logging

struck = threading.local()
"""`struck.fault` is the fault that the running request is to meet."""


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _met(fault: str) -> bool:
    return bool(getattr(struck, "fault", "") == fault)


class Broken(BufferedIOBase):
    """A request's body that kills the server when half of it has been read."""

    def __init__(self, stream: Any, length: int) -> None:  # noqa: ANN401 - gunicorn's own type
        self._stream, self._left = stream, max(1, length // 2)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return bytes of the first half, then die."""
        if self._left <= 0:
            _die()
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        piece: bytes = self._stream.read(wanted)
        self._left -= len(piece)
        return piece


class Chaos:
    """Stands before the product's application and deals out what a request has asked for."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], engine: Engine, folder: Path) -> None:
        self._inner, self._engine, self._storm = inner, engine, folder / "storm"

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request, or do not."""
        if self._storms():
            head = [("Retry-After", "1"), ("Content-Type", "text/plain")]
            start_response("503 Service Unavailable", head)
            return [b"busy"]
        fault = environ.get("HTTP_X_CHAOS", "")
        if fault == "server_killed_in_chunk":
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"] = Broken(environ["wsgi.input"], length)
        if fault == "token_expired":
            self._end_session(environ.get("HTTP_COOKIE", ""))
        struck.fault = fault
        try:
            answer = self._inner(environ, start_response)
            if fault in ("server_killed_after_commit", "server_killed_after_photo"):
                _die()
            return answer
        finally:
            struck.fault = ""

    def _storms(self) -> bool:
        try:
            return time.time() < float(self._storm.read_text())
        except (FileNotFoundError, ValueError):
            return False

    def _end_session(self, cookie: str) -> None:
        token = cookie.partition("inspect=")[2].split(";", 1)[0]
        ended = hashlib.sha256(token.encode()).hexdigest()
        with self._engine.begin() as connection:
            connection.execute(
                text("DELETE FROM web_session WHERE token_hash = :ended"), {"ended": ended}
            )


def strike_database(engine: Engine) -> None:
    """Let a COMMIT kill the process, and an INSERT find the disk full, where a request asked."""

    @event.listens_for(engine, "commit")
    def commit(_: object) -> None:
        if _met("server_killed_before_commit"):
            _die()

    @event.listens_for(engine, "before_cursor_execute")
    def execute(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: Any,  # noqa: ANN401 - of any statement
        *_: object,
    ) -> None:
        if _met("disk_full") and statement.startswith("INSERT"):
            struck.fault = ""
            raise OperationalError(statement, parameters, psycopg.errors.DiskFull("disk full"))


def strike_files(disk: Disk) -> None:
    """Let the disk's calls meet what a request asked for, and note what has reached the disk."""
    fsync, replace = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        if _met("disk_full_in_chunk"):
            struck.fault = ""
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if _met("server_killed_before_fsync"):
            _die()
        if disk.keeps:
            fsync(handle)
            disk.note_synced(handle)

    def noted_replace(source: Any, target: Any, **options: Any) -> None:  # noqa: ANN401
        replace(source, target, **options)
        disk.note_renamed(source, target)
        if _met("server_killed_after_rename"):
            _die()

    os.fsync, os.replace = noted_fsync, noted_replace  # type: ignore[assignment]


def make() -> Chaos:
    """Return the application as gunicorn serves it."""
    init_logging()
    orders = json.loads(os.environ["CHAOS_SERVER"])
    folder = Path(orders["folder"])
    app = create_app(Settings())  # type: ignore[call-arg]  # filled from the environment
    engine: Engine = app.extensions["sessions"].kw["bind"]
    if orders["control"]:
        from benchmarks.chaos.control import pages
        from inspect_app.web.http import csrf

        csrf.exempt(pages)
        app.register_blueprint(pages)
    without = orders["without"]
    strike_database(engine)
    strike_files(Disk(folder / "disk.log", keeps=without != "fsync"))
    if without:
        remove(without)
    return Chaos(app.wsgi_app, engine, folder)
