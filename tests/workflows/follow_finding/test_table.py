"""Following findings: every row of the table can be walked, and no other."""

import pytest
from sqlalchemy import func, select

from inspect_app.domain.access import ROLES, Role
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    FINDING_TRANSITIONS,
    FindingState,
    Transition,
    transition,
)
from inspect_app.models import (
    AuditEntry,
    Event,
)
from inspect_app.workflows.follow_finding import FollowForm, follow
from tests.conftest import NOW
from tests.factories import (
    actor_with,
)
from tests.workflows.follow_finding.conftest import STEPS, County, who_may


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_every_row_of_the_table_can_be_walked_by_somebody(county: County, row: Transition):
    finding = county.finding(row.source.value, severity="urgent")
    event = county.follow(finding, row.event, who_may(county.session, row))
    assert finding.state == row.target
    assert (event.from_state, event.to_state) == (row.source, row.target)
    audit = county.session.scalars(select(AuditEntry)).one()
    assert (audit.action, audit.subject_id) == (f"finding.{row.event}", str(finding.id))


def test_every_step_that_is_not_in_the_table_is_refused(county: County):
    mighty = actor_with(county.session, *Role)
    events = {row.event for row in FINDING_TRANSITIONS}
    pairs = 0
    for state in FindingState:
        finding = county.finding(state.value)
        for event in sorted(events):
            if transition("finding", event, state) is None:
                pairs += 1
                form = FollowForm(state=state.value, version=0)
                with pytest.raises(Problem) as caught:
                    follow(county.session, finding, event, form=form, actor=mighty, now=NOW)
                assert caught.value.code == "wrong_step", (state, event)
    assert pairs == len(FindingState) * len(events) - len(STEPS)
    assert county.session.scalar(select(func.count()).select_from(Event)) == 0


def test_an_event_no_table_has_is_refused(county: County):
    finding = county.finding("verified")
    problem = county.refusal(finding, "celebrate", actor_with(county.session, *Role))
    assert problem.code == "unknown_event"


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_who_lacks_the_permission_is_refused(county: County, row: Transition):
    others = [role for role in Role if row.permission not in ROLES[role]]
    finding = county.finding(row.source.value)
    problem = county.refusal(finding, row.event, actor_with(county.session, *others))
    assert problem.code == "not_permitted"
