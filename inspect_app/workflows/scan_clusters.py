"""Scan clusters: look where and since when a week ended with more complaints than usual."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.clusters import Cluster as Cylinder
from gis.clusters import ScanResult, ScanRules, ScanStopped, Study, Verdict, scan
from gis.clusters.autocorrelation import false_discovery_share
from gis.crs import metric_crs_for, name_of, project
from gis.repeats.places import fallback_coordinates
from inspect_app.domain.access import Actor
from inspect_app.domain.alarm_codes import Confidence
from inspect_app.domain.codes import PlaceQuality
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models import AuditEntry, Cluster, ClusterComplaint, ClusterScan
from inspect_app.queries.cluster_scans import scanned_complaints, week_scan
from inspect_app.queries.policies import policy_value
from inspect_app.queries.shown_places import shown_places

LOOK_EVERY_DAYS = 7
"""Once a week somebody looks: what chance shows with probability p comes once in 1/p weeks."""
LOCK = 20_261_122
"""Of PostgreSQL's advisory locks: two scans at once would take both cores from the pages."""
CONFIDENCE = {
    Verdict.STRONG: Confidence.STRONG,
    Verdict.WEAK: Confidence.WEAK,
    Verdict.COULD_BE_CHANCE: Confidence.COULD_BE_CHANCE,
}
CHINA_MIDDLE = 105.0
"""Any meridian does for a scan of nothing."""


@dataclass(frozen=True, slots=True)
class ScanWish:
    """Which week, from which seed, why; whether to scan again, with how many threads."""

    week: date
    seed: int
    reason: str
    again: bool = False
    workers: int = 1


@dataclass(frozen=True, slots=True)
class _Material:
    """The complaints that can be scanned, and how many cannot."""

    table: pd.DataFrame
    xy: NDArray[np.float64]
    crs: CRS
    without_place: int
    on_shared_place: int
    shared_places: int


def scan_clusters(
    session: Session, wish: ScanWish, *, zone: ZoneInfo, actor: Actor, now: datetime
) -> tuple[ClusterScan, bool]:
    """Scan a week and store what was found; return the scan and whether it is a new one.

    A week that was scanned is left as it is unless `again` is wished: then the older scan stays,
    but no longer counts. Complaints count, not matters. Those on a coordinate that stands for "not
    found" and those without any place are left out and counted.

    Raises
    ------
    Problem
        `scan_early` for a week that has not begun; `scan_busy` while another scan is running;
        `scan_too_long` when the policy's time is up: nothing is stored then.
    """
    held = week_scan(session, wish.week)
    if held is not None and not wish.again:
        return held, False
    today = now.astimezone(zone).date()
    if wish.week > today:
        raise Problem("scan_early", week=week_text(wish.week))
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        raise Problem("scan_busy")
    rules, first, last = _rules(session, wish.week, today=today)
    started = time.perf_counter()
    material = _material(session, (first, last), zone=zone, now=now)
    limit_s = policy_value(session, "cluster_scan_limit_s", day=today)
    result = _scanned(material, (first, last), rules=rules, wish=wish, limit_s=limit_s)
    stored = ClusterScan(
        week=wish.week,
        first_day=first,
        last_day=last,
        cut_off=now,
        seed=wish.seed,
        replications=rules.replications,
        rules=asdict(rules),
        metric_crs=name_of(material.crs),
        complaints=result.complaints,
        without_place=material.without_place,
        on_shared_place=material.on_shared_place,
        shared_places=material.shared_places,
        places=result.places,
        circles=result.circles,
        cell_m=result.cell_m,
        is_exact=result.is_exact,
        duration_s=time.perf_counter() - started,
        scanned_at=now,
        scanned_by=actor.person_id,
        reason=wish.reason,
    )
    if held is not None:
        held.superseded_at = now
        session.flush()
    session.add(stored)
    session.flush()
    reporters_min = int(policy_value(session, "shown_reporters_min", day=today))
    _store_clusters(session, stored, result, material=material, reporters_min=reporters_min)
    _audit(session, stored, found=len(result.clusters), actor=actor)
    session.flush()
    return stored, True


def _rules(session: Session, week: date, *, today: date) -> tuple[ScanRules, date, date]:
    """Return the rules in force and the first and last day of the period."""

    def value(key: str) -> float:
        return policy_value(session, key, day=today)

    last = min(week + timedelta(days=6), today)
    rules = ScanRules(
        max_radius_m=value("cluster_radius_max_m"),
        max_days=int(value("cluster_days_max")),
        replications=int(value("cluster_replications")),
        prospective=True,
        least_cases=int(value("cluster_count_min")),
        strong_p=value("cluster_p_strong"),
        weak_p=value("cluster_p_max"),
    )
    return rules, last - timedelta(days=int(value("cluster_history_days")) - 1), last


