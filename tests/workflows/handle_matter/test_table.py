"""Handling matters: every row of the table is walked on the database, and no other."""

import pytest
from sqlalchemy import func, select

from inspect_app.domain.access import ROLES, Role
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import MATTER_TRANSITIONS, Transition, transition
from inspect_app.models import AuditEntry, Event
from inspect_app.workflows.handle_matter import MatterForm, handle
from tests.conftest import NOW
from tests.factories import actor_with
from tests.workflows.handle_matter.conftest import Bureau

APART = {"merge", "unmerge", "go_up"}
STEPS = [row for row in MATTER_TRANSITIONS if row.source is not None and row.event not in APART]


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_every_row_of_the_table_can_be_walked_by_somebody(bureau: Bureau, row: Transition):
    matter, actor = bureau.ready(row)
    event = bureau.handle(matter, row.event, actor)
    assert matter.state == row.target
    assert (event.from_state, event.to_state) == (row.source, row.target)
    audit = bureau.session.scalars(select(AuditEntry)).one()
    assert (audit.action, audit.subject_id) == (f"matter.{row.event}", str(matter.id))


def test_every_step_that_is_not_in_the_table_is_refused(bureau: Bureau):
    mighty = actor_with(bureau.session, *Role)
    events = {row.event for row in MATTER_TRANSITIONS}
    pairs = 0
    for state in MatterState:
        matter = bureau.matter(state.value)
        for event in sorted(events):
            if transition("matter", event, state) is None:
                pairs += 1
                form = MatterForm(state=state.value, version=0)
                with pytest.raises(Problem) as caught:
                    handle(bureau.session, matter, event, form=form, actor=mighty, now=NOW)
                assert caught.value.code == "wrong_step", (state, event)
    births = 1
    assert pairs == len(MatterState) * len(events) - (len(MATTER_TRANSITIONS) - births)
    assert bureau.session.scalar(select(func.count()).select_from(Event)) == 0


def test_an_event_no_table_has_is_refused(bureau: Bureau):
    matter = bureau.matter("accepted")
    problem = bureau.refusal(matter, "celebrate", actor_with(bureau.session, *Role))
    assert problem.code == "unknown_event"


def test_merging_is_not_done_by_the_steps_of_a_page(bureau: Bureau):
    clerk = actor_with(bureau.session, Role.CLERK)
    for state, event in (("registered", "merge"), ("merged", "unmerge")):
        assert bureau.refusal(bureau.matter(state), event, clerk).code == "unknown_event"


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_who_lacks_the_permission_is_refused(bureau: Bureau, row: Transition):
    others = [role for role in Role if row.permission not in ROLES[role]]
    matter, _ = bureau.ready(row)
    problem = bureau.refusal(matter, row.event, actor_with(bureau.session, *others))
    assert problem.code == "not_permitted"
