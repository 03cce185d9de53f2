"""Advance: the only code that changes the state of a finding, a patrol task or a plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import Code, Severity
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    TRANSITIONS,
    FindingState,
    Guard,
    PlanState,
    TaskState,
    Transition,
    transition,
)
from inspect_app.domain.weeks import week_text
from inspect_app.models import AuditEntry, Event, Finding, PatrolPlan, PatrolTask

Subject = Finding | PatrolTask | PatrolPlan


@dataclass(frozen=True, slots=True)
class Step:
    """What a person adds to a step: the reason, and the facts its guards ask for.

    Known facts: `handler_person_id`, `due_at`, `department`, `upper_grid_id`, `case_no`, `officers`
    (person ids), `photos` (hashes of photos that show the cure), `rounds_max`.
    """

    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


KINDS: dict[type[Subject], tuple[str, type[Code]]] = {
    Finding: ("finding", FindingState),
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
    kind, states = KINDS[type(subject)]
    row = transition(kind, event, subject.state)
    if row is None:
        raise Problem(
            "wrong_step",
            subject=name_of(subject),
            state=states(subject.state).label,
            event=label_of(kind, event),
        )
    if not actor.may(row.permission):
        raise Problem("not_permitted", permission=row.label)
    for guard in sorted(row.guards):
        if not GUARDS[guard](subject, step, actor):
            raise Problem("guard_failed", event=row.label, guard=guard.label)
    return record(session, subject, row, step=step, actor=actor, now=now)


def record(
    session: Session, subject: Subject, row: Transition, *, step: Step, actor: Actor, now: datetime
) -> Event:
    """Write the new state with its event and audit rows; births are recorded here too."""
    before = None if row.source is None else row.source.value
    subject.state = row.target.value
    session.flush()
    facts = {name: _plain(value) for name, value in step.facts.items()}
    event = Event(
        subject_kind=row.subject,
        subject_id=subject.id,
        event=row.event,
        from_state=before,
        to_state=row.target.value,
        actor_id=actor.person_id,
        at=now,
        reason=step.reason or None,
        facts=facts,
    )
    session.add(event)
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=f"{row.subject}.{row.event}",
            subject_kind=row.subject,
            subject_id=str(subject.id),
            facts=facts,
        )
    )
    session.flush()
    return event


def name_of(subject: Subject) -> str:
    """Return what people call the subject in a sentence."""
    if isinstance(subject, Finding):
        return subject.finding_no
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


def _fact(name: str) -> Callable[[Subject, Step, Actor], bool]:
    return lambda _subject, step, _actor: bool(step.facts.get(name))


def _not_handler(subject: Subject, _step: Step, actor: Actor) -> bool:
    return not isinstance(subject, Finding) or subject.handler_person_id != actor.person_id


def _deputy_if_major(subject: Subject, _step: Step, actor: Actor) -> bool:
    if not isinstance(subject, Finding) or subject.severity == Severity.NORMAL:
        return True
    return actor.may(Permission.FINDING_FORWARD)


def _round_left(subject: Subject, step: Step, _actor: Actor) -> bool:
    return not isinstance(subject, Finding) or subject.orders < step.facts.get("rounds_max", 0)


OFFICERS_MIN = 2
"""Officers for enforcement (Administrative Penalty Law, art. 42 and 55)."""

GUARDS: dict[Guard, Callable[[Subject, Step, Actor], bool]] = {
    Guard.REASON: lambda _subject, step, _actor: bool(step.reason.strip()),
    Guard.HANDLER: _fact("handler_person_id"),
    Guard.DUE: _fact("due_at"),
    Guard.EVIDENCE: _fact("photos"),
    Guard.PLACE_PHOTO: _fact("photos"),
    Guard.DEPARTMENT: _fact("department"),
    Guard.UPPER_GRID: _fact("upper_grid_id"),
    Guard.NOT_HANDLER: _not_handler,
    Guard.ROUND_LEFT: _round_left,
    Guard.DEPUTY_IF_MAJOR: _deputy_if_major,
    Guard.CASE_NO: _fact("case_no"),
    Guard.TWO_OFFICERS: lambda _subject, step, _actor: (
        len(set(step.facts.get("officers", ()))) >= OFFICERS_MIN
    ),
}
