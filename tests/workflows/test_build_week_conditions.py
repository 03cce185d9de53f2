"""What conditions and the planner's policies make of the week problem, one by one."""

from datetime import date, time, timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.routing.parallel import with_shared_matrices
from gis.routing.problem import Lunch, Weights
from inspect_app.domain.access import SYSTEM
from inspect_app.domain.problems import Problem
from inspect_app.models import CrewMember, Policy, Road
from inspect_app.workflows.build_week import WeekToPlan, build_week, shared_travel
from inspect_app.workflows.plan_week import plan_week
from tests.condition_factories import close, crew_away, exempt, person_away, rule
from tests.conftest import NOW
from tests.factories import (
    make_crew,
    make_person,
    make_road,
    make_source,
    make_station,
)
from tests.small_county import LAT, WEEK, ZONE, SmallCounty, make_small_county, request

WHOLE = (0, 6)


@pytest.fixture
def county(session: Session) -> SmallCounty:
    return make_small_county(session)


def built(session: Session, **values: date) -> WeekToPlan:
    return build_week(session, WEEK, zone=ZONE, **values)


def crew_of(week: WeekToPlan, name: str):
    return week.problem.crew_by_key()[name]


def set_value(session: Session, key: str, value: float) -> None:
    session.scalars(select(Policy).where(Policy.key == key)).one().value = {"value": value}
    session.flush()


# Places


@pytest.mark.usefixtures("county")
def test_reaches_that_meet_share_a_node_and_so_do_crews_of_one_home(session):
    week = built(session)
    places = {tuple(xy) for xy in next(iter(week.travel.values())).xy.tolist()}
    assert week.problem.node_count == len(places)


@pytest.mark.usefixtures("county")
def test_shared_matrices_are_the_same_and_no_other_copy_stays(session):
    week = built(session)
    shared = shared_travel(built(session))
    for mode, matrix in week.problem.travel_s.items():
        assert np.array_equal(shared.problem.travel_s[mode], matrix)
        assert np.shares_memory(shared.problem.travel_s[mode], shared.travel[mode].seconds)
    assert with_shared_matrices(shared.problem) is shared.problem


# Exemptions


def test_an_exempt_object_is_not_due_and_is_listed_with_ground_and_reason(session, county):
    outlet = county.outlet
    exempt(session, "outlet", outlet.id, days=WHOLE, reason="河水漫堤")
    week = built(session)
    assert f"outlet:{outlet.id}" not in week.objects
    assert len(week.problem.tasks) == 4
    (one,) = week.exempted
    assert (one.name, one.ground.value, one.reason, one.visits) == (
        "一号排口",
        "flood",
        "河水漫堤",
        1,
    )


def test_an_exemption_of_other_weeks_or_ended_before_changes_nothing(session, county):
    number = county.outlet.id
    exempt(session, "outlet", number, days=(-7, -1))
    exempt(session, "outlet", number, days=(7, None))
    exempt(session, "outlet", number, days=WHOLE, ended_on=WEEK, ended_at=NOW)
    week = built(session)
    assert f"outlet:{number}" in week.objects
    assert week.exempted == ()


def test_exempt_days_are_taken_from_an_object_that_stays_due(session, county):
    segment = county.segments[0]
    exempt(session, "segment", segment.id, days=(0, 2))
    week = built(session)
    task = week.problem.task_by_key()[f"segment:{segment.id}"]
    assert task.days == {3, 4}
    assert week.exempted == ()


def test_an_object_that_is_not_due_anyway_is_not_counted_as_exempt(session, county):
    source = make_source(session, 120.04, LAT, name="停产厂", grid_id=county.west.id)
    exempt(session, "source", source.id, days=WHOLE)
    assert built(session).exempted == ()


def test_the_plan_keeps_what_was_exempt_and_closed(session, county):
    exempt(session, "outlet", county.outlet.id, days=(0, None), ground="works", reason="清淤")
    road = session.scalars(select(Road)).one()
    closed = close(session, road, days=(1, 2), reason="修桥")
    plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    assert plan.figures["exempted"] == [
        {
            "object_kind": "outlet",
            "object_id": county.outlet.id,
            "name": "一号排口",
            "ground": "works",
            "reason": "清淤",
            "from_day": "2026-03-23",
            "to_day": None,
            "visits": 1,
        }
    ]
    assert plan.figures["closed_roads"] == [
        {"road": None, "reason": closed.reason, "days": ["2026-03-24", "2026-03-25"]}
    ]
    assert plan.verdict["due_visits"] == 4
    assert plan.parameters["lunch_min"] == 60


