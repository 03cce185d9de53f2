"""Findings and what is done about them."""

from datetime import date, datetime
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inspect_app.domain.codes import (
    FindingOrigin,
    FindingType,
    MeasureKind,
    ObjectKind,
    PhotoStage,
    Severity,
)
from inspect_app.domain.transitions import FindingState
from inspect_app.models.base import (
    Base,
    Imported,
    Key,
    code_check,
    geometry,
    geometry_checks,
    reference,
)
from inspect_app.models.people import Person
from inspect_app.models.records import Photo


class Finding(Imported, Base):
    """A problem found: its place, grid and owner are those of the day it was found."""

    __tablename__ = "finding"
    __table_args__ = (
        code_check("finding_type", FindingType),
        code_check("severity", Severity),
        code_check("origin", FindingOrigin),
        code_check("object_kind", ObjectKind),
        code_check("state", FindingState),
        *geometry_checks(),
    )

    id: Mapped[Key]
    uid: Mapped[UUID] = mapped_column(unique=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    owner_person_id: Mapped[int | None] = mapped_column(reference("person.id"), index=True)
    finding_no: Mapped[str] = mapped_column(unique=True)
    finding_type: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(30), index=True)
    description: Mapped[str] = mapped_column(server_default=text("''"))
    origin: Mapped[str] = mapped_column(String(20))
    patrol_stop_id: Mapped[int | None] = mapped_column(reference("patrol_stop.id"), index=True)
    matter_id: Mapped[int | None] = mapped_column(reference("complaint_matter.id"), index=True)
    object_kind: Mapped[str | None] = mapped_column(String(20))
    object_id: Mapped[int | None]
    found_on: Mapped[date]
    found_at: Mapped[datetime]
    reported_at: Mapped[datetime]
    reported_by: Mapped[int | None] = mapped_column(reference("person.id"))
    handler_person_id: Mapped[int | None] = mapped_column(reference("person.id"), index=True)
    due_at: Mapped[datetime | None]
    orders: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    closed_at: Mapped[datetime | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))

    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_person_id])
    handler: Mapped[Person | None] = relationship(foreign_keys=[handler_person_id])
    photos: Mapped[list["FindingPhoto"]] = relationship(back_populates="finding")


class FindingPhoto(Base):
    """A photo that belongs to a finding, before or after the cure."""

    __tablename__ = "finding_photo"
    __table_args__ = (code_check("stage", PhotoStage),)

    finding_id: Mapped[int] = mapped_column(reference("finding.id", cascade=True), primary_key=True)
    photo_sha256: Mapped[str] = mapped_column(reference("photo.sha256"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(10), server_default=text("'before'"))

    finding: Mapped[Finding] = relationship(back_populates="photos")
    photo: Mapped[Photo] = relationship()


class Measure(Base):
    """A typed measure taken on a finding, or on a matter as a whole."""

    __tablename__ = "measure"
    __table_args__ = (
        code_check("kind", MeasureKind),
        CheckConstraint("num_nonnulls(finding_id, matter_id) = 1", name="one_subject"),
    )

    id: Mapped[Key]
    finding_id: Mapped[int | None] = mapped_column(
        reference("finding.id", cascade=True), index=True
    )
    matter_id: Mapped[int | None] = mapped_column(
        reference("complaint_matter.id", cascade=True), index=True
    )
    kind: Mapped[str] = mapped_column(String(40))
    document_no: Mapped[str | None]
    due_at: Mapped[datetime | None]
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None] = mapped_column(reference("person.id"))
    note: Mapped[str | None]
