"""A bad line: what stands between a tablet and the server, made worse on purpose."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

PORTAL = "<!doctype html><title>欢迎使用无线网络</title><h1>请先登录热点</h1>".encode()


@dataclass
class Line:
    """The way to the application; a test sets what goes wrong, for which paths and how often.

    `how` is one of good, reply_lost (the server acts, the answer never comes), cut (the body breaks
    off half-way), portal (a hot spot answers 200 to everything), storm (502 from the proxy), busy
    (503 with Retry-After) and slow (`delay_s` before each answer).
    """

    app: Wsgi
    how: str = "good"
    paths: tuple[str, ...] = ("/sync/",)
    times: int = 1_000_000
    delay_s: float = 0.0
    happened: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def turn(self, how: str, *paths: str, times: int = 1_000_000, delay_s: float = 0.0) -> None:
        """From now on do `how` to the next `times` requests of these paths."""
        self.happened.clear()
        self.paths = paths or ("/sync/",)
        self.times, self.delay_s = times, delay_s
        self.how = how

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as the line is now."""
        path = environ["PATH_INFO"]
        self.asked.append((environ["REQUEST_METHOD"], path))
        if self.how == "good" or self.times <= 0 or not path.startswith(self.paths):
            return self.app(environ, start)
        self.times -= 1
        self.happened[self.how] += 1
        return getattr(self, f"_{self.how}")(environ, start)

    def _reply_lost(self, environ: Environ, _start: Callable[..., Any]) -> Iterable[bytes]:
        answer = self.app(environ, lambda *_: lambda _: None)
        for _ in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()
        return _hang_up(environ)

    def _cut(self, environ: Environ, _start: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"].read(length // 2)
        return _hang_up(environ)

    def _portal(self, _environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [PORTAL]

    def _storm(self, _environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        start("502 Bad Gateway", [("Content-Type", "text/html")])
        return [b"<h1>502 Bad Gateway</h1>"]

    def _busy(self, _environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        start("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "1")])
        return [b"busy"]

    def _slow(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        time.sleep(self.delay_s)
        return self.app(environ, start)


def _hang_up(environ: Environ) -> Iterable[bytes]:
    """Close the connection without an answer, as a line that breaks does."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError
