"""Note a contact: when a tablet spoke last, and the highest number of its outbox it told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from inspect_app.queries.actors import KnownDevice

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


NOTE = text("""
UPDATE device SET
    seen_at = greatest(seen_at, :now),
    told_seq = greatest(told_seq, CAST(:seq AS bigint)),
    app_version = coalesce(:app_version, app_version),
    clock_offset_s = coalesce(:clock_offset_s, clock_offset_s)
WHERE uid = :uid AND revoked_at IS NULL AND token_hash = :token_hash
""")


def note_contact(session: Session, contact: Contact, known: KnownDevice, *, now: datetime) -> None:
    """Note what an enrolled tablet says of itself, if it is news beside what is `known`.

    Nothing is noted of one that is revoked or does not hold its token. Its highest number never
    falls. One statement where there is news, which locks the tablet's row; else none.
    """
    version = contact.app_version
    new_version = version is not None and version != (known.app_version or "")
    recent = known.told_seq >= contact.seq and now - known.seen_at < NOTED_EVERY
    if recent and not new_version:
        return
    said = {
        "uid": contact.uid,
        "token_hash": contact.token_hash,
        "seq": contact.seq,
        "clock_offset_s": contact.clock_offset_s,
        "app_version": contact.app_version,
        "now": now,
    }
    session.execute(NOTE, said)
