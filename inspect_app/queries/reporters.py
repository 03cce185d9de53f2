"""Reporters, masked: who complained, as far as everybody who handles the matter may see."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission, Scope
from inspect_app.domain.codes import ReporterMode, SourceChannel
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import masked_address, masked_name, masked_phone
from inspect_app.models import Complaint, ComplaintMatter, Grid, Reporter
from inspect_app.queries.faults import EXAMPLES, Fault
from inspect_app.queries.reporter_seal import ReporterSeal, SealBroken

_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class MaskedReporter:
    """What is shown of a reporter without a reason; `may_reveal` says whether to ask for one.

    Of one that does not open with the key in use (`is_shut`) nothing is shown.
    """

    mode: ReporterMode
    name: str
    phone: str
    address: str
    is_known: bool
    may_reveal: bool
    is_shut: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One complaint of a matter with its masked reporter; `again` counts those of the person."""

    complaint: Complaint
    channel: SourceChannel
    reporter: MaskedReporter | None
    again: int


def complaint_in_scope(session: Session, complaint_id: int, *, scope: Scope) -> Complaint:
    """Return a complaint of the scope: its own grid counts, without one that of its matter.

    Raises
    ------
    Problem
        `not_found` for one that is not there or lies elsewhere.
    """
    row = session.execute(
        select(Complaint, Grid.path)
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .outerjoin(Grid, Grid.id == func.coalesce(Complaint.grid_id, ComplaintMatter.grid_id))
        .where(Complaint.id == complaint_id)
    ).first()
    if row is None or not scope.covers(row[1]):
        raise Problem("not_found", what="投诉")
    found: Complaint = row[0]
    return found


def calls_of(
    session: Session, matter: ComplaintMatter, *, seal: ReporterSeal, actor: Actor
) -> list[Call]:
    """Return the complaints of a matter, latest first, each with its masked reporter."""
    rows = session.execute(
        select(Complaint, Reporter)
        .outerjoin(Reporter, Reporter.complaint_id == Complaint.id)
        .where(Complaint.matter_id == matter.id)
        .order_by(Complaint.received_at.desc(), Complaint.id.desc())
    ).all()
    pairs: list[tuple[Complaint, Reporter | None]] = [(row[0], row[1]) for row in rows]
    counts = _counts([reporter for _, reporter in pairs if reporter is not None])
    return [
        Call(
            complaint=complaint,
            channel=SourceChannel(complaint.source_channel),
            reporter=None if reporter is None else masked(reporter, seal=seal, actor=actor),
            again=1 if reporter is None else counts.get(person_hash(reporter) or "", 1),
        )
        for complaint, reporter in pairs
    ]


def opened(reporter: Reporter, *, seal: ReporterSeal, complaint_no: str) -> tuple[str, str, str]:
    """Return name, telephone and address of a stored reporter.

    Raises
    ------
    Problem
        `reporter_shut` where the key is another or the stored bytes were changed.
    """
    try:
        return seal.open(reporter.sealed, complaint_id=reporter.complaint_id)
    except SealBroken as error:
        raise Problem("reporter_shut", complaint=complaint_no) from error


def person_hash(reporter: Reporter) -> str | None:
    """Return the keyed hash a person is known again by: the telephone's, else the full name's."""
    return reporter.phone_hash or reporter.name_hash


def _counts(reporters: Sequence[Reporter]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reporter in reporters:
        key = person_hash(reporter)
        if key is not None:
            counts[key] = counts.get(key, 0) + 1
    return counts


def masked(reporter: Reporter, *, seal: ReporterSeal, actor: Actor) -> MaskedReporter:
    """Return what is shown of a reporter; of a confidential one nothing at all."""
    mode = ReporterMode(reporter.mode)
    is_hidden = mode is ReporterMode.CONFIDENTIAL
    known = _told(seal, reporter.sealed, complaint_id=reporter.complaint_id)
    is_shut = known is None
    told = ("", "", "") if is_hidden or known is None else known
    may = actor.may(Permission.REPORTER_REVEAL)
    if is_hidden:
        may = may and actor.may(Permission.REPORTER_REVEAL_CONFIDENTIAL)
    return MaskedReporter(
        mode=mode,
        name=masked_name(told[0]),
        phone=masked_phone(told[1]),
        address=masked_address(told[2]),
        is_known=reporter.sealed is not None,
        may_reveal=may and reporter.sealed is not None and not is_shut,
        is_shut=is_shut,
    )


def key_fault(session: Session, seals: Sequence[ReporterSeal]) -> Fault:
    """Return how many stored reporters open with none of the keys at hand."""
    by_id = {seal.key_id: seal for seal in seals}
    rows = session.execute(
        select(Reporter.complaint_id, Reporter.sealed, Reporter.key_id)
        .where(Reporter.sealed.is_not(None))
        .order_by(Reporter.complaint_id)
        .execution_options(yield_per=_CHUNK)
    )
    shut = 0
    named: dict[str, int] = {}
    for complaint_id, sealed, key_id in rows:
        name = str(key_id)
        if not _opens(by_id.get(name), sealed, complaint_id=complaint_id):
            shut += 1
            named[name] = named.get(name, 0) + 1
    examples = tuple(f"{key_id} × {count}" for key_id, count in list(named.items())[:EXAMPLES])
    return Fault("reporters_shut", "打不开的举报人信息(密钥编号)", True, shut, examples)


def _opens(seal: ReporterSeal | None, sealed: bytes | None, *, complaint_id: int) -> bool:
    return seal is not None and _told(seal, sealed, complaint_id=complaint_id) is not None


def _told(
    seal: ReporterSeal, sealed: bytes | None, *, complaint_id: int
) -> tuple[str, str, str] | None:
    try:
        return seal.open(sealed, complaint_id=complaint_id)
    except SealBroken:
        return None
