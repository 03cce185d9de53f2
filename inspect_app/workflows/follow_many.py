"""Follow many findings at once: one step with one reason; each finding succeeds or stays as is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import Finding
from inspect_app.queries.findings import find_finding
from inspect_app.workflows.follow_finding import FollowForm, follow
from inspect_app.workflows.take_many import Kind, Outcome, Ticked, take_many

BULK_EVENTS = ("verify", "assign", "extend", "close", "dismiss")
"""Steps that are the same for many findings; a handler left open is each finding's owner."""
FINDINGS = Kind("问题", "finding_no")


def follow_many(
    session: Session,
    chosen: Sequence[Ticked[UUID]],
    event: str,
    *,
    form: FollowForm,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Take one step on each chosen finding in its own savepoint and return what became of them."""
    if event not in BULK_EVENTS:
        raise Problem("unknown_event", event=event)

    def step(finding: Finding, one: Ticked[UUID]) -> None:
        own = replace(form, state=one.state, version=one.version)
        if event == "assign" and own.handler_person_id is None:
            own = replace(own, handler_person_id=finding.owner_person_id)
        follow(session, finding, event, form=own, actor=actor, now=now)

    def find(uid: UUID) -> Finding | None:
        return find_finding(session, uid, scope=actor.scope)

    return take_many(session, FINDINGS, chosen, find=find, step=step)
