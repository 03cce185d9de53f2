"""Following findings: what a step brings about, and what it leaves alone."""

from datetime import timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.domain.calendar import end_of_day, local_day
from inspect_app.domain.transitions import (
    FINDING_TRANSITIONS,
    Guard,
    transition,
)
from inspect_app.models import (
    Measure,
)
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.follow_finding import EFFECTS
from tests.conftest import NOW
from tests.factories import (
    actor_with,
    make_grid,
)
from tests.workflows.follow_finding.conftest import DUE, County


def test_assigning_sets_handler_and_deadline_from_the_form_or_the_rule(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("verified", handler_person_id=None)
    county.follow(finding, "assign", chief)
    assert (finding.handler_person_id, finding.due_at) == (county.handler.person_id, DUE)
    urgent = county.finding("verified", severity="urgent")
    county.follow(urgent, "assign", chief, due_at=None)
    assert urgent.due_at == end_of_day(local_day(NOW) + timedelta(days=2))


def test_a_handler_must_have_to_do_with_the_grid(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    elsewhere = make_grid(county.session, parent=county.county, shape=box(120.8, 30, 121, 31))
    stranger = actor_with(county.session, Role.STATION, grid=elsewhere)
    finding = county.finding("verified")
    problem = county.refusal(finding, "assign", chief, handler_person_id=stranger.person_id)
    assert problem.code == "person_unsuitable"
    director = actor_with(county.session, Role.DIRECTOR)
    county.refusal(finding, "assign", chief, handler_person_id=director.person_id)


def test_an_order_adds_a_measure_and_counts(county: County):
    inspector = actor_with(county.session, Role.INSPECTOR)
    finding = county.finding("assigned", severity="important")
    county.follow(
        finding, "order_rectification", inspector, due_at=None, document_no="限改〔2026〕9号"
    )
    measure = county.session.scalars(select(Measure)).one()
    week = end_of_day(local_day(NOW) + timedelta(days=7))
    assert (finding.orders, finding.due_at) == (1, week)
    assert (measure.kind, measure.document_no, measure.due_at, measure.issued_by) == (
        "rectification_notice",
        "限改〔2026〕9号",
        week,
        inspector.person_id,
    )


def test_escalating_moves_the_finding_to_the_grid_above_and_its_owner(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("verified")
    event = county.follow(finding, "escalate", chief)
    assert finding.grid_id == county.county.id
    assert finding.owner_person_id == county.upper_owner.person_id
    assert event.facts["lower_grid_id"] == county.town.id
    problem = county.refusal(finding, "escalate", chief)
    assert problem.facts["guard"] == Guard.UPPER_GRID.label


def test_a_finding_without_grid_cannot_be_escalated(county: County):
    finding = county.finding("verified", grid_id=None)
    problem = county.refusal(finding, "escalate", actor_with(county.session, Role.CHIEF))
    assert problem.facts["guard"] == Guard.UPPER_GRID.label


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_at": NOW},
        {"due_at": NOW - timedelta(days=1)},
        {"measure_kind": "flogging"},
    ],
)
def test_a_wrong_field_is_refused(county: County, wrong):
    finding = county.finding("assigned")
    inspector = actor_with(county.session, Role.INSPECTOR)
    problem = county.refusal(finding, "order_rectification", inspector, **wrong)
    assert problem.code == "field_invalid"


def test_a_photo_that_was_not_received_is_refused(county: County):
    finding = county.finding("assigned")
    unknown = "0" * 63 + "f"
    problem = county.refusal(finding, "submit_rectification", county.handler, photos=(unknown,))
    assert (problem.code, problem.facts["sha256"]) == ("photo_missing", unknown)


def test_what_a_step_does_not_ask_for_changes_and_records_nothing(county: County):
    finding = county.finding("verified", handler_person_id=None)
    event = county.follow(finding, "dismiss", actor_with(county.session, Role.CHIEF))
    assert (finding.handler_person_id, finding.due_at, event.facts) == (None, None, {})


def test_the_photo_of_before_is_no_photo_of_after(county: County):
    finding = county.finding("assigned")
    before = county.attach(finding, "before")
    problem = county.refusal(finding, "submit_rectification", county.handler, photos=(before,))
    assert problem.code == "photo_reused"


def test_every_effect_belongs_to_an_event_of_the_table():
    assert set(EFFECTS) <= {row.event for row in FINDING_TRANSITIONS}


def test_a_birth_is_recorded_like_every_step(county: County):
    finding = county.finding("reported")
    birth = transition("finding", "report", None)
    event = record(county.session, finding, birth, step=Step(), actor=county.handler, now=NOW)
    assert (event.from_state, event.to_state) == (None, "reported")


def test_a_reopened_finding_is_to_be_verified_in_time_like_a_new_one(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("closed", closed_at=NOW, orders=2)
    county.follow(finding, "reopen", chief, due_at=None)
    assert finding.due_at == end_of_day(local_day(NOW) + timedelta(days=1))
    assert (finding.closed_at, finding.handler_person_id, finding.orders) == (None, None, 0)
