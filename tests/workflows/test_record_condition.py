"""Conditions are recorded and ended: who may, what is asked for, what is written down."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.domain.acts import ACTS, SUBJECTS
from inspect_app.domain.codes import AbsenceKind, AssignmentRule, ExemptionGround, ObjectKind
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    Crew,
    CrewAssignment,
    FrequencyPolicy,
    PatrolExemption,
    Road,
)
from inspect_app.workflows import record_condition as recording
from inspect_app.workflows.record_condition import AssignmentOrder, Spell
from tests.condition_factories import exempt, spell
from tests.conftest import NOW
from tests.factories import actor_with, add, make_frequency, make_person
from tests.small_county import WEEK, SmallCounty, make_small_county

TODAY = NOW.date()
A_WEEK = Spell(WEEK, WEEK + timedelta(days=6), "河水漫堤")
BY = {"actor": SYSTEM, "now": NOW}


@pytest.fixture
def county(session: Session) -> SmallCounty:
    return make_small_county(session)


def last_entry(session: Session) -> AuditEntry:
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()


def test_an_exemption_has_who_when_and_why_and_an_audit_entry(session, county):
    deputy = actor_with(session, Role.DEPUTY)
    (row,) = recording.exempt_objects(
        session,
        [(ObjectKind.OUTLET, county.outlet.id)],
        ExemptionGround.FLOOD,
        spell=A_WEEK,
        actor=deputy,
        now=NOW,
    )
    assert (row.recorded_by, row.recorded_at, row.reason) == (deputy.person_id, NOW, "河水漫堤")
    entry = last_entry(session)
    assert (entry.action, entry.subject_id) == ("patrol_exemption.record", str(row.id))
    assert entry.facts == {
        "name": "一号排口",
        "from_day": "2026-03-23",
        "to_day": "2026-03-29",
        "reason": "河水漫堤",
    }


def test_an_object_ticked_twice_is_exempt_once(session, county):
    one = (ObjectKind.OUTLET, county.outlet.id)
    rows = recording.exempt_objects(session, [one, one], ExemptionGround.WORKS, spell=A_WEEK, **BY)
    assert len(rows) == 1


def test_each_kind_of_condition_is_recorded_and_named_in_the_audit_trail(session, county):
    road = session.scalars(select(Road)).one()
    recording.stand_down_crew(session, county.east_crew.id, spell=A_WEEK, **BY)
    recording.excuse_person(session, make_person(session).id, AbsenceKind.SICK, spell=A_WEEK, **BY)
    recording.close_roads(session, [road.id], spell=A_WEEK, **BY)
    order = AssignmentOrder(
        county.east_crew.id,
        AssignmentRule.ONLY,
        objects=[(ObjectKind.SEGMENT, county.segments[0].id)],
        grid_id=county.east.id,
    )
    rows = recording.assign_crew(session, order, spell=A_WEEK, **BY)
    assert [(row.object_id, row.grid_id) for row in rows] == [
        (county.segments[0].id, None),
        (None, county.east.id),
    ]
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == [
        "crew_absence.record",
        "person_absence.record",
        "road_closure.record",
        "crew_assignment.record",
        "crew_assignment.record",
    ]
    for subject in recording.ACTS.values():
        assert subject in SUBJECTS
        assert {f"{subject}.record", f"{subject}.end"} <= set(ACTS)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Spell(WEEK, WEEK, "  "), "reason_missing"),
        (Spell(WEEK, WEEK - timedelta(days=1), "修路"), "days_reversed"),
    ],
)
def test_a_reason_and_days_in_order_are_asked_for(session, county, *, wanted, code):
    with pytest.raises(Problem) as refused:
        recording.stand_down_crew(session, county.east_crew.id, spell=wanted, **BY)
    assert refused.value.code == code


def test_things_that_are_not_there_and_empty_choices_are_refused(session, county):
    gone = (ObjectKind.OUTLET, 999_999)
    order = AssignmentOrder(county.east_crew.id, AssignmentRule.NEVER)
    calls = {
        "not_found": [
            lambda: recording.exempt_objects(
                session, [gone], ExemptionGround.FLOOD, spell=A_WEEK, **BY
            ),
            lambda: recording.stand_down_crew(session, 999_999, spell=A_WEEK, **BY),
            lambda: recording.close_roads(session, [999_999], spell=A_WEEK, **BY),
        ],
        "nothing_picked": [
            lambda: recording.exempt_objects(
                session, [], ExemptionGround.FLOOD, spell=A_WEEK, **BY
            ),
            lambda: recording.close_roads(session, [], spell=A_WEEK, **BY),
            lambda: recording.assign_crew(session, order, spell=A_WEEK, **BY),
        ],
    }
    for code, attempts in calls.items():
        for attempt in attempts:
            with pytest.raises(Problem) as refused:
                attempt()
            assert refused.value.code == code
    assert session.scalars(select(AuditEntry)).all() == []


def test_ending_leaves_the_days_before_and_is_written_down(session, county):
    row = exempt(session, "outlet", county.outlet.id, days=(0, None))
    deputy = actor_with(session, Role.DEPUTY)
    recording.end_condition(session, row, today=TODAY, actor=deputy, now=NOW)
    assert (row.ended_on, row.ended_at, row.ended_by) == (TODAY, NOW, deputy.person_id)
    assert last_entry(session).action == "patrol_exemption.end"
    with pytest.raises(Problem) as refused:
        recording.end_condition(session, row, today=TODAY, actor=deputy, now=NOW)
    assert refused.value.code == "condition_over"


def test_what_is_over_cannot_be_ended(session, county):
    row = exempt(session, "outlet", county.outlet.id, days=(-9, -3))
    with pytest.raises(Problem) as refused:
        recording.end_condition(session, row, today=TODAY, **BY)
    assert refused.value.code == "condition_over"


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.DIRECTOR, Role.SUPERVISOR, Role.CLERK])
def test_those_who_make_no_plans_record_and_end_nothing(session, county, role):
    person = actor_with(session, role)
    row = exempt(session, "outlet", county.outlet.id, days=(0, 6))
    for attempt in (
        lambda: recording.stand_down_crew(
            session, county.east_crew.id, spell=A_WEEK, actor=person, now=NOW
        ),
        lambda: recording.end_condition(session, row, today=TODAY, actor=person, now=NOW),
    ):
        with pytest.raises(Problem) as refused:
            attempt()
        assert refused.value.code == "not_permitted"


def test_a_township_chief_records_nothing_for_the_county(session, county):
    chief = actor_with(session, Role.CHIEF, grid=county.west)
    with pytest.raises(Problem) as refused:
        recording.stand_down_crew(session, county.west_crew.id, spell=A_WEEK, actor=chief, now=NOW)
    assert refused.value.code == "county_wide_only"


@pytest.mark.parametrize(
    "values",
    [
        {"to_day": date(2026, 3, 1)},
        {"reason": ""},
        {"ended_on": TODAY},
        {"ground": "laziness"},
        {"object_kind": "road"},
    ],
)
def test_the_table_itself_refuses_nonsense(session: Session, values):
    row = {"object_kind": "outlet", "object_id": 1, "ground": "flood"} | spell(0, 6) | values
    with pytest.raises(IntegrityError), session.begin_nested():
        add(session, PatrolExemption(**row))


def test_an_assignment_is_about_an_object_or_a_grid_never_both(session, county):
    for values in (
        {},
        {"object_kind": "outlet"},
        {"object_kind": "outlet", "object_id": 1, "grid_id": county.west.id},
    ):
        row = {"crew_id": county.west_crew.id, "rule": "only"} | spell(0, 6) | values
        with pytest.raises(IntegrityError), session.begin_nested():
            add(session, CrewAssignment(**row))


def test_hours_of_a_policy_are_both_given_or_none_and_not_empty(session: Session):
    make_frequency(session, "source")
    clock = NOW.time()
    for opens, closes in ((clock, None), (None, clock), (clock, clock)):
        change = update(FrequencyPolicy).values(window_from=opens, window_to=closes)
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(change)


def test_a_shift_may_cross_midnight_but_not_be_empty(session, county):
    crew = county.west_crew
    crew.shift_end = crew.shift_start.replace(hour=2)
    session.flush()
    change = update(Crew).values(shift_end=Crew.shift_start)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(change)
