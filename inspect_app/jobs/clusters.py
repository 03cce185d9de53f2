"""The jobs that watch complaints: surges every hour, clusters when a week is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from procrastinate import App
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import transaction
from inspect_app.domain.access import SYSTEM
from inspect_app.domain.weeks import monday_of
from inspect_app.workflows.ring_bursts import burst_rules, ring_bursts
from inspect_app.workflows.scan_clusters import ScanWish, scan_clusters

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
            wish = ScanWish(week, seed=week.toordinal(), reason="每周例行扫描")
            _, is_new = scan_clusters(session, wish, zone=zone, actor=SYSTEM, now=now)
            return is_new
