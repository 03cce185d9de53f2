"""The photos of a patrol: of its log, its findings and its records, arrived or not yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.models import (
    Finding,
    FindingPhoto,
    PatrolLog,
    PatrolStop,
    PatrolTask,
    Person,
    Photo,
    SyncRecord,
)

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class WallPhoto:
    """A photo as the wall shows it.

    `at` and `place` (lon, lat) are the record's; `taken_at` and `taken_place` the photo's own.
    `arrived` tells whether its bytes have come.
    """

    sha256: str
    at: datetime | None
    place: Place | None
    stop_id: int | None
    stop: str | None
    finding_no: str | None
    finding_uid: UUID | None
    person: str | None
    arrived: bool
    taken_at: datetime | None
    taken_place: Place | None


@dataclass(frozen=True, slots=True)
class _Named:
    """A photo some row names."""

    sha256: str
    at: datetime | None
    place: Place | None
    stop_id: int | None = None
    finding_no: str | None = None
    finding_uid: UUID | None = None
    person_id: int | None = None


def photo_wall(session: Session, task: PatrolTask, log: PatrolLog | None) -> list[WallPhoto]:
    """Return the photos of a task by the time of their records; each photo once."""
    named: dict[str, _Named] = {}
    for one in (*_of_findings(session, task), *_of_log(session, log), *_of_records(session, task)):
        named.setdefault(one.sha256, one)
    found = {
        photo.sha256: photo
        for photo in session.scalars(select(Photo).where(Photo.sha256.in_(list(named))))
    }
    all_named = list(named.values())
    stops = _names(session, (PatrolStop.id, PatrolStop.name), {one.stop_id for one in all_named})
    people = _names(session, (Person.id, Person.name), {one.person_id for one in all_named})
    wall = [
        WallPhoto(
            sha256=one.sha256,
            at=one.at,
            place=one.place,
            stop_id=one.stop_id,
            stop=stops.get(one.stop_id),
            finding_no=one.finding_no,
            finding_uid=one.finding_uid,
            person=people.get(one.person_id),
            arrived=one.sha256 in found,
            taken_at=found[one.sha256].taken_at if one.sha256 in found else None,
            taken_place=_place(found.get(one.sha256)),
        )
        for one in all_named
    ]
    return sorted(wall, key=lambda photo: (photo.at is None, photo.at and photo.at.timestamp()))


def _of_findings(session: Session, task: PatrolTask) -> list[_Named]:
    rows = session.execute(
        select(FindingPhoto.photo_sha256, Finding)
        .join(Finding, Finding.id == FindingPhoto.finding_id)
        .join(PatrolStop, PatrolStop.id == Finding.patrol_stop_id)
        .where(PatrolStop.task_id == task.id, FindingPhoto.stage == "before")
        .order_by(Finding.id, FindingPhoto.photo_sha256)
    )
    return [
        _Named(
            sha256,
            finding.found_at,
            _point(finding.geom),
            finding.patrol_stop_id,
            finding.finding_no,
            finding.uid,
            finding.reported_by,
        )
        for sha256, finding in rows
    ]


def _of_log(session: Session, log: PatrolLog | None) -> list[_Named]:
    if log is None:
        return []
    photos = log.form.get("photos", [])
    records = [UUID(photo["record"]) for photo in photos if photo.get("record")]
    authors = _names(session, (SyncRecord.uid, SyncRecord.author_id), set(records))
    return [
        _Named(
            photo["sha256"],
            _instant(photo.get("at")),
            _pair(photo),
            photo.get("stop_id"),
            person_id=authors.get(UUID(photo["record"])) if photo.get("record") else None,
        )
        for photo in photos
    ]


def _of_records(session: Session, task: PatrolTask) -> list[_Named]:
    """Return what records of the task name, also those that wait or lie in the inbox."""
    rows = session.execute(
        select(SyncRecord.body, SyncRecord.photos, SyncRecord.author_id)
        .where(SyncRecord.task_id == task.id, SyncRecord.photos != [])
        .order_by(SyncRecord.received_at, SyncRecord.uid)
    )
    found = []
    for body, photos, author_id in rows:
        record: dict[str, Any] = orjson.loads(body)
        stop_id = record.get("stop_id")
        for sha256 in photos:
            at, place = _instant(record.get("at")), _pair(record)
            known = stop_id if isinstance(stop_id, int) else None
            found.append(_Named(sha256, at, place, known, person_id=author_id))
    return found


def _names(session: Session, columns: tuple[Any, Any], wanted: set[Any]) -> dict[Any, Any]:
    """Return the second column by the first where that is wanted."""
    if not wanted - {None}:
        return {}
    rows = session.execute(select(*columns).where(columns[0].in_(wanted - {None})))
    return {row[0]: row[1] for row in rows}


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if at is None or at.tzinfo is None else at


def _pair(values: dict[str, Any]) -> Place | None:
    lon, lat = values.get("lon"), values.get("lat")
    if isinstance(lon, int | float) and isinstance(lat, int | float):
        return float(lon), float(lat)
    return None


def _place(photo: Photo | None) -> Place | None:
    return None if photo is None or photo.geom is None else _point(photo.geom)


def _point(geom: Any) -> Place:  # noqa: ANN401 - a geometry of the database
    point = to_shape(geom)
    return float(point.x), float(point.y)
