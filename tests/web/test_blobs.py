"""Photos in chunks over HTTP: offsets, proofs, crashes between two steps, limits."""

import errno
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import FindingPhoto, IncomingPhoto, Photo, Policy
from inspect_app.workflows.keep_blob import remove_stale_parts
from inspect_app.workflows.keep_photo import PhotoShelf
from tests.conftest import NOW
from tests.factories import (
    client_of,
    log_in,
    make_account,
    make_grid,
    make_owner,
    make_policies,
)
from tests.patrol_factories import Tablet, digest, make_crew, make_task, picture, sha256


@dataclass
class Sender:
    """A tablet that sends one photo in chunks; `body` are its bytes."""

    client: FlaskClient
    body: bytes
    data_dir: Path

    @property
    def name(self) -> str:
        return sha256(self.body)

    @property
    def part(self) -> Path:
        return PhotoShelf(self.data_dir).part(self.name)

    @property
    def shelved(self) -> Path:
        return PhotoShelf(self.data_dir).original(self.name, "image/jpeg")

    def head(self) -> tuple[int, str]:
        answer = self.client.head(f"/sync/blobs/{self.name}")
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"]

    def patch(self, offset: int, until: int | None = None, **headers):
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Length": str(len(self.body)),
            "Content-Type": "application/partial-upload",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.patch(
            f"/sync/blobs/{self.name}", data=self.body[offset:until], headers=headers
        )

    def files(self) -> list[Path]:
        return sorted(path for path in self.data_dir.rglob("*") if path.is_file())


@pytest.fixture
def sender(app: Flask, session: Session) -> Sender:
    """Give a tablet whose inspector is logged in."""
    make_policies(session)
    client = client_of(app, session, Role.INSPECTOR)
    return Sender(client, picture(size=(640, 480)), app.extensions["settings"].data_dir)


def rows(session: Session) -> int:
    return session.scalar(select(func.count(Photo.sha256)))


def test_a_photo_comes_in_chunks_and_is_a_photo_after_the_last(sender: Sender, session: Session):
    assert sender.head() == (0, "?0")
    answer = sender.patch(0, 1000)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "1000")
    assert answer.headers["Upload-Complete"] == "?0"
    assert sender.head() == (1000, "?0")
    assert (rows(session), session.get(IncomingPhoto, sender.name).length) == (0, len(sender.body))
    answer = sender.patch(1000)
    assert (answer.status_code, answer.headers["Upload-Complete"]) == (204, "?1")
    assert int(answer.headers["Upload-Offset"]) == len(sender.body)
    assert sender.head() == (len(sender.body), "?1")
    photo = session.get(Photo, sender.name)
    assert (photo.width, photo.height, photo.size) == (640, 480, len(sender.body))
    assert sender.files() == [sender.shelved]
    assert sender.shelved.read_bytes() == sender.body
    assert session.get(IncomingPhoto, sender.name, populate_existing=True) is None


def test_a_chunk_at_another_offset_is_told_the_true_one(sender: Sender):
    sender.patch(0, 1000)
    for offset in (0, 500, 1500):
        answer = sender.patch(offset, offset + 100)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "1000")
        assert answer.json["problem"] == "offset_differs"
    assert sender.patch(1000).headers["Upload-Complete"] == "?1"


def test_what_is_whole_is_whole_however_often_the_last_chunk_comes(sender: Sender, session):
    assert sender.patch(0).status_code == 204
    for offset in (0, 1000):
        answer = sender.patch(offset)
        assert (answer.status_code, answer.headers["Upload-Complete"]) == (204, "?1")
    assert rows(session) == 1


def test_wrong_bytes_begin_anew(sender: Sender, session: Session):
    right = sender.body
    name = sender.name
    sender.patch(0, 1000)
    part = sender.part
    part.write_bytes(b"x" * 1000)
    answer = sender.patch(1000)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (400, "0")
    assert answer.json["problem"] == "digest_mismatch"
    assert (sender.head(), rows(session), sender.files()) == ((0, "?0"), 0, [])
    assert sender.patch(0).status_code == 204
    assert (sender.name, sender.shelved.read_bytes()) == (name, right)


