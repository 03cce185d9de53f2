"""Effects: what each kind of record changes; the outcome does not depend on the order of arrival.

Records of one device are ordered by its counter alone. A record that comes after a newer one of its
device about the same thing is noted and changes nothing, so every order ends in the same state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, or_, select
from sqlalchemy.orm import Session

from gis.crs import STORAGE_SRID
from inspect_app.domain.access import Actor
from inspect_app.domain.codes import FindingOrigin
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState, transition
from inspect_app.models import Event, PatrolLog, PatrolStop, PatrolTask, Person
from inspect_app.workflows.advance import Step as Advance
from inspect_app.workflows.advance import advance
from inspect_app.workflows.raise_finding import FindingDraft, raise_finding
from inspect_app.workflows.sync_patrol import records
from inspect_app.workflows.sync_patrol.sheets import SheetArrival, keep_sheet
from inspect_app.workflows.sync_patrol.tracks import refresh_figures

CLOCK_SLACK = timedelta(days=1)
"""How far before its task's day a tablet's clock is still believed for the time of a finding."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a record came: its id, the locked task, who sent it and when."""

    uid: UUID
    task: PatrolTask
    actor: Actor
    now: datetime


Effect = Callable[[Session, Any, Arrival], None]


def take_effect(session: Session, record: records.PatrolRecord, arrival: Arrival) -> None:
    """Let a record change what it is about; refuses what comes before its cause."""
    EFFECTS[type(record)](session, record, arrival)


def _start(session: Session, record: records.PatrolStart, arrival: Arrival) -> None:
    if _log_of(session, arrival.task) is not None:
        _own_log(session, record, arrival)
        _step(session, record, arrival, event="start")
        return
    _step(session, record, arrival, event="start")
    session.add(
        PatrolLog(
            uid=record.log_uid,
            task_id=arrival.task.id,
            recorder_id=arrival.actor.person_id,
            started_at=record.at,
            form={},
            received_at=arrival.now,
        )
    )
    session.flush()


def _pause(session: Session, record: records.PatrolPause, arrival: Arrival) -> None:
    _own_log(session, record, arrival)
    _step(session, record, arrival, event="pause")


def _resume(session: Session, record: records.PatrolResume, arrival: Arrival) -> None:
    _own_log(session, record, arrival)
    _step(session, record, arrival, event="resume")


def _end(session: Session, record: records.PatrolEnd, arrival: Arrival) -> None:
    log = _own_log(session, record, arrival)
    newest = not _newer_came(session, record, ("task", arrival.task.id), event="finish")
    _step(session, record, arrival, event="finish")
    if newest:
        log.ended_at = record.at
        log.weather = record.weather or None
        log.remark = record.remark or None
        log.form = log.form | {"shortfall_reason": record.shortfall_reason}
    refresh_figures(session, log, day=arrival.task.day)


def _stop(session: Session, record: records.StopVisit, arrival: Arrival) -> None:
    _any_log(session, arrival)
    stop = _stop_of(session, record.stop_id, arrival.task)
    subject = ("stop", stop.id)
    if not _newer_came(session, record, subject):
        stop.result = record.result.value
        stop.result_reason = record.reason or None
        stop.done_at = record.at
    position = {"lon": record.lon, "lat": record.lat, "accuracy_m": record.accuracy_m}
    note = _note(record, arrival) | {"reason": record.reason, **position}
    change = (record.result.value, None, record.result.value)
    _add_event(session, subject, change, arrival=arrival, note=note)


def _finding(session: Session, record: records.PatrolFinding, arrival: Arrival) -> None:
    """Raise the finding; it needs no log, so that nothing found is ever turned away."""
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
    raise_finding(session, draft, actor=arrival.actor, now=arrival.now)


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
    log, stop = _any_log(session, arrival), _stop_of(session, record.stop_id, arrival.task)
    came = SheetArrival(arrival.uid, log.uid, stop, arrival.actor.person_id, arrival.now)
    keep_sheet(session, record, came)


