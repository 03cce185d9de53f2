"""Effects: what each kind of record changes; the outcome does not depend on the order of arrival.

Records of one device are ordered by its counter alone; where two devices disagree, a fixed rule
decides that knows nothing of time. A record that comes after a newer one about the same thing is
noted and changes nothing, so every order ends in the same state. The one thing that the first to
arrive decides is whose log a task gets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, defer

from gis.crs import STORAGE_SRID
from inspect_app.domain.access import Actor
from inspect_app.domain.codes import FindingOrigin, StopResult
from inspect_app.domain.problems import Problem
from inspect_app.models import Event, PatrolLog, PatrolStop, PatrolTask, Person
from inspect_app.workflows.raise_finding import FindingDraft, raise_finding
from inspect_app.workflows.sync_patrol import records
from inspect_app.workflows.sync_patrol.locks import lock_log, lock_photos
from inspect_app.workflows.sync_patrol.sheets import SheetArrival, keep_sheet
from inspect_app.workflows.sync_patrol.steps import Course, Taken, course_of, take_step
from inspect_app.workflows.sync_patrol.tracks import refresh_figures

CLOCK_SLACK = timedelta(days=1)
"""How far before its task's day a tablet's clock is still believed for the time of a finding."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a record came: its id, the locked task, its author, and when.

    `came_at` is when its bytes came first, `now` when it takes effect: later, if it had to wait.
    """

    uid: UUID
    task: PatrolTask
    actor: Actor
    came_at: datetime
    now: datetime


Effect = Callable[[Session, Any, Arrival], None]


def take_effect(session: Session, record: records.Step, arrival: Arrival) -> None:
    """Let a record change what it is about; refuses what comes before its cause.

    A visit costs two statements, a further one of the same stop three, a step of the patrol five;
    the end of a patrol reads its track.
    """
    EFFECTS[type(record)](session, record, arrival)


def _start(session: Session, record: records.PatrolStart, arrival: Arrival) -> None:
    log = _log_of(session, arrival.task)
    course = course_of(session, arrival.task)
    if log is not None:
        _refuse_other_log(session, log, record)
        if course.is_first_start(_taken(record, "start")):
            log.started_at, log.recorder_id = record.at, _person(arrival)
        _step(session, record, arrival, course=course)
        return
    lock_log(session, record.log_uid)
    if session.get(PatrolLog, record.log_uid) is not None:
        raise Problem("log_elsewhere", log=record.log_uid)
    _step(session, record, arrival, course=course)
    session.add(
        PatrolLog(
            uid=record.log_uid,
            task_id=arrival.task.id,
            recorder_id=_person(arrival),
            started_at=record.at,
            form={},
            received_at=arrival.now,
        )
    )
    session.flush()


def _pause_or_resume(session: Session, record: records.Step, arrival: Arrival) -> None:
    _own_log(session, record, arrival)
    _step(session, record, arrival, course=course_of(session, arrival.task))


def _end(session: Session, record: records.PatrolEnd, arrival: Arrival) -> None:
    log = _own_log(session, record, arrival)
    course = course_of(session, arrival.task)
    newest, first = course.is_newest_end(_taken(record, "finish")), log.ended_at is None
    _step(session, record, arrival, course=course)
    if newest:
        log.ended_at = record.at
        log.weather = record.weather or None
        log.remark = record.remark or None
        log.form = log.form | {"shortfall_reason": record.shortfall_reason}
    if first:
        refresh_figures(session, log, day=arrival.task.day)


VISIT = text("""
WITH visited AS (
    UPDATE patrol_stop SET result = :final, result_reason = :final_reason, done_at = :final_at
    WHERE id = :stop_id
)
INSERT INTO event (subject_kind, subject_id, event, to_state, actor_id, at, reason, facts)
VALUES ('stop', :stop_id, :result, :result, :person_id, :now, :reason, :facts)
""").bindparams(bindparam("facts", type_=JSONB))
"""What a stop has come to, and the visit by which it did, by one statement."""


def _stop(session: Session, record: records.StopVisit, arrival: Arrival) -> None:
    stop_id, unvisited, back = _stop_to_visit(session, record.stop_id, arrival)
    earlier = () if unvisited else _visits(session, stop_id)
    said = _Visit(str(record.device), record.seq, record.result, record.reason, record.at)
    final = _final((*earlier, said))
    position = {"lon": record.lon, "lat": record.lat, "accuracy_m": record.accuracy_m}
    values = {
        "stop_id": stop_id,
        "final": final.result.value,
        "final_reason": final.reason or None,
        "final_at": final.at,
        "result": record.result.value,
        "person_id": arrival.actor.person_id,
        "now": arrival.now,
        "reason": record.reason or None,
        "facts": _note(record, arrival) | {"reason": record.reason, **position},
    }
    session.execute(VISIT, values)
    held = session.identity_map.get(session.identity_key(PatrolStop, stop_id))
    if held is not None:  # whoever holds the stop reads it anew
        session.expire(held)
    if back:
        log = _any_log(session, arrival)
        if log.ended_at is not None:
            refresh_figures(session, log, day=arrival.task.day)


def _finding(session: Session, record: records.PatrolFinding, arrival: Arrival) -> None:
    """Raise the finding; it needs neither log nor photos yet: nothing found is ever turned away."""
    if record.stop_id is not None:
        _stop_of(session, record.stop_id, arrival.task)
    draft = FindingDraft(
        uid=arrival.uid,
        finding_type=record.finding_type.value,
        severity=record.severity.value,
        description=record.description,
        lon=record.lon,
        lat=record.lat,
        found_at=_found_at(record, arrival),
        origin=FindingOrigin.PATROL.value,
        photos=record.photos,
        patrol_stop_id=record.stop_id,
        object_kind=None if record.object_kind is None else record.object_kind.value,
        object_id=record.object_id,
        measure=record.measure,
    )
    lock_photos(session, record.photos)
    raise_finding(session, draft, actor=arrival.actor, now=arrival.now, photos_follow=True)


def _site_photo(session: Session, record: records.SitePhoto, arrival: Arrival) -> None:
    log = _any_log(session, arrival)
    if record.stop_id is not None:
        _stop_of(session, record.stop_id, arrival.task)
    photo = {
        "sha256": record.photo,
        "stop_id": record.stop_id,
        "at": record.at.isoformat(),
        "lon": record.lon,
        "lat": record.lat,
        "record": str(arrival.uid),
    }
    photos = sorted([*log.form.get("photos", []), photo], key=lambda each: each["record"])
    log.form = log.form | {"photos": photos}


def _check_form(session: Session, record: records.CheckForm, arrival: Arrival) -> None:
    log = _any_log(session, arrival)
    stop, _ = _stop_of(session, record.stop_id, arrival.task)
    came = SheetArrival(arrival.uid, log.uid, stop, arrival.actor.person_id, arrival.now)
    keep_sheet(session, record, came)


EFFECTS: dict[type[records.Step], Effect] = {
    records.PatrolStart: _start,
    records.PatrolPause: _pause_or_resume,
    records.PatrolResume: _pause_or_resume,
    records.StopVisit: _stop,
    records.SitePhoto: _site_photo,
    records.PatrolFinding: _finding,
    records.CheckForm: _check_form,
    records.PatrolEnd: _end,
}

STEP_OF: dict[type[records.Step], str] = {
    records.PatrolStart: "start",
    records.PatrolPause: "pause",
    records.PatrolResume: "resume",
    records.PatrolEnd: "finish",
}
"""The task's event each step of a patrol stands for."""


