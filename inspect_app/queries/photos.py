"""Photos: who may see which."""

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import cast

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import Finding, FindingPhoto, PatrolLog, PatrolStop, Photo, SyncRecord
from inspect_app.queries.scope import in_scope


def stored_photo(session: Session, sha256: str) -> Photo:
    """Return the photo of this hash, whoever sent it; refuses one that never came."""
    photo = session.get(Photo, sha256)
    if photo is None:
        raise Problem("not_found", what="照片")
    return photo


def visible_photo(session: Session, sha256: str, *, actor: Actor) -> Photo:
    """Return a photo the actor sent, or one a finding, log or record inside the scope uses.

    Any other photo, and one that never came, is not found.
    """
    in_finding = (
        select(FindingPhoto.photo_sha256)
        .join(Finding, Finding.id == FindingPhoto.finding_id)
        .where(FindingPhoto.photo_sha256 == Photo.sha256, in_scope(Finding.grid_id, actor.scope))
        .exists()
    )
    in_log = (
        select(PatrolLog.uid)
        .join(PatrolStop, PatrolStop.task_id == PatrolLog.task_id)
        .where(
            PatrolLog.form.contains(cast({"photos": [{"sha256": sha256}]}, JSONB)),
            in_scope(PatrolStop.grid_id, actor.scope),
        )
        .exists()
    )
    in_record = (
        select(SyncRecord.uid)
        .join(PatrolStop, PatrolStop.task_id == SyncRecord.task_id)
        .where(SyncRecord.photos.contains([sha256]), in_scope(PatrolStop.grid_id, actor.scope))
        .exists()
    )
    roads = [Photo.received_from == actor.person_id]
    if actor.may(Permission.FINDING_VIEW):
        roads.append(in_finding)
    if actor.may(Permission.PATROL_REVIEW):
        roads += [in_log, in_record]
    photo = session.scalar(select(Photo).where(Photo.sha256 == sha256, or_(*roads)))
    if photo is None:
        raise Problem("not_found", what="照片")
    return photo
