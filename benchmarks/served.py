"""An installation of its own, served as `inspect-app serve` does, and one client who asks it."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from argon2 import PasswordHasher
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.cli import main as inspect_app
from inspect_app.cli.cluster import throwaway_cluster
from inspect_app.config import Settings
from inspect_app.db import make_engine, session_factory
from inspect_app.domain.access import Role
from inspect_app.models import Account, Org, Person, Post

PORT = 8993
LOGIN, PASSWORD = "reader", "bench"
FROM = date(2020, 1, 1)
SETTINGS = ("DATABASE_URL", "INSPECT_DEMO", "INSPECT_DATA_DIR", "INSPECT_SECURE_COOKIES")


@contextmanager
def installation(database: str | None = None) -> Iterator[sessionmaker[Session]]:
    """Migrate a PostGIS of its own, or the one named, with proposed policies; give its sessions.

    The environment names it meanwhile; `served` and commands act on it.
    """
    before = {name: os.environ.get(name) for name in SETTINGS}
    with (
        TemporaryDirectory() as folder,
        nullcontext(None) if database else throwaway_cluster() as cluster,
    ):
        os.environ |= {
            "DATABASE_URL": database or cluster.url("postgres"),  # type: ignore[union-attr]
            "INSPECT_DEMO": "1",
            "INSPECT_DATA_DIR": folder,
            "INSPECT_SECURE_COOKIES": "false",
        }
        engine = make_engine(Settings())  # type: ignore[call-arg]  # filled from the environment
        try:
            for command in (["migrate"], ["policies", "propose"]):
                inspect_app(command, standalone_mode=False)
            yield session_factory(engine)
        finally:
            engine.dispose()
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def make_reader(session: Session, role: Role) -> None:
    """Make the person who asks, with an account."""
    org = Org(name="生态环境局", kind="bureau")
    session.add(org)
    session.flush()
    person = Person(name="局长", org_id=org.id)
    session.add(person)
    session.flush()
    session.add(Post(person_id=person.id, role=role.value, valid_from=FROM))
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    session.add(Account(person_id=person.id, login=LOGIN, password_hash=hashed))


@dataclass
class Reader:
    """A logged-in browser that asks for one page after the other."""

    line: http.client.HTTPConnection
    cookie: str = ""
    token: str = ""

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a page."""
        return self._ask("GET", path)

    def tell(self, path: str, told: Any) -> Any:  # noqa: ANN401 - any JSON
        """Post JSON as a script of a page does; return the answer's."""
        status, body = self._ask("POST", path, json.dumps(told), kind="application/json")
        assert status == 200, (path, status, body[:500])
        return json.loads(body)

    def log_in(self) -> None:
        """Log in through the page."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/login")[1])
        assert token
        form = {"csrf_token": token[1], "login": LOGIN, "password": PASSWORD}
        status, _ = self._ask("POST", "/login", urlencode(form))
        assert status == 302, status

    def read_token(self, path: str) -> None:
        """Read from a page what its scripts send along with a change."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.get(path)[1])
        assert token
        self.token = token[1]

    def _ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        *,
        kind: str = "application/x-www-form-urlencoded",
    ) -> tuple[int, str]:
        headers = {"Cookie": self.cookie, "Content-Type": kind, "X-CSRFToken": self.token}
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        content = answer.read().decode()
        given = [one.split(";")[0] for one in answer.headers.get_all("Set-Cookie") or []]
        if given:
            kept = dict(one.split("=", 1) for one in self.cookie.split("; ") if one)
            kept |= dict(one.split("=", 1) for one in given)
            self.cookie = "; ".join(f"{name}={value}" for name, value in kept.items())
        return answer.status, content


@contextmanager
def served() -> Iterator[Reader]:
    """Serve the installation as in production and give a logged-in reader."""
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "inspect_app.cli", "serve", "--port", str(PORT)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)) as line:
            _wait(line)
            reader = Reader(line)
            reader.log_in()
            yield reader
    finally:
        server.terminate()
        server.wait()


def _wait(line: http.client.HTTPConnection) -> None:
    for _ in range(100):
        try:
            line.request("GET", "/healthz")
            line.getresponse().read()
        except OSError:
            line.close()
            time.sleep(0.2)
        else:
            return
    message = "the server does not answer"
    raise SystemExit(message)
