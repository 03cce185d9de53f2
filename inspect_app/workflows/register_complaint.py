"""Register a complaint: whatever its channel, with a place or without, new or of a known matter."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.calendar import local_day
from inspect_app.domain.codes import PlaceQuality, PollutionType, Severity, SourceChannel
from inspect_app.domain.intake import (
    FORWARDED,
    IN_BATCHES,
    IN_PERSON,
    TYPE_OF,
    PollutionSubtype,
    is_group_visit,
    is_skip_level,
)
from inspect_app.domain.matter_codes import LegalRoute, MatterState, RequestKind
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.domain.transitions import transition
from inspect_app.models import (
    AuditEntry,
    Complaint,
    ComplaintMatter,
    Grid,
    PollutionSource,
)
from inspect_app.queries.assignment import grids_around
from inspect_app.queries.matters import living_matter
from inspect_app.queries.owners import NoOwner, OutsideEveryGrid, grid_at, owner_of_grid
from inspect_app.queries.policies import policy_value
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.number import (
    COMPLAINT_SERIES,
    MATTER_SERIES,
    complaint_no,
    matter_no,
    next_number,
)
from inspect_app.workflows.seal_reporter import keep_reporter

TITLE_MAX = 60
"""Characters of a summary that make the title of its matter."""
SUMMARY_MAX = 2_000
_NAME_MAX = 200
_VISITORS_MAX = 10_000
_CLOCKS_APART = timedelta(minutes=5)
"""A time of receipt may run ahead of the server's clock by so much."""
_SEVERITY = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where it is: degrees in EPSG:4490, how sure, and the grid somebody chose near a border."""

    lon: float
    lat: float
    quality: PlaceQuality = PlaceQuality.EXACT
    grid_id: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """What comes with an item another system or organ sent: numbers and sender."""

    external_no: str = ""
    forwarded_by: str = ""
    origin_doc_no: str = ""
    batch_no: str = ""


@dataclass(frozen=True, slots=True)
class ComplaintDraft:
    """A complaint as a clerk takes it down; `matter_id` is the known matter it joins."""

    summary: str
    channel: SourceChannel
    pollution_types: tuple[PollutionType, ...]
    received_at: datetime
    spot: Spot | None = None
    pollution_subtypes: tuple[PollutionSubtype, ...] = ()
    severity: Severity = Severity.NORMAL
    request_kind: RequestKind = RequestKind.REPORT
    legal_route: LegalRoute = LegalRoute.ILLEGAL_ACT
    address: str = ""
    respondent_source_id: int | None = None
    respondent_name: str = ""
    industry_code: str = ""
    paper: Paper = field(default_factory=Paper)
    visitors: int | None = None
    skip_level: bool = False
    sensitive: bool = False
    on_site_promised: bool = False
    matter_id: int | None = None
    reporter: ReporterData | None = None


def register_complaint(
    session: Session,
    draft: ComplaintDraft,
    *,
    seal: ReporterSeal | None,
    actor: Actor,
    now: datetime,
) -> Complaint:
    """Keep a complaint with a number of its own, and return it.

    Without `matter_id` it opens a matter; with one it joins it: the matter's count rises, and it
    becomes as pressing as the new complaint. The grid is the deepest one of today at the place, or
    the chosen one near a border; without a place there is none yet. Who acts is the first contact
    for good. The reporter is stored under the `seal` only.

    Raises
    ------
    Problem
        `not_permitted`; `field_invalid` for what is missing or senseless; `outside_every_grid`;
        `not_found` for a grid, matter or source that is not there or outside the scope;
        `external_no_taken` for a number that is registered already.
    """
    if not actor.may(Permission.COMPLAINT_REGISTER):
        raise Problem("not_permitted", permission=Permission.COMPLAINT_REGISTER.value)
    _require_sound(draft, now=now)
    grid = _grid_of(session, draft.spot, actor=actor, now=now)
    matter = None
    if draft.matter_id is not None:
        matter = living_matter(session, draft.matter_id, scope=actor.scope)
    _refuse_known_number(session, draft.paper.external_no.strip())
    source = _source_of(session, draft)
    complaint = _complaint(session, draft, grid=grid, source=source, now=now)
    complaint.first_contact_person_id = actor.person_id
    facts = _facts(session, complaint, draft, now=now)
    if matter is None:
        matter = _new_matter(session, draft, complaint, now=now)
        matter.complaints.append(complaint)
        session.add(matter)
        session.flush()
        note_birth(session, matter, facts=facts, actor=actor, now=now)
    else:
        facts |= _join(session, matter, complaint, draft=draft)
        _note_join(session, matter, complaint, facts=facts, actor=actor, now=now)
    if draft.reporter is not None:
        if seal is None:
            raise Problem("reporter_key_missing", key="—")
        keep_reporter(session, draft.reporter, complaint_id=complaint.id, seal=seal)
    return complaint


def _require_sound(draft: ComplaintDraft, *, now: datetime) -> None:
    summary = draft.summary.strip()
    if not summary or len(summary) > SUMMARY_MAX:
        found = "" if not summary else len(summary)
        raise Problem("field_invalid", field="情况说明", expected="简短说明", found=found)
    if not draft.pollution_types:
        raise Problem("field_invalid", field="污染类型", expected="至少一项", found="")
    if draft.received_at > now + _CLOCKS_APART:
        at = draft.received_at.isoformat()
        raise Problem("field_invalid", field="来件时间", expected="不晚于现在", found=at)
    if draft.visitors is not None and not 1 <= draft.visitors <= _VISITORS_MAX:
        raise Problem("field_invalid", field="来访人数", expected="人数", found=draft.visitors)
    for subtype in draft.pollution_subtypes:
        if TYPE_OF[subtype] not in draft.pollution_types:
            kind = TYPE_OF[subtype].label
            raise Problem("field_invalid", field="污染子类", expected=kind, found=subtype.label)
    _require_short(draft)


def _require_short(draft: ComplaintDraft) -> None:
    for title, told in (
        ("事发地址", draft.address),
        ("被投诉单位", draft.respondent_name),
        ("外部编号", draft.paper.external_no),
        ("来件单位", draft.paper.forwarded_by),
        ("来件文号", draft.paper.origin_doc_no),
        ("批次", draft.paper.batch_no),
    ):
        if len(told) > _NAME_MAX:
            raise Problem("field_invalid", field=title, expected=_NAME_MAX, found=len(told))


def _grid_of(session: Session, spot: Spot | None, *, actor: Actor, now: datetime) -> Grid | None:
    """Return the grid of the place; somebody who sees a part of the county needs a place in it."""
    if spot is None:
        if not actor.scope.everywhere:
            raise Problem("place_missing")
        return None
    for title, degrees, limit in (("经度", spot.lon, 180), ("纬度", spot.lat, 90)):
        if not (math.isfinite(degrees) and abs(degrees) <= limit):
            raise Problem("field_invalid", field=title, expected=f"-{limit}~{limit}", found=degrees)
    day = local_day(now)
    grid = None
    if spot.grid_id is not None:
        grid = _chosen_grid(session, spot, grid_id=spot.grid_id, day_of=now)
    else:
        try:
            grid = grid_at(session, spot.lon, spot.lat, day=day)
        except OutsideEveryGrid as error:
            raise Problem("outside_every_grid", day=day) from error
    if not actor.scope.covers(grid.path):
        raise Problem("not_found", what="网格")
    return grid


def _chosen_grid(session: Session, spot: Spot, *, grid_id: int, day_of: datetime) -> Grid:
    """Return the grid somebody chose: only one whose border is within the policy's tolerance."""
    for near in grids_around(session, spot.lon, spot.lat, day=local_day(day_of)):
        if near.grid.id == grid_id:
            return near.grid
    raise Problem("not_found", what="网格")