# Crews and people


def test_an_absent_crew_loses_its_days_and_one_absent_all_week_is_gone(session, county):
    crew_away(session, county.east_crew, days=(1, 2))
    assert crew_of(built(session), "东组").working_days == {0, 3, 4}
    crew_away(session, county.east_crew, days=(0, 6))
    assert set(built(session).crews) == {"西组"}


def test_no_crews_at_all_is_told(session, county):
    crew_away(session, county.east_crew, days=WHOLE)
    crew_away(session, county.west_crew, days=(-3, None))
    with pytest.raises(Problem) as refused:
        built(session)
    assert refused.value.code == "no_crews"


def test_an_absent_officer_lowers_the_officers_of_the_day(session, county):
    people = session.scalars(
        select(CrewMember.person_id).where(CrewMember.crew_id == county.west_crew.id)
    ).all()
    person_away(session, people[0], days=(1, 1))
    crew = crew_of(built(session), "西组")
    assert [crew.officers_on(day) for day in range(5)] == [2, 1, 2, 2, 2]
    assert crew.working_days == {0, 1, 2, 3, 4}
    assert len(crew.members) == 2


def test_a_crew_whose_members_are_all_away_does_not_go_that_day(session, county):
    people = session.scalars(
        select(CrewMember.person_id).where(CrewMember.crew_id == county.west_crew.id)
    ).all()
    person_away(session, people[0], days=(0, 3))
    person_away(session, people[1], days=(3, 6), kind="training")
    crew = crew_of(built(session), "西组")
    assert crew.working_days == {0, 1, 2, 4}
    assert [crew.officers_on(day) for day in (0, 1, 2, 4)] == [1, 1, 1, 1]


def test_a_member_who_joins_on_wednesday_counts_from_then_on(session, county):
    newcomer = make_person(session, certificate_no="N1")
    session.add(
        CrewMember(
            crew_id=county.east_crew.id,
            person_id=newcomer.id,
            valid_from=WEEK + timedelta(days=2),
        )
    )
    session.flush()
    crew = crew_of(built(session), "东组")
    assert crew.working_days == {2, 3, 4}
    assert crew.officers == 1


@pytest.mark.usefixtures("county")
def test_a_crew_of_which_nobody_is_registered_goes_out(session):
    assert crew_of(built(session), "东组").working_days == {0, 1, 2, 3, 4}


def test_crews_of_one_vehicle_share_it_and_an_empty_number_is_none(session, county):
    county.east_crew.vehicle_no = county.west_crew.vehicle_no = "宁Z·1"
    other = make_crew(session, make_station(session, 120.1, LAT), name="三组", vehicle_no="")
    session.flush()
    week = built(session)
    assert {crew_of(week, name).vehicle for name in ("东组", "西组")} == {"宁Z·1"}
    assert crew_of(week, other.name).vehicle is None


# Roads


@pytest.mark.usefixtures("county")
def test_a_road_is_closed_on_the_days_its_closure_covers(session):
    road = session.scalars(select(Road)).one()
    # The way round: two kilometres south and back.
    south = LAT - 0.02
    make_road(session, [(120.01, LAT), (120.01, south), (120.19, south), (120.19, LAT)])
    before = built(session)
    crew = before.problem.crews[0]
    open_s = before.problem.ways_of(crew, 0)
    close(session, road, days=(1, 2))
    week = built(session)
    crew = week.problem.crew_by_key()[crew.key]
    for day in (0, 3, 4):
        assert np.array_equal(week.problem.ways_of(crew, day), open_s)
    for day in (1, 2):
        closed_s = week.problem.ways_of(crew, day)
        assert (closed_s >= open_s).all()
        assert (closed_s > open_s).any()
    # Two sets of closed roads, two matrices; both days share one.
    assert len(week.travel) == 2 * len(before.travel)
    assert [one.road_id for one in week.closures] == [road.id]


@pytest.mark.usefixtures("county")
def test_a_road_closed_on_every_day_needs_no_second_matrix(session):
    road = session.scalars(select(Road)).one()
    close(session, road, days=WHOLE)
    week = built(session)
    assert len(week.travel) == 1
    assert not any(crew.modes for crew in week.problem.crews)


@pytest.mark.usefixtures("county")
def test_the_routes_of_a_plan_keep_off_a_closed_road_on_its_day_alone(session):
    road = session.scalars(select(Road)).one()
    south = LAT - 0.02
    make_road(session, [(120.01, LAT), (120.01, south), (120.19, south), (120.19, LAT)])
    close(session, road, days=(0, 1))
    plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    assert plan.verdict["violations"] == []
    assert plan.tasks


