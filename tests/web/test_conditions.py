"""The page of a week's conditions: who may, searching, recording, ending, affected plans."""

from datetime import timedelta

import pytest
from flask import Blueprint
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import (
    AuditEntry,
    CrewAbsence,
    CrewAssignment,
    PatrolExemption,
    PersonAbsence,
    Road,
    RoadClosure,
)
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from tests.condition_factories import exempt
from tests.conftest import NOW
from tests.factories import client_of, make_road
from tests.small_county import WEEK, SmallCounty, make_small_county, request

PAGE = "/plans/conditions?week=2026-W13"
SPELL = {
    "week": "2026-W13",
    "from_day": "2026-03-24",
    "to_day": "2026-03-29",
    "reason": "河水漫堤",
}


@pytest.fixture
def county(session: Session) -> SmallCounty:
    return make_small_county(session)


def publish(session: Session) -> None:
    wanted = request(first_day=NOW.date())
    plan = plan_week(session, WEEK, request=wanted, actor=SYSTEM, now=NOW)
    publish_plan(session, plan, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    "role", [Role.WORKER, Role.INSPECTOR, Role.DIRECTOR, Role.SUPERVISOR, Role.ADMINISTRATOR]
)
def test_those_who_make_no_plans_do_not_get_the_page(app, session, county, *, role):
    client = client_of(app, session, role)
    assert client.get(PAGE).status_code == 403
    data = SPELL | {"crew": county.east_crew.id}
    assert client.post("/plans/conditions/crews", data=data).status_code == 403
    assert session.scalars(select(CrewAbsence)).all() == []


def test_a_township_chief_is_told_that_the_countys_post_decides(app, session, county):
    client = client_of(app, session, Role.CHIEF, county.west)
    assert client.get(PAGE).status_code == 403
    row = exempt(session, "outlet", county.outlet.id, days=(0, 6))
    assert client.post(f"/plans/conditions/exemptions/{row.id}/end").status_code == 404
    data = SPELL | {"crew": county.west_crew.id}
    assert client.post("/plans/conditions/crews", data=data).status_code == 403


def test_an_object_is_found_by_name_and_exempted(app, session, county):
    client = client_of(app, session)
    found = client.get(f"{PAGE}&of=exemptions&q=一号").text
    assert f'value="outlet:{county.outlet.id}"' in found
    data = SPELL | {"object": f"outlet:{county.outlet.id}", "ground": "flood"}
    answer = client.post("/plans/conditions/exemptions", data=data, follow_redirects=True)
    assert "已登记1个对象免巡" in answer.text
    assert "河水漫堤" in answer.text
    row = session.scalars(select(PatrolExemption)).one()
    assert (row.from_day.isoformat(), row.ground) == ("2026-03-24", "flood")
    assert session.scalars(
        select(AuditEntry).where(AuditEntry.action == "patrol_exemption.record")
    ).one()


def test_a_search_without_hits_says_so_and_shows_hostile_names_as_text(app, session, county):
    county.outlet.name = "<script>alert(1)</script>口"
    client = client_of(app, session)
    assert "没有找到名称含“无此物”的对象" in client.get(f"{PAGE}&q=无此物").text
    page = client.get(f"{PAGE}&q=<script>").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.usefixtures("county")
def test_a_road_without_a_name_is_picked_by_a_point_and_closed(app, session):
    road = make_road(session, [(120.5, 31.5), (120.6, 31.5)], name=None)
    client = client_of(app, session)
    found = client.get(f"{PAGE}&of=roads&lon=120.55&lat=31.501").text
    assert f'value="{road.id}" checked' in found
    assert "无名道路" in found
    answer = client.post(
        "/plans/conditions/roads", data=SPELL | {"road": road.id}, follow_redirects=True
    )
    assert "已登记1条道路封闭" in answer.text
    assert f"№{road.id}" in answer.text


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("point", ["lon=&lat=31", "lon=200&lat=31", "lon=nan&lat=31", "lon=x"])
def test_what_is_no_point_is_refused(app, session, *, point):
    assert client_of(app, session).get(f"{PAGE}&of=roads&{point}").status_code == 422


@pytest.mark.usefixtures("county")
def test_every_tab_opens_and_an_unknown_one_is_not_found(app, session):
    client = client_of(app, session)
    for tab in ("exemptions", "crews", "persons", "roads", "assignments"):
        assert client.get(f"{PAGE}&of={tab}").status_code == 200
    assert client.get(f"{PAGE}&of=weather").status_code == 404
    assert client.get("/plans/conditions").status_code == 200
    assert client.get("/plans/conditions?week=2026-13").status_code == 422