def test_what_is_no_photo_is_refused_and_leaves_nothing(sender: Sender, session: Session):
    sender.body = b"<html><script>alert(1)</script></html>"
    answer = sender.patch(0)
    assert (answer.status_code, answer.json["problem"]) == (422, "photo_invalid")
    assert (sender.files(), rows(session)) == ([], 0)


@pytest.mark.parametrize(
    ("headers", "status", "problem"),
    [
        ({"Content_Type": "image/jpeg"}, 415, "media_wrong"),
        ({"Upload_Offset": ""}, 422, "field_invalid"),
        ({"Upload_Offset": "-1"}, 422, "field_invalid"),
        ({"Upload_Offset": "1e3"}, 422, "field_invalid"),
        ({"Upload_Offset": "٣"}, 422, "field_invalid"),
        ({"Upload_Length": "0"}, 422, "field_invalid"),
        ({"Upload_Length": "99"}, 422, "field_invalid"),
        ({"Upload_Length": str(65 * 1024 * 1024)}, 413, "too_large"),
        ({"Upload_Length": "9" * 30}, 422, "field_invalid"),
    ],
)
def test_a_chunk_that_says_wrong_things_is_refused(sender: Sender, headers, status, problem):
    if not all(value.isascii() for value in headers.values()):
        headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    answer = sender.patch(0, 1000, **headers)
    assert (answer.status_code, answer.json["problem"]) == (status, problem)
    assert sender.files() == []


@pytest.mark.parametrize("name", ["0" * 63, "g" * 64, "A" * 64, "..%2f..%2fetc%2fpasswd"])
def test_a_name_that_is_no_hash_is_not_found(sender: Sender, name: str):
    assert sender.client.head(f"/sync/blobs/{name}").status_code == 404
    headers = {"Content-Type": "application/partial-upload"}
    assert sender.client.patch(f"/sync/blobs/{name}", headers=headers).status_code == 404


def test_a_chunk_beyond_256_kb_is_not_read(sender: Sender):
    sender.body = b" " * 300_000
    assert sender.patch(0).status_code == 413
    assert sender.files() == []


def test_who_may_send_no_photos_may_send_no_chunks(app: Flask, session: Session, sender: Sender):
    sender.client = client_of(app, session, Role.AUDITOR)
    assert sender.client.head(f"/sync/blobs/{sender.name}").status_code == 403
    assert sender.patch(0).status_code == 403


