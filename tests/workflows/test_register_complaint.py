"""Registering a complaint: any channel, any place or none, a new matter or a known one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.domain.codes import PollutionType, ReporterMode, Severity, SourceChannel
from inspect_app.domain.intake import PollutionSubtype, is_group_visit, is_skip_level
from inspect_app.domain.matter_codes import LegalRoute, RequestKind
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.models import AuditEntry, Complaint, ComplaintMatter, Event, Reporter
from inspect_app.workflows.register_complaint import (
    ComplaintDraft,
    Paper,
    Spot,
    register_complaint,
)
from tests.conftest import NOW, seal_of
from tests.factories import (
    actor_with,
    make_grid,
    make_matter,
    make_owner,
    make_policies,
    make_source,
)

WEST = Spot(120.2, 30.5)


def draft(**values) -> ComplaintDraft:
    told = {
        "summary": "夜间有刺鼻气味",
        "channel": SourceChannel.PHONE_12369,
        "pollution_types": (PollutionType.AIR,),
        "received_at": NOW,
        "spot": WEST,
    }
    return ComplaintDraft(**(told | values))


def register(session, told, actor=SYSTEM):
    return register_complaint(session, told, seal=seal_of(session), actor=actor, now=NOW)


@pytest.fixture(autouse=True)
def county(session):
    make_policies(session)
    return make_grid(session)


@pytest.fixture
def town(session, county):
    return make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))


def refusal(session, told, actor=SYSTEM) -> str:
    with pytest.raises(Problem) as refused:
        register(session, told, actor)
    return refused.value.code


def test_everything_that_was_told_is_kept_once(session, town):
    source = make_source(session, 120.2, 30.5, name="宁川造纸厂")
    owner = make_owner(session, town)
    clerk = actor_with(session, Role.CLERK)
    told = draft(
        channel=SourceChannel.INSPECTION,
        pollution_types=(PollutionType.AIR, PollutionType.WATER),
        pollution_subtypes=(PollutionSubtype.ODOUR, PollutionSubtype.INDUSTRIAL_WATER),
        received_at=NOW - timedelta(hours=3),
        severity=Severity.IMPORTANT,
        request_kind=RequestKind.HELP,
        legal_route=LegalRoute.PETITION,
        address="城关镇建设路",
        respondent_source_id=source.id,
        industry_code="C2211",
        paper=Paper("D3SX202603240018", "省督察组", "督〔2026〕3号", "第3批"),
        on_site_promised=True,
        reporter=ReporterData(ReporterMode.NAMED, "金丝雀", "13800009999"),
    )
    complaint = register(session, told, clerk)
    assert complaint.complaint_no == "TS2026000001"
    assert (complaint.grid_id, complaint.place_quality) == (town.id, "exact")
    assert (complaint.external_no, complaint.batch_no) == ("D3SX202603240018", "第3批")
    assert (complaint.forwarded_by, complaint.origin_doc_no) == ("省督察组", "督〔2026〕3号")
    assert complaint.pollution_subtypes == ["odour", "industrial_water"]
    assert (complaint.request_kind, complaint.industry_code) == ("help", "C2211")
    assert complaint.respondent_name == "宁川造纸厂"
    assert complaint.first_contact_person_id == clerk.person_id
    matter = complaint.matter
    assert (matter.legal_route, matter.severity, matter.state) == (
        "petition",
        "important",
        "registered",
    )
    assert matter.is_on_site_promised
    assert matter.owner_person_id == owner.person_id
    reporter = session.get_one(Reporter, complaint.id)
    assert seal_of(session).open(reporter.sealed, complaint_id=complaint.id)[1] == "13800009999"
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor_id) == ("matter.register", clerk.person_id)
    assert "金丝雀" not in str(entry.facts)
    event = session.scalars(select(Event)).one()
    assert (event.subject_id, event.event, event.to_state) == (matter.id, "register", "registered")


@pytest.mark.parametrize("channel", SourceChannel)
def test_every_channel_registers_and_keeps_only_what_it_has(session, channel):
    paper = Paper("X1", "省厅", "文1", "批1")
    complaint = register(session, draft(channel=channel, paper=paper, visitors=2))
    sent = {"passed_on", "assigned", "proposal", "inspection", "leader_mailbox"}
    assert (complaint.forwarded_by is not None) == (channel.value in sent)
    assert (complaint.batch_no is not None) == (channel.value == "inspection")
    assert (complaint.visitor_count is not None) == (channel.value in {"visit", "passed_on"})
    assert complaint.external_no == "X1"


def test_without_a_place_it_is_registered_and_counted_as_such(session):
    complaint = register(session, draft(spot=None))
    assert (complaint.place_quality, complaint.geom, complaint.grid_id) == ("none", None, None)
    assert complaint.matter.geom is None


def test_who_sees_a_part_of_the_county_needs_a_place_in_it(session, town):
    chief = actor_with(session, Role.CHIEF, grid=town)
    assert refusal(session, draft(spot=None), chief) == "place_missing"
    assert refusal(session, draft(spot=Spot(120.8, 30.5)), chief) == "not_found"
    assert register(session, draft(), chief).grid_id == town.id


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"summary": " "}, "field_invalid"),
        ({"summary": "长" * 2001}, "field_invalid"),
        ({"pollution_types": ()}, "field_invalid"),
        ({"pollution_subtypes": (PollutionSubtype.SITE_NOISE,)}, "field_invalid"),
        ({"received_at": NOW + timedelta(hours=1)}, "field_invalid"),
        ({"visitors": 0, "channel": SourceChannel.VISIT}, "field_invalid"),
        ({"address": "长" * 201}, "field_invalid"),
        ({"spot": Spot(float("inf"), 30.5)}, "field_invalid"),
        ({"spot": Spot(125.0, 30.5)}, "outside_every_grid"),
        ({"spot": Spot(120.2, 30.5, grid_id=10**9)}, "not_found"),
        ({"respondent_source_id": 10**9}, "not_found"),
        ({"matter_id": 10**9}, "not_found"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(session, values, code):
    assert refusal(session, draft(**values)) == code
    assert session.scalar(select(func.count()).select_from(Complaint)) == 0
    assert session.scalar(select(func.count()).select_from(ComplaintMatter)) == 0


def test_an_outside_number_is_registered_once_and_the_refusal_names_where(session):
    first = register(session, draft(paper=Paper("12369-77")))
    with pytest.raises(Problem) as refused:
        register(session, draft(paper=Paper(" 12369-77 ")))
    assert refused.value.code == "external_no_taken"
    assert refused.value.facts["complaint"] == first.complaint_no
    assert refused.value.facts["matter"] == first.matter.matter_no


def test_joining_raises_the_count_and_what_is_pressing_and_opens_nothing(session, county):
    matter = make_matter(session, at=NOW, complaints=2, grid_id=county.id)
    told = draft(matter_id=matter.id, severity=Severity.URGENT, on_site_promised=True)
    complaint = register(session, told)
    assert complaint.matter_id == matter.id
    counted = select(func.count()).where(Complaint.matter_id == matter.id)
    assert session.scalar(counted) == 3
    assert (matter.severity, matter.is_on_site_promised) == ("urgent", True)
    assert session.scalar(select(func.count()).select_from(ComplaintMatter)) == 1
    facts = session.scalars(select(AuditEntry)).one().facts
    assert (facts["severity_was"], facts["promise_was"]) == ("normal", False)


def test_joining_a_matter_that_went_up_in_another_joins_that_one(session, county):
    living = make_matter(session, at=NOW, grid_id=county.id)
    gone = make_matter(session, at=NOW, grid_id=county.id, merged_into_id=living.id)
    assert register(session, draft(matter_id=gone.id)).matter_id == living.id


def test_group_visits_begin_at_the_policys_number(session):
    told = draft(channel=SourceChannel.VISIT)
    register(session, replace(told, visitors=4))
    register(session, replace(told, visitors=5))
    facts = session.scalars(select(AuditEntry.facts).order_by(AuditEntry.id)).all()
    assert "group_visit" not in facts[0]
    assert facts[1]["group_visit"] == 5
    assert [is_group_visit(n, least=5) for n in (None, 4, 5)] == [False, False, True]


def test_a_visit_a_higher_organ_sends_on_is_a_skip_level_one_where_the_policy_says_so(session):
    told = draft(channel=SourceChannel.PASSED_ON, visitors=2)
    assert register(session, told).is_skip_level
    assert not register(session, replace(told, visitors=None)).is_skip_level
    assert register(session, replace(told, visitors=None, skip_level=True)).is_skip_level
    assert not is_skip_level(SourceChannel.PASSED_ON, 2, counts=False)


def test_the_first_contact_stays_whoever_asks(session):
    clerk, other = actor_with(session, Role.CLERK), actor_with(session, Role.CLERK)
    complaint = register(session, draft(), clerk)
    for person in (other.person_id, None):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(
                text("UPDATE complaint SET first_contact_person_id = :person"), {"person": person}
            )
    session.refresh(complaint)
    assert complaint.first_contact_person_id == clerk.person_id
    session.execute(text("UPDATE complaint SET summary = '改过'"))


def test_near_a_border_the_chosen_grid_counts_and_only_there(session, county):
    west = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    east = make_grid(session, parent=county, shape=box(120.5, 30, 121, 31))
    metre = 1 / 95_000
    near = Spot(120.5 - 20 * metre, 30.5)
    assert register(session, draft(spot=near)).grid_id == west.id
    assert register(session, draft(spot=replace(near, grid_id=east.id))).grid_id == east.id
    far = Spot(120.5 - 40 * metre, 30.5, grid_id=east.id)
    assert refusal(session, draft(spot=far)) == "not_found"


def test_a_reporter_without_a_seal_is_refused_and_not_kept_in_the_clear(session):
    told = draft(reporter=ReporterData(ReporterMode.NAMED, "金丝雀"))
    with pytest.raises(Problem) as refused:
        register_complaint(session, told, seal=None, actor=SYSTEM, now=NOW)
    assert refused.value.code == "reporter_key_missing"
