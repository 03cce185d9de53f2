"""The page of the division of work: who may, adding, ending, and that proposals follow."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.domain.assignment import Asked
from inspect_app.models import RoutingRule
from inspect_app.queries.assignment import proposed_for
from tests.conftest import NOW
from tests.factories import client_of, make_grid

PAGE = "/administration/routing"
TODAY = NOW.date()
FORM = {
    "kind": "noise:site_noise",
    "department": "住建局<b>",
    "valid_from": TODAY.isoformat(),
    "last_day": "",
    "source": "县政府〔2026〕3号",
}


def only(session):
    return session.scalars(select(RoutingRule)).one()


@pytest.mark.parametrize("role", Role)
def test_administrators_and_the_deputy_open_the_page(app, session, role):
    client = client_of(app, session, role)
    may = role in {Role.ADMINISTRATOR, Role.DEPUTY}
    assert client.get(PAGE).status_code == (200 if may else 403)
    assert client.post(PAGE, data=FORM).status_code == (302 if may else 403)
    assert client.post(f"{PAGE}/1/end", data={"day": "x"}).status_code == (422 if may else 403)


def test_both_find_the_page_where_they_work(app, session):
    assert (
        f'href="{PAGE}"' in client_of(app, session, Role.ADMINISTRATOR).get("/administration").text
    )
    assert f'href="{PAGE}"' in client_of(app, session, Role.DEPUTY).get("/complaints").text
    assert f'href="{PAGE}"' not in client_of(app, session, Role.CLERK).get("/complaints").text
    town = client_of(app, session, Role.DEPUTY, grid=make_grid(session))
    assert f'href="{PAGE}"' not in town.get("/complaints").text
    assert town.get(PAGE).status_code == 403


def test_a_rule_is_added_and_proposed_and_ended(app, session):
    client = client_of(app, session, Role.ADMINISTRATOR)
    assert client.post(PAGE, data=FORM).status_code == 302
    page = client.get(PAGE).text
    assert "住建局&lt;b&gt;" in page
    assert "噪声 · 建设施工噪声" in page
    asked = Asked(None, ("noise",), ("site_noise",))
    proposed = proposed_for(session, asked, day=TODAY)
    assert [one.department for one in proposed] == ["住建局<b>"]
    tomorrow = TODAY + timedelta(days=1)
    ending = {"day": tomorrow.isoformat(), "source": "县政府〔2026〕4号"}
    assert client.post(f"{PAGE}/{only(session).id}/end", data=ending).status_code == 302
    assert proposed_for(session, asked, day=tomorrow) == []


def test_a_clash_is_told_and_the_form_keeps_what_was_typed(app, session):
    client = client_of(app, session, Role.DEPUTY)
    client.post(PAGE, data=FORM)
    refused = client.post(PAGE, data=FORM | {"department": "执法局"})
    assert refused.status_code == 409
    assert "已归“住建局&lt;b&gt;”" in refused.text
    assert 'value="执法局"' in refused.text
    assert only(session).department == "住建局<b>"


def test_a_refused_end_keeps_its_own_form_open(app, session):
    client = client_of(app, session, Role.DEPUTY)
    client.post(PAGE, data=FORM)
    address = f"{PAGE}/{only(session).id}/end"
    refused = client.post(address, data={"day": TODAY.isoformat(), "source": ""})
    assert refused.status_code == 422
    assert "<details open>" in refused.text
    assert client.post(f"{PAGE}/{10**30}/end", data=FORM | {"day": "2026-03-24"}).status_code == 404


@pytest.mark.parametrize("wrong", [{"kind": ""}, {"kind": "noise:odour"}, {"valid_from": "soon"}])
def test_a_wrong_form_is_refused(app, session, wrong):
    client = client_of(app, session, Role.DEPUTY)
    assert client.post(PAGE, data=FORM | wrong).status_code == 422
