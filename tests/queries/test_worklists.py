"""Work lists: whose turn it is, what is late, and that lists and single objects agree."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, ROLES, Actor, Role, Scope
from inspect_app.domain.calendar import Light
from inspect_app.domain.codes import Severity
from inspect_app.domain.transitions import FINDING_FINISHED, FindingState, open_events
from inspect_app.models import Event, Finding, Grid
from inspect_app.queries.findings import find_finding, is_visible
from inspect_app.queries.worklists import (
    WAITS,
    Filter,
    Tab,
    counts,
    in_tab,
    pressing_counts,
    states_waiting,
    worklist,
)
from tests.conftest import NOW
from tests.factories import actor_with, add, make_finding, make_grid, make_person

DAY = timedelta(days=1)


def listed(session: Session, actor: Actor, tab: Tab, **chosen) -> list[Finding]:
    found = worklist(session, actor, tab, chosen=Filter(**chosen), page=1, now=NOW)
    assert found.count == len(found.rows)
    return [row.finding for row in found.rows]


# One line a state: for whom the next step waits, when the finding is of a normal severity.
TURN = {
    "reported": {Role.CHIEF, Role.STATION},
    "resolved_on_site": {Role.CHIEF},
    "verified": {Role.CHIEF},
    "dismissed": set(),
    "duplicate": set(),
    "assigned": set(),
    "escalated": {Role.CHIEF, Role.DEPUTY},
    "forwarded": {Role.DEPUTY},
    "rectification_ordered": set(),
    "rectification_submitted": {Role.INSPECTOR, Role.STATION},
    "rechecked_ok": {Role.CHIEF},
    "recheck_failed": {Role.DEPUTY},
    "transferred_enforcement": {Role.INSPECTOR},
    "case_filed": {Role.INSPECTOR},
    "penalised": {Role.INSPECTOR},
    "closed": set(),
    "reopened": {Role.CHIEF, Role.STATION},
}


@pytest.mark.parametrize("state", list(FindingState))
def test_whose_turn_it_is_follows_from_the_state(session: Session, state):
    grid = make_grid(session)
    make_finding(session, at=NOW, state=state.value, grid_id=grid.id)
    waiting = {role for role in Role if listed(session, actor_with(session, role), Tab.WAITING)}
    assert waiting == TURN[state.value]


@pytest.mark.parametrize("state", ["assigned", "rectification_ordered"])
def test_work_waits_for_its_handler_and_once_late_an_order_waits_for_a_recheck(session, state):
    grid = make_grid(session)
    handler = actor_with(session, Role.WORKER)
    other = actor_with(session, Role.INSPECTOR)
    values = {"state": state, "grid_id": grid.id, "handler_person_id": handler.person_id}
    finding = make_finding(session, at=NOW, due_at=NOW + DAY, **values)
    assert listed(session, handler, Tab.WAITING) == [finding]
    assert listed(session, other, Tab.WAITING) == []
    finding.due_at = NOW - DAY
    session.flush()
    rechecks = [finding] if state == "rectification_ordered" else []
    assert listed(session, other, Tab.WAITING) == rechecks


def test_nobody_is_asked_to_recheck_their_own_work(session: Session):
    grid = make_grid(session)
    handler = actor_with(session, Role.STATION)
    values = {"state": "rectification_submitted", "grid_id": grid.id}
    make_finding(session, at=NOW, handler_person_id=handler.person_id, **values)
    assert listed(session, handler, Tab.WAITING) == []
    assert len(listed(session, actor_with(session, Role.STATION), Tab.WAITING)) == 1


@pytest.mark.parametrize("state", ["rechecked_ok", "resolved_on_site"])
def test_what_is_major_waits_for_the_deputy_to_strike_it_off(session: Session, state):
    grid = make_grid(session)
    make_finding(session, at=NOW, state=state, severity="urgent", grid_id=grid.id)
    assert len(listed(session, actor_with(session, Role.DEPUTY), Tab.WAITING)) == 1


def test_a_finding_without_grid_waits_for_the_county(session: Session):
    grid = make_grid(session)
    finding = make_finding(session, at=NOW)
    assert listed(session, actor_with(session, Role.DEPUTY), Tab.WAITING) == [finding]
    assert listed(session, actor_with(session, Role.CHIEF, grid=grid), Tab.WAITING) == []
    assert listed(session, actor_with(session, Role.CHIEF), Tab.ALL, without_grid=True) == [finding]


def test_a_turn_is_given_only_to_who_may_take_a_step():
    for wait in WAITS:
        for state in wait.states:
            permissions = {row.permission for row in open_events("finding", state)}
            for role in wait.roles:
                assert ROLES[role] & permissions, (state, role)


def test_every_unfinished_state_waits_for_somebody():
    awaited = {state for wait in WAITS for state in wait.states}
    assert awaited == set(FindingState) - set(FINDING_FINISHED)


def test_what_is_late_comes_first_then_by_time_left_then_without_deadline(session: Session):
    grid = make_grid(session)
    dues = [None, NOW + 9 * DAY, NOW - DAY, NOW + DAY, NOW - 5 * DAY]
    for due_at in dues:
        make_finding(session, at=NOW, due_at=due_at, grid_id=grid.id)
    make_finding(session, at=NOW, due_at=NOW - 9 * DAY, state="closed", grid_id=grid.id)
    chief = actor_with(session, Role.CHIEF)
    late_first = [NOW - 5 * DAY, NOW - DAY, NOW + DAY, NOW + 9 * DAY, None]
    assert [finding.due_at for finding in listed(session, chief, Tab.WAITING)] == late_first
    everything = worklist(session, chief, Tab.ALL, chosen=Filter(), page=1, now=NOW)
    assert [row.finding.due_at for row in everything.rows] == [*late_first, NOW - 9 * DAY]
    assert [row.light for row in everything.rows] == [
        Light.RED,
        Light.RED,
        Light.AMBER,
        Light.GREEN,
        Light.NONE,
        Light.NONE,
    ]
    assert counts(session, chief, now=NOW) == {Tab.WAITING: 5, Tab.LATE: 2}
    assert pressing_counts(session, chief, Tab.WAITING, now=NOW) == (2, 1)
    assert states_waiting(session, chief, now=NOW) == {FindingState.REPORTED: 5}


def test_the_light_counts_from_when_the_deadline_was_set(session: Session):
    grid = make_grid(session)
    finding = make_finding(session, at=NOW - 100 * DAY, due_at=NOW + 10 * DAY, grid_id=grid.id)
    chief = actor_with(session, Role.CHIEF)

    def shown() -> Light:
        rows = worklist(session, chief, Tab.ALL, chosen=Filter(), page=1, now=NOW).rows
        return rows[0].light

    assert shown() is Light.AMBER  # 10 of 110 days are left
    add(
        session,
        Event(
            subject_kind="finding",
            subject_id=finding.id,
            event="assign",
            to_state="assigned",
            at=NOW - DAY,
            facts={"due_at": finding.due_at.isoformat()},
        ),
    )
    assert shown() is Light.GREEN  # 10 of 11 days are left


def test_done_is_what_one_took_a_step_on(session: Session):
    grid = make_grid(session)
    finding, _ = (make_finding(session, at=NOW, grid_id=grid.id) for _ in range(2))
    mine, other = actor_with(session, Role.CHIEF), actor_with(session, Role.CHIEF)
    values = {"subject_id": finding.id, "event": "verify", "to_state": "verified", "at": NOW}
    add(session, Event(subject_kind="finding", actor_id=mine.person_id, **values))
    add(session, Event(subject_kind="task", actor_id=other.person_id, **values))
    assert listed(session, mine, Tab.DONE) == [finding]
    assert listed(session, other, Tab.DONE) == []


def test_a_person_without_post_sees_nothing(session: Session):
    make_finding(session, at=NOW, grid_id=make_grid(session).id)
    nobody = Actor(make_person(session).id, "", frozenset(), Scope(everywhere=False))
    for tab in Tab:
        assert listed(session, nobody, tab) == []


@pytest.fixture
def grids(session: Session) -> list[Grid]:
    county = make_grid(session)
    towns = [make_grid(session, parent=county, shape=box(120, 30, 120.5, 31)) for _ in range(2)]
    return [county, *towns, make_grid(session, parent=towns[0]), make_grid(session)]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_list_single_object_and_the_rule_in_python_agree(session, grids, data):
    places = st.sampled_from([None, *grids])
    findings = [
        make_finding(
            session,
            at=NOW,
            uid=uuid4(),
            grid_id=grid.id if grid else None,
            state=data.draw(st.sampled_from([state.value for state in FindingState])),
            severity=data.draw(st.sampled_from([severity.value for severity in Severity])),
            due_at=data.draw(st.sampled_from([None, NOW - DAY, NOW + DAY])),
        )
        for grid in data.draw(st.lists(places, min_size=1, max_size=6))
    ]
    posts = data.draw(st.lists(st.sampled_from(grids), max_size=2, unique=True))
    scope = data.draw(
        st.sampled_from([EVERYWHERE, Scope(False, tuple(grid.path for grid in posts))])
    )
    actor = Actor(None, "", frozenset(data.draw(st.sets(st.sampled_from(list(Role))))), scope)
    paths = {grid.id: grid.path for grid in grids}
    mine = [finding.id for finding in findings]
    for tab in Tab:
        condition = in_tab(tab, actor, now=NOW)
        rows = select(Finding).where(condition, Finding.id.in_(mine))
        in_list = set(session.scalars(rows))
        for finding in findings:
            visible = scope.covers(paths.get(finding.grid_id))
            alone = find_finding(session, finding.uid, scope=scope)
            assert (alone is not None) == visible
            assert is_visible(session, finding.id, scope=scope) == visible
            single = session.scalar(select(Finding).where(condition, Finding.id == finding.id))
            assert (finding in in_list) == (single is not None)
            assert visible or finding not in in_list
            if tab is Tab.ALL:
                assert (finding in in_list) == visible
            if tab is Tab.LATE:
                is_late = (
                    finding.state not in FINDING_FINISHED
                    and finding.due_at is not None
                    and finding.due_at < NOW
                )
                assert (finding in in_list) == (visible and is_late)
