"""Engine, transactions and the database role that reads maps."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Connection
from psycopg import OperationalError as OperationalFault
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from inspect_app.config import Settings

MAP_ROLE = "inspect_map"
"""Reads what maps show; has no right on the schema of reporters."""


TRUSTED_S = 5.0
"""So long after its last use a connection whose line is quiet is taken for sound."""


def make_engine(settings: Settings) -> Engine:
    """Return the engine of one process; a broken connection is replaced before it is handed out."""
    engine = create_engine(
        settings.sqlalchemy_url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        connect_args={"options": "-c timezone=UTC -c jit=off"},
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _refuse_broken)
    return engine


def _note_use(_: Connection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["used_at"] = time.monotonic()


def _refuse_broken(connection: Connection, entry: ConnectionPoolEntry, _: object) -> None:
    """Refuse a connection the server has left; the pool then hands out another.

    A server that ends says so, or its line closes: either can be read, which costs no statement. A
    line that broke silently shows only in an answer, so one that has rested long is asked.
    """
    rested_s = time.monotonic() - entry.info.get("used_at", time.monotonic())
    try:
        line = select.poll()
        line.register(connection.fileno(), select.POLLIN)
        if line.poll(0):
            raise DisconnectionError
        if rested_s > TRUSTED_S:
            connection.execute("SELECT 1")
            connection.rollback()
    except (OperationalFault, OSError) as error:
        raise DisconnectionError from error


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions; objects stay readable after their transaction."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One transaction for one request, command or job: commits at the end, rolls back on faults."""
    with sessions() as session, session.begin():
        yield session


@contextmanager
def map_reader(session: Session) -> Iterator[Session]:
    """Read as the map role until the block ends well.

    After a fault the role stays as it is: the transaction may take no more statements, and SET
    LOCAL ends with its rollback.
    """
    session.execute(text(f"SET LOCAL ROLE {MAP_ROLE}"))
    yield session
    session.execute(text("RESET ROLE"))


PASSING = {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03"}
"""SQLSTATEs after which the same request may well succeed: deadlocks, a database that restarts."""


def passes(error: DBAPIError) -> bool:
    """Whether a fault of the database is one that passes: the same request may be sent again."""
    state = getattr(error.orig, "sqlstate", None)
    unreachable = state is None and isinstance(error, OperationalError)
    return error.connection_invalidated or state in PASSING or unreachable
