"""The table of matters, written out a second time: every state, every event, where it leads."""

from inspect_app.domain.access import ROLES, Permission, Role
from inspect_app.domain.matter_codes import MATTER_OPEN, MatterState
from inspect_app.domain.transitions import MATTER_TRANSITIONS, MATTER_WORKING, open_events

BESIDE = "go_up ask_after urge supervise lift_supervision reclassify"
PUT_OFF = "request_extension extend refuse_extension suspend>suspended"
WRITTEN = {
    "registered": f"propose_acceptance accept>accepted refuse>not_accepted object>returned "
    f"transfer>transferred merge>merged {PUT_OFF} {BESIDE}",
    "merged": "unmerge>registered",
    "accepted": f"transfer>transferred instruct assign>assigned merge>merged {PUT_OFF} {BESIDE}",
    "not_accepted": "",
    "returned": "",
    "transferred": "take_feedback go_up",
    "assigned": f"reassign reject_assignment>accepted arrive>investigating merge>merged "
    f"demand_more {PUT_OFF} {BESIDE}",
    "investigating": f"reassign verify>verified merge>merged demand_more {PUT_OFF} {BESIDE}",
    "verified": f"reassign take_measure>handling submit>reply_review merge>merged demand_more "
    f"{PUT_OFF} {BESIDE}",
    "handling": f"reassign take_measure progress submit>reply_review merge>merged demand_more "
    f"{PUT_OFF} {BESIDE}",
    "suspended": f"resume>handling {BESIDE}",
    "reply_review": f"approve>replied send_back>handling {PUT_OFF} {BESIDE}",
    "replied": "close>closed close_phase>phase_closed ask_review>in_review",
    "phase_closed": f"finish>closed {PUT_OFF} {BESIDE}",
    "closed": "revisit>revisited reopen>handling ask_review>in_review",
    "revisited": "reopen>handling archive>archived",
    "in_review": "answer_review>replied ask_recheck>in_recheck go_up",
    "in_recheck": "terminate>terminated go_up",
    "terminated": "",
    "archived": "",
}
WHO = {
    "register": "clerk chief deputy",
    "propose_acceptance": "clerk deputy",
    "accept": "clerk deputy",
    "refuse": "deputy",
    "object": "deputy",
    "transfer": "deputy",
    "take_feedback": "deputy",
    "merge": "clerk chief deputy",
    "unmerge": "clerk chief deputy",
    "instruct": "deputy director",
    "assign": "clerk chief deputy",
    "reassign": "clerk chief deputy",
    "reject_assignment": "worker inspector station chief",
    "arrive": "worker inspector station chief",
    "verify": "worker inspector station chief",
    "take_measure": "worker inspector station chief",
    "progress": "worker inspector station chief",
    "request_extension": "deputy",
    "extend": "director",
    "refuse_extension": "director",
    "suspend": "director",
    "resume": "director",
    "submit": "worker inspector station chief",
    "approve": "deputy",
    "send_back": "deputy",
    "close": "deputy",
    "close_phase": "deputy",
    "finish": "deputy",
    "revisit": "clerk station",
    "reopen": "deputy",
    "ask_review": "deputy",
    "answer_review": "deputy",
    "ask_recheck": "deputy",
    "terminate": "deputy",
    "archive": "clerk",
    "ask_after": "clerk chief deputy",
    "urge": "supervisor chief deputy director",
    "supervise": "supervisor chief deputy director",
    "lift_supervision": "supervisor chief deputy director",
    "demand_more": "supervisor chief deputy director",
    "go_up": "supervisor chief deputy director",
    "reclassify": "deputy",
}


def test_every_state_has_just_the_steps_that_are_written_out():
    assert set(WRITTEN) == {state.value for state in MatterState}
    for state, text in WRITTEN.items():
        written = {
            entry.partition(">")[0]: entry.partition(">")[2] or state for entry in text.split()
        }
        table = {row.event: row.target.value for row in open_events("matter", MatterState(state))}
        assert table == written, state


def test_every_step_is_open_to_just_the_roles_that_are_written_out():
    assert set(WHO) == {row.event for row in MATTER_TRANSITIONS}
    for row in MATTER_TRANSITIONS:
        holders = {role.value for role in Role if row.permission in ROLES[role]}
        assert holders == set(WHO[row.event].split()), row.event


def test_steps_that_lead_back_are_the_three_that_undo_a_waiting():
    assert {row.event for row in MATTER_TRANSITIONS if row.back} == {
        "resume",
        "unmerge",
        "answer_review",
    }


def test_the_clock_runs_in_every_open_state_but_one():
    assert set(MATTER_OPEN) - set(MATTER_WORKING) == {MatterState.SUSPENDED}


def test_who_handles_matters_can_see_them():
    for role in Role:
        verbs = {p for p in ROLES[role] if p.value.startswith("matter.")}
        assert not verbs or Permission.COMPLAINT_VIEW in ROLES[role], role
