"""Photos of records: they may come before or after the record; the end is the same."""

from collections.abc import Sequence

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.codes import PhotoStage, SyncState
from inspect_app.models import Finding, FindingPhoto, Photo, SyncRecord
from inspect_app.workflows.sync_patrol.locks import lock_photos


def complete_photo(session: Session, sha256: str) -> int:
    """Link a photo that has just been kept to the findings whose records name it.

    To be called in the transaction that wrote the photo's row, after it; again does nothing. A
    record of this photo that is being taken at the same time sees the photo or is seen here. Site
    photos need no link: their log names them from the start. Returns how many findings got it.
    Three statements, by the index of the records' photos.
    """
    lock_photos(session, [sha256])
    waiting = (
        select(Finding.id, literal(sha256), literal(PhotoStage.BEFORE.value))
        .join(SyncRecord, SyncRecord.uid == Finding.uid)
        .where(
            SyncRecord.photos.contains([sha256]),
            SyncRecord.kind == "finding",
            SyncRecord.state == SyncState.TAKEN.value,
            select(Photo.sha256).where(Photo.sha256 == sha256).exists(),
        )
    )
    linked = session.scalars(
        insert(FindingPhoto)
        .from_select(["finding_id", "photo_sha256", "stage"], waiting)
        .on_conflict_do_nothing()
        .returning(FindingPhoto.finding_id)
    ).all()
    return len(linked)


def photos_not_here(session: Session, hashes: Sequence[str]) -> tuple[str, ...]:
    """Return those of the hashes whose photo has not been received and verified yet."""
    if not hashes:
        return ()
    known = set(session.scalars(select(Photo.sha256).where(Photo.sha256.in_(hashes))))
    return tuple(sha256 for sha256 in hashes if sha256 not in known)
