"""One week's scan: read, scan, count, store; all of it or nothing."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.clusters import RepeatTable, ScanResult, ScanStopped, Study, near_repeats, scan
from gis.crs import name_of
from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models import AuditEntry, ClusterScan
from inspect_app.queries.cluster_scans import week_scan
from inspect_app.workflows.scan_clusters.material import Material, read_material
from inspect_app.workflows.scan_clusters.patterns import store_hot_grids, store_repeats
from inspect_app.workflows.scan_clusters.rules import WeekRules, week_rules
from inspect_app.workflows.scan_clusters.store import store_clusters

LOCK = 20_261_122
"""Of PostgreSQL's advisory locks: two scans at once would take both cores from the pages."""
FOR_REPEATS = 1
"""A stream of its own, see `patterns.FOR_HOT_GRIDS`."""


@dataclass(frozen=True, slots=True)
class ScanWish:
    """Which week, from which seed, why; whether to scan again, with how many threads.

    ``stopped`` is asked while the scan works; True ends it.
    """

    week: date
    seed: int
    reason: str
    again: bool = False
    workers: int = 1
    stopped: Callable[[], bool] | None = None


def scan_clusters(
    session: Session, wish: ScanWish, *, zone: ZoneInfo, actor: Actor, now: datetime
) -> tuple[ClusterScan, bool]:
    """Scan a week and store what was found; return the scan and whether it is a new one.

    A week that was scanned is left as it is unless `again` is wished: then the older scan stays,
    but no longer counts. Complaints count, not matters. Those on a coordinate that stands for "not
    found" and those without any place are left out and counted. Near repeats and hot grids take a
    person's complaints about one matter on one day once.

    Raises
    ------
    Problem
        `scan_early` for a week that has not begun; `scan_busy` while another scan is running;
        `scan_too_long` when the policy's time is up, `scan_stopped` when somebody wants no more of
        it: nothing is stored then.
    """
    held = week_scan(session, wish.week)
    if held is not None and not wish.again:
        return held, False
    today = now.astimezone(zone).date()
    if wish.week > today:
        raise Problem("scan_early", week=week_text(wish.week))
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        raise Problem("scan_busy")
    rules = week_rules(session, wish.week, today=today)
    started = time.perf_counter()
    material = read_material(session, (rules.first, rules.last), zone=zone, now=now)
    result, repeats = _computed(material, rules, wish)
    stored = _scan_row(material, result, rules=rules, wish=wish, now=now)
    stored.scanned_by = actor.person_id
    if held is not None:
        held.superseded_at = now
        session.flush()
    session.add(stored)
    session.flush()
    store_clusters(session, stored, result, material=material, reporters_min=rules.reporters_min)
    store_repeats(session, stored, repeats, rules=rules)
    store_hot_grids(session, stored, material, rules=rules)
    stored.duration_s = time.perf_counter() - started
    _audit(session, stored, found=len(result.clusters), actor=actor)
    session.flush()
    return stored, True


def _computed(
    material: Material, rules: WeekRules, wish: ScanWish
) -> tuple[ScanResult, RepeatTable]:
    """Return clusters and near repeats; both end when the time is up or somebody stops them."""
    is_late, wanted_no_more = _after(rules.limit_s), wish.stopped or _never

    def stopped() -> bool:
        return is_late() or wanted_no_more()

    days, different = material.days, material.is_different
    try:
        result = scan(
            Study(material.xy, days, (rules.first.toordinal(), rules.last.toordinal())),
            rules=rules.scan,
            rng=np.random.default_rng(wish.seed),
            workers=wish.workers,
            stopped=stopped,
        )
        repeats = near_repeats(
            material.xy[different],
            days[different],
            rules=rules.repeats,
            rng=np.random.default_rng([wish.seed, FOR_REPEATS]),
            workers=wish.workers,
            stopped=stopped,
        )
    except ScanStopped as fault:
        if wanted_no_more():
            raise Problem("scan_stopped") from fault
        raise Problem("scan_too_long", limit=int(rules.limit_s)) from fault
    return result, repeats


def _never() -> bool:
    return False


def _after(limit_s: float) -> Callable[[], bool]:
    end = time.monotonic() + limit_s
    return lambda: time.monotonic() > end


def _scan_row(
    material: Material, result: ScanResult, *, rules: WeekRules, wish: ScanWish, now: datetime
) -> ClusterScan:
    return ClusterScan(
        week=wish.week,
        first_day=rules.first,
        last_day=rules.last,
        cut_off=now,
        seed=wish.seed,
        replications=rules.scan.replications,
        rules=asdict(rules.scan) | {"near_repeats": asdict(rules.repeats)},
        metric_crs=name_of(material.crs),
        complaints=result.complaints,
        without_place=material.without_place,
        on_shared_place=material.on_shared_place,
        shared_places=material.shared_places,
        places=result.places,
        circles=result.circles,
        cell_m=result.cell_m,
        is_exact=result.is_exact,
        duration_s=0.0,
        scanned_at=now,
        reason=wish.reason,
    )


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
