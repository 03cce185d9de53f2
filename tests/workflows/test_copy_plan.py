"""Copies of versions, and plans made anew from a version with pins."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM
from inspect_app.domain.problems import Problem
from inspect_app.models import PatrolPlan, PatrolStop, PatrolTask, PlanUncovered
from inspect_app.queries.week_stamp import SOURCES, week_stamp
from inspect_app.workflows.begin_with import beginning
from inspect_app.workflows.build_week import build_week
from inspect_app.workflows.copy_plan import copy_plan
from inspect_app.workflows.edit_plan import MoveStop, edit_plan
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.pin_stops import pin_stops
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from inspect_app.workflows.week_at_hand import week_at_hand
from tests.conftest import NOW
from tests.small_county import WEEK, ZONE, make_small_county, request

HAND = Hand(SYSTEM, NOW, ZONE)


@pytest.fixture
def county(session: Session):
    return make_small_county(session)


@pytest.fixture
def plan(session: Session, county) -> PatrolPlan:
    assert county.segments
    return plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)


def stops_of(plan: PatrolPlan) -> list[tuple]:
    return sorted(
        (task.crew_id, task.day, s.seq, s.name, s.arrive_at, s.leave_at, s.reverse, s.pinned)
        for task in plan.tasks
        for s in task.stops
    )


def test_a_copy_has_the_same_stops_and_times_as_its_source(session, plan):
    pin_stops(session, plan, [plan.tasks[0].stops[0]], pinned=True, hand=HAND)
    publish_plan(session, plan, actor=SYSTEM, now=NOW)
    copy = copy_plan(session, plan, hand=HAND)
    assert stops_of(copy) == stops_of(plan)
    assert (copy.version, copy.state, copy.base_plan_id) == (plan.version + 1, "draft", plan.id)
    assert copy.verdict["violations"] == []
    assert copy.verdict["served_visits"] == 5
    assert copy.figures["left_out"] == []


def test_a_copy_names_what_no_longer_fits_and_drops_nothing_silently(session, county, plan):
    county.outlet.closed = True
    county.east_crew.shift_end = county.east_crew.shift_start.replace(minute=45)
    copy = copy_plan(session, plan, hand=HAND)
    assert [(one["name"], one["reason"]) for one in copy.figures["left_out"]] == [
        ("一号排口", "not_due")
    ]
    words = [violation["words"] for violation in copy.verdict["violations"]]
    assert any("超出班次" in one for one in words)
    with pytest.raises(Problem) as refused:
        publish_plan(session, copy, actor=SYSTEM, now=NOW)
    assert refused.value.code == "plan_invalid"


def test_a_copy_that_breaks_rules_can_be_mended_step_by_step(session, county, plan):
    east = next(task for task in plan.tasks if task.crew_id == county.east_crew.id)
    assert len(east.stops) == 2
    alone = min((stop.leave_at - stop.arrive_at) for stop in east.stops)
    county.east_crew.shift_end = (
        (east.starts_at.astimezone(ZONE) + alone + timedelta(minutes=14)).time().replace(second=0)
    )
    copy = copy_plan(session, plan, hand=HAND)
    assert copy.verdict["violations"]
    stop = next(task for task in copy.tasks if task.crew_id == county.east_crew.id).stops[0]
    other = WEEK + timedelta(days=(east.day - WEEK).days + 1)
    edit_plan(session, copy, MoveStop(stop.id, county.east_crew.id, other), hand=HAND)
    assert copy.verdict["violations"] == []


def test_what_is_newly_due_is_left_out_of_a_copy_with_its_reason(session, county, plan):
    from tests.factories import make_outlet

    make_outlet(session, 120.04, 31.0, name="新排口", grid_id=county.west.id)
    copy = copy_plan(session, plan, hand=HAND)
    left = session.scalars(select(PlanUncovered).where(PlanUncovered.plan_id == copy.id)).all()
    assert [(one.name, one.reason) for one in left] == [("新排口", "fits")]


def test_last_weeks_plan_is_copied_on_the_same_weekdays(session, plan):
    later = WEEK + timedelta(days=7)
    copy = copy_plan(session, plan, hand=HAND, week=later)
    assert copy.week == later
    assert {task.day - timedelta(days=7) for task in copy.tasks} == {t.day for t in plan.tasks}


def test_nothing_due_of_the_source_is_refused(session, plan):
    for task in plan.tasks:
        for stop in task.stops:
            stop.object_id += 10_000
    session.flush()
    with pytest.raises(Problem) as refused:
        copy_plan(session, plan, hand=HAND)
    assert refused.value.code == "nothing_to_copy"


def test_pins_of_the_base_become_pins_of_the_problem_and_of_the_new_version(session, plan):
    stop = plan.tasks[0].stops[0]
    pin_stops(session, plan, [stop], pinned=True, hand=HAND)
    base = beginning(session, plan.id, week=WEEK)
    key, name = f"{stop.object_kind}:{stop.object_id}", plan.tasks[0].crew.name
    problem = base.pinned(build_week(session, WEEK, zone=ZONE).problem)
    pinned = {task.key: task.pinned for task in problem.tasks if task.pinned}
    assert pinned == {key: frozenset({(name, (plan.tasks[0].day - WEEK).days)})}
    again = plan_week(session, WEEK, request=request(base_plan_id=plan.id), actor=SYSTEM, now=NOW)
    assert again.base_plan_id == plan.id
    kept = [stop.name for task in again.tasks for stop in task.stops if stop.pinned]
    assert kept + again.figures["pins_lost"] == [stop.name]


def test_a_base_of_another_week_is_not_found(session, plan):
    with pytest.raises(Problem) as refused:
        beginning(session, plan.id, week=WEEK + timedelta(days=7))
    assert refused.value.code == "not_found"
    assert beginning(session, None, week=WEEK) is None


def test_the_week_at_hand_is_built_once_and_anew_after_any_change(session, county):
    first = week_at_hand(session, WEEK, zone=ZONE)
    assert week_at_hand(session, WEEK, zone=ZONE) is first
    assert week_at_hand(session, WEEK, zone=ZONE, first_day=WEEK) is not first
    county.outlet.name = "改名排口"
    second = week_at_hand(session, WEEK, zone=ZONE)
    assert second is not first
    assert "改名排口" in {one.name for one in second.objects.values()}
    session.delete(county.outlet)
    assert "改名排口" not in {
        one.name for one in week_at_hand(session, WEEK, zone=ZONE).objects.values()
    }


def test_the_stamp_watches_every_table_a_week_is_built_from(session, county):
    from sqlalchemy import event

    read: set[str] = set()
    tables = {mapper.__tablename__ for mapper in [*SOURCES, PatrolStop]}
    every = set(PatrolStop.metadata.tables)

    def listen(_connection, _cursor, statement, *_rest) -> None:
        words = set(statement.replace("(", " ").replace(",", " ").replace('"', "").split())
        read.update(words & every)

    assert county.segments
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", listen)
    build_week(session, WEEK, zone=ZONE)
    event.remove(bind, "before_cursor_execute", listen)
    assert read
    assert read <= tables, f"add to SOURCES: {read - tables}"
    assert len(week_stamp(session)) == len(tables) + 1


def test_visits_planned_but_not_done_do_not_change_the_stamp(session, plan):
    before = week_stamp(session)
    stop = session.scalars(select(PatrolStop)).first()
    stop.seq += 50
    session.flush()
    assert week_stamp(session) == before
    stop.result, stop.done_at = "done", NOW
    session.flush()
    assert week_stamp(session) != before
    assert session.scalars(select(PatrolTask).where(PatrolTask.plan_id == plan.id)).all()
