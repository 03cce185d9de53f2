"""The page on which a published plan is changed: who may, what it finds, offers, adoption."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import ComplaintMatter, PatrolStop, PlanChange
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from tests.conftest import NOW
from tests.factories import log_in, make_account, make_matter
from tests.small_county import WEEK, make_small_county, request

ADDRESS = "/plans/changes?week=2026-W13"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def county(session):
    return make_small_county(session)


@pytest.fixture
def plan(session, county):
    assert county.segments
    made = plan_week(
        session, WEEK, request=request(first_day=WEEK + timedelta(days=2)), actor=SYSTEM, now=NOW
    )
    publish_plan(session, made, actor=SYSTEM, now=NOW)
    return made


@pytest.fixture
def matter(session, county):
    return make_matter(
        session,
        at=NOW,
        title="河面大量泡沫",
        severity="urgent",
        grid_id=county.east.id,
        geom="SRID=4490;POINT(120.14 31.0005)",
    )


def post_offers(client, **values):
    return client.post("/plans/changes", data={"week": "2026-W13"} | values)


def offers(session) -> list[PlanChange]:
    return list(session.scalars(select(PlanChange).order_by(PlanChange.id)))


@pytest.mark.usefixtures("plan")
def test_a_chief_sees_the_urgent_matter_asks_for_offers_and_adopts_one(client, session, matter):
    log_in(client, make_account(session, Role.CHIEF))
    page = client.get(ADDRESS).text
    assert "河面大量泡沫" in page
    assert f'value="matter:{matter.id}" checked' in page
    answer = post_offers(client, urgent=f"matter:{matter.id}")
    assert answer.status_code == 302
    page = client.get(ADDRESS).text
    assert "只插入" in page
    assert "局部优化" in page
    assert "✓" in page
    first, _ = offers(session)
    answer = client.post(f"/plans/changes/{first.id}/adopt", data={"reason": "群众投诉"})
    assert answer.status_code == 302
    page = client.get(ADDRESS).text
    assert "已调整1次" in page
    assert "群众投诉" in page
    names = session.scalars(select(PatrolStop.name)).all()
    assert "河面大量泡沫" in names


@pytest.mark.usefixtures("plan")
def test_new_offers_take_the_place_of_the_old_ones(client, session, matter):
    log_in(client, make_account(session, Role.CHIEF))
    post_offers(client, urgent=f"matter:{matter.id}")
    before = {one.id for one in offers(session)}
    post_offers(client, urgent=f"matter:{matter.id}")
    after = {one.id for one in offers(session)}
    assert len(after) == 2
    assert not before & after


@pytest.mark.usefixtures("plan")
def test_objects_are_found_by_name_and_made_urgent(client, session, county):
    log_in(client, make_account(session, Role.CHIEF))
    page = client.get(f"{ADDRESS}&find=一号").text
    assert f'value="outlet:{county.outlet.id}"' in page
    assert "没有名称含" in client.get(f"{ADDRESS}&find=没有的").text


@pytest.mark.usefixtures("plan")
def test_an_empty_form_is_refused_in_words(client, session):
    log_in(client, make_account(session, Role.CHIEF))
    answer = post_offers(client)
    assert answer.status_code in (400, 409, 422)
    assert "没有需要调整的事项" in answer.text


@pytest.mark.usefixtures("plan")
def test_a_week_without_published_plan_says_so(client, session):
    log_in(client, make_account(session, Role.CHIEF))
    assert "没有已下达的计划" in client.get("/plans/changes?week=2026-W20").text
    answer = client.post("/plans/changes", data={"week": "2026-W20", "rain": "on"})
    assert "没有已下达的计划" in answer.text


@pytest.mark.parametrize(
    ("role", "in_township", "status"),
    [
        (Role.CHIEF, False, 200),
        (Role.DEPUTY, False, 200),
        (Role.CHIEF, True, 403),
        (Role.SUPERVISOR, False, 403),
        (Role.WORKER, False, 403),
        (Role.INSPECTOR, False, 403),
    ],
)
@pytest.mark.usefixtures("plan")
def test_who_may_change_a_plan(client, session, county, role, in_township, status):
    log_in(client, make_account(session, role, grid=county.west if in_township else None))
    assert client.get(ADDRESS).status_code == status
    assert post_offers(client, rain="on").status_code == (302 if status == 200 else status)


@pytest.mark.usefixtures("plan")
def test_a_foreign_number_is_not_found(client, session):
    log_in(client, make_account(session, Role.CHIEF))
    answer = client.post("/plans/changes/999999/adopt", data={"reason": "x"})
    assert answer.status_code == 404


PLACE = {
    "summary": "桥下水面有大量泡沫",
    "channel": "assigned",
    "pollution_type": "water",
    "lon": "120.140000",
    "lat": "31.000500",
}


@pytest.mark.usefixtures("plan")
def test_a_place_picked_on_the_map_becomes_an_urgent_matter_that_is_offered(client, session):
    log_in(client, make_account(session, Role.DEPUTY))
    assert "在地图上选一处" in client.get(ADDRESS).text
    assert post_offers(client, **PLACE).status_code == 302
    matter = session.scalars(select(ComplaintMatter)).one()
    key = f"matter:{matter.id}"
    for one in offers(session):
        assert one.request["urgent"] == [key]
        (arrival,) = one.figures["arrivals"]
        assert (arrival["name"], arrival["kept"]) == (PLACE["summary"], True)
    page = client.get(ADDRESS).text
    assert f'value="{key}" checked' in page
    assert matter.matter_no in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"summary": ""}, "情况说明"),
        ({"lon": ""}, "lon"),
        ({"lat": "北"}, "lat"),
        ({"lon": "121.5"}, "不属于任何网格"),
        ({"channel": ""}, "SourceChannel"),
        ({"pollution_type": "smell"}, "PollutionType"),
    ],
)
@pytest.mark.usefixtures("plan")
def test_a_place_told_by_halves_is_refused_and_nothing_is_kept(client, session, values, words):
    log_in(client, make_account(session, Role.DEPUTY))
    answer = post_offers(client, **(PLACE | values))
    assert answer.status_code == 422
    assert words in answer.text
    assert session.scalars(select(ComplaintMatter)).all() == []
    assert offers(session) == []


@pytest.mark.usefixtures("plan")
def test_an_offer_is_drawn_as_it_is_and_as_it_would_be(client, session, matter, county):
    log_in(client, make_account(session, Role.CHIEF))
    post_offers(client, urgent=f"matter:{matter.id}")
    first, second = offers(session)
    drawn = client.get(f"/api/plans/changes/{first.id}/routes").json
    ((crew, day, order),) = first.orders["crew_days"]
    assert drawn["before"]["features"] == []  # The plan begins tomorrow.
    (after,) = drawn["after"]["features"]
    assert after["properties"] == {"name": crew, "day": str(WEEK + timedelta(days=day))}
    (line,) = after["geometry"]["coordinates"]
    settled = next(keys for name, on, keys in first.orders["settled"] if (name, on) == (crew, day))
    places = [*settled, *order]
    assert len(line) == len(places) + 2
    assert line[0] == line[-1]
    assert line[1 + places.index(f"matter:{matter.id}")] == [120.14, 31.0005]
    (moved,) = drawn["moved"]["features"]
    assert moved["geometry"]["coordinates"] == [120.14, 31.0005]
    assert moved["properties"] == {"name": "河面大量泡沫", "asked": True}
    client.post(f"/plans/changes/{first.id}/adopt", data={"reason": "群众投诉"})
    assert client.get(f"/api/plans/changes/{first.id}/routes").status_code == 404
    town = client.application.test_client()
    log_in(town, make_account(session, Role.CHIEF, grid=county.west))
    assert town.get(f"/api/plans/changes/{second.id}/routes").status_code == 404


def test_the_routes_an_absence_touches_are_drawn_before_and_after(client, session, plan):
    log_in(client, make_account(session, Role.CHIEF))
    lost = next(task for task in plan.tasks if task.stops)
    post_offers(client, absent=f"{lost.crew_id} {lost.day}")
    drawn = client.get(f"/api/plans/changes/{offers(session)[0].id}/routes").json
    before = {
        (one["properties"]["task"], one["properties"]["day"]) for one in drawn["before"]["features"]
    }
    assert (lost.id, str(lost.day)) in before
    after = {
        (one["properties"]["name"], one["properties"]["day"]) for one in drawn["after"]["features"]
    }
    assert after
    assert (lost.crew.name, str(lost.day)) not in after
    names = {one["properties"]["name"] for one in drawn["moved"]["features"]}
    assert {stop.name for stop in lost.stops} <= names