def _refuse_known_number(session: Session, external_no: str) -> None:
    if not external_no:
        return
    # Two clerks with the same item wait for each other here, and the second one is told.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(external_no))))
    row = session.execute(
        select(Complaint.complaint_no, ComplaintMatter.matter_no)
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .where(Complaint.external_no == external_no)
    ).first()
    if row is not None:
        raise Problem("external_no_taken", number=external_no, complaint=row[0], matter=row[1])


def _source_of(session: Session, draft: ComplaintDraft) -> PollutionSource | None:
    if draft.respondent_source_id is None:
        return None
    source = session.get(PollutionSource, draft.respondent_source_id)
    if source is None:
        raise Problem("not_found", what="污染源")
    return source


def _complaint(
    session: Session,
    draft: ComplaintDraft,
    *,
    grid: Grid | None,
    source: PollutionSource | None,
    now: datetime,
) -> Complaint:
    year = local_day(now).year
    spot, paper = draft.spot, draft.paper
    is_sent = draft.channel in FORWARDED
    visitors = draft.visitors if draft.channel in IN_PERSON else None
    is_sent_on = draft.channel is SourceChannel.PASSED_ON and visitors is not None
    counts = is_sent_on and bool(policy_value(session, "skip_level_visits", day=local_day(now)))
    return Complaint(
        complaint_no=complaint_no(year, next_number(session, COMPLAINT_SERIES, year=year)),
        external_no=paper.external_no.strip() or None,
        source_channel=draft.channel.value,
        received_at=draft.received_at,
        registered_at=now,
        grid_id=None if grid is None else grid.id,
        geom=None if spot is None else f"SRID=4490;POINT({spot.lon!r} {spot.lat!r})",
        place_quality=(PlaceQuality.NONE if spot is None else spot.quality).value,
        incident_address=draft.address.strip() or None,
        pollution_types=[kind.value for kind in draft.pollution_types],
        pollution_subtypes=[subtype.value for subtype in draft.pollution_subtypes],
        industry_code=draft.industry_code.strip() or None,
        respondent_source_id=None if source is None else source.id,
        respondent_name=draft.respondent_name.strip() or (source.name if source else None),
        request_kind=draft.request_kind.value,
        forwarded_by=(paper.forwarded_by.strip() or None) if is_sent else None,
        origin_doc_no=(paper.origin_doc_no.strip() or None) if is_sent else None,
        batch_no=(paper.batch_no.strip() or None) if draft.channel in IN_BATCHES else None,
        summary=draft.summary.strip(),
        severity=draft.severity.value,
        visitor_count=visitors,
        is_skip_level=draft.skip_level or is_skip_level(draft.channel, visitors, counts=counts),
    )


