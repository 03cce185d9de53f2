"""Complaints and the matters they belong to; the reporter lives in a schema of its own."""

from datetime import date, datetime

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inspect_app.domain.codes import (
    PhotoStage,
    PlaceQuality,
    PollutionType,
    ReporterMode,
    Severity,
    SourceChannel,
)
from inspect_app.domain.matter_codes import (
    ContactKind,
    ContactMeans,
    DocumentKind,
    LegalRoute,
    MatterState,
    OpinionKind,
    RefusalReason,
    RequestKind,
    Satisfaction,
    VerificationResult,
)
from inspect_app.models.base import (
    Base,
    Imported,
    Json,
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
        code_check("legal_route", LegalRoute),
        code_check("verification_result", VerificationResult),
        code_check("refusal_reason", RefusalReason),
        code_check("opinion_kind", OpinionKind),
        pollution_types_check(),
        *geometry_checks(),
    )

    id: Mapped[Key]
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    matter_no: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    state: Mapped[str] = mapped_column(String(30), server_default=text("'registered'"), index=True)
    severity: Mapped[str] = mapped_column(String(20), server_default=text("'normal'"))
    legal_route: Mapped[str] = mapped_column(String(30), server_default=text("'illegal_act'"))
    pollution_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    respondent_source_id: Mapped[int | None] = mapped_column(
        reference("pollution_source.id"), index=True
    )
    respondent_name: Mapped[str | None]
    owner_person_id: Mapped[int | None] = mapped_column(reference("person.id"))
    handler_person_id: Mapped[int | None] = mapped_column(reference("person.id"), index=True)
    co_handler_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=text("'{}'")
    )
    department: Mapped[str | None]
    """The other unit a matter was transferred to."""
    is_on_site_promised: Mapped[bool] = mapped_column(server_default=text("false"))
    is_sensitive: Mapped[bool] = mapped_column(server_default=text("false"))
    is_key_item: Mapped[bool] = mapped_column(server_default=text("false"))
    is_supervised: Mapped[bool] = mapped_column(server_default=text("false"))
    verification_result: Mapped[str | None] = mapped_column(String(20))
    refusal_reason: Mapped[str | None] = mapped_column(String(20))
    opinion_kind: Mapped[str | None] = mapped_column(String(20))
    handling_result: Mapped[str | None]
    """What was found and done, for the bureau."""
    reply_text: Mapped[str | None]
    """What the reporter is told; nothing of other persons."""
    reopen_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    merged_into_id: Mapped[int | None] = mapped_column(reference("complaint_matter.id"), index=True)
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
        code_check("request_kind", RequestKind),
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
    pollution_subtypes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    industry_code: Mapped[str | None] = mapped_column(String(10))
    respondent_source_id: Mapped[int | None] = mapped_column(
        reference("pollution_source.id"), index=True
    )
    respondent_name: Mapped[str | None]
    request_kind: Mapped[str] = mapped_column(String(20), server_default=text("'report'"))
    forwarded_by: Mapped[str | None]
    origin_doc_no: Mapped[str | None]
    batch_no: Mapped[str | None] = mapped_column(index=True)
    summary: Mapped[str]
    severity: Mapped[str] = mapped_column(String(20), server_default=text("'normal'"))
    visitor_count: Mapped[int | None] = mapped_column(Integer)
    is_skip_level: Mapped[bool] = mapped_column(server_default=text("false"))
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))

    matter: Mapped[ComplaintMatter] = relationship(back_populates="complaints")


class MatterContact(Base):
    """One of the five contacts that was made; when it is due follows from events."""

    __tablename__ = "matter_contact"
    __table_args__ = (
        code_check("kind", ContactKind),
        code_check("means", ContactMeans),
        code_check("satisfaction", Satisfaction),
    )

    id: Mapped[Key]
    matter_id: Mapped[int] = mapped_column(
        reference("complaint_matter.id", cascade=True), index=True
    )
    complaint_id: Mapped[int | None] = mapped_column(reference("complaint.id", cascade=True))
    """The complaint whose reporter was told; none when all reporters were."""
    kind: Mapped[str] = mapped_column(String(20))
    means: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(reference("person.id"))
    told: Mapped[str] = mapped_column(server_default=text("''"))
    met_in_person: Mapped[bool] = mapped_column(server_default=text("false"))
    satisfaction: Mapped[str | None] = mapped_column(String(20))


