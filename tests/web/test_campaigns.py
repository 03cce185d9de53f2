"""Pages of campaigns: counts and units, filters in the address, an item's steps, scope, matters."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.domain.calendar import local_day
from inspect_app.models import Campaign, CampaignItem, Post
from inspect_app.queries.campaign_record import item_version
from tests.conftest import NOW
from tests.factories import FROM, client_of, make_grid, make_matter, make_policies

TODAY = local_day(NOW)


@pytest.fixture
def county(session):
    return make_grid(session, name="示例县")


@pytest.fixture
def deputy(app, session):
    make_policies(session)
    return client_of(app, session, Role.DEPUTY)


@pytest.fixture
def campaign(session, deputy) -> Campaign:
    answer = deputy.post(
        "/campaigns",
        data={
            "name": "省督察边督边改",
            "kind": "inspection_team",
            "level": "provincial",
            "starts_on": "2026-03-01",
            "source": "省督察组通知",
        },
    )
    assert answer.status_code == 302, answer.text
    return session.scalars(select(Campaign)).one()


def order(client, campaign, number: str, **values) -> CampaignItem:
    due = (TODAY + timedelta(days=20)).isoformat()
    form = {"item_no": number, "title": f"事项{number}", "due_on": due} | values
    return client.post(f"/campaigns/{campaign.id}/items", data=form)


def test_the_page_counts_batches_items_and_names_the_late_units(deputy, session, campaign, county):
    town = make_grid(session, parent=county, name="城关镇")
    for number, batch in (("1", "第一批"), ("2", "第一批"), ("3", "第二批")):
        answer = order(deputy, campaign, number, batch_no=batch, grid=town.id, key="1")
        assert answer.status_code == 302, answer.text
    late = session.scalars(select(CampaignItem).where(CampaignItem.item_no == "2")).one()
    late.due_on = TODAY - timedelta(days=1)
    session.commit()
    text = deputy.get("/campaigns").text
    assert "2 批 3 件" in text
    assert "超期单位" in text
    assert "城关镇(1 件)" in text
    assert "2026-03-25" in text
    narrowed = deputy.get(f"/campaigns?campaign={campaign.id}&late=1").text
    assert "事项2" in narrowed
    assert "事项1" not in narrowed
    assert "事项3" in deputy.get(f"/campaigns?batch=第二批&campaign={campaign.id}").text


def test_an_item_is_worked_on_through_its_page_and_a_refusal_says_why(
    app, session, deputy, campaign, county
):
    station = client_of(app, session, Role.STATION, grid=county)
    assert order(deputy, campaign, "1", grid=county.id).status_code == 302
    item = session.scalars(select(CampaignItem)).one()
    page = f"/campaigns/items/{item.id}"
    for event in ("acknowledge", "start"):
        answer = station.post(f"{page}/{event}", data=seen(session, item))
        assert answer.status_code == 302, answer.text
    answer = station.post(f"{page}/rectify", data={**seen(session, item), "reason": "已覆盖"})
    assert answer.status_code == 422
    assert "须填写佐证材料" in answer.text
    assert "已覆盖" in answer.text
    assert deputy.post(f"{page}/rectify", data=seen(session, item)).status_code == 403
    assert "开始办理" in deputy.get(page).text


def seen(session, item) -> dict[str, object]:
    session.expire_all()
    return {"state": item.state, "version": item_version(session, item.id)}


def test_an_item_of_another_township_is_not_there(app, session, deputy, campaign, county):
    west = make_grid(session, parent=county)
    east = make_grid(session, parent=county)
    assert order(deputy, campaign, "1", grid=west.id, title="西镇事项").status_code == 302
    item = session.scalars(select(CampaignItem)).one()
    chief = client_of(app, session, Role.CHIEF, grid=east)
    assert chief.get(f"/campaigns/items/{item.id}").status_code == 404
    assert "西镇事项" not in chief.get("/campaigns").text
    assert chief.post("/campaigns", data={}).status_code in {403, 422}


def test_a_matter_is_listed_from_its_page_and_then_links_to_its_item(
    session, deputy, campaign, county
):
    person = session.scalars(select(Post.person_id)).first()
    session.add(Post(person_id=person, role=Role.STATION.value, valid_from=FROM, grid_id=county.id))
    matter = make_matter(session, at=NOW, title="夜间排污", grid_id=county.id)
    session.commit()
    page = f"/complaints/{matter.id}"
    assert f"/campaigns/items/new?matter={matter.id}" in deputy.get(page).text
    assert "夜间排污" in deputy.get(f"/campaigns/items/new?matter={matter.id}").text
    assert order(deputy, campaign, "9", matter=matter.id, title="").status_code == 302
    assert "省督察边督边改 · 9" in deputy.get(page).text
    again = order(deputy, campaign, "10", matter=matter.id)
    assert again.status_code == 409
    assert "已列为" in again.text


def test_the_list_of_complaints_leads_to_the_campaigns(deputy):
    assert 'href="/campaigns"' in deputy.get("/complaints").text


def test_before_any_campaign_the_page_offers_to_write_one_down(deputy):
    text = deputy.get("/campaigns").text
    assert "还没有登记专项行动或督察" in text
    assert deputy.get("/campaigns/items/new").status_code == 302
