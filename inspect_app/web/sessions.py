"""Log-in sessions in the database: opaque tokens, ended at once when they or the account end."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import delete, update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import CallbackDict
from werkzeug.wrappers import Response

from inspect_app.config import Settings
from inspect_app.models import WebSession

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
    """Reads and writes sessions in transactions of their own, outside the request's."""

    def __init__(self, settings: Settings, sessions: sessionmaker[Session]) -> None:
        self.sessions = sessions
        self.idle = timedelta(minutes=settings.session_idle_min)
        self.lifetime = timedelta(hours=settings.session_hours)
        self.secure = settings.secure_cookies and not settings.demo
        self.cookie = "__Host-inspect" if self.secure else "inspect"

    def open_session(self, app: Flask, request: Request) -> StoredSession:
        """Return the session of the cookie, or an empty one with a fresh token."""
        token = request.cookies.get(self.cookie)
        if token:
            now: datetime = app.extensions["clock"]()
            with self.sessions() as session:
                row = session.get(WebSession, _hash(token))
                if row and now - row.seen_at < self.idle and now - row.created_at < self.lifetime:
                    return StoredSession(token, dict(row.values), seen_at=row.seen_at)
        return StoredSession(secrets.token_urlsafe(32), {}, seen_at=None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write a changed session, note the use of an unchanged one, set a new cookie."""
        if not isinstance(session, StoredSession):
            return
        now: datetime = app.extensions["clock"]()
        with self.sessions.begin() as database:
            if session.ended:
                database.execute(
                    delete(WebSession).where(WebSession.token_hash == _hash(session.ended))
                )
            if session.modified:
                self._write(database, session, now)
            elif session.seen_at is not None and now - session.seen_at > SEEN_EVERY:
                database.execute(
                    update(WebSession)
                    .where(WebSession.token_hash == _hash(session.token))
                    .values(seen_at=now)
                )
        if session.modified:
            response.set_cookie(
                self.cookie, session.token, httponly=True, secure=self.secure, samesite="Lax"
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


def init_sessions(app: Flask) -> None:
    """Store the app's sessions in the database."""
    app.session_interface = StoredSessions(app.extensions["settings"], app.extensions["sessions"])
    app.extensions.setdefault("clock", lambda: datetime.now(UTC))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
