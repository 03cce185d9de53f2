"""The table of a finding's follow-up: reachable, leavable, and who may take which step."""

from inspect_app.domain.access import ROLES, Permission, Role
from inspect_app.domain.transitions import (
    FINDING_TRANSITIONS,
    STEP_PHOTOS,
    FindingState,
    open_events,
)

ROLE_LETTERS = {
    "W": Role.WORKER,
    "I": Role.INSPECTOR,
    "S": Role.STATION,
    "C": Role.CHIEF,
    "D": Role.DEPUTY,
}

WHO_MAY = {
    "report": "WISC",
    "resolve_on_site": "WISC",
    "verify": "SCD",
    "dismiss": "SCD",
    "mark_duplicate": "SCD",
    "assign": "CD",
    "reassign": "CD",
    "extend": "CD",
    "escalate": "CD",
    "forward": "D",
    "feedback": "D",
    "order_rectification": "IS",
    "order_again": "D",
    "submit_rectification": "WIS",
    "recheck_pass": "IS",
    "recheck_fail": "IS",
    "close": "CD",
    "hand_to_enforcement": "D",
    "file_case": "I",
    "decline_case": "I",
    "decline_and_close": "I",
    "penalise": "I",
    "perform": "I",
    "reopen": "SCD",
}
"""Every other role (clerk, supervisor, director, auditor, administrator) takes no step."""


def test_each_role_may_take_just_the_steps_written_here():
    matrix = {
        (role, row.event): row.permission in ROLES[role]
        for role in Role
        for row in FINDING_TRANSITIONS
    }
    written = {
        (role, event): role in {ROLE_LETTERS[letter] for letter in letters}
        for role in Role
        for event, letters in WHO_MAY.items()
    }
    assert matrix == written


def test_every_state_is_reached_from_birth():
    reached: set[FindingState | None] = {None}
    while True:
        further = {row.target for row in FINDING_TRANSITIONS if row.source in reached}
        if further <= reached:
            break
        reached |= further
    assert reached == {None, *FindingState}


def test_every_state_is_left_for_another():
    for state in FindingState:
        assert {row.target for row in open_events("finding", state)} - {state}, state


def test_from_every_state_a_finding_can_still_be_struck_off():
    closing = {FindingState.CLOSED}
    while True:
        further = {row.source for row in FINDING_TRANSITIONS if row.target in closing}
        if further <= closing:
            break
        closing |= further
    assert closing == {None, *FindingState}


def test_an_event_has_one_row_for_a_state_and_one_label_and_permission():
    rows = [(row.event, row.source) for row in FINDING_TRANSITIONS]
    assert len(rows) == len(set(rows))
    by_event = {row.event: (row.label, row.permission, row.guards) for row in FINDING_TRANSITIONS}
    for row in FINDING_TRANSITIONS:
        assert by_event[row.event] == (row.label, row.permission, row.guards)


def test_who_acts_on_findings_sees_them():
    acting = {row.permission for row in FINDING_TRANSITIONS}
    for role, permissions in ROLES.items():
        if permissions & acting:
            assert Permission.FINDING_VIEW in permissions, role


def test_steps_with_photos_are_steps_of_the_table():
    assert set(STEP_PHOTOS) <= {row.event for row in FINDING_TRANSITIONS}
