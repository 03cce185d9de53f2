"""Safeguards taken away one at a time: a proof that cannot fail proves nothing."""

from sqlalchemy import Engine, text
from sqlalchemy.dialects import postgresql

SAFEGUARDS = ("on-conflict", "fsync", "hash-check", "tombstones", "snapshot")

RELEVANT = {
    "on-conflict": ("reply_lost", "duplicate_in_parallel", "receipt_not_noted"),
    "fsync": (),
    "hash-check": ("body_corrupted", "chunk_corrupted"),
    "tombstones": (),
    "snapshot": (),
}
"""The item faults that show each safeguard missing."""


def remove(name: str) -> None:
    """Take a safeguard out of the server's process."""
    if name == "on-conflict":
        postgresql.Insert.on_conflict_do_nothing = (  # type: ignore[method-assign]
            lambda insert, **_: insert
        )


def remove_from_database(name: str, engine: Engine) -> None:
    """Take a safeguard out of the database's schema or settings."""
    with engine.begin() as connection:
        if name == "on-conflict":
            connection.execute(text("ALTER TABLE sync_record DROP CONSTRAINT pk_sync_record"))
            connection.execute(text("DROP INDEX uq_sync_record_device_seq"))
        elif name == "fsync":
            database = connection.scalar(text("SELECT current_database()"))
            connection.execute(text(f"ALTER DATABASE {database} SET synchronous_commit = off"))
