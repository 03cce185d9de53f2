"""What tablets exchange with the server, over HTTP: receipts, digests, photos and who sees them."""

import struct
import zlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from PIL import ExifTags, Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Permission, Role
from inspect_app.domain.transitions import FINDING_TRANSITIONS, STEP_PHOTOS
from inspect_app.models import AuditEntry, Finding, FindingPhoto, Photo, SyncRecord, TrackSegment
from tests.conftest import NOW
from tests.factories import (
    add,
    log_in,
    make_account,
    make_finding,
    make_grid,
    make_owner,
    make_policies,
)
from tests.patrol_factories import Tablet, digest, make_crew, make_task, picture, sha256


@pytest.fixture
def day(app: Flask, session: Session):
    """Give a client logged in as an inspector, the day's task and a tablet."""
    make_policies(session)
    grid = make_grid(session)
    make_owner(session, grid)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account), grid=grid)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client, task, Tablet(task)


def put(client, item, **headers):
    uid, body = item
    return client.put(f"/sync/records/{uid}", data=body, headers=digest(body) | headers)


def fetch(client, address: str):
    """Return an answer with its body read and its file closed."""
    with client.get(address) as answer:
        assert answer.data is not None
        return answer


def put_photo(client, body: bytes, *, name: str | None = None):
    return client.put(f"/sync/photos/{name or sha256(body)}", data=body)


@pytest.mark.parametrize("role", Role)
def test_who_takes_a_step_with_photos_may_send_them(app: Flask, session: Session, role: Role):
    account = make_account(session, role)
    session.commit()
    client, body = app.test_client(), picture()
    log_in(client, account)
    steps = {row.permission for row in FINDING_TRANSITIONS if row.event in STEP_PHOTOS}
    expected = bool(ROLES[role] & (steps | {Permission.PATROL_DO}))
    address = f"/sync/photos/{sha256(body)}"
    answers = [put_photo(client, body), client.get(address), client.head(address)]
    assert [answer.status_code for answer in answers] == (
        [201, 200, 200] if expected else [403, 403, 403]
    )


def test_a_new_record_answers_201_the_same_200_and_other_bytes_409(day, session: Session):
    client, _, tablet = day
    uid, body = tablet.write("patrol_start")
    answers = [put(client, (uid, body)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert {answer.json["sha256"] for answer in answers} == {sha256(body)}
    other = put(client, (uid, body + b" "))
    assert other.status_code == 409
    assert other.json["problem"] == "record_conflict"
    assert session.scalars(select(SyncRecord.body)).all() == [body]
    noted = select(func.count()).where(AuditEntry.action == "sync.conflict")
    assert session.scalar(noted) == 1


@pytest.mark.parametrize(
    "header", ["", "sha-256=abc", "md5=:AAAA:", "sha-256=:not base64:", "sha-256=:AAAA:"]
)
def test_a_record_without_its_right_digest_is_refused(day, session: Session, header):
    client, _, tablet = day
    answer = put(client, tablet.write("patrol_start"), **{"Content-Digest": header})
    assert answer.status_code == 400
    assert answer.json["problem"] in ("digest_missing", "digest_mismatch")
    assert session.scalar(select(func.count(SyncRecord.uid))) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'"a"'])
def test_what_is_no_record_is_refused_as_unreadable(day, body):
    client, _, _ = day
    answer = put(client, (uuid4(), body))
    assert (answer.status_code, answer.json["problem"]) == (422, "body_invalid")


def test_a_body_that_is_far_too_long_is_not_read(day):
    client, _, _ = day
    assert put(client, (uuid4(), b" " * 300_000)).status_code == 413


def test_another_crews_record_and_a_chiefs_are_kept_for_a_person(app, day, session: Session):
    _, task, tablet = day
    statuses = []
    for role in (Role.INSPECTOR, Role.CHIEF):
        account = make_account(session, role)
        session.commit()
        client = app.test_client()
        log_in(client, account)
        answer = put(client, tablet.write("patrol_start"))
        assert (answer.status_code, answer.json["state"]) == (202, "inbox")
        statuses.append(answer.json["problem"])
    assert statuses == ["not_your_task", "not_your_task"]
    assert session.scalars(select(SyncRecord.state)).all() == ["inbox", "inbox"]
    session.refresh(task)
    assert task.state == "published"


def test_a_record_that_comes_too_early_waits_and_takes_effect_with_its_cause(day, session: Session):
    client, task, tablet = day
    start = tablet.write("patrol_start")
    visit = tablet.write("stop_result", stop_id=task.stops[0].id, result="done")
    for _ in range(2):
        early = put(client, visit)
        assert (early.status_code, early.json["state"]) == (202, "waiting")
        assert early.json["problem"] == "record_early"
    assert [put(client, item).status_code for item in (start, visit)] == [201, 200]
    session.refresh(task.stops[0])
    assert task.stops[0].result == "done"


