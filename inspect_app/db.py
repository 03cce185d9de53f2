"""Engine, transactions and the database role that reads maps."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings

MAP_ROLE = "inspect_map"
"""Reads what maps show; has no right on the schema of reporters."""


def make_engine(settings: Settings) -> Engine:
    """Return the engine of one process; a broken connection is replaced before it is handed out."""
    return create_engine(
        settings.sqlalchemy_url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC -c jit=off"},
    )


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
