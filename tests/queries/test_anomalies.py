"""Anomalies read from the tables: reused and alike photos, far and hasty ticks, odd clocks."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.coverage.anomalies import Anomaly, AnomalyKind
from inspect_app.domain.access import EVERYWHERE, Role, Scope
from inspect_app.models import Device, Event, FindingPhoto, PatrolLog, PatrolTask, Photo
from inspect_app.queries.anomalies import ELSEWHERE, Reviewed, anomalies_of
from inspect_app.queries.patrol_proof import track_of
from inspect_app.queries.photo_wall import photo_wall
from tests.conftest import NOW
from tests.factories import add, make_account, make_finding, make_grid, make_policies, serial
from tests.patrol_factories import DAY, START, make_crew, make_patrol

K = AnomalyKind
ZONE = ZoneInfo("Asia/Shanghai")
LIKENESS = 0x0F0F_3C3C_5A5A_00FF


@pytest.fixture
def patrol(session: Session) -> PatrolTask:
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    return make_patrol(session, make_crew(session, account), account, grid=grid)


def make_photo(session: Session, **values) -> Photo:
    values = {"media_type": "image/jpeg", "size": 1, "width": 1, "height": 1} | values
    values = {"received_at": START, "sha256": f"{next(serial):064x}"} | values
    return add(session, Photo(**values))


def log_of(session: Session, task: PatrolTask) -> PatrolLog:
    return session.scalars(select(PatrolLog).where(PatrolLog.task_id == task.id)).one()


def found(session: Session, task: PatrolTask, *, scope: Scope = EVERYWHERE) -> list[Anomaly]:
    session.expire_all()
    log = log_of(session, task)
    track = track_of(session, log.uid, day=task.day)
    photos = photo_wall(session, task, log)
    return anomalies_of(session, Reviewed(task, track, photos, scope, ZONE), now=NOW)


def kinds(session: Session, task: PatrolTask, **given) -> list[AnomalyKind]:
    return [one.kind for one in found(session, task, **given)]


def show(session: Session, task: PatrolTask, sha256: str, **values) -> None:
    """Put a photo into the log of a task."""
    log = log_of(session, task)
    photo = {"sha256": sha256, "stop_id": task.stops[0].id, "at": START.isoformat()}
    photo |= {"lon": 120.505, "lat": 30.5, "record": str(uuid4())} | values
    log.form = log.form | {"photos": [*log.form.get("photos", []), photo]}
    session.flush()


def another(session: Session) -> PatrolTask:
    account = make_account(session, Role.INSPECTOR)
    grid = make_grid(session)
    return make_patrol(
        session, make_crew(session, account), account, grid=grid, day=DAY - timedelta(days=7)
    )


def test_an_ordinary_patrol_raises_nothing(session: Session, patrol: PatrolTask):
    photo = make_photo(session, likeness=LIKENESS, taken_at=START)
    show(session, patrol, photo.sha256)
    # The tablet of the factory goes at a constant speed along a parallel: that is found.
    assert set(kinds(session, patrol)) <= {K.STRAIGHT, K.STEADY, K.SAME_ACCURACY, K.ROUND_STEPS}
    session.query(Photo).update({"likeness": None})
    assert not [kind for kind in kinds(session, patrol) if kind.value.startswith("photo")]


def test_the_same_photo_in_another_patrol_is_told_with_its_day_and_crew(
    session: Session, patrol: PatrolTask
):
    photo = make_photo(session)
    other = another(session)
    show(session, patrol, photo.sha256)
    show(session, other, photo.sha256)
    (one,) = [one for one in found(session, patrol) if one.kind is K.PHOTO_AGAIN]
    assert one.facts["other"] == f"2026-03-17 {other.crew.name}"
    assert one.subject == photo.sha256


def test_a_use_outside_the_readers_scope_is_not_named(session: Session, patrol: PatrolTask):
    photo = make_photo(session)
    show(session, patrol, photo.sha256)
    show(session, another(session), photo.sha256)
    own = Scope(everywhere=False, grid_paths=("/999999/",))
    (one,) = [one for one in found(session, patrol, scope=own) if one.kind is K.PHOTO_AGAIN]
    assert one.facts["other"] == ELSEWHERE


def test_the_same_photo_in_a_finding_of_this_patrol_is_no_reuse_and_of_another_is(
    session: Session, patrol: PatrolTask
):
    photo = make_photo(session)
    show(session, patrol, photo.sha256)
    own = make_finding(session, at=START, patrol_stop_id=patrol.stops[0].id)
    add(session, FindingPhoto(finding_id=own.id, photo_sha256=photo.sha256))
    assert K.PHOTO_AGAIN not in kinds(session, patrol)
    other = make_finding(session, at=START)
    add(session, FindingPhoto(finding_id=other.id, photo_sha256=photo.sha256))
    (one,) = [one for one in found(session, patrol) if one.kind is K.PHOTO_AGAIN]
    assert one.facts["other"] == other.finding_no


@pytest.mark.parametrize("flipped", [0, 4, 5, 20])
def test_photos_are_alike_by_the_bits_in_which_they_differ(
    session: Session, patrol: PatrolTask, flipped: int
):
    mine = make_photo(session, likeness=LIKENESS)
    theirs = make_photo(session, likeness=LIKENESS ^ ((1 << flipped) - 1))
    show(session, patrol, mine.sha256)
    show(session, another(session), theirs.sha256)
    alike = [one for one in found(session, patrol) if one.kind is K.PHOTO_ALIKE]
    assert [one.facts["bits"] for one in alike] == ([flipped] if flipped <= 4 else [])


def test_photos_of_a_plain_wall_old_photos_and_those_of_one_patrol_are_not_compared(
    session: Session, patrol: PatrolTask
):
    plain = make_photo(session, likeness=0)
    show(session, patrol, plain.sha256)
    other = another(session)
    show(session, other, make_photo(session, likeness=1).sha256)
    assert K.PHOTO_ALIKE not in kinds(session, patrol)
    mine, twin = (make_photo(session, likeness=LIKENESS) for _ in range(2))
    show(session, patrol, mine.sha256)
    show(session, patrol, twin.sha256)
    assert K.PHOTO_ALIKE not in kinds(session, patrol)
    old = make_photo(session, likeness=LIKENESS, received_at=NOW - timedelta(days=400))
    show(session, other, old.sha256)
    assert K.PHOTO_ALIKE not in kinds(session, patrol)


def test_a_photo_taken_elsewhere_and_at_another_time_is_told(session: Session, patrol: PatrolTask):
    taken = START - timedelta(days=2)
    photo = make_photo(session, taken_at=taken, geom="SRID=4490;POINT(120.6 30.5)")
    show(session, patrol, photo.sha256)
    odd = [kind for kind in kinds(session, patrol) if kind.value.startswith("photo")]
    assert odd == [K.PHOTO_TIME, K.PHOTO_PLACE]


def tick(session: Session, task: PatrolTask, number: int, *, at: datetime, lon: float, **facts):
    """Note a stop done as the sync does."""
    noted = {"client_at": at.isoformat(), "lon": lon, "lat": 30.5, "accuracy_m": 8.0}
    noted |= {"device": "d", "seq": number} | facts
    stop = task.stops[number]
    event = Event(
        subject_kind="stop",
        subject_id=stop.id,
        event="done",
        to_state="done",
        at=NOW,
        facts=noted,
    )
    add(session, event)


def test_ticks_far_from_their_stop_and_at_once_are_told(session: Session, patrol: PatrolTask):
    tick(session, patrol, 0, at=START, lon=120.505)
    tick(session, patrol, 2, at=START + timedelta(seconds=5), lon=120.505)
    odd = [one for one in found(session, patrol) if one.kind.value.startswith("tick")]
    assert [one.kind for one in odd] == [K.TICK_FAR, K.TICKS_HASTY]
    assert "三里桥排口" in odd[0].words()
    # From 120.505 to 120.520 along 30.5° N.
    assert odd[0].facts["metres"] == pytest.approx(1_439, abs=3)


def test_clocks_are_looked_at_device_by_device(session: Session, patrol: PatrolTask):
    device = Device(
        uid=uuid4(),
        name="设备 07",
        token_hash="0" * 64,
        enrolled_at=START,
        seen_at=START,
        clock_offset_s=-4_000.0,
    )
    add(session, device)
    uid = str(device.uid)
    tick(session, patrol, 1, at=NOW + timedelta(hours=2), lon=120.515, device=uid)
    tick(session, patrol, 2, at=START, lon=120.52, device=uid)
    tick(session, patrol, 0, at=START + timedelta(minutes=5), lon=120.505, device="other")
    odd = [one for one in found(session, patrol) if one.kind.value.startswith("clock")]
    assert [one.kind for one in odd] == [K.CLOCK_OFFSET, K.CLOCK_AHEAD, K.CLOCK_BACK]
    assert odd[1].facts["seconds"] == 7_200


def test_the_wall_shows_each_photo_once_and_tells_those_that_have_not_come(
    session: Session, patrol: PatrolTask
):
    here = make_photo(session)
    show(session, patrol, here.sha256)
    show(session, patrol, "f" * 64, at=(START - timedelta(minutes=1)).isoformat(), stop_id=None)
    finding = make_finding(session, at=START, patrol_stop_id=patrol.stops[1].id)
    add(session, FindingPhoto(finding_id=finding.id, photo_sha256=here.sha256))
    session.expire_all()
    wall = photo_wall(session, patrol, log_of(session, patrol))
    assert [(one.sha256, one.arrived) for one in wall] == [("f" * 64, False), (here.sha256, True)]
    assert (wall[0].stop, wall[1].stop) == (None, "东干渠下段")
    assert wall[1].finding_no == finding.finding_no