def test_a_finding_is_raised_before_its_photo_comes_and_gets_it_then(day, session: Session):
    client, task, tablet = day
    body = picture()
    place = {"lon": 120.505, "lat": 30.5}
    item = tablet.write(
        "finding",
        finding_type="direct_discharge",
        severity="important",
        description="黑水",
        photos=[sha256(body)],
        stop_id=task.stops[0].id,
        **place,
    )
    first = put(client, item)
    assert (first.status_code, first.json["missing_photos"]) == (201, [sha256(body)])
    assert [put_photo(client, body).status_code for _ in range(2)] == [201, 200]
    again = put(client, item)
    assert (again.status_code, again.json["missing_photos"]) == (200, [])
    assert again.json["receipt"] == first.json["receipt"]
    finding = session.scalars(select(Finding)).one()
    assert finding.uid == item[0]
    assert finding.patrol_stop_id == task.stops[0].id
    assert finding.owner_person_id is not None
    assert session.scalars(select(FindingPhoto.photo_sha256)).all() == [sha256(body)]


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_wrong_clock_does_not_decide_the_day_of_a_finding(day, session: Session, year):
    client, _, tablet = day
    at = datetime(year, 1, 1, tzinfo=UTC).isoformat()
    place = {"lon": 120.505, "lat": 30.5}
    item = tablet.write("finding", finding_type="noise", severity="normal", at=at, **place)
    assert put(client, item).status_code == 201
    assert session.scalars(select(Finding.found_at)).one() == NOW


