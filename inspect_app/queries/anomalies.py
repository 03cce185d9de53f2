"""Anomalies of a patrol: its track, ticks, photos and clocks, by policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import geopandas as gpd
import pandas as pd
from geoalchemy2.shape import to_shape
from sqlalchemy import BIGINT, String, and_, cast, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.orm import Session, aliased

from gis.coverage import CleanTrack
from gis.coverage.anomalies import (
    Anomaly,
    AnomalyKind,
    AnomalyRules,
    Shot,
    clock_anomalies,
    photo_anomalies,
    tick_anomalies,
    track_anomalies,
)
from gis.crs import STORAGE_CRS
from inspect_app.domain.access import Scope
from inspect_app.domain.calendar import local_day
from inspect_app.models import (
    Crew,
    Device,
    Event,
    Finding,
    FindingPhoto,
    PatrolLog,
    PatrolStop,
    PatrolTask,
    Photo,
)
from inspect_app.queries.photo_wall import WallPhoto
from inspect_app.queries.policies import policy_value
from inspect_app.queries.scope import in_scope

ELSEWHERE = "管辖范围外的记录"
"""What a use of a photo is called that the reader's scope does not cover."""

Facts = dict[str, str | int | float]

LOOK_BACK = timedelta(days=365)
"""Older photos are not compared by likeness; a photo used again is found however old it is."""
PLAIN_BITS = 6
"""A hash with fewer ones, or zeros, is that of a plain wall or a dark night: it says nothing."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What of a patrol is looked at, and for whom."""

    task: PatrolTask
    track: CleanTrack
    photos: Sequence[WallPhoto]
    scope: Scope
    zone: tzinfo


def anomaly_rules(session: Session, *, day: date) -> AnomalyRules:
    """Return from where on something is odd by the policies of the day."""

    def value(key: str) -> float:
        return policy_value(session, key, day=day)

    return AnomalyRules(
        speed_kmh=value("track_speed_max_kmh"),
        leap_m=value("odd_leap_m"),
        fixes_min=int(value("odd_fixes_min")),
        straight_m=value("odd_straight_m"),
        hop_m=value("odd_hop_m"),
        outside_h=value("odd_outside_h"),
        clock_s=value("odd_clock_s"),
        photo_min=value("odd_photo_min"),
        photo_m=value("odd_photo_m"),
        alike_bits=int(value("odd_alike_bits")),
        tick_m=value("odd_tick_m"),
        tick_gap_s=value("odd_tick_gap_s"),
        apart_m=value("odd_apart_m"),
    )


def anomalies_of(session: Session, seen: Reviewed, *, now: datetime) -> list[Anomaly]:
    """Return everything odd about a patrol: its track, ticks, photos and clocks, in this order.

    The numbers are those of the day it is looked at: they guide an eye and decide nothing.
    """
    rules = anomaly_rules(session, day=local_day(now))
    starts, ends = (
        pd.Timestamp(at).tz_convert(seen.zone) for at in (seen.task.starts_at, seen.task.ends_at)
    )
    ticks, stops = _ticks(session, seen.task)
    return [
        *track_anomalies(seen.track, rules=rules, period=(starts, ends)),
        *tick_anomalies(ticks, stops, rules=rules),
        *photo_anomalies(_shots(seen), rules=rules),
        *used_again(session, seen),
        *alike(session, seen, rules=rules, now=now),
        *_clocks(session, seen.task, rules),
    ]


def _ticks(session: Session, task: PatrolTask) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the task's ticks as told by the tablet, and its stops."""
    stops = session.scalars(
        select(PatrolStop).where(PatrolStop.task_id == task.id).order_by(PatrolStop.seq)
    ).all()
    ids = [stop.id for stop in stops]
    events = session.scalars(
        select(Event)
        .where(Event.subject_kind == "stop", Event.subject_id.in_(ids), Event.event == "done")
        .order_by(Event.id)
    )
    # A stop ticked anew counts with its last tick.
    last = {event.subject_id: event.facts for event in events if "client_at" in event.facts}
    columns = ["stop", "at", "lon", "lat", "accuracy_m"]
    rows = [
        (stop, facts["client_at"], *(facts.get(name) for name in columns[2:]))
        for stop, facts in last.items()
    ]
    ticks = pd.DataFrame(rows, columns=columns)
    ticks["at"] = pd.to_datetime(ticks["at"], utc=True, format="ISO8601")
    ticks = ticks.astype({"lon": float, "lat": float, "accuracy_m": float})
    frame = gpd.GeoDataFrame(
        {"name": [stop.name for stop in stops]},
        index=ids,
        geometry=[to_shape(stop.geom) for stop in stops],
        crs=STORAGE_CRS,
    )
    return ticks, frame


def _shots(seen: Reviewed) -> list[Shot]:
    def instant(at: datetime | None) -> pd.Timestamp | None:
        return None if at is None else pd.Timestamp(at).tz_convert(seen.zone)

    return [
        Shot(
            photo.sha256, instant(photo.at), photo.place, instant(photo.taken_at), photo.taken_place
        )
        for photo in seen.photos
    ]


