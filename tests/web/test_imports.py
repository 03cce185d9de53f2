"""The import page: preview writes nothing, confirming does, text stays text, downloads are safe."""

import io
import os
from pathlib import Path

from flask import Flask
from shapely import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import PollutionSource
from tests.factories import client_of, make_grid

CSV = "企业名称,经度,纬度\n<b>甲</b>,120.1,30.6\n乙,=1+1,30.6\n"


def upload(client, **form):
    data = {"kind": "sources", "crs": "EPSG:4490", "file": (io.BytesIO(CSV.encode()), "<i>a.csv")}
    return client.post("/imports/preview", data=data | form)


def stored(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PollutionSource))


def test_preview_writes_nothing_and_confirming_imports(app: Flask, session: Session):
    client = client_of(app, session, Role.CLERK)
    answer = upload(client)
    assert answer.status_code == 200
    assert "&lt;b&gt;甲&lt;/b&gt;" in answer.text
    assert "<i>a.csv" not in answer.text
    assert stored(session) == 0
    token = answer.text.split('name="token" value="')[1].split('"')[0]
    refused = client.get(f"/imports/uploads/{token}/rejections.csv").get_data(as_text=True)
    assert "coordinates_not_a_number" in refused
    done = client.post("/imports/confirm", data={"token": token})
    assert done.status_code == 302
    assert stored(session) == 1
    assert "&lt;i&gt;a.csv" in client.get(done.location).text
    assert client.post("/imports/confirm", data={"token": token}).status_code == 404
    assert client.get("/imports").status_code == 200


def test_the_preview_says_how_many_places_lie_outside_every_grid(app: Flask, session: Session):
    make_grid(session, shape=box(121, 31, 121.5, 31.5))
    client = client_of(app, session, Role.CLERK)
    answer = upload(client)
    assert "在所有网格之外" in answer.text
    inside = io.BytesIO("企业名称,经度,纬度\n甲,121.1,31.1\n".encode())
    assert "在所有网格之外" not in upload(client, file=(inside, "b.csv")).text


def test_another_person_cannot_take_an_upload(app: Flask, session: Session):
    first, second = (client_of(app, session, Role.CLERK) for _ in range(2))
    token = upload(first).text.split('name="token" value="')[1].split('"')[0]
    assert second.post("/imports/confirm", data={"token": token}).status_code == 404
    assert second.post("/imports/confirm", data={"token": "../../x"}).status_code == 404


def test_refusals_are_sentences(app: Flask, session: Session):
    client = client_of(app, session, Role.CLERK)
    answer = upload(client, crs="")
    assert answer.status_code == 422
    assert "请声明坐标系" in answer.text


def test_a_refused_file_leaves_the_form_as_it_was_filled_in(app: Flask, session: Session):
    client = client_of(app, session, Role.CLERK)
    text = upload(client, crs="EPSG:9", columns="name=<厂名>", layer="第二张").text
    assert "EPSG:9" in text.split('id="crs"')[1].split(">")[0]
    assert '<option value="sources" selected>' in text
    assert "name=&lt;厂名&gt;" in text
    assert 'value="第二张"' in text


def test_a_worker_and_a_township_chief_may_not_import(app: Flask, session: Session):
    assert client_of(app, session, Role.WORKER).get("/imports").status_code == 403
    chief = client_of(app, session, Role.CHIEF, grid=make_grid(session))
    assert "全县范围" in chief.get("/imports").text
    assert upload(chief).status_code == 403
    assert chief.get("/imports/batches/1").status_code == 404


CALLS = "编号,受理时间,内容,来电人,来电号码\nA1,2026-03-01,异味,金丝雀,13800009999\n"


def staged(app: Flask) -> list[Path]:
    folder = app.extensions["settings"].data_dir / "imports"
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_that_waits_is_sealed_and_goes_with_its_confirmation(app: Flask, session: Session):
    client = client_of(app, session, Role.CLERK)
    file = (io.BytesIO(CALLS.encode()), "导出.csv")
    answer = upload(client, kind="complaints", crs="", file=file)
    token = answer.text.split('name="token" value="')[1].split('"')[0]
    waiting = staged(app)
    assert len(waiting) == 2
    for path in waiting:
        assert not any(word.encode() in path.read_bytes() for word in ("金丝雀", "13800009999"))
    assert client.post("/imports/confirm", data={"token": token}).status_code == 302
    assert staged(app) == []


def test_a_file_that_waits_in_the_clear_is_refused_and_removed(app: Flask, session: Session):
    client = client_of(app, session, Role.CLERK)
    token = upload(client).text.split('name="token" value="')[1].split('"')[0]
    for path in staged(app):
        path.write_bytes(b"{}" if path.suffix else CSV.encode())
    refused = client.post("/imports/confirm", data={"token": token})
    assert refused.status_code == 410
    assert "请重新上传" in refused.text
    assert staged(app) == []


def test_a_file_that_waited_too_long_is_gone(app: Flask, session: Session):
    client = client_of(app, session, Role.CLERK)
    token = upload(client).text.split('name="token" value="')[1].split('"')[0]
    for path in staged(app):
        os.utime(path, (0, 0))
    assert client.post("/imports/confirm", data={"token": token}).status_code == 404
    assert staged(app) == []