def _step(session: Session, record: records.Step, arrival: Arrival, *, course: Course) -> None:
    take_step(
        session,
        arrival.task,
        _taken(record, STEP_OF[type(record)]),
        course=course,
        note=_note(record, arrival),
        by=(arrival.actor, arrival.now),
    )


def _taken(record: records.Step, event: str) -> Taken:
    return Taken(event, str(record.device), record.seq)


@dataclass(frozen=True, slots=True)
class _Visit:
    """What one record says of a stop."""

    device: str
    seq: int
    result: StopResult
    reason: str
    at: datetime


WEIGHT = {StopResult.SKIPPED: 1, StopResult.UNREACHABLE: 2, StopResult.DONE: 3}
"""Where two devices disagree, who has been there is right."""


def _final(visits: tuple[_Visit, ...]) -> _Visit:
    """Return the visit that counts: the newest of each device, of these the weightiest."""
    newest: dict[str, _Visit] = {}
    for visit in sorted(visits, key=lambda one: one.seq):
        newest[visit.device] = visit
    return max(newest.values(), key=lambda one: (WEIGHT[one.result], one.device))


VISITS = text("""
SELECT DISTINCT ON (facts ->> 'device') facts ->> 'device', (facts ->> 'seq')::bigint, event,
    reason, facts ->> 'client_at'
FROM event
WHERE subject_kind = 'stop' AND subject_id = :stop_id AND facts ? 'device'
    AND event IN ('skipped', 'unreachable', 'done')
ORDER BY facts ->> 'device', (facts ->> 'seq')::bigint DESC, id DESC
""")


def _visits(session: Session, stop_id: int) -> tuple[_Visit, ...]:
    """Return what the newest record of each device so far says of a stop."""
    return tuple(
        _Visit(device, seq, StopResult(result), reason or "", datetime.fromisoformat(at))
        for device, seq, result, reason, at in session.execute(VISITS, {"stop_id": stop_id})
    )


