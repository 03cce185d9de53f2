"""Issue a document: a number of its series, the facts frozen, the content the same for ever."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.calendar import local_day
from inspect_app.domain.matter_codes import DocumentKind
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Complaint, ComplaintMatter, IssuedDocument
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.workflows.issue_document.facts import (
    Subject,
    document_number,
    facts_of,
    refusal_of,
)
from inspect_app.workflows.issue_document.needs import step_of
from inspect_app.workflows.issue_document.render import content_digest, rendered
from inspect_app.workflows.number import next_number

__all__ = [
    "ISSUERS",
    "TO_REPORTERS",
    "DocumentOrder",
    "document_bytes",
    "issue_document",
    "issued_document",
    "refusal_of_document",
    "step_of",
]

P = Permission

ISSUERS: dict[DocumentKind, Permission] = {
    DocumentKind.RECEIPT: P.COMPLAINT_REGISTER,
    DocumentKind.ACCEPTANCE: P.MATTER_ACCEPT,
    DocumentKind.REFUSAL: P.MATTER_ACCEPT,
    DocumentKind.TRANSFER: P.MATTER_ACCEPT,
    DocumentKind.EXTENSION: P.MATTER_ACCEPT,
    DocumentKind.REPLY: P.MATTER_ACCEPT,
    DocumentKind.REVISIT: P.MATTER_REVISIT,
}
"""Who may issue which document."""

TO_REPORTERS = frozenset(DocumentKind) - {DocumentKind.TRANSFER, DocumentKind.REVISIT}
"""Documents addressed to a reporter: one for each complaint."""

TEMPLATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class DocumentOrder:
    """Which document is wanted, and the bureau that signs it."""

    kind: DocumentKind
    bureau: str


def issue_document(
    session: Session,
    complaint: Complaint,
    order: DocumentOrder,
    *,
    seal: ReporterSeal,
    actor: Actor,
    now: datetime,
) -> IssuedDocument:
    """Issue a document about a complaint's matter and return its row.

    Numbers run by kind and year without gaps. The facts are kept as they are today, without
    anything of the reporter; fetching the document again gives the same content. The caller has
    checked that the matter lies in the actor's scope.

    Raises
    ------
    Problem
        `not_permitted`; `document_early` before the step the document tells of;
        `document_incomplete` where a fact of that step is missing; `reporter_shut`
        where a reporter of the matter does not open: what must be struck out is then unknown.
    """
    kind = order.kind
    if not actor.may(ISSUERS[kind]):
        raise Problem("not_permitted", permission=ISSUERS[kind].value)
    matter = session.get_one(ComplaintMatter, complaint.matter_id)
    facts = facts_of(session, kind, Subject(matter, complaint, now), seal=seal)
    year = local_day(now).year
    number = next_number(session, f"document_{kind.value}", year=year)
    document_no = document_number(kind, year, number)
    frozen = facts | {"bureau": order.bureau, "document_no": document_no}
    template = f"{kind.value}_{TEMPLATE_VERSION}"
    row = IssuedDocument(
        matter_id=matter.id,
        complaint_id=complaint.id if kind in TO_REPORTERS else None,
        kind=kind.value,
        document_no=document_no,
        template=template,
        facts=frozen,
        sha256=content_digest(rendered(template, frozen)),
        issued_at=now,
        issued_by=actor.person_id,
    )
    session.add(row)
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="document.issue",
            subject_kind="matter",
            subject_id=str(matter.id),
            facts={"kind": kind.value, "document_no": document_no},
        )
    )
    session.flush()
    return row


def refusal_of_document(
    session: Session,
    matter: ComplaintMatter,
    kind: DocumentKind,
    *,
    complaint: Complaint,
    now: datetime,
) -> Problem | None:
    """Return why a document cannot be issued as the matter stands; None where it can.

    The reporters are not opened for this: whether they can be shows when it is issued.
    """
    return refusal_of(session, kind, Subject(matter, complaint, now))


def document_bytes(document: IssuedDocument, *, addressee: str = "") -> bytes:
    """Return an issued document as it was issued; the address is blank unless one is given.

    Raises
    ------
    Problem
        `document_changed` where the content is no longer that of the day it was issued.
    """
    plain = rendered(document.template, document.facts)
    if content_digest(plain) != document.sha256:
        raise Problem("document_changed", document=document.document_no)
    if not addressee:
        return plain
    return rendered(document.template, document.facts, addressee=addressee)


def issued_document(session: Session, matter: ComplaintMatter, document_id: int) -> IssuedDocument:
    """Return a document issued about the matter, or refuse it as not found."""
    found = session.scalar(
        select(IssuedDocument).where(
            IssuedDocument.id == document_id, IssuedDocument.matter_id == matter.id
        )
    )
    if found is None:
        raise Problem("not_found", what="文书")
    return found
