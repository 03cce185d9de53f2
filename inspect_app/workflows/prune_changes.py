"""Prune changes: the feed keeps as many days as a tablet may stay away without starting anew."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

PRUNE = """
DELETE FROM change WHERE xid < coalesce(
    (SELECT min(xid) FROM change WHERE at >= :oldest), (SELECT max(xid) FROM change))
OR xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
"""All of the oldest transactions and never one between two that stay, as a cursor passes them in
this order; the newest stays, as cursors rest on it. What is ahead of the database's own count of
transactions came with a dump from another cluster."""


def prune_changes(session: Session, *, kept_days: float, now: datetime) -> int:
    """Remove changes older than so many days; return how many."""
    oldest = now - timedelta(days=kept_days)
    pruned = session.execute(text(PRUNE), {"oldest": oldest})
    return int(pruned.rowcount)  # type: ignore[attr-defined]