def _note(record: records.Step, arrival: Arrival) -> dict[str, Any]:
    """Return what an event keeps of a record: its id, its order and the tablet's own clock."""
    return {
        "record": str(arrival.uid),
        "device": str(record.device),
        "seq": record.seq,
        "client_at": record.at.isoformat(),
    }


LOG = select(PatrolLog).where(PatrolLog.task_id == bindparam("task_id"))


def _log_of(session: Session, task: PatrolTask) -> PatrolLog | None:
    return session.scalar(LOG, {"task_id": task.id})


def _any_log(session: Session, arrival: Arrival) -> PatrolLog:
    """Return the log of the task; a record that overtook its patrol's start is to come again."""
    log = _log_of(session, arrival.task)
    if log is None:
        raise Problem("record_early", uid=arrival.uid)
    return log


def _own_log(session: Session, record: records.Step, arrival: Arrival) -> PatrolLog:
    """Return the log of the task if the record belongs to it; a task has one log."""
    log = _any_log(session, arrival)
    _refuse_other_log(session, log, record)
    return log


def _refuse_other_log(session: Session, log: PatrolLog, record: records.Step) -> None:
    if log.uid != record.log_uid:
        recorder = session.get_one(Person, log.recorder_id)
        raise Problem("patrol_started", name=recorder.name)


def _person(arrival: Arrival) -> int:
    if arrival.actor.person_id is None:
        message = "a patrol's record has an author"
        raise ValueError(message)
    return arrival.actor.person_id


STOP = (
    select(PatrolStop)
    .where(PatrolStop.id == bindparam("stop_id"))
    .options(defer(PatrolStop.geom))
    .with_for_update(of=PatrolStop)
    .execution_options(populate_existing=True)
)
STOP_WITH_LOG = text("""
SELECT stop.task_id = :task_id AND log.uid IS NOT NULL, stop.result = 'pending'
FROM patrol_stop stop LEFT JOIN patrol_log log ON log.task_id = :task_id
WHERE stop.id = :stop_id
FOR UPDATE OF stop
""")


def _stop_to_visit(session: Session, stop_id: int, arrival: Arrival) -> tuple[int, bool, bool]:
    """Return the id of the stop of `_stop_of`, whether nobody was there, whether it was back.

    Nearly always by one statement. The task is locked, so nobody begins or changes its log
    meanwhile; a record that overtook the log's start is to come again.
    """
    task = arrival.task
    found = session.execute(STOP_WITH_LOG, {"stop_id": stop_id, "task_id": task.id}).first()
    if found is not None and found[0]:
        return stop_id, found[1], False
    _any_log(session, arrival)
    stop, back = _stop_of(session, stop_id, task)
    return stop.id, stop.result == StopResult.PENDING, back


def _stop_of(session: Session, stop_id: int, task: PatrolTask) -> tuple[PatrolStop, bool]:
    """Return the stop a record speaks of, locked, and whether it had to be brought back.

    A tablet that was offline knows a stop by its old task: a stop that a change of the plan moved
    away since is meant all the same, and one that the change took out comes back: somebody has been
    there.
    """
    stop = session.scalar(STOP, {"stop_id": stop_id})
    if stop is not None and stop.task_id == task.id:
        return stop, False
    left = session.scalar(
        select(Event)
        .where(
            Event.subject_kind == "stop",
            Event.subject_id == stop_id,
            or_(
                Event.facts["from_task"].astext == str(task.id),
                Event.facts["task"].astext == str(task.id),
            ),
            Event.event.in_(("move", "withdraw")),
        )
        .order_by(Event.id.desc())
        .limit(1)
    )
    if left is None:
        raise Problem("not_your_task")
    return (stop, False) if stop is not None else (_brought_back(session, left, task), True)


def _brought_back(session: Session, left: Event, task: PatrolTask) -> PatrolStop:
    facts = left.facts
    last = session.scalar(select(func.max(PatrolStop.seq)).where(PatrolStop.task_id == task.id))
    stop = PatrolStop(
        id=left.subject_id,
        task_id=task.id,
        seq=(last or 0) + 1,
        object_kind=facts["object_kind"],
        object_id=facts["object_id"],
        name=facts["name"],
        timed=facts["timed"],
        reverse=facts["reverse"],
        grid_id=facts["grid_id"],
        arrive_at=datetime.fromisoformat(facts["arrive_at"]),
        leave_at=datetime.fromisoformat(facts["leave_at"]),
        geom=f"SRID={STORAGE_SRID};{facts['geom']}",
    )
    session.add(stop)
    session.flush()
    return stop


def _found_at(record: records.PatrolFinding, arrival: Arrival) -> datetime:
    """Return when a finding was made: the tablet's time where it can be true, else the server's.

    A clock that is ahead, or lies before the task, must not decide whose grid it was.
    """
    day_start = arrival.task.starts_at - CLOCK_SLACK
    return record.at if day_start <= record.at <= arrival.came_at else arrival.came_at
