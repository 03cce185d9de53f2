"""Pages about tablets: who may open them, one-time codes, revoking, the inbox, attached tracks."""

import json
import re
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import (
    Device,
    EnrolmentCode,
    SyncQuarantine,
    SyncRecord,
    TrackSegment,
)
from inspect_app.web.device_list import qr_picture
from tests.conftest import NOW
from tests.factories import add, client_of, log_in, make_account, make_grid, make_policies
from tests.patrol_factories import START, gpx, make_crew, make_patrol

R = Role
REVIEWERS = {R.CHIEF, R.SUPERVISOR, R.DEPUTY}
PAGES = {
    "/patrols": REVIEWERS,
    "/patrols/inbox": REVIEWERS,
    "/patrols/inbox/set-aside": REVIEWERS,
    "/patrols/tracks": {R.WORKER, R.INSPECTOR, R.STATION},
    "/administration/devices": {R.ADMINISTRATOR},
}


@pytest.fixture
def patrol(session: Session):
    """Give a handed-in patrol, its grid and its inspector."""
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, R.INSPECTOR, grid=grid)
    task = make_patrol(session, make_crew(session, account), account, grid=grid)
    session.commit()
    return task, grid, account


def make_device(session: Session, **values) -> Device:
    uid = uuid4()
    values = {"name": "设备 07", "enrolled_at": START, "seen_at": START} | values
    return add(session, Device(uid=uid, token_hash=uid.hex * 2, **values))


def hold(session: Session, task, author, **values) -> SyncRecord:
    """Keep a record of the task in the inbox."""
    said = values.pop("said", {"kind": "finding", "description": "渠边有油污"})
    values = {"kind": "finding", "state": "inbox", "problem": "not_your_task"} | values
    body = json.dumps(said, ensure_ascii=False).encode()
    row = SyncRecord(
        uid=uuid4(),
        sha256=uuid4().hex * 2,
        body=body,
        author_id=author.person_id,
        task_id=None if task is None else task.id,
        received_at=values.pop("received_at", NOW - timedelta(hours=2)),
        **values,
    )
    return add(session, row)


@pytest.mark.parametrize("role", Role)
def test_each_page_is_open_to_its_roles_alone(app: Flask, session: Session, role: Role):
    make_policies(session)
    client = client_of(app, session, role)
    answers = {path: client.get(path).status_code for path in PAGES}
    assert answers == {path: 200 if role in roles else 403 for path, roles in PAGES.items()}


def test_a_code_is_shown_once_with_its_picture(app: Flask, session: Session):
    make_policies(session)
    holder = make_account(session, R.INSPECTOR, name="陈巡")
    client = client_of(app, session, R.ADMINISTRATOR)
    form = {"name": "设备 07", "holder": str(holder.person_id)}
    page = client.post("/administration/devices/codes", data=form).text
    code = re.search(r'class="code">([^<]+)<', page)
    assert code is not None
    assert "<svg" in page
    assert "style=" not in page
    session.expire_all()
    row = session.scalars(select(EnrolmentCode)).one()
    assert (row.device_name, row.holder_id) == ("设备 07", holder.person_id)
    assert row.expires_at - row.made_at == timedelta(minutes=10)
    again = client.get("/administration/devices").text
    assert code[1] not in again
    assert "设备 07 的登记码尚未使用" in again


def test_a_code_needs_a_name_and_a_holder_who_goes_on_patrol(app: Flask, session: Session):
    make_policies(session)
    client = client_of(app, session, R.ADMINISTRATOR)
    codes = "/administration/devices/codes"
    assert client.post(codes, data={"name": " "}).status_code == 422
    director = make_account(session, R.DIRECTOR)
    session.commit()
    form = {"name": "设备 08", "holder": str(director.person_id)}
    assert client.post(codes, data=form).status_code == 404


def test_the_picture_says_the_address_with_the_code_behind_the_hash():
    picture = str(qr_picture("https://county.example/patrol#enrol=ABCDE-FGHJK"))
    assert picture.startswith("<svg")
    assert "style" not in picture
    # Version 4 has 33 modules a side, four of quiet zone around them, eight units each.
    assert 'viewBox="0 0 328 328"' in picture


def test_the_list_tells_contact_clock_self_check_and_what_has_not_come(
    app: Flask, session: Session
):
    make_policies(session)
    items = [
        {"key": "clock", "level": "green", "value": "0.2 s"},
        {"key": "persistent", "level": "red", "value": "可能被清理"},
    ]
    check = {"at": NOW.isoformat(), "items": items}
    make_device(session, told_seq=2, clock_offset_s=-412.0, check=check, app_version="5")
    client = client_of(app, session, R.ADMINISTRATOR)
    page = client.get("/administration/devices").text
    for told in ("慢 412 秒", "1 项异常", "存储不被清理", "可能被清理", "未到 2 条", "1–2"):
        assert told in page