def _material(
    session: Session, period: tuple[date, date], *, zone: ZoneInfo, now: datetime
) -> _Material:
    table = scanned_complaints(
        session,
        since=datetime.combine(period[0], clock(), zone),
        until=datetime.combine(period[1] + timedelta(days=1), clock(), zone),
        known_at=now,
        zone=zone.key,
    )
    lonlat = table[["lon", "lat"]].to_numpy(float)
    placed = np.isfinite(lonlat).all(axis=1)
    middle = float(np.median(lonlat[placed, 0])) if placed.any() else CHINA_MIDDLE
    crs = metric_crs_for(middle)
    xy = np.full(lonlat.shape, np.nan)
    xy[placed] = project(lonlat[placed], metric_crs=crs)
    texts = table["text"].astype(str).tolist()
    said = (table["quality"] == PlaceQuality.SHARED_FALLBACK.value).to_numpy()
    shared = placed & (said | fallback_coordinates(xy, table["kind"].tolist(), texts))
    used = placed & ~shared
    return _Material(
        table=table[used].reset_index(drop=True),
        xy=xy[used],
        crs=crs,
        without_place=int((~placed).sum()),
        on_shared_place=int(shared.sum()),
        shared_places=len(np.unique(xy[shared].round(1), axis=0)),
    )


def _scanned(
    material: _Material,
    period: tuple[date, date],
    *,
    rules: ScanRules,
    wish: ScanWish,
    limit_s: float,
) -> ScanResult:
    study = Study(
        material.xy,
        material.table["day"].to_numpy(np.int64),
        (period[0].toordinal(), period[1].toordinal()),
    )
    try:
        return scan(
            study,
            rules=rules,
            rng=np.random.default_rng(wish.seed),
            workers=wish.workers,
            stopped=_after(limit_s),
        )
    except ScanStopped as stopped:
        raise Problem("scan_too_long", limit=int(limit_s)) from stopped


def _after(limit_s: float) -> Callable[[], bool]:
    end = time.monotonic() + limit_s
    return lambda: time.monotonic() > end


def _store_clusters(
    session: Session,
    stored: ClusterScan,
    result: ScanResult,
    *,
    material: _Material,
    reporters_min: int,
) -> None:
    found = result.clusters
    shares = false_discovery_share(np.array([one.p for one in found], dtype=float))
    for rank, (one, share) in enumerate(zip(found, shares, strict=True), start=1):
        inside = material.table.iloc[one.complaints]
        grids = inside["grid_id"].dropna()
        cluster = Cluster(
            scan_id=stored.id,
            grid_id=int(grids.mode().iloc[0]) if len(grids) else None,
            rank=rank,
            q=float(share),
            geom=_middle(session, inside, reporters_min=reporters_min),
            **_facts(one),
        )
        session.add(cluster)
        session.flush()
        session.add_all(
            ClusterComplaint(cluster_id=cluster.id, complaint_id=int(complaint_id))
            for complaint_id in inside["id"]
        )


def _facts(one: Cylinder) -> dict[str, object]:
    return {
        "radius_m": one.radius_m,
        "first_day": date.fromordinal(one.first_day),
        "last_day": date.fromordinal(one.last_day),
        "observed": one.count,
        "expected": one.expected,
        "p": one.p,
        "recurrence_days": LOOK_EVERY_DAYS / one.p,
        "confidence": CONFIDENCE[one.verdict].value,
    }


def _middle(session: Session, inside: pd.DataFrame, *, reporters_min: int) -> str | None:
    """Return the mean of the shown places of the complaints' matters."""
    known = shown_places(
        session,
        [int(matter_id) for matter_id in inside["matter_id"].unique()],
        reporters_min=reporters_min,
    )
    places = [known[matter_id] for matter_id in inside["matter_id"] if matter_id in known]
    if not places:
        return None
    lon, lat = np.mean(places, axis=0)
    return f"SRID=4490;POINT({lon} {lat})"


def _audit(session: Session, stored: ClusterScan, *, found: int, actor: Actor) -> None:
    session.add(
        AuditEntry(
            at=stored.scanned_at,
            actor_id=actor.person_id,
            action="cluster.scan",
            subject_kind="cluster_scan",
            subject_id=str(stored.id),
            facts={
                "week": week_text(stored.week),
                "seed": stored.seed,
                "complaints": stored.complaints,
                "left_out": stored.without_place + stored.on_shared_place,
                "clusters": found,
                "reason": stored.reason,
            },
        )
    )
