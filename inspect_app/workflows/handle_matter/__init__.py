"""Handle a matter: one step of its life with everything that the step brings about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import local_day
from inspect_app.domain.codes import Code, MeasureKind, Severity
from inspect_app.domain.guards import failed_guard
from inspect_app.domain.matter_codes import (
    ContactMeans,
    LegalRoute,
    MatterState,
    OpinionKind,
    RefusalReason,
    Satisfaction,
    VerificationResult,
)
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import MATTER_STEP_PHOTOS, Guard, Transition
from inspect_app.models import ComplaintMatter, Event, MatterContact, MatterPhoto, Measure
from inspect_app.queries.findings import missing_photos
from inspect_app.queries.matter_people import possible_matter_handlers
from inspect_app.queries.matter_record import matter_history, matter_version
from inspect_app.workflows.advance import Step, advance, label_of, permitted_row, situation
from inspect_app.workflows.handle_matter.effects import (
    EFFECTS,
    NOTHING,
    STANDING,
    MatterForm,
    fields_of,
)
from inspect_app.workflows.handle_matter.limits import limits_of

__all__ = ["MatterForm", "handle", "obstacle"]

CODED: Mapping[str, tuple[str, type[Code]]] = {
    "verification_result": ("核实结果", VerificationResult),
    "refusal_reason": ("不受理原因", RefusalReason),
    "legal_route": ("法定途径", LegalRoute),
    "severity": ("程度", Severity),
    "measure_kind": ("措施", MeasureKind),
    "means": ("告知方式", ContactMeans),
    "satisfaction": ("满意度", Satisfaction),
    "opinion_kind": ("处理意见", OpinionKind),
}
APART = frozenset({"merge", "unmerge", "go_up"})
"""Steps with a workflow of their own: they move complaints, or the clock takes them."""


def handle(
    session: Session,
    matter: ComplaintMatter,
    event: str,
    *,
    form: MatterForm,
    actor: Actor,
    now: datetime,
) -> Event:
    """Take one step of a matter and return its event row.

    The caller has checked that the matter lies in the actor's scope. Refuses a step on a state
    that has changed since the person saw it, a step the table does not have, a missing permission,
    a wrong field and a failed guard; nothing is written then.
    """
    session.refresh(matter, with_for_update=True)
    _refuse_stale(session, matter, form)
    row = permitted_row(matter, event, actor=actor)
    if event in APART:
        raise Problem("unknown_event", event=row.label)
    facts = _facts(session, matter, row, form=form, now=now)
    _refuse_unsuitable(session, matter, facts, now=now)
    step = Step(reason=form.reason.strip(), facts=facts)
    written = advance(session, matter, event, step=step, actor=actor, now=now)
    _bring_about(session, matter, event, facts=facts, actor=actor, now=now)
    return written


def obstacle(
    session: Session, matter: ComplaintMatter, row: Transition, *, actor: Actor, now: datetime
) -> Guard | None:
    """Return what stands against a step whatever is filled in; None where a form can be offered."""
    step = Step(facts=limits_of(session, matter, row.event, now=now))
    values = situation(session, matter, row, step=step, actor=actor, now=now)
    return failed_guard(row.guards & STANDING, values)


def _refuse_stale(session: Session, matter: ComplaintMatter, form: MatterForm) -> None:
    if (form.state, form.version) == (matter.state, matter_version(session, matter.id)):
        return
    last = matter_history(session, matter.id)[-1:]
    raise Problem(
        "page_stale",
        subject=matter.matter_no,
        person=last[0].actor_name or "系统" if last else "系统",
        event=label_of("matter", last[0].event.event) if last else "",
        state=MatterState(matter.state).label,
    )


def _facts(
    session: Session,
    matter: ComplaintMatter,
    row: Transition,
    *,
    form: MatterForm,
    now: datetime,
) -> dict[str, Any]:
    """Return what the step asks for, completed with what follows from matter and rules."""
    said = {name: _said(getattr(form, name)) for name in fields_of(row)}
    facts: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if row.event == "approve":
        facts.setdefault("told", matter.reply_text)
    place = (facts.get("lon"), facts.get("lat"))
    return facts | limits_of(session, matter, row.event, now=now, place=place)


def _said(value: object) -> object | None:
    """Return a value that was filled in, without blanks around it; None for an empty one."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(value)) or None
    return value


def _refuse_unsuitable(
    session: Session, matter: ComplaintMatter, facts: Mapping[str, Any], *, now: datetime
) -> None:
    for name, (label, codes) in CODED.items():
        if name in facts and facts[name] not in list(codes):
            expected = "、".join(code.value for code in codes)
            raise Problem("field_invalid", field=label, expected=expected, found=facts[name])
    due_at = facts.get("due_at")
    if due_at is not None and due_at <= now:
        raise Problem("field_invalid", field="期限", expected="晚于当前时间", found=due_at)
    _refuse_persons(session, matter, facts, now=now)
    for sha256 in missing_photos(session, facts.get("photos", ())):
        raise Problem("photo_missing", sha256=sha256)


def _refuse_persons(
    session: Session, matter: ComplaintMatter, facts: Mapping[str, Any], *, now: datetime
) -> None:
    handler_id = facts.get("handler_person_id")
    if handler_id is None:
        return
    possible = possible_matter_handlers(session, matter.grid_id, day=local_day(now))
    known = {person.id for person in possible}
    for person_id in (handler_id, *facts.get("co_handler_ids", ())):
        if person_id not in known:
            raise Problem("person_unsuitable", person=person_id, duty="承办人")


def _bring_about(
    session: Session,
    matter: ComplaintMatter,
    event: str,
    *,
    facts: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> None:
    """Apply the effect of a step that was taken."""
    effect = EFFECTS.get(event, NOTHING)
    changes: dict[str, Any] = {name: facts[name] for name in effect.sets if name in facts}
    changes |= (
        dict.fromkeys(effect.clears) | dict.fromkeys(effect.stamps, now) | dict(effect.switches)
    )
    changes |= {column: getattr(matter, column) + 1 for column in effect.counts}
    if "handler_person_id" in effect.sets:
        changes["co_handler_ids"] = list(facts.get("co_handler_ids", ()))
    if event == "reject_assignment":
        changes["co_handler_ids"] = []
    for column, value in changes.items():
        setattr(matter, column, value)
    if effect.measure:
        session.add(_measure(matter, facts, actor=actor, now=now))
    if effect.contact is not None and "means" in facts:
        session.add(_contact(matter, effect.contact.value, facts, actor=actor, now=now))
    stage = MATTER_STEP_PHOTOS.get(event)
    if stage is not None:
        for sha256 in facts.get("photos", ()):
            session.merge(MatterPhoto(matter_id=matter.id, photo_sha256=sha256, stage=stage.value))
    session.flush()


def _measure(
    matter: ComplaintMatter, facts: Mapping[str, Any], *, actor: Actor, now: datetime
) -> Measure:
    return Measure(
        matter_id=matter.id,
        kind=facts["measure_kind"],
        document_no=facts.get("document_no"),
        due_at=facts.get("due_at"),
        issued_at=now,
        issued_by=actor.person_id,
    )


def _contact(
    matter: ComplaintMatter, kind: str, facts: Mapping[str, Any], *, actor: Actor, now: datetime
) -> MatterContact:
    return MatterContact(
        matter_id=matter.id,
        kind=kind,
        means=facts["means"],
        made_at=now,
        made_by=actor.person_id,
        told=facts.get("told") or "",
        met_in_person=bool(facts.get("met_in_person")),
        satisfaction=facts.get("satisfaction"),
    )
