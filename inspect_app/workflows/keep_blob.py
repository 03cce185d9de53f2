"""Keep a blob: a photo that comes in chunks and goes on where it stopped, after any crash."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import IncomingPhoto, Photo
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.keep_photo.keep import add_photo, proof_of, shelve_part
from inspect_app.workflows.keep_photo.parts import (
    Part,
    digest_of,
    open_known_part,
    open_part,
    room_on_disk,
)
from inspect_app.workflows.keep_photo.shelf import PhotoShelf, make_folder, sync_folder

CHUNK_BYTES_MAX = 256 * 1024
DISK_FREE_MIN = 256 * 1024 * 1024
"""The database may live on the same disk: photos leave it this much room."""
STALE_AFTER = timedelta(days=14)
"""A tablet that has not gone on with a photo for so long begins it anew."""
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a photo: whose, the bytes, where they begin, and how long the whole is."""

    sha256: str
    body: bytes
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class BlobState:
    """How far a photo has come; `length` is None where no chunk has told it."""

    offset: int
    length: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Reception:
    """Where photos are taken in: the shelf, the zone of EXIF times, the largest photo."""

    shelf: PhotoShelf
    zone: ZoneInfo
    bytes_max: int


def blob_state(
    session: Session, sha256: str, *, reception: Reception, actor: Actor, now: datetime
) -> BlobState:
    """Return how far a photo has come; heals what a crash left between two steps.

    Bytes that are all there are shelved, a shelved file without a row gets its row.
    """
    kept = _kept(session, sha256, reception=reception, actor=actor, now=now)
    if kept is not None:
        return kept
    known = session.get(IncomingPhoto, sha256)
    length = None if known is None else known.length
    with room_on_disk(), open_known_part(reception.shelf.part(sha256)) as part:
        if part is None:
            return BlobState(0, length, complete=False)
        if not _whole(part, sha256, length=length):
            return BlobState(part.size, length, complete=False)
        proven = shelve_part(part, sha256, shelf=reception.shelf, zone=reception.zone)
    add_photo(session, proven, actor=actor, now=now)
    return BlobState(proven.size, proven.size, complete=True)


def keep_chunk(
    session: Session, chunk: Chunk, *, reception: Reception, actor: Actor, now: datetime
) -> BlobState:
    """Add a chunk at the true end of its photo and return how far it has come.

    The offset is the size of the part under its lock, so that of two equal chunks at the same
    time one is added and the other refused with the true offset. The last chunk ends in the proof
    that the bytes have the hash and are a photo; then the file is shelved and the row written.
    """
    _check(chunk, bytes_max=reception.bytes_max)
    kept = _kept(session, chunk.sha256, reception=reception, actor=actor, now=now)
    if kept is not None:
        return kept
    _admit(session, chunk, reception=reception, actor=actor, now=now)
    with room_on_disk(), open_part(reception.shelf.part(chunk.sha256)) as part:
        path = reception.shelf.found(chunk.sha256)
        if path is None or digest_of(path) != chunk.sha256:
            _append(part, chunk)
            if part.size < chunk.length:
                return BlobState(part.size, chunk.length, complete=False)
            proven = shelve_part(part, chunk.sha256, shelf=reception.shelf, zone=reception.zone)
        else:  # another process has shelved it since, and may have been killed in the middle
            sync_folder(path.parent)
            proven = proof_of(path, chunk.sha256, zone=reception.zone)
    add_photo(session, proven, actor=actor, now=now)
    return BlobState(proven.size, proven.size, complete=True)


def _check(chunk: Chunk, *, bytes_max: int) -> None:
    if chunk.length > bytes_max:
        raise Problem("too_large", limit=bytes_max / MB)
    end = chunk.offset + len(chunk.body)
    if chunk.length < 1 or end > chunk.length:
        raise Problem(
            "field_invalid", field="Upload-Length", expected=f">= {end}", found=chunk.length
        )


def _kept(
    session: Session, sha256: str, *, reception: Reception, actor: Actor, now: datetime
) -> BlobState | None:
    """Return the state of a photo on the shelf; None for one that is not, or is damaged there."""
    path = reception.shelf.found(sha256)
    if path is None:
        return None
    size = path.stat().st_size
    photo = session.get(Photo, sha256)
    if photo is None:
        if digest_of(path) != sha256:
            return None
        with room_on_disk():
            sync_folder(path.parent)  # who moved it here may have been killed before that
        add_photo(session, proof_of(path, sha256, zone=reception.zone), actor=actor, now=now)
    elif photo.size != size:
        return None
    return BlobState(size, size, complete=True)


def _whole(part: Part, sha256: str, *, length: int | None) -> bool:
    """Whether a part may be all of its photo: the row with its length may have died in a crash."""
    return part.size == length or (length is None and digest_of(part.path) == sha256)


def _append(part: Part, chunk: Chunk) -> None:
    if part.size > chunk.length:
        part.restart()
    if part.size != chunk.offset:
        raise Problem("offset_differs", offset=part.size)
    part.append(chunk.body)


def _admit(
    session: Session, chunk: Chunk, *, reception: Reception, actor: Actor, now: datetime
) -> None:
    """Note whose photo is on its way and how long it is; refuses what would fill the disk."""
    known = session.get(IncomingPhoto, chunk.sha256)
    if known is not None and known.length == chunk.length:
        return
    with room_on_disk():
        make_folder(reception.shelf.incoming)  # a new installation has none yet
    if shutil.disk_usage(reception.shelf.incoming).free < DISK_FREE_MIN + chunk.length:
        raise Problem("disk_full")
    if known is None:
        _check_share(session, chunk, reception=reception, actor=actor, now=now)
    session.execute(
        insert(IncomingPhoto)
        .values(sha256=chunk.sha256, length=chunk.length, person_id=actor.person_id, begun_at=now)
        .on_conflict_do_update(index_elements=["sha256"], set_={"length": chunk.length})
    )


def _check_share(
    session: Session, chunk: Chunk, *, reception: Reception, actor: Actor, now: datetime
) -> None:
    """Refuse a photo that goes beyond a person's share of the room for unfinished ones."""
    day = now.astimezone(reception.zone).date()
    rows = session.scalars(
        select(IncomingPhoto).where(IncomingPhoto.person_id == actor.person_id)
    ).all()
    unfinished = [row for row in rows if reception.shelf.part(row.sha256).exists()]
    photos_max = policy_value(session, "incoming_photos_max", day=day)
    mb_max = policy_value(session, "incoming_mb_max", day=day)
    size = chunk.length + sum(row.length for row in unfinished)
    if len(unfinished) >= photos_max or size > mb_max * MB:
        raise Problem("incoming_full", count=len(unfinished))


def remove_stale_parts(session: Session, shelf: PhotoShelf, *, now: datetime) -> int:
    """Remove parts nobody has gone on with for `STALE_AFTER`; return how many."""
    oldest = (now - STALE_AFTER).timestamp()
    removed = sum(_removed(path, oldest=oldest) for path in shelf.incoming.glob("*.part"))
    gone = [
        sha256
        for sha256 in session.scalars(
            select(IncomingPhoto.sha256).where(IncomingPhoto.begun_at < now - STALE_AFTER)
        )
        if not shelf.part(sha256).exists()
    ]
    session.execute(delete(IncomingPhoto).where(IncomingPhoto.sha256.in_(gone)))
    return removed


def _removed(path: Path, *, oldest: float) -> bool:
    with open_known_part(path) as part:
        if part is None or path.stat().st_mtime >= oldest:
            return False
        part.restart()
    return True
