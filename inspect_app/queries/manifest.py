"""Manifest: a tablet's list of what it sent, set against what is kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import ColumnElement, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from inspect_app.models import Photo, SyncQuarantine, SyncRecord, TrackSegment

HASH_LENGTH = 64
Shelved = Callable[[str, str, int], bool]
"""Whether the file of a photo (hash, media type, size) lies where it should, with all its bytes."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Names that never came, names kept with other bytes, records with photos still to come."""

    missing: list[str]
    different: list[str]
    incomplete: list[tuple[str, list[str]]]


def compare_manifest(
    session: Session, items: Sequence[tuple[str, str]], *, shelved: Shelved
) -> Compared:
    """Set (name, hash) pairs against what is kept; a name is a record's id, `log/number` or a hash.

    What waits, lies in the inbox or was put aside is kept; what lies in quarantine is `different`,
    for a person has to decide between two. A photo whose file is gone or cut short has not come,
    whatever its row says. Five statements, whatever the number of items, and a look at each
    photo's file.
    """
    names = [name for name, _ in items]
    photos = {name for name in names if len(name) == HASH_LENGTH}
    kept, wanted = _records(session, names)
    kept |= _segments(session, names)
    asked = photos | {one for hashes in wanted.values() for one in hashes}
    here = _photos(session, asked, shelved=shelved)
    kept |= {name: name for name in photos & here}
    rivals = _rivals(session, [name for name, sha256 in items if kept.get(name) != sha256])
    missing = [name for name in names if name not in kept and name not in rivals]
    came = kept.keys() | rivals
    different = [name for name, sha256 in items if name in came and kept.get(name) != sha256]
    incomplete = [
        (name, [one for one in hashes if one not in here]) for name, hashes in wanted.items()
    ]
    return Compared(missing, different, [(name, rest) for name, rest in incomplete if rest])


def segment_uid(name: str) -> UUID:
    """Return the id under which a segment (`log/number`) is held among the records."""
    return uuid5(NAMESPACE_URL, name)


def _records(session: Session, names: Iterable[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the hashes of records by name, of held segments too, and the photos they name."""
    by_uid = {uid: name for name in names if (uid := _uid_of(name)) is not None}
    rows = session.execute(
        select(SyncRecord.uid, SyncRecord.sha256, SyncRecord.photos).where(
            _among(SyncRecord.uid, by_uid)
        )
    ).all()
    kept = {by_uid[uid]: sha256 for uid, sha256, _ in rows}
    return kept, {by_uid[uid]: list(photos) for uid, _, photos in rows if photos}


def _segments(session: Session, names: Iterable[str]) -> dict[str, str]:
    asked = {name for name in names if "/" in name}
    logs = {uid for name in asked if (uid := _uuid(name.partition("/")[0])) is not None}
    rows = session.execute(
        select(TrackSegment.log_uid, TrackSegment.number, TrackSegment.sha256).where(
            _among(TrackSegment.log_uid, logs)
        )
    )
    held = {f"{log}/{number}": sha256 for log, number, sha256 in rows}
    return {name: sha256 for name, sha256 in held.items() if name in asked}


def _photos(session: Session, hashes: Iterable[str], *, shelved: Shelved) -> set[str]:
    rows = session.execute(
        select(Photo.sha256, Photo.media_type, Photo.size).where(_among(Photo.sha256, hashes))
    )
    return {sha256 for sha256, media_type, size in rows if shelved(sha256, media_type, size)}


def _rivals(session: Session, names: Iterable[str]) -> set[str]:
    return set(
        session.scalars(select(SyncQuarantine.name).where(_among(SyncQuarantine.name, names)))
    )


def _among(
    column: InstrumentedAttribute[UUID] | InstrumentedAttribute[str],
    values: Iterable[UUID] | Iterable[str],
) -> ColumnElement[bool]:
    """Return the condition that a column is one of many values, sent as one array."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def _uid_of(name: str) -> UUID | None:
    return segment_uid(name) if "/" in name else _uuid(name)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
