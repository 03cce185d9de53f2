"""Guards: each refuses and passes on values alone."""

from datetime import timedelta

import pytest

from inspect_app.domain.guards import GUARDS, MatterRecord, Situation, failed_guard
from inspect_app.domain.transitions import TRANSITIONS, Guard
from tests.conftest import NOW

SECOND = timedelta(seconds=1)
TEXTS = {"handling_result": "已停产", "reply_text": "已责令停产"}
PETITION = MatterRecord(legal_route="petition")

CASES = [
    (Guard.REASON, {"reason": "   "}, {"reason": "已核对"}),
    (Guard.HANDLER, {}, {"facts": {"handler_person_id": 7}}),
    (Guard.DUE, {}, {"facts": {"due_at": "2026-04-01"}}),
    (Guard.CURE_PHOTO, {"photos_after": 3}, {"facts": {"photos": ("a",)}}),
    (Guard.EVIDENCE, {"photos_after": 1}, {"photos_before": 1, "photos_after": 1}),
    (Guard.EVIDENCE, {"photos_before": 1}, {"photos_before": 2, "photos_after": 3}),
    (Guard.PLACE_PHOTO, {"photos_after": 1}, {"photos_before": 1}),
    (Guard.DEPARTMENT, {"facts": {"department": ""}}, {"facts": {"department": "水利局"}}),
    (Guard.UPPER_GRID, {}, {"facts": {"upper_grid_id": 1}}),
    (
        Guard.NOT_HANDLER,
        {"actor_id": 1, "handled_by": frozenset({1, 2})},
        {"actor_id": 3, "handled_by": frozenset({1, 2})},
    ),
    (
        Guard.ROUND_LEFT,
        {"orders": 2, "facts": {"rounds_max": 2}},
        {"orders": 1, "facts": {"rounds_max": 2}},
    ),
    (Guard.ROUND_LEFT, {"orders": 0}, {"orders": 0, "facts": {"rounds_max": 1}}),
    (Guard.DEPUTY_IF_MAJOR, {"severity": "important"}, {"severity": "normal"}),
    (Guard.DEPUTY_IF_MAJOR, {"severity": "urgent"}, {"severity": "urgent", "may_decide": True}),
    (Guard.CASE_NO, {"facts": {"case_no": ""}}, {"facts": {"case_no": "立〔2026〕1号"}}),
    (Guard.TWO_OFFICERS, {"facts": {"officers": (1, 1)}}, {"facts": {"officers": (1, 2)}}),
    (Guard.TWO_OFFICERS, {"facts": {"officers": "12"}}, {"facts": {"officers": [1, 2]}}),
    (
        Guard.MATTER_HANDLER,
        {"actor_id": 1, "matter": MatterRecord(handlers=frozenset({2}))},
        {"actor_id": 2, "matter": MatterRecord(handlers=frozenset({2}))},
    ),
    (Guard.DEPUTY_ACCEPTS, {"facts": {"accept_needs_deputy": 1.0}}, {"may_decide": True}),
    (Guard.DEPUTY_ACCEPTS, {}, {"facts": {"accept_needs_deputy": 0.0}}),
    (Guard.REFUSAL, {}, {"facts": {"refusal_reason": "vague"}}),
    (
        Guard.OBJECTION_OPEN,
        {"now": NOW, "facts": {"object_until": NOW - SECOND}},
        {"now": NOW, "facts": {"object_until": NOW}},
    ),
    (
        Guard.REVIEW_OPEN,
        {"now": NOW, "facts": {"review_until": NOW - SECOND}},
        {"now": NOW, "facts": {}},
    ),
    (Guard.DIRECTOR_IF_MAJOR, {"severity": "urgent"}, {"severity": "urgent", "may_direct": True}),
    (Guard.FIRST_REJECTION, {"matter": MatterRecord(rejections=1)}, {}),
    (Guard.AT_PLACE, {"facts": {"lon": 120.0}}, {"facts": {"lon": 120.0, "lat": 30.0}}),
    (
        Guard.AT_PLACE,
        {"facts": {"lon": 120.0, "lat": 30.0, "distance_m": 301, "distance_max_m": 300}},
        {"facts": {"lon": 120.0, "lat": 30.0, "distance_m": 300, "distance_max_m": 300}},
    ),
    (Guard.SITE_PHOTO, {}, {"facts": {"photos": ("a",)}}),
    (Guard.RESULT, {}, {"facts": {"verification_result": "true"}}),
    (Guard.SITE_EVIDENCE, {}, {"facts": {"photos": ("a",)}}),
    (Guard.SITE_EVIDENCE, {}, {"matter": MatterRecord(evidence=1)}),
    (Guard.MEASURE, {}, {"facts": {"measure_kind": "oral_order"}}),
    (Guard.TOLD, {"facts": {"told": "已告知"}}, {"facts": {"means": "phone", "told": "已告知"}}),
    (Guard.EXTENSION_FIRST, {"matter": MatterRecord(extensions=1)}, {}),
    (
        Guard.EXTENSION_DAYS,
        {"facts": {"days": 31, "days_max": 30.0}},
        {"facts": {"days": 30, "days_max": 30.0}},
    ),
    (Guard.EXTENSION_DAYS, {"facts": {"days": 0}}, {"facts": {"days": 1}}),
    (Guard.EXTENSION_ASKED, {}, {"matter": MatterRecord(extension_asked=True)}),
    (Guard.TEXTS, {"facts": {"reply_text": "好"}}, {"facts": TEXTS}),
    (Guard.NO_PERSONAL, {"facts": {"reply_text": "电话13800009999"}}, {"facts": TEXTS}),
    (
        Guard.NO_PERSONAL,
        {"facts": {"reply_text": "身份证11010519491231002X"}},
        {"facts": {"reply_text": "文号202600001234567,咨询电话010-12369"}},
    ),
    (Guard.OPINION, {"matter": PETITION}, {"matter": PETITION, "facts": {"opinion_kind": "deny"}}),
    (Guard.FINDINGS_SETTLED, {"matter": MatterRecord(findings_open=1)}, {}),
    (Guard.FINDINGS_OPEN, {}, {"matter": MatterRecord(findings_open=1)}),
    (
        Guard.REVISITOR,
        {"actor_id": 1, "handled_by": frozenset({1})},
        {"actor_id": 2, "handled_by": frozenset({1})},
    ),
    (Guard.SATISFACTION, {}, {"facts": {"satisfaction": "fairly"}}),
    (Guard.CHANGE, {}, {"facts": {"is_key_item": False}}),
    (Guard.TARGET, {}, {"facts": {"into_matter_id": 7}}),
    (
        Guard.RESPONSIBLE,
        {"responsible_id": 5, "actor_id": 6},
        {"responsible_id": None, "actor_id": 6},
    ),
    (Guard.PROOF, {}, {"facts": {"proof": "验收单"}}),
    (Guard.PROOF, {"facts": {"photos": []}}, {"facts": {"photos": ["ab"]}}),
    (Guard.GRID, {}, {"facts": {"grid_id": 4}}),
    (
        Guard.ACCEPTOR,
        {"actor_id": 5, "handled_by": frozenset({5})},
        {"actor_id": 6, "handled_by": frozenset({5})},
    ),
    (Guard.PUBLISHED_TEXT, {}, {"facts": {"published_text": "已整改"}}),
    (
        Guard.PUBLISHED_CLEAN,
        {"facts": {"published_text": "联系人13800001234"}},
        {"facts": {"published_text": "已整改"}},
    ),
]


@pytest.mark.parametrize(("guard", "wrong", "right"), CASES)
def test_a_guard_refuses_and_passes(guard, wrong, right):
    assert failed_guard(frozenset({guard}), Situation(**wrong)) is guard
    assert failed_guard(frozenset({guard}), Situation(**right)) is None


def test_every_guard_has_a_rule_a_case_and_a_use():
    used = {guard for row in TRANSITIONS for guard in row.guards}
    assert set(GUARDS) == set(Guard) == {guard for guard, *_ in CASES} == used


def test_a_person_unknown_to_the_work_may_recheck_even_where_nobody_handled_it():
    assert failed_guard(frozenset({Guard.NOT_HANDLER}), Situation(actor_id=None)) is None
