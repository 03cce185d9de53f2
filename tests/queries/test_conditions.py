"""Conditions of a week: days, closeness of assignments, lists for people, affected tasks."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Role
from inspect_app.domain.codes import AbsenceKind, ObjectKind
from inspect_app.models import CrewMember, PatrolPlan, PatrolTask, Person, Road
from inspect_app.queries.affected_tasks import CONFLICTS, Conflict, affected_tasks
from inspect_app.queries.condition_lists import TABLES, condition_lines, counts_of_week
from inspect_app.queries.conditions import (
    absences,
    assignments,
    closures,
    exempt_spells,
    exemptions,
)
from inspect_app.queries.patrol_objects import find_objects, find_roads, object_names, roads_near
from inspect_app.queries.patrols import tasks_of_day
from inspect_app.queries.plan_tasks import task_sheet
from inspect_app.workflows.miss_tasks import miss_tasks
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from tests.condition_factories import close, crew_away, exempt, person_away, rule
from tests.conftest import NOW
from tests.factories import actor_with, make_person, make_road, make_source
from tests.patrol_factories import make_task
from tests.small_county import LAT, WEEK, SmallCounty, make_small_county, request

TODAY = NOW.date()


@pytest.fixture
def county(session: Session) -> SmallCounty:
    return make_small_county(session)


@pytest.mark.parametrize(
    ("days", "values", "expected"),
    [
        ((0, 6), {}, {0, 1, 2, 3, 4, 5, 6}),
        ((-3, 1), {}, {0, 1}),
        ((5, None), {}, {5, 6}),
        ((-3, -1), {}, None),
        ((7, 9), {}, None),
        ((0, None), {"ended_on": WEEK + timedelta(days=3)}, {0, 1, 2}),
        ((0, 1), {"ended_on": WEEK + timedelta(days=5)}, {0, 1}),
        ((2, 4), {"ended_on": WEEK}, None),
        ((-9, 4), {"ended_on": WEEK}, None),
    ],
)
def test_the_days_of_a_condition_in_the_week(session: Session, *, days, values, expected):
    if values:
        values = values | {"ended_at": NOW}
    exempt(session, "outlet", 7, days=days, **values)
    found = exemptions(session, WEEK)
    assert [set(one.days) for one in found] == ([] if expected is None else [expected])


def test_absences_of_one_crew_or_person_are_united(session, county):
    person = make_person(session)
    crew_away(session, county.west_crew, days=(0, 0))
    crew_away(session, county.west_crew, days=(2, 3))
    person_away(session, person.id, days=(4, None), kind="training")
    found = absences(session, WEEK)
    assert found.crew_days() == {county.west_crew.id: {0, 2, 3}}
    assert found.person_days() == {person.id: {4, 5, 6}}
    assert [(one.person, one.kind) for one in found.persons] == [
        (person.name, AbsenceKind.TRAINING)
    ]


def test_closures_and_assignments_name_road_crew_and_grid(session, county):
    road = make_road(session, [(120, 31), (120.1, 31)], name="村道1")
    close(session, road, days=(1, 2), reason="修桥")
    rule(session, county.west_crew, "never", grid_id=county.east.id)
    (closed,), (never,) = closures(session, WEEK), assignments(session, WEEK)
    assert (closed.road_id, closed.road, closed.reason, closed.days) == (
        road.id,
        "村道1",
        "修桥",
        {1, 2},
    )
    assert (never.crew, never.grid_path, never.object_id) == ("西组", county.east.path, None)


def test_spells_of_exemption_reach_back_and_have_an_end(session: Session):
    exempt(session, "outlet", 1, days=(-30, -20))
    exempt(session, "outlet", 2, days=(3, None))
    exempt(session, "outlet", 3, days=(-90, -80))
    until = WEEK + timedelta(days=6)
    spells = exempt_spells(session, since=WEEK - timedelta(days=40), until=until)
    assert spells["object"].tolist() == ["outlet:1", "outlet:2"]
    assert spells["last"].tolist() == [WEEK - timedelta(days=20), until]


# Lists for people


def test_lists_show_this_week_first_then_what_comes_then_the_past(session, county):
    deputy = actor_with(session, Role.DEPUTY)
    number = county.outlet.id
    exempt(session, "outlet", number, days=(-30, -20), reason="过去")
    exempt(session, "outlet", number, days=(9, 10), reason="将来")
    exempt(session, "outlet", number, days=(0, 3), reason="本周", recorded_by=deputy.person_id)
    exempt(session, "outlet", 999_999, days=(-50, -40), reason="更早")
    lines = condition_lines(session, "exemptions", week=WEEK, today=TODAY)
    assert [line.reason for line in lines] == ["本周", "将来", "过去", "更早"]
    assert [line.over for line in lines] == [False, False, True, True]
    assert [line.in_week for line in lines] == [True, False, False, False]
    assert (lines[0].name, lines[0].recorded_by) == ("一号排口", deputy.name)
    assert lines[3].name == "#999999"


def test_every_kind_of_condition_has_a_list_and_a_count(session, county):
    road = make_road(session, [(120, 31), (120.1, 31)], name="村道1")
    exempt(session, "outlet", county.outlet.id, days=(0, 6))
    crew_away(session, county.west_crew, days=(0, 6))
    person_away(session, make_person(session).id, days=(0, 6))
    close(session, road, days=(0, 6))
    rule(session, county.west_crew, "only", grid_id=county.east.id)
    rule(session, county.east_crew, "never", object_kind="outlet", object_id=county.outlet.id)
    counts = counts_of_week(session, WEEK)
    assert counts == {
        "exemptions": 1,
        "crews": 1,
        "persons": 1,
        "roads": 1,
        "assignments": 2,
    }
    for of in TABLES:
        lines = condition_lines(session, of, week=WEEK, today=TODAY)
        assert len(lines) == counts[of]
        assert all(line.name for line in lines)


@pytest.mark.usefixtures("county")
def test_roads_without_a_name_are_found_by_a_point_the_nearest_first(session):
    near = make_road(session, [(120.5, 31.5), (120.6, 31.5)], name=None)
    far = make_road(session, [(120.5, 31.52), (120.6, 31.52)], name=None)
    closed = make_road(session, [(120.5, 31.501), (120.6, 31.501)], name=None)
    closed.closed = True
    session.flush()
    found = roads_near(session, lon=120.55, lat=31.501, limit=2)
    assert [one.id for one in found] == [near.id, far.id]
    assert found[0].name is None
    # A thousandth of a degree of latitude; the shortest line between two ends bends northwards.
    assert found[0].apart_m == pytest.approx(110.9, abs=2)


def test_objects_and_roads_are_found_by_a_part_of_their_name(session, county):
    make_source(session, 120.05, LAT, name="一号造纸厂", grid_id=county.west.id)
    make_road(session, [(120, 31), (120.1, 31)], name="县道101")
    found = find_objects(session, "一号", kind=None, day=TODAY, limit=10)
    assert [(one.kind, one.name, one.grid) for one in found] == [
        (ObjectKind.OUTLET, "一号排口", "西镇"),
        (ObjectKind.SOURCE, "一号造纸厂", "西镇"),
    ]
    only = find_objects(session, "一号", kind=ObjectKind.SOURCE, day=TODAY, limit=10)
    assert [one.name for one in only] == ["一号造纸厂"]
    assert len(find_objects(session, "", kind=None, day=TODAY, limit=3)) == 3
    assert find_objects(session, "%", kind=None, day=TODAY, limit=3) == []
    assert [one.name for one in find_roads(session, "道1", limit=5)] == ["县道101"]
    known = (ObjectKind.OUTLET, county.outlet.id)
    assert object_names(session, [known, (ObjectKind.OUTLET, 999_999)], day=TODAY) == {
        known: "一号排口"
    }


# Tasks that conditions go against


@pytest.fixture
def published(session: Session, county: SmallCounty) -> PatrolPlan:
    assert county.segments
    plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    publish_plan(session, plan, actor=SYSTEM, now=NOW)
    return plan


def of_crew(plan: PatrolPlan, name: str) -> PatrolTask:
    return next(task for task in plan.tasks if task.crew.name == name)


def conflicts(session: Session, plan: PatrolPlan, *, today: date = WEEK) -> dict:
    return {one.task_id: set(one.conflicts) for one in affected_tasks(session, plan, today=today)}


def test_without_conditions_no_task_is_affected(session, published):
    assert affected_tasks(session, published, today=WEEK) == []


def test_each_condition_affects_the_tasks_it_goes_against(session, county, published):
    west, east = of_crew(published, "西组"), of_crew(published, "东组")
    outlet = next(t for t in published.tasks if any(s.name == "一号排口" for s in t.stops))
    exempt(session, "outlet", county.outlet.id, days=(0, 6))
    assert conflicts(session, published) == {outlet.id: {Conflict.exempt}}
    crew_away(session, county.east_crew, days=((east.day - WEEK).days,) * 2)
    assert conflicts(session, published)[east.id] == {Conflict.crew_away}
    officer = session.scalars(
        select(CrewMember.person_id).where(CrewMember.crew_id == county.west_crew.id)
    ).first()
    person_away(session, officer, days=((west.day - WEEK).days,) * 2)
    assert Conflict.officers_away in conflicts(session, published)[west.id]


def test_a_closed_road_affects_the_tasks_that_drive_along_it(session, published):
    task = published.tasks[0]
    road = session.scalars(select(Road)).one()
    crossing = make_road(session, [(120.10, LAT - 0.01), (120.10, LAT + 0.01)])
    day = (task.day - WEEK).days
    close(session, crossing, days=(0, 6))
    assert conflicts(session, published) == {}
    close(session, road, days=(day, day))
    assert conflicts(session, published)[task.id] == {Conflict.road_closed}


def test_assignments_affect_the_tasks_of_other_crews(session, county, published):
    east = of_crew(published, "东组")
    rule(session, county.east_crew, "never", grid_id=county.east.id)
    assert conflicts(session, published)[east.id] == {Conflict.assignment}
    rule(session, county.west_crew, "only", grid_id=county.west.id)
    assert set(conflicts(session, published)) == {
        task.id for task in published.tasks if task.crew.name == "东组"
    }


def test_tasks_that_have_begun_or_whose_day_is_over_are_left(session, county, published):
    for crew in (county.east_crew, county.west_crew):
        crew_away(session, crew, days=(0, 6))
    every = conflicts(session, published)
    assert set(every) == {task.id for task in published.tasks}
    assert conflicts(session, published, today=WEEK + timedelta(days=7)) == {}
    published.tasks[0].state = "in_progress"
    session.flush()
    assert set(conflicts(session, published)) == set(every) - {published.tasks[0].id}


def test_the_sheet_of_a_day_names_those_who_go(session, published):
    task = of_crew(published, "西组")
    everybody = task_sheet(session, task.id, EVERYWHERE).members
    assert len(everybody) == 2
    first = session.scalars(select(Person).where(Person.name == everybody[0])).one()
    day = (task.day - WEEK).days
    person_away(session, first.id, days=(day, day))
    assert task_sheet(session, task.id, EVERYWHERE).members == everybody[1:]


def test_every_conflict_has_words():
    assert set(CONFLICTS) == set(Conflict)


# Nights


def test_a_night_patrol_stays_on_the_list_and_is_not_missed_before_its_end(session, county):
    member = make_person(session)
    session.add(CrewMember(crew_id=county.east_crew.id, person_id=member.id, valid_from=WEEK))
    begins = NOW + timedelta(hours=9)  # Tuesday 18:00
    task = make_task(
        session,
        county.east_crew,
        patrol_kind="night",
        starts_at=begins,
        ends_at=begins + timedelta(hours=8),
    )
    after_midnight = begins + timedelta(hours=7)
    wednesday = TODAY + timedelta(days=1)

    def listed(day: date, now) -> list[int]:
        return [card.id for card in tasks_of_day(session, member.id, day=day, now=now)]

    assert listed(TODAY, NOW) == [task.id]
    assert listed(wednesday, NOW) == []
    assert listed(wednesday, after_midnight) == [task.id]
    assert listed(wednesday, begins + timedelta(hours=15)) == []
    assert miss_tasks(session, today=wednesday, now=after_midnight) == 0
    assert miss_tasks(session, today=wednesday, now=begins + timedelta(hours=9)) == 1
