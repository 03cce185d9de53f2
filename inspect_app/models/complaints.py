"""Complaints and the matters they belong to; the reporter lives in a schema of its own."""

from datetime import datetime

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inspect_app.domain.codes import (
    MatterState,
    PlaceQuality,
    PollutionType,
    ReporterMode,
    Severity,
    SourceChannel,
)
from inspect_app.models.base import (
    Base,
    Imported,
    Key,
    code_check,
    geometry,
    geometry_checks,
    reference,
)

POLLUTION_TYPES = ", ".join(f"'{code.value}'" for code in PollutionType)


def pollution_types_check() -> CheckConstraint:
    """Return the CHECK that pollution types are a subset of the code list."""
    return CheckConstraint(
        f"pollution_types <@ ARRAY[{POLLUTION_TYPES}]::text[]", name="pollution_types_code"
    )


class ComplaintMatter(Base):
    """A matter: what one or many complaints are about; it is handled, due and closed once."""

    __tablename__ = "complaint_matter"
    __table_args__ = (
        code_check("state", MatterState),
        code_check("severity", Severity),
        pollution_types_check(),
        *geometry_checks(),
    )

    id: Mapped[Key]
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    matter_no: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    state: Mapped[str] = mapped_column(String(30), server_default=text("'registered'"))
    severity: Mapped[str] = mapped_column(String(20), server_default=text("'normal'"))
    pollution_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    respondent_source_id: Mapped[int | None] = mapped_column(
        reference("pollution_source.id"), index=True
    )
    respondent_name: Mapped[str | None]
    owner_person_id: Mapped[int | None] = mapped_column(reference("person.id"))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))

    complaints: Mapped[list["Complaint"]] = relationship(back_populates="matter")


class Complaint(Imported, Base):
    """One complaint as it came in; its reporter is in `pii.reporter`."""

    __tablename__ = "complaint"
    __table_args__ = (
        code_check("source_channel", SourceChannel),
        code_check("severity", Severity),
        code_check("place_quality", PlaceQuality),
        pollution_types_check(),
        *geometry_checks(),
    )

    id: Mapped[Key]
    matter_id: Mapped[int] = mapped_column(reference("complaint_matter.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    complaint_no: Mapped[str] = mapped_column(unique=True)
    external_no: Mapped[str | None] = mapped_column(unique=True)
    source_channel: Mapped[str] = mapped_column(String(30))
    received_at: Mapped[datetime] = mapped_column(index=True)
    registered_at: Mapped[datetime]
    first_contact_person_id: Mapped[int | None] = mapped_column(reference("person.id"))
    incident_address: Mapped[str | None]
    place_quality: Mapped[str] = mapped_column(String(20), server_default=text("'exact'"))
    pollution_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    summary: Mapped[str]
    severity: Mapped[str] = mapped_column(String(20), server_default=text("'normal'"))
    visitor_count: Mapped[int | None] = mapped_column(Integer)
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))

    matter: Mapped[ComplaintMatter] = relationship(back_populates="complaints")


class Reporter(Base):
    """The person behind a complaint: a schema of its own that the map's role cannot read."""

    __tablename__ = "reporter"
    __table_args__ = (code_check("mode", ReporterMode), {"schema": "pii"})

    complaint_id: Mapped[int] = mapped_column(
        reference("complaint.id", cascade=True), primary_key=True
    )
    mode: Mapped[str] = mapped_column(String(20))
    name: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
