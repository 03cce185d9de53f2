"""Keep a photo: its untouched bytes under the name of their hash, after proof that it is one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import IncomingPhoto, Photo
from inspect_app.workflows.keep_photo.parts import Part, digest_of, open_part, room_on_disk
from inspect_app.workflows.keep_photo.proof import PhotoFacts, read_photo
from inspect_app.workflows.keep_photo.shelf import PhotoShelf, sync_folder
from inspect_app.workflows.sync_patrol.photos import complete_photo


@dataclass(frozen=True, slots=True)
class Proven:
    """A whole photo: its hash, its size in bytes and what it says."""

    sha256: str
    size: int
    facts: PhotoFacts


def keep_photo(
    session: Session,
    sent: tuple[bytes, str],
    *,
    shelf: PhotoShelf,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> bool:
    """Keep `sent` (bytes, claimed hash) in one go and return whether it is new.

    The file is safe on disk before its row is written: a row never lacks its bytes. EXIF times
    without offset are read in `zone`. Refuses wrong hashes and what is no photo.
    """
    body, sha256 = sent
    check_digest(hashlib.sha256(body).hexdigest(), sha256)
    proven = Proven(sha256, len(body), read_photo(BytesIO(body), zone=zone))
    with room_on_disk(), open_part(shelf.part(sha256)) as part:
        place = shelf.original(sha256, proven.facts.media_type)
        part.restart()
        if place.exists() and place.stat().st_size == len(body):
            sync_folder(place.parent)  # who moved it here may have been killed before that
        else:
            part.append(body)
            part.shelve(place)
    return add_photo(session, proven, actor=actor, now=now)


def shelve_part(part: Part, sha256: str, *, shelf: PhotoShelf, zone: ZoneInfo) -> Proven:
    """Move a part that has all its bytes to the shelf.

    Wrong bytes, and what is no photo, are thrown away: the photo begins anew at offset 0.
    """
    try:
        check_digest(digest_of(part.path), sha256)
        proven = proof_of(part.path, sha256, zone=zone)
    except Problem:
        part.restart()
        raise
    part.shelve(shelf.original(sha256, proven.facts.media_type))
    return proven


def check_digest(found: str, sha256: str) -> None:
    """Refuse bytes whose hash is not their name."""
    if found != sha256:
        raise Problem("digest_mismatch", expected=sha256, found=found)


def proof_of(path: Path, sha256: str, *, zone: ZoneInfo) -> Proven:
    """Return what a file that holds all bytes of a photo says."""
    return Proven(sha256, path.stat().st_size, read_photo(path, zone=zone))


def add_photo(session: Session, proven: Proven, *, actor: Actor, now: datetime) -> bool:
    """Write the row of a photo whose bytes are safe, unless it is there; return whether it is new.

    What waits for the photo is completed in the same transaction.
    """
    facts = proven.facts
    kept = session.scalar(
        insert(Photo)
        .values(
            sha256=proven.sha256,
            media_type=facts.media_type,
            size=proven.size,
            width=facts.width,
            height=facts.height,
            taken_at=facts.taken_at,
            received_at=now,
            received_from=actor.person_id,
            likeness=facts.likeness,
            geom=None if facts.place is None else "SRID=4490;POINT({} {})".format(*facts.place),
        )
        .on_conflict_do_nothing()
        .returning(Photo.sha256)
    )
    session.execute(delete(IncomingPhoto).where(IncomingPhoto.sha256 == proven.sha256))
    complete_photo(session, proven.sha256)
    return kept is not None
