"""What each document says: facts of the matter as text, with nothing of a reporter in them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.calendar import CHINA, local_day
from inspect_app.domain.codes import PollutionType, SourceChannel
from inspect_app.domain.deadlines import Clock
from inspect_app.domain.guards import PERSONAL_NUMBER
from inspect_app.domain.matter_codes import (
    ContactKind,
    ContactMeans,
    DocumentKind,
    LegalRoute,
    OpinionKind,
    RefusalReason,
    Satisfaction,
    VerificationResult,
)
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    Complaint,
    ComplaintMatter,
    Event,
    Grid,
    MatterContact,
    Person,
    PollutionSource,
    Reporter,
)
from inspect_app.queries.deadlines import clocks_of
from inspect_app.queries.matter_record import of_matter
from inspect_app.queries.policies import PolicyMissing, policy_value
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.queries.reporters import opened
from inspect_app.workflows.issue_document.needs import early, incomplete, require

# translations: data; what documents say is Chinese whoever reads the pages.

NOTHING = "—"
HIDDEN = "〔略〕"
NAME_MIN = 2
"""Characters of the shortest word that is struck out; a single character is in every text."""

SERIES = {
    DocumentKind.RECEIPT: "环信收",
    DocumentKind.ACCEPTANCE: "环信受",
    DocumentKind.REFUSAL: "环信不受",
    DocumentKind.TRANSFER: "环信转",
    DocumentKind.EXTENSION: "环信延",
    DocumentKind.REPLY: "环信复",
    DocumentKind.REVISIT: "环信访",
}
"""The word each series of numbers begins with."""


def document_number(kind: DocumentKind, year: int, number: int) -> str:
    """Return what a document is called: 环信复〔2026〕1号."""
    return f"{SERIES[kind]}〔{year}〕{number}号"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document is about: the matter, one of its complaints, and when it is issued."""

    matter: ComplaintMatter
    complaint: Complaint
    now: datetime


def facts_of(
    session: Session, kind: DocumentKind, subject: Subject, *, seal: ReporterSeal
) -> dict[str, Any]:
    """Return the facts of a document, ready to be frozen.

    Whatever people wrote is searched for numbers and for the names, telephones and addresses of
    all reporters of the matter; those are struck out.
    """
    facts = _shared(session, subject) | FACTS[kind](session, subject)
    known = _known_words(session, subject.matter, seal=seal)
    return {name: _clean(value, known) for name, value in facts.items()}


def struck_out(text: str, known: Iterable[str]) -> str:
    """Return a text without the known words, mobile and identity numbers."""
    for word in sorted(known, key=len, reverse=True):
        text = text.replace(word, HIDDEN)
    return PERSONAL_NUMBER.sub(HIDDEN, text)


def _clean(value: object, known: frozenset[str]) -> object:
    if isinstance(value, list):
        return [_clean(one, known) for one in value]
    return struck_out(value, known) if isinstance(value, str) else value


def _known_words(
    session: Session, matter: ComplaintMatter, *, seal: ReporterSeal
) -> frozenset[str]:
    """Return what must not be said; a reporter who cannot be read cannot be struck out either."""
    rows = session.execute(
        select(Reporter, Complaint.complaint_no)
        .join(Complaint, Complaint.id == Reporter.complaint_id)
        .where(Complaint.matter_id == matter.id)
        .order_by(Complaint.id)
    )
    words = {
        word.strip()
        for reporter, complaint_no in rows
        for word in opened(reporter, seal=seal, complaint_no=complaint_no)
    }
    return frozenset(word for word in words if len(word) >= NAME_MIN)


def _shared(session: Session, subject: Subject) -> dict[str, Any]:
    complaint = subject.complaint
    received, count = session.execute(
        select(func.min(Complaint.received_at), func.count()).where(
            Complaint.matter_id == subject.matter.id
        )
    ).one()
    kinds = [PollutionType(kind).label for kind in subject.matter.pollution_types]
    return {
        "issued_on": _day(subject.now),
        "matter_no": subject.matter.matter_no,
        "complaint_no": complaint.complaint_no,
        "channel": SourceChannel(complaint.source_channel).label,
        "received_on": _day(complaint.received_at),
        "first_received_on": _day(received),
        "count": str(count),
        "kinds": "、".join(kinds),
    }


def _receipt(session: Session, subject: Subject) -> dict[str, Any]:
    due = _due(session, subject, Clock.ACCEPT)
    return {"accept_within": f"至{due}前" if due else "依法在规定期限内"}


def _acceptance(session: Session, subject: Subject) -> dict[str, Any]:
    accepted = _last(session, subject, "accept", kind=DocumentKind.ACCEPTANCE)
    due = _due(session, subject, Clock.FINISH)
    return {
        "decided_on": _day(accepted.at),
        "route": LegalRoute(subject.matter.legal_route).label,
        "due_on": due or "规定期限",
    }


def _refusal(session: Session, subject: Subject) -> dict[str, Any]:
    refused = _last(session, subject, "refuse", kind=DocumentKind.REFUSAL)
    require(DocumentKind.REFUSAL, "refuse", refusal_reason=refused.facts.get("refusal_reason"))
    return {
        "refusal": RefusalReason(refused.facts["refusal_reason"]).label,
        "reason": refused.reason or NOTHING,
    }


