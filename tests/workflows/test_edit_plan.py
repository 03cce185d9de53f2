"""Moving a stop of a draft: new times on both crew-days, rules kept, nothing else changed."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM
from inspect_app.domain.problems import Problem
from inspect_app.models import Crew, PatrolPlan, PatrolStop, PatrolTask
from inspect_app.workflows.edit_plan import Move, move_stop
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from tests.conftest import NOW
from tests.small_county import WEEK, ZONE, make_small_county, request


@pytest.fixture
def county(session: Session):
    return make_small_county(session)


@pytest.fixture
def plan(session: Session, county) -> PatrolPlan:
    assert county.segments
    return plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)


def moved(session: Session, stop: PatrolStop, crew: Crew, day: int) -> PatrolPlan:
    move = Move(crew.id, WEEK + timedelta(days=day), ZONE)
    return move_stop(session, stop, move=move, actor=SYSTEM, now=NOW)


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
    def picture() -> list[tuple]:
        return sorted(
            (stop.name, stop.task.day, stop.arrive_at, stop.leave_at, stop.reverse)
            for stop in session.scalars(select(PatrolStop))
        )

    before = picture()
    day = (stop_named(session, "总干渠第4段").task.day - WEEK).days
    there = free_day(session, county.east_crew)
    moved(session, stop_named(session, "总干渠第4段"), county.east_crew, there)
    assert picture() != before
    moved(session, stop_named(session, "总干渠第4段"), county.east_crew, day)
    assert picture() == before
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
