"""Following findings: what each guard asks for."""

import pytest
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.domain.transitions import (
    Guard,
    Transition,
)
from inspect_app.models import (
    Policy,
)
from inspect_app.queries.findings import photos_on_record
from tests.conftest import NOW
from tests.factories import (
    actor_with,
    make_finding,
    make_person,
)
from tests.workflows.follow_finding.conftest import STEPS, County, who_may

LACKING = {
    Guard.REASON: {"reason": " "},
    Guard.HANDLER: {"handler_person_id": None},
    Guard.CURE_PHOTO: {"photos": ()},
    Guard.DEPARTMENT: {"department": " "},
    Guard.CASE_NO: {"case_no": ""},
    Guard.DUE: {"due_at": None},
}
GUARDED = [(row, guard) for row in STEPS for guard in sorted(row.guards) if guard in LACKING]


@pytest.mark.parametrize(
    ("row", "guard"), GUARDED, ids=lambda value: getattr(value, "event", value)
)
def test_a_form_that_lacks_what_a_guard_asks_for_is_refused(
    county: County, row: Transition, guard: Guard
):
    for policy in county.session.scalars(select(Policy).where(Policy.key.like("rectify_days%"))):
        county.session.delete(policy)
    county.session.flush()
    finding = county.finding(row.source.value)
    problem = county.refusal(finding, row.event, who_may(county.session, row), **LACKING[guard])
    assert (problem.code, problem.facts["guard"]) == ("guard_failed", guard.label)


def test_one_officer_or_the_same_twice_is_not_enough(county: County):
    finding = county.finding("transferred_enforcement")
    inspector = actor_with(county.session, Role.INSPECTOR)
    one = county.officers[0]
    for officers in ((), (one,), (one, one)):
        problem = county.refusal(finding, "file_case", inspector, officers=officers)
        assert problem.facts["guard"] == Guard.TWO_OFFICERS.label


def test_an_officer_needs_a_certificate(county: County):
    finding = county.finding("transferred_enforcement")
    plain = make_person(county.session).id
    inspector = actor_with(county.session, Role.INSPECTOR)
    problem = county.refusal(finding, "file_case", inspector, officers=(county.officers[0], plain))
    assert problem.code == "person_unsuitable"


def test_neither_the_handler_nor_who_handed_the_work_in_may_recheck_it(county: County):
    finding = county.finding("assigned")
    submitter = actor_with(county.session, Role.INSPECTOR)
    county.follow(finding, "submit_rectification", submitter)
    for person in (county.handler, submitter):
        for event in ("recheck_pass", "recheck_fail"):
            problem = county.refusal(finding, event, person)
            assert problem.facts["guard"] == Guard.NOT_HANDLER.label
    county.follow(finding, "recheck_pass", actor_with(county.session, Role.STATION))


def test_after_two_failed_rounds_only_enforcement_is_left(county: County):
    finding = county.finding("assigned")
    inspector = actor_with(county.session, Role.INSPECTOR)
    deputy = actor_with(county.session, Role.DEPUTY)
    county.follow(finding, "order_rectification", inspector)
    county.follow(finding, "recheck_fail", inspector)
    county.follow(finding, "order_again", deputy)
    county.follow(finding, "recheck_fail", inspector)
    assert finding.orders == 2
    problem = county.refusal(finding, "order_again", deputy)
    assert problem.facts["guard"] == Guard.ROUND_LEFT.label
    county.follow(finding, "hand_to_enforcement", deputy)
    assert finding.state == "transferred_enforcement"


@pytest.mark.parametrize("severity", ["important", "urgent"])
def test_a_major_finding_is_struck_off_by_a_deputy_only(county: County, severity):
    finding = county.finding("rechecked_ok", severity=severity)
    problem = county.refusal(finding, "close", actor_with(county.session, Role.CHIEF))
    assert problem.facts["guard"] == Guard.DEPUTY_IF_MAJOR.label
    county.follow(finding, "close", actor_with(county.session, Role.DEPUTY))


def test_striking_off_asks_for_photos_of_before_and_after_on_record(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("rechecked_ok")
    problem = county.refusal(finding, "close", chief, photos=())
    assert problem.facts["guard"] == Guard.EVIDENCE.label
    county.attach(finding, "after")
    county.follow(finding, "close", chief, photos=())
    assert finding.closed_at == NOW


def test_a_cure_needs_the_place_before_and_verification_needs_a_photo(county: County):
    finding = make_finding(county.session, at=NOW, grid_id=county.town.id)
    worker = actor_with(county.session, Role.WORKER)
    assert county.refusal(finding, "resolve_on_site", worker).facts["guard"] == (
        Guard.PLACE_PHOTO.label
    )
    chief = actor_with(county.session, Role.CHIEF)
    problem = county.refusal(finding, "verify", chief, photos=())
    assert problem.facts["guard"] == Guard.PLACE_PHOTO.label
    county.follow(finding, "verify", chief)
    assert len(photos_on_record(county.session, finding.id)["before"]) == 1


def test_photos_of_the_last_round_prove_nothing_after_a_relapse(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("closed", closed_at=NOW, due_at=NOW, orders=1)
    county.attach(finding, "after")
    county.follow(finding, "reopen", chief, photos=())
    assert (finding.closed_at, finding.handler_person_id) == (None, None)
    assert finding.orders == 0
    assert photos_on_record(county.session, finding.id)["after"] == set()
    finding.state = "rechecked_ok"
    assert county.refusal(finding, "close", chief, photos=()).facts["guard"] == (
        Guard.EVIDENCE.label
    )
    county.follow(finding, "close", chief)
