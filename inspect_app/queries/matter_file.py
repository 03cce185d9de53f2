"""Everything the page of one matter shows besides its clocks; nothing of the reporters."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import MeasureKind, PhotoStage, SourceChannel
from inspect_app.domain.matter_codes import ContactKind, ContactMeans, Satisfaction
from inspect_app.domain.transitions import FindingState
from inspect_app.models import (
    Complaint,
    ComplaintMatter,
    Event,
    Finding,
    Grid,
    IssuedDocument,
    MatterContact,
    MatterMerge,
    MatterPhoto,
    Measure,
    Person,
    Photo,
    PollutionSource,
)
from inspect_app.queries.matters import MatterLine, lines_of
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure of the matter or of one of its findings."""

    kind: MeasureKind
    issued_at: datetime
    issued_by: str | None
    document_no: str | None
    due_at: datetime | None
    note: str | None
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact that was made."""

    kind: ContactKind
    means: ContactMeans
    made_at: datetime
    made_by: str | None
    told: str
    met_in_person: bool
    satisfaction: Satisfaction | None


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A merge into or out of the matter, seen from it."""

    merge: MatterMerge
    other: ComplaintMatter
    into_here: bool
    by: str | None
    other_is_visible: bool


@dataclass(frozen=True, slots=True)
class MatterFile:
    """One matter with everything that hangs on it."""

    line: MatterLine
    respondent: str | None
    owner_name: str | None
    handler_name: str | None
    helper_names: tuple[str, ...]
    lon: float | None
    lat: float | None
    complaints: list[tuple[Complaint, SourceChannel, str | None]]
    findings: list[tuple[Finding, FindingState]]
    measures: list[MeasureLine]
    contacts: list[ContactLine]
    merges: list[MergeLine]
    photos: list[tuple[PhotoStage, Photo]]
    documents: list[tuple[IssuedDocument, str | None]]


def matter_file(session: Session, scope: Scope, matter_id: int) -> MatterFile | None:
    """Return one matter with its complaints, latest first; None outside the scope.

    Findings and measures of the matters that were merged into it are listed with its own.
    """
    owner, handler = aliased(Person), aliased(Person)
    row = session.execute(
        select(
            ComplaintMatter,
            Grid.name,
            func.coalesce(PollutionSource.name, ComplaintMatter.respondent_name),
            owner.name,
            handler.name,
            func.ST_X(ComplaintMatter.geom),
            func.ST_Y(ComplaintMatter.geom),
        )
        .outerjoin(Grid, Grid.id == ComplaintMatter.grid_id)
        .outerjoin(PollutionSource, PollutionSource.id == ComplaintMatter.respondent_source_id)
        .outerjoin(owner, owner.id == ComplaintMatter.owner_person_id)
        .outerjoin(handler, handler.id == ComplaintMatter.handler_person_id)
        .where(ComplaintMatter.id == matter_id, in_scope(ComplaintMatter.grid_id, scope))
    ).first()
    if row is None:
        return None
    matter, grid_name, respondent, owner_name, handler_name, lon, lat = row
    family = family_of(session, matter_id)
    findings = _findings(session, scope, family)
    return MatterFile(
        line=lines_of(session, [(matter, grid_name)])[0],
        respondent=respondent,
        owner_name=owner_name,
        handler_name=handler_name,
        helper_names=_names(session, matter.co_handler_ids),
        lon=lon,
        lat=lat,
        complaints=_complaints(session, matter_id),
        findings=findings,
        measures=_measures(session, family, [finding for finding, _ in findings]),
        contacts=_contacts(session, matter_id),
        merges=_merges(session, scope, matter_id),
        photos=_photos(session, matter_id),
        documents=_documents(session, matter_id),
    )


def family_of(session: Session, matter_id: int) -> list[int]:
    """Return the matter and all that were merged into it, and into those."""
    merged = (
        select(ComplaintMatter.id)
        .where(ComplaintMatter.id == matter_id)
        .cte("family", recursive=True)
    )
    child = aliased(ComplaintMatter)
    merged = merged.union(select(child.id).join(merged, child.merged_into_id == merged.c.id))
    return list(session.scalars(select(merged.c.id)))


def _names(session: Session, person_ids: list[int]) -> tuple[str, ...]:
    if not person_ids:
        return ()
    names = select(Person.name).where(Person.id.in_(person_ids)).order_by(Person.name)
    return tuple(session.scalars(names))


def _complaints(
    session: Session, matter_id: int
) -> list[tuple[Complaint, SourceChannel, str | None]]:
    rows = session.execute(
        select(Complaint, Person.name)
        .outerjoin(Person, Person.id == Complaint.first_contact_person_id)
        .where(Complaint.matter_id == matter_id)
        .order_by(Complaint.received_at.desc(), Complaint.id.desc())
    )
    return [(one, SourceChannel(one.source_channel), name) for one, name in rows]


