"""Campaigns and inspections of authorities, and the items they bring."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inspect_app.domain.campaign_codes import CampaignKind, CampaignLevel, ItemState
from inspect_app.domain.codes import PhotoStage
from inspect_app.models.base import Base, Key, code_check, reference


class Campaign(Base):
    """A special campaign or an inspection team's stay: what it is called, when, by which document.

    `ends_on` is its last day.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        code_check("kind", CampaignKind),
        code_check("level", CampaignLevel),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="period"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    source: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(reference("person.id"))


class CampaignItem(Base):
    """One thing a campaign asks to be put right: one number, one responsible unit, one due day.

    The responsible unit is the one named, else the grid; the grid says who sees the item.
    """

    __tablename__ = "campaign_item"
    __table_args__ = (
        code_check("state", ItemState),
        UniqueConstraint("campaign_id", "item_no"),
        CheckConstraint("org_id IS NOT NULL OR grid_id IS NOT NULL", name="responsible_unit"),
        CheckConstraint("(published_text IS NULL) = (published_at IS NULL)", name="published"),
    )

    id: Mapped[Key]
    campaign_id: Mapped[int] = mapped_column(reference("campaign.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    org_id: Mapped[int | None] = mapped_column(reference("org.id"), index=True)
    responsible_person_id: Mapped[int | None] = mapped_column(reference("person.id"), index=True)
    matter_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint_matter.id", ondelete="SET NULL"), unique=True
    )
    batch_no: Mapped[str | None]
    item_no: Mapped[str]
    title: Mapped[str]
    is_key_item: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(String(30), server_default=text("'issued'"))
    issued_at: Mapped[datetime]
    due_on: Mapped[date]
    published_text: Mapped[str | None]
    published_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship()


class CampaignItemPhoto(Base):
    """A photo that proves something of an item: what was found, what was put right."""

    __tablename__ = "campaign_item_photo"
    __table_args__ = (code_check("stage", PhotoStage),)

    item_id: Mapped[int] = mapped_column(
        reference("campaign_item.id", cascade=True), primary_key=True
    )
    photo_sha256: Mapped[str] = mapped_column(
        reference("photo.sha256"), primary_key=True, index=True
    )
    stage: Mapped[str] = mapped_column(String(10), server_default=text("'before'"))
