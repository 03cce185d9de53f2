"""Campaigns on the database: their items are ordered, walk every row of the table, and no other."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Actor, Role
from inspect_app.domain.calendar import Light, end_of_day, local_day
from inspect_app.domain.campaign_codes import CampaignKind, CampaignLevel, ItemState
from inspect_app.domain.dispatch import tally
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import ITEM_TRANSITIONS, Guard, Transition, transition
from inspect_app.models import AuditEntry, Campaign, CampaignItem, Event, Grid
from inspect_app.queries.campaign_record import item_version
from inspect_app.queries.campaigns import (
    dispatch_day,
    filing_day,
    find_item,
    item_lines,
    item_of_matter,
)
from inspect_app.workflows.handle_campaign import (
    CampaignDraft,
    ItemDraft,
    ItemForm,
    add_item,
    create_campaign,
    obstacle,
    take_step,
)
from tests.conftest import NOW
from tests.factories import (
    actor_with,
    add,
    make_complaint,
    make_grid,
    make_matter,
    make_org,
    make_owner,
    make_policies,
)

TODAY = local_day(NOW)
DUE = TODAY + timedelta(days=10)
STEPS = [row for row in ITEM_TRANSITIONS if row.source is not None]
DRAFT = CampaignDraft(
    "省督察边督边改",
    CampaignKind.INSPECTION_TEAM,
    CampaignLevel.PROVINCIAL,
    TODAY,
    TODAY + timedelta(days=30),
    "省督察组通知",
)


@dataclass
class Bureau:
    """A county with one township, somebody who handles its items, and a campaign."""

    session: Session
    county: Grid
    town: Grid
    handler: Actor
    deputy: Actor
    campaign: Campaign

    def order(self, number: str = "1", **values) -> CampaignItem:
        """Return an item ordered through the workflow."""
        actor, matter = values.pop("actor", self.deputy), values.pop("matter", None)
        draft = ItemDraft(number, DUE, title="料场扬尘", grid_id=self.town.id)
        draft = replace(draft, **values)
        return add_item(self.session, self.campaign, draft, matter=matter, actor=actor, now=NOW)

    def item(self, state: str, **values) -> CampaignItem:
        """Return an item in a state, in the handler's hands."""
        count = self.session.scalar(select(func.count()).select_from(CampaignItem))
        values = {
            "campaign_id": self.campaign.id,
            "grid_id": self.town.id,
            "responsible_person_id": self.handler.person_id,
            "item_no": f"A{count}",
            "title": "料场扬尘",
            "state": state,
            "issued_at": NOW,
            "due_on": DUE,
        } | values
        return add(self.session, CampaignItem(**values))

    def form(self, item: CampaignItem, **values) -> ItemForm:
        """Return a form that satisfies every guard a form can satisfy."""
        full = ItemForm(
            state=item.state,
            version=item_version(self.session, item.id),
            reason="现场核对属实",
            proof="验收单〔2026〕3号",
            published_text="已整改到位",
            handler_person_id=self.handler.person_id,
            due_at=end_of_day(DUE + timedelta(days=5)),
            grid_id=self.town.id,
        )
        return replace(full, **values)

    def take(self, item: CampaignItem, event: str, actor: Actor, **values) -> Event:
        form = self.form(item, **values)
        return take_step(self.session, item, event, form=form, actor=actor, now=NOW)

    def refusal(self, item: CampaignItem, event: str, actor: Actor, **values) -> Problem:
        before = item.state, self.session.scalar(select(func.count()).select_from(Event))
        with pytest.raises(Problem) as caught:
            self.take(item, event, actor, **values)
        assert before == (item.state, self.session.scalar(select(func.count()).select_from(Event)))
        return caught.value

    def who_may(self, row: Transition) -> Actor:
        if Guard.RESPONSIBLE in row.guards:
            return self.handler
        roles = [role for role in Role if row.permission in ROLES[role]]
        return actor_with(self.session, roles[0])


@pytest.fixture
def bureau(session: Session) -> Bureau:
    make_policies(session)
    county = make_grid(session)
    town = make_grid(session, parent=county)
    handler = actor_with(session, Role.STATION, grid=town)
    deputy = actor_with(session, Role.DEPUTY)
    campaign = create_campaign(session, DRAFT, actor=deputy, now=NOW)
    return Bureau(session, county, town, handler, deputy, campaign)


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_every_row_of_the_table_can_be_walked_by_somebody(bureau: Bureau, row: Transition):
    item = bureau.item(row.source.value)
    event = bureau.take(item, row.event, bureau.who_may(row))
    assert item.state == row.target
    assert (event.from_state, event.to_state) == (row.source, row.target)
    audit = bureau.session.scalars(
        select(AuditEntry).where(AuditEntry.subject_kind == "campaign_item")
    ).one()
    assert (audit.action, audit.subject_id) == (f"campaign_item.{row.event}", str(item.id))


