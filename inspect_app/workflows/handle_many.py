"""Handle many matters at once: one step with one reason; each succeeds or stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import local_day
from inspect_app.domain.problems import Problem
from inspect_app.models import ComplaintMatter
from inspect_app.queries.matter_people import proposed_handler
from inspect_app.queries.matter_worklists import find_matter
from inspect_app.workflows.follow_many import Outcome
from inspect_app.workflows.handle_matter import MatterForm, handle

BULK_EVENTS = ("urge", "assign", "supervise", "lift_supervision", "demand_more", "archive")
"""Steps that are the same for many matters; a handler left open is each one's grid owner."""


@dataclass(frozen=True, slots=True)
class ChosenMatter:
    """A matter ticked in a list, with the state and version the list showed."""

    matter_id: int
    state: str
    version: int


def handle_many(
    session: Session,
    chosen: Sequence[ChosenMatter],
    event: str,
    *,
    form: MatterForm,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Take one step on each chosen matter in its own savepoint and return what became of them."""
    if event not in BULK_EVENTS:
        raise Problem("unknown_event", event=event)
    if not chosen:
        raise Problem("nothing_chosen")
    refused: list[tuple[str, Problem]] = []
    for one in sorted(chosen, key=lambda one: one.matter_id):  # one order of locks for everybody
        matter = find_matter(session, one.matter_id, actor=actor)
        if matter is None:
            refused.append((str(one.matter_id), Problem("not_found", what="事项")))
            continue
        own = replace(form, state=one.state, version=one.version)
        try:
            with session.begin_nested():
                if event == "assign":
                    own = _with_owner(session, matter, own, now=now)
                handle(session, matter, event, form=own, actor=actor, now=now)
        except Problem as problem:
            refused.append((matter.matter_no, problem))
    return Outcome(len(chosen) - len(refused), tuple(refused))


def _with_owner(
    session: Session,
    matter: ComplaintMatter,
    form: MatterForm,
    *,
    now: datetime,
) -> MatterForm:
    """Return the form with the grid's owner of the day where no handler was named."""
    if form.handler_person_id is not None:
        return form
    owner_id = proposed_handler(session, matter, day=local_day(now))
    return replace(form, handler_person_id=owner_id)
