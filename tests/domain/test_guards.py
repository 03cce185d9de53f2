"""Guards: each refuses and passes on values alone."""

import pytest

from inspect_app.domain.guards import GUARDS, Situation, failed_guard
from inspect_app.domain.transitions import TRANSITIONS, Guard

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
