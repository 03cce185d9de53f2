"""A patrol's records: kept once, in any order, with effects that do not depend on the order."""

import json
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Actor, Role
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Event, PatrolLog, SyncRecord, TrackSegment
from inspect_app.workflows.advance import Step, advance
from inspect_app.workflows.sync_patrol import Sent, keep_record, keep_segment
from inspect_app.workflows.sync_patrol.tracks import usable_places
from tests.conftest import NOW
from tests.factories import make_account, make_grid, make_policies
from tests.patrol_factories import Tablet, make_crew, make_task, sha256


def actor_of(account, *roles: Role) -> Actor:
    return Actor(account.person_id, account.person.name, frozenset(roles), EVERYWHERE)


@pytest.fixture
def day(session: Session):
    """Give a task, its inspector and a tablet."""
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, Role.INSPECTOR)
    task = make_task(session, make_crew(session, account), grid=grid)
    return task, actor_of(account, Role.INSPECTOR), Tablet(task)


def send(session: Session, item, actor, *, now=NOW):
    uid, body = item
    return keep_record(session, uid, Sent(body, sha256(body)), actor=actor, now=now)


def send_track(session: Session, place, body, actor):
    return keep_segment(session, place, Sent(body, sha256(body)), actor=actor, now=NOW).state


def log_of(session: Session, task) -> PatrolLog:
    return session.scalars(select(PatrolLog).where(PatrolLog.task_id == task.id)).one()


def test_a_whole_patrol_is_kept_with_its_states_stops_distance_and_share(session: Session, day):
    task, actor, tablet = day
    first, second, outlet = task.stops
    send(session, tablet.write("patrol_start"), actor)
    assert task.state == "in_progress"
    # The crew walks the first half of the canal (0.01° of longitude at 30.5° N: 959.9 m).
    send_track(session, (tablet.log_uid, 0), tablet.fixes(120.50, 120.51), actor)
    send(session, tablet.write("stop_result", stop_id=first.id, result="done"), actor)
    send(
        session,
        tablet.write("stop_result", stop_id=second.id, result="unreachable", reason="水毁"),
        actor,
    )
    send(session, tablet.write("patrol_pause"), actor)
    assert task.state == "paused"
    send(session, tablet.write("patrol_resume"), actor)
    end = tablet.write("patrol_end", weather="小雨", remark="无", shortfall_reason="道路水毁")
    send(session, end, actor)
    log = log_of(session, task)
    assert task.state == "submitted"
    assert [first.result, second.result, outlet.result] == ["done", "unreachable", "pending"]
    assert second.result_reason == "水毁"
    assert log.distance_m == pytest.approx(959.9, abs=1)
    assert log.covered_share == pytest.approx(0.5, abs=0.02)  # the tolerance reaches 30 m further
    assert (log.weather, log.remark) == ("小雨", "无")
    assert log.form["shortfall_reason"] == "道路水毁"
    assert log.ended_at == tablet.at
    assert log.received_at == NOW
    moments = session.scalars(select(Event.at).where(Event.subject_id == task.id))
    assert set(moments) == {NOW}


def test_a_lost_reply_is_answered_again_without_a_second_effect(session: Session, day):
    _, actor, tablet = day
    start = tablet.write("patrol_start")
    assert send(session, start, actor).state == "new"
    events = session.scalar(select(func.count()).select_from(Event))
    assert send(session, start, actor, now=NOW + timedelta(hours=1)).state == "seen"
    assert session.scalar(select(func.count()).select_from(Event)) == events
    assert session.scalars(select(SyncRecord.received_at)).all() == [NOW]


def test_other_bytes_under_a_known_id_are_a_conflict_and_noted_once(session: Session, day):
    _, actor, tablet = day
    uid, body = tablet.write("patrol_start")
    other = body.replace(b"patrol_start", b"patrol_end")
    send(session, (uid, body), actor)
    for _ in range(2):
        assert send(session, (uid, other), actor).state == "conflict"
    assert session.scalars(select(SyncRecord.body)).all() == [body]
    notes = session.scalars(select(AuditEntry.facts).where(AuditEntry.action == "sync.conflict"))
    assert notes.all() == [{"kept": sha256(body), "came": sha256(other)}]


def test_damaged_bytes_are_refused_and_leave_nothing(session: Session, day):
    _, actor, tablet = day
    uid, body = tablet.write("patrol_start")
    with pytest.raises(Problem, match="摘要"):
        keep_record(session, uid, Sent(body[:-1], sha256(body)), actor=actor, now=NOW)
    assert session.scalars(select(SyncRecord)).all() == []