def test_every_step_that_is_not_in_the_table_is_refused(bureau: Bureau):
    mighty = actor_with(bureau.session, *Role)
    events = {row.event for row in ITEM_TRANSITIONS}
    pairs = 0
    for state in ItemState:
        item = bureau.item(state.value)
        for event in sorted(events):
            if transition("campaign_item", event, state) is None:
                pairs += 1
                assert bureau.refusal(item, event, mighty).code == "wrong_step", (state, event)
    assert pairs == len(ItemState) * len(events) - len(STEPS)


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_who_lacks_the_permission_is_refused(bureau: Bureau, row: Transition):
    lacking = [role for role in Role if row.permission not in ROLES[role]]
    actor = actor_with(bureau.session, *lacking)
    assert bureau.refusal(bureau.item(row.source.value), row.event, actor).code == "not_permitted"


@pytest.mark.parametrize(
    ("state", "event", "missing"),
    [
        ("in_progress", "rectify", {"proof": " "}),
        ("in_progress", "rectify", {"reason": ""}),
        ("in_progress", "report_progress", {"reason": " "}),
        ("rectified", "send_back", {"reason": ""}),
        ("accepted_for_cancel", "strike_off", {"proof": ""}),
        ("cancelled_off", "publish", {"published_text": ""}),
        ("cancelled_off", "publish", {"published_text": "举报人电话13800001234"}),
        ("published", "reopen", {"due_at": None}),
        ("published", "reopen", {"reason": ""}),
        ("issued", "reassign", {"handler_person_id": None}),
    ],
)
def test_a_step_without_what_it_asks_for_is_refused(bureau: Bureau, state, event, missing):
    mighty = replace(actor_with(bureau.session, *Role), person_id=bureau.handler.person_id)
    actor = mighty if event in {"rectify", "report_progress"} else bureau.deputy
    assert bureau.refusal(bureau.item(state), event, actor, **missing).code == "guard_failed"


def test_only_who_answers_for_an_item_works_on_it(bureau: Bureau):
    other = actor_with(bureau.session, Role.STATION, grid=bureau.town)
    assert bureau.refusal(bureau.item("issued"), "acknowledge", other).code == "guard_failed"


def test_an_item_of_nobody_belongs_to_who_acknowledges_it(bureau: Bureau):
    item = bureau.item("issued", responsible_person_id=None)
    bureau.take(item, "acknowledge", bureau.handler)
    assert item.responsible_person_id == bureau.handler.person_id


@pytest.mark.parametrize(("state", "event"), [("rectified", "accept")])
def test_who_worked_on_an_item_does_not_accept_it(bureau: Bureau, state, event):
    chief = actor_with(bureau.session, Role.CHIEF, grid=bureau.town)
    item = bureau.item("in_progress", responsible_person_id=chief.person_id)
    bureau.take(item, "rectify", chief)
    bureau.session.refresh(item)
    item.responsible_person_id = bureau.handler.person_id
    bureau.session.flush()
    assert item.state == state
    row = transition("campaign_item", event, ItemState(state))
    assert obstacle(bureau.session, item, row, actor=chief, now=NOW) is Guard.ACCEPTOR
    assert bureau.refusal(item, event, chief).code == "guard_failed"


def test_a_page_that_is_no_longer_true_is_refused(bureau: Bureau):
    item = bureau.item("issued")
    seen = bureau.form(item)
    bureau.take(item, "acknowledge", bureau.handler)
    with pytest.raises(Problem) as caught:
        take_step(bureau.session, item, "start", form=seen, actor=bureau.handler, now=NOW)
    assert caught.value.code == "page_stale"


def test_a_relapse_after_publishing_has_a_new_day_and_goes_round_again(bureau: Bureau):
    item = bureau.order()
    other = actor_with(bureau.session, Role.SUPERVISOR)
    for event, actor in (
        ("acknowledge", bureau.handler),
        ("start", bureau.handler),
        ("close_phase", bureau.handler),
        ("rectify", bureau.handler),
        ("accept", other),
        ("strike_off", bureau.deputy),
        ("publish", bureau.deputy),
    ):
        bureau.take(item, event, actor)
    assert (item.published_text, item.published_at) == ("已整改到位", NOW)
    bureau.take(item, "reopen", other)
    assert (item.state, item.due_on) == ("reopened", DUE + timedelta(days=5))
    bureau.take(item, "start", bureau.handler)
    assert item.state == "in_progress"


def test_a_due_day_in_the_past_is_refused(bureau: Bureau):
    yesterday = TODAY - timedelta(days=1)
    with pytest.raises(Problem) as caught:
        bureau.order(due_on=yesterday)
    assert caught.value.code == "field_invalid"
    problem = bureau.refusal(
        bureau.item("published"), "reopen", bureau.deputy, due_at=end_of_day(yesterday)
    )
    assert problem.code == "field_invalid"


def test_one_thing_has_one_number_within_its_campaign(bureau: Bureau):
    bureau.order("7")
    with pytest.raises(Problem) as caught:
        bureau.order("7")
    assert caught.value.code == "item_no_taken"
    draft = replace(DRAFT, name="另一行动")
    bureau.campaign = create_campaign(bureau.session, draft, actor=bureau.deputy, now=NOW)
    assert bureau.order("7").item_no == "7"