def test_a_chunk_is_synced_before_its_offset_is_told(sender: Sender, monkeypatch):
    synced: list[tuple[str, int]] = []
    real = os.fsync

    def spy(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        synced.append((path.name, path.stat().st_size))
        real(handle)

    monkeypatch.setattr(os, "fsync", spy)
    sender.patch(0, 1000)
    assert (f"{sender.name}.part", 1000) in synced
    sender.patch(1000)
    folder = sender.name[:2]
    assert synced[-1][0] == folder
    assert (f"{sender.name}.part", len(sender.body)) in synced


def test_the_shelf_without_a_row_is_healed_by_asking(sender: Sender, session: Session):
    sender.shelved.parent.mkdir(parents=True)
    sender.shelved.write_bytes(sender.body)
    assert sender.head() == (len(sender.body), "?1")
    assert rows(session) == 1


def test_the_shelf_without_a_row_is_healed_by_the_next_chunk(sender: Sender, session: Session):
    sender.shelved.parent.mkdir(parents=True)
    sender.shelved.write_bytes(sender.body)
    assert sender.patch(0, 100).headers["Upload-Complete"] == "?1"
    assert rows(session) == 1


def test_a_damaged_file_on_the_shelf_without_a_row_is_sent_anew(sender: Sender, session: Session):
    sender.shelved.parent.mkdir(parents=True)
    sender.shelved.write_bytes(sender.body[:-10])
    assert sender.head() == (0, "?0")
    assert sender.patch(0).headers["Upload-Complete"] == "?1"
    assert (sender.shelved.read_bytes(), rows(session)) == (sender.body, 1)


def test_a_row_whose_file_is_lost_takes_the_photo_again(sender: Sender, session: Session):
    sender.patch(0)
    sender.shelved.unlink()
    assert sender.head() == (0, "?0")
    assert sender.patch(0).headers["Upload-Complete"] == "?1"
    assert (sender.shelved.read_bytes(), rows(session)) == (sender.body, 1)


def test_a_whole_part_whose_last_answer_never_came_is_ended_by_asking(sender: Sender, session):
    sender.part.parent.mkdir(parents=True)
    sender.part.write_bytes(sender.body)  # the crash took the row with the length, too
    assert sender.head() == (len(sender.body), "?1")
    assert (rows(session), sender.files()) == (1, [sender.shelved])


def test_a_whole_part_is_ended_by_an_empty_chunk(sender: Sender, session: Session):
    sender.patch(0, 1000)
    sender.part.write_bytes(sender.body)
    answer = sender.patch(len(sender.body))
    assert (answer.status_code, answer.headers["Upload-Complete"]) == (204, "?1")
    assert rows(session) == 1


def test_a_part_longer_than_its_photo_begins_anew(sender: Sender):
    sender.part.parent.mkdir(parents=True)
    sender.part.write_bytes(sender.body + b"more")
    answer = sender.patch(len(sender.body))
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "0")
    assert sender.patch(0).headers["Upload-Complete"] == "?1"


