"""Handle a campaign: write it down, order its items, take the steps of an item."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.calendar import local_day
from inspect_app.domain.campaign_codes import CampaignKind, CampaignLevel, ItemState
from inspect_app.domain.guards import failed_guard
from inspect_app.domain.problems import Phrase, Problem
from inspect_app.domain.transitions import ITEM_STEP_PHOTOS, Guard, Transition, transition
from inspect_app.models import (
    AuditEntry,
    Campaign,
    CampaignItem,
    CampaignItemPhoto,
    ComplaintMatter,
    Event,
    Grid,
    Org,
    Person,
)
from inspect_app.queries.campaign_record import item_history, item_version
from inspect_app.queries.campaigns import batch_of_matter
from inspect_app.queries.findings import missing_photos
from inspect_app.queries.matter_people import possible_matter_handlers
from inspect_app.workflows.advance import (
    Step,
    advance,
    label_of,
    permitted_row,
    record,
    situation,
)

NUMBER_MAX = 60
TEXT_MAX = 200

STANDING = frozenset({Guard.RESPONSIBLE, Guard.ACCEPTOR})
"""Guards that nothing filled into a form can satisfy."""

FIELDS_OF_GUARD: dict[Guard, str] = {
    Guard.HANDLER: "handler_person_id",
    Guard.DUE: "due_at",
    Guard.GRID: "grid_id",
    Guard.PROOF: "proof",
    Guard.PUBLISHED_TEXT: "published_text",
    Guard.REASON: "reason",
}
"""What a person fills in to satisfy a guard; a step keeps only what it asks for."""


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign as a person writes it down; `source` is the document that orders it."""

    name: str
    kind: CampaignKind
    level: CampaignLevel
    starts_on: date
    ends_on: date | None
    source: str


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as a person writes it down; what is empty is taken from its matter."""

    item_no: str
    due_on: date
    title: str = ""
    batch_no: str = ""
    is_key_item: bool = False
    org_id: int | None = None
    grid_id: int | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class ItemForm:
    """What a person filled in, and the state and version of the item they were shown."""

    state: str
    version: int
    reason: str = ""
    proof: str = ""
    published_text: str = ""
    handler_person_id: int | None = None
    due_at: datetime | None = None
    grid_id: int | None = None
    photos: tuple[str, ...] = ()


def plain_draft(draft: CampaignDraft, *, actor: Actor) -> CampaignDraft:
    """Return a draft without blanks around its words, or refuse who writes it or what it says."""
    if not actor.may(Permission.MATTER_ASSIGN):
        raise Problem("not_permitted", permission=Permission.MATTER_ASSIGN.value)
    if not actor.scope.everywhere:
        raise Problem("campaign_county_only")
    name, source = _words("名称", draft.name), _words("依据", draft.source)
    if draft.ends_on is not None and draft.ends_on < draft.starts_on:
        raise Problem("days_reversed", first=draft.starts_on, last=draft.ends_on)
    return replace(draft, name=name, source=source)


def create_campaign(
    session: Session, draft: CampaignDraft, *, actor: Actor, now: datetime
) -> Campaign:
    """Write a campaign or an inspection down; for county-wide posts that give out matters."""
    plain = plain_draft(draft, actor=actor)
    name, source = plain.name, plain.source
    if session.scalar(select(Campaign.id).where(Campaign.name == name)) is not None:
        raise Problem("campaign_name_taken", name=name)
    campaign = Campaign(
        name=name,
        kind=draft.kind.value,
        level=draft.level.value,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        source=source,
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(campaign)
    session.flush()
    facts = {"name": name, "kind": campaign.kind, "level": campaign.level, "source": source}
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="campaign.create",
            subject_kind="campaign",
            subject_id=str(campaign.id),
            facts=facts,
        )
    )
    session.flush()
    return campaign


def add_item(
    session: Session,
    campaign: Campaign,
    draft: ItemDraft,
    *,
    matter: ComplaintMatter | None = None,
    actor: Actor,
    now: datetime,
) -> CampaignItem:
    """Order an item, by hand or for a matter, and return it.

    The caller has checked that the matter lies in the actor's scope. Of a matter an item takes the
    title, batch, grid, handler and whether it is a key item, where the draft says nothing. Refuses
    a number the campaign has already, a matter that is an item already, a grid outside the scope
    and a person who cannot handle matters of the grid.
    """
    row = _birth(actor)
    session.refresh(campaign, with_for_update=True)
    item = _item(session, campaign, draft, matter=matter)
    item.issued_at = now
    if matter is not None:
        session.refresh(matter, with_for_update=True)
    _refuse_doubles(session, campaign, item)
    _refuse_outside(session, item, actor=actor)
    if item.due_on < local_day(now):
        raise Problem("field_invalid", field="时限", expected="不早于今天", found=item.due_on)
    _refuse_person(session, item, item.responsible_person_id, now=now)
    item.state = ItemState.ISSUED.value
    session.add(item)
    session.flush()
    step = Step(facts={"item_no": item.item_no, "due_on": item.due_on.isoformat()})
    record(session, item, row, step=step, actor=actor, now=now)
    return item


def _birth(actor: Actor) -> Transition:
    row = transition("campaign_item", "issue", None)
    if row is None:
        message = "the table of items has no birth"
        raise ValueError(message)
    if not actor.may(row.permission):
        raise Problem("not_permitted", permission=row.label)
    return row


def _item(
    session: Session, campaign: Campaign, draft: ItemDraft, *, matter: ComplaintMatter | None
) -> CampaignItem:
    """Return the row of an item, not yet added; empty fields are taken from the matter."""
    title, batch_no, key = draft.title, draft.batch_no.strip() or None, draft.is_key_item
    grid_id, person_id = draft.grid_id, draft.person_id
    if matter is not None:
        title = title.strip() or matter.title
        batch_no = batch_no or batch_of_matter(session, matter)
        grid_id, key = grid_id or matter.grid_id, key or matter.is_key_item
        person_id = person_id or matter.handler_person_id
    if draft.org_id is None and grid_id is None:
        raise Problem("unit_unsaid")
    return CampaignItem(
        campaign_id=campaign.id,
        matter_id=None if matter is None else matter.id,
        grid_id=grid_id,
        org_id=draft.org_id,
        responsible_person_id=person_id,
        batch_no=batch_no and _words("批次", batch_no, most=NUMBER_MAX),
        item_no=_words("编号", draft.item_no, most=NUMBER_MAX),
        title=_words("事项", title),
        is_key_item=key,
        due_on=draft.due_on,
    )


def _refuse_doubles(session: Session, campaign: Campaign, item: CampaignItem) -> None:
    """Refuse a second item with the number, and a second item for the matter."""
    numbered = select(CampaignItem.id).where(
        CampaignItem.campaign_id == campaign.id, CampaignItem.item_no == item.item_no
    )
    if session.scalar(numbered) is not None:
        raise Problem("item_no_taken", number=item.item_no, campaign=campaign.name)
    if item.matter_id is None:
        return
    listed = session.execute(
        select(ComplaintMatter.matter_no, Campaign.name, CampaignItem.item_no)
        .join(Campaign, Campaign.id == CampaignItem.campaign_id)
        .join(ComplaintMatter, ComplaintMatter.id == CampaignItem.matter_id)
        .where(CampaignItem.matter_id == item.matter_id)
    ).first()
    if listed is not None:
        matter_no, name, number = listed
        raise Problem("matter_listed", matter=matter_no, campaign=name, number=number)


def _refuse_outside(session: Session, item: CampaignItem, *, actor: Actor) -> None:
    """Refuse a grid outside the actor's scope, and a unit or grid that is not there."""
    path = None
    if item.grid_id is not None:
        path = session.scalar(select(Grid.path).where(Grid.id == item.grid_id))
        if path is None:
            raise Problem("not_found", what="网格")
    if not actor.scope.covers(path):
        raise Problem("not_found", what="网格")
    if item.org_id is not None and session.get(Org, item.org_id) is None:
        raise Problem("not_found", what="责任单位")


