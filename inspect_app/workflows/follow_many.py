"""Follow many findings at once: one step with one reason; each finding succeeds or stays as is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.queries.findings import find_finding
from inspect_app.workflows.follow_finding import FollowForm, follow

BULK_EVENTS = ("verify", "assign", "extend", "close", "dismiss")
"""Steps that are the same for many findings; a handler left open is each finding's owner."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A finding ticked in a list, with the state and version the list showed."""

    uid: UUID
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many findings took the step, and which refused it with which problem."""

    done: int
    refused: tuple[tuple[str, Problem], ...]


def follow_many(
    session: Session,
    chosen: Sequence[Chosen],
    event: str,
    *,
    form: FollowForm,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Take one step on each chosen finding in its own savepoint and return what became of them."""
    if event not in BULK_EVENTS:
        raise Problem("unknown_event", event=event)
    if not chosen:
        raise Problem("nothing_chosen")
    refused: list[tuple[str, Problem]] = []
    for one in sorted(chosen, key=lambda one: one.uid):  # one order of locks for everybody
        finding = find_finding(session, one.uid, scope=actor.scope)
        if finding is None:
            refused.append((str(one.uid), Problem("not_found", what="问题")))
            continue
        number = finding.finding_no
        own = replace(form, state=one.state, version=one.version)
        if event == "assign" and own.handler_person_id is None:
            own = replace(own, handler_person_id=finding.owner_person_id)
        try:
            with session.begin_nested():
                follow(session, finding, event, form=own, actor=actor, now=now)
        except Problem as problem:
            refused.append((number, problem))
    return Outcome(len(chosen) - len(refused), tuple(refused))
