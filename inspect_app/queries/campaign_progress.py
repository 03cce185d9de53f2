"""Progress of a campaign in a period: every figure as it stood when the period ended."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import end_of_day, local_day
from inspect_app.domain.campaign_codes import ITEM_DONE, ITEM_OPEN, ItemState
from inspect_app.domain.dispatch import ReportPeriod
from inspect_app.models import (
    Campaign,
    CampaignItem,
    CampaignItemPhoto,
    Event,
    Grid,
    Org,
    Person,
)
from inspect_app.queries.campaigns import visible_items

TOLD = ("report_progress", "close_phase", "rectify", "accept", "send_back", "reopen")
"""Steps whose reason says how far an item is."""


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """An item as it stood when the period ended."""

    item_no: str
    batch_no: str | None
    title: str
    unit: str
    person: str | None
    is_key_item: bool
    state: ItemState
    issued_on: date
    due_on: date
    struck_on: date | None
    told: str
    told_on: date | None
    photos: int


@dataclass(frozen=True, slots=True)
class ProgressCount:
    """What is counted of some lines; the batches are those of these lines."""

    batches: int
    items: int
    key_items: int
    issued_in_period: int
    struck_in_period: int
    struck: int
    phase_closed: int
    waiting: int
    open: int
    late: int

    @property
    def share_struck(self) -> float:
        """The share of items off the list, 0 without items."""
        return self.struck / self.items if self.items else 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """The sheet of a campaign: its period, the day it was cut off, its lines."""

    campaign: Campaign
    period: ReportPeriod
    cut_off: datetime
    lines: tuple[ProgressLine, ...]

    @property
    def total(self) -> ProgressCount:
        """The count of all lines."""
        return self.count(self.lines)

    def by_unit(self) -> list[tuple[str, ProgressCount]]:
        """Return the counts by responsible unit: most late first, then the least share done."""
        rows = _grouped((line.unit, line) for line in self.lines)
        counted = [(unit, self.count(lines)) for unit, lines in rows.items()]
        return sorted(counted, key=lambda row: (-row[1].late, row[1].share_struck, row[0]))

    def by_batch(self) -> list[tuple[str, ProgressCount]]:
        """Return the counts by batch, in the order the batches were given out."""
        rows = _grouped((line.batch_no, line) for line in self.lines if line.batch_no)
        counted = [(batch, self.count(lines)) for batch, lines in rows.items()]
        first = {batch: min(line.issued_on for line in lines) for batch, lines in rows.items()}
        return sorted(counted, key=lambda row: (first[row[0]], row[0]))

    def count(self, lines: Sequence[ProgressLine]) -> ProgressCount:
        """Return the counts of lines on the day the sheet was cut off."""
        day = local_day(self.cut_off)
        struck = [line for line in lines if line.state in ITEM_DONE]
        working = [line for line in lines if line.state in ITEM_OPEN]
        return ProgressCount(
            batches=len({line.batch_no for line in lines if line.batch_no}),
            items=len(lines),
            key_items=sum(line.is_key_item for line in lines),
            issued_in_period=sum(self._within(line.issued_on) for line in lines),
            struck_in_period=sum(self._within(line.struck_on) for line in struck),
            struck=len(struck),
            phase_closed=sum(line.state is ItemState.PHASE_CLOSED for line in lines),
            waiting=len(lines) - len(struck) - len(working),
            open=len(working),
            late=sum(line.due_on < day for line in working),
        )

    def _within(self, day: date | None) -> bool:
        return day is not None and self.period.first <= day <= self.period.last


def _grouped(pairs: Iterable[tuple[str, ProgressLine]]) -> dict[str, list[ProgressLine]]:
    groups: dict[str, list[ProgressLine]] = defaultdict(list)
    for key, line in pairs:
        groups[key].append(line)
    return groups


def campaign_progress(
    session: Session, campaign: Campaign, period: ReportPeriod, *, actor: Actor, now: datetime
) -> Progress:
    """Return the progress of the items an actor sees, from what had happened when it ended.

    A period that has not ended is cut off now. State, due day and last word of an item are those of
    its events until then; its unit and person are today's.
    """
    cut_off = min(end_of_day(period.last), now)
    photos = (
        select(func.count())
        .where(CampaignItemPhoto.item_id == CampaignItem.id)
        .correlate(CampaignItem)
        .scalar_subquery()
    )
    rows = session.execute(
        select(CampaignItem, func.coalesce(Org.name, Grid.name), Person.name, photos)
        .outerjoin(Org, Org.id == CampaignItem.org_id)
        .outerjoin(Grid, Grid.id == CampaignItem.grid_id)
        .outerjoin(Person, Person.id == CampaignItem.responsible_person_id)
        .where(
            CampaignItem.campaign_id == campaign.id,
            CampaignItem.issued_at <= cut_off,
            visible_items(actor),
        )
        .order_by(CampaignItem.issued_at, CampaignItem.id)
    ).all()
    happened = _events(session, [item.id for item, *_ in rows], until=cut_off)
    lines = [
        _line(item, happened.get(item.id, []), unit=unit, person=person, photos=count)
        for item, unit, person, count in rows
    ]
    return Progress(campaign, period, cut_off, tuple(lines))


def _events(session: Session, item_ids: list[int], *, until: datetime) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    for event in session.scalars(
        select(Event)
        .where(
            Event.subject_kind == "campaign_item",
            Event.subject_id.in_(item_ids),
            Event.at <= until,
        )
        .order_by(Event.id)
    ):
        found[event.subject_id].append(event)
    return found


def _line(
    item: CampaignItem, events: list[Event], *, unit: str, person: str | None, photos: int
) -> ProgressLine:
    told = [event for event in events if event.event in TOLD and event.reason]
    struck = [event.at for event in events if event.event == "strike_off"]
    state = ItemState(events[-1].to_state) if events else ItemState(item.state)
    return ProgressLine(
        item_no=item.item_no,
        batch_no=item.batch_no,
        title=item.title,
        unit=unit,
        person=person,
        is_key_item=item.is_key_item,
        state=state,
        issued_on=local_day(item.issued_at),
        due_on=_due_on(item, events),
        struck_on=local_day(struck[-1]) if struck and state in ITEM_DONE else None,
        told=(told[-1].reason or "") if told else "",
        told_on=local_day(told[-1].at) if told else None,
        photos=photos,
    )


def _due_on(item: CampaignItem, events: list[Event]) -> date:
    """Return the due day that held then: of the order, or of the last step that set another."""
    for event in reversed(events):
        if event.event in {"reopen", "change_due"} and event.facts.get("due_at"):
            return local_day(datetime.fromisoformat(event.facts["due_at"]))
        if event.event == "issue" and event.facts.get("due_on"):
            return date.fromisoformat(event.facts["due_on"])
    return item.due_on
