"""Policies with hours and crews that go out at night: duties of their own in the week problem."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy.orm import Session

from gis.routing.problem import TimeWindow
from inspect_app.domain.access import SYSTEM
from inspect_app.models import Crew, PatrolStop, PatrolTask
from inspect_app.workflows.build_week import WeekToPlan, build_week
from inspect_app.workflows.plan_week import plan_week
from tests.condition_factories import crew_away, exempt
from tests.conftest import NOW
from tests.factories import make_crew, make_frequency, make_source, make_station
from tests.small_county import LAT, WEEK, ZONE, SmallCounty, make_small_county, request


@pytest.fixture
def county(session: Session) -> SmallCounty:
    return make_small_county(session)


def built(session: Session) -> WeekToPlan:
    return build_week(session, WEEK, zone=ZONE)


def night_county(session: Session, county: SmallCounty) -> tuple[Crew, str]:
    """Add a night crew and a key source that is to be visited by day and by night."""
    source = make_source(
        session, 120.05, LAT, name="造纸厂", permit_class="key", grid_id=county.west.id
    )
    make_frequency(session, "source", object_class="key", service_min=30)
    make_frequency(
        session,
        "source",
        object_class="key",
        window_from=time(18),
        window_to=time(6),
        service_min=15,
        source="夜查",
    )
    station = make_station(session, 120.06, LAT)
    crew = make_crew(
        session, station, name="夜组", shift_start=time(18), shift_end=time(2), weekdays=[1, 4]
    )
    return crew, f"source:{source.id}"


def test_a_night_policy_is_a_duty_of_its_own_with_its_window(session, county):
    _, key = night_county(session, county)
    week = built(session)
    tasks = week.problem.task_by_key()
    assert tasks[key].window is None
    assert tasks[f"{key}:timed"].window == TimeWindow(1080, 1800)
    assert week.objects[f"{key}:timed"].name == "造纸厂 18:00–06:00"
    assert (tasks[key].service_s, tasks[f"{key}:timed"].service_s) == (1800, 900)


def test_a_night_crew_crosses_midnight_and_serves_only_visits_with_hours(session, county):
    _, key = night_county(session, county)
    week = built(session)
    crew = week.problem.crew_by_key()["夜组"]
    assert (crew.shift_start_min, crew.shift_min, crew.lunch) == (1080, 480, None)
    tasks = week.problem.task_by_key()
    assert tasks[key].crews == {"东组", "西组"}
    assert tasks[f"{key}:timed"].crews is None


def test_visits_by_day_and_by_night_are_counted_apart(session, county):
    crew, key = night_county(session, county)
    number = int(key.split(":")[1])
    monday = plan_row(session, crew, WEEK)
    # At 02:00 on Tuesday, in the hours that opened on Monday.
    visit(session, monday, number, at=datetime(2026, 3, 24, 2, tzinfo=ZONE), timed=True)
    tasks = built(session).problem.task_by_key()
    assert f"{key}:timed" not in tasks
    assert key in tasks


def test_a_night_check_made_by_day_does_not_count(session, county):
    crew, key = night_county(session, county)
    task = plan_row(session, crew, WEEK)
    at = datetime(2026, 3, 23, 10, tzinfo=ZONE)
    visit(session, task, int(key.split(":")[1]), at=at, timed=True)
    assert f"{key}:timed" in built(session).problem.task_by_key()


def test_an_exemption_holds_for_both_visits(session, county):
    _, key = night_county(session, county)
    exempt(session, "source", int(key.split(":")[1]), days=(0, 6))
    week = built(session)
    assert not {key, f"{key}:timed"} & set(week.objects)
    assert sorted(one.name for one in week.exempted) == ["造纸厂", "造纸厂 18:00–06:00"]


def test_a_planned_night_check_is_stored_as_a_timed_stop_of_a_night_patrol(session, county):
    night_county(session, county)
    crew_away(session, county.west_crew, days=(1, 4))
    plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    stops = [stop for task in plan.tasks for stop in task.stops if stop.timed]
    assert [stop.name for stop in stops] == ["造纸厂 18:00–06:00"]
    kinds = {task.crew.name: task.patrol_kind for task in plan.tasks}
    assert set(kinds.values()) <= {"routine", "night"}
    assert all((kind == "night") == (name == "夜组") for name, kind in kinds.items())
    row = next(row for row in plan.figures["policies"] if row["source"] == "夜查")
    assert row["hours"] == "18:00–06:00"


def plan_row(session: Session, crew: Crew, day: date) -> PatrolTask:
    """Return a task of a plan of long ago's version for a visit to hang on."""
    plan = plan_week(session, WEEK, request=request(iterations=1), actor=SYSTEM, now=NOW)
    task = PatrolTask(
        plan_id=plan.id,
        crew_id=crew.id,
        day=day + timedelta(days=6),
        starts_at=NOW,
        ends_at=NOW,
        travel_min=0,
        service_min=0,
        length_m=0,
    )
    session.add(task)
    session.flush()
    return task


def visit(session: Session, task: PatrolTask, number: int, *, at: datetime, timed: bool) -> None:
    session.add(
        PatrolStop(
            task_id=task.id,
            seq=1,
            object_kind="source",
            object_id=number,
            name="造纸厂",
            timed=timed,
            arrive_at=at,
            leave_at=at,
            result="done",
            done_at=at,
            geom="SRID=4490;POINT(120.05 31)",
        )
    )
    session.flush()
