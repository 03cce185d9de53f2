"""Enrolled tablets over HTTP: a token opens, a revoked one closes, manifest and gaps tell all."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, NOWHERE, SYSTEM, Role, Scope
from inspect_app.models import Device
from inspect_app.queries.device_gaps import device_gaps, not_arrived
from inspect_app.queries.inbox import held_record, held_records, rivals
from inspect_app.workflows.enrol_device import make_code, revoke
from tests.conftest import NOW
from tests.factories import log_in, make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task, picture, sha256


@dataclass
class Field:
    """A clerk's log-in on the enrolled tablet of an inspector."""

    client: FlaskClient
    tablet: Tablet
    author: int
    sender: int
    headers: dict
    path: str

    def put(self, item, **headers):
        uid, body = item
        sent = digest(body) | self.headers | headers
        return self.client.put(f"/sync/records/{uid}", data=body, headers=sent)


@pytest.fixture
def tablet(app: Flask, session: Session) -> Field:
    make_policies(session)
    grid = make_grid(session)
    make_owner(session, grid)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    clerk = make_account(session, Role.CLERK)
    task = make_task(session, make_crew(session, account), grid=grid)
    code = make_code(session, "设备 07", actor=SYSTEM, now=NOW).code
    session.commit()
    client, tablet = app.test_client(), Tablet(task)
    log_in(client, clerk)
    asked = {"code": code, "device": str(tablet.device), "model": "M5"}
    answer = client.post("/sync/enrol", json=asked)
    assert (answer.status_code, answer.json["name"]) == (201, "设备 07")
    another = asked | {"device": str(uuid4())}
    assert client.post("/sync/enrol", json=another).json["problem"] == "enrolment_code_wrong"
    assert client.post("/sync/enrol", json={"code": code}).json["problem"] == "body_invalid"
    headers = {"X-Device": str(tablet.device), "X-Device-Token": answer.json["token"]}
    return Field(client, tablet, account.person_id, clerk.person_id, headers, grid.path)


def test_a_tablet_is_known_by_its_token_and_its_contact_is_noted(tablet: Field, session: Session):
    told = {"X-Device-Seq": "9", "X-App-Version": "1.4", "X-Device-Clock": "1774314060000"}
    answer = tablet.client.get("/sync/session", headers=tablet.headers | told)
    assert answer.json["device"] == {"name": "设备 07", "known": True}
    kept = session.get_one(Device, tablet.tablet.device, populate_existing=True)
    assert (kept.told_seq, kept.app_version, kept.clock_offset_s) == (9, "1.4", 60.0)
    tablet.client.get("/sync/session", headers=tablet.headers | {"X-Device-Seq": "3"})
    session.refresh(kept)
    assert kept.told_seq == 9
    stranger = {"X-Device": str(uuid4())}
    for headers in ({}, stranger, {"X-Device": "?"}, {"X-Device": str(tablet.tablet.device)}):
        answer = tablet.client.get("/sync/session", headers=headers)
        assert answer.json["device"] == {"name": None, "known": False}


def test_a_wrong_token_and_a_revoked_tablet_are_told_so_and_nothing_is_taken(
    tablet: Field, session: Session
):
    start = tablet.tablet.write("patrol_start", author=tablet.author)
    wrong = tablet.put(start, **{"X-Device-Token": "wrong"})
    assert (wrong.status_code, wrong.json["problem"]) == (401, "device_revoked")
    revoke(session, tablet.tablet.device, reason="遗失", actor=SYSTEM, now=NOW)
    session.commit()
    for headers in ({}, {"X-Device-Token": ""}):
        assert tablet.put(start, **headers).json["problem"] == "device_revoked"
    assert held_records(session, scope=EVERYWHERE, now=NOW) == []


def test_a_colleagues_records_take_effect_under_their_author(tablet: Field):
    start = tablet.tablet.write("patrol_start", author=tablet.author)
    assert tablet.put(start, **{"X-Device": ""}).json["problem"] == "author_unproven"
    assert tablet.put(start).status_code == 200  # the enrolled tablet vouches now
    body = tablet.tablet.fixes(120.50, 120.51)
    address = f"/sync/tracks/{tablet.tablet.log_uid}/segments/0"
    sent = digest(body) | tablet.headers | {"X-Item-Seq": "2"}
    assert tablet.client.put(address, data=body, headers=sent).status_code == 201
    too_far = f"/sync/tracks/{tablet.tablet.log_uid}/segments/{2**40}"
    assert tablet.client.put(too_far, data=body, headers=sent).status_code == 422
    receipt = tablet.client.get("/sync/receipt", headers=tablet.headers)
    assert receipt.status_code == 403  # a clerk has no patrols of their own


