"""Raise a finding: keep what a person found, with the grid and the owner of that day."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import end_of_day, local_day, working_days_later
from inspect_app.domain.codes import (
    FindingOrigin,
    FindingType,
    MeasureKind,
    ObjectKind,
    PhotoStage,
    Severity,
)
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import FindingState, transition
from inspect_app.models import Event, Finding, FindingPhoto, Measure
from inspect_app.queries.findings import missing_photos, of_finding
from inspect_app.queries.holidays import work_calendar
from inspect_app.queries.owners import ground_at
from inspect_app.queries.policies import PolicyMissing, policy_value
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.insert_row import insert_row
from inspect_app.workflows.number import next_number

FUTURE_MAX = timedelta(days=1)
"""How far a tablet's clock may run ahead; beyond it the day, and so the owner, would be wrong."""


@dataclass(frozen=True, slots=True)
class FindingDraft:
    """A finding as the finder wrote it; coordinates are degrees in EPSG:4490, `uid` is theirs.

    `measure` is what was done about it on the spot, in the finder's words.
    """

    uid: UUID
    finding_type: str
    severity: str
    description: str
    lon: float
    lat: float
    found_at: datetime
    origin: str
    photos: tuple[str, ...]
    patrol_stop_id: int | None = None
    matter_id: int | None = None
    object_kind: str | None = None
    object_id: int | None = None
    measure: str = ""


LOCK = text("SELECT pg_advisory_xact_lock(:name)")
KNOWN = text("""
SELECT (SELECT id FROM finding WHERE uid = :uid) AS finding_id,
    EXISTS (SELECT FROM patrol_stop WHERE id = :stop_id) AS stop,
    EXISTS (SELECT FROM complaint_matter WHERE id = :matter_id) AS matter
""")
"""What is there of all that a draft names."""


def raise_finding(
    session: Session,
    draft: FindingDraft,
    *,
    actor: Actor,
    now: datetime,
    photos_follow: bool = False,
) -> Finding:
    """Keep a finding and return it; the same draft again returns the finding it made.

    A point outside every grid, or in a grid without owner, is kept all the same: `grid_id` or
    `owner_person_id` stay empty, and a finding without grid is seen county-wide only. Refuses a
    draft that is wrong, a photo that was not received unless `photos_follow` (a tablet's photos
    come after the record and are linked then), and a `uid` known with other content.
    """
    birth = transition("finding", "report", None)
    if birth is None:
        message = "the table of findings has no birth"
        raise ValueError(message)
    if not actor.may(birth.permission):
        raise Problem("not_permitted", permission=birth.label)
    # Two tablets, or one that tries again, wait here for each other instead of failing.
    session.execute(LOCK, {"name": draft.uid.int % 2**63})
    named = {"uid": draft.uid, "stop_id": draft.patrol_stop_id, "matter_id": draft.matter_id}
    known = session.execute(KNOWN, named).one()
    if known.finding_id is not None:
        return _same(session, session.get_one(Finding, known.finding_id), draft)
    missing = missing_photos(session, draft.photos)
    for problem in _faults(draft, known, now=now):
        raise problem
    if missing and not photos_follow:
        raise Problem("photo_missing", sha256=missing[0])
    finding = insert_row(session, _kept(session, draft, actor=actor, now=now))
    photos = tuple(dict.fromkeys(draft.photos))
    session.add_all(
        FindingPhoto(finding_id=finding.id, photo_sha256=sha256, stage=PhotoStage.BEFORE.value)
        for sha256 in photos
        if sha256 not in missing
    )
    if draft.measure:
        session.add(_measure_taken(finding, draft, actor=actor))
    facts: dict[str, Any] = {"draft_sha256": digest(draft), "photos": photos}
    if finding.due_at is not None:
        facts["due_at"] = finding.due_at
    record(session, finding, birth, step=Step(facts=facts), actor=actor, now=now)
    return finding


