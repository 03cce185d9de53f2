"""Places by name: found in the reader's scope, names that begin with the text first."""

from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from tests.factories import log_in, make_account, make_grid, make_outlet


def test_names_that_begin_with_the_text_come_first_and_only_those_in_scope(
    app: Flask, session: Session
):
    town, other = make_grid(session, name="河西镇"), make_grid(session, name="河东镇")
    make_outlet(session, 120.5, 30.5, name="东河排口", grid_id=town.id)
    make_outlet(session, 120.5, 30.5, name="河口排口", grid_id=town.id)
    make_outlet(session, 120.5, 30.5, name="河尾排口", grid_id=other.id)
    account = make_account(session, Role.CHIEF, grid=town)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    found = client.get("/api/places?text=河").json["places"]
    assert [one["name"] for one in found] == ["河西镇", "河口排口", "东河排口"]
    assert found[1]["kind"] == "排污口"
    assert 120 <= found[0]["lon"] <= 121
    assert client.get("/api/places?text=%25").json["places"] == []
    assert client.get("/api/places").json["places"] == []
