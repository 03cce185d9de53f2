"""Note a contact: when a tablet spoke last, and the highest number of its outbox it told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

NOTED_EVERY = timedelta(seconds=60)
"""An upload is hundreds of requests: the row is written once a minute, or when there is news."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a tablet says of itself at a request; its token is kept as a hash only."""

    uid: UUID
    token_hash: str
    seq: int
    clock_offset_s: float | None
    app_version: str | None


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """An enrolled tablet as a request needs it."""

    uid: UUID
    name: str
    token_hash: str
    revoked: bool


NOTE = text("""
WITH noted AS (
    UPDATE device SET
        seen_at = greatest(seen_at, :now),
        told_seq = greatest(told_seq, CAST(:seq AS bigint)),
        app_version = coalesce(:app_version, app_version),
        clock_offset_s = coalesce(:clock_offset_s, clock_offset_s)
    WHERE uid = :uid AND revoked_at IS NULL AND token_hash = :token_hash
        AND (told_seq < CAST(:seq AS bigint) OR seen_at <= :long_ago
            OR :app_version <> coalesce(app_version, ''))
)
SELECT uid, name, token_hash, revoked_at IS NOT NULL AS revoked FROM device WHERE uid = :uid
""")


def note_contact(session: Session, contact: Contact, *, now: datetime) -> KnownDevice | None:
    """Return the enrolled tablet of this id, revoked or not, and note what it says of itself.

    Nothing is noted of one that is revoked or does not hold its token. Its highest number never
    falls. One statement; it locks the tablet's row only if there is news.
    """
    said = {
        "uid": contact.uid,
        "token_hash": contact.token_hash,
        "seq": contact.seq,
        "clock_offset_s": contact.clock_offset_s,
        "app_version": contact.app_version,
        "now": now,
        "long_ago": now - NOTED_EVERY,
    }
    row = session.execute(NOTE, said).first()
    return None if row is None else KnownDevice(*row)
