"""Records that serve every area: policies, imports, events, audit, photos, sync, number series."""

from datetime import date, datetime
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inspect_app.domain.codes import SyncState
from inspect_app.models.base import (
    Base,
    Json,
    Key,
    code_check,
    geometry,
    geometry_checks,
    reference,
)


class Policy(Base):
    """A number or switch that differs by place: value, validity and where it comes from."""

    __tablename__ = "policy"
    __table_args__ = (
        UniqueConstraint("key", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
    )

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(index=True)
    value: Mapped[Json] = mapped_column(JSONB)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]


class Holiday(Base):
    """A day that is off or worked against the week's rule, as announced for the year or locally."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str]
    source: Mapped[str]


class ImportBatch(Base):
    """One imported file: what it was, how it was read, what came of it."""

    __tablename__ = "import_batch"

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    source_crs: Mapped[str]
    columns: Mapped[Json] = mapped_column(JSONB)
    counts: Mapped[Json] = mapped_column(JSONB)
    rejections: Mapped[Json] = mapped_column(JSONB)
    imported_at: Mapped[datetime]
    imported_by: Mapped[int | None] = mapped_column(reference("person.id"))


class ImportMapping(Base):
    """How files with these headers were read the last time, so that nobody says it twice."""

    __tablename__ = "import_mapping"
    __table_args__ = (UniqueConstraint("kind", "signature"),)

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(40))
    signature: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the headers in the order of their letters."""
    answers: Mapped[Json] = mapped_column(JSONB)
    used_at: Mapped[datetime]
    used_by: Mapped[int | None] = mapped_column(reference("person.id"))


class Event(Base):
    """A step in the life of a finding, matter, task or plan: who, when, from where to where."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_subject", "subject_kind", "subject_id"),
        Index("ix_event_actor", "actor_id", "subject_kind", "subject_id"),
    )

    id: Mapped[Key]
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    event: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(30))
    to_state: Mapped[str] = mapped_column(String(30))
    actor_id: Mapped[int | None] = mapped_column(reference("person.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str | None]
    facts: Mapped[Json] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class AuditEntry(Base):
    """Who did what to which thing; written in the transaction of the act, never changed."""

    __tablename__ = "audit_entry"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(reference("person.id"))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[str | None]
    facts: Mapped[Json] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class Photo(Base):
    """A photo known by the hash of its untouched bytes, which lie in the data folder."""

    __tablename__ = "photo"
    __table_args__ = (*geometry_checks(),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    received_from: Mapped[int | None] = mapped_column(reference("person.id"))
    likeness: Mapped[int | None]
    """Perceptual hash (64 bits, signed) of the picture: near ones look alike."""
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))


class SyncRecord(Base):
    """A record as a tablet sent it: the bytes never change, one row per client-made id.

    `state` tells whether it has taken effect, waits for what it builds on, lies in the inbox for a
    person, or was put aside there. `sender_id` is who was logged in when it came, if not the
    author. `photos` are the hashes the record names. A track segment lies here, with its `number`,
    only until it can join its log.
    """

    __tablename__ = "sync_record"
    __table_args__ = (
        code_check("state", SyncState),
        Index(
            "uq_sync_record_device_seq",
            "device_uid",
            "seq",
            unique=True,
            postgresql_where=text("device_uid IS NOT NULL"),
        ),
        Index("ix_sync_record_photos", "photos", postgresql_using="gin"),
        Index(
            "ix_sync_record_unsettled",
            "task_id",
            postgresql_where=text("state IN ('waiting', 'inbox')"),
        ),
        Index(
            "ix_sync_record_unsettled_log",
            "log_uid",
            postgresql_where=text("state IN ('waiting', 'inbox')"),
        ),
    )

    uid: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    sha256: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    author_id: Mapped[int] = mapped_column(reference("person.id"))
    sender_id: Mapped[int | None] = mapped_column(reference("person.id"))
    device_uid: Mapped[UUID | None]
    seq: Mapped[int | None]
    task_id: Mapped[int | None] = mapped_column(index=True)
    log_uid: Mapped[UUID | None]
    number: Mapped[int | None] = mapped_column(Integer)
    photos: Mapped[list[str]] = mapped_column(ARRAY(String(64)), server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(String(20), server_default=text("'taken'"))
    problem: Mapped[str | None] = mapped_column(String(60))
    problem_facts: Mapped[Json | None] = mapped_column(JSONB)
    received_at: Mapped[datetime] = mapped_column(index=True)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(reference("person.id"))
    settle_reason: Mapped[str | None]


class Counter(Base):
    """The last number given out in a series of a year."""

    __tablename__ = "counter"

    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    last: Mapped[int]