def test_a_tablet_is_revoked_with_a_reason_and_keeps_its_data(app: Flask, session: Session):
    make_policies(session)
    device = make_device(session)
    client = client_of(app, session, R.ADMINISTRATOR)
    address = f"/administration/devices/{device.uid}/revoke"
    assert client.post(address, data={"reason": " "}).status_code == 422
    page = client.post(address, data={"reason": "遗失"}, follow_redirects=True).text
    assert "未上传的内容仍留在平板上" in page
    assert "已停用" in page
    assert "遗失" in page


def test_the_review_list_tells_what_tablets_of_the_scope_have_not_delivered(
    app: Flask, session: Session, patrol
):
    task, grid, account = patrol
    device = make_device(session, told_seq=3, holder_id=account.person_id)
    device.seen_at = device.enrolled_at = NOW - timedelta(hours=30)
    hold(session, task, account, device_uid=device.uid, seq=1, state="taken", problem=None)
    page = client_of(app, session, R.CHIEF, grid).get("/patrols").text
    assert "未到 2 条" in page
    assert "已超过 24 小时" not in page  # the last record came two hours ago
    other = client_of(app, session, R.CHIEF, make_grid(session)).get("/patrols").text
    assert "未到 2 条" not in other


def test_the_inbox_says_why_what_and_who_sent_it(app: Flask, session: Session, patrol):
    task, grid, account = patrol
    sender = make_account(session, R.INSPECTOR, name="借机人")
    said = {"kind": "finding", "finding_type": "bank_waste", "description": "渠边有油污"}
    said |= {"at": START.isoformat(), "stop_id": task.stops[2].id, "photos": ["a" * 64]}
    hold(session, task, account, said=said, sender_id=sender.person_id)
    client = client_of(app, session, R.CHIEF, grid)
    page = client.get("/patrols/inbox").text
    for told in ("该任务不是您所在班组的任务", "渠边有油污", "岸坡垃圾淤积", "三里桥排口"):
        assert told in page
    assert "由 借机人 的账号上传" in page
    assert "照片未到" in page
    assert '<span class="badge text-bg-danger" title="待人工处理">1</span>' in page
    other = client_of(app, session, R.CHIEF, make_grid(session)).get("/patrols/inbox").text
    assert "渠边有油污" not in other
    assert "没有需要人工处理的记录" in other


def test_a_record_is_put_aside_only_with_a_reason_and_stays(app: Flask, session: Session, patrol):
    task, grid, account = patrol
    row = hold(session, task, account)
    client = client_of(app, session, R.CHIEF, grid)
    address = f"/patrols/inbox/{row.uid}/set-aside"
    assert client.post(address, data={"reason": ""}).status_code == 422
    stranger = client_of(app, session, R.CHIEF, make_grid(session))
    assert stranger.post(address, data={"reason": "重复"}).status_code == 404
    assert client.post(address, data={"reason": "重复"}).status_code == 302
    session.expire_all()
    assert (row.state, row.settle_reason) == ("set_aside", "重复")
    assert b"finding" in row.body


def test_what_was_put_aside_is_listed_with_who_and_why_and_can_be_taken_back(
    app: Flask, session: Session, patrol
):
    task, grid, account = patrol
    row = hold(session, task, account)
    chief = make_account(session, R.CHIEF, grid=grid, name="邓组长")
    client = app.test_client()
    log_in(client, chief)
    client.post(f"/patrols/inbox/{row.uid}/set-aside", data={"reason": "与前一条重复"})
    page = client.get("/patrols/inbox/set-aside").text
    for told in ("邓组长", "2026-03-24 09:00", "与前一条重复", "渠边有油污"):
        assert told in page
    assert "没有需要人工处理的记录" in client.get("/patrols/inbox").text
    stranger = client_of(app, session, R.CHIEF, make_grid(session))
    assert "渠边有油污" not in stranger.get("/patrols/inbox/set-aside").text
    client.post(f"/patrols/inbox/{row.uid}/retry")
    session.expire_all()
    assert (row.state, row.settle_reason) == ("inbox", None)
    assert "渠边有油污" in client.get("/patrols/inbox").text


@pytest.mark.parametrize("path", ["/summary", "/findings", "/plans"])
def test_who_reviews_sees_first_what_tablets_have_not_delivered(
    app: Flask, session: Session, patrol, path: str
):
    _, grid, account = patrol
    make_device(session, holder_id=account.person_id, told_seq=3)
    make_device(session, name="设备 08", holder_id=account.person_id)
    page = client_of(app, session, R.CHIEF, grid).get(path).text
    assert "设备 07 未到 3 条" in page
    assert "设备 08" not in page
    for other in (
        client_of(app, session, R.CHIEF, make_grid(session)),
        client_of(app, session, R.STATION, grid),
    ):
        assert "未到 3 条" not in other.get(path).text


def test_a_record_is_tried_again_and_says_why_it_still_fails(app: Flask, session: Session, patrol):
    task, grid, account = patrol
    said = {"kind": "water_sample", "task_id": task.id}
    row = hold(session, task, account, kind="water_sample", said=said)
    client = client_of(app, session, R.CHIEF, grid)
    page = client.post(f"/patrols/inbox/{row.uid}/retry", follow_redirects=True).text
    assert "仍不能生效" in page
    assert client.post(f"/patrols/inbox/{uuid4()}/retry").status_code == 404


