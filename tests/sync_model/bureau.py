"""A bureau in one transaction: the real application, a patrol, two tablets, crashes on demand."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, delete, event, text, update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from inspect_app import create_app
from inspect_app.domain.access import Role
from inspect_app.models import Account, Device, PatrolTask, WebSession
from tests.conftest import NOW, settings_for
from tests.factories import add, log_in, make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import digest, make_crew, make_task, picture

NAMES = UUID(int=7)
"""Ids in a run are made from this, so that a failing example can be run again."""
TOKENS = ("token of tablet 0", "token of tablet 1")
COOKIE = "inspect"
YEAR = timedelta(days=365)


class Crash(Exception):
    """The server's process ended."""


@dataclass(frozen=True)
class Item:
    """A record or segment as a tablet wrote it."""

    name: str
    tablet: int
    seq: int
    kind: str
    path: str
    body: bytes
    photos: tuple[bytes, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class Tablet:
    """One tablet: who carries it, its numbers, its clock."""

    number: int
    account: Account
    client: FlaskClient
    device: UUID
    log_uid: UUID
    seq: int = 0
    segments: int = 0
    clock: timedelta = timedelta()

    @property
    def standing(self) -> tuple[int, int, timedelta, str]:
        """How far the tablet has come; its session ends with the rows of the block."""
        cookie = self.client.get_cookie(COOKIE)
        return self.seq, self.segments, self.clock, cookie.value if cookie else ""

    @standing.setter
    def standing(self, kept: tuple[int, int, timedelta, str]) -> None:
        self.seq, self.segments, self.clock, cookie = kept
        self.client.set_cookie(COOKIE, cookie)

    def headers(self) -> dict[str, str]:
        """Return what every request of the tablet carries."""
        told = NOW + self.clock
        return {
            "X-Device": str(self.device),
            "X-Device-Token": TOKENS[self.number],
            "X-Device-Seq": str(self.seq),
            "X-Device-Clock": str(int(told.timestamp() * 1000)),
            "X-App-Version": "model",
        }

    def frozen(
        self, kind: str, values: dict[str, Any], *, task_id: int, photos: tuple[bytes, ...] = ()
    ) -> Item:
        """Write an item: the next number, the tablet's own clock, bytes that never change."""
        self.seq += 1
        if kind == "segment":
            number, self.segments = self.segments, self.segments + 1
            body = values | {"device": str(self.device), "seq": self.seq}
            name = f"{self.log_uid}/{number}"
            path = f"/sync/tracks/{self.log_uid}/segments/{number}"
        else:
            name = str(uuid5(NAMES, f"{self.number} {self.seq}"))
            path = f"/sync/records/{name}"
            at = NOW + self.clock + timedelta(minutes=self.seq)
            body = {"kind": kind, "task_id": task_id, "log_uid": str(self.log_uid)}
            body |= {"device": str(self.device), "seq": self.seq, "at": at.isoformat()} | values
        return Item(
            name, self.number, self.seq, kind, path, json.dumps(body).encode(), photos=photos
        )


@dataclass
class Bureau:
    """The application on one connection, whose work since `opened` can be taken back."""

    connection: Connection
    sessions: sessionmaker[Session]
    app: Flask
    data_dir: Path
    tablets: list[Tablet]
    task_id: int
    stops: list[int]
    crews: list[int]
    crash: str = ""
    """`before` or `after` the commit of the next request."""
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1 << 30)))

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """Let all that happens in the block not have happened: rows, files, tablets."""
        savepoint = self.connection.begin_nested()
        settings, data_dir = self.app.extensions["settings"], self.data_dir
        self.data_dir = data_dir / f"files{next(self._numbers)}"
        self.data_dir.mkdir()
        self.app.extensions["settings"] = settings.model_copy(update={"data_dir": self.data_dir})
        tablets = [one.standing for one in self.tablets]
        try:
            yield
        finally:
            for tablet, kept in zip(self.tablets, tablets, strict=True):
                tablet.standing = kept
            shutil.rmtree(self.data_dir)
            self.data_dir, self.app.extensions["settings"] = data_dir, settings
            self.crash = ""
            savepoint.rollback()

    def send(self, item: Item, *, body: bytes | None = None, claimed: bytes | None = None):
        """Send an item, or other bytes under its name; None where the server crashed."""
        sent = item.body if body is None else body
        headers = digest(sent if claimed is None else claimed) | {"X-Item-Seq": str(item.seq)}
        return self.ask(item.tablet, "PUT", item.path, sent, headers)

    def ask(
        self,
        tablet: int,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> TestResponse | None:
        """Send a request of a tablet; None where the server crashed before it answered."""
        one = self.tablets[tablet]
        crash, lost = self.crash, self.crash == "after"
        try:
            answer = one.client.open(
                path, method=method, data=body, headers=one.headers() | (headers or {})
            )
        except Crash:
            return None
        finally:
            self.crash = ""
        return None if lost and crash else answer

    def give_task_to(self, crew: int) -> None:
        """Let another crew have the task."""
        with self.sessions() as session, session.begin():
            session.execute(
                update(PatrolTask)
                .where(PatrolTask.id == self.task_id)
                .values(crew_id=self.crews[crew])
            )

    def end_session(self, tablet: int) -> None:
        """End the web session of whoever carries a tablet."""
        account_id = self.tablets[tablet].account.id
        with self.sessions() as session, session.begin():
            session.execute(delete(WebSession).where(WebSession.account_id == account_id))

    def revoke(self, tablet: int, *, revoked: bool) -> None:
        """End the token of a tablet, or give it back."""
        with self.sessions() as session, session.begin():
            session.execute(
                update(Device)
                .where(Device.uid == self.tablets[tablet].device)
                .values(revoked_at=NOW if revoked else None)
            )

    def log_in(self, tablet: int) -> None:
        """Log in whoever carries a tablet."""
        one = self.tablets[tablet]
        one.client.delete_cookie(COOKIE)
        log_in(one.client, one.account)

    def rows(self, query: str) -> list[Any]:
        """Return the rows of a query."""
        return list(self.connection.execute(text(query)))


def open_bureau(connection: Connection, url: str, data_dir: Path) -> Bureau:
    """Return a bureau: one task of crew 0, tablets 0 and 1 with crews 0 and 1."""
    sessions = sessionmaker(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    )
    app = create_app(settings_for(url, data_dir), sessions=sessions)
    app.extensions["clock"] = lambda: NOW
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with sessions() as session, session.begin():
        make_policies(session)
        grid = make_grid(session)
        make_owner(session, grid)
        accounts = [make_account(session, Role.INSPECTOR, grid=grid) for _ in TOKENS]
        crews = [make_crew(session, account) for account in accounts]
        task = make_task(session, crews[0], grid=grid)
        devices = [
            add(
                session,
                Device(
                    uid=uuid5(NAMES, token),
                    name=token,
                    token_hash=hashlib.sha256(token.encode()).hexdigest(),
                    enrolled_at=NOW,
                    seen_at=NOW,
                ),
            )
            for token in TOKENS
        ]
        tablets = [
            Tablet(number, account, app.test_client(), device.uid, uuid5(NAMES, f"log {number}"))
            for number, (account, device) in enumerate(zip(accounts, devices, strict=True))
        ]
        bureau = Bureau(
            connection,
            sessions,
            app,
            data_dir,
            tablets,
            task.id,
            [stop.id for stop in task.stops],
            [crew.id for crew in crews],
        )
    for tablet in tablets:
        log_in(tablet.client, tablet.account)

    @event.listens_for(sessions, "before_commit")
    def crash(_: Session) -> None:
        if bureau.crash == "before":
            bureau.crash = ""
            raise Crash

    return bureau


def photo_of(number: int) -> bytes:
    """Return a photo of its own."""
    comment = str(number).encode()
    body = picture()
    return body[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + body[2:]


def fixes_of(number: int) -> dict[str, Any]:
    """Return the fixes of a piece of track along the canal."""
    began = int(datetime(2026, 3, 24, 0, 30, tzinfo=UTC).timestamp())
    return {
        "fixes": [
            [(began + 60 * number + 5 * step) * 1000, round(120.5 + step / 5000, 6), 30.5, 8.0]
            for step in range(12)
        ]
    }