def _findings(
    session: Session, scope: Scope, family: list[int]
) -> list[tuple[Finding, FindingState]]:
    found = session.scalars(
        select(Finding)
        .where(Finding.matter_id.in_(family), in_scope(Finding.grid_id, scope))
        .order_by(Finding.found_at, Finding.id)
    )
    return [(finding, FindingState(finding.state)) for finding in found]


def _measures(session: Session, family: list[int], findings: list[Finding]) -> list[MeasureLine]:
    by_id = {finding.id: finding for finding in findings}
    rows = session.execute(
        select(Measure, Person.name)
        .outerjoin(Person, Person.id == Measure.issued_by)
        .where(or_(Measure.matter_id.in_(family), Measure.finding_id.in_(by_id)))
        .order_by(Measure.issued_at, Measure.id)
    )
    return [
        MeasureLine(
            kind=MeasureKind(measure.kind),
            issued_at=measure.issued_at,
            issued_by=name,
            document_no=measure.document_no,
            due_at=measure.due_at,
            note=measure.note,
            finding=by_id.get(measure.finding_id or 0),
        )
        for measure, name in rows
    ]


def _contacts(session: Session, matter_id: int) -> list[ContactLine]:
    rows = session.execute(
        select(MatterContact, Person.name)
        .outerjoin(Person, Person.id == MatterContact.made_by)
        .where(MatterContact.matter_id == matter_id)
        .order_by(MatterContact.made_at.desc(), MatterContact.id.desc())
    )
    return [
        ContactLine(
            kind=ContactKind(contact.kind),
            means=ContactMeans(contact.means),
            made_at=contact.made_at,
            made_by=name,
            told=contact.told,
            met_in_person=contact.met_in_person,
            satisfaction=Satisfaction(contact.satisfaction) if contact.satisfaction else None,
        )
        for contact, name in rows
    ]


def _merges(session: Session, scope: Scope, matter_id: int) -> list[MergeLine]:
    here = or_(MatterMerge.into_matter_id == matter_id, MatterMerge.from_matter_id == matter_id)
    merges = session.execute(
        select(MatterMerge, Person.name)
        .outerjoin(Person, Person.id == MatterMerge.merged_by)
        .where(here)
        .order_by(MatterMerge.id)
    ).all()
    lines = []
    for merge, by in merges:
        into_here = merge.into_matter_id == matter_id
        other_id = merge.from_matter_id if into_here else merge.into_matter_id
        other = session.get_one(ComplaintMatter, other_id)
        visible = select(ComplaintMatter.id).where(
            ComplaintMatter.id == other_id, in_scope(ComplaintMatter.grid_id, scope)
        )
        lines.append(MergeLine(merge, other, into_here, by, session.scalar(visible) is not None))
    return lines


def _photos(session: Session, matter_id: int) -> list[tuple[PhotoStage, Photo]]:
    rows = session.execute(
        select(MatterPhoto.stage, Photo)
        .join(Photo, Photo.sha256 == MatterPhoto.photo_sha256)
        .where(MatterPhoto.matter_id == matter_id)
        .order_by(Photo.taken_at.nulls_last(), Photo.received_at, Photo.sha256)
    )
    return [(PhotoStage(stage), photo) for stage, photo in rows]


def _documents(session: Session, matter_id: int) -> list[tuple[IssuedDocument, str | None]]:
    rows = session.execute(
        select(IssuedDocument, Person.name)
        .outerjoin(Person, Person.id == IssuedDocument.issued_by)
        .where(IssuedDocument.matter_id == matter_id)
        .order_by(IssuedDocument.id)
    )
    return [(document, name) for document, name in rows]


def find_merge(
    session: Session, scope: Scope, matter_id: int, *, merge_id: int
) -> MatterMerge | None:
    """Return a merge away from or into the matter, both ends inside the scope."""
    merge = session.get(MatterMerge, merge_id)
    if merge is None or matter_id not in (merge.from_matter_id, merge.into_matter_id):
        return None
    ends = (merge.from_matter_id, merge.into_matter_id)
    seen = select(func.count()).where(
        ComplaintMatter.id.in_(ends), in_scope(ComplaintMatter.grid_id, scope)
    )
    return merge if session.scalar(seen) == len(set(ends)) else None


def matter_by_number(session: Session, scope: Scope, number: str) -> ComplaintMatter | None:
    """Return the matter with this number where the scope covers it; case does not matter."""
    return session.scalar(
        select(ComplaintMatter).where(
            ComplaintMatter.matter_no == number.strip().upper(),
            in_scope(ComplaintMatter.grid_id, scope),
        )
    )


def persons_in(session: Session, events: list[Event]) -> dict[int, str]:
    """Return the names of the persons that the facts of a matter's events point at."""
    ids: set[int] = set()
    for event in events:
        ids |= {event.facts.get("handler_person_id") or 0, *event.facts.get("co_handler_ids", ())}
        ids |= {*event.facts.get("late_person_ids", ()), *event.facts.get("told_person_ids", ())}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return dict(rows.all())