def test_tracks_are_taken_once_and_wait_for_their_log(day, session: Session):
    client, _, tablet = day
    body = tablet.fixes(120.50, 120.51)
    address = f"/sync/tracks/{tablet.log_uid}/segments/0"
    early = client.put(address, data=body, headers=digest(body))
    assert (early.status_code, early.json["problem"]) == (202, "record_early")
    put(client, tablet.write("patrol_start"))
    answers = [client.put(address, data=body, headers=digest(body)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert session.scalars(select(TrackSegment.sha256)).all() == [sha256(body)]
    assert session.scalars(select(SyncRecord.kind)).all() == ["patrol_start"]
    other = b'{"fixes": []}'
    assert client.put(address, data=other, headers=digest(other)).status_code == 409


def test_the_day_lists_tasks_stops_and_what_lies_around(day):
    client, task, tablet = day
    put(client, tablet.write("patrol_start"))
    answer = client.get("/sync/tasks").json
    assert answer["policies"]["stop_radius_m"] == 50
    [card] = answer["tasks"]
    assert (card["id"], card["state"]) == (task.id, "in_progress")
    assert card["log_uid"] == str(tablet.log_uid)
    assert [stop["geometry"]["type"] for stop in card["stops"]] == [
        "LineString",
        "LineString",
        "Point",
    ]
    assert {thing["properties"]["kind"] for thing in answer["surroundings"]} <= {
        "waterway",
        "road",
        "grid",
    }
    assert client.get("/sync/tasks?day=2026-03-25").json["tasks"] == []
    assert client.get("/sync/tasks?day=tomorrow").status_code == 422


def test_the_week_is_one_package_that_is_not_sent_twice(day):
    client, task, tablet = day
    answer = client.get("/sync/week?week=2026-W13")
    assert answer.json["week"] == "2026-W13"
    assert [card["id"] for card in answer.json["tasks"]] == [task.id]
    assert answer.json["tasks"] == client.get("/sync/tasks").json["tasks"]
    stamp = {"If-None-Match": answer.headers["ETag"]}
    again = client.get("/sync/week", headers=stamp)
    assert (again.status_code, again.data) == (304, b"")
    put(client, tablet.write("patrol_start"))
    assert client.get("/sync/week", headers=stamp).status_code == 200
    assert client.get("/sync/week?week=2026-W14").json["tasks"] == []
    assert client.get("/sync/week?week=next").status_code == 422


def test_the_receipt_names_what_the_server_holds_today(day):
    client, _, tablet = day
    start, body, photo = tablet.write("patrol_start"), tablet.fixes(120.5, 120.51), picture()
    put(client, start)
    address = f"/sync/tracks/{tablet.log_uid}/segments/0"
    client.put(address, data=body, headers=digest(body))
    put_photo(client, photo)
    receipt = client.get("/sync/receipt").json
    assert receipt["records"] == [[str(start[0]), sha256(start[1])]]
    assert receipt["segments"] == [[f"{tablet.log_uid}/0", sha256(body)]]
    assert receipt["photos"] == [sha256(photo)]
    yesterday = NOW.date() - timedelta(days=1)
    assert client.get(f"/sync/receipt?day={yesterday}").json["records"] == []


def with_exif() -> bytes:
    exif = Image.Exif()
    tags = exif.get_ifd(ExifTags.IFD.Exif)
    tags[ExifTags.Base.DateTimeOriginal] = "2026:03:24 08:15:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLongitudeRef] = "E"
    place[ExifTags.GPS.GPSLongitude] = (120.0, 30.0, 0.0)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (30.0, 15.0, 36.0)
    return picture(exif=exif, size=(1200, 900))


def test_a_photo_is_kept_untouched_with_the_time_and_place_it_names(day, app, session: Session):
    client, _, _ = day
    body = with_exif()
    name = sha256(body)
    assert client.head(f"/sync/photos/{name}").status_code == 404
    assert put_photo(client, body).status_code == 201
    assert put_photo(client, body).status_code == 200
    assert client.head(f"/sync/photos/{name}").status_code == 200
    photo = session.get(Photo, name)
    assert (photo.media_type, photo.width, photo.height) == ("image/jpeg", 1200, 900)
    assert photo.taken_at == datetime(2026, 3, 24, 0, 15, tzinfo=UTC)  # 08:15 in Shanghai
    point = session.execute(select(func.ST_X(Photo.geom), func.ST_Y(Photo.geom))).one()
    assert point == pytest.approx((120.5, 30.26))
    stored = app.extensions["settings"].data_dir / "photos" / name[:2] / f"{name}.jpg"
    assert stored.read_bytes() == body
    answer = fetch(client, f"/photos/{name}")
    assert answer.data == body
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "image/jpeg"


def test_the_small_picture_carries_no_exif(day):
    client, _, _ = day
    body = with_exif()
    put_photo(client, body)
    small = fetch(client, f"/photos/{sha256(body)}?size=thumb")
    assert small.mimetype == "image/jpeg"
    assert len(small.data) < len(body)
    assert b"Exif" not in small.data
    assert fetch(client, f"/photos/{sha256(body)}?size=thumb").data == small.data


def bomb(side: int) -> bytes:
    """Return a PNG of side × side grey pixels that is small as a file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    row = b"\0" * (side // 8 + 2)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "body",
    [
        picture(size=(640, 480))[:-400],
        picture("PNG", size=(640, 480))[:-200],
        bomb(13_000),
        b"<html><script>alert(1)</script></html>",
        picture("GIF"),
        picture("TIFF"),
        b"",
    ],
    ids=["cut JPEG", "cut PNG", "bomb", "HTML", "GIF", "TIFF", "nothing"],
)
def test_what_is_no_whole_photo_is_refused(day, app, session: Session, body):
    client, _, _ = day
    answer = put_photo(client, body)
    assert (answer.status_code, answer.json["problem"]) == (422, "photo_invalid")
    assert session.scalar(select(func.count(Photo.sha256))) == 0
    folder = app.extensions["settings"].data_dir
    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_photo_formats_are_known_by_their_content(day, kind):
    client, _, _ = day
    body = picture(kind)
    assert put_photo(client, body).status_code == 201
    assert fetch(client, f"/photos/{sha256(body)}").mimetype == f"image/{kind.lower()}"


def test_a_photo_under_a_wrong_name_is_refused(day):
    client, _, _ = day
    answer = put_photo(client, picture(), name="0" * 64)
    assert (answer.status_code, answer.json["problem"]) == (400, "digest_mismatch")
    assert put_photo(client, picture(), name="..%2Fetc%2Fpasswd").status_code == 404


def test_a_photo_is_shown_to_its_sender_and_to_whose_scope_uses_it(app, day, session: Session):
    client, _, _ = day
    body = picture()
    put_photo(client, body)
    name = sha256(body)
    inside, outside = (
        make_grid(session),
        make_grid(session),
    )
    viewers = {grid.id: make_account(session, Role.WORKER, grid=grid) for grid in (inside, outside)}
    auditor = make_account(session, Role.AUDITOR)
    session.commit()

    def seen_by(account) -> int:
        other = app.test_client()
        log_in(other, account)
        return fetch(other, f"/photos/{name}").status_code

    assert fetch(client, f"/photos/{name}").status_code == 200
    assert seen_by(viewers[inside.id]) == 404
    finding = make_finding(session, at=NOW, grid_id=inside.id)
    add(session, FindingPhoto(finding_id=finding.id, photo_sha256=name))
    session.commit()
    assert seen_by(viewers[inside.id]) == 200
    assert seen_by(viewers[outside.id]) == 404
    assert seen_by(auditor) == 404


def test_the_reviewer_sees_the_photos_of_a_log_in_the_scope(app, day, session: Session):
    client, _, tablet = day
    body = picture()
    put_photo(client, body)
    put(client, tablet.write("patrol_start"))
    put(client, tablet.write("site_photo", photo=sha256(body)))
    chief = make_account(session, Role.CHIEF)
    session.commit()
    other = app.test_client()
    log_in(other, chief)
    assert fetch(other, f"/photos/{sha256(body)}").status_code == 200
    assert fetch(other, f"/photos/{'1' * 64}").status_code == 404


def test_the_session_tells_who_is_there_and_gives_a_token(day):
    client, _, _ = day
    answer = client.get("/sync/session").json
    assert answer["person_id"]
    assert answer["csrf"]


def test_the_worker_lists_files_that_exist_and_may_control_the_page(day):
    client, _, _ = day
    answer = client.get("/patrol/worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/patrol"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "/static/patrol/main.js" in answer.text
    assert client.get("/patrol").status_code == 200
