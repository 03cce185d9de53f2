"""Follow a finding: one step of its follow-up with everything that the step brings about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import end_of_day, local_day, working_days_later
from inspect_app.domain.codes import MeasureKind
from inspect_app.domain.guards import failed_guard
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import STEP_PHOTOS, FindingState, Guard, Transition
from inspect_app.models import Event, Finding, FindingPhoto, Grid, Measure
from inspect_app.queries.findings import (
    enforcement_officers,
    history,
    missing_photos,
    photos_of,
    possible_handlers,
    version_of,
)
from inspect_app.queries.holidays import work_calendar
from inspect_app.queries.owners import NoOwner, owner_of_grid
from inspect_app.queries.policies import PolicyMissing, policy_value
from inspect_app.workflows.advance import Step, advance, label_of, permitted_row, situation


@dataclass(frozen=True, slots=True)
class FollowForm:
    """What a person filled in, and the state and version of the finding they were shown."""

    state: str
    version: int
    reason: str = ""
    handler_person_id: int | None = None
    due_at: datetime | None = None
    department: str = ""
    case_no: str = ""
    officers: tuple[int, ...] = ()
    photos: tuple[str, ...] = ()
    measure_kind: str = ""
    document_no: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step changes besides the state; columns take facts, become empty, now, 0, +1."""

    sets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    clears: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    zeroes: tuple[str, ...] = ()
    measure: MeasureKind | None = None
    due_policy: str | None = None


HANDLER = {"handler_person_id": "handler_person_id"}
DUE = {"due_at": "due_at"}
RECTIFY_DAYS = "rectify_days_{severity}"

EFFECTS: dict[str, Effect] = {
    "verify": Effect(clears=("due_at",)),
    "assign": Effect(sets=HANDLER | DUE, due_policy=RECTIFY_DAYS),
    "reassign": Effect(sets=HANDLER | DUE),
    "extend": Effect(sets=DUE),
    "escalate": Effect(
        sets=DUE | {"grid_id": "upper_grid_id", "owner_person_id": "upper_owner_id"},
        due_policy=RECTIFY_DAYS,
    ),
    "forward": Effect(sets=DUE, clears=("handler_person_id",)),
    "order_rectification": Effect(
        sets=DUE,
        counts=("orders",),
        measure=MeasureKind.RECTIFICATION_NOTICE,
        due_policy=RECTIFY_DAYS,
    ),
    "order_again": Effect(
        sets=DUE,
        counts=("orders",),
        measure=MeasureKind.RECTIFICATION_NOTICE,
        due_policy=RECTIFY_DAYS,
    ),
    "hand_to_enforcement": Effect(clears=("due_at",)),
    "decline_case": Effect(sets=HANDLER | DUE),
    "decline_and_close": Effect(stamps=("closed_at",)),
    "close": Effect(stamps=("closed_at",)),
    "perform": Effect(stamps=("closed_at",)),
    "reopen": Effect(
        sets=DUE,
        clears=("closed_at", "handler_person_id"),
        zeroes=("orders",),
        due_policy="verify_working_days",
    ),
}
"""What each step brings about; steps without an entry change the state alone."""

NOTHING = Effect()


def follow(
    session: Session,
    finding: Finding,
    event: str,
    *,
    form: FollowForm,
    actor: Actor,
    now: datetime,
) -> Event:
    """Take one step of a finding's follow-up and return its event row.

    The caller has checked that the finding lies in the actor's scope. Refuses a step on a state
    that has changed since the person saw it, a step the table does not have, a missing permission,
    a wrong field and a failed guard; nothing is written then.
    """
    session.refresh(finding, with_for_update=True)
    _refuse_stale(session, finding, form)
    row = permitted_row(finding, event, actor=actor)
    facts = _facts(session, finding, row, form=form, now=now)
    _refuse_unsuitable(session, finding, facts, now=now)
    step = Step(reason=form.reason.strip(), facts=facts)
    written = advance(session, finding, event, step=step, actor=actor, now=now)
    _bring_about(session, finding, row.event, facts=facts, actor=actor, now=now)
    return written


FACT_OF_GUARD = {
    Guard.HANDLER: "handler_person_id",
    Guard.DUE: "due_at",
    Guard.DEPARTMENT: "department",
    Guard.CASE_NO: "case_no",
    Guard.TWO_OFFICERS: "officers",
    Guard.CURE_PHOTO: "photos",
}
"""What a person fills in to satisfy a guard; a step keeps only what it asks for."""

STANDING = frozenset({Guard.UPPER_GRID, Guard.NOT_HANDLER, Guard.ROUND_LEFT, Guard.DEPUTY_IF_MAJOR})
"""Guards that nothing filled into a form can satisfy."""


def obstacle(
    session: Session, finding: Finding, row: Transition, *, actor: Actor, now: datetime
) -> Guard | None:
    """Return what stands against a step whatever is filled in; None where a form can be offered."""
    shown = FollowForm(state=finding.state, version=0)
    step = Step(facts=_facts(session, finding, row, form=shown, now=now))
    values = situation(session, finding, row, step=step, actor=actor, now=now)
    return failed_guard(row.guards & STANDING, values)


def _refuse_stale(session: Session, finding: Finding, form: FollowForm) -> None:
    version = version_of(session, finding.id)
    if (form.state, form.version) == (finding.state, version):
        return
    last = history(session, finding.id)[-1:]
    raise Problem(
        "page_stale",
        subject=finding.finding_no,
        person=last[0].actor_name or "系统" if last else "系统",
        event=label_of("finding", last[0].event.event) if last else "",
        state=FindingState(finding.state).label,
    )


