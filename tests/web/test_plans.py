"""The plan's page: board, scope, permissions, making, publishing, sheet and GPX."""

from datetime import timedelta
from xml.etree import ElementTree as Xml

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import PatrolPlan, PatrolTask, Person, PlanRun, PlanUncovered
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from tests.conftest import NOW
from tests.factories import client_of, make_grid, make_outlet
from tests.small_county import WEEK, make_small_county, request

PAGE = "/plans?week=2026-W13"


@pytest.fixture
def county(session: Session):
    return make_small_county(session)


@pytest.fixture
def plan(session: Session, county) -> PatrolPlan:
    assert county.segments
    return plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)


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


@pytest.mark.usefixtures("plan")
def test_a_look_at_an_edit_is_json_and_writes_nothing(app, session, county, plan):
    task = task_of(session, county.east_crew)
    stop = task.stops[0]
    before = [(one.id, one.seq) for one in task.stops]
    client = client_of(app, session, Role.DEPUTY)
    wanted = {"stop": stop.id, "crew": county.west_crew.id, "day": str(task.day)}
    look = client.post(f"/api/plans/{plan.id}/edits/preview", json=wanted).json
    assert look["allowed"] is False
    assert "不归 西组 负责" in look["faults"][0]
    free = next(day for day in range(5) if WEEK + timedelta(days=day) != task.day)
    wanted = {"stop": stop.id, "crew": task.crew_id, "day": str(WEEK + timedelta(days=free))}
    look = client.post(f"/api/plans/{plan.id}/edits/preview", json=wanted).json
    assert (look["allowed"], look["faults"], look["served"]) == (True, [], 0)
    assert look["travel_minutes"] > 0
    assert [day["crew"] for day in look["days"]] == ["东组", "东组"]
    assert look["days"][1]["stops"][0]["name"] == stop.name
    session.expire_all()
    assert [(one.id, one.seq) for one in task.stops] == before
    assert client.get(f"/api/plans/{plan.id}/edits/ready").json == {"ready": True}


@pytest.mark.usefixtures("plan")
def test_an_edit_by_json_names_the_page_and_can_be_undone(app, session, county, plan):
    task = task_of(session, county.east_crew)
    free = WEEK + timedelta(
        days=next(day for day in range(5) if WEEK + timedelta(days=day) != task.day)
    )
    client = client_of(app, session, Role.DEPUTY)
    wanted = {"task": task.id, "crew": task.crew_id, "day": str(free)}
    answer = client.post(f"/api/plans/{plan.id}/edits", json=wanted)
    assert answer.status_code == 200
    page = client.get(answer.json["page"]).text
    assert "已调整,核验通过" in page
    assert "撤销调整" in page
    assert task_of(session, county.east_crew).day == free
    assert client.post(f"/plans/{plan.id}/undo").status_code == 302
    assert "撤销调整" not in client.get(f"{PAGE}&plan={plan.id}").text
    assert client.post(f"/plans/{plan.id}/undo").status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"stop": "x", "crew": 1, "day": "2026-03-24"},
        {"stop": 1, "crew": 1, "day": "soon"},
        {"stop": 10**30, "crew": 1, "day": "2026-03-24"},
        {"stop": 1, "crew": 1, "day": "2026-03-24", "position": -1},
        {"uncovered": None, "crew": 1, "day": "2026-03-24"},
    ],
)
def test_an_edit_that_says_nothing_is_refused(app, session, plan, body):
    client = client_of(app, session, Role.DEPUTY)
    for address in ("edits", "edits/preview"):
        assert client.post(f"/api/plans/{plan.id}/{address}", json=body).status_code == 422


def test_only_the_countys_planners_edit_copy_pin_or_stop(app, session, county, plan):
    task = task_of(session, county.west_crew)
    run = PlanRun(week=WEEK, seed=1, parameters={}, requested_at=NOW)
    run.requested_by = session.scalars(select(Person.id)).first()
    session.add(run)
    session.flush()
    wanted = {"stop": task.stops[0].id, "crew": task.crew_id, "day": str(task.day), "position": 0}
    town = client_of(app, session, Role.CHIEF, grid=county.west)
    worker = client_of(app, session, Role.WORKER, grid=county.west)
    for client in (town, worker):
        answers = [
            client.post(f"/api/plans/{plan.id}/edits", json=wanted),
            client.post(f"/api/plans/{plan.id}/edits/preview", json=wanted),
            client.get(f"/api/plans/{plan.id}/edits/ready"),
            client.post(f"/plans/{plan.id}/undo"),
            client.post(f"/plans/{plan.id}/copy"),
            client.post(f"/plans/tasks/{task.id}/pin", data={"pinned": "yes"}),
            client.post(f"/plans/runs/{run.id}/cancel"),
        ]
        assert {one.status_code for one in answers} <= {403, 404}
    page = town.get(PAGE).text
    for word in ("撤销调整", "复制为新版本", "锁定全部", 'class="grip"', "重新生成"):
        assert word not in page


