"""Complaint matters: filter, scope, text as text, nothing of the reporter."""

import pytest
from flask import Flask
from shapely.geometry import box
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from tests.conftest import NOW
from tests.factories import (
    log_in,
    make_account,
    make_grid,
    make_matter,
    make_policies,
    make_reporter,
)


@pytest.fixture
def county(session: Session):
    make_policies(session)
    return make_grid(session)


@pytest.fixture
def deputy(app: Flask, session: Session):
    account = make_account(session, Role.DEPUTY)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def test_the_list_counts_complaints_and_narrows_to_repeated_ones(deputy, session, county):
    make_matter(session, at=NOW, complaints=3, title="电厂粉尘", grid_id=county.id)
    make_matter(session, at=NOW, complaints=1, title="饭店油烟", grid_id=county.id)
    session.commit()
    everything = deputy.get("/complaints").text
    assert "电厂粉尘" in everything
    assert "饭店油烟" in everything
    repeated = deputy.get("/complaints?repeated=on").text
    assert "电厂粉尘" in repeated
    assert "饭店油烟" not in repeated


def test_a_wrong_filter_value_is_refused_and_says_what_was_expected(deputy):
    answer = deputy.get("/complaints?state=sleeping")
    assert answer.status_code == 422
    assert "sleeping" in answer.text
    assert "handling" in answer.text


def test_a_township_finds_its_own_matters_only(app, session, county):
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    own = make_matter(session, at=NOW, title="本镇事项", grid_id=town.id)
    other = make_matter(session, at=NOW, title="外镇事项", grid_id=county.id)
    account = make_account(session, Role.CHIEF, grid=town)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    listed = client.get("/complaints?tab=all").text
    assert "本镇事项" in listed
    assert "外镇事项" not in listed
    assert client.get(f"/complaints/{own.id}").status_code == 200
    assert client.get(f"/complaints/{other.id}").status_code == 404
    assert client.get("/complaints/999999").status_code == 404


def test_nothing_of_the_reporter_reaches_the_page_and_markup_stays_text(deputy, session, county):
    matter = make_matter(
        session, at=NOW, title="<img src=x onerror=alert(1)>${7*7}", grid_id=county.id
    )
    complaint = matter.complaints[0]
    make_reporter(session, complaint, name="金丝雀", phone="13800009999")
    session.commit()
    for address in ("/complaints", f"/complaints/{matter.id}"):
        text = deputy.get(address).text
        assert "金丝雀" not in text
        assert "13800009999" not in text
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text


def test_an_auditor_without_the_permission_is_refused(app, session):
    account = make_account(session, Role.AUDITOR)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    assert client.get("/complaints").status_code == 403