def test_a_full_disk_answers_507_and_keeps_what_was_synced(sender: Sender, monkeypatch, session):
    sender.patch(0, 1000)
    real = os.pwrite

    def half(handle: int, data: memoryview, offset: int) -> int:
        if offset > 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data[: len(data) // 2], offset)

    monkeypatch.setattr(os, "pwrite", half)
    answer = sender.patch(1000)
    assert (answer.status_code, answer.json["problem"]) == (507, "disk_full")
    assert answer.headers["Retry-After"] == "300"
    assert sender.part.read_bytes() == sender.body[:1000]
    whole = sender.client.put(f"/sync/photos/{sender.name}", data=sender.body)
    assert whole.status_code == 507
    monkeypatch.undo()
    assert (sender.head()[0], rows(session)) == (0, 0)
    assert sender.patch(0).headers["Upload-Complete"] == "?1"


def test_a_photo_that_would_fill_the_disk_is_not_begun(sender: Sender, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    answer = sender.patch(0, 1000)
    assert (answer.status_code, answer.headers["Retry-After"]) == (507, "300")
    assert sender.files() == []


def test_nobody_fills_the_disk_with_photos_that_never_end(sender: Sender, session: Session):
    limit = session.scalars(select(Policy).where(Policy.key == "incoming_photos_max")).one()
    limit.value = {"value": 3}
    session.commit()
    photos = [picture(size=(64 + step, 48)) for step in range(4)]
    answers = []
    for photo in photos:
        sender.body = photo
        answers.append(sender.patch(0, 100).status_code)
    assert answers == [204, 204, 204, 507]
    sender.body = photos[0]
    assert sender.patch(100).headers["Upload-Complete"] == "?1"
    sender.body = photos[3]
    assert sender.patch(0, 100).status_code == 204


def test_the_share_of_a_person_has_a_size_as_well(sender: Sender, session: Session):
    limit = session.scalars(select(Policy).where(Policy.key == "incoming_mb_max")).one()
    limit.value = {"value": len(sender.body) / 1024 / 1024}
    session.commit()
    assert sender.patch(0, 100).status_code == 204
    sender.body = picture(size=(70, 50))
    answer = sender.patch(0, 100)
    assert (answer.status_code, answer.json["problem"]) == (507, "incoming_full")


def test_a_photo_in_one_go_ends_the_one_in_chunks(sender: Sender, session: Session):
    sender.patch(0, 1000)
    answer = sender.client.put(f"/sync/photos/{sender.name}", data=sender.body)
    assert answer.status_code == 201
    assert sender.head() == (len(sender.body), "?1")
    assert sender.files() == [sender.shelved]
    session.expire_all()
    assert session.scalar(select(func.count(IncomingPhoto.sha256))) == 0


def test_parts_nobody_goes_on_with_are_removed_after_a_fortnight(sender: Sender, session: Session):
    shelf, stale = PhotoShelf(sender.data_dir), (NOW - timedelta(days=15)).timestamp()
    kept, old = sender.body, picture(size=(70, 50))
    for body in (kept, old):
        sender.body = body
        sender.patch(0, 100)
        os.utime(sender.part, (NOW.timestamp(), NOW.timestamp()))
    os.utime(sender.part, (stale, stale))
    assert remove_stale_parts(session, shelf, now=NOW) == 1
    assert sender.files() == [shelf.part(sha256(kept))]
    later = NOW + timedelta(days=20)
    assert remove_stale_parts(session, shelf, now=later) == 1
    assert session.scalars(select(IncomingPhoto.sha256)).all() == []


@pytest.mark.parametrize("in_one_go", [True, False])
def test_a_finding_that_came_before_its_photo_gets_it(app: Flask, session: Session, in_one_go):
    make_policies(session)
    grid = make_grid(session)
    make_owner(session, grid)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account), grid=grid)
    session.commit()
    client, tablet = app.test_client(), Tablet(task)
    log_in(client, account)
    sender = Sender(client, picture(size=(200, 150)), app.extensions["settings"].data_dir)
    finding = {"finding_type": "noise", "severity": "normal", "photos": [sender.name]}
    uid, body = tablet.write("finding", **finding, lon=120.505, lat=30.5)
    answer = client.put(f"/sync/records/{uid}", data=body, headers=digest(body))
    assert (answer.status_code, answer.json["missing_photos"]) == (201, [sender.name])
    if in_one_go:
        client.put(f"/sync/photos/{sender.name}", data=sender.body)
    else:
        sender.patch(0, 100)
        sender.patch(100)
    assert session.scalars(select(FindingPhoto.photo_sha256)).all() == [sender.name]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.integers(60, 400),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900)), max_size=15),
)
def test_any_order_of_chunks_repeats_and_losses_ends_in_the_same_photo(
    sender: Sender, session: Session, width: int, steps: list[tuple[int, int]]
):
    sender.body = picture(size=(width, 333))
    known = 0
    for what, size in steps:
        if what == 0:  # a chunk whose answer is lost
            sender.patch(known, known + size)
        elif what == 1:
            known = sender.head()[0]
        elif what == 2:  # a chunk out of turn
            sender.patch(min(size * 7, len(sender.body)), min(size * 8, len(sender.body)))
        else:
            answer = sender.patch(known, known + size)
            known = int(answer.headers["Upload-Offset"])
        if sender.part.exists():
            assert sender.part.read_bytes() == sender.body[: sender.part.stat().st_size]
    answer = sender.patch(sender.head()[0])
    assert answer.headers["Upload-Complete"] == "?1"
    assert sender.shelved.read_bytes() == sender.body
    assert session.get(Photo, sender.name).size == len(sender.body)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 1_000)])
def test_a_photo_whose_file_is_gone_or_cut_is_asked_for_again(sender: Sender, session, damage):
    asked = {"items": [[sender.name, sender.name]]}
    assert sender.patch(0).status_code == 204
    assert sender.client.post("/sync/manifest", json=asked).json["missing"] == []
    damage(sender.shelved)
    assert sender.client.post("/sync/manifest", json=asked).json["missing"] == [sender.name]
    assert sender.head() == (0, "?0")
    assert sender.patch(0).status_code == 204
    assert sender.shelved.read_bytes() == sender.body
    assert sender.client.post("/sync/manifest", json=asked).json["missing"] == []
    assert rows(session) == 1
