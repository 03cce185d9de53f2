"""Campaigns and their items in lists: lines with lights, what they are narrowed to, choices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Subquery, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import Light, Period, end_of_day, light, local_day
from inspect_app.domain.campaign_codes import ITEM_OPEN, ItemState
from inspect_app.domain.dispatch import (
    DispatchDay,
    ItemFacts,
    is_late,
    is_soon,
    next_filing_day,
)
from inspect_app.models import (
    Campaign,
    CampaignItem,
    Complaint,
    ComplaintMatter,
    Event,
    Grid,
    Org,
    Person,
)
from inspect_app.queries.holidays import work_calendar
from inspect_app.queries.policies import policy_value, policy_values
from inspect_app.queries.scope import in_scope

FILING_KEYS = ("campaign_filing_day_1", "campaign_filing_day_2")


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as lists show it, with what it is counted by."""

    item: CampaignItem
    facts: ItemFacts
    person_name: str | None
    grid_name: str | None
    light: Light

    @property
    def state(self) -> ItemState:
        """Return the item's state."""
        return self.facts.state


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """What a list of items is narrowed to; empty fields do not narrow."""

    unit: str = ""
    state: ItemState | None = None
    batch_no: str = ""
    text: str = ""
    only_key: bool = False
    only_late: bool = False
    only_soon: bool = False


def campaigns(session: Session) -> list[Campaign]:
    """Return all campaigns, those that began last first."""
    order = (Campaign.starts_on.desc(), Campaign.id.desc())
    return list(session.scalars(select(Campaign).order_by(*order)))


def visible_items(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that an actor sees an item.

    One of a grid is seen by whose scope covers it. One without a grid is seen by posts over the
    whole county, and by those it was given to: the people of its responsible unit, and the person
    who answers for it.
    """
    unit = select(Person.org_id).where(Person.id == actor.person_id).scalar_subquery()
    theirs = or_(CampaignItem.org_id == unit, _answered_by(actor))
    return or_(
        in_scope(CampaignItem.grid_id, actor.scope), and_(CampaignItem.grid_id.is_(None), theirs)
    )


def _answered_by(actor: Actor) -> ColumnElement[bool]:
    if actor.person_id is None:
        return false()
    return CampaignItem.responsible_person_id == actor.person_id


def item_lines(
    session: Session, actor: Actor, *, now: datetime, item_id: int | None = None
) -> list[ItemLine]:
    """Return the items of all campaigns an actor sees, or the one named: open ones by due day.

    The light counts from the order or the last reopening; an item nobody has to work on has none.
    """
    begun, struck = _moments("issue", "reopen"), _moments("strike_off")
    rows = session.execute(
        select(
            CampaignItem,
            func.coalesce(Org.name, Grid.name),
            Person.name,
            Grid.name,
            func.coalesce(begun.c.at, CampaignItem.issued_at),
            struck.c.at,
        )
        .outerjoin(Org, Org.id == CampaignItem.org_id)
        .outerjoin(Grid, Grid.id == CampaignItem.grid_id)
        .outerjoin(Person, Person.id == CampaignItem.responsible_person_id)
        .outerjoin(begun, begun.c.subject_id == CampaignItem.id)
        .outerjoin(struck, struck.c.subject_id == CampaignItem.id)
        .where(
            visible_items(actor),
            true() if item_id is None else CampaignItem.id == item_id,
        )
        .order_by(CampaignItem.due_on, CampaignItem.id)
    )
    calendar = work_calendar(session)
    lines = []
    for item, unit, person_name, grid_name, begun_at, struck_at in rows:
        state = ItemState(item.state)
        facts = ItemFacts(
            unit=unit,
            batch_no=item.batch_no,
            is_key_item=item.is_key_item,
            state=state,
            due_on=item.due_on,
            struck_on=None if struck_at is None else local_day(struck_at),
        )
        period = Period(begun_at, end_of_day(item.due_on) if state in ITEM_OPEN else None)
        shown = light(period, now=now, calendar=calendar)
        lines.append(ItemLine(item, facts, person_name, grid_name, shown))
    return sorted(lines, key=lambda line: line.state not in ITEM_OPEN)


def _moments(*events: str) -> Subquery:
    """Return when one of the events last happened, by item."""
    return (
        select(Event.subject_id, func.max(Event.at).label("at"))
        .where(Event.subject_kind == "campaign_item", Event.event.in_(events))
        .group_by(Event.subject_id)
        .subquery()
    )


def narrowed(
    lines: Iterable[ItemLine], chosen: ItemFilter, *, today: DispatchDay
) -> list[ItemLine]:
    """Return the lines a filter leaves."""
    return [line for line in lines if _passes(line, chosen, today)]


def _passes(line: ItemLine, chosen: ItemFilter, today: DispatchDay) -> bool:
    facts, words = line.facts, f"{line.item.item_no} {line.item.title}"
    return all(
        (
            not chosen.unit or facts.unit == chosen.unit,
            chosen.state in {None, facts.state},
            not chosen.batch_no or facts.batch_no == chosen.batch_no,
            chosen.text.casefold() in words.casefold(),
            facts.is_key_item or not chosen.only_key,
            not chosen.only_late or is_late(facts, today),
            not chosen.only_soon or is_soon(facts, today),
        )
    )


def dispatch_day(session: Session, *, now: datetime) -> DispatchDay:
    """Return the day counts are made on, with the county's rule for what is due soon."""
    day = local_day(now)
    return DispatchDay(day, int(policy_value(session, "campaign_soon_days", day=day)))


def filing_day(session: Session, *, now: datetime) -> date:
    """Return the next day on which files for striking off are handed in, by the county's rule."""
    day = local_day(now)
    held = policy_values(session, FILING_KEYS, day=day)
    return next_filing_day(day, (int(number) for number in held.values()))


def find_campaign(session: Session, campaign_id: int) -> Campaign | None:
    """Return the campaign, else None."""
    return session.get(Campaign, campaign_id)


def find_item(session: Session, item_id: int, *, actor: Actor) -> CampaignItem | None:
    """Return the item where the actor sees it, else None."""
    visible = visible_items(actor)
    return session.scalar(select(CampaignItem).where(CampaignItem.id == item_id, visible))


def item_of_matter(session: Session, matter_id: int, *, actor: Actor) -> CampaignItem | None:
    """Return the item that stands for a matter where the actor sees it, else None."""
    visible = visible_items(actor)
    return session.scalar(select(CampaignItem).where(CampaignItem.matter_id == matter_id, visible))


def units_to_choose(session: Session) -> list[Org]:
    """Return the units an item can be given to, by name."""
    return list(session.scalars(select(Org).order_by(Org.name)))


def batch_of_matter(session: Session, matter: ComplaintMatter) -> str | None:
    """Return the batch a matter's complaints came with; the first where they came with several."""
    return session.scalar(
        select(func.min(Complaint.batch_no)).where(Complaint.matter_id == matter.id)
    )
