"""Handle many matters at once: one step with one reason; each succeeds or stays as it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import local_day
from inspect_app.domain.problems import Problem
from inspect_app.models import ComplaintMatter
from inspect_app.queries.matter_people import proposed_handler
from inspect_app.queries.matter_worklists import find_matter
from inspect_app.workflows.handle_matter import MatterForm, handle
from inspect_app.workflows.take_many import Kind, Outcome, Ticked, take_many

BULK_EVENTS = ("urge", "assign", "supervise", "lift_supervision", "demand_more", "archive")
"""Steps that are the same for many matters; a handler left open is each one's grid owner."""
MATTERS = Kind("事项", "matter_no")


def handle_many(
    session: Session,
    chosen: Sequence[Ticked[int]],
    event: str,
    *,
    form: MatterForm,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Take one step on each chosen matter in its own savepoint and return what became of them."""
    if event not in BULK_EVENTS:
        raise Problem("unknown_event", event=event)

    def step(matter: ComplaintMatter, one: Ticked[int]) -> None:
        own = replace(form, state=one.state, version=one.version)
        if event == "assign":
            own = _with_owner(session, matter, own, now=now)
        handle(session, matter, event, form=own, actor=actor, now=now)

    def find(matter_id: int) -> ComplaintMatter | None:
        return find_matter(session, matter_id, actor=actor)

    return take_many(session, MATTERS, chosen, find=find, step=step)


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
