"""The plan's page: board, scope, permissions, making, publishing, sheet and GPX."""

from datetime import timedelta
from xml.etree import ElementTree as Xml

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import PatrolPlan, PatrolTask, PlanRun, PlanUncovered
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from tests.conftest import NOW
from tests.factories import log_in, make_account, make_grid, make_outlet
from tests.small_county import WEEK, make_small_county, request

PAGE = "/plans?week=2026-W13"


@pytest.fixture
def county(session: Session):
    return make_small_county(session)


@pytest.fixture
def plan(session: Session, county) -> PatrolPlan:
    assert county.segments
    return plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)


def client_of(app: Flask, session: Session, role: Role, grid=None):
    account = make_account(session, role, grid=grid)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def task_of(session: Session, crew) -> PatrolTask:
    return session.scalars(select(PatrolTask).where(PatrolTask.crew_id == crew.id)).first()


def test_a_week_without_a_plan_says_so_and_offers_to_make_one(app, session):
    page = client_of(app, session, Role.DEPUTY).get(PAGE).text
    assert "2026-W13还没有计划" in page
    assert "生成计划" in page


@pytest.mark.usefixtures("plan")
def test_the_board_shows_crews_figures_and_the_verdict(app, session):
    page = client_of(app, session, Role.DEPUTY).get(PAGE).text
    assert "东组" in page
    assert "西组" in page
    assert "5/5" in page
    assert "核验通过" in page
    assert "到期的巡查全部安排" in page
    assert "距最优不超过" in page


def test_a_plan_taken_over_without_the_figures_of_a_search_is_shown(app, session, plan):
    plan.figures, plan.verdict = {"tasks": 2}, {"violations": []}
    left = PlanUncovered(
        plan_id=plan.id,
        object_kind="outlet",
        object_id=1,
        name="旧口",
        visits_missing=1,
        reason="old_system",
        facts={},
    )
    session.add(left)
    page = client_of(app, session, Role.DEPUTY).get(PAGE)
    assert page.status_code == 200
    assert "5/6" in page.text
    assert "原因未记录" in page.text
    assert "距最优不超过" not in page.text


def test_the_distance_from_the_best_follows_the_rows_and_is_the_countys(app, session, plan, county):
    hours = sum(task.travel_min + task.service_min for task in plan.tasks) / 60
    plan.figures = {**plan.figures, "bound_s": hours * 3600 / 1.25}
    page = client_of(app, session, Role.DEPUTY).get(PAGE).text
    assert "距最优不超过 <strong>25.0%</strong>" in page
    town = client_of(app, session, Role.CHIEF, grid=county.west).get(PAGE).text
    assert "距最优不超过" not in town


@pytest.mark.usefixtures("plan")
def test_a_chosen_crew_day_lists_its_stops_in_order(app, session, county):
    task = task_of(session, county.east_crew)
    page = client_of(app, session, Role.DEPUTY).get(f"{PAGE}&task={task.id}").text
    assert "总干渠第3段" in page
    assert "08:30–" in page


def test_what_is_left_out_is_told_with_reason_and_remedy(app, session, county):
    north = make_grid(session, parent=county.county, name="北镇")
    make_outlet(session, 120.05, 31.0, name="北口", grid_id=north.id)
    plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    page = client_of(app, session, Role.DEPUTY).get(PAGE).text
    assert "网格 北镇 没有负责的巡查组" in page
    assert "为网格 北镇 指定巡查组" in page


def test_a_township_sees_its_own_tasks_stops_and_gaps_only(app, session, county):
    north = make_grid(session, parent=county.county, name="北镇")
    make_outlet(session, 120.05, 31.0, name="北口", grid_id=north.id)
    plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    east, west = task_of(session, county.east_crew), task_of(session, county.west_crew)
    client = client_of(app, session, Role.CHIEF, grid=county.west)
    page = client.get(PAGE).text
    assert "西组" in page
    assert "东组" not in page
    assert "北口" not in page
    assert "3/3" in page
    assert client.get(f"{PAGE}&task={east.id}").status_code == 404
    assert client.get(f"/plans/tasks/{east.id}/sheet").status_code == 404
    assert client.get(f"/plans/tasks/{east.id}.gpx").status_code == 404
    assert client.get(f"/plans/tasks/{west.id}/sheet").status_code == 200
    drawn = client.get(f"/api/plans/{plan.id}/routes").json
    assert {one["properties"]["name"] for one in drawn["routes"]["features"]} == {"西组"}
    assert {one["properties"]["task"] for one in drawn["stops"]["features"]} <= {
        task.id for task in plan.tasks if task.crew_id == county.west_crew.id
    }


@pytest.mark.usefixtures("plan")
def test_stops_outside_the_township_are_counted_not_shown(app, session, county):
    task = task_of(session, county.east_crew)
    task.stops[0].grid_id = county.west.id
    client = client_of(app, session, Role.CHIEF, grid=county.west)
    page = client.get(f"{PAGE}&task={task.id}").text
    assert f"另有{len(task.stops) - 1}个点不在您的管辖范围内" in page


def test_a_township_chief_neither_makes_nor_publishes_the_countys_plan(app, session, county, plan):
    client = client_of(app, session, Role.CHIEF, grid=county.west)
    assert "生成计划" not in client.get(PAGE).text
    made = client.post("/plans/runs", data={"week": "2026-W13"})
    assert made.status_code == 403
    assert "只管部分网格" in made.text
    assert client.post(f"/plans/{plan.id}/publish").status_code == 403
    session.refresh(plan)
    assert plan.state == "draft"