def _transfer(session: Session, subject: Subject) -> dict[str, Any]:
    sent = _last(session, subject, "transfer", kind=DocumentKind.TRANSFER)
    told = {name: sent.facts.get(name) for name in ("department", "due_at")}
    require(DocumentKind.TRANSFER, "transfer", **told)
    return {
        "department": sent.facts["department"],
        "due_on": _day(datetime.fromisoformat(sent.facts["due_at"])),
        "reason": sent.reason or NOTHING,
        "slip_no": sent.facts.get("document_no") or NOTHING,
        "respondent": _respondent(session, subject.matter) or NOTHING,
        "place": _place(session, subject),
    }


def _extension(session: Session, subject: Subject) -> dict[str, Any]:
    extended = _last(session, subject, "extend", kind=DocumentKind.EXTENSION)
    asked = _last(session, subject, "request_extension", kind=DocumentKind.EXTENSION)
    require(DocumentKind.EXTENSION, "extend", days=extended.facts.get("days"))
    return {
        "days": str(extended.facts["days"]),
        "reason": asked.reason or NOTHING,
        "due_on": _due(session, subject, Clock.FINISH) or NOTHING,
    }


def _reply(session: Session, subject: Subject) -> dict[str, Any]:
    _last(session, subject, "approve", kind=DocumentKind.REPLY)
    matter = subject.matter
    kind = DocumentKind.REPLY
    require(kind, "verify", verification_result=matter.verification_result)
    require(kind, "submit", reply_text=(matter.reply_text or "").strip())
    if matter.legal_route == LegalRoute.PETITION:
        require(kind, "approve", opinion_kind=matter.opinion_kind)
    found = VerificationResult(matter.verification_result) if matter.verification_result else None
    opinion = OpinionKind(matter.opinion_kind) if matter.opinion_kind else None
    return {
        "verification": found.label if found else NOTHING,
        "opinion": f"处理意见:{opinion.label}。" if opinion else "",
        "reply": (matter.reply_text or NOTHING).splitlines(),
        "review_within": _review_within(session, subject),
    }


def _review_within(session: Session, subject: Subject) -> str:
    try:
        days = policy_value(session, "review_ask_days", day=local_day(subject.now))
    except PolicyMissing:
        return "规定期限内"
    return f"{days:g}日内"


def _revisit(session: Session, subject: Subject) -> dict[str, Any]:
    _last(session, subject, "revisit", kind=DocumentKind.REVISIT)
    made = session.execute(
        select(MatterContact, Person.name)
        .outerjoin(Person, Person.id == MatterContact.made_by)
        .where(
            MatterContact.matter_id == subject.matter.id,
            MatterContact.kind == ContactKind.REVISIT.value,
        )
        .order_by(MatterContact.id.desc())
        .limit(1)
    ).first()
    if made is None:
        raise incomplete(DocumentKind.REVISIT, "revisit", "contact")
    contact, revisitor = made
    return {
        "revisited_on": f"{contact.made_at.astimezone(CHINA):%Y-%m-%d %H:%M}",
        "revisitor": revisitor or NOTHING,
        "means": ContactMeans(contact.means).label,
        "met": "是" if contact.met_in_person else "否",
        "satisfaction": _satisfaction(contact),
        "told": contact.told or NOTHING,
    }


def _satisfaction(contact: MatterContact) -> str:
    return NOTHING if contact.satisfaction is None else Satisfaction(contact.satisfaction).label


def refusal_of(session: Session, kind: DocumentKind, subject: Subject) -> Problem | None:
    """Return why a document cannot be issued as the matter stands; None where it can."""
    try:
        FACTS[kind](session, subject)
    except Problem as problem:
        return problem
    return None


FACTS: Mapping[DocumentKind, Callable[[Session, Subject], dict[str, Any]]] = {
    DocumentKind.RECEIPT: _receipt,
    DocumentKind.ACCEPTANCE: _acceptance,
    DocumentKind.REFUSAL: _refusal,
    DocumentKind.TRANSFER: _transfer,
    DocumentKind.EXTENSION: _extension,
    DocumentKind.REPLY: _reply,
    DocumentKind.REVISIT: _revisit,
}
"""What each kind says besides what all say."""


def _last(session: Session, subject: Subject, event: str, *, kind: DocumentKind) -> Event:
    """Return the last event of a kind, or refuse the document that tells of it."""
    found = session.scalars(
        select(Event)
        .where(of_matter(subject.matter.id), Event.event == event)
        .order_by(Event.id.desc())
        .limit(1)
    ).first()
    if found is None:
        raise early(kind, event)
    return found


def _due(session: Session, subject: Subject, clock: Clock) -> str:
    clocks = clocks_of(session, [subject.matter.id], now=subject.now)[subject.matter.id]
    return next((_day(one.due) for one in clocks.deadlines if one.clock is clock), "")


def _respondent(session: Session, matter: ComplaintMatter) -> str | None:
    if matter.respondent_source_id is None:
        return matter.respondent_name
    return session.get_one(PollutionSource, matter.respondent_source_id).name


def _place(session: Session, subject: Subject) -> str:
    """Return where the matter lies: its grid, the address that was told of it, coordinates."""
    matter = subject.matter
    grid = session.get(Grid, matter.grid_id) if matter.grid_id else None
    told = [grid.name if grid else "", subject.complaint.incident_address or ""]
    if matter.geom is not None:
        lon, lat = session.execute(
            select(func.ST_X(ComplaintMatter.geom), func.ST_Y(ComplaintMatter.geom)).where(
                ComplaintMatter.id == matter.id
            )
        ).one()
        told.append(f"东经{lon:.5f} 北纬{lat:.5f}")
    return " ".join(one for one in told if one) or NOTHING


def _day(instant: datetime) -> str:
    day: date = instant.astimezone(CHINA).date()
    return f"{day.year}年{day.month}月{day.day}日"