EFFECTS: dict[type[records.Step], Effect] = {
    records.PatrolStart: _start,
    records.PatrolPause: _pause,
    records.PatrolResume: _resume,
    records.StopVisit: _stop,
    records.SitePhoto: _site_photo,
    records.PatrolFinding: _finding,
    records.CheckForm: _check_form,
    records.PatrolEnd: _end,
}


def _step(session: Session, record: records.Step, arrival: Arrival, *, event: str) -> None:
    """Advance the task, or only note a step that came late or changes nothing any more."""
    task, note = arrival.task, _note(record, arrival)
    possible = transition("task", event, task.state) is not None
    late = _newer_came(session, record, ("task", task.id))
    begun = task.state in BEGUN
    if not late and (possible or not begun):
        advance(
            session, task, event, step=Advance(facts=note), actor=arrival.actor, now=arrival.now
        )
        return
    note["noted_only"] = True
    change = (event, task.state, task.state)
    _add_event(session, ("task", task.id), change, arrival=arrival, note=note)


BEGUN = (
    TaskState.IN_PROGRESS,
    TaskState.PAUSED,
    TaskState.SUBMITTED,
    TaskState.COMPLETED,
    TaskState.RETURNED,
)
"""States of a task that has a log; in them a step out of turn is noted, not refused."""


def _newer_came(
    session: Session, record: records.Step, subject: tuple[str, int], *, event: str | None = None
) -> bool:
    """Whether a newer record of the same device about the subject is already here."""
    newest = select(func.max(cast(Event.facts["seq"].astext, BigInteger))).where(
        Event.subject_kind == subject[0],
        Event.subject_id == subject[1],
        Event.facts["device"].astext == str(record.device),
    )
    if event is not None:
        newest = newest.where(Event.event == event)
    seq = session.scalar(newest)
    return seq is not None and seq > record.seq


def _note(record: records.Step, arrival: Arrival) -> dict[str, Any]:
    """Return what an event keeps of a record: its id, its order and the tablet's own clock."""
    return {
        "record": str(arrival.uid),
        "device": str(record.device),
        "seq": record.seq,
        "client_at": record.at.isoformat(),
    }


def _add_event(
    session: Session,
    subject: tuple[str, int],
    change: tuple[str, str | None, str],
    *,
    arrival: Arrival,
    note: dict[str, Any],
) -> None:
    """Add an event row for a change given as (event, state before, state after)."""
    session.add(
        Event(
            subject_kind=subject[0],
            subject_id=subject[1],
            event=change[0],
            from_state=change[1],
            to_state=change[2],
            actor_id=arrival.actor.person_id,
            at=arrival.now,
            reason=note.get("reason") or None,
            facts=note,
        )
    )
    session.flush()


def _log_of(session: Session, task: PatrolTask) -> PatrolLog | None:
    return session.scalar(select(PatrolLog).where(PatrolLog.task_id == task.id))


def _any_log(session: Session, arrival: Arrival) -> PatrolLog:
    """Return the log of the task; a record that overtook its patrol's start is to come again."""
    log = _log_of(session, arrival.task)
    if log is None:
        raise Problem("record_early", uid=arrival.uid)
    return log


def _own_log(session: Session, record: records.Step, arrival: Arrival) -> PatrolLog:
    """Return the log of the task if the record belongs to it; a task has one log."""
    log = _any_log(session, arrival)
    if log.uid != record.log_uid:
        recorder = session.get_one(Person, log.recorder_id)
        raise Problem("patrol_started", name=recorder.name)
    return log


def _stop_of(session: Session, stop_id: int, task: PatrolTask) -> PatrolStop:
    """Return the stop a record speaks of; a tablet that was offline knows it by its old task.

    A stop that a change of the plan moved away since is meant all the same, and one that the change
    took out comes back: somebody has been there.
    """
    stop = session.get(PatrolStop, stop_id)
    if stop is not None and stop.task_id == task.id:
        return stop
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
    return stop or _brought_back(session, left, task)


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
    return record.at if day_start <= record.at <= arrival.now else arrival.now