def _facts(
    session: Session, complaint: Complaint, draft: ComplaintDraft, *, now: datetime
) -> dict[str, object]:
    facts: dict[str, object] = {
        "complaint_no": complaint.complaint_no,
        "source_channel": draft.channel.value,
    }
    if complaint.visitor_count is not None:
        least = policy_value(session, "mass_visitors_min", day=local_day(now))
        if is_group_visit(complaint.visitor_count, least=least):
            facts["group_visit"] = complaint.visitor_count
    if complaint.is_skip_level:
        facts["skip_level"] = True
    return facts


def _new_matter(
    session: Session, draft: ComplaintDraft, complaint: Complaint, *, now: datetime
) -> ComplaintMatter:
    matter = matter_of(session, complaint, now=now)
    matter.legal_route = draft.legal_route.value
    matter.is_on_site_promised = draft.on_site_promised
    matter.is_sensitive = draft.sensitive
    return matter


def matter_of(session: Session, complaint: Complaint, *, now: datetime) -> ComplaintMatter:
    """Return a new matter for a complaint that belongs to none: its title, place and owner."""
    year = local_day(now).year
    return ComplaintMatter(
        matter_no=matter_no(year, next_number(session, MATTER_SERIES, year=year)),
        title=complaint.summary[:TITLE_MAX],
        state=MatterState.REGISTERED.value,
        severity=complaint.severity,
        pollution_types=list(complaint.pollution_types),
        respondent_source_id=complaint.respondent_source_id,
        respondent_name=complaint.respondent_name,
        grid_id=complaint.grid_id,
        owner_person_id=_owner_of(session, complaint.grid_id, now=now),
        opened_at=now,
        geom=complaint.geom,
    )


def _owner_of(session: Session, grid_id: int | None, *, now: datetime) -> int | None:
    if grid_id is None:
        return None
    try:
        return owner_of_grid(session, session.get_one(Grid, grid_id), day=local_day(now)).person.id
    except NoOwner:
        return None


def note_birth(
    session: Session,
    matter: ComplaintMatter,
    *,
    facts: Mapping[str, object],
    actor: Actor,
    now: datetime,
) -> None:
    """Write the first event of a matter, that it was registered, with its audit row."""
    birth = transition("matter", "register", None)
    if birth is None:
        message = "the table of matters has no birth"
        raise ValueError(message)
    told = {"matter_no": matter.matter_no, **facts}
    record(session, matter, birth, step=Step(facts=told), actor=actor, now=now)


def _join(
    session: Session, matter: ComplaintMatter, complaint: Complaint, *, draft: ComplaintDraft
) -> dict[str, object]:
    """Let the complaint join, and return what the matter was before where that changed it."""
    complaint.matter = matter
    session.add(complaint)
    was: dict[str, object] = {}
    if _SEVERITY.index(draft.severity) > _SEVERITY.index(Severity(matter.severity)):
        was["severity_was"] = matter.severity
        matter.severity = draft.severity.value
    if draft.on_site_promised and not matter.is_on_site_promised:
        was["promise_was"] = False
        matter.is_on_site_promised = True
    session.flush()
    return was


def _note_join(
    session: Session,
    matter: ComplaintMatter,
    complaint: Complaint,
    *,
    facts: Mapping[str, object],
    actor: Actor,
    now: datetime,
) -> None:
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="complaint.join",
            subject_kind="complaint",
            subject_id=str(complaint.id),
            facts={"matter_no": matter.matter_no, **facts},
        )
    )
    session.flush()
