"""Run a scan of clusters in the background: ask for it, stop it, say how it ended."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models import Account, AuditEntry, ClusterRun
from inspect_app.queries.actors import actor_of
from inspect_app.workflows.defer_job import defer_job
from inspect_app.workflows.plan_week import require_county
from inspect_app.workflows.run_plan import SILENCE_MIN, Wish
from inspect_app.workflows.scan_clusters import ScanWish

JOB = "scan_week"
BY_HAND = "手工扫描"


def request_scan(
    session: Session, week: date, *, zone: ZoneInfo, actor: Actor, now: datetime
) -> ClusterRun:
    """Queue the scan of a week, again where it was scanned; nothing is queued without a commit.

    Raises
    ------
    Problem
        `scan_early`, `scan_busy` when a scan waits or runs, `county_wide_only`, `not_permitted`.
    """
    require_county(actor, Permission.CLUSTER_SCAN)
    if week > now.astimezone(zone).date():
        raise Problem("scan_early", week=week_text(week))
    if open_run(session, now=now) is not None:
        raise Problem("scan_busy")
    run = add_run(session, week, reason=BY_HAND, actor=actor, now=now)
    arguments = orjson.dumps({"run_id": run.id}).decode()
    defer_job(session, JOB, arguments=arguments, queueing_lock=f"scan {run.id}")
    return run


def add_run(
    session: Session, week: date, *, reason: str, actor: Actor, now: datetime
) -> ClusterRun:
    """Note that a week is to be scanned; who only notes it scans it at once."""
    run = ClusterRun(week=week, reason=reason, requested_at=now, requested_by=actor.person_id)
    session.add(run)
    session.flush()
    return run


def open_run(session: Session, *, now: datetime) -> ClusterRun | None:
    """Return the scan that waits or works, if any; there is one at a time."""
    silent = now - timedelta(minutes=SILENCE_MIN)
    return session.scalar(
        select(ClusterRun)
        .where(
            ClusterRun.ended_at.is_(None),
            or_(ClusterRun.started_at.is_(None), ClusterRun.told_at > silent),
        )
        .order_by(ClusterRun.id.desc())
        .limit(1)
    )


def begin_scan(
    session: Session, run_id: int, *, zone: ZoneInfo, now: datetime
) -> tuple[ScanWish, Actor] | None:
    """Mark a run as begun and return what is to be scanned, and for whom.

    None when it was stopped while it waited. What a person asks for is scanned again, what the
    timer asks for is not; the asker's posts of today count.
    """
    run = session.get_one(ClusterRun, run_id, with_for_update=True)
    if run.ended_at is not None:
        return None
    run.started_at = run.told_at = now
    again = run.requested_by is not None
    wish = ScanWish(run.week, seed=run.week.toordinal(), reason=run.reason, again=again)
    if not again:
        return wish, SYSTEM
    account_id = session.scalar(select(Account.id).where(Account.person_id == run.requested_by))
    day = now.astimezone(zone).date()
    actor = None if account_id is None else actor_of(session, account_id, day=day)
    if actor is None:
        raise Problem("not_permitted", permission=Permission.CLUSTER_SCAN.value)
    require_county(actor, Permission.CLUSTER_SCAN)
    return wish, actor


def stop_scan(session: Session, run_id: int, *, actor: Actor, now: datetime) -> ClusterRun:
    """Ask for the end of a scan; one that no worker has taken yet ends at once.

    Raises
    ------
    Problem
        `not_found`, `scan_over`, `county_wide_only`, `not_permitted`.
    """
    require_county(actor, Permission.CLUSTER_SCAN)
    run = session.get(ClusterRun, run_id, with_for_update=True)
    if run is None:
        raise Problem("not_found", what="聚集扫描")
    if run.ended_at is not None:
        raise Problem("scan_over")
    if run.cancelled_at is None:
        run.cancelled_at, run.cancelled_by = now, actor.person_id
    if run.started_at is None:
        end_scan(session, run_id, now=now, problem=str(Problem("scan_stopped")))
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="cluster.stop_scan",
            subject_kind="cluster_run",
            subject_id=str(run_id),
            facts={"week": week_text(run.week)},
        )
    )
    session.flush()
    return run


def wish_of_scan(session: Session, run_id: int, *, now: datetime) -> Wish:
    """Return what people want of a run now; asking shows that its worker lives."""
    run = session.get_one(ClusterRun, run_id)
    run.told_at = now
    return Wish.GO_ON if run.cancelled_at is None else Wish.STOP


def end_scan(
    session: Session,
    run_id: int,
    *,
    now: datetime,
    scan_id: int | None = None,
    problem: str | None = None,
) -> None:
    """Write down how a run ended: the scan it made, or why there is none."""
    run = session.get_one(ClusterRun, run_id)
    run.ended_at, run.scan_id, run.problem = now, scan_id, problem