def _refuse_person(
    session: Session, item: CampaignItem, person_id: int | None, *, now: datetime
) -> None:
    if person_id is None:
        return
    possible = possible_matter_handlers(session, item.grid_id, day=local_day(now))
    if person_id not in {person.id for person in possible}:
        named = session.get(Person, person_id)
        person = person_id if named is None else named.name
        raise Problem("person_unsuitable", person=person, duty="责任人")


def _words(field: str, value: str, *, most: int = TEXT_MAX) -> str:
    """Return a text without blanks around it, or refuse an empty or long one."""
    said = value.strip()
    if not 0 < len(said) <= most:
        expected = Phrase("%(most)s字以内,不能为空", {"most": most})
        raise Problem("field_invalid", field=field, expected=expected, found=value[:80])
    return said


def fields_of(row: Transition) -> tuple[str, ...]:
    """Return the fields a step must have filled in, in the order of the form."""
    return tuple(name for guard, name in FIELDS_OF_GUARD.items() if guard in row.guards)


def obstacle(
    session: Session, item: CampaignItem, row: Transition, *, actor: Actor, now: datetime
) -> Guard | None:
    """Return what stands against a step whatever is filled in; None where a form can be offered."""
    values = situation(session, item, row, step=Step(), actor=actor, now=now)
    return failed_guard(row.guards & STANDING, values)


