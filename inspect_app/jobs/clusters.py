"""The jobs that watch complaints: surges every hour, clusters when a week is over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from procrastinate import App
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import transaction
from inspect_app.domain.access import SYSTEM
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import monday_of
from inspect_app.jobs.asking import Asking
from inspect_app.queries.cluster_scans import week_scan
from inspect_app.workflows.ring_bursts import burst_rules, ring_bursts
from inspect_app.workflows.run_scan import (
    JOB,
    add_run,
    begin_scan,
    end_scan,
    wish_of_scan,
)
from inspect_app.workflows.scan_clusters import scan_clusters

HOURLY = "5 * * * *"
AFTER_MIDNIGHT = "40 17 * * *"
"""01:40 in China. Every night: the first one after a week's end scans it, the others find that it
was done, so that a worker that stood still on Monday makes up for it on Tuesday."""


def register(queue: App, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Put the jobs on the queue's calendar."""
    zone = ZoneInfo(settings.time_zone)

    @queue.periodic(cron=HOURLY)
    @queue.task(name="ring_bursts", queueing_lock="ring_bursts")
    def ring(timestamp: int) -> int:
        now = datetime.fromtimestamp(timestamp, UTC)
        with transaction(sessions) as session:
            rules = burst_rules(session, now.astimezone(zone).date())
            return len(ring_bursts(session, rules, actor=SYSTEM, now=now))

    @queue.periodic(cron=AFTER_MIDNIGHT)
    @queue.task(name="scan_clusters", queueing_lock="scan_clusters")
    def scan(timestamp: int) -> bool:
        now = datetime.fromtimestamp(timestamp, UTC)
        week = monday_of(now.astimezone(zone).date()) - timedelta(days=7)
        with transaction(sessions) as session:
            if week_scan(session, week) is not None:
                return False
            run = add_run(session, week, reason="每周例行扫描", actor=SYSTEM, now=now)
            run_id = run.id
        scan_run(sessions, run_id, zone=zone, now=lambda: now)
        return True

    @queue.task(name=JOB)
    def scan_asked(run_id: int) -> None:
        scan_run(sessions, run_id, zone=zone, now=lambda: datetime.now(UTC))


def scan_run(
    sessions: sessionmaker[Session], run_id: int, *, zone: ZoneInfo, now: Callable[[], datetime]
) -> None:
    """Scan what a run asks for: the scan is stored whole, or the run says why there is none."""
    try:
        with transaction(sessions) as session:
            assignment = begin_scan(session, run_id, zone=zone, now=now())
        if assignment is None:
            return
        wish, actor = assignment
        asking = Asking(sessions, lambda session: wish_of_scan(session, run_id, now=now()))
        wish = replace(wish, stopped=asking.is_over)
        with transaction(sessions) as session:
            stored, _ = scan_clusters(session, wish, zone=zone, actor=actor, now=now())
            end_scan(session, run_id, now=now(), scan_id=stored.id)
    except Problem as problem:
        _fail(sessions, run_id, words=str(problem), now=now())
    except Exception:
        _fail(sessions, run_id, words="扫描时系统出错,详情见后台日志", now=now())
        raise


def _fail(sessions: sessionmaker[Session], run_id: int, *, words: str, now: datetime) -> None:
    with transaction(sessions) as session:
        end_scan(session, run_id, now=now, problem=words)
