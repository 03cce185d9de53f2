"""The page on which a published plan is changed: who may, what it finds, offers, adoption."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import PatrolStop, PlanChange
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
