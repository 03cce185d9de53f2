"""A week's plan from the database and back: what is due, who goes, versions, verdict."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Actor, Role, Scope
from inspect_app.domain.problems import Problem
from inspect_app.models import Crew, Event, PatrolPlan, PatrolStop, PatrolTask, PlanUncovered
from inspect_app.workflows.plan_week import PlanProgress, Watcher, plan_week
from inspect_app.workflows.publish_plan import publish_plan, withdraw_plan
from tests.conftest import NOW
from tests.factories import make_frequency, make_grid, make_matter, make_outlet, make_source
from tests.small_county import WEEK, ZONE, make_small_county, request


@pytest.fixture
def county(session: Session):
    return make_small_county(session)


def planned(session: Session, **values: object) -> PatrolPlan:
    return plan_week(session, WEEK, request=request(**values), actor=SYSTEM, now=NOW)


def stops_of(session: Session, plan: PatrolPlan) -> list[tuple]:
    return [
        tuple(row)
        for row in session.execute(
            select(
                PatrolTask.day,
                Crew.name,
                PatrolStop.seq,
                PatrolStop.name,
                PatrolStop.reverse,
                PatrolStop.arrive_at,
                PatrolStop.leave_at,
            )
            .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
            .join(Crew, Crew.id == PatrolTask.crew_id)
            .where(PatrolTask.plan_id == plan.id)
            .order_by(PatrolTask.day, Crew.name, PatrolStop.seq)
        )
    ]


@pytest.mark.usefixtures("county")
def test_everything_due_is_planned_once_by_the_crew_of_its_grid(session):
    plan = planned(session)
    stops = stops_of(session, plan)
    assert sorted((crew, name) for _, crew, _, name, *_ in stops) == [
        ("东组", "总干渠第3段"),
        ("东组", "总干渠第4段"),
        ("西组", "一号排口"),
        ("西组", "总干渠第1段"),
        ("西组", "总干渠第2段"),
    ]
    assert plan.verdict["violations"] == []
    assert plan.verdict["served_visits"] == plan.verdict["due_visits"] == 5
    assert (plan.version, plan.state, plan.seed) == (1, "draft", 1)


@pytest.mark.usefixtures("county")
def test_the_times_are_those_of_the_bureau_and_follow_each_other(session):
    plan = planned(session)
    for task in plan.tasks:
        local = task.starts_at.astimezone(ZONE)
        assert (local.date(), local.time()) == (task.day, time(8, 30))
        assert task.starts_at.tzinfo is not None
        moments = [task.starts_at]
        for stop in task.stops:
            moments += [stop.arrive_at, stop.leave_at]
        moments.append(task.ends_at)
        assert moments == sorted(moments)
        spent = (task.ends_at - task.starts_at).total_seconds() / 60
        assert spent == pytest.approx(task.travel_min + task.service_min)
    walked = next(stop for task in plan.tasks for stop in task.stops if "第1段" in stop.name)
    # 0.02° of longitude at 31° N is 1.91 km; at the policy's 12 km/h 9.5 minutes.
    minutes = (walked.leave_at - walked.arrive_at).total_seconds() / 60
    assert minutes == pytest.approx(9.55, abs=0.1)


def test_the_route_goes_along_road_and_bank_from_the_station_and_back(session, county):
    plan = planned(session)
    task = next(task for task in plan.tasks if task.crew_id == county.east_crew.id)
    route = to_shape(task.route)
    first, last = route.geoms[0].coords[0], route.geoms[-1].coords[-1]
    assert first == pytest.approx((120.15, 31.0), abs=1e-6)
    assert last == pytest.approx((120.15, 31.0), abs=1e-6)
    west, south, east, north = route.bounds
    # Nothing but the road at 31.0 and the bank 110 m north of it.
    assert south == pytest.approx(31.0, abs=1e-5)
    assert north == pytest.approx(31.001, abs=1e-5)
    assert (west, east) == (pytest.approx(120.12, abs=1e-4), pytest.approx(120.18, abs=1e-4))
    assert task.length_m > 6 * 1900


@pytest.mark.usefixtures("county")
def test_the_same_seed_and_iterations_give_the_same_plan(session):
    one, other = planned(session), planned(session)
    assert stops_of(session, one) == stops_of(session, other)
    assert (one.version, other.version) == (1, 2)


@pytest.mark.usefixtures("county")
def test_what_was_visited_this_week_is_not_due_again(session):
    first = planned(session)
    done = next(stop for task in first.tasks for stop in task.stops if "第1段" in stop.name)
    done.result, done.done_at = "done", NOW
    skipped = next(stop for task in first.tasks for stop in task.stops if "第2段" in stop.name)
    skipped.result = "skipped"
    again = planned(session, first_day=date(2026, 3, 25))
    names = [row[3] for row in stops_of(session, again)]
    assert "总干渠第1段" not in names
    assert "总干渠第2段" in names
    assert min(task.day for task in again.tasks) >= date(2026, 3, 25)


@pytest.mark.usefixtures("county")
def test_a_visit_counts_on_the_bureaus_day_not_the_clocks(session):
    first = planned(session)
    done = next(stop for task in first.tasks for stop in task.stops if "第1段" in stop.name)
    # Sunday 18:00 UTC is Monday in Shanghai: the visit belongs to the planned week.
    done.result, done.done_at = "done", datetime(2026, 3, 22, 18, 0, tzinfo=UTC)
    assert "总干渠第1段" not in [row[3] for row in stops_of(session, planned(session))]
    done.done_at = datetime(2026, 3, 22, 15, 0, tzinfo=UTC)
    assert "总干渠第1段" in [row[3] for row in stops_of(session, planned(session))]


def test_an_outlet_class_without_a_policy_follows_the_class_above(session, county):
    make_frequency(session, "outlet", object_class="1", service_min=45)
    make_outlet(session, 120.06, 31.0, name="雨洪口", outlet_class="1.2", grid_id=county.west.id)
    plan = planned(session)
    stop = next(stop for task in plan.tasks for stop in task.stops if stop.name == "雨洪口")
    assert stop.leave_at - stop.arrive_at == timedelta(minutes=45)


def test_open_urgent_matters_become_stops_where_a_policy_says_so(session, county):
    point = "SRID=4490;POINT(120.04 31.0)"
    values = {"at": NOW, "grid_id": county.west.id, "geom": point}
    make_matter(session, title="紧急", severity="urgent", **values)
    make_matter(session, title="一般", **values)
    make_matter(session, title="办结", severity="urgent", state="closed", **values)
    make_frequency(session, "matter", object_class="urgent", service_min=30, priority=9)
    names = [row[3] for row in stops_of(session, planned(session))]
    assert names.count("紧急") == 1
    assert not {"一般", "办结"} & set(names)


@pytest.mark.usefixtures("county")
def test_kinds_without_a_policy_are_counted_not_hidden(session):
    make_source(session, 120.05, 31.0, permit_class="key")
    assert planned(session).figures["unruled"] == {"source": 1}


def test_too_much_work_is_left_out_with_a_reason_and_a_remedy(session, county):
    county.west_crew.weekdays = [1]
    make_frequency(session, "outlet", object_class="2", service_min=200, priority=1)
    for number in range(4):
        make_outlet(
            session, 120.04, 31.0, name=f"厂口{number}", outlet_class="2", grid_id=county.west.id
        )
    plan = planned(session)
    assert plan.verdict["violations"] == []
    left = session.scalars(select(PlanUncovered).where(PlanUncovered.plan_id == plan.id)).all()
    assert {one.reason for one in left} == {"shift_full"}
    assert {one.name for one in left} <= {f"厂口{number}" for number in range(4)}
    remedy = left[0].facts["fixes"][0]
    assert remedy["remedy"] == "overtime"
    assert remedy["facts"]["crew"] == "西组"
    due, served = plan.verdict["due_visits"], plan.verdict["served_visits"]
    assert due - served == sum(one.visits_missing for one in left)


def test_a_grid_without_crew_is_named(session, county):
    north = make_grid(session, parent=county.county, name="北镇")
    make_outlet(session, 120.05, 31.0, name="北口", grid_id=north.id)
    plan = planned(session)
    left = session.scalar(select(PlanUncovered).where(PlanUncovered.plan_id == plan.id))
    assert (left.name, left.reason, left.facts["facts"]) == (
        "北口",
        "no_grid_crew",
        {"grid": "北镇"},
    )


def test_two_officers_go_where_the_policy_asks_for_them(session, county):
    outlet = make_outlet(session, 120.15, 31.0, name="东口", grid_id=county.east.id)
    plan = planned(session)
    left = session.scalar(select(PlanUncovered).where(PlanUncovered.plan_id == plan.id))
    assert (left.object_id, left.reason) == (outlet.id, "no_officers")


@pytest.mark.usefixtures("county")
def test_progress_names_every_stage(session):
    told: list[PlanProgress] = []
    plan_week(
        session,
        WEEK,
        request=request(),
        actor=SYSTEM,
        now=NOW,
        watcher=Watcher(tell=told.append),
    )
    assert list(dict.fromkeys(one.stage for one in told)) == ["load", "search", "draw", "write"]
    assert any(one.search is not None and one.search.missing_visits == 0 for one in told)


def test_without_crews_or_due_objects_the_plan_is_refused(session, county):
    for crew in (county.west_crew, county.east_crew):
        crew.active = False
    with pytest.raises(Problem, match="没有可用的巡查班组"):
        planned(session)
    county.west_crew.active = True
    with pytest.raises(Problem) as refused:
        planned(session, first_day=date(2026, 3, 28))
    assert refused.value.code == "no_crews"


def test_a_week_in_which_nothing_is_due_is_refused(session):
    county = make_small_county(session)
    for segment in county.segments:
        session.delete(segment)
    county.outlet.closed = True
    session.flush()
    with pytest.raises(Problem) as refused:
        planned(session)
    assert refused.value.code == "nothing_due"


def test_only_the_whole_countys_planner_makes_plans(session, county):
    town = Scope(everywhere=False, grid_paths=(county.west.path,))
    chief = Actor(None, "镇网格长", frozenset({Role.CHIEF}), town)
    with pytest.raises(Problem) as refused:
        plan_week(session, WEEK, request=request(), actor=chief, now=NOW)
    assert refused.value.code == "county_wide_only"
    worker = Actor(None, "网格员", frozenset({Role.WORKER}), EVERYWHERE)
    with pytest.raises(Problem) as refused:
        plan_week(session, WEEK, request=request(), actor=worker, now=NOW)
    assert refused.value.code == "not_permitted"


@pytest.mark.usefixtures("county")
def test_a_plan_tells_how_far_its_hours_are_at_most_from_the_best(session):
    plan = planned(session)
    total_s = sum(task.travel_min + task.service_min for task in plan.tasks) * 60
    service_s = sum(task.service_min for task in plan.tasks) * 60
    assert service_s < plan.figures["bound_s"] <= total_s + 1e-6
    assert plan.figures["gap_share"] == pytest.approx(total_s / plan.figures["bound_s"] - 1)


@pytest.mark.usefixtures("county")
def test_publishing_gives_every_task_to_its_crew_and_is_done_once_a_week(session):
    first, second = planned(session), planned(session)
    assert publish_plan(session, first, actor=SYSTEM, now=NOW) == len(first.tasks)
    assert {task.state for task in first.tasks} == {"published"}
    assert (first.state, first.published_at) == ("published", NOW)
    with pytest.raises(Problem, match="第1版"):
        publish_plan(session, second, actor=SYSTEM, now=NOW)
    assert second.state == "draft"


@pytest.mark.usefixtures("county")
def test_a_plan_that_breaks_a_rule_cannot_be_published(session):
    plan = planned(session)
    broken = {"rule": "overtime", "facts": {}, "words": "超时"}
    plan.verdict = {**plan.verdict, "violations": [broken]}
    with pytest.raises(Problem, match="1处违反规则"):
        publish_plan(session, plan, actor=SYSTEM, now=NOW)


@pytest.mark.usefixtures("county")
def test_withdrawing_needs_a_reason_and_spares_what_has_begun(session):
    plan = planned(session)
    publish_plan(session, plan, actor=SYSTEM, now=NOW)
    begun = plan.tasks[0]
    begun.state = "in_progress"
    with pytest.raises(Problem, match="须填写理由"):
        withdraw_plan(session, plan, reason=" ", actor=SYSTEM, now=NOW)
    cancelled = withdraw_plan(session, plan, reason="暴雨", actor=SYSTEM, now=NOW)
    assert cancelled == len(plan.tasks) - 1
    assert plan.state == "withdrawn"
    assert begun.state == "in_progress"
    assert {task.state for task in plan.tasks[1:]} == {"cancelled"}
    later = planned(session)
    publish_plan(session, later, actor=SYSTEM, now=NOW)
    events = session.scalars(
        select(Event.event)
        .where(Event.subject_kind == "plan", Event.subject_id == plan.id)
        .order_by(Event.id)
    ).all()
    assert list(events) == ["draft", "publish", "withdraw"]