def test_workers_see_published_plans_and_no_drafts(app, session, county, plan):
    worker = client_of(app, session, Role.WORKER, grid=county.east)
    task = task_of(session, county.east_crew)
    assert "还没有计划" in worker.get(PAGE).text
    assert worker.get(f"/plans/tasks/{task.id}/sheet").status_code == 404
    assert worker.get(f"/api/plans/{plan.id}/routes").status_code == 404
    publish_plan(session, plan, actor=SYSTEM, now=NOW)
    session.commit()
    assert "东组" in worker.get(PAGE).text
    assert worker.get(f"/plans/tasks/{task.id}/sheet").status_code == 200


def test_a_plan_is_published_and_withdrawn_from_the_page(app, session, plan):
    client = client_of(app, session, Role.DEPUTY)
    assert client.post(f"/plans/{plan.id}/publish").status_code == 302
    session.refresh(plan)
    assert plan.state == "published"
    assert client.post(f"/plans/{plan.id}/withdraw", data={"reason": ""}).status_code == 422
    assert client.post(f"/plans/{plan.id}/withdraw", data={"reason": "暴雨"}).status_code == 302
    session.refresh(plan)
    assert plan.state == "withdrawn"


@pytest.mark.usefixtures("plan")
def test_two_versions_are_compared(app, session, county, plan):
    other = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    client = client_of(app, session, Role.DEPUTY)
    same = client.get(f"{PAGE}&plan={other.id}&against={plan.id}").text
    assert "两个版本的安排相同" in same
    moved = task_of(session, county.east_crew)
    free = {WEEK + timedelta(days=day) for day in range(5)} - {
        task.day for task in plan.tasks if task.crew_id == county.east_crew.id
    }
    moved.day = min(free)
    session.commit()
    page = client.get(f"{PAGE}&plan={other.id}&against={plan.id}").text
    assert f"{moved.day:%m-%d} 东组" in page


@pytest.mark.usefixtures("county")
def test_the_button_queues_one_job_and_shows_that_no_worker_runs(app, session):
    client = client_of(app, session, Role.DEPUTY)
    assert client.post("/plans/runs", data={"week": "2026-W13", "seed": "3"}).status_code == 302
    run = session.scalars(select(PlanRun)).one()
    assert (run.week, run.seed) == (WEEK, 3)
    queued = session.scalar(text("SELECT count(*) FROM jobs.procrastinate_jobs"))
    assert queued == 1
    assert f"/api/plans/runs/{run.id}" in client.get(PAGE).text
    assert client.get(f"/api/plans/runs/{run.id}").json["no_worker"] is False
    app.extensions["clock"] = lambda: NOW + timedelta(seconds=30)
    state = client.get(f"/api/plans/runs/{run.id}").json
    assert (state["stage"], state["no_worker"], state["ended"]) == ("waiting", True, False)
    again = client.post("/plans/runs", data={"week": "2026-W13"})
    assert again.status_code == 409


@pytest.mark.usefixtures("plan")
def test_a_stop_is_moved_from_the_page_or_refused_in_words(app, session, county):
    task = task_of(session, county.east_crew)
    stop = task.stops[0]
    other = next(day for day in range(5) if WEEK + timedelta(days=day) != task.day)
    wanted = {"crew": county.east_crew.id, "day": str(WEEK + timedelta(days=other))}
    wrong = {**wanted, "crew": county.west_crew.id}
    client = client_of(app, session, Role.DEPUTY)
    refused = client.post(f"/plans/stops/{stop.id}/move", data=wrong)
    assert refused.status_code == 422
    assert "不归 西组 负责" in refused.text
    name = stop.name
    assert client.post(f"/plans/stops/{stop.id}/move", data=wanted).status_code == 302
    assert f"“{name}”已调整" in client.get(PAGE).text


def test_a_wrong_week_or_seed_is_refused(app, session):
    client = client_of(app, session, Role.DEPUTY)
    assert client.get("/plans?week=2026-13").status_code == 422
    assert client.post("/plans/runs", data={"week": "next"}).status_code == 422
    wrong = client.post("/plans/runs", data={"week": "2026-W13", "seed": "one"})
    assert wrong.status_code == 422


@pytest.mark.usefixtures("plan")
def test_the_gpx_has_the_stops_in_order_and_the_whole_route(app, session, county):
    task = task_of(session, county.east_crew)
    answer = client_of(app, session, Role.DEPUTY).get(f"/plans/tasks/{task.id}.gpx")
    root = Xml.fromstring(answer.data)  # noqa: S314 - our own answer
    space = {"g": "http://www.topografix.com/GPX/1/1"}
    names = [one.text for one in root.findall("g:wpt/g:name", space)]
    assert names == [f"{stop.seq} {stop.name}" for stop in task.stops]
    first = root.find("g:trk/g:trkseg/g:trkpt", space)
    assert (float(first.get("lon")), float(first.get("lat"))) == pytest.approx((120.15, 31.0))


def test_markup_in_names_stays_text(app, session, county):
    county.outlet.name = "<img src=x onerror=alert(1)>"
    plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    task = next(
        task
        for task in session.scalars(select(PatrolTask))
        if any("img" in stop.name for stop in task.stops)
    )
    client = client_of(app, session, Role.DEPUTY)
    for address in (f"{PAGE}&task={task.id}", f"/plans/tasks/{task.id}/sheet"):
        page = client.get(address).text
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page