def take_step(
    session: Session,
    item: CampaignItem,
    event: str,
    *,
    form: ItemForm,
    actor: Actor,
    now: datetime,
) -> Event:
    """Take one step of an item and return its event row.

    The caller has checked that the item lies in the actor's scope. Refuses a step on a state that
    has changed since the person saw it, a step the table does not have, a missing permission, a
    wrong field and a failed guard; nothing is written then.
    """
    session.refresh(item, with_for_update=True)
    _refuse_stale(session, item, form)
    row = permitted_row(item, event, actor=actor)
    facts = _facts(row, form)
    due_at = facts.get("due_at")
    if due_at is not None and local_day(due_at) < local_day(now):
        raise Problem("field_invalid", field="时限", expected="不早于今天", found=local_day(due_at))
    _refuse_person(session, item, facts.get("handler_person_id"), now=now)
    if "grid_id" in facts:
        _refuse_grid(session, facts["grid_id"], actor=actor, now=now)
    for sha256 in missing_photos(session, facts.get("photos", ())):
        raise Problem("photo_missing", sha256=sha256)
    step = Step(reason=form.reason.strip(), facts=facts)
    written = advance(session, item, event, step=step, actor=actor, now=now)
    _bring_about(item, event, facts, actor=actor, now=now)
    if event == "change_grid":
        _release(session, item, now=now)
    for sha256 in facts.get("photos", ()):
        stage = ITEM_STEP_PHOTOS[event].value
        session.merge(CampaignItemPhoto(item_id=item.id, photo_sha256=sha256, stage=stage))
    session.flush()
    return written


def _refuse_grid(session: Session, grid_id: int, *, actor: Actor, now: datetime) -> None:
    """Refuse a grid that is not there today, and one outside the actor's scope."""
    grid, day = session.get(Grid, grid_id), local_day(now)
    if grid is None or (grid.valid_to is not None and grid.valid_to <= day):
        raise Problem("not_found", what="网格")
    if not actor.scope.covers(grid.path):
        raise Problem("not_found", what="网格")


def _release(session: Session, item: CampaignItem, *, now: datetime) -> None:
    """Take a moved item from a person who cannot handle it in its new grid."""
    possible = possible_matter_handlers(session, item.grid_id, day=local_day(now))
    if item.responsible_person_id not in {person.id for person in possible}:
        item.responsible_person_id = None
    session.flush()


def _refuse_stale(session: Session, item: CampaignItem, form: ItemForm) -> None:
    if (form.state, form.version) == (item.state, item_version(session, item.id)):
        return
    last = item_history(session, item.id)[-1:]
    raise Problem(
        "page_stale",
        subject=item.item_no,
        person=last[0].actor_name or "系统" if last else "系统",
        event=label_of("campaign_item", last[0].event.event) if last else "",
        state=ItemState(item.state).label,
    )


def _facts(row: Transition, form: ItemForm) -> dict[str, Any]:
    """Return what the step asks for and was filled in."""
    asked = set(fields_of(row)) - {"reason"}
    if row.event in ITEM_STEP_PHOTOS:
        asked.add("photos")
    facts: dict[str, Any] = {}
    for field in fields(form):
        value = getattr(form, field.name)
        said = value.strip() if isinstance(value, str) else value
        if field.name in asked and said:
            facts[field.name] = said
    return facts


def _bring_about(
    item: CampaignItem, event: str, facts: dict[str, Any], *, actor: Actor, now: datetime
) -> None:
    """Apply what a step changes besides the state."""
    if event == "acknowledge" and item.responsible_person_id is None:
        item.responsible_person_id = actor.person_id
    if event == "reassign":
        item.responsible_person_id = facts["handler_person_id"]
    if event in {"reopen", "change_due"}:
        item.due_on = local_day(facts["due_at"])
    if event == "publish":
        item.published_text, item.published_at = facts["published_text"], now
    if event == "change_grid":
        item.grid_id = facts["grid_id"]
