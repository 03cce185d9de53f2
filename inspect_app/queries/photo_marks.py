"""What a marked copy of a photo says: when, where and by whom, as the records have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from geoalchemy2.shape import to_shape
from sqlalchemy import Row, cast, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import PhotoStage
from inspect_app.models import (
    Finding,
    FindingPhoto,
    Grid,
    PatrolLog,
    PatrolStop,
    PatrolTask,
    Person,
    Photo,
)
from inspect_app.queries.patrols import crew_members
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class PhotoMark:
    """The facts of a photo; `recorded_at` is the record's time, `place` lon and lat in EPSG:4490.

    `place` is None where neither the record nor the photo has one; so is `finding_no` for a photo
    that shows no problem.
    """

    recorded_at: datetime | None
    grid: str | None
    thing: str | None
    place: tuple[float, float] | None
    people: tuple[str, ...]
    finding_no: str | None = None


def mark_of(session: Session, photo: Photo, *, scope: Scope) -> PhotoMark:
    """Return the facts of a photo from the first finding or patrol in the scope that shows it.

    A photo that nothing uses yet has its own place and its sender.
    """
    finding = session.execute(
        select(Finding, FindingPhoto.stage, Grid.name, PatrolStop)
        .join(FindingPhoto, FindingPhoto.finding_id == Finding.id)
        .outerjoin(Grid, Grid.id == Finding.grid_id)
        .outerjoin(PatrolStop, PatrolStop.id == Finding.patrol_stop_id)
        .where(FindingPhoto.photo_sha256 == photo.sha256, in_scope(Finding.grid_id, scope))
        .order_by(Finding.id)
        .limit(1)
    ).first()
    if finding is not None:
        return _of_finding(session, photo, finding)
    log = session.scalar(
        select(PatrolLog)
        .where(
            PatrolLog.form.contains(cast({"photos": [{"sha256": photo.sha256}]}, JSONB)),
            select(PatrolStop.id)
            .where(PatrolStop.task_id == PatrolLog.task_id, in_scope(PatrolStop.grid_id, scope))
            .exists(),
        )
        .order_by(PatrolLog.started_at)
        .limit(1)
    )
    if log is not None:
        return _of_log(session, photo, log)
    return PhotoMark(None, None, None, _own_place(photo), _sender(session, photo))


def _of_finding(
    session: Session, photo: Photo, row: Row[Finding, str, str | None, PatrolStop | None]
) -> PhotoMark:
    finding, stage, grid, stop = row
    before = stage == PhotoStage.BEFORE.value
    point = to_shape(finding.geom)
    return PhotoMark(
        recorded_at=finding.found_at if before else None,
        grid=grid,
        thing=None if stop is None else stop.name,
        place=(float(point.x), float(point.y)),
        people=_finders(session, finding, stop) if before else _sender(session, photo),
        finding_no=finding.finding_no,
    )


def _finders(session: Session, finding: Finding, stop: PatrolStop | None) -> tuple[str, ...]:
    """Return who reported a finding, then the others of the crew."""
    reporter = _names(session, [finding.reported_by])
    task = None if stop is None else session.get(PatrolTask, stop.task_id)
    crew = [] if task is None else crew_members(session, task)
    return tuple(dict.fromkeys([*reporter, *crew]))


def _of_log(session: Session, photo: Photo, log: PatrolLog) -> PhotoMark:
    note = next(each for each in log.form["photos"] if each["sha256"] == photo.sha256)
    stop = session.get(PatrolStop, note["stop_id"]) if note.get("stop_id") else None
    grid = session.get(Grid, stop.grid_id) if stop is not None and stop.grid_id else None
    lon, lat = note.get("lon"), note.get("lat")
    task = session.get_one(PatrolTask, log.task_id)
    people = [*_names(session, [log.recorder_id]), *crew_members(session, task)]
    return PhotoMark(
        recorded_at=datetime.fromisoformat(note["at"]),
        grid=None if grid is None else grid.name,
        thing=None if stop is None else stop.name,
        place=_own_place(photo) if lon is None or lat is None else (float(lon), float(lat)),
        people=tuple(dict.fromkeys(people)),
    )


def _own_place(photo: Photo) -> tuple[float, float] | None:
    if photo.geom is None:
        return None
    point = to_shape(photo.geom)
    return float(point.x), float(point.y)


def _sender(session: Session, photo: Photo) -> tuple[str, ...]:
    return _names(session, [photo.received_from])


def _names(session: Session, people: Sequence[int | None]) -> tuple[str, ...]:
    known = [person for person in people if person is not None]
    return tuple(session.scalars(select(Person.name).where(Person.id.in_(known))))
