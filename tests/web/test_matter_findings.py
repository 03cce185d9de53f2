"""A finding about a matter: the form begins with what the matter tells, and the two are linked."""

import re

import pytest
from shapely.geometry import box
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.models import Finding
from tests.conftest import NOW
from tests.factories import client_of, make_grid, make_matter, make_policies, make_reporter

NEW = "/findings/new"
REPORTERS = {Role.WORKER, Role.INSPECTOR, Role.STATION, Role.CHIEF}


@pytest.fixture
def county(session):
    make_policies(session)
    return make_grid(session)


@pytest.fixture
def west(session, county):
    return make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))


@pytest.fixture
def matter(session, county):
    made = make_matter(
        session,
        at=NOW,
        grid_id=county.id,
        title="清河纸业<i>排污",
        respondent_name="清河纸业有限公司",
        severity="urgent",
        geom="SRID=4490;POINT(120.25 30.75)",
    )
    complaint = made.complaints[0]
    complaint.pollution_subtypes = ["industrial_water"]
    complaint.summary = "我是东街金丝雀,门口有污水"
    make_reporter(session, complaint, name="金丝雀", phone="13800009999")
    return made


def sent(page: str) -> dict[str, str]:
    """Return the form as a browser would send it without a change."""
    fields = dict(re.findall(r'<input [^>]*?name="(\w+)"[^>]*? value="([^"]*)"', page))
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="(\w+)" selected', options)
        fields[name] = chosen.group(1) if chosen else re.search(r'value="(\w+)"', options).group(1)
    fields["description"] = re.search(r"<textarea[^>]*>(.*?)</textarea>", page).group(1)
    return fields


def test_the_form_begins_with_place_kind_and_words_of_the_matter(app, session, matter):
    client = client_of(app, session, Role.STATION)
    page = client.get(NEW, query_string={"matter_id": matter.id}).text
    fields = sent(page)
    assert {name: fields[name] for name in ("lon", "lat", "origin", "finding_type")} == {
        "lon": "120.250000",
        "lat": "30.750000",
        "origin": "complaint",
        "finding_type": "direct_discharge",
    }
    assert fields["severity"] == "urgent"
    assert fields["description"] == "清河纸业&lt;i&gt;排污 · 清河纸业有限公司"
    assert matter.matter_no in page
    assert "金丝雀" not in page


def test_the_finding_is_linked_and_shown_on_the_matters_page(app, session, matter):
    client = client_of(app, session, Role.STATION)
    address = f"{NEW}?matter_id={matter.id}"
    assert f'href="{address}"' in client.get(f"/complaints/{matter.id}").text
    form = sent(client.get(address).text) | {"description": "雨水口有污水流出"}
    answers = [client.post(NEW, data=form) for _ in range(2)]
    assert {answer.location for answer in answers} == {f"/complaints/{matter.id}"}
    finding = session.scalars(select(Finding)).one()
    assert (finding.matter_id, finding.origin) == (matter.id, "complaint")
    page = client.get(f"/complaints/{matter.id}").text
    assert finding.finding_no in page
    assert "雨水口有污水流出" in page


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in {Role.AUDITOR, Role.ADMINISTRATOR}]
)
def test_who_reports_findings_has_the_button(app, session, matter, role):
    client = client_of(app, session, role)
    page = client.get(f"/complaints/{matter.id}").text
    assert (f"{NEW}?matter_id=" in page) == (role in REPORTERS)


@pytest.mark.parametrize("state", ["merged", "archived"])
def test_a_finished_matter_offers_no_finding(app, session, matter, state):
    matter.state = state
    client = client_of(app, session, Role.CHIEF)
    assert f"{NEW}?matter_id=" not in client.get(f"/complaints/{matter.id}").text


def test_a_matter_outside_the_scope_is_not_found_and_gets_no_finding(app, session, west, matter):
    client = client_of(app, session, Role.STATION, grid=west)
    for wrong in (str(matter.id), "0", "x", "1" * 30):
        assert client.get(NEW, query_string={"matter_id": wrong}).status_code == 404
    form = sent(client.get(NEW).text) | {
        "matter_id": str(matter.id),
        "lon": "120.2",
        "lat": "30.5",
        "description": "x",
    }
    assert client.post(NEW, data=form).status_code == 404
    assert session.scalars(select(Finding)).all() == []
    del form["matter_id"]
    assert client.post(NEW, data=form).status_code == 302


def test_a_refused_form_keeps_the_matter_and_what_was_typed(app, session, matter):
    client = client_of(app, session, Role.CHIEF)
    form = sent(client.get(NEW, query_string={"matter_id": matter.id}).text)
    refused = client.post(NEW, data=form | {"lon": "一百二", "description": "改过的话"})
    assert refused.status_code == 422
    assert sent(refused.text)["matter_id"] == str(matter.id)
    assert "改过的话" in refused.text


def test_a_matter_without_a_place_leaves_the_place_open(app, session, county):
    bare = make_matter(session, at=NOW, grid_id=county.id, geom=None)
    client = client_of(app, session, Role.CHIEF)
    page = client.get(NEW, query_string={"matter_id": bare.id}).text
    assert sent(page)["lon"] == ""
