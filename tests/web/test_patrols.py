"""Review of patrols: what waits, one patrol with its figures, accept and return."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import Event
from tests.factories import log_in, make_account, make_grid, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task


@pytest.fixture
def handed_in(app: Flask, session: Session):
    """Give a handed-in task and its grid."""
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account), grid=grid)
    session.commit()
    client, tablet = app.test_client(), Tablet(task)
    log_in(client, account)
    for kind in ("patrol_start", "patrol_end"):
        uid, body = tablet.write(kind)
        answer = client.put(f"/sync/records/{uid}", data=body, headers=digest(body))
        assert answer.status_code == 201
        if kind == "patrol_start":
            body = tablet.fixes(120.50, 120.51)
            address = f"/sync/tracks/{tablet.log_uid}/segments/0"
            client.put(address, data=body, headers=digest(body))
    return task, grid


def reviewer(app: Flask, session: Session, *, grid=None):
    account = make_account(session, Role.CHIEF, grid=grid)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def test_a_handed_in_patrol_is_listed_with_its_figures_and_shapes(app, session, handed_in):
    task, grid = handed_in
    client = reviewer(app, session, grid=grid)
    page = client.get("/patrols").text
    assert task.crew.name in page
    assert "960 m" in page
    detail = client.get(f"/patrols/{task.id}").text
    assert "低于下限" in detail
    shapes = client.get(f"/api/patrols/{task.id}").json
    assert len(shapes["stops"]) == 3
    assert shapes["track"][0]["type"] == "LineString"


def test_another_grids_chief_sees_no_trace_of_it(app, session, handed_in):
    task, _ = handed_in
    client = reviewer(app, session, grid=make_grid(session))
    assert task.crew.name not in client.get("/patrols").text
    assert client.get(f"/patrols/{task.id}").status_code == 404
    assert client.get(f"/api/patrols/{task.id}").status_code == 404
    assert client.post(f"/patrols/{task.id}/accept").status_code == 404


def test_a_patrol_is_returned_only_with_a_reason_and_then_accepted(app, session, handed_in):
    task, grid = handed_in
    client = reviewer(app, session, grid=grid)
    assert client.post(f"/patrols/{task.id}/return").status_code == 422
    assert client.post(f"/patrols/{task.id}/finish").status_code == 422
    answer = client.post(f"/patrols/{task.id}/return", data={"reason": "漏查排口"})
    assert answer.status_code == 302
    session.expire_all()
    assert task.state == "returned"
    last = select(Event.reason).where(Event.subject_kind == "task").order_by(Event.id.desc())
    assert session.scalars(last).first() == "漏查排口"
    assert client.post(f"/patrols/{task.id}/accept").status_code == 409


def test_a_patrol_is_accepted(app, session, handed_in):
    task, grid = handed_in
    client = reviewer(app, session, grid=grid)
    assert client.post(f"/patrols/{task.id}/accept").status_code == 302
    session.expire_all()
    assert task.state == "completed"
