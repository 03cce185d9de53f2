"""Safeguards taken away one at a time: a proof that cannot fail proves nothing."""

from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.dialects import postgresql

from inspect_app.queries import changes
from inspect_app.workflows.keep_photo import keep
from inspect_app.workflows.sync_patrol import Sent

SAFEGUARDS = ("on-conflict", "fsync", "hash-check", "tombstones", "snapshot")

RELEVANT = {
    "on-conflict": ("reply_lost", "duplicate_in_parallel", "receipt_not_noted"),
    "fsync": (),
    "hash-check": ("body_corrupted", "chunk_corrupted"),
    "tombstones": (),
    "snapshot": (),
}
"""The faults of items that show each safeguard missing."""

_SCHEMA = {
    "on-conflict": (
        "ALTER TABLE sync_record DROP CONSTRAINT pk_sync_record CASCADE",
        "DROP INDEX uq_sync_record_device_seq",
    ),
    "tombstones": (
        "DROP TRIGGER note_change_delete ON patrol_task",
        "DROP TRIGGER note_change_delete ON patrol_stop",
    ),
}


def remove(name: str) -> None:
    """Take a safeguard out of the server's process."""
    if name == "on-conflict":
        postgresql.Insert.on_conflict_do_nothing = _plain  # type: ignore[method-assign]
    elif name == "hash-check":
        Sent.checked = lambda sent: sent.sha256  # type: ignore[method-assign]
        keep.check_digest = lambda *_: None
    elif name == "snapshot":
        changes.FEED = changes.FEED.replace("pg_snapshot_xmin", "pg_snapshot_xmax")


_ON_CONFLICT = postgresql.Insert.on_conflict_do_nothing


def _plain(insert: postgresql.Insert, **options: Any) -> postgresql.Insert:  # noqa: ANN401
    """Leave an insert of records as it is; all others keep their clause and their unique key."""
    if insert.table.name == "sync_record":
        return insert
    return _ON_CONFLICT(insert, **options)


def remove_from_database(name: str, engine: Engine) -> None:
    """Take a safeguard out of the database's schema or settings."""
    with engine.begin() as connection:
        for statement in _SCHEMA.get(name, ()):
            connection.execute(text(statement))
        if name == "fsync":
            database = connection.scalar(text("SELECT current_database()"))
            connection.execute(text(f"ALTER DATABASE {database} SET synchronous_commit = off"))
