"""What every command reads at the edge: settings, a transaction, the clock, the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from sqlalchemy.orm import Session

from inspect_app.config import Settings
from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.workflows.reporter_keys import KeyPlace

console = Console()


def read_settings() -> Settings:
    """Return the settings of the environment."""
    return Settings()  # type: ignore[call-arg]  # filled from the environment


@contextmanager
def command_transaction() -> Iterator[Session]:
    """One transaction for the command; the engine is closed after it."""
    engine = make_engine(read_settings())
    try:
        with transaction(session_factory(engine)) as session:
            yield session
    finally:
        engine.dispose()


def key_place() -> KeyPlace:
    """Return where the keys of reporters are."""
    settings = read_settings()
    return KeyPlace(settings.data_dir, settings.reporter_key)


def now() -> datetime:
    """Return the instant (UTC)."""
    return datetime.now(UTC)


def today() -> date:
    """Return the bureau's calendar day."""
    return now().astimezone(ZoneInfo(read_settings().time_zone)).date()
