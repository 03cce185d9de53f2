"""Campaigns and inspections of authorities: their items, the weekly dispatch, one item's steps."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.calendar import Light, local_day
from inspect_app.domain.campaign_codes import CampaignKind, CampaignLevel, ItemState
from inspect_app.domain.codes import PhotoStage
from inspect_app.domain.dispatch import DispatchDay, Tally, dispatch_table, tally
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    ITEM_STEP_PHOTOS,
    ITEM_TRANSITIONS,
    Transition,
    open_events,
)
from inspect_app.models import Campaign, CampaignItem, ComplaintMatter, Grid
from inspect_app.queries.campaign_record import (
    item_history,
    item_photos,
    item_version,
    item_versions,
)
from inspect_app.queries.campaigns import (
    ItemLine,
    batch_of_matter,
    campaigns,
    dispatch_day,
    filing_day,
    find_campaign,
    find_item,
    item_lines,
    item_of_matter,
    narrowed,
    units_to_choose,
)
from inspect_app.queries.findings import HistoryEntry, handlers_within
from inspect_app.queries.matter_file import persons_in
from inspect_app.queries.matter_people import possible_matter_handlers
from inspect_app.queries.matter_worklists import find_matter
from inspect_app.queries.matters import living_matter
from inspect_app.queries.worklists import grids_to_choose
from inspect_app.web.campaign_forms import (
    FIELDS,
    ItemAction,
    campaign_draft,
    item_draft,
    item_filter,
    item_form,
)
from inspect_app.web.campaign_sheet import sheet_periods
from inspect_app.web.http import actor, database, now, requires, roll_back, sentence, today
from inspect_app.web.statuses import status_of
from inspect_app.web.ticked import ticked
from inspect_app.workflows.edit_campaign import edit_campaign
from inspect_app.workflows.handle_campaign import (
    add_item,
    create_campaign,
    fields_of,
    obstacle,
    take_step,
)
from inspect_app.workflows.handle_items import BULK_ITEM_EVENTS, handle_items

P = Permission
pages = Blueprint("campaigns", __name__, url_prefix="/campaigns")

EVENT_LABELS = {row.event: row.label for row in ITEM_TRANSITIONS}
STEPS = tuple(dict.fromkeys(row.permission for row in ITEM_TRANSITIONS))
PAGE_SIZE = 50


@pages.context_processor
def codes() -> dict[str, Any]:
    """Give the templates of this area the code lists they label values with."""
    return {
        "CampaignKind": CampaignKind,
        "CampaignLevel": CampaignLevel,
        "ItemState": ItemState,
        "Light": Light,
        "event_labels": EVENT_LABELS,
        "FIELDS": FIELDS,
        "PhotoStage": PhotoStage,
        "step_photos": ITEM_STEP_PHOTOS,
    }


@pages.app_context_processor
def listing() -> dict[str, Any]:
    """Let the page of a matter ask for the item that stands for it."""
    return {"item_for": _item_for}


def _item_for(matter: ComplaintMatter) -> CampaignItem | None:
    return item_of_matter(database(), matter.id, actor=actor())


@pages.get("")
@requires(P.COMPLAINT_VIEW)
def page() -> str:
    """Show the campaigns with their counts, and the chosen one's dispatch table and items."""
    return _list()