@pytest.mark.usefixtures("plan")
def test_pins_are_set_and_loosened_from_the_page(app, session, county):
    task = task_of(session, county.east_crew)
    client = client_of(app, session, Role.DEPUTY)
    one = {"pinned": "yes", "stop": task.stops[0].id}
    assert client.post(f"/plans/tasks/{task.id}/pin", data=one).status_code == 302
    assert "已锁定" in client.get(f"{PAGE}&task={task.id}").text
    assert client.post(f"/plans/tasks/{task.id}/pin", data={"pinned": "yes"}).status_code == 302
    session.expire_all()
    assert all(stop.pinned for stop in task.stops)
    assert "解锁全部" in client.get(f"{PAGE}&task={task.id}").text
    client.post(f"/plans/tasks/{task.id}/pin", data={"pinned": "no"})
    session.expire_all()
    assert not any(stop.pinned for stop in task.stops)


def test_a_copy_is_a_new_draft_that_says_what_it_left_out(app, session, county):
    later = WEEK + timedelta(days=7)
    plan = plan_week(session, later, request=request(), actor=SYSTEM, now=NOW)
    county.outlet.closed = True
    client = client_of(app, session, Role.DEPUTY)
    page = client.get(client.post(f"/plans/{plan.id}/copy").location).text
    assert "已复制为第2版,1个点未能复制" in page
    assert "一号排口 · 西组" in page
    assert "本周不到期" in page
    assert "与第1版相比" in page
    assert "复制上周计划" in client.get("/plans?week=2026-W15").text
    copied = client.post(f"/plans/{plan.id}/copy", data={"week": "2026-W15"})
    assert "week=2026-W15" in copied.location


def test_a_copy_within_the_week_under_way_leaves_the_days_that_are_over(app, session, plan):
    first, last = (WEEK + timedelta(days=day) for day in (0, 3))
    for place, task in enumerate(plan.tasks):
        task.day = (first, last)[place]
    client = client_of(app, session, Role.DEPUTY)
    page = client.get(client.post(f"/plans/{plan.id}/copy").location).text
    assert "日期已过" in page
    copy = session.scalars(select(PatrolPlan).order_by(PatrolPlan.id.desc())).first()
    assert {task.day for task in copy.tasks} == {last}


@pytest.mark.usefixtures("plan")
def test_the_board_names_what_is_too_full_or_too_empty(app, session, county):
    east, west = task_of(session, county.east_crew), task_of(session, county.west_crew)
    east.travel_min = 60 * 20
    west.travel_min = west.service_min = 1
    page = client_of(app, session, Role.DEPUTY).get(PAGE).text
    assert "<em>超时</em>" in page
    assert "<em>偏闲</em>" in page


@pytest.mark.usefixtures("plan")
def test_two_versions_are_compared_in_figures_and_on_the_map(app, session, county, plan):
    other = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    task = next(one for one in other.tasks if one.crew_id == county.east_crew.id)
    free = next(day for day in range(5) if WEEK + timedelta(days=day) != task.day)
    client = client_of(app, session, Role.DEPUTY)
    wanted = {"crew": task.crew_id, "day": str(WEEK + timedelta(days=free))}
    assert client.post(f"/plans/stops/{task.stops[0].id}/move", data=wanted).status_code == 302
    page = client.get(f"{PAGE}&plan={other.id}&against={plan.id}").text
    assert "其中行程小时" in page
    assert "改期或换组1处" in page
    drawn = client.get(f"/api/plans/{other.id}/routes?against={plan.id}").json
    count = {name: len(drawn[name]["features"]) for name in ("kept", "added", "removed")}
    assert count == {"kept": 1, "added": 2, "removed": 1}
    town = client_of(app, session, Role.CHIEF, grid=county.west)
    seen = town.get(f"/api/plans/{other.id}/routes?against={plan.id}").json
    assert (len(seen["kept"]["features"]), len(seen["added"]["features"])) == (1, 0)


@pytest.mark.usefixtures("county")
def test_a_run_is_stopped_from_the_page_before_and_while_it_works(app, session):
    client = client_of(app, session, Role.DEPUTY)
    client.post("/plans/runs", data={"week": "2026-W13", "iterations": "50"})
    run = session.scalars(select(PlanRun)).one()
    assert run.parameters["iterations"] == 50
    assert "停止,保留目前最好的方案" in client.get(PAGE).text
    assert client.post(f"/plans/runs/{run.id}/cancel", data={"keep": "no"}).status_code == 302
    session.refresh(run)
    assert (run.ended_at, run.problem) == (NOW, "编排已取消,没有生成计划")
    assert "编排已取消" in client.get(PAGE).text
    assert client.post(f"/plans/runs/{run.id}/cancel").status_code == 409
    client.post("/plans/runs", data={"week": "2026-W13"})
    run = session.scalars(select(PlanRun).order_by(PlanRun.id.desc())).first()
    run.started_at = run.told_at = NOW
    session.commit()
    assert client.post(f"/plans/runs/{run.id}/cancel", data={"keep": "yes"}).status_code == 302
    state = client.get(f"/api/plans/runs/{run.id}").json
    assert (state["cancelled"], state["ended"], state["points"]) == (True, False, [])
