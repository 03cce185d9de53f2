"""Attach a track: the recording of another device, a drone or a hand joins a patrol's own."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
from shapely.geometry import LineString, MultiPoint
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.coverage import CleanTrack, GpxUnreadable, clean_track, read_gpx
from gis.crs import STORAGE_SRID
from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import local_day
from inspect_app.domain.codes import TrackSource
from inspect_app.domain.problems import Phrase, Problem
from inspect_app.domain.transitions import TaskState
from inspect_app.models import AuditEntry, Event, PatrolLog, PatrolTask, TrackSegment
from inspect_app.queries.owners import OutsideEveryGrid, grid_at, share_in_grids
from inspect_app.queries.patrol_proof import SOURCES, coverage_of, fixes_of, track_rules
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.sync_patrol.records import FIXES_MAX, Fix
from inspect_app.workflows.sync_patrol.tracks import refresh_figures, usable_places

Place = tuple[float, float]

ATTACHED_FROM = 1_000_000
"""Numbers of attached segments begin here: far behind any the tablet will still hand in."""
ATTACHED_FIXES_MAX = 100_000
"""A day at one fix a second, and some."""
IN_COUNTY_SHARE = 0.5
SOURCES_OFFERED = (TrackSource.GPX, TrackSource.DRONE, TrackSource.MANUAL)
OPEN = (TaskState.IN_PROGRESS, TaskState.PAUSED, TaskState.SUBMITTED, TaskState.RETURNED)
"""States in which a track may be attached: what was accepted stays as it was accepted."""

UNREADABLE = {
    "doctype": "文件带有不允许的文档类型声明",
    "not_xml": "不是完整的 XML 文件",
    "not_gpx": "不是 GPX 文件",
    "no_track": "文件中没有轨迹点",
}


@dataclass(frozen=True, slots=True)
class TrackFile:
    """A file as it was handed in, and who recorded it."""

    name: str
    content: bytes
    source: TrackSource


@dataclass(frozen=True, slots=True)
class Attachment:
    """What attaching a file adds, or has added.

    `outside` counts fixes of other days, `refused` those without a usable place or time. `track` is
    the file's own cleaned track; `overlap_s` is its time in which the tablet has a track of its
    own. The figures before and after are those of the whole patrol.
    """

    track: CleanTrack
    taken: int
    outside: int
    refused: int
    start_at: datetime
    end_at: datetime
    overlap_s: float
    length_before_m: float
    length_after_m: float
    share_before: float | None
    share_after: float | None


def preview_track(
    session: Session, task: PatrolTask, file: TrackFile, *, today: date
) -> Attachment:
    """Return what attaching a file to a task's patrol would add; nothing is written.

    Raises
    ------
    Problem
        `track_no_log`, `track_closed`, `unreadable_file`, `track_untimed`, `track_other_day`,
        `track_elsewhere`, `track_too_long`, `track_attached`.
    """
    log = _log(session, task)
    fixes, counts = _fixes(session, task, file, today=today)
    _not_yet(session, log, fixes)
    rules = track_rules(session, day=task.day)
    own = fixes_of(session, log.uid)
    added = fixes.assign(source=SOURCES[file.source], seq=range(len(own), len(own) + len(fixes)))
    before = clean_track(own, rules=rules)
    after = clean_track(pd.concat([own, added], ignore_index=True), rules=rules)
    alone = clean_track(added, rules=rules)
    return Attachment(
        track=alone,
        taken=len(fixes),
        outside=counts[0],
        refused=counts[1],
        start_at=fixes["at"].min().to_pydatetime(),
        end_at=fixes["at"].max().to_pydatetime(),
        overlap_s=_overlap_s(before, alone),
        length_before_m=before.length_m,
        length_after_m=after.length_m,
        share_before=coverage_of(session, log, before, day=task.day).share,
        share_after=coverage_of(session, log, after, day=task.day).share,
    )


def attach_track(
    session: Session, task: PatrolTask, file: TrackFile, *, actor: Actor, now: datetime
) -> Attachment:
    """Attach a file's fixes as immutable segments of their source, and compute the figures anew.

    The segments take numbers from `ATTACHED_FROM` on. Raises what `preview_track` raises.
    """
    session.refresh(task, with_for_update=True)
    seen = preview_track(session, task, file, today=local_day(now))
    log = _log(session, task)
    fixes, _ = _fixes(session, task, file, today=local_day(now))
    first = _next_number(session, log)
    pieces = _segments(fixes)
    limit = policy_value(session, "fix_accuracy_max_m", day=task.day)
    for number, (piece, sha256) in enumerate(pieces, start=first):
        places = usable_places(piece, accuracy_max_m=limit)
        line = f"SRID={STORAGE_SRID};{LineString(places).wkt}" if len(places) > 1 else None
        session.add(
            TrackSegment(
                log_uid=log.uid,
                number=number,
                grid_id=_grid_of(session, places, task),
                fixes=[list(fix) for fix in piece],
                sha256=sha256,
                received_at=now,
                source=file.source.value,
                line=line,
            )
        )
    session.flush()
    session.refresh(log)
    refresh_figures(session, log, day=task.day)
    _note(session, task, (file, first, len(pieces), seen.taken), actor=actor, now=now)
    return seen


def _log(session: Session, task: PatrolTask) -> PatrolLog:
    log = session.scalar(select(PatrolLog).where(PatrolLog.task_id == task.id))
    if log is None:
        raise Problem("track_no_log")
    if task.state not in OPEN:
        raise Problem("track_closed", state=TaskState(task.state).label)
    return log


def _fixes(
    session: Session, task: PatrolTask, file: TrackFile, *, today: date
) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return the file's fixes of the task's day by time; how many are of other days, or useless."""
    try:
        found = read_gpx(file.content)
    except GpxUnreadable as fault:
        reason = Phrase(UNREADABLE[fault.reason], {})
        raise Problem("unreadable_file", name=file.name, reason=reason) from fault
    timed = found.fixes[found.fixes["at"].notna()]
    if timed.empty:
        raise Problem("track_untimed")
    if len(timed) > ATTACHED_FIXES_MAX:
        raise Problem("track_too_long", count=len(timed), limit=ATTACHED_FIXES_MAX)
    slack = timedelta(hours=policy_value(session, "odd_outside_h", day=today))
    inside = timed[timed["at"].between(task.starts_at - slack, task.ends_at + slack)]
    if inside.empty:
        first = local_day(timed["at"].min().to_pydatetime())
        raise Problem("track_other_day", found=first, day=task.day)
    places = inside[["lon", "lat"]].drop_duplicates()
    sample = places.iloc[:: max(1, len(places) // 500)].to_numpy(dtype=float)
    if share_in_grids(session, MultiPoint(sample).wkt, day=task.day) < IN_COUNTY_SHARE:
        raise Problem("track_elsewhere")
    fixes = inside.sort_values("at", kind="stable")[["at", "lon", "lat", "accuracy_m"]]
    refused = len(found.rejections) + len(found.fixes) - len(timed)
    return fixes.reset_index(drop=True), (len(timed) - len(inside), refused)


def _segments(fixes: pd.DataFrame) -> list[tuple[tuple[Fix, ...], str]]:
    """Return the fixes cut into segments as tablets cut them, each with its hash."""
    ms = (fixes["at"] - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(milliseconds=1)
    rows: list[Fix] = [
        (int(at), round(lon, 7), round(lat, 7), None if pd.isna(accuracy) else round(accuracy, 1))
        for at, lon, lat, accuracy in zip(
            ms, fixes["lon"], fixes["lat"], fixes["accuracy_m"], strict=True
        )
    ]
    pieces = [tuple(rows[start : start + FIXES_MAX]) for start in range(0, len(rows), FIXES_MAX)]
    return [(piece, hashlib.sha256(json.dumps(piece).encode()).hexdigest()) for piece in pieces]


def _not_yet(session: Session, log: PatrolLog, fixes: pd.DataFrame) -> None:
    """Refuse a file whose segments are all there."""
    hashes = {sha256 for _, sha256 in _segments(fixes)}
    kept = session.scalar(
        select(func.count(TrackSegment.sha256.distinct())).where(
            TrackSegment.log_uid == log.uid, TrackSegment.sha256.in_(hashes)
        )
    )
    if kept == len(hashes):
        raise Problem("track_attached")


def _next_number(session: Session, log: PatrolLog) -> int:
    last = session.scalar(
        select(func.max(TrackSegment.number)).where(
            TrackSegment.log_uid == log.uid, TrackSegment.number >= ATTACHED_FROM
        )
    )
    return ATTACHED_FROM if last is None else last + 1


def _overlap_s(own: CleanTrack, other: CleanTrack) -> float:
    """Return for how long both have a track."""
    total = 0.0
    for piece in other.pieces.itertuples():
        start = own.pieces["start_at"].clip(lower=piece.start_at)
        end = own.pieces["end_at"].clip(upper=piece.end_at)
        total += float((end - start).dt.total_seconds().clip(lower=0).sum())
    return total


def _grid_of(session: Session, places: list[Place], task: PatrolTask) -> int | None:
    try:
        return grid_at(session, *places[0], day=task.day).id if places else None
    except OutsideEveryGrid:
        return None


def _note(
    session: Session,
    task: PatrolTask,
    what: tuple[TrackFile, int, int, int],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    file, first, count, taken = what
    facts = {
        "file": file.name[:200],
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "source": file.source.value,
        "segments": [first, first + count - 1],
        "fixes": taken,
    }
    session.add(
        Event(
            subject_kind="task",
            subject_id=task.id,
            event="attach_track",
            from_state=task.state,
            to_state=task.state,
            actor_id=actor.person_id,
            at=now,
            facts=facts,
        )
    )
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="track.attach",
            subject_kind="task",
            subject_id=str(task.id),
            facts=facts,
        )
    )
    session.flush()