def used_again(session: Session, seen: Reviewed) -> list[Anomaly]:
    """Return the patrol's photos whose very bytes another patrol or finding uses."""
    places = {photo.sha256: photo for photo in seen.photos}
    return [
        _about(AnomalyKind.PHOTO_AGAIN, places[sha256], {"other": other})
        for sha256, other in _uses(session, list(places), seen)
    ]


def alike(session: Session, seen: Reviewed, *, rules: AnomalyRules, now: datetime) -> list[Anomaly]:
    """Return the patrol's photos that look like a photo of another patrol or finding."""
    places = {photo.sha256: photo for photo in seen.photos}
    mine, theirs = aliased(Photo), aliased(Photo)
    ones = func.bit_count(cast(mine.likeness, BIT(64)))
    bits = func.bit_count(cast(mine.likeness.op("#")(theirs.likeness), BIT(64)))
    near = session.execute(
        select(mine.sha256, theirs.sha256, bits)
        .join(theirs, bits <= rules.alike_bits)
        .where(
            mine.sha256.in_(list(places)),
            theirs.sha256.not_in(list(places)),
            theirs.received_at >= now - LOOK_BACK,
            ones.between(PLAIN_BITS, 64 - PLAIN_BITS),
        )
        .order_by(bits, mine.sha256, theirs.sha256)
    ).all()
    uses: dict[str, str] = {}
    for sha256, other in _uses(session, [other for _, other, _ in near], seen):
        uses.setdefault(sha256, other)
    nearest: dict[str, Anomaly] = {}
    for sha256, other, count in near:
        if other in uses and sha256 not in nearest:
            facts: Facts = {"other": uses[other], "bits": int(count), "limit": rules.alike_bits}
            nearest[sha256] = _about(AnomalyKind.PHOTO_ALIKE, places[sha256], facts)
    return list(nearest.values())


def _about(kind: AnomalyKind, photo: WallPhoto, facts: Facts) -> Anomaly:
    at = None if photo.at is None else pd.Timestamp(photo.at)
    return Anomaly(kind, facts, at, photo.place, photo.sha256)


def _uses(session: Session, hashes: list[str], seen: Reviewed) -> list[tuple[str, str]]:
    """Return (photo, what uses it) of other patrols and findings."""
    if not hashes:
        return []
    return sorted({*_finding_uses(session, hashes, seen), *_log_uses(session, hashes, seen)})


def _finding_uses(session: Session, hashes: list[str], seen: Reviewed) -> list[tuple[str, str]]:
    rows = session.execute(
        select(FindingPhoto.photo_sha256, Finding.finding_no, in_scope(Finding.grid_id, seen.scope))
        .join(Finding, Finding.id == FindingPhoto.finding_id)
        .outerjoin(PatrolStop, PatrolStop.id == Finding.patrol_stop_id)
        .where(
            FindingPhoto.photo_sha256.in_(hashes),
            PatrolStop.task_id.is_distinct_from(seen.task.id),
        )
    )
    return [(sha256, name if visible else ELSEWHERE) for sha256, name, visible in rows]


def _log_uses(session: Session, hashes: list[str], seen: Reviewed) -> list[tuple[str, str]]:
    photo = (
        func.jsonb_array_elements(PatrolLog.form["photos"]).table_valued("value").render_derived()
    )
    sha256 = photo.c.value.op("->>")("sha256")
    visible = exists().where(
        and_(PatrolStop.task_id == PatrolTask.id, in_scope(PatrolStop.grid_id, seen.scope))
    )
    rows = session.execute(
        select(sha256, PatrolTask.day, Crew.name, visible)
        .select_from(PatrolLog)
        .join(PatrolTask, PatrolTask.id == PatrolLog.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .join(photo, literal(True))
        .where(sha256.in_(hashes), PatrolTask.id != seen.task.id)
    )
    return [
        (found, f"{day.isoformat()} {crew}" if inside else ELSEWHERE)
        for found, day, crew, inside in rows
    ]


def _clocks(session: Session, task: PatrolTask, rules: AnomalyRules) -> list[Anomaly]:
    """Look at the clock of every tablet that took part in a task."""
    stops = select(PatrolStop.id).where(PatrolStop.task_id == task.id)
    device = Event.facts["device"].astext
    rows = session.execute(
        select(
            device,
            cast(Event.facts["seq"].astext, BIGINT),
            Event.facts["client_at"].astext,
            Event.at,
        ).where(
            or_(
                and_(Event.subject_kind == "task", Event.subject_id == task.id),
                and_(Event.subject_kind == "stop", Event.subject_id.in_(stops)),
            ),
            device.is_not(None),
            Event.facts["client_at"].astext.is_not(None),
        )
    ).all()
    records = pd.DataFrame(rows, columns=["device", "seq", "at", "received_at"])
    records["at"] = pd.to_datetime(records["at"], utc=True, format="ISO8601")
    records["received_at"] = pd.to_datetime(records["received_at"], utc=True)
    known = session.execute(
        select(cast(Device.uid, String), Device.clock_offset_s).where(
            cast(Device.uid, String).in_(records["device"].unique().tolist())
        )
    ).all()
    offsets = {row[0]: row[1] for row in known}
    return [
        one
        for uid, own in records.groupby("device")
        for one in clock_anomalies(
            own.drop_duplicates("seq"), offset_s=offsets.get(str(uid)), rules=rules
        )
    ]
