"""Handle many items of campaigns at once: one step; each succeeds or stays as it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import CampaignItem
from inspect_app.queries.campaigns import find_item
from inspect_app.workflows.handle_campaign import ItemForm, take_step
from inspect_app.workflows.take_many import Kind, Outcome, Ticked, take_many

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
ITEMS = Kind("行动事项", "item_no")


def handle_items(
    session: Session,
    chosen: Sequence[Ticked[int]],
    event: str,
    *,
    form: ItemForm,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Take one step on each chosen item in its own savepoint and return what became of them."""
    if event not in BULK_ITEM_EVENTS:
        raise Problem("unknown_event", event=event)

    def step(item: CampaignItem, one: Ticked[int]) -> None:
        own = replace(form, state=one.state, version=one.version)
        take_step(session, item, event, form=own, actor=actor, now=now)

    def find(item_id: int) -> CampaignItem | None:
        return find_item(session, item_id, actor=actor)

    return take_many(session, ITEMS, chosen, find=find, step=step)
