"""Wire: requests written by hand onto a socket, so that they can be cut, slowed and abandoned."""

import base64
import hashlib
import json
import socket
import time
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any

TIMEOUT_S = 15.0
SLOW_BYTES_A_SECOND = 1_000
SLOW_PIECE = 100


class Cut(Exception):
    """No answer came: the line, the server or this tablet's patience ended."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the answer's body."""
        return json.loads(self.body)


@dataclass
class Wire:
    """One tablet's line to the server; a connection for each request."""

    host: str
    port: int
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int = 0

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        spoil: str = "",
    ) -> Reply:
        """Send a request and return its answer; `spoil` says what becomes of it on the way."""
        self.sent += 1
        head = {"Host": f"{self.host}:{self.port}", "Connection": "close"} | self.headers
        head |= {"Content-Length": str(len(body))} | (headers or {})
        if self.cookie:
            head["Cookie"] = self.cookie
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in head.items())]
        try:
            with socket.create_connection((self.host, self.port), timeout=TIMEOUT_S) as line:
                return self._exchange(
                    line, "\r\n".join(lines).encode() + b"\r\n\r\n", body, spoil=spoil
                )
        except (OSError, HTTPException) as error:
            raise Cut(str(error)) from error

    def _exchange(self, line: socket.socket, head: bytes, body: bytes, *, spoil: str) -> Reply:
        if spoil == "truncated":
            line.sendall(head + body[: len(body) // 2])
            line.shutdown(socket.SHUT_WR)
        elif spoil == "slow":
            _send_slowly(line, head + body)
        else:
            line.sendall(head + body)
        if spoil == "reply_lost":
            time.sleep(0.02)
            message = "the reply was not waited for"
            raise Cut(message)
        answer = HTTPResponse(line, method=head[:4].decode().strip())
        answer.begin()
        reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and value.startswith("inspect="):
                self.cookie = value.split(";", 1)[0]
        return reply


def digest(body: bytes) -> dict[str, str]:
    """Return the header that tells the hash of a body."""
    value = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return {"Content-Digest": f"sha-256=:{value}:"}


def _send_slowly(line: socket.socket, data: bytes) -> None:
    for start in range(0, len(data), SLOW_PIECE):
        line.sendall(data[start : start + SLOW_PIECE])
        time.sleep(SLOW_PIECE / SLOW_BYTES_A_SECOND)
