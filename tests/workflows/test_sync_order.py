"""Any order of records ends alike: two tablets, rounds after a return, holds, photos, rivals."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, permutations
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Actor, Role
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    FindingPhoto,
    PatrolLog,
    Photo,
    SyncQuarantine,
    SyncRecord,
    TrackSegment,
)
from inspect_app.workflows.advance import Step, advance
from inspect_app.workflows.settle_record import (
    decide_quarantine,
    retry,
    retry_task,
    set_aside,
    tasks_with_held,
)
from inspect_app.workflows.sync_patrol import (
    Origin,
    Sent,
    complete_photo,
    keep_record,
    keep_segment,
)
from tests.conftest import NOW
from tests.factories import add, make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import Tablet, make_crew, make_task, sha256

PLACE = {"lon": 120.505, "lat": 30.5}
PHOTO = "c" * 64


@dataclass
class Day:
    """A task with its crew: an inspector, a colleague, their tablets and the chief."""

    session: Session
    task: object
    actor: Actor
    chief: Actor
    tablet: Tablet
    second: Tablet = field(init=False)

    def __post_init__(self) -> None:
        self.second = Tablet(self.task, log_uid=self.tablet.log_uid)

    def send(self, item, *, actor: Actor | None = None, **options):
        uid, body = item
        sent = Sent(body, sha256(body))
        return keep_record(self.session, uid, sent, actor=actor or self.actor, now=NOW, **options)

    def track(self, number: int, body: bytes, **options):
        place = (self.tablet.log_uid, number)
        sent = Sent(body, sha256(body))
        return keep_segment(self.session, place, sent, actor=self.actor, now=NOW, **options)

    def give_photo(self) -> None:
        if self.session.get(Photo, PHOTO) is None:
            add(self.session, photo_row(PHOTO))
        complete_photo(self.session, PHOTO)

    def give_back(self) -> None:
        step = Step(reason="漏查")
        advance(self.session, self.task, "return", step=step, actor=self.chief, now=NOW)

    def state(self) -> dict:
        """Return all that the records decide, without what tells the order of arrival."""
        session = self.session
        session.expire_all()
        log = session.scalar(select(PatrolLog).where(PatrolLog.task_id == self.task.id))
        columns = (SyncRecord.uid, SyncRecord.state, SyncRecord.problem, SyncRecord.sha256)
        return {
            "task": self.task.state,
            "stops": [(stop.result, stop.result_reason, stop.done_at) for stop in self.task.stops],
            "log": log and (log.uid, log.started_at, log.ended_at, log.remark, log.form),
            "figures": log and (log.distance_m, log.covered_share),
            "records": sorted(map(str, session.execute(select(*columns)))),
            "segments": sorted(
                session.execute(select(TrackSegment.number, TrackSegment.sha256)).all()
            ),
            "photos": session.scalars(select(FindingPhoto.photo_sha256)).all(),
        }


def photo_row(name: str) -> Photo:
    return Photo(sha256=name, media_type="image/jpeg", size=1, width=1, height=1, received_at=NOW)


def acting(account, role: Role) -> Actor:
    return Actor(account.person_id, account.person.name, frozenset({role}), EVERYWHERE)


@pytest.fixture
def day(session: Session) -> Day:
    make_policies(session)
    grid = make_grid(session)
    make_owner(session, grid)
    account = make_account(session, Role.INSPECTOR)
    chief = make_account(session, Role.CHIEF)
    task = make_task(session, make_crew(session, account), grid=grid)
    actor = acting(account, Role.INSPECTOR)
    return Day(session, task, actor, acting(chief, Role.CHIEF), Tablet(task))


def same_in_every_order(day: Day, *, orders) -> dict:
    """Run each order in a savepoint of its own and return the one state they all end in."""
    states = []
    for order in orders:
        with day.session.begin_nested() as attempt:
            for item in order:
                item()
            states.append(day.state())
            attempt.rollback()
        day.session.expire_all()
    assert all(state == states[0] for state in states)
    return states[0]


def sending(day: Day, tablet: Tablet, kind: str, **values):
    item = tablet.write(kind, **values)
    return lambda: day.send(item)


def test_two_tablets_that_disagree_about_a_stop_end_alike_in_every_order(day: Day):
    stop = day.task.stops[0].id
    day.send(day.tablet.write("patrol_start"))
    skipped = {"result": "skipped", "reason": "封路"}
    items = [
        sending(day, day.tablet, "stop_result", stop_id=stop, result="done"),
        sending(day, day.tablet, "stop_result", stop_id=stop, **skipped),
        sending(day, day.second, "stop_result", stop_id=stop, result="unreachable", reason="涨水"),
    ]
    state = same_in_every_order(day, orders=permutations(items))
    # The first tablet took its "done" back; of the two that remain, who went there is believed.
    assert state["stops"][0][:2] == ("unreachable", "涨水")


def test_a_patrol_rests_only_while_no_tablet_goes_on(day: Day):
    day.send(day.tablet.write("patrol_start"))
    items = [
        sending(day, day.tablet, "patrol_pause"),
        sending(day, day.second, "patrol_pause"),
        sending(day, day.second, "patrol_resume"),
    ]
    assert same_in_every_order(day, orders=permutations(items))["task"] == "in_progress"


def test_an_end_decides_its_round_whatever_comes_after_it(day: Day):
    items = [
        sending(day, day.tablet, "patrol_start"),
        sending(day, day.tablet, "patrol_start"),
        sending(day, day.tablet, "patrol_pause"),
        sending(day, day.tablet, "patrol_end", remark="一"),
        sending(day, day.second, "patrol_end", remark="二"),
        sending(day, day.tablet, "patrol_resume"),
    ]
    orders = [items, items[::-1], *(items[n:] + items[:n] for n in range(1, 6))]
    assert same_in_every_order(day, orders=orders)["task"] == "submitted"


def test_the_second_round_waits_for_its_own_start(day: Day):
    day.send(day.tablet.write("patrol_start"))
    late = day.tablet.write("patrol_pause")
    day.send(day.tablet.write("patrol_end", remark="一"))
    day.give_back()
    items = [
        lambda: day.send(late),
        sending(day, day.tablet, "patrol_start"),
        sending(day, day.tablet, "patrol_pause"),
        sending(day, day.tablet, "patrol_end", remark="二"),
    ]
    orders = [items, items[::-1], *(items[n:] + items[:n] for n in range(1, 4))]
    state = same_in_every_order(day, orders=orders)
    assert (state["task"], state["log"][3]) == ("submitted", "二")
    assert all("taken" in record for record in state["records"])


@pytest.mark.parametrize("starts", ["own crew", "other crew"])
def test_what_came_while_its_author_was_of_the_crew_waits_as_theirs(day: Day, starts: str):
    visit = day.tablet.write("stop_result", stop_id=day.task.stops[0].id, result="done")
    assert day.send(visit).problem.code == "record_early"
    other = acting(account := make_account(day.session, Role.INSPECTOR), Role.INSPECTOR)
    own_crew, day.task.crew_id = day.task.crew_id, make_crew(day.session, account).id
    day.session.flush()
    finding = {"finding_type": "noise", "severity": "normal", **PLACE}
    theirs = Tablet(day.task)
    day.send(theirs.write("finding", **finding), actor=other)
    if starts == "other crew":
        day.send(theirs.write("patrol_start"), actor=other)
    else:
        day.task.crew_id = own_crew
        day.session.flush()
        day.send(day.tablet.write("patrol_start"))
    state = day.state()
    assert state["stops"][0][0] == "done"
    assert all("taken" in record for record in state["records"])


def test_a_finding_and_its_photo_meet_in_either_order(day: Day):
    finding = {"finding_type": "noise", "severity": "normal", "photos": [PHOTO], **PLACE}
    items = [sending(day, day.tablet, "finding", **finding), day.give_photo]
    state = same_in_every_order(day, orders=[items, items[::-1], items * 2])
    assert state["photos"] == [PHOTO]


def test_a_second_tablets_own_log_is_for_a_person_in_every_order(day: Day):
    day.second.log_uid = uuid4()
    items = [
        sending(day, day.second, "patrol_pause"),
        sending(day, day.second, "patrol_end"),
        sending(day, day.tablet, "patrol_end"),
    ]
    first = sending(day, day.tablet, "patrol_start")
    second = sending(day, day.second, "patrol_start")
    orders = [[*items[:n], first, second, *items[n:]] for n in range(4)]
    state = same_in_every_order(day, orders=orders)
    assert state["task"] == "submitted"
    assert sum("patrol_started" in record for record in state["records"]) == 3


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_order_of_two_tablets_records_ends_in_the_same_state(day: Day, data):
    day.tablet.log_uid = day.second.log_uid = uuid4()
    for tablet in (day.tablet, day.second):
        tablet.device, tablet.numbers = uuid4(), count(1)
    bodies = [day.tablet.fixes(120.50 + n / 1e3, 120.51 + n / 1e3, first_s=400 * n) for n in (0, 1)]
    finding = {"finding_type": "noise", "severity": "normal", "photos": [PHOTO], **PLACE}
    stop = {"stop_id": day.task.stops[0].id, "result": "done"}
    skipped = stop | {"result": "skipped", "reason": "封路"}
    items = [
        sending(day, day.tablet, "patrol_start"),
        lambda: day.track(0, bodies[0]),
        sending(day, day.tablet, "stop_result", **stop),
        sending(day, day.second, "stop_result", **skipped),
        sending(day, day.tablet, "patrol_pause"),
        sending(day, day.second, "patrol_resume"),
        sending(day, day.tablet, "finding", **finding),
        day.give_photo,
        lambda: day.track(1, bodies[1]),
        sending(day, day.second, "boat_trip"),
        sending(day, day.second, "stop_result", stop_id=2**40, result="done"),
        sending(day, day.second, "patrol_end", at="yesterday"),
        sending(day, day.tablet, "patrol_end", remark="完"),
    ]
    repeated = data.draw(st.lists(st.sampled_from(items), max_size=5))
    shuffled = data.draw(st.permutations([*items, *repeated]))
    state = same_in_every_order(day, orders=[items, shuffled])
    assert state["task"] == "submitted"


def test_a_newer_clients_record_waits_for_the_next_server(day: Day):
    day.send(day.tablet.write("patrol_start"))
    newer = [
        day.tablet.write("boat_trip", what={"ever": 1}),
        day.tablet.write("patrol_pause", version=2),
        day.tablet.write("k" * 500),
        (uuid4(), rb'{"kind": "a\u0000b\ud800", "task_id": "x", "seq": -1, "device": 7}'),
    ]
    codes = [day.send(item).problem.code for item in newer]
    assert codes == ["kind_unknown", "version_unknown", "kind_unknown", "kind_unknown"]
    assert day.task.state == "in_progress"
    kept = day.session.scalars(select(SyncRecord.body).where(SyncRecord.state == "inbox")).all()
    assert set(kept) == {body for _, body in newer}
    assert tasks_with_held(day.session) == [day.task.id]
    assert retry_task(day.session, day.task.id, now=NOW) == []


def test_other_bytes_and_taken_numbers_are_both_kept_and_noted_once(day: Day):
    uid, body = day.tablet.write("patrol_start")
    other = body + b" "
    twin = (uuid4(), body + b"  ")
    day.send((uid, body))
    answers = [day.send(item) for item in ((uid, other), twin) for _ in range(2)]
    assert [answer.state for answer in answers] == ["conflict"] * 4
    assert [answer.problem.code for answer in answers] == ["record_conflict"] * 2 + [
        "seq_taken"
    ] * 2
    assert answers[0].quarantine == answers[1].quarantine != answers[2].quarantine
    rows = day.session.scalars(select(SyncQuarantine).order_by(SyncQuarantine.id)).all()
    assert [(row.name, row.body, row.kept_sha256) for row in rows] == [
        (str(uid), other, sha256(body)),
        (str(twin[0]), twin[1], sha256(body)),
    ]
    notes = select(AuditEntry.subject_id).where(AuditEntry.action == "sync.conflict")
    assert day.session.scalars(notes).all() == [str(uid), str(twin[0])]


def test_a_segments_rivals_are_kept_before_and_after_its_log_has_come(day: Day):
    origin = Origin(day.tablet.device, 7)
    bodies = [day.tablet.fixes(120.50, 120.50 + n / 1000) for n in range(1, 5)]
    assert day.track(0, bodies[0], origin=origin).state == "waiting"
    assert day.track(0, bodies[1], origin=origin).problem.code == "record_conflict"
    assert day.track(1, bodies[2], origin=origin).problem.code == "seq_taken"
    day.send(day.tablet.write("patrol_start"))
    assert day.track(0, bodies[0], origin=origin).state == "seen"
    assert day.track(0, bodies[3], origin=origin).problem.code == "record_conflict"
    assert day.track(1, bodies[2], origin=origin).problem.code == "seq_taken"
    names = day.session.scalars(select(SyncQuarantine.name)).all()
    log = day.tablet.log_uid
    assert sorted(names) == [f"{log}/0", f"{log}/0", f"{log}/1"]
    segment = day.session.scalars(select(TrackSegment)).one()
    assert (segment.device_uid, segment.seq) == (day.tablet.device, 7)


def test_another_author_is_believed_from_a_known_tablet_only(day: Day):
    sender = acting(make_account(day.session, Role.CLERK), Role.CLERK)
    named = {"author": day.actor.person_id}
    doubted = day.tablet.write("patrol_start", **named)
    assert day.send(doubted, actor=sender).problem.code == "author_unproven"
    unknown = day.tablet.write("patrol_start", author=2**40)
    assert day.send(unknown, actor=sender, vouched=True).problem.code == "author_unknown"
    assert day.task.state == "published"
    start = day.tablet.write("patrol_start", **named)
    assert day.send(start, actor=sender, vouched=True).state == "new"
    row = day.session.get_one(SyncRecord, start[0])
    assert (row.author_id, row.sender_id) == (day.actor.person_id, sender.person_id)
    body = day.tablet.fixes(120.50, 120.51)
    place, sent = (day.tablet.log_uid, 0), Sent(body, sha256(body))
    for origin, state in ((Origin(vouched=True), "new"), (Origin(), "seen")):
        receipt = keep_segment(day.session, place, sent, actor=sender, now=NOW, origin=origin)
        assert receipt.state == state


def test_a_person_tries_again_or_puts_aside_and_nothing_is_deleted(day: Day):
    late = make_account(day.session, Role.INSPECTOR)
    newcomer = acting(late, Role.INSPECTOR)
    start, visit = (
        day.tablet.write("patrol_start"),
        day.tablet.write("stop_result", stop_id=day.task.stops[0].id, result="done"),
    )
    assert day.send(start, actor=newcomer).problem.code == "not_your_task"
    assert day.send(visit).state == "waiting"
    assert retry(day.session, start[0], actor=day.chief, now=NOW).problem.code == "not_your_task"
    join_crew(day, late)
    later = NOW + timedelta(hours=1)
    assert retry(day.session, start[0], actor=day.chief, now=later).problem is None
    assert day.task.stops[0].result == "done"
    with pytest.raises(Problem, match="已处理"):
        retry(day.session, visit[0], actor=day.chief, now=later)
    odd = day.tablet.write("boat_trip")
    day.send(odd)
    with pytest.raises(Problem, match="理由"):
        set_aside(day.session, odd[0], reason=" ", actor=day.chief, now=later)
    with pytest.raises(Problem, match="权限"):
        set_aside(day.session, odd[0], reason="误传", actor=day.actor, now=later)
    set_aside(day.session, odd[0], reason="误传", actor=day.chief, now=later)
    row = day.session.get_one(SyncRecord, odd[0])
    assert (row.state, row.settle_reason, row.body) == ("set_aside", "误传", odd[1])
    assert day.send(odd).state == "seen"
    acts = select(AuditEntry.action).where(AuditEntry.actor_id == day.chief.person_id)
    assert day.session.scalars(acts.order_by(AuditEntry.id)).all() == [
        "sync.retry",
        "sync.retry",
        "sync.set_aside",
    ]


def join_crew(day: Day, account) -> None:
    from inspect_app.models import CrewMember
    from tests.factories import FROM

    member = CrewMember(crew_id=day.task.crew_id, person_id=account.person_id, valid_from=FROM)
    add(day.session, member)


def test_a_decision_about_rivals_is_noted_once_and_changes_neither(day: Day):
    uid, body = day.tablet.write("patrol_start")
    day.send((uid, body))
    number = day.send((uid, body + b" ")).quarantine
    decide_quarantine(day.session, number, decision="以先到为准", actor=day.chief, now=NOW)
    with pytest.raises(Problem, match="已处理"):
        decide_quarantine(day.session, number, decision="改", actor=day.chief, now=NOW)
    with pytest.raises(Problem, match="平板记录"):
        decide_quarantine(day.session, 2**40, decision="改", actor=day.chief, now=NOW)
    assert day.session.get_one(SyncQuarantine, number).body == body + b" "


def test_a_fault_of_our_own_keeps_the_record_and_is_handed_to_the_log(day: Day, monkeypatch):
    from inspect_app.workflows.sync_patrol import effects, records

    def broken(*_):
        message = "a bug"
        raise ValueError(message)

    item = day.tablet.write("patrol_start")
    with monkeypatch.context() as patch:
        patch.setitem(effects.EFFECTS, records.PatrolStart, broken)
        receipt = day.send(item)
    assert (receipt.state, receipt.problem.code) == ("inbox", "effect_failed")
    assert [str(fault) for fault in receipt.faults] == ["a bug"]
    assert retry(day.session, item[0], actor=day.chief, now=NOW).problem is None
    assert day.task.state == "in_progress"


def test_a_log_of_another_task_is_not_begun_twice(day: Day, session: Session):
    day.send(day.tablet.write("patrol_start"))
    account = make_account(session, Role.INSPECTOR)
    other = make_task(session, make_crew(session, account))
    stolen = Tablet(other, log_uid=day.tablet.log_uid)
    receipt = day.send(stolen.write("patrol_start"), actor=acting(account, Role.INSPECTOR))
    assert receipt.problem.code == "log_elsewhere"