@pytest.mark.parametrize(
    "values",
    [
        {"at": "yesterday"},
        {"at": "2026-03-24T09:00:00"},
        {"seq": -1},
        {"task_id": 2**63},
        {"kind": "stop_result", "stop_id": 1, "result": "skipped"},
        {"kind": "stop_result", "stop_id": 1, "result": "done", "lon": 181},
        {"kind": "patrol_pause", "reason": "a\x00b"},
        {"kind": "site_photo", "photo": "../../etc/passwd"},
    ],
)
def test_a_record_with_a_fault_is_kept_for_a_person_with_the_fault_named(
    session: Session, day, values
):
    task, actor, tablet = day
    uid, body = tablet.write("patrol_start")
    broken = json.dumps(json.loads(body) | values).encode()
    receipt = send(session, (uid, broken), actor)
    assert (receipt.state, receipt.problem.code) == ("inbox", "body_invalid")
    assert session.get_one(SyncRecord, uid).body == broken
    assert task.state == "published"
    assert send(session, (uid, broken), actor).problem.facts == receipt.problem.facts


def test_fields_of_a_newer_tablet_are_kept_in_the_bytes_and_passed_over(session: Session, day):
    _, actor, tablet = day
    item = tablet.write("patrol_start", battery=0.4)
    assert send(session, item, actor).state == "new"
    assert session.scalars(select(SyncRecord.body)).one() == item[1]


def test_only_the_crew_of_the_day_may_send(session: Session, day):
    task, _, tablet = day
    stranger = actor_of(make_account(session, Role.INSPECTOR), Role.INSPECTOR)
    receipt = send(session, tablet.write("patrol_start"), stranger)
    assert (receipt.state, receipt.problem.code) == ("inbox", "not_your_task")
    assert task.state == "published"


def test_a_task_that_is_not_there_is_refused_like_another_crews(session: Session, day):
    _, actor, tablet = day
    receipt = send(session, tablet.write("patrol_start", task_id=2**62), actor)
    assert (receipt.state, receipt.problem.code) == ("inbox", "not_your_task")


def test_records_that_overtake_the_start_take_effect_with_it(session: Session, day):
    task, actor, tablet = day
    start = tablet.write("patrol_start")
    visit = tablet.write("stop_result", stop_id=task.stops[0].id, result="done")
    pause = tablet.write("patrol_pause")
    for item in (pause, visit):
        receipt = send(session, item, actor)
        assert (receipt.state, receipt.problem.code) == ("waiting", "record_early")
    send(session, start, actor)
    assert (task.state, task.stops[0].result) == ("paused", "done")
    assert send(session, visit, actor).state == "seen"
    kept = session.execute(select(SyncRecord.state, SyncRecord.problem)).all()
    assert kept == [("taken", None)] * 3


def test_a_second_tablet_cannot_open_a_second_log_but_may_tick_stops(session: Session, day):
    task, actor, tablet = day
    send(session, tablet.write("patrol_start"), actor)
    second = Tablet(task)
    receipt = send(session, second.write("patrol_start"), actor)
    assert (receipt.state, receipt.problem.code) == ("inbox", "patrol_started")
    send(session, second.write("stop_result", stop_id=task.stops[0].id, result="done"), actor)
    assert task.stops[0].result == "done"


def test_a_returned_task_goes_on_in_the_same_log(session: Session, day):
    task, actor, tablet = day
    send(session, tablet.write("patrol_start"), actor)
    send(session, tablet.write("patrol_end", remark="一"), actor)
    chief = actor_of(make_account(session, Role.CHIEF), Role.CHIEF)
    advance(session, task, "return", step=Step(reason="漏查"), actor=chief, now=NOW)
    send(session, tablet.write("patrol_start"), actor)
    assert task.state == "in_progress"
    send(session, tablet.write("patrol_end", remark="二"), actor)
    assert task.state == "submitted"
    assert log_of(session, task).remark == "二"


def test_the_newer_result_of_a_stop_stays_whatever_the_tablets_clock_says(session: Session, day):
    task, actor, tablet = day
    stop = task.stops[0]
    send(session, tablet.write("patrol_start"), actor)
    old = tablet.write("stop_result", stop_id=stop.id, result="skipped", reason="封路")
    tablet.at -= timedelta(days=400)
    new = tablet.write("stop_result", stop_id=stop.id, result="done")
    send(session, new, actor)
    send(session, old, actor)
    assert stop.result == "done"
    assert stop.result_reason is None


def test_a_stop_of_another_task_is_refused(session: Session, day):
    _, actor, tablet = day
    send(session, tablet.write("patrol_start"), actor)
    foreign = make_task(session, make_crew(session)).stops[0]
    receipt = send(session, tablet.write("stop_result", stop_id=foreign.id, result="done"), actor)
    assert (receipt.state, receipt.problem.code) == ("inbox", "not_your_task")
    assert foreign.result == "pending"


def test_a_late_segment_gives_the_ended_log_its_figures_anew(session: Session, day):
    task, actor, tablet = day
    send(session, tablet.write("patrol_start"), actor)
    send(session, tablet.write("patrol_end"), actor)
    log = log_of(session, task)
    assert (log.distance_m, log.covered_share) == (0.0, 0.0)
    body = tablet.fixes(120.50, 120.52)
    assert send_track(session, (tablet.log_uid, 0), body, actor) == "new"
    assert log.covered_share == pytest.approx(1.0)
    assert send_track(session, (tablet.log_uid, 0), body, actor) == "seen"
    other = tablet.fixes(120.50, 120.51)
    assert send_track(session, (tablet.log_uid, 0), other, actor) == "conflict"
    assert log.distance_m == pytest.approx(1919.8, abs=2)