def _list(
    message: str = "", *, refused: tuple[tuple[str, Problem], ...] = (), open_form: str = ""
) -> str:
    """Render the list; the form named by `open_form` stays open with what was filled in."""
    session = database()
    known, day = campaigns(session), dispatch_day(session, now=now())
    lines = item_lines(session, actor(), now=now())
    shown = _chosen(known)
    own = [line for line in lines if shown is not None and line.item.campaign_id == shown.id]
    chosen = item_filter()
    found = narrowed(own, chosen, today=day)
    number = min(max(request.args.get("page", 1, type=int), 1), max(1, -(-len(found) // PAGE_SIZE)))
    shown_lines = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    person = actor()
    return render_template(
        "campaigns.html",
        message=message,
        form=request.form,
        counts=dict(_counts(known, lines, day)),
        shown=shown,
        total=_tally(own, day),
        table=dispatch_table((line.facts for line in own), day),
        day=day,
        filing_day=filing_day(session, now=now()),
        lines=shown_lines,
        versions=item_versions(session, [line.item.id for line in shown_lines]),
        bulk=[event for event in BULK_ITEM_EVENTS if _may_some(event)],
        people=handlers_within(session, person.scope, day=local_day(now())),
        grids=grids_to_choose(session, person),
        refused=[(number, sentence(problem)) for number, problem in refused],
        open_form=open_form,
        periods=sheet_periods(today()),
        found=_tally(found, day),
        chosen=chosen,
        page=number,
        last_page=max(1, -(-len(found) // PAGE_SIZE)),
        address=_address(),
        units=sorted({line.facts.unit for line in own}),
        batches=sorted({line.facts.batch_no for line in own if line.facts.batch_no}),
        today=today(),
    )


def _chosen(known: list[Campaign]) -> Campaign | None:
    """Return the campaign the address names, else the latest one."""
    wanted = request.args.get("campaign", type=int)
    if wanted is None:
        return known[0] if known else None
    found = next((campaign for campaign in known if campaign.id == wanted), None)
    if found is None:
        raise Problem("not_found", what="专项行动")
    return found


def _counts(
    known: list[Campaign], lines: list[ItemLine], day: DispatchDay
) -> Iterator[tuple[Campaign, Tally]]:
    for campaign in known:
        yield campaign, _tally([one for one in lines if one.item.campaign_id == campaign.id], day)


def _tally(lines: list[ItemLine], day: DispatchDay) -> Tally:
    return tally([line.facts for line in lines], day)


def _address() -> Mapping[str, str]:
    return {name: value for name, value in request.args.items() if value and name != "page"}


@pages.post("")
@requires(P.MATTER_ASSIGN)
def create() -> Response | tuple[str, int]:
    """Write a campaign down; a refusal keeps what was filled in."""
    try:
        made = create_campaign(database(), campaign_draft(), actor=actor(), now=now())
    except Problem as problem:
        roll_back()
        return _list(sentence(problem), open_form="create"), status_of(problem)
    flash(gettext("已登记“%(name)s”", name=made.name))
    return redirect(url_for("campaigns.page", campaign=made.id))


@pages.post("/<int:campaign_id>/edit")
@requires(P.MATTER_ASSIGN)
def edit(campaign_id: int) -> Response | tuple[str, int]:
    """Change a campaign's name, days and document; a refusal keeps what was filled in."""
    campaign = _campaign(campaign_id)
    try:
        changed = edit_campaign(database(), campaign, campaign_draft(), actor=actor(), now=now())
    except Problem as problem:
        roll_back()
        return _list(sentence(problem), open_form="edit"), status_of(problem)
    name = campaign.name
    flash(gettext("已修改“%(name)s”", name=name) if changed else gettext("没有改动"))
    return redirect(url_for("campaigns.page", campaign=campaign_id))


@pages.post("/bulk")
@requires(*STEPS)
def bulk() -> tuple[str, int] | str:
    """Take one step on every ticked item and say which ones refused it."""
    event = request.form.get("event", "")
    try:
        outcome = handle_items(
            database(), ticked(int), event, form=item_form(), actor=actor(), now=now()
        )
    except Problem as problem:
        roll_back()
        return _list(sentence(problem), open_form="bulk"), status_of(problem)
    message = gettext(
        "%(event)s:已办理 %(done)s 件,未办理 %(refused)s 件",
        event=gettext(EVENT_LABELS[event]),
        done=outcome.done,
        refused=len(outcome.refused),
    )
    return _list(message, refused=outcome.refused, open_form="done")


def _may_some(event: str) -> bool:
    return any(row.event == event and actor().may(row.permission) for row in ITEM_TRANSITIONS)


@pages.get("/<int:campaign_id>/items/new")
@requires(P.MATTER_ASSIGN)
def new_item(campaign_id: int) -> str:
    """Show the form of a new item, filled from a matter where the address names one."""
    return _new_item(_campaign(campaign_id))


@pages.get("/items/new")
@requires(P.MATTER_ASSIGN)
def list_matter() -> Response | str:
    """Show the same for the latest campaign; where there is none, the page to write one down."""
    known = campaigns(database())
    if not known:
        flash(gettext("请先登记专项行动或督察"))
        return redirect(url_for("campaigns.page"))
    return _new_item(known[0])


def _new_item(campaign: Campaign, message: str = "") -> str:
    session, person, matter = database(), actor(), _named_matter()
    return render_template(
        "campaign_item_new.html",
        campaign=campaign,
        campaigns=campaigns(session),
        matter=matter,
        batch_no=None if matter is None else batch_of_matter(session, matter),
        form=request.form,
        message=message,
        orgs=units_to_choose(session),
        grids=grids_to_choose(session, person),
        people=handlers_within(session, person.scope, day=local_day(now())),
        today=today(),
    )


def _named_matter() -> ComplaintMatter | None:
    matter_id = request.values.get("matter", type=int)
    if matter_id is None:
        return None
    return living_matter(database(), matter_id, scope=actor().scope)


@pages.post("/<int:campaign_id>/items")
@requires(P.MATTER_ASSIGN)
def add(campaign_id: int) -> Response | tuple[str, int]:
    """Order an item, by hand or for a matter."""
    campaign = _campaign(campaign_id)
    try:
        made = add_item(
            database(),
            campaign,
            item_draft(),
            matter=_named_matter(),
            actor=actor(),
            now=now(),
        )
    except Problem as problem:
        roll_back()
        return _new_item(_campaign(campaign_id), sentence(problem)), status_of(problem)
    flash(gettext("已交办“%(number)s”", number=made.item_no))
    return redirect(url_for("campaigns.item", item_id=made.id))


@pages.get("/items/<int:item_id>")
@requires(P.COMPLAINT_VIEW)
def item(item_id: int) -> str:
    """Show one item with its steps and its history."""
    return _detail(_item(item_id))


@pages.post("/items/<int:item_id>/<event>")
@requires(*STEPS)
def step(item_id: int, event: str) -> Response | tuple[str, int]:
    """Take a step; a refusal shows the item as it is now, with the reason on top."""
    found = _item(item_id)
    try:
        take_step(database(), found, event, form=item_form(), actor=actor(), now=now())
    except Problem as problem:
        roll_back()
        page = _detail(_item(item_id), message=sentence(problem), refused=event)
        return page, status_of(problem)
    label = gettext(EVENT_LABELS[event])
    flash(gettext("“%(number)s”已办理“%(event)s”", number=found.item_no, event=label))
    return redirect(url_for("campaigns.item", item_id=item_id))


def _campaign(campaign_id: int) -> Campaign:
    found = find_campaign(database(), campaign_id)
    if found is None:
        raise Problem("not_found", what="专项行动")
    return found


def _item(item_id: int) -> CampaignItem:
    found = find_item(database(), item_id, actor=actor())
    if found is None:
        raise Problem("not_found", what="行动事项")
    return found


def _detail(found: CampaignItem, message: str = "", refused: str = "") -> str:
    session, person = database(), actor()
    lines = item_lines(session, person, now=now(), item_id=found.id)
    history = item_history(session, found.id)
    matter = None
    if found.matter_id is not None:
        matter = find_matter(session, found.matter_id, actor=person)
    return render_template(
        "campaign_item.html",
        line=lines[0],
        item=found,
        matter=matter,
        message=message,
        refused=refused,
        form=request.form,
        version=item_version(session, found.id),
        history=history,
        names=persons_in(session, [entry.event for entry in history]),
        actions=_actions(found),
        people=possible_matter_handlers(session, found.grid_id, day=local_day(now())),
        grids=grids_to_choose(session, person),
        grid_names=_grid_names(history),
        photos=item_photos(session, found.id),
        today=today(),
    )


def _grid_names(history: list[HistoryEntry]) -> dict[int, str]:
    """Return the names of the grids an item was moved to."""
    moved = {
        int(entry.event.facts["grid_id"]) for entry in history if "grid_id" in entry.event.facts
    }
    return {key: grid.name for key in moved if (grid := database().get(Grid, key)) is not None}


def _actions(found: CampaignItem) -> list[ItemAction]:
    """Return the steps open to the person: those that carry the item on come first."""
    rows = [row for row in open_events("campaign_item", found.state) if actor().may(row.permission)]
    made = [_action(found, row) for row in sorted(rows, key=_is_aside)]
    return sorted(made, key=lambda action: action.obstacle is not None)


def _action(found: CampaignItem, row: Transition) -> ItemAction:
    against = obstacle(database(), found, row, actor=actor(), now=now())
    return ItemAction(row.event, row.label, fields_of(row), against)


def _is_aside(row: Transition) -> bool:
    return row.source == row.target or row.event in {"reopen", "send_back"}
