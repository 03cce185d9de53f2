"""Handle many items of campaigns at once: one step; each succeeds or stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.queries.campaigns import find_item
from inspect_app.workflows.follow_many import Outcome
from inspect_app.workflows.handle_campaign import ItemForm, take_step

BULK_ITEM_EVENTS = (
    "acknowledge",
    "start",
    "report_progress",
    "accept",
    "send_back",
    "strike_off",
    "reassign",
    "change_due",
    "change_grid",
)
"""Steps that can be the same for many items; what is put right and made public is said of each."""


@dataclass(frozen=True, slots=True)
class ChosenItem:
    """An item ticked in a list, with the state and version the list showed."""

    item_id: int
    state: str
    version: int


def handle_items(
    session: Session,
    chosen: Sequence[ChosenItem],
    event: str,
    *,
    form: ItemForm,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Take one step on each chosen item in its own savepoint and return what became of them."""
    if event not in BULK_ITEM_EVENTS:
        raise Problem("unknown_event", event=event)
    if not chosen:
        raise Problem("nothing_chosen")
    refused: list[tuple[str, Problem]] = []
    for one in sorted(chosen, key=lambda one: one.item_id):  # one order of locks for everybody
        item = find_item(session, one.item_id, actor=actor)
        if item is None:
            refused.append((str(one.item_id), Problem("not_found", what="行动事项")))
            continue
        own = replace(form, state=one.state, version=one.version)
        try:
            with session.begin_nested():
                take_step(session, item, event, form=own, actor=actor, now=now)
        except Problem as problem:
            refused.append((item.item_no, problem))
    return Outcome(len(chosen) - len(refused), tuple(refused))
