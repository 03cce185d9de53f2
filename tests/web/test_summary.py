"""The leader's page: figures with their parts, the top list, the map's configuration."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from tests.conftest import NOW
from tests.factories import log_in, make_account, make_grid, make_matter, make_policies

HOUR = timedelta(hours=1)


@pytest.fixture
def director(app: Flask, session: Session) -> FlaskClient:
    make_policies(session)
    account = make_account(session, Role.DIRECTOR)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def test_a_rate_stands_beside_its_numerator_and_denominator(director, session):
    make_matter(session, at=NOW - HOUR, complaints=3, title="电厂粉尘")
    session.commit()
    page = director.get("/summary").text
    assert "66.7%" in page
    assert "2 / 3" in page
    assert "电厂粉尘" in page


def test_the_top_list_names_repeated_matters_of_this_and_the_three_weeks_before(director, session):
    make_matter(session, at=NOW - timedelta(days=21), complaints=2, title="近期重复")
    make_matter(session, at=NOW - timedelta(days=23), complaints=9, title="早已平息")
    make_matter(session, at=NOW - HOUR, complaints=1, title="只有一次")
    session.commit()
    page = director.get("/summary").text.split('class="visits"')[0]
    assert "近期重复" in page
    assert "早已平息" not in page
    assert "只有一次" not in page


def test_map_and_top_list_share_their_period_and_a_past_week_ends_on_its_sunday(director, session):
    make_grid(session)
    session.commit()
    page = director.get("/summary?week=2026-W11").text
    found = json.loads(re.findall(r"(?s)map-configuration.*?>(.*?)</script>", page)[0])
    assert found["period"]["since"] == "2026-02-16"
    assert found["period"]["until"] == "2026-03-15"
    assert set(found["layers"]) == {"grids", "waterways", "repeats"}


def test_circles_of_the_map_sum_complaints_and_not_matters(director, session):
    make_matter(session, at=NOW - HOUR, complaints=3)
    make_matter(session, at=NOW - HOUR, complaints=1)
    session.commit()
    answer = director.get("/api/layers/repeats/features?bbox=119,29,122,32&zoom=10&days=7").json
    assert answer["number"] == 3
    assert [feature["properties"]["number"] for feature in answer["features"]] == [3]


def test_a_week_that_does_not_exist_is_refused_in_words(director):
    answer = director.get("/summary?week=2026-W60")
    assert answer.status_code == 422
    assert "2026-W60" in answer.text
