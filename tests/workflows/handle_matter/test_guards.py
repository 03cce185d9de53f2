"""Handling matters: every guard of every step refuses, and nothing is written then."""

from datetime import timedelta

import pytest

from inspect_app.domain.access import Role
from inspect_app.domain.transitions import MATTER_TRANSITIONS, Guard, transition
from tests.conftest import NOW
from tests.factories import actor_with, make_complaint, make_finding
from tests.workflows.handle_matter.conftest import Bureau

FORM_FAULTS = {
    Guard.REASON: {"reason": "  "},
    Guard.HANDLER: {"handler_person_id": None},
    Guard.DUE: {"due_at": None},
    Guard.DEPARTMENT: {"department": " "},
    Guard.REFUSAL: {"refusal_reason": ""},
    Guard.SITE_PHOTO: {"photos": ()},
    Guard.SITE_EVIDENCE: {"photos": ()},
    Guard.AT_PLACE: {"lon": 120.51},
    Guard.RESULT: {"verification_result": ""},
    Guard.MEASURE: {"measure_kind": ""},
    Guard.TOLD: {"means": ""},
    Guard.EXTENSION_DAYS: {"days": 31},
    Guard.TEXTS: {"reply_text": ""},
    Guard.NO_PERSONAL: {"reply_text": "请联系举报人13800009999核对"},
    Guard.SATISFACTION: {"satisfaction": ""},
    Guard.CHANGE: {"legal_route": "", "severity": ""},
}
"""What is left out or wrong in a form that fails a guard."""

BY_FORM = [
    (row, guard, FORM_FAULTS[guard])
    for row in MATTER_TRANSITIONS
    for guard in sorted(row.guards & set(FORM_FAULTS))
    if row.source is not None
    and row.event != "merge"
    and not (row.event == "extend" and guard is Guard.EXTENSION_DAYS)
]


@pytest.mark.parametrize(
    ("row", "guard", "fault"), BY_FORM, ids=lambda value: getattr(value, "event", None)
)
def test_a_form_that_fails_a_guard_is_refused(bureau: Bureau, row, guard, fault):
    matter, actor = bureau.ready(row)
    problem = bureau.refusal(matter, row.event, actor, **fault)
    assert (problem.code, problem.facts["guard"]) == ("guard_failed", guard.label)


def guard_of(bureau: Bureau, matter, event, actor, **values) -> Guard:
    problem = bureau.refusal(matter, event, actor, **values)
    assert problem.code == "guard_failed", problem
    label = problem.facts["guard"]
    return next(guard for guard in Guard if guard.label == label)


def test_only_the_handler_and_who_helps_take_the_steps_on_the_spot(bureau: Bureau):
    other = actor_with(bureau.session, Role.WORKER, grid=bureau.town)
    for event, state in (
        ("arrive", "assigned"),
        ("verify", "investigating"),
        ("submit", "handling"),
    ):
        matter = bureau.matter(state)
        assert guard_of(bureau, matter, event, other) is Guard.MATTER_HANDLER
        matter.co_handler_ids = [other.person_id]
        bureau.session.flush()
        bureau.handle(matter, event, other)


def test_a_clerk_accepts_only_where_the_county_lets_them(bureau: Bureau, set_rule):
    clerk = actor_with(bureau.session, Role.CLERK)
    assert guard_of(bureau, bureau.matter("registered"), "accept", clerk) is Guard.DEPUTY_ACCEPTS
    set_rule("accept_needs_deputy", 0)
    matter = bureau.matter("registered")
    bureau.handle(matter, "accept", clerk)
    assert matter.state == "accepted"