def test_usable_places_are_sorted_single_and_accurate():
    fixes = (
        (3000, 120.3, 30.0, 5.0),
        (1000, 120.1, 30.0, 5.0),
        (1000, 120.9, 30.0, 40.0),  # the same time, less accurate
        (2000, 120.2, 30.0, 51.0),  # too inaccurate
        (2500, 0.0, 0.0, 1.0),  # nowhere
        (4000, 120.3, 30.0, None),  # the same place again
    )
    assert usable_places(fixes, accuracy_max_m=50) == [(120.1, 30.0), (120.3, 30.0)]
    assert usable_places((), accuracy_max_m=50) == []


def test_a_segment_of_unusable_fixes_is_kept_without_line_or_grid(session: Session, day):
    _, actor, tablet = day
    send(session, tablet.write("patrol_start"), actor)
    body = json.dumps({"fixes": [[1, 120.5, 30.5, 900], [1, 120.5, 30.5, 4]]}).encode()
    send_track(session, (tablet.log_uid, 0), body, actor)
    send_track(session, (tablet.log_uid, 1), b'{"fixes": []}', actor)
    first, second = session.scalars(select(TrackSegment).order_by(TrackSegment.number))
    assert first.line is None
    assert first.grid_id is not None
    assert first.fixes == [[1, 120.5, 30.5, 900], [1, 120.5, 30.5, 4]]
    assert (second.line, second.grid_id) == (None, None)


def test_a_segment_of_more_fixes_than_it_may_hold_is_kept_for_a_person(session: Session, day):
    _, actor, tablet = day
    send(session, tablet.write("patrol_start"), actor)
    body = json.dumps({"fixes": [[n, 120.5, 30.5, 5] for n in range(301)]}).encode()
    for _ in range(2):
        assert send_track(session, (tablet.log_uid, 0), body, actor) == "inbox"
    held = session.scalars(select(SyncRecord).where(SyncRecord.kind == "segment")).one()
    assert (held.body, held.problem, held.number) == (body, "body_invalid", 0)


def state_of(session: Session, task) -> dict:
    """Return all a day's records have to decide, without numbers that tell the order of arrival."""
    session.expire_all()
    log = log_of(session, task)
    stops = [(stop.result, stop.result_reason, stop.done_at) for stop in task.stops]
    columns = (SyncRecord.uid, SyncRecord.sha256, SyncRecord.state, SyncRecord.problem)
    kept = session.execute(select(*columns)).all()
    segments = session.execute(select(TrackSegment.number, TrackSegment.sha256)).all()
    return {
        "task": task.state,
        "stops": stops,
        "log": (log.started_at, log.ended_at, log.weather, log.remark, log.form),
        "figures": (round(log.distance_m, 6), round(log.covered_share, 9)),
        "records": sorted(map(str, kept)),
        "segments": sorted(map(str, segments)),
    }


def deliver(session: Session, items, actor) -> None:
    """Send everything in the given order; what comes before its cause waits for it."""
    for item in items:
        item(session, actor)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_order_and_repetition_of_a_day_ends_in_the_same_state(session: Session, day, data):
    task, actor, tablet = day
    tablet.log_uid, tablet.device, tablet.numbers = uuid4(), uuid4(), count(1)
    first, second, third = task.stops

    def record(kind, **values):
        item = tablet.write(kind, **values)
        return lambda session, actor: send(session, item, actor)

    def track(number, *ends):
        body = tablet.fixes(*ends, first_s=400 * number)
        place = (tablet.log_uid, number)
        return lambda session, actor: send_track(session, place, body, actor)

    items = [
        record("patrol_start"),
        track(0, 120.50, 120.505),
        record("stop_result", stop_id=first.id, result="skipped", reason="封路"),
        record("patrol_pause", reason="午休"),
        record("site_photo", photo="a" * 64),
        record("patrol_resume"),
        track(1, 120.505, 120.515),
        record("stop_result", stop_id=first.id, result="done"),
        record("site_photo", photo="b" * 64, stop_id=second.id),
        record("patrol_pause"),
        record("stop_result", stop_id=third.id, result="unreachable", reason="涨水"),
        record("patrol_resume"),
        record("patrol_end", weather="晴", remark="完"),
    ]
    with session.begin_nested() as attempt:
        deliver(session, items, actor)
        straight = state_of(session, task)
        attempt.rollback()
    session.expire_all()
    shuffled = data.draw(st.permutations([*items, *data.draw(st.lists(st.sampled_from(items)))]))
    with session.begin_nested() as attempt:
        deliver(session, shuffled, actor)
        assert state_of(session, task) == straight
        attempt.rollback()
    session.expire_all()
