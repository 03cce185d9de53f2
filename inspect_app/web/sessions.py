"""Log-in sessions in the database: opaque tokens, ended at once when they or the account end."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, Request, g
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import delete, update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import CallbackDict
from werkzeug.wrappers import Response

from inspect_app.config import Settings
from inspect_app.models import WebSession
from inspect_app.queries.actors import Visitor, visitor_of
from inspect_app.web.http import begin_transaction, now, today

SEEN_EVERY = timedelta(seconds=60)
"""How often a read session's last use is written: not at every tile."""


class StoredSession(CallbackDict[str, Any], SessionMixin):
    """The values of a session and the token under which they are stored."""

    def __init__(self, token: str, values: dict[str, Any], *, seen_at: datetime | None) -> None:
        def changed(session: "StoredSession") -> None:
            session.modified = True

        super().__init__(values, changed)
        self.token = token
        self.seen_at = seen_at
        self.modified = False
        self.ended: str | None = None

    def renew(self) -> None:
        """Give the session a new token (at log-in and log-out); the old one ends."""
        self.ended = self.token
        self.token = secrets.token_urlsafe(32)
        self.seen_at = None
        self.modified = True


class StoredSessions(SessionInterface):
    """Reads sessions in the request's transaction; writes them in one of their own."""

    def __init__(self, settings: Settings, sessions: sessionmaker[Session]) -> None:
        self.sessions = sessions
        self.idle = timedelta(minutes=settings.session_idle_min)
        self.lifetime = timedelta(hours=settings.session_hours)
        self.secure = settings.secure_cookies and not settings.demo
        self.cookie = "__Host-inspect" if self.secure else "inspect"

    def open_session(self, _: Flask, request: Request) -> StoredSession:
        """Return the session of the cookie, or an empty one with a fresh token.

        The statement that reads it tells who acts too, see `http.actor`, and by which tablet.
        """
        token = request.cookies.get(self.cookie)
        if token:
            device = claimed_device(request)
            visitor = visitor_of(begin_transaction(), _hash(token), day=today(), device=device)
            if visitor and self._lasts(visitor, now()):
                g.visitor = visitor
                return StoredSession(token, visitor.values, seen_at=visitor.seen_at)
        return StoredSession(secrets.token_urlsafe(32), {}, seen_at=None)

    def _lasts(self, visitor: Visitor, moment: datetime) -> bool:
        idle, age = moment - visitor.seen_at, moment - visitor.created_at
        return idle < self.idle and age < self.lifetime

    def save_session(self, _: Flask, session: SessionMixin, response: Response) -> None:
        """Write a changed session, note the use of an unchanged one, set a new cookie."""
        if not isinstance(session, StoredSession):
            return
        moment = now()
        unnoted = session.seen_at is not None and moment - session.seen_at > SEEN_EVERY
        if session.ended or session.modified or unnoted:
            with self.sessions.begin() as database:
                self._save(database, session, moment)
        if session.modified:
            response.set_cookie(
                self.cookie, session.token, httponly=True, secure=self.secure, samesite="Lax"
            )

    def _save(self, database: Session, session: StoredSession, moment: datetime) -> None:
        if session.ended:
            database.execute(
                delete(WebSession).where(WebSession.token_hash == _hash(session.ended))
            )
        if session.modified:
            self._write(database, session, moment)
        else:
            database.execute(
                update(WebSession)
                .where(WebSession.token_hash == _hash(session.token))
                .values(seen_at=moment)
            )

    @staticmethod
    def _write(database: Session, session: StoredSession, now: datetime) -> None:
        row = database.get(WebSession, _hash(session.token))
        if row is None:
            row = WebSession(token_hash=_hash(session.token), created_at=now)
            database.add(row)
        row.values = dict(session)
        row.account_id = session.get("account_id")
        row.seen_at = now


def claimed_device(request: Request) -> UUID | None:
    """Return the id the sender gives itself, enrolled or not: it names rows and opens nothing."""
    return uuid_or_none(request.headers.get("X-Device", ""))


def uuid_or_none(text: str) -> UUID | None:
    """Return the id a text is, None for any other text."""
    try:
        return UUID(text)
    except ValueError:
        return None


def init_sessions(app: Flask) -> None:
    """Store the app's sessions in the database."""
    app.session_interface = StoredSessions(app.extensions["settings"], app.extensions["sessions"])
    app.extensions.setdefault("clock", lambda: datetime.now(UTC))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
