"""Marked copies of photos: time, place and names under the picture, the original untouched."""

from io import BytesIO

import pytest
from flask import Flask
from PIL import Image, ImageFont
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Role, Scope
from inspect_app.models import FindingPhoto, Photo
from inspect_app.queries.patrols import crew_members
from inspect_app.queries.photo_marks import PhotoMark, mark_of
from inspect_app.web.photo_marks import font_path, mark_lines
from tests.conftest import NOW
from tests.factories import add, log_in, make_account, make_finding, make_grid, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task, picture, sha256

SIDES = (640, 480)


@pytest.fixture
def sent(app: Flask, session: Session):
    """Give the inspector's client, their task, its grid, and a photo that has come."""
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    other = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account, other), grid=grid)
    session.commit()
    client, body = app.test_client(), picture(size=SIDES)
    log_in(client, account)
    assert client.put(f"/sync/photos/{sha256(body)}", data=body).status_code == 201
    return client, task, grid, body


def photo_of(session: Session, body: bytes) -> Photo:
    return session.get_one(Photo, sha256(body))


def marked(client, body: bytes) -> bytes:
    with client.get(f"/photos/{sha256(body)}?size=marked") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        return answer.data


def send(client, tablet: Tablet, kind: str, **values) -> None:
    uid, body = tablet.write(kind, **values)
    answer = client.put(f"/sync/records/{uid}", data=body, headers=digest(body))
    assert answer.status_code in (201, 202), answer.text


def test_the_copy_has_a_band_under_the_whole_picture_and_the_original_stays(sent, app):
    client, _, _, body = sent
    copy = Image.open(BytesIO(marked(client, body)))
    assert copy.width == SIDES[0]
    assert copy.height > SIDES[1] + 3 * 12  # three lines at least: time, place, hash
    band = copy.crop((0, SIDES[1] + 2, *copy.size)).convert("L")
    assert band.getextrema()[0] < 30  # black, with white text on it
    assert band.getextrema()[1] > 220
    with client.get(f"/photos/{sha256(body)}") as original:
        assert original.data == body
    folder = app.extensions["settings"].data_dir / "marked"
    assert len(list(folder.rglob("*.jpg"))) == 1
    assert marked(client, body) == marked(client, body)
    assert len(list(folder.rglob("*.jpg"))) == 1


def test_a_finding_gives_its_photo_time_grid_stop_place_and_both_names(sent, session: Session):
    _, task, grid, body = sent
    photo = photo_of(session, body)
    finding = make_finding(
        session,
        at=NOW,
        grid_id=grid.id,
        patrol_stop_id=task.stops[2].id,
        reported_by=photo.received_from,
    )
    add(session, FindingPhoto(finding_id=finding.id, photo_sha256=photo.sha256, stage="before"))
    session.refresh(finding)
    mark = mark_of(session, photo, scope=EVERYWHERE)
    assert (mark.recorded_at, mark.grid, mark.thing) == (NOW, grid.name, "三里桥排口")
    assert mark.place == pytest.approx((120.5, 30.5))
    assert len(mark.people) == 2
    assert set(mark.people) == set(crew_members(session, task))
    assert mark.finding_no == finding.finding_no


def test_a_photo_of_the_cure_names_who_took_it_and_not_the_time_of_the_finding(
    sent, session: Session
):
    _, _, grid, body = sent
    photo = photo_of(session, body)
    finding = make_finding(session, at=NOW, grid_id=grid.id)
    add(session, FindingPhoto(finding_id=finding.id, photo_sha256=photo.sha256, stage="after"))
    session.refresh(finding)
    mark = mark_of(session, photo, scope=EVERYWHERE)
    assert mark.recorded_at is None
    assert len(mark.people) == 1


def test_a_photo_of_the_way_has_the_facts_of_its_record(sent, session: Session):
    client, task, grid, body = sent
    tablet = Tablet(task)
    send(client, tablet, "patrol_start")
    stop = task.stops[0]
    place = {"lon": 120.501, "lat": 30.5}
    send(client, tablet, "site_photo", photo=sha256(body), stop_id=stop.id, **place)
    mark = mark_of(session, photo_of(session, body), scope=EVERYWHERE)
    assert (mark.recorded_at, mark.thing, mark.grid) == (tablet.at, stop.name, grid.name)
    assert mark.place == (120.501, 30.5)
    assert len(mark.people) == 2


def test_facts_outside_the_readers_scope_stay_there(sent, session: Session):
    _, _, grid, body = sent
    photo = photo_of(session, body)
    finding = make_finding(session, at=NOW, grid_id=grid.id)
    add(session, FindingPhoto(finding_id=finding.id, photo_sha256=photo.sha256, stage="before"))
    session.refresh(finding)
    mark = mark_of(session, photo, scope=Scope(everywhere=False, grid_paths=()))
    assert (mark.finding_no, mark.grid, mark.place) == (None, None, None)


def test_the_lines_say_which_clock_the_time_is_from(app: Flask):
    photo = Photo(sha256="ab" * 32, received_at=NOW, taken_at=None)
    bare = PhotoMark(None, None, None, None, ())
    known = PhotoMark(NOW, "城关镇", "三里桥排口", (120.5, 30.5), ("张三", "李四"), "2026000001")
    with app.test_request_context():
        assert mark_lines(photo, bare) == (
            "收到时间 2026-03-24 09:00",
            "没有定位",
            "原件 SHA-256 abababababababab…",
        )
        assert mark_lines(photo, known) == (
            "记录时间 2026-03-24 09:00",
            "东经 120.500000 北纬 30.500000(CGCS2000)",
            "网格 城关镇",
            "对象 三里桥排口",
            "检查人员 张三、李四",
            "问题编号 2026000001",
            "原件 SHA-256 abababababababab…",
        )
        photo.taken_at = NOW
        assert mark_lines(photo, known)[0] == "拍摄时间 2026-03-24 09:00"


def test_the_font_has_every_character_a_name_of_a_person_or_place_may_hold(app):
    with app.test_request_context():
        font = ImageFont.truetype(font_path(), 24)
    missing = bytes(font.getmask("\ue123"))
    level_1_and_2 = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    characters = "".join(pair.decode("gb2312", "ignore") for pair in level_1_and_2)
    assert len(characters) == 6763
    rare = "堃喆垚淼珺昉彧旻翀墕嶮堼滍溵溹岇堨"
    assert [each for each in characters + rare if bytes(font.getmask(each)) == missing] == []
