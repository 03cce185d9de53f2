"""The table of campaign items, written out a second time: every state, every event, where to."""

from inspect_app.domain.access import ROLES, Role
from inspect_app.domain.campaign_codes import ITEM_DONE, ITEM_OPEN, ItemState
from inspect_app.domain.transitions import ITEM_TRANSITIONS, ITEM_WORK, Guard, open_events

BESIDE = "reassign change_due change_grid"
WRITTEN = {
    "issued": f"acknowledge>acknowledged {BESIDE}",
    "acknowledged": f"start>in_progress {BESIDE}",
    "in_progress": f"report_progress close_phase>phase_closed rectify>rectified {BESIDE}",
    "phase_closed": f"report_progress rectify>rectified reopen>reopened {BESIDE}",
    "rectified": "accept>accepted_for_cancel send_back>in_progress reopen>reopened",
    "accepted_for_cancel": "strike_off>cancelled_off send_back>in_progress reopen>reopened",
    "cancelled_off": "publish>published reopen>reopened",
    "published": "reopen>reopened",
    "reopened": f"start>in_progress {BESIDE}",
}
WORKERS = "worker inspector station chief"
WATCHERS = "supervisor chief deputy director"
WHO = {
    "issue": "clerk chief deputy",
    "acknowledge": WORKERS,
    "start": WORKERS,
    "report_progress": WORKERS,
    "close_phase": WORKERS,
    "rectify": WORKERS,
    "accept": WATCHERS,
    "send_back": WATCHERS,
    "strike_off": "deputy",
    "publish": "deputy",
    "reopen": WATCHERS,
    "reassign": "clerk chief deputy",
    "change_due": "deputy",
    "change_grid": "clerk chief deputy",
}


def test_every_state_has_just_the_steps_that_are_written_out():
    assert set(WRITTEN) == {state.value for state in ItemState}
    for state, text in WRITTEN.items():
        written = {
            entry.partition(">")[0]: entry.partition(">")[2] or state for entry in text.split()
        }
        rows = open_events("campaign_item", ItemState(state))
        assert {row.event: row.target.value for row in rows} == written, state


def test_every_step_is_open_to_just_the_roles_that_are_written_out():
    assert set(WHO) == {row.event for row in ITEM_TRANSITIONS}
    for row in ITEM_TRANSITIONS:
        holders = {role.value for role in Role if row.permission in ROLES[role]}
        assert holders == set(WHO[row.event].split()), row.event


def test_work_is_taken_by_who_answers_and_judged_by_somebody_else():
    for row in ITEM_TRANSITIONS:
        assert (Guard.RESPONSIBLE in row.guards) == (row.event in ITEM_WORK), row.event
        assert (Guard.ACCEPTOR in row.guards) == (row.event in {"accept", "strike_off"}), row.event


def test_an_item_is_worked_on_or_reported_or_off_the_list():
    between = {ItemState.RECTIFIED, ItemState.ACCEPTED_FOR_CANCEL}
    assert set(ItemState) == {*ITEM_OPEN, *ITEM_DONE, *between}
    assert not set(ITEM_OPEN) & set(ITEM_DONE)