def test_an_item_is_sent_back_within_five_working_days_of_its_receipt(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    # Received on Friday 20 February 2026, a holiday of Spring Festival until Monday 23;
    # Saturday 28 is worked, so that the fifth working day is that very Saturday.
    received = NOW.replace(month=2, day=20)
    matter = bureau.matter("registered")
    matter.complaints[0].received_at = received
    bureau.session.flush()
    late = NOW.replace(month=3, day=1)
    assert guard_of(bureau, matter, "object", deputy, now=late) is Guard.OBJECTION_OPEN
    bureau.handle(matter, "object", deputy, now=NOW.replace(month=2, day=28))
    assert matter.state == "returned"


def test_an_important_matter_is_instructed_by_the_director(bureau: Bureau):
    matter = bureau.matter("accepted", severity="important")
    deputy = actor_with(bureau.session, Role.DEPUTY)
    assert guard_of(bureau, matter, "instruct", deputy) is Guard.DIRECTOR_IF_MAJOR
    bureau.handle(matter, "instruct", actor_with(bureau.session, Role.DIRECTOR))
    normal = bureau.matter("accepted")
    bureau.handle(normal, "instruct", deputy)


def test_an_assignment_is_rejected_once_until_the_matter_is_reopened(bureau: Bureau):
    matter = bureau.matter("assigned")
    bureau.note(matter, "reject_assignment")
    assert guard_of(bureau, matter, "reject_assignment", bureau.handler) is Guard.FIRST_REJECTION
    bureau.note(matter, "reopen")
    bureau.handle(matter, "reject_assignment", bureau.handler)
    assert (matter.state, matter.handler_person_id) == ("accepted", None)


def test_an_extension_is_asked_for_and_approved_once(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    director = actor_with(bureau.session, Role.DIRECTOR)
    matter = bureau.matter("handling")
    assert guard_of(bureau, matter, "extend", director) is Guard.EXTENSION_ASKED
    bureau.handle(matter, "request_extension", deputy, days=30)
    bureau.handle(matter, "refuse_extension", director)
    assert guard_of(bureau, matter, "extend", director) is Guard.EXTENSION_ASKED
    bureau.handle(matter, "request_extension", deputy, days=12)
    assert bureau.handle(matter, "extend", director).facts["days"] == 12
    assert guard_of(bureau, matter, "request_extension", deputy) is Guard.EXTENSION_FIRST


def test_a_matter_without_a_known_place_takes_any_position(bureau: Bureau):
    matter = bureau.matter("assigned", geom=None)
    assert guard_of(bureau, matter, "arrive", bureau.handler, lon=None) is Guard.AT_PLACE
    bureau.handle(matter, "arrive", bureau.handler, lon=120.9)


def test_photos_of_the_arrival_are_evidence(bureau: Bureau):
    matter = bureau.matter("assigned")
    bureau.handle(matter, "arrive", bureau.handler)
    bureau.handle(matter, "verify", bureau.handler, photos=())
    assert (matter.state, matter.verification_result) == ("verified", "partly")


def test_a_petition_is_answered_with_a_kind_of_opinion(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    matter = bureau.matter("reply_review", legal_route="petition")
    assert guard_of(bureau, matter, "approve", deputy, opinion_kind="") is Guard.OPINION
    bureau.handle(matter, "approve", deputy)
    assert matter.opinion_kind == "support"


@pytest.mark.parametrize("event", ["close", "finish"])
def test_a_matter_is_closed_when_its_findings_are_closed_or_handed_over(bureau: Bureau, event):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    row = next(row for row in MATTER_TRANSITIONS if row.event == event)
    matter = bureau.matter(row.source.value)
    make_finding(bureau.session, at=NOW, matter_id=matter.id, state="forwarded")
    last = make_finding(bureau.session, at=NOW, matter_id=matter.id, state="verified")
    assert guard_of(bureau, matter, event, deputy) is Guard.FINDINGS_SETTLED
    last.state = "closed"
    bureau.session.flush()
    bureau.handle(matter, event, deputy)
    assert (matter.state, matter.closed_at) == ("closed", NOW)


def test_a_matter_with_nothing_left_to_do_is_not_closed_by_halves(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    matter = bureau.matter("replied")
    assert guard_of(bureau, matter, "close_phase", deputy) is Guard.FINDINGS_OPEN


def test_nobody_revisits_their_own_work(bureau: Bureau):
    matter = bureau.matter("closed")
    assert guard_of(bureau, matter, "revisit", bureau.handler) is Guard.REVISITOR
    earlier = actor_with(bureau.session, Role.STATION, grid=bureau.town)
    bureau.note(matter, "verify", actor_id=earlier.person_id)
    assert guard_of(bureau, matter, "revisit", earlier) is Guard.REVISITOR


def test_a_review_is_asked_for_within_thirty_days_of_the_reply(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    matter = bureau.matter("replied")
    bureau.note(matter, "approve", at=NOW - timedelta(days=31))
    assert guard_of(bureau, matter, "ask_review", deputy) is Guard.REVIEW_OPEN
    bureau.note(matter, "approve", at=NOW - timedelta(days=30))
    bureau.handle(matter, "ask_review", deputy)


def test_each_guard_of_the_table_is_tried_here():
    alone = {
        Guard.MATTER_HANDLER,
        Guard.DEPUTY_ACCEPTS,
        Guard.OBJECTION_OPEN,
        Guard.DIRECTOR_IF_MAJOR,
        Guard.FIRST_REJECTION,
        Guard.EXTENSION_FIRST,
        Guard.EXTENSION_ASKED,
        Guard.OPINION,
        Guard.FINDINGS_SETTLED,
        Guard.FINDINGS_OPEN,
        Guard.REVISITOR,
        Guard.REVIEW_OPEN,
    }
    merging = {Guard.TARGET}
    used = {guard for row in MATTER_TRANSITIONS for guard in row.guards}
    assert used == alone | set(FORM_FAULTS) | merging


def test_a_step_on_a_page_that_has_grown_old_is_refused(bureau: Bureau):
    matter = bureau.matter("handling")
    bureau.note(matter, "urge", reason="快办")
    problem = bureau.refusal(matter, "progress", bureau.handler, version=0)
    assert problem.code == "page_stale"


@pytest.mark.parametrize(
    ("event", "state", "values", "code"),
    [
        ("arrive", "assigned", {"photos": ("f" * 64,)}, "photo_missing"),
        ("assign", "accepted", {"handler_person_id": 10**9}, "person_unsuitable"),
        ("assign", "accepted", {"co_handler_ids": (10**9,)}, "person_unsuitable"),
        ("refuse", "registered", {"refusal_reason": "lazy"}, "field_invalid"),
        ("transfer", "accepted", {"due_at": NOW}, "field_invalid"),
    ],
)
def test_a_wrong_value_is_refused(bureau: Bureau, event, state, values, code):
    matter = bureau.matter(state)
    actor = bureau.who_may(transition("matter", event, matter.state))
    assert bureau.refusal(matter, event, actor, **values).code == code


def test_the_first_receipt_counts_where_a_matter_has_many_complaints(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    matter = bureau.matter("registered")
    make_complaint(bureau.session, matter, at=NOW - timedelta(days=30))
    assert guard_of(bureau, matter, "object", deputy) is Guard.OBJECTION_OPEN