class MatterMerge(Base):
    """A matter that went up in another: which complaints moved, so that it can be undone."""

    __tablename__ = "matter_merge"

    id: Mapped[Key]
    from_matter_id: Mapped[int] = mapped_column(reference("complaint_matter.id"), index=True)
    into_matter_id: Mapped[int] = mapped_column(reference("complaint_matter.id"), index=True)
    complaint_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    from_state: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str]
    merged_at: Mapped[datetime]
    merged_by: Mapped[int | None] = mapped_column(reference("person.id"))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(reference("person.id"))


class MatterPhoto(Base):
    """A photo taken while a matter was handled: the arrival, the evidence, the cure."""

    __tablename__ = "matter_photo"
    __table_args__ = (code_check("stage", PhotoStage),)

    matter_id: Mapped[int] = mapped_column(
        reference("complaint_matter.id", cascade=True), primary_key=True
    )
    photo_sha256: Mapped[str] = mapped_column(
        reference("photo.sha256"), primary_key=True, index=True
    )
    stage: Mapped[str] = mapped_column(String(10), server_default=text("'before'"))


class IssuedDocument(Base):
    """A document issued about a matter: its number and the facts it was made from, frozen.

    The facts hold nothing of a reporter: the address is filled in from the sealed schema when the
    document is fetched, for who may see it. `sha256` is that of the document without address.
    """

    __tablename__ = "issued_document"
    __table_args__ = (code_check("kind", DocumentKind),)

    id: Mapped[Key]
    matter_id: Mapped[int] = mapped_column(
        reference("complaint_matter.id", cascade=True), index=True
    )
    complaint_id: Mapped[int | None] = mapped_column(reference("complaint.id", cascade=True))
    kind: Mapped[str] = mapped_column(String(20))
    document_no: Mapped[str] = mapped_column(unique=True)
    template: Mapped[str]
    facts: Mapped[Json] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None] = mapped_column(reference("person.id"))


class ComplaintMove(Base):
    """A complaint that went over to another matter, so that it can be undone.

    `opened` says the other matter was opened for it; undone, such a matter is gone again.
    """

    __tablename__ = "complaint_move"

    id: Mapped[Key]
    complaint_id: Mapped[int] = mapped_column(reference("complaint.id", cascade=True), index=True)
    from_matter_id: Mapped[int] = mapped_column(
        reference("complaint_matter.id", cascade=True), index=True
    )
    into_matter_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint_matter.id", ondelete="SET NULL"), index=True
    )
    opened: Mapped[bool]
    reason: Mapped[str]
    before: Mapped[Json] = mapped_column(JSONB)
    """What the two matters were before, where the move changed them."""
    moved_at: Mapped[datetime]
    moved_by: Mapped[int | None] = mapped_column(reference("person.id"))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(reference("person.id"))


class RoutingRule(Base):
    """The unit a kind of pollution belongs to in a period; without subtype the whole type."""

    __tablename__ = "routing_rule"
    __table_args__ = (
        code_check("pollution_type", PollutionType),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
    )

    id: Mapped[Key]
    pollution_type: Mapped[str] = mapped_column(String(20))
    pollution_subtype: Mapped[str | None] = mapped_column(String(30))
    department: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]


class ReporterKey(Base):
    """A key reporters are sealed with, known by its id; the key itself is never in the database."""

    __tablename__ = "reporter_key"
    __table_args__ = (
        Index(
            "uq_reporter_key_in_use",
            text("(true)"),
            unique=True,
            postgresql_where=text("used_to IS NULL"),
        ),
        {"schema": "pii"},
    )

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    used_from: Mapped[datetime]
    used_to: Mapped[datetime | None]


class Reporter(Base):
    """The person behind a complaint: a schema of its own that the map's role cannot read.

    Name, telephone and address are sealed together; keyed hashes tell the same person again.
    """

    __tablename__ = "reporter"
    __table_args__ = (
        code_check("mode", ReporterMode),
        CheckConstraint("(sealed IS NULL) = (key_id IS NULL)", name="sealed_by_a_key"),
        {"schema": "pii"},
    )

    complaint_id: Mapped[int] = mapped_column(
        reference("complaint.id", cascade=True), primary_key=True
    )
    mode: Mapped[str] = mapped_column(String(20))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None] = mapped_column(reference("pii.reporter_key.key_id"))
    phone_hash: Mapped[str | None] = mapped_column(String(32), index=True)
    name_hash: Mapped[str | None] = mapped_column(String(32), index=True)
