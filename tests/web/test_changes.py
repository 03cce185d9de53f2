"""The feed of changes over HTTP: its JSON, who may follow it, and photos that complete findings."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from inspect_app import create_app
from inspect_app.db import transaction
from inspect_app.domain.access import Role
from inspect_app.models import PatrolTask
from tests.conftest import NOW, settings_for
from tests.factories import log_in, make_account, make_grid, make_outlet, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task


@pytest.fixture
def committing_app(committing: sessionmaker[Session], tmp_path: Path) -> Flask:
    """Give the application on transactions that really end, as a feed needs them."""
    app = create_app(settings_for("postgresql://unused", tmp_path), sessions=committing)
    app.extensions["clock"] = lambda: NOW
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


def test_a_tablet_follows_its_day(committing_app: Flask, committing: sessionmaker[Session]):
    with transaction(committing) as session:
        make_policies(session)
        grid = make_grid(session)
        account = make_account(session, Role.INSPECTOR, grid=grid)
        task = make_task(session, make_crew(session, account), grid=grid)
        tablet = Tablet(task)
    client = committing_app.test_client()
    log_in(client, account)
    first = client.get("/sync/changes").json
    assert first["reset"] is True
    assert (first["rows"], first["gone"], first["more"]) == ([], [], False)
    again = client.get("/sync/changes", query_string={"cursor": first["cursor"]}).json
    assert (again["reset"], again["rows"], again["gone"]) == (False, [], [])
    uid, body = tablet.write("patrol_start")
    assert client.put(f"/sync/records/{uid}", data=body, headers=digest(body)).status_code == 201
    with transaction(committing) as session:
        outlet = make_outlet(session, 120.5, 30.5, grid_id=grid.id)
    told = client.get("/sync/changes", query_string={"cursor": again["cursor"]}).json
    rows = {row["kind"]: row for row in told["rows"]}
    assert set(rows) == {"task", "outlet"}
    assert rows["task"]["id"] == task.id
    [card] = client.get("/sync/tasks").json["tasks"]
    assert rows["task"]["card"] == card
    assert (card["state"], card["log_uid"]) == ("in_progress", str(tablet.log_uid))
    assert rows["outlet"]["card"]["name"] == outlet.name
    with transaction(committing) as session:
        session.get_one(PatrolTask, task.id).state = "cancelled"
    told = client.get("/sync/changes", query_string={"cursor": told["cursor"]}).json
    assert (told["rows"], told["gone"]) == ([], [{"kind": "task", "id": task.id}])


def test_the_cursor_of_another_person_is_a_reset(committing_app, committing):
    cursors = []
    for _ in range(2):
        with transaction(committing) as session:
            account = make_account(session, Role.INSPECTOR)
        client = committing_app.test_client()
        log_in(client, account)
        asked = {"cursor": cursors[0]} if cursors else {}
        told = client.get("/sync/changes", query_string=asked).json
        assert told["reset"] is True
        cursors.append(told["cursor"])
    assert cursors[0] != cursors[1]


def test_who_does_no_patrols_follows_nothing(committing_app, committing):
    with transaction(committing) as session:
        account = make_account(session, Role.CHIEF)
    client = committing_app.test_client()
    log_in(client, account)
    assert client.get("/sync/changes").status_code == 403
