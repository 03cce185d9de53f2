"""Tracks: immutable segments of fixes, and what they say about a log."""

from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

from shapely.geometry import LineString
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import PatrolLog, TrackSegment
from inspect_app.queries.owners import OutsideEveryGrid, grid_at
from inspect_app.queries.patrol_proof import coverage_of, track_of
from inspect_app.queries.patrols import crew_task
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.sync_patrol.records import Fix, read_segment


def keep_segment(
    session: Session,
    place: tuple[UUID, int],
    sent: tuple[bytes, str],
    *,
    actor: Actor,
    now: datetime,
) -> str:
    """Keep segment `place` (log uid, number) of a track and return new, seen or conflict.

    `sent` is the bytes with their verified hash. The raw fixes are kept as they came; the line is
    drawn from usable ones. A log that has ended gets its figures anew.
    """
    log_uid, number = place
    body, sha256 = sent
    segment = read_segment(body)
    log = session.get(PatrolLog, log_uid)
    if log is None:
        raise Problem("record_early", uid=log_uid)
    task = crew_task(session, log.task_id, actor=actor)
    limit = policy_value(session, "fix_accuracy_max_m", day=task.day)
    usable = usable_places(segment.fixes, accuracy_max_m=limit)
    kept = session.scalar(
        insert(TrackSegment)
        .values(
            log_uid=log_uid,
            number=number,
            grid_id=_grid_of(session, usable, day=task.day),
            fixes=[list(fix) for fix in segment.fixes],
            sha256=sha256,
            received_at=now,
            line=_line(usable),
        )
        .on_conflict_do_nothing()
        .returning(TrackSegment.number)
    )
    if kept is None:
        before = session.scalars(
            select(TrackSegment.sha256).where(
                TrackSegment.log_uid == log_uid, TrackSegment.number == number
            )
        ).one()
        return "seen" if before == sha256 else "conflict"
    session.refresh(log)
    if log.ended_at is not None:
        refresh_figures(session, log, day=task.day)
    return "new"


def usable_places(fixes: tuple[Fix, ...], *, accuracy_max_m: float) -> list[tuple[float, float]]:
    """Return the places (lon, lat) of usable fixes in order of time, no place twice in a row.

    Of several fixes at one time the most accurate counts; equally accurate ones go by place, so
    that the order in the file decides nothing. Unknown accuracy (None) is let through last.
    """
    best: dict[int, tuple[float, float, float]] = {}
    for at, lon, lat, accuracy in fixes:
        if (accuracy is not None and accuracy > accuracy_max_m) or (lon == 0 and lat == 0):
            continue
        candidate = (accuracy_max_m if accuracy is None else accuracy, lon, lat)
        best[at] = min(best.get(at, candidate), candidate)
    places = [(best[at][1], best[at][2]) for at in sorted(best)]
    return places[:1] + [after for before, after in pairwise(places) if after != before]


def refresh_figures(session: Session, log: PatrolLog, *, day: date) -> None:
    """Compute the log's distance and covered share from all segments that have arrived.

    A log without believable track has driven 0 m; a task without line stops has no share.
    """
    track = track_of(session, log.uid, day=day)
    log.distance_m = track.length_m
    log.covered_share = coverage_of(session, log, track, day=day).share
    session.flush()


def _line(places: list[tuple[float, float]]) -> str | None:
    return f"SRID=4490;{LineString(places).wkt}" if len(places) > 1 else None


def _grid_of(session: Session, places: list[tuple[float, float]], *, day: date) -> int | None:
    if not places:
        return None
    try:
        return grid_at(session, *places[0], day=day).id
    except OutsideEveryGrid:
        return None
