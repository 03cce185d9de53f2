"""Tablets: enrolment, what they sent that was set aside, and the feed of changes they follow."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, Index, Integer, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inspect_app.models.base import Base, Json, Key, reference


class Device(Base):
    """A tablet: `uid` is made by the tablet itself, its opaque token is kept as a hash only.

    `told_seq` is the highest number of its outbox that the tablet has spoken of: what is missing
    below it is known to exist. `clock_offset_s` is the tablet's clock minus the server's.
    """

    __tablename__ = "device"

    uid: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    model: Mapped[str | None]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    holder_id: Mapped[int | None] = mapped_column(reference("person.id"), index=True)
    enrolled_at: Mapped[datetime]
    enrolled_by: Mapped[int | None] = mapped_column(reference("person.id"))
    seen_at: Mapped[datetime]
    app_version: Mapped[str | None] = mapped_column(String(40))
    told_seq: Mapped[int] = mapped_column(server_default=text("0"))
    clock_offset_s: Mapped[float | None] = mapped_column(Float)
    check: Mapped[Json | None] = mapped_column(JSONB)
    """The tablet's last self-check: each item with its verdict."""
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(reference("person.id"))
    revoke_reason: Mapped[str | None]


class EnrolmentCode(Base):
    """A one-time code with which one tablet is enrolled; only its hash is kept."""

    __tablename__ = "enrolment_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    device_name: Mapped[str]
    holder_id: Mapped[int | None] = mapped_column(reference("person.id"))
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(reference("person.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    device_uid: Mapped[UUID | None] = mapped_column(reference("device.uid"))


class IncomingPhoto(Base):
    """A photo of which a part has come: its length, and in whose share of the room it lies."""

    __tablename__ = "incoming_photo"
    __table_args__ = (CheckConstraint("length >= 1", name="length"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    length: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(reference("person.id"), index=True)
    begun_at: Mapped[datetime]


class SyncQuarantine(Base):
    """Bytes that came under a name or number already taken by others: both are kept for a person.

    `name` is the record's id, or `log/number` of a track segment.
    """

    __tablename__ = "sync_quarantine"
    __table_args__ = (UniqueConstraint("name", "sha256"),)

    id: Mapped[Key]
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    kept_sha256: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes]
    device_uid: Mapped[UUID | None]
    sender_id: Mapped[int | None] = mapped_column(reference("person.id"))
    received_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(reference("person.id"))
    decision: Mapped[str | None]


class Change(Base):
    """That something tablets hold has changed or gone; written by triggers, read by cursor.

    `xid` is the writing transaction: only rows below the oldest running one are handed out, so that
    a slow transaction that commits late is never skipped. `crew_id` and `grid_id` are those of a
    task and of an object before and after the change (a row each): who had it is told that it has
    gone. A change of a stop or a log is one of its task and carries neither.
    """

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_cursor", "xid", "id"),)

    id: Mapped[Key]
    xid: Mapped[int] = mapped_column(server_default=text("(pg_current_xact_id()::text)::bigint"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    crew_id: Mapped[int | None]
    grid_id: Mapped[int | None]


class CheckSheet(Base):
    """A filled check form of one visit; `uid` is the record's, `version` the form's declaration."""

    __tablename__ = "check_sheet"
    __table_args__ = (
        Index("ix_check_sheet_object", "object_kind", "object_id"),
        CheckConstraint("version >= 1", name="version"),
    )

    uid: Mapped[UUID] = mapped_column(primary_key=True)
    log_uid: Mapped[UUID] = mapped_column(reference("patrol_log.uid", cascade=True), index=True)
    stop_id: Mapped[int | None] = mapped_column(index=True)
    object_kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[int]
    form: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)
    answers: Mapped[Json] = mapped_column(JSONB)
    nothing_found: Mapped[bool]
    filled_by: Mapped[int] = mapped_column(reference("person.id"))
    filled_at: Mapped[datetime]
    device_uid: Mapped[UUID | None]
    seq: Mapped[int | None]
    received_at: Mapped[datetime]
