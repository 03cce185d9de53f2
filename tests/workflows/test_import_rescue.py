"""Rescue files: what a tablet could not send arrives once, in its author's name, checked."""

import hashlib
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Device, Finding, Photo, SyncRecord, TrackSegment
from inspect_app.workflows.import_rescue import Office, RescueKeys, import_rescue
from inspect_app.workflows.import_rescue.file import Damage, Part, read_rescue
from inspect_app.workflows.keep_photo import PhotoShelf
from tests.conftest import NOW
from tests.factories import actor_with, add, make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import Tablet, make_crew, make_task, picture, sha256
from tests.rescue_factories import RescueWriter, parts_of

TOKEN = "token-of-tablet-07"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> RescueKeys:
    """Give a bureau's keys; making one takes a moment."""
    return RescueKeys(Path(tmp_path_factory.mktemp("rescue")))


@pytest.fixture
def office(keys: RescueKeys, tmp_path: Path) -> Office:
    return Office(PhotoShelf(tmp_path / "data"), keys, ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def field_day(session: Session):
    """Give an inspector with a task, his tablet with a whole patrol on it, enrolled here."""
    make_policies(session)
    grid = make_grid(session)
    make_owner(session, grid)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account), grid=grid)
    tablet = Tablet(task)
    device = Device(
        uid=tablet.device,
        name="设备 07",
        token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(),
        enrolled_at=NOW,
        seen_at=NOW,
    )
    add(session, device)
    return account, tablet, device


def written(keys: RescueKeys, field_day, *, token: str | None = TOKEN) -> RescueWriter:
    account, tablet, _ = field_day
    photo = picture()
    writer = RescueWriter(keys.public()).sender(tablet.device, token)
    writer.record(*tablet.write("patrol_start"), account.person_id)
    writer.segment(f"{tablet.log_uid}/0", tablet.fixes(120.50, 120.51), account.person_id)
    finding = tablet.write(
        "finding",
        finding_type="direct_discharge",
        severity="normal",
        lon=120.5,
        lat=30.5,
        photos=[sha256(photo)],
    )
    writer.record(*finding, account.person_id)
    return writer.photo(photo)


def take(session: Session, path: Path, office: Office, *, trusted: bool = False):
    actor = actor_with(session, Role.ADMINISTRATOR)
    return import_rescue(session, path, office, trusted=trusted, actor=actor, now=NOW)


def refused(act) -> str:
    with pytest.raises(Problem) as caught:
        act()
    return caught.value.code


def count(session: Session, model) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_whole_file_is_taken_in_the_authors_name_and_again_changes_nothing(
    session: Session, office: Office, field_day, tmp_path: Path
):
    path = written(office.keys, field_day).write(tmp_path / "a.rescue")
    report = take(session, path, office)
    assert (report.device, report.proven, report.whole) == ("设备 07", True, True)
    assert dict(report.records) == {"new": 3}
    assert dict(report.photos) == {"new": 1}
    assert report.refusals == []
    assert count(session, Finding) == 1
    assert {row.author_id for row in session.scalars(select(SyncRecord))} == {
        field_day[0].person_id
    }
    assert count(session, TrackSegment) == 1

    again = take(session, path, office)
    assert dict(again.records) == {"seen": 3}
    assert dict(again.photos) == {"seen": 1}
    assert (count(session, Finding), count(session, Photo)) == (1, 1)
    acts = session.scalars(
        select(AuditEntry.facts).where(AuditEntry.action == "rescue.import")
    ).all()
    assert [facts["records"] for facts in acts] == [{"new": 3}, {"seen": 3}]


