"""Advance: the only code that changes the state of a finding, matter, item, task or plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.campaign_codes import ItemState
from inspect_app.domain.codes import Code, PhotoStage
from inspect_app.domain.guards import Situation, failed_guard
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    STEP_PHOTOS,
    TRANSITIONS,
    FindingState,
    PlanState,
    TaskState,
    Transition,
    transition,
)
from inspect_app.domain.weeks import week_text
from inspect_app.models import (
    CampaignItem,
    ComplaintMatter,
    Event,
    Finding,
    PatrolPlan,
    PatrolTask,
)
from inspect_app.queries.campaign_record import item_worked_on
from inspect_app.queries.findings import handled_by, photos_on_record
from inspect_app.queries.matter_record import left_state, matter_record, worked_on

Subject = Finding | ComplaintMatter | CampaignItem | PatrolTask | PatrolPlan


@dataclass(frozen=True, slots=True)
class Step:
    """What a person adds to a step: the reason, and the facts its guards ask for.

    Known facts: `handler_person_id`, `due_at`, `department`, `upper_grid_id`, `case_no`, `officers`
    (person ids), `photos` (hashes of the photos this step adds), `rounds_max`; those of a matter's
    steps are the fields of `MatterForm` and the limits `handle_matter` looks up, those of an item
    the fields of `ItemForm`.
    """

    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


KINDS: dict[type[Subject], tuple[str, type[Code]]] = {
    Finding: ("finding", FindingState),
    ComplaintMatter: ("matter", MatterState),
    CampaignItem: ("campaign_item", ItemState),
    PatrolTask: ("task", TaskState),
    PatrolPlan: ("plan", PlanState),
}


def advance(
    session: Session, subject: Subject, event: str, *, step: Step, actor: Actor, now: datetime
) -> Event:
    """Take one step of the state machine and return its event row.

    The row of the transition table decides: a step the table does not have, the permission and
    every guard are refused with a Problem; nothing is written then. The caller has checked that the
    subject lies in the actor's scope.
    """
    row = permitted_row(subject, event, actor=actor)
    values = situation(session, subject, row, step=step, actor=actor, now=now)
    failed = failed_guard(row.guards, values)
    if failed is not None:
        raise Problem("guard_failed", event=row.label, guard=failed.label)
    return record(session, subject, row, step=step, actor=actor, now=now)


def permitted_row(subject: Subject, event: str, *, actor: Actor) -> Transition:
    """Return the table's row for an event; refuses a wrong step and a missing permission."""
    kind, states = KINDS[type(subject)]
    label = label_of(kind, event)
    row = transition(kind, event, subject.state)
    if row is None:
        state = states(subject.state).label
        raise Problem("wrong_step", subject=name_of(subject), state=state, event=label)
    if not actor.may(row.permission):
        raise Problem("not_permitted", permission=row.label)
    return row


def situation(
    session: Session, subject: Subject, row: Transition, *, step: Step, actor: Actor, now: datetime
) -> Situation:
    """Return the values the guards look at; tasks and plans have no record."""
    said = Situation(
        reason=step.reason,
        facts=step.facts,
        actor_id=actor.person_id,
        now=now,
        may_decide=actor.may(Permission.FINDING_DECIDE),
    )
    if isinstance(subject, ComplaintMatter):
        return replace(
            said,
            may_decide=actor.may(Permission.MATTER_DECIDE),
            may_direct=actor.may(Permission.MATTER_DIRECT),
            severity=subject.severity,
            handled_by=worked_on(session, subject),
            matter=matter_record(session, subject),
        )
    if isinstance(subject, CampaignItem):
        return replace(
            said,
            handled_by=item_worked_on(session, subject),
            responsible_id=subject.responsible_person_id,
        )
    if not isinstance(subject, Finding):
        return said
    photos = photos_on_record(session, subject.id)
    photos[STEP_PHOTOS.get(row.event, PhotoStage.BEFORE)].update(step.facts.get("photos", ()))
    return replace(
        said,
        severity=subject.severity,
        orders=subject.orders,
        handled_by=handled_by(session, subject),
        photos_before=len(photos[PhotoStage.BEFORE]),
        photos_after=len(photos[PhotoStage.AFTER]),
    )


WRITE = text("""
WITH audited AS (
    INSERT INTO audit_entry (at, actor_id, action, subject_kind, subject_id, facts)
    VALUES (:at, :actor_id, CAST(:subject_kind AS text) || '.' || :event, :subject_kind,
        CAST(CAST(:subject_id AS bigint) AS text), :facts)
)
INSERT INTO event (subject_kind, subject_id, event, from_state, to_state, actor_id, at, reason,
    facts)
VALUES (:subject_kind, :subject_id, :event, :from_state, :to_state, :actor_id, :at, :reason,
    :facts)
RETURNING id
""").bindparams(bindparam("facts", type_=JSONB))
"""Event and audit entry by one statement: every step of everything pays for it."""


def record(
    session: Session, subject: Subject, row: Transition, *, step: Step, actor: Actor, now: datetime
) -> Event:
    """Write the new state with its event and audit rows; births are recorded here too."""
    before = None if row.source is None else row.source.value
    target = row.target.value
    if row.back and isinstance(subject, ComplaintMatter):
        target = left_state(session, subject) or target
    subject.state = target
    session.flush()
    facts = {name: _plain(value) for name, value in step.facts.items()}
    said = {
        "subject_kind": row.subject,
        "subject_id": subject.id,
        "event": row.event,
        "from_state": before,
        "to_state": target,
        "actor_id": actor.person_id,
        "at": now,
        "reason": step.reason or None,
        "facts": facts,
    }
    return Event(id=session.scalar(WRITE, said), **said)


def name_of(subject: Subject) -> str:
    """Return what people call the subject in a sentence."""
    if isinstance(subject, Finding):
        return subject.finding_no
    if isinstance(subject, ComplaintMatter):
        return subject.matter_no
    if isinstance(subject, CampaignItem):
        return subject.item_no
    if isinstance(subject, PatrolTask):
        return f"{subject.day:%m-%d} {subject.crew.name}"
    return week_text(subject.week)


def label_of(kind: str, event: str) -> str:
    """Return the label of an event, or refuse an event no table has."""
    for row in TRANSITIONS:
        if row.subject == kind and row.event == event:
            return row.label
    raise Problem("unknown_event", event=event)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value