def test_crews_persons_roads_and_assignments_are_recorded(app, session, county):
    road = make_road(session, [(120, 31), (120.1, 31)], name="村道1")
    client = client_of(app, session)
    person = county.west_crew
    people = client.get(f"{PAGE}&of=persons").text
    assert "西组" in people
    assert f'value="{road.id}"' in client.get(f"{PAGE}&of=roads&q=村道").text
    officer = session.scalars(select(PersonAbsence)).first()
    assert officer is None
    member = people.split('<option value="')[2].split('"')[0]
    posts = {
        "crews": {"crew": person.id},
        "persons": {"person": member, "kind": "training"},
        "roads": {"road": [road.id, road.id]},
        "assignments": {
            "crew": person.id,
            "rule": "never",
            "object": f"outlet:{county.outlet.id}",
            "grid": county.east.id,
        },
    }
    for tab, data in posts.items():
        answer = client.post(f"/plans/conditions/{tab}", data=SPELL | data, follow_redirects=True)
        assert answer.status_code == 200
        assert "河水漫堤" in answer.text
    for table, count in (
        (CrewAbsence, 1),
        (PersonAbsence, 1),
        (RoadClosure, 1),
        (CrewAssignment, 2),
    ):
        assert len(session.scalars(select(table)).all()) == count


def test_an_open_end_is_until_further_notice(app, session, county):
    client = client_of(app, session)
    data = SPELL | {"to_day": "", "crew": county.east_crew.id}
    answer = client.post("/plans/conditions/crews", data=data, follow_redirects=True)
    assert "另行通知为止" in answer.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"reason": " "}, "请填写理由"),
        ({"to_day": "2026-03-01"}, "截止日2026-03-01早于起始日2026-03-24"),
        ({"from_day": "morgen"}, "填写有误"),
        ({"crew": "x"}, "填写有误"),
        ({"crew": "999999"}, "没有找到班组"),
    ],
)
def test_what_is_wrong_in_a_form_is_told(app, session, county, *, data, words):
    client = client_of(app, session)
    form = SPELL | {"crew": county.east_crew.id} | data
    answer = client.post("/plans/conditions/crews", data=form)
    assert answer.status_code in (404, 422)
    assert words in answer.text


def test_a_condition_is_ended_and_then_grey(app, session, county):
    row = exempt(session, "outlet", county.outlet.id, days=(0, 6))
    client = client_of(app, session)
    address = f"/plans/conditions/exemptions/{row.id}/end"
    answer = client.post(address, data={"week": "2026-W13"}, follow_redirects=True)
    assert "已结束,自2026-03-24起不再适用" in answer.text
    assert 'class="past' in answer.text
    assert "结束</button>" not in answer.text
    assert client.post(address).status_code == 409
    assert client.post("/plans/conditions/exemptions/999999/end").status_code == 404


def test_a_published_plan_that_is_affected_is_named_with_its_tasks(app, session, county):
    publish(session)
    client = client_of(app, session)
    assert "第1版已下达,登记的条件与其任务不冲突" in client.get(PAGE).text
    exempt(session, "segment", county.segments[2].id, days=(0, 6))
    exempt(session, "segment", county.segments[3].id, days=(0, 6))
    page = client.get(PAGE).text
    assert "第1版已下达," in page
    assert "个任务受影响" in page
    assert "有免巡的对象" in page
    assert "/plans/changes?week=2026-W13" in page


def test_the_way_to_the_changes_is_offered_where_there_is_one(app, session, county):
    if "replan.page" not in app.view_functions:
        changes = Blueprint("replan", __name__)
        changes.add_url_rule("/plans/changes", endpoint="page", view_func=lambda: "")
        app.register_blueprint(changes)
    publish(session)
    exempt(session, "segment", county.segments[2].id, days=(0, None))
    exempt(session, "segment", county.segments[3].id, days=(0, None))
    page = client_of(app, session).get(PAGE).text
    assert "/plans/changes?week=2026-W13" in page


def test_the_plan_shows_what_is_exempt_and_leads_to_the_conditions(app, session, county):
    road = session.scalars(select(Road)).one()
    session.add(
        RoadClosure(
            road_id=road.id,
            from_day=WEEK,
            to_day=WEEK + timedelta(days=1),
            reason="修桥",
            recorded_at=NOW,
        )
    )
    exempt(session, "outlet", county.outlet.id, days=(0, None), reason="河水漫堤")
    plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    page = client_of(app, session).get("/plans?week=2026-W13").text
    assert "免巡1个对象" in page
    assert "河水漫堤" in page
    assert "修桥" in page
    assert "/plans/conditions?week=2026-W13" in page
    town = client_of(app, session, Role.CHIEF, county.west).get("/plans?week=2026-W13").text
    assert "免巡1个对象" not in town
    assert "/plans/conditions" not in town


def test_the_board_shows_the_hours_of_a_shift_that_crosses_midnight(app, session, county):
    plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    county.east_crew.shift_start = county.east_crew.shift_start.replace(hour=18, minute=0)
    county.east_crew.shift_end = county.east_crew.shift_end.replace(hour=2, minute=0)
    page = client_of(app, session).get("/plans?week=2026-W13").text
    assert "/8.0h" in page
    assert "-" not in page.split("/8.0h")[0][-5:]