def _facts(
    session: Session, finding: Finding, row: Transition, *, form: FollowForm, now: datetime
) -> dict[str, Any]:
    """Return what the step asks for, completed with what follows from finding and rules."""
    effect = EFFECTS.get(row.event, NOTHING)
    said: dict[str, Any] = {
        "handler_person_id": form.handler_person_id,
        "due_at": form.due_at or default_due(session, finding, row.event, now=now),
        "department": form.department.strip(),
        "case_no": form.case_no.strip(),
        "officers": form.officers,
        "photos": tuple(dict.fromkeys(form.photos)),
        "document_no": form.document_no.strip(),
        "measure_kind": form.measure_kind,
    }
    asked = {FACT_OF_GUARD[guard] for guard in row.guards if guard in FACT_OF_GUARD}
    asked |= {"photos"} if row.event in STEP_PHOTOS else set()
    asked |= {"document_no", "measure_kind"} if effect.measure else set()
    asked |= {"due_at"} if effect.due_policy else set()
    facts = {name: value for name, value in said.items() if value and name in asked}
    if Guard.ROUND_LEFT in row.guards:
        facts |= _rules(session, now=now)
    if Guard.UPPER_GRID in row.guards:
        facts |= _upper(session, finding, now=now)
    return facts


def _rules(session: Session, *, now: datetime) -> dict[str, Any]:
    try:
        rounds_max = policy_value(session, "rectification_rounds_max", day=local_day(now))
    except PolicyMissing:
        return {}
    return {"rounds_max": int(rounds_max)}


def default_due(
    session: Session, finding: Finding, event: str, *, now: datetime
) -> datetime | None:
    """Return the deadline the county's rule gives a step; None where there is no rule."""
    key = EFFECTS.get(event, NOTHING).due_policy
    if key is None:
        return None
    day = local_day(now)
    try:
        days = policy_value(session, key.format(severity=finding.severity), day=day)
    except PolicyMissing:
        return None
    if key.endswith("working_days"):
        return end_of_day(working_days_later(day, int(days), calendar=work_calendar(session)))
    return end_of_day(day + timedelta(days=days))


def _upper(session: Session, finding: Finding, *, now: datetime) -> dict[str, Any]:
    """Return the grid above with the person who owns it today."""
    grid = session.get(Grid, finding.grid_id) if finding.grid_id else None
    upper = session.get(Grid, grid.parent_id) if grid and grid.parent_id else None
    if grid is None or upper is None:
        return {}
    try:
        owner_id: int | None = owner_of_grid(session, upper, day=local_day(now)).person.id
    except NoOwner:
        owner_id = None
    return {
        "lower_grid_id": grid.id,
        "lower_owner_id": finding.owner_person_id,
        "upper_grid_id": upper.id,
        "upper_owner_id": owner_id,
    }


def _refuse_unsuitable(
    session: Session, finding: Finding, facts: Mapping[str, Any], *, now: datetime
) -> None:
    due_at = facts.get("due_at")
    if due_at is not None and due_at <= now:
        raise Problem("field_invalid", field="期限", expected="晚于当前时间", found=due_at)
    if facts.get("measure_kind", MeasureKind.ORAL_ORDER) not in list(MeasureKind):
        kinds = "、".join(MeasureKind)
        raise Problem("field_invalid", field="措施", expected=kinds, found=facts["measure_kind"])
    _refuse_persons(session, finding, facts, now=now)
    _refuse_photos(session, finding, facts.get("photos", ()))


def _refuse_persons(
    session: Session, finding: Finding, facts: Mapping[str, Any], *, now: datetime
) -> None:
    handler_id = facts.get("handler_person_id")
    if handler_id is not None:
        possible = possible_handlers(session, finding.grid_id, day=local_day(now))
        if handler_id not in {person.id for person in possible}:
            raise Problem("person_unsuitable", person=handler_id, duty="承办人")
    officers = facts.get("officers", ())
    if officers:
        certified = {person.id for person in enforcement_officers(session)}
        for officer_id in officers:
            if officer_id not in certified:
                raise Problem("person_unsuitable", person=officer_id, duty="执法人员")


def _refuse_photos(session: Session, finding: Finding, photos: tuple[str, ...]) -> None:
    for sha256 in missing_photos(session, photos):
        raise Problem("photo_missing", sha256=sha256)
    for link, _ in photos_of(session, finding.id) if photos else ():
        if link.photo_sha256 in photos:
            raise Problem("photo_reused", sha256=link.photo_sha256)


def _bring_about(
    session: Session,
    finding: Finding,
    event: str,
    *,
    facts: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> None:
    """Apply the effect of a step that was taken."""
    effect = EFFECTS.get(event, NOTHING)
    changes: dict[str, Any] = {column: facts.get(fact) for column, fact in effect.sets.items()}
    changes |= dict.fromkeys(effect.clears) | dict.fromkeys(effect.stamps, now)
    changes |= dict.fromkeys(effect.zeroes, 0)
    changes |= {column: getattr(finding, column) + 1 for column in effect.counts}
    for column, value in changes.items():
        setattr(finding, column, value)
    if effect.measure is not None:
        session.add(
            Measure(
                finding_id=finding.id,
                kind=facts.get("measure_kind", effect.measure.value),
                document_no=facts.get("document_no"),
                due_at=facts.get("due_at"),
                issued_at=now,
                issued_by=actor.person_id,
            )
        )
    stage = STEP_PHOTOS.get(event)
    session.add_all(
        FindingPhoto(finding_id=finding.id, photo_sha256=sha256, stage=stage.value)
        for sha256 in facts.get("photos", ())
        if stage is not None
    )
    session.flush()
