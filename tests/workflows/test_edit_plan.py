"""Editing a draft by hand: new times, rules kept, looked at before, undone exactly."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Actor, Role, Scope
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    Crew,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    PlanUncovered,
)
from inspect_app.workflows.edit_plan import (
    MoveDay,
    MoveStop,
    PlaceVisit,
    edit_plan,
    last_edit,
    look_ahead,
    undo_edit,
)
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.pin_stops import pin_stops
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
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


def moved(session: Session, stop: PatrolStop, crew: Crew, day: int) -> PatrolPlan:
    move = MoveStop(stop.id, crew.id, WEEK + timedelta(days=day))
    return edit_plan(session, stop.task.plan, move, hand=HAND)


def picture(session: Session) -> list[tuple]:
    """Return all that a draft says, but for the numbers of its rows."""
    session.expire_all()
    stops = [
        (s.task.crew_id, s.task.day, s.seq, s.name, s.arrive_at, s.leave_at, s.reverse, s.pinned)
        for s in session.scalars(select(PatrolStop))
    ]
    tasks = [
        (t.crew_id, t.day, t.starts_at, t.ends_at, t.travel_min, t.length_m, str(t.route))
        for t in session.scalars(select(PatrolTask))
    ]
    left = [
        (u.id, u.name, u.visits_missing, u.reason, str(u.facts))
        for u in session.scalars(select(PlanUncovered).order_by(PlanUncovered.id))
    ]
    return [sorted(stops), sorted(tasks), left]


def stop_named(session: Session, name: str) -> PatrolStop:
    return session.scalars(select(PatrolStop).where(PatrolStop.name == name)).one()


def free_day(session: Session, crew: Crew) -> int:
    used = session.scalars(select(PatrolTask.day).where(PatrolTask.crew_id == crew.id)).all()
    return min({0, 1, 2, 3, 4} - {(day - WEEK).days for day in used})


@pytest.mark.usefixtures("plan")
def test_a_stop_moves_to_another_day_and_both_days_get_new_times(session, county):
    stop = stop_named(session, "总干渠第4段")
    before, day = stop.task, free_day(session, county.east_crew)
    minutes, length = before.service_min, before.length_m
    plan = moved(session, stop, county.east_crew, day)
    now_there = stop_named(session, "总干渠第4段")
    assert now_there.task.day == WEEK + timedelta(days=day)
    assert now_there.task.state == "planned"
    assert now_there.arrive_at.astimezone(ZONE).date() == now_there.task.day
    session.refresh(before)
    assert before.service_min < minutes
    assert before.length_m < length
    assert [one.seq for one in before.stops] == list(range(1, len(before.stops) + 1))
    assert plan.verdict["violations"] == []
    assert plan.verdict["served_visits"] == 5


@pytest.mark.usefixtures("plan")
def test_moving_there_and_back_restores_the_plan(session, county):
    before = picture(session)
    day = (stop_named(session, "总干渠第4段").task.day - WEEK).days
    there = free_day(session, county.east_crew)
    moved(session, stop_named(session, "总干渠第4段"), county.east_crew, there)
    assert picture(session) != before
    moved(session, stop_named(session, "总干渠第4段"), county.east_crew, day)
    assert picture(session) == before
    assert len(session.scalars(select(PatrolTask)).all()) == 2


@pytest.mark.usefixtures("plan")
def test_a_move_that_breaks_a_rule_is_refused_with_the_rule(session, county):
    stop = stop_named(session, "一号排口")
    with pytest.raises(Problem, match="一号排口 所在网格 西镇 不归 东组 负责"):
        moved(session, stop, county.east_crew, 0)
    with pytest.raises(Problem) as refused:
        moved(session, stop_named(session, "总干渠第4段"), county.east_crew, 6)
    assert refused.value.code == "move_breaks_rule"
    assert stop_named(session, "一号排口").task.crew_id == county.west_crew.id


def test_only_drafts_that_still_fit_the_week_are_edited(session, county, plan):
    county.outlet.closed = True
    stop = stop_named(session, "总干渠第4段")
    with pytest.raises(Problem) as refused:
        moved(session, stop, county.east_crew, 4)
    assert refused.value.code == "plan_outdated"
    county.outlet.closed = False
    publish_plan(session, plan, actor=SYSTEM, now=NOW)
    with pytest.raises(Problem) as refused:
        moved(session, stop, county.east_crew, 4)
    assert refused.value.code == "plan_not_draft"


def test_undo_restores_move_by_move_exactly(session, county, plan):
    first = picture(session)
    there = free_day(session, county.east_crew)
    moved(session, stop_named(session, "总干渠第4段"), county.east_crew, there)
    second = picture(session)
    task = stop_named(session, "总干渠第4段").task
    edit_plan(session, plan, MoveDay(task.id, county.east_crew.id, WEEK), hand=HAND)
    assert picture(session) != second
    undo_edit(session, plan, hand=HAND)
    assert picture(session) == second
    undo_edit(session, plan, hand=HAND)
    assert picture(session) == first
    assert last_edit(session, plan) is None
    with pytest.raises(Problem) as refused:
        undo_edit(session, plan, hand=HAND)
    assert refused.value.code == "nothing_to_undo"
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-4:] == ["plan.move_stop", "plan.move_day", "plan.undo", "plan.undo"]


def test_stops_are_put_in_another_order_by_hand(session, plan):
    task = stop_named(session, "总干渠第4段").task
    names = [stop.name for stop in task.stops]
    last = task.stops[-1]
    edit_plan(session, plan, MoveStop(last.id, task.crew_id, task.day, 0), hand=HAND)
    session.expire_all()
    assert [stop.name for stop in task.stops] == [names[-1], *names[:-1]]
    assert [stop.seq for stop in task.stops] == list(range(1, len(names) + 1))
    assert plan.verdict["violations"] == []
    undo_edit(session, plan, hand=HAND)
    session.expire_all()
    assert [stop.name for stop in task.stops] == names


def test_a_look_says_what_an_edit_would_do_and_writes_nothing(session, county, plan):
    before, stop = picture(session), stop_named(session, "总干渠第4段")
    there = WEEK + timedelta(days=free_day(session, county.east_crew))
    edit = MoveStop(stop.id, county.east_crew.id, there)
    look = look_ahead(session, plan, edit, zone=ZONE, actor=SYSTEM)
    assert picture(session) == before
    assert look.faults == ()
    assert look.travel_minutes > 0
    assert look.served == 0
    edit_plan(session, plan, edit, hand=HAND)
    session.expire_all()
    real = {(task.crew_id, task.day): task for task in plan.tasks}
    for day in look.days:
        stops = real[day.crew_id, day.day].stops
        assert [(s.name, s.arrive_at, s.leave_at) for s in stops] == [
            (s.name, s.arrive_at, s.leave_at) for s in day.stops
        ]
    total = sum(day.minutes - day.minutes_before for day in look.days)
    assert total == pytest.approx(look.travel_minutes)


def test_a_look_tells_every_rule_that_would_break(session, county, plan):
    stop = stop_named(session, "一号排口")
    edit = MoveStop(stop.id, county.east_crew.id, WEEK + timedelta(days=6))
    look = look_ahead(session, plan, edit, zone=ZONE, actor=SYSTEM)
    told = "\n".join(str(fault) for fault in look.faults)
    assert "不归 东组 负责" in told
    assert "第 7 天不上班" in told
    county.west_crew.shift_end = county.west_crew.shift_start.replace(minute=59)
    day = next(task for task in plan.tasks if task.crew_id == county.west_crew.id)
    edit = MoveDay(day.id, county.west_crew.id, free_date(session, county.west_crew))
    look = look_ahead(session, plan, edit, zone=ZONE, actor=SYSTEM)
    assert any("超出班次" in str(fault) and "分钟" in str(fault) for fault in look.faults)


def free_date(session: Session, crew: Crew):
    return WEEK + timedelta(days=free_day(session, crew))


def test_a_crew_day_moves_as_a_whole_or_changes_places(session, county, plan):
    west = next(task for task in plan.tasks if task.crew_id == county.west_crew.id)
    names, there = [stop.name for stop in west.stops], free_date(session, county.west_crew)
    edit_plan(session, plan, MoveDay(west.id, county.west_crew.id, there), hand=HAND)
    session.expire_all()
    now_there = next(task for task in plan.tasks if task.crew_id == county.west_crew.id)
    assert now_there.day == there
    assert [stop.name for stop in now_there.stops] == names


def test_a_visit_that_was_left_out_is_placed_and_taken_back(session, county, plan):
    outlet = session.scalars(select(PatrolStop).where(PatrolStop.object_kind == "outlet")).one()
    task = outlet.task
    left = PlanUncovered(
        plan_id=plan.id,
        grid_id=outlet.grid_id,
        object_kind="outlet",
        object_id=outlet.object_id,
        name=outlet.name,
        visits_missing=1,
        reason="shift_full",
        facts={"facts": {}, "fixes": []},
    )
    for stop in task.stops:
        if stop.seq > outlet.seq:
            stop.seq += 100
    session.delete(outlet)
    session.add(left)
    session.flush()
    before = [(u.id, u.facts) for u in session.scalars(select(PlanUncovered))]
    place = PlaceVisit(left.id, county.west_crew.id, task.day)
    look = look_ahead(session, plan, place, zone=ZONE, actor=SYSTEM)
    assert (look.faults, look.served) == ((), 1)
    edit_plan(session, plan, place, hand=HAND)
    assert plan.verdict["served_visits"] == 5
    assert session.scalars(select(PlanUncovered)).all() == []
    undo_edit(session, plan, hand=HAND)
    assert [(u.id, u.facts) for u in session.scalars(select(PlanUncovered))] == before
    assert plan.verdict["served_visits"] == 4
    assert {row["object_kind"]: row["served"] for row in plan.figures["policies"]}["outlet"] == 0


def test_a_pinned_stop_stays_on_its_crew_day_until_it_is_loosened(session, county, plan):
    stop = stop_named(session, "总干渠第4段")
    assert pin_stops(session, plan, [stop], pinned=True, hand=HAND) == 1
    assert pin_stops(session, plan, [stop], pinned=True, hand=HAND) == 0
    there = free_date(session, county.east_crew)
    for edit in (
        MoveStop(stop.id, county.east_crew.id, there),
        MoveDay(stop.task_id, county.east_crew.id, there),
    ):
        with pytest.raises(Problem) as refused:
            edit_plan(session, plan, edit, hand=HAND)
        assert refused.value.code == "stop_pinned"
    same_day = MoveStop(stop.id, county.east_crew.id, stop.task.day, 0)
    edit_plan(session, plan, same_day, hand=HAND)
    assert stop_named(session, "总干渠第4段").pinned
    pin_stops(session, plan, [stop_named(session, "总干渠第4段")], pinned=False, hand=HAND)
    moved(session, stop_named(session, "总干渠第4段"), county.east_crew, (there - WEEK).days)


def test_only_who_plans_the_county_edits_looks_or_undoes(session, county, plan):
    stop = stop_named(session, "总干渠第4段")
    edit = MoveStop(stop.id, county.east_crew.id, WEEK)
    town = Actor(
        1, "镇长", frozenset({Role.CHIEF}), Scope(everywhere=False, grid_paths=(county.east.path,))
    )
    worker = Actor(2, "网格员", frozenset({Role.WORKER}), EVERYWHERE)
    for actor in (town, worker):
        hand = replace(HAND, actor=actor)
        with pytest.raises(Problem):
            look_ahead(session, plan, edit, zone=ZONE, actor=actor)
        with pytest.raises(Problem):
            edit_plan(session, plan, edit, hand=hand)
        with pytest.raises(Problem):
            undo_edit(session, plan, hand=hand)
        with pytest.raises(Problem):
            pin_stops(session, plan, [stop], pinned=True, hand=hand)


def test_things_of_other_plans_are_not_found(session, county, plan):
    other = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    stop = other.tasks[0].stops[0]
    for edit in (
        MoveStop(stop.id, county.east_crew.id, WEEK),
        MoveDay(other.tasks[0].id, county.east_crew.id, WEEK),
        PlaceVisit(1, county.east_crew.id, WEEK),
        MoveStop(plan.tasks[0].stops[0].id, 0, WEEK),
    ):
        with pytest.raises(Problem) as refused:
            edit_plan(session, plan, edit, hand=HAND)
        assert refused.value.code == "not_found"
    with pytest.raises(Problem) as refused:
        pin_stops(session, plan, [stop], pinned=True, hand=HAND)
    assert refused.value.code == "not_found"