def test_an_item_of_a_matter_takes_what_the_matter_knows_and_the_matter_once(bureau: Bureau):
    matter = make_matter(
        bureau.session,
        at=NOW,
        complaints=0,
        title="夜间排污",
        grid_id=bureau.town.id,
        is_key_item=True,
        handler_person_id=bureau.handler.person_id,
    )
    make_complaint(bureau.session, matter, at=NOW, batch_no="第三批")
    item = bureau.order(matter=matter, title="", grid_id=None)
    assert (item.title, item.batch_no, item.is_key_item) == ("夜间排污", "第三批", True)
    assert item.grid_id == bureau.town.id
    assert item.responsible_person_id == bureau.handler.person_id
    assert item_of_matter(bureau.session, matter.id, actor=bureau.deputy) is item
    with pytest.raises(Problem) as caught:
        bureau.order("2", matter=matter)
    assert caught.value.code == "matter_listed"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"grid_id": None}, "unit_unsaid"),
        ({"number": " "}, "field_invalid"),
        ({"title": ""}, "field_invalid"),
        ({"org_id": 999_999_999}, "not_found"),
        ({"grid_id": 999_999_999}, "not_found"),
        ({"person_id": 999_999_999}, "person_unsuitable"),
    ],
)
def test_an_item_that_cannot_be_is_refused(bureau: Bureau, values, code):
    with pytest.raises(Problem) as caught:
        bureau.order(**values)
    assert caught.value.code == code


def test_a_chief_orders_in_the_own_township_and_nowhere_else(bureau: Bureau):
    chief = actor_with(bureau.session, Role.CHIEF, grid=bureau.town)
    other = make_grid(bureau.session, parent=bureau.county)
    assert bureau.order("1", actor=chief).state == "issued"
    for grid_id, org_id in ((other.id, None), (None, make_org(bureau.session).id)):
        with pytest.raises(Problem) as caught:
            bureau.order("2", actor=chief, grid_id=grid_id, org_id=org_id)
        assert caught.value.code == "not_found"
    with pytest.raises(Problem) as caught:
        create_campaign(bureau.session, replace(DRAFT, name="乡镇"), actor=chief, now=NOW)
    assert caught.value.code == "campaign_county_only"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "field_invalid"),
        ({"source": " "}, "field_invalid"),
        ({"ends_on": TODAY - timedelta(days=1)}, "days_reversed"),
        ({}, "campaign_name_taken"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused(bureau: Bureau, change, code):
    with pytest.raises(Problem) as caught:
        create_campaign(bureau.session, replace(DRAFT, **change), actor=bureau.deputy, now=NOW)
    assert caught.value.code == code


def test_a_campaign_is_audited_and_needs_a_post_that_gives_out_matters(bureau: Bureau):
    audit = bureau.session.scalars(select(AuditEntry)).one()
    assert (audit.action, audit.subject_id) == ("campaign.create", str(bureau.campaign.id))
    worker = actor_with(bureau.session, Role.WORKER)
    with pytest.raises(Problem) as caught:
        create_campaign(bureau.session, replace(DRAFT, name="二"), actor=worker, now=NOW)
    assert caught.value.code == "not_permitted"


def test_a_township_sees_its_own_items_in_lists_and_one_by_one(bureau: Bureau):
    other = make_grid(bureau.session, parent=bureau.county)
    own, theirs = bureau.order("1"), bureau.order("2", grid_id=other.id)
    nowhere = bureau.order("3", grid_id=None, org_id=make_org(bureau.session).id)
    handler = bureau.handler
    assert [line.item for line in item_lines(bureau.session, handler, now=NOW)] == [own]
    for item in (own, theirs, nowhere):
        found = find_item(bureau.session, item.id, actor=handler)
        assert found is (own if item is own else None)
    everywhere = item_lines(bureau.session, bureau.deputy, now=NOW)
    assert {line.item for line in everywhere} == {own, theirs, nowhere}


def test_lines_carry_unit_light_and_the_day_they_were_struck_off(bureau: Bureau):
    make_owner(bureau.session, bureau.town)
    org = make_org(bureau.session, name="城关镇环境管理站")
    past = TODAY - timedelta(days=1)
    bureau.item("in_progress", due_on=past, org_id=org.id, batch_no="第一批")
    struck = bureau.item("accepted_for_cancel", due_on=past, batch_no="第一批")
    bureau.take(struck, "strike_off", bureau.deputy)
    late, done = item_lines(bureau.session, bureau.deputy, now=NOW)
    assert (late.facts.unit, late.light) == ("城关镇环境管理站", Light.RED)
    assert (done.facts.unit, done.light) == (bureau.town.name, Light.NONE)
    assert done.facts.struck_on == TODAY
    day = dispatch_day(bureau.session, now=NOW)
    counted = tally([late.facts, done.facts], day)
    assert (counted.batches, counted.items, counted.late, counted.done_this_week) == (1, 2, 1, 1)


def test_the_filing_day_is_the_policies_next_day(bureau: Bureau):
    assert filing_day(bureau.session, now=NOW).isoformat() == "2026-03-25"