def test_the_manifest_tells_what_is_missing_different_and_incomplete(tablet: Field):
    photo = sha256(picture())
    start = tablet.tablet.write("patrol_start", author=tablet.author)
    shot = tablet.tablet.write("site_photo", author=tablet.author, photo=photo)
    body = tablet.tablet.fixes(120.50, 120.51)
    name = f"{tablet.tablet.log_uid}/0"
    sent = digest(body) | tablet.headers
    tablet.client.put(f"/sync/tracks/{tablet.tablet.log_uid}/segments/0", data=body, headers=sent)
    for item in (start, shot):
        tablet.put(item)
    never = str(uuid4())
    items = [
        [str(start[0]), sha256(start[1])],
        [str(shot[0]), "0" * 64],
        [name, sha256(body)],
        [f"{tablet.tablet.log_uid}/1", sha256(body)],
        [never, "0" * 64],
        [photo, photo],
        ["no name", "?"],
    ]
    asked = {"device": str(tablet.tablet.device), "items": items}
    told = tablet.client.post("/sync/manifest", json=asked, headers=tablet.headers).json
    assert told["missing"] == [f"{tablet.tablet.log_uid}/1", never, photo, "no name"]
    assert told["different"] == [str(shot[0])]
    assert told["incomplete"] == [{"id": str(shot[0]), "missing_photos": [photo]}]
    for wrong in ({}, {"items": 1}, {"items": [["a"]]}, {"items": [["a", 1]]}):
        assert tablet.client.post("/sync/manifest", json=wrong).status_code == 422


def test_missing_numbers_are_known_within_one_contact(tablet: Field, session: Session):
    written = [tablet.tablet.write("patrol_start", author=tablet.author)]
    stop = tablet.tablet.task.stops[0].id
    visit = {"author": tablet.author, "stop_id": stop, "result": "done"}
    written += [tablet.tablet.write("stop_result", **visit) for _ in range(5)]
    for number in (0, 3):
        tablet.put(written[number], **{"X-Device-Seq": "6"})
    [gaps] = device_gaps(session)
    assert (gaps.name, gaps.told_seq, gaps.missing) == ("设备 07", 6, 4)
    assert [(hole.first, hole.last) for hole in gaps.holes] == [(2, 3), (5, 6)]
    assert [(one.uid, one.missing) for one in not_arrived(session)] == [(gaps.uid, gaps.missing)]
    assert not gaps.overdue(now=NOW, alarm_h=24)
    assert gaps.overdue(now=NOW + timedelta(hours=24), alarm_h=24)
    for item in written:
        tablet.put(item)
    assert device_gaps(session)[0].holes == ()
    assert not_arrived(session) == []


def test_the_inbox_shows_what_lies_in_a_persons_scope(tablet: Field, session: Session):
    uid, body = tablet.tablet.write("boat_trip", author=tablet.author)
    early = tablet.tablet.write("patrol_pause", author=tablet.author)
    for item in ((uid, body), early, (uid, body + b" ")):
        tablet.put(item)
    inside = Scope(everywhere=False, grid_paths=(tablet.path,))
    for scope in (EVERYWHERE, inside):
        [held] = held_records(session, scope=scope, now=NOW)
        assert (held.uid, held.problem.code, held.device) == (uid, "kind_unknown", "设备 07")
        assert held.sender != held.author
        assert held_record(session, uid, scope=scope).body == body
    late = held_records(session, scope=inside, now=NOW + timedelta(days=1))
    assert [one.uid for one in late] == [uid, early[0]]
    assert held_records(session, scope=NOWHERE, now=NOW) == []
    [pair] = rivals(session, scope=EVERYWHERE)
    assert (pair.body, pair.kept_body) == (body + b" ", body)
    assert rivals(session, scope=NOWHERE) == rivals(session, scope=EVERYWHERE, decided=True) == []