@pytest.mark.usefixtures("county")
def test_a_closure_of_days_that_are_over_or_of_another_week_closes_nothing(session):
    road = session.scalars(select(Road)).one()
    close(session, road, days=(0, 1))
    close(session, road, days=(7, 9))
    assert built(session, first_day=WEEK + timedelta(days=2)).closures == ()


# Assignments


def test_an_object_fixed_to_a_crew_all_week_is_for_that_crew(session, county):
    number = county.segments[0].id
    rule(session, county.west_crew, "only", object_kind="segment", object_id=number)
    task = built(session).problem.task_by_key()[f"segment:{number}"]
    assert (task.crews, task.barred) == ({"西组"}, frozenset())


def test_an_object_fixed_on_some_days_bars_the_others_on_these(session, county):
    number = county.segments[0].id
    rule(session, county.west_crew, "only", days=(0, 1), object_kind="segment", object_id=number)
    task = built(session).problem.task_by_key()[f"segment:{number}"]
    assert (task.crews, task.barred) == (None, {("东组", 0), ("东组", 1)})


def test_the_objects_own_rule_beats_its_grids_and_the_deeper_grid_the_upper(session, county):
    first, third = county.segments[0].id, county.segments[2].id
    rule(session, county.east_crew, "only", grid_id=county.county.id)
    rule(session, county.west_crew, "only", grid_id=county.west.id)
    rule(session, county.east_crew, "only", object_kind="outlet", object_id=county.outlet.id)
    tasks = built(session).problem.task_by_key()
    assert tasks[f"segment:{first}"].crews == {"西组"}
    assert tasks[f"segment:{third}"].crews == {"东组"}
    assert tasks[f"outlet:{county.outlet.id}"].crews == {"东组"}


def test_two_crews_fixed_at_the_same_place_share_it(session, county):
    number = county.segments[0].id
    for crew in (county.west_crew, county.east_crew):
        rule(session, crew, "only", object_kind="segment", object_id=number)
    task = built(session).problem.task_by_key()[f"segment:{number}"]
    assert task.crews == {"西组", "东组"}


def test_a_forbidden_crew_is_barred_on_the_days_of_the_rule(session, county):
    number = county.segments[0].id
    rule(
        session, county.west_crew, "never", days=(2, None), object_kind="segment", object_id=number
    )
    rule(session, county.west_crew, "never", days=(-9, 0), grid_id=county.east.id)
    tasks = built(session).problem.task_by_key()
    assert tasks[f"segment:{number}"].barred == {("西组", day) for day in range(2, 7)}
    assert tasks[f"segment:{county.segments[2].id}"].barred == {("西组", 0)}
    assert tasks[f"outlet:{county.outlet.id}"].barred == frozenset()


# Policies


@pytest.mark.usefixtures("county")
def test_weights_and_shifts_come_from_policy_rows(session):
    for key, value in {
        "plan_visit_value_h": 12,
        "plan_must_factor": 30,
        "plan_overdue_min_per_day": 5,
        "plan_overdue_days_max": 90,
        "plan_priority_min": 30,
        "plan_overtime_factor": 4,
        "plan_balance_weight": 0.3,
        "overtime_max_min": 45,
        "lunch_from_h": 11.5,
        "lunch_min": 90,
    }.items():
        set_value(session, key, value)
    week = built(session)
    assert week.problem.weights == Weights(
        visit_s=43_200,
        overdue_s_per_day=300,
        overdue_days_cap=90,
        priority_s=1_800,
        must_factor=30,
        overtime_factor=4,
        balance=0.3,
    )
    crew = crew_of(week, "西组")
    assert (crew.overtime_min, crew.lunch) == (45, Lunch(690, 90))
    assert crew.working_s == (480 - 90) * 60


@pytest.mark.parametrize(
    ("start", "end", "lunch"),
    [
        (time(8, 30), time(16, 30), Lunch(720, 60)),
        (time(8, 30), time(13), Lunch(720, 60)),
        (time(8, 30), time(12, 30), None),
        (time(13), time(21), None),
        (time(18), time(2), None),
    ],
)
def test_only_shifts_that_span_the_break_have_one(session, county, *, start, end, lunch):
    county.west_crew.shift_start, county.west_crew.shift_end = start, end
    session.flush()
    assert crew_of(built(session), "西组").lunch == lunch


@pytest.mark.usefixtures("county")
def test_without_a_break_in_the_policies_nobody_has_one(session):
    set_value(session, "lunch_min", 0)
    assert crew_of(built(session), "西组").lunch is None
