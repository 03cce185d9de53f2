"""Photos: who may see which, which look alike, where one is used."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import BIT, JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import cast

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    CampaignItem,
    CampaignItemPhoto,
    ComplaintMatter,
    Finding,
    FindingPhoto,
    MatterPhoto,
    PatrolLog,
    PatrolStop,
    Photo,
    SyncRecord,
)
from inspect_app.queries.campaigns import visible_items
from inspect_app.queries.scope import in_scope


def stored_photo(session: Session, sha256: str) -> Photo:
    """Return the photo of this hash, whoever sent it; refuses one that never came."""
    photo = session.get(Photo, sha256)
    if photo is None:
        raise Problem("not_found", what="照片")
    return photo


def visible_photo(session: Session, sha256: str, *, actor: Actor) -> Photo:
    """Return a photo the actor sent, or one a finding, matter, item, log or record in scope uses.

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
    in_matter = (
        select(MatterPhoto.photo_sha256)
        .join(ComplaintMatter, ComplaintMatter.id == MatterPhoto.matter_id)
        .where(
            MatterPhoto.photo_sha256 == Photo.sha256,
            in_scope(ComplaintMatter.grid_id, actor.scope),
        )
        .exists()
    )
    in_item = (
        select(CampaignItemPhoto.photo_sha256)
        .join(CampaignItem, CampaignItem.id == CampaignItemPhoto.item_id)
        .where(CampaignItemPhoto.photo_sha256 == Photo.sha256, visible_items(actor))
        .exists()
    )
    roads = [Photo.received_from == actor.person_id]
    if actor.may(Permission.FINDING_VIEW):
        roads.append(in_finding)
    if actor.may(Permission.COMPLAINT_VIEW):
        roads += [in_matter, in_item]
    if actor.may(Permission.PATROL_REVIEW):
        roads += [in_log, in_record]
    photo = session.scalar(select(Photo).where(Photo.sha256 == sha256, or_(*roads)))
    if photo is None:
        raise Problem("not_found", what="照片")
    return photo


@dataclass(frozen=True, slots=True)
class PhotoUse:
    """Where one and the same photo is used: in a finding or in the log of a task."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Alike:
    """Another photo that looks like one; `distance` is the number of differing bits of 64."""

    sha256: str
    distance: int


def alike(session: Session, sha256: str, max_distance: int) -> list[Alike]:
    """Return the photos that look like this one, nearest first; the photo itself is not among them.

    A recompressed, rescaled or turned copy differs in 0 to 6 bits of 64, other pictures in about
    32. A picture too flat to be told from others (night, a covered lens) is like none. Reads all
    photos once: 100,000 take about 20 ms of the database.
    """
    mine = select(Photo.likeness).where(Photo.sha256 == sha256).scalar_subquery()
    distance = func.bit_count(cast(Photo.likeness.op("#")(mine), BIT(64)))
    rows = session.execute(
        select(Photo.sha256, distance)
        .where(Photo.sha256 != sha256, distance <= max_distance)
        .order_by(distance, Photo.sha256)
    )
    return [Alike(*row) for row in rows]


def uses_of(session: Session, sha256: str) -> list[PhotoUse]:
    """Return every finding and task whose log uses exactly this photo; more than one is reuse."""
    findings = session.scalars(
        select(FindingPhoto.finding_id)
        .where(FindingPhoto.photo_sha256 == sha256)
        .distinct()
        .order_by(FindingPhoto.finding_id)
    )
    tasks = session.scalars(
        select(PatrolLog.task_id)
        .where(PatrolLog.form.contains(cast({"photos": [{"sha256": sha256}]}, JSONB)))
        .order_by(PatrolLog.task_id)
    )
    return [
        *(PhotoUse("finding", key) for key in findings),
        *(PhotoUse("task", key) for key in tasks),
    ]