def test_two_versions_stand_side_by_side_until_somebody_decides(
    app: Flask, session: Session, patrol
):
    task, grid, account = patrol
    row = hold(session, task, account, state="taken", problem=None)
    rival = SyncQuarantine(
        name=str(row.uid),
        sha256="b" * 64,
        kept_sha256=row.sha256,
        body=json.dumps({"kind": "finding", "description": "渠边没有油污"}).encode(),
        sender_id=account.person_id,
        received_at=NOW,
    )
    add(session, rival)
    client = client_of(app, session, R.CHIEF, grid)
    page = client.get("/patrols/inbox").text
    assert "先收到（现行）" in page
    assert page.count("渠边") == 2
    assert page.count('class="differs"') == 2
    address = f"/patrols/inbox/rivals/{rival.id}"
    assert client.post(address, data={"decision": ""}).status_code == 422
    stranger = client_of(app, session, R.CHIEF, make_grid(session))
    assert stranger.post(address, data={"decision": "以先收到的为准"}).status_code == 404
    page = client.post(address, data={"decision": "以先收到的为准"}, follow_redirects=True).text
    assert "以先收到的为准" in page
    assert "先收到（现行）" not in page


def test_three_hundred_held_records_come_page_by_page(app: Flask, session: Session, patrol):
    task, grid, account = patrol
    for number in range(300):
        hold(session, task, account, received_at=NOW - timedelta(minutes=600 - number))
    client = client_of(app, session, R.CHIEF, grid)
    page = client.get("/patrols/inbox").text
    assert page.count("<article") == 20
    assert "300 条记录" in page
    assert client.get("/patrols/inbox?page=15").text.count("<article") == 20
    assert client.get("/patrols/inbox?page=16").status_code == 200


def upload(client, task, content: bytes, **form):
    data = {"source": "gpx", "file": (BytesIO(content), "手表.gpx")} | form
    return client.post(
        f"/patrols/{task.id}/tracks/preview", data=data, content_type="multipart/form-data"
    )


@pytest.mark.parametrize("role", [R.CHIEF, R.INSPECTOR])
def test_a_track_is_previewed_and_then_attached(app: Flask, session: Session, patrol, role: Role):
    task, grid, account = patrol
    client = app.test_client()
    log_in(client, account) if role is R.INSPECTOR else None
    if role is R.CHIEF:
        client = client_of(app, session, role, grid)
    page = upload(client, task, gpx(120.51, 120.52, start=START + timedelta(minutes=5))).text
    assert "61 个定位点" in page
    assert "960 m → 1.9 km" in page
    assert len(session.scalars(select(TrackSegment)).all()) == 1
    token = re.search(r'name="token" value="(\w+)"', page)
    assert token is not None
    answer = client.post(f"/patrols/{task.id}/tracks", data={"token": token[1]})
    assert answer.status_code == 302
    session.expire_all()
    assert len(session.scalars(select(TrackSegment)).all()) == 2
    # The file is gone: the same token attaches nothing again.
    assert client.post(f"/patrols/{task.id}/tracks", data={"token": token[1]}).status_code == 404


def test_a_wrong_file_is_refused_on_the_form(app: Flask, session: Session, patrol):
    task, grid, _ = patrol
    client = client_of(app, session, R.CHIEF, grid)
    answer = upload(client, task, gpx(120.51, 120.52, start=START - timedelta(days=3)))
    assert answer.status_code == 422
    assert "文件记录的是2026-03-21" in answer.text
    assert "不是 GPX 文件" in upload(client, task, b"<kml/>").text
    assert upload(client, task, b"", source="tablet").status_code == 422


def test_nobody_attaches_to_a_strangers_patrol(app: Flask, session: Session, patrol):
    task, _, _ = patrol
    assert client_of(app, session, R.INSPECTOR).get(f"/patrols/{task.id}/tracks").status_code == 403
    other = client_of(app, session, R.CHIEF, make_grid(session))
    assert other.get(f"/patrols/{task.id}/tracks").status_code == 404


def test_the_list_of_patrols_comes_page_by_page_the_longest_waiting_first(
    app: Flask, session: Session, patrol
):
    task, grid, account = patrol
    crew = make_crew(session, account)
    for day in range(1, 56):
        state = ("completed", "submitted", "returned")[day % 3]
        make_patrol(
            session, crew, account, grid=grid, day=task.day - timedelta(days=day), state=state
        )
    client = client_of(app, session, R.CHIEF, grid)
    page = client.get("/patrols").text
    days = re.findall(r"<td>(\d{4}-\d\d-\d\d)</td>", page)
    assert len(days) == 50
    waiting = [task.day - timedelta(days=day) for day in (*range(55, 0, -3), 0)]
    assert days[:20] == [one.isoformat() for one in waiting]
    assert "共 56 条" in page
    returned = client.get("/patrols?state=returned").text
    assert len(re.findall(r"<td>\d{4}-\d\d-\d\d</td>", returned)) == 18
    assert client.get("/patrols?page=2").text.count("btn-outline-primary") > 6
