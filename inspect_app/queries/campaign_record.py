"""What is on record of a campaign's item: its history, its version, who worked on it."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from inspect_app.domain.codes import PhotoStage
from inspect_app.domain.transitions import ITEM_WORK
from inspect_app.models import CampaignItem, CampaignItemPhoto, Event, Person, Photo
from inspect_app.queries.findings import HistoryEntry


def of_item(item_id: int) -> ColumnElement[bool]:
    """Return the condition that an event row belongs to the item."""
    return (Event.subject_kind == literal("campaign_item")) & (Event.subject_id == item_id)


def item_version(session: Session, item_id: int) -> int:
    """Return the id of the item's last event: it changes with every step; 0 before the first."""
    return session.scalar(select(func.max(Event.id)).where(of_item(item_id))) or 0


def item_versions(session: Session, item_ids: Collection[int]) -> dict[int, int]:
    """Return the versions of many items by id; those without events are left out."""
    rows = session.execute(
        select(Event.subject_id, func.max(Event.id))
        .where(Event.subject_kind == "campaign_item", Event.subject_id.in_(item_ids))
        .group_by(Event.subject_id)
    )
    return dict(rows.all())


def item_photos(session: Session, item_id: int) -> list[tuple[PhotoStage, Photo]]:
    """Return the photos of an item with what they show, in the order they were taken."""
    rows = session.execute(
        select(CampaignItemPhoto.stage, Photo)
        .join(Photo, Photo.sha256 == CampaignItemPhoto.photo_sha256)
        .where(CampaignItemPhoto.item_id == item_id)
        .order_by(Photo.taken_at.nulls_last(), Photo.received_at, Photo.sha256)
    )
    return [(PhotoStage(stage), photo) for stage, photo in rows]


def item_history(session: Session, item_id: int) -> list[HistoryEntry]:
    """Return all events of the item, oldest first."""
    rows = session.execute(
        select(Event, Person.name)
        .outerjoin(Person, Person.id == Event.actor_id)
        .where(of_item(item_id))
        .order_by(Event.id)
    )
    return [HistoryEntry(event, name) for event, name in rows]


def item_worked_on(session: Session, item: CampaignItem) -> frozenset[int]:
    """Return who did the work an acceptance judges: who answers for it, who took its steps."""
    acted = session.scalars(
        select(Event.actor_id).where(of_item(item.id), Event.event.in_(ITEM_WORK)).distinct()
    )
    return frozenset(
        person_id for person_id in (item.responsible_person_id, *acted) if person_id is not None
    )