def digest(draft: FindingDraft) -> str:
    """Return the SHA-256 of a draft's content; equal instants and photo orders are equal."""
    content = asdict(draft) | {
        "found_at": draft.found_at.timestamp(),
        "lon": float(draft.lon),
        "lat": float(draft.lat),
        "photos": sorted(set(draft.photos)),
    }
    if not draft.measure:
        del content["measure"]  # the digests of drafts from before there were measures stay
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _same(session: Session, known: Finding, draft: FindingDraft) -> Finding:
    """Return the known finding if this very draft made it."""
    kept = session.scalar(
        select(Event.facts["draft_sha256"].astext).where(
            of_finding(known.id), Event.event == "report"
        )
    )
    if kept != digest(draft):
        raise Problem("record_conflict", uid=draft.uid)
    return known


def _faults(draft: FindingDraft, known: Row[Any], *, now: datetime) -> Iterator[Problem]:
    yield from _field_faults(draft, now=now)
    yield from _reference_faults(draft, known)


def _field_faults(draft: FindingDraft, *, now: datetime) -> Iterator[Problem]:
    coded: tuple[tuple[str, type[StrEnum], str | None], ...] = (
        ("问题类型", FindingType, draft.finding_type),
        ("严重程度", Severity, draft.severity),
        ("来源", FindingOrigin, draft.origin),
        ("对象类型", ObjectKind, draft.object_kind),
    )
    for field, codes, value in coded:
        if value is not None and value not in list(codes):
            yield _invalid(field, "、".join(codes), value)
    for field, degrees, limit in (("经度", draft.lon, 180), ("纬度", draft.lat, 90)):
        if not (math.isfinite(degrees) and abs(degrees) <= limit):
            yield _invalid(field, f"-{limit}~{limit}", degrees)
    if draft.found_at.tzinfo is None:
        yield _invalid("发现时间", "带时区的时间", draft.found_at)
    elif draft.found_at > now + FUTURE_MAX:
        yield _invalid("发现时间", "不晚于当前时间", draft.found_at)


def _reference_faults(draft: FindingDraft, known: Row[Any]) -> Iterator[Problem]:
    if (draft.object_kind is None) != (draft.object_id is None):
        yield _invalid("对象", "类型和编号同时填写", draft.object_id)
    stop_id, matter_id = draft.patrol_stop_id, draft.matter_id
    if stop_id is not None and not known.stop:
        yield _invalid("巡查点", "已有的巡查点", stop_id)
    if matter_id is not None and not known.matter:
        yield _invalid("诉求事项", "已有的诉求事项", matter_id)
    if draft.origin == FindingOrigin.COMPLAINT and matter_id is None:
        yield _invalid("诉求事项", "来源为投诉时必填", "")


def _invalid(field: str, expected: str, found: object) -> Problem:
    return Problem("field_invalid", field=field, expected=expected, found=found)


def _kept(session: Session, draft: FindingDraft, *, actor: Actor, now: datetime) -> Finding:
    found_on = local_day(draft.found_at)
    grid_id, owner_id = ground_at(session, draft.lon, draft.lat, day=found_on)
    year = local_day(now).year
    number = next_number(session, "finding", year=year)
    return Finding(
        uid=draft.uid,
        grid_id=grid_id,
        owner_person_id=owner_id,
        finding_no=f"{year}{number:06d}",
        finding_type=draft.finding_type,
        severity=draft.severity,
        state=FindingState.REPORTED.value,
        description=draft.description,
        origin=draft.origin,
        patrol_stop_id=draft.patrol_stop_id,
        matter_id=draft.matter_id,
        object_kind=draft.object_kind,
        object_id=draft.object_id,
        found_on=found_on,
        found_at=draft.found_at,
        reported_at=now,
        reported_by=actor.person_id,
        due_at=_verification_due(session, now=now),
        geom=f"SRID=4490;POINT({draft.lon!r} {draft.lat!r})",
    )


def _measure_taken(finding: Finding, draft: FindingDraft, *, actor: Actor) -> Measure:
    return Measure(
        finding_id=finding.id,
        kind=MeasureKind.ON_SITE_ACTION.value,
        issued_at=draft.found_at,
        issued_by=actor.person_id,
        note=draft.measure,
    )


def _verification_due(session: Session, *, now: datetime) -> datetime | None:
    """Return until when the finding is to be verified; a county without the rule has no date."""
    day = local_day(now)
    try:
        days = policy_value(session, "verify_working_days", day=day)
    except PolicyMissing:
        return None
    return end_of_day(working_days_later(day, int(days), calendar=work_calendar(session)))
