"""The tablet's self-check arrives with its tablet; a broken shell can be taken off all tablets."""

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import Device
from inspect_app.workflows.enrol_device import make_code
from tests.conftest import NOW
from tests.factories import actor_with, client_of, make_policies

ITEMS = [
    {"key": "position", "level": "red", "value": "没有定位权限"},
    {"key": "https", "level": "green", "value": "已加密"},
]


@pytest.fixture
def enrolled(app: Flask, session: Session):
    """Give a client on an enrolled tablet, its headers and the tablet's id."""
    make_policies(session)
    administrator = actor_with(session, Role.ADMINISTRATOR)
    code = make_code(session, "设备 07", actor=administrator, now=NOW).code
    client, uid = client_of(app, session, Role.INSPECTOR), uuid4()
    answer = client.post("/sync/enrol", json={"code": code, "device": str(uid), "model": "Pad"})
    return client, {"X-Device": str(uid), "X-Device-Token": answer.json["token"]}, uid


def test_the_last_check_is_kept_with_the_tablet(enrolled, session: Session):
    client, headers, uid = enrolled
    for items in (ITEMS[:1], ITEMS):
        answer = client.post("/sync/check", json={"items": items}, headers=headers)
        assert (answer.status_code, answer.json["kept"]) == (200, True)
    session.expire_all()
    assert session.get_one(Device, uid).check == {"at": NOW.isoformat(), "items": ITEMS}


def test_a_tablet_that_is_not_enrolled_is_told_that_nothing_was_kept(enrolled):
    client, _, _ = enrolled
    answer = client.post("/sync/check", json={"items": ITEMS}, headers={"X-Device": str(uuid4())})
    assert (answer.status_code, answer.json["kept"]) == (200, False)


@pytest.mark.parametrize(
    "items",
    ["red", {"a": 1}, [1], [{"key": "a", "level": "purple"}], [{"level": "red"}] * 41],
    ids=["text", "object", "number", "unknown light", "too many"],
)
def test_what_is_no_list_of_items_is_refused(enrolled, items):
    client, headers, _ = enrolled
    answer = client.post("/sync/check", json={"items": items}, headers=headers)
    assert (answer.status_code, answer.json["problem"]) == (422, "body_invalid")


def test_long_words_and_characters_the_database_cannot_hold_are_cut(enrolled, session: Session):
    client, headers, uid = enrolled
    item = {"key": "k" * 99, "level": "amber", "value": "a\x00b" + "长" * 999}
    assert client.post("/sync/check", json={"items": [item]}, headers=headers).json["kept"]
    session.expire_all()
    (kept,) = session.get_one(Device, uid).check["items"]
    assert (len(kept["key"]), kept["value"][:3], len(kept["value"])) == (40, "ab长", 199)


def test_the_shell_names_every_module_and_can_be_taken_off(app: Flask, session: Session):
    client = client_of(app, session, Role.INSPECTOR)
    kept = client.get("/patrol/worker.js").text
    for name in ("package.js", "selfcheck.js", "pocket.js", "navigate.js", "css/patrol_day.css"):
        assert name in kept
    app.extensions["settings"].tablet_shell = False
    removed = client.get("/patrol/worker.js")
    assert "unregister" in removed.text
    assert removed.headers["Cache-Control"] == "no-cache"
    app.extensions["settings"].tablet_shell = True