def test_a_damaged_stretch_costs_only_its_own_part(
    session: Session, office: Office, field_day, tmp_path: Path
):
    path = written(office.keys, field_day).write(tmp_path / "a.rescue")
    begin, end = parts_of(path)[2]  # the track segment
    data = bytearray(path.read_bytes())
    data[(begin + end) // 2] ^= 1
    path.write_bytes(data)
    report = take(session, path, office)
    assert (report.damaged, report.lost, report.whole) == (1, 1, False)
    assert dict(report.records) == {"new": 2}
    assert (count(session, TrackSegment), count(session, Finding)) == (0, 1)


def test_a_file_cut_short_gives_what_it_has_and_says_so(
    session: Session, office: Office, field_day, tmp_path: Path
):
    path = written(office.keys, field_day).write(tmp_path / "a.rescue")
    begin, _ = parts_of(path)[3]  # the finding
    path.write_bytes(path.read_bytes()[: begin + 20])
    report = take(session, path, office)
    assert (report.ended, report.damaged, report.whole) == (False, 1, False)
    assert dict(report.records) == {"new": 2}
    assert count(session, Finding) == 0


@pytest.mark.parametrize("case", ["wrong token", "no token", "revoked", "unknown"])
def test_an_unproven_file_is_taken_only_on_the_word_of_the_office(
    session: Session, office: Office, field_day, tmp_path: Path, case: str
):
    device = field_day[2]
    if case == "revoked":
        device.revoked_at = NOW
    if case == "unknown":
        session.delete(device)
    token = {"wrong token": "another", "no token": None}.get(case, TOKEN)
    path = written(office.keys, field_day, token=token).write(tmp_path / "a.rescue")
    assert refused(lambda: take(session, path, office)) == "rescue_unproven"
    assert count(session, SyncRecord) == 0
    report = take(session, path, office, trusted=True)
    assert dict(report.records) == {"new": 3}
    assert not report.proven


def test_one_refused_item_keeps_no_other_from_being_taken(
    session: Session, office: Office, field_day, tmp_path: Path
):
    account, _, _ = field_day
    writer = written(office.keys, field_day)
    writer.photo(b"no photo at all")
    writer.item(str(uuid4()), "finding", b"no record", account.person_id, seq=50)
    report = take(session, writer.write(tmp_path / "a.rescue"), office)
    assert report.records["new"] == 3
    assert (report.records["refused"], report.photos["refused"]) == (1, 1)
    assert {refusal.problem.code for refusal in report.refusals} == {
        "body_invalid",
        "photo_invalid",
    }
    assert report.whole  # the file is; what it holds is not


def test_bytes_that_differ_from_their_hash_are_not_taken(
    session: Session, office: Office, field_day, tmp_path: Path
):
    account, tablet, _ = field_day
    uid, body = tablet.write("patrol_start")
    writer = RescueWriter(office.keys.public()).sender(tablet.device, TOKEN)
    part = {"part": "record", "name": str(uid), "kind": "patrol_start", "seq": 1}
    writer.add(part | {"author": account.person_id, "sha256": "0" * 64}, body)
    report = take(session, writer.write(tmp_path / "a.rescue"), office)
    assert [refusal.problem.code for refusal in report.refusals] == ["digest_mismatch"]


def test_other_files_and_other_bureaus_are_told_apart(
    session: Session, office: Office, field_day, tmp_path: Path
):
    path = tmp_path / "a.rescue"
    for content in (b"", b"PK\x03\x04", b"INSPECT-RESCUE-1\n{}\n", b"INSPECT-RESCUE-1\nno end"):
        path.write_bytes(content)
        assert refused(lambda: take(session, path, office)) == "rescue_invalid"
    stranger = RescueKeys(tmp_path / "stranger")
    written(stranger, field_day).write(path)
    assert refused(lambda: take(session, path, office)) == "rescue_key_unknown"


def test_an_older_key_still_opens_its_files(tmp_path: Path):
    old = RescueKeys(tmp_path / "rescue")
    file = RescueWriter(old.public()).photo(b"x").write(tmp_path / "a.rescue")
    (old.folder / "key.pem").rename(old.folder / "key-2025.pem")
    assert old.public().id != ""  # a new one is made
    assert len(list(read_rescue(file, old))) == 2
    assert oct((old.folder / "key.pem").stat().st_mode)[-3:] == "600"


BODIES = [bytes([n]) * (n * 37) for n in range(1, 7)]


@pytest.fixture(scope="module")
def whole(keys: RescueKeys, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the bytes of a file with six photos."""
    writer = RescueWriter(keys.public())
    for body in BODIES:
        writer.photo(body)
    return writer.write(Path(tmp_path_factory.mktemp("whole")) / "a.rescue").read_bytes()


@given(st.data())
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_done_to_the_parts_only_whole_ones_come_out(
    keys: RescueKeys, whole: bytes, tmp_path: Path, data: st.DataObject
):
    path = tmp_path / "a.rescue"
    path.write_bytes(whole)
    content = bytearray(whole)
    first = parts_of(path)[0][0]
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(first, len(content) - 1))
        change = data.draw(st.sampled_from(["flip", "cut", "insert"]))
        if change == "flip":
            content[at] ^= 1 + data.draw(st.integers(0, 254))
        elif change == "cut":
            del content[at : at + data.draw(st.integers(1, 60))]
        else:
            content[at:at] = data.draw(st.binary(min_size=1, max_size=40))
        if len(content) <= first:
            break
    path.write_bytes(content)
    found = list(read_rescue(path, keys))
    came = [one.body for one in found if isinstance(one, Part) and one.body]
    assert [body for body in BODIES if body in came] == came  # unchanged, in order, none twice
    if len(came) < len(BODIES) and len(content) == len(whole):
        assert any(isinstance(one, Damage) for one in found)
