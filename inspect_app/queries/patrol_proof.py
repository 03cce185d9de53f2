"""Proof of a patrol: its cleaned track set against its stops, by the policies of its day."""

from dataclasses import dataclass
from datetime import date, tzinfo
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.coverage import (
    CleanTrack,
    Coverage,
    CoverRules,
    OffRoute,
    PlanVersusDone,
    Source,
    TrackRules,
    VisitRules,
    clean_track,
    cover,
    judge_visits,
    off_route,
    shortfalls,
)
from gis.coverage.outcome import Lack
from gis.crs import STORAGE_CRS
from inspect_app.domain.codes import ObjectKind, TrackSource
from inspect_app.models import PatrolLog, PatrolStop, PatrolTask, TrackSegment
from inspect_app.queries.policies import policy_value

_FIX = ["seq", "ms", "lon", "lat", "accuracy_m", "source"]
SOURCES = {
    TrackSource.TABLET: Source.DEVICE.value,
    TrackSource.GPX: Source.GPX.value,
    TrackSource.DRONE: Source.DRONE.value,
    TrackSource.MANUAL: Source.MANUAL.value,
}
"""What the proof calls each source of a segment."""


@dataclass(frozen=True, slots=True)
class PatrolProof:
    """What a patrol's track proves.

    ``plan`` has one outcome a stop, known by the stop's id; ``lacks`` warn and never block.
    """

    track: CleanTrack
    plan: PlanVersusDone
    astray: OffRoute
    lacks: tuple[Lack, ...]


def fixes_of(session: Session, log_uid: UUID) -> pd.DataFrame:
    """Return a log's raw fixes with their source, in the order in which they were recorded."""
    segments = session.execute(
        select(TrackSegment.fixes, TrackSegment.source)
        .where(TrackSegment.log_uid == log_uid)
        .order_by(TrackSegment.number)
    )
    raw = [(*fix, SOURCES[TrackSource(source)]) for fixes, source in segments for fix in fixes]
    fixes = pd.DataFrame([(seq, *fix) for seq, fix in enumerate(raw)], columns=_FIX)
    fixes = fixes.astype({"lon": float, "lat": float, "accuracy_m": float})
    fixes["at"] = pd.to_datetime(fixes.pop("ms").astype("int64"), unit="ms", utc=True)
    return fixes


def track_rules(session: Session, *, day: date) -> TrackRules:
    """Return what is believed of a recording by the policies of the day."""
    return TrackRules(
        max_accuracy_m=policy_value(session, "fix_accuracy_max_m", day=day),
        max_speed_kmh=policy_value(session, "track_speed_max_kmh", day=day),
        gap_s=policy_value(session, "track_gap_s", day=day),
        gap_m=policy_value(session, "track_gap_m", day=day),
        still_m=policy_value(session, "still_radius_m", day=day),
        still_s=policy_value(session, "still_min_s", day=day),
    )


def track_of(session: Session, log_uid: UUID, *, day: date) -> CleanTrack:
    """Return the cleaned track of a log."""
    return clean_track(fixes_of(session, log_uid), rules=track_rules(session, day=day))


def coverage_of(session: Session, log: PatrolLog, track: CleanTrack, *, day: date) -> Coverage:
    """Return what a track covers of the planned lines of its log's task."""
    stops = _stops(session, log.task_id)
    lines = stops[(stops["kind"] == ObjectKind.SEGMENT.value) & (stops.geom_type == "LineString")]
    return cover(track, lines, rules=_cover_rules(session, day))


def proof_of(session: Session, task: PatrolTask, log: PatrolLog, *, zone: tzinfo) -> PatrolProof:
    """Return what the track of a task's log proves of each stop; times are told in the zone."""
    return judge_task(session, task, track_of(session, log.uid, day=task.day), zone=zone)


def judge_task(
    session: Session, task: PatrolTask, track: CleanTrack, *, zone: tzinfo
) -> PatrolProof:
    """Return what any track, whoever recorded it, proves of a task's stops."""
    stops = _stops(session, task.id)
    ways = [stops.geometry]
    if task.route is not None:
        ways.append(gpd.GeoSeries([to_shape(task.route)], crs=STORAGE_CRS))
    return PatrolProof(
        track=track,
        plan=judge_visits(track, stops, rules=_visit_rules(session, task.day), zone=zone),
        astray=off_route(
            track,
            gpd.GeoDataFrame(geometry=pd.concat(ways, ignore_index=True), crs=STORAGE_CRS),
            tolerance_m=policy_value(session, "off_route_m", day=task.day),
        ),
        lacks=shortfalls(
            track,
            minutes_min=policy_value(session, "patrol_min_minutes", day=task.day),
            metres_min=policy_value(session, "patrol_min_metres", day=task.day),
        ),
    )


def _cover_rules(session: Session, day: date) -> CoverRules:
    return CoverRules(
        tolerance_m=policy_value(session, "coverage_tolerance_m", day=day),
        along_share=policy_value(session, "coverage_along_share", day=day),
        apart_m=policy_value(session, "coverage_apart_m", day=day),
    )


def _visit_rules(session: Session, day: date) -> VisitRules:
    return VisitRules(
        cover=_cover_rules(session, day),
        share_min=policy_value(session, "coverage_share_min", day=day),
        radius_m=policy_value(session, "stop_radius_m", day=day),
        stay_s=policy_value(session, "stop_stay_min_s", day=day),
        near_m=policy_value(session, "visit_near_m", day=day),
        detour=policy_value(session, "detour_factor", day=day),
    )


def _stops(session: Session, task_id: int) -> gpd.GeoDataFrame:
    """Return the stops of a task in their order, indexed by id, as `judge_visits` wants them."""
    stops = session.scalars(
        select(PatrolStop).where(PatrolStop.task_id == task_id).order_by(PatrolStop.seq)
    ).all()
    rows = {
        "kind": [stop.object_kind for stop in stops],
        "reported": [stop.result for stop in stops],
        "note": [stop.result_reason for stop in stops],
        "arrive_at": pd.to_datetime([stop.arrive_at for stop in stops], utc=True),
    }
    return gpd.GeoDataFrame(
        rows,
        index=pd.Index(np.array([stop.id for stop in stops], dtype=np.int64)),
        geometry=[to_shape(stop.geom) for stop in stops],
        crs=STORAGE_CRS,
    )
