"""The jobs that watch complaints run in the worker and repeat nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.jobs import make_queue
from inspect_app.models import BurstAlarm, ClusterScan
from inspect_app.workflows.defer_job import defer_job
from tests.conftest import settings_for
from tests.county import make_county
from tests.factories import make_matter

MONDAY_NIGHT = datetime(2026, 3, 22, 17, 40, tzinfo=UTC)


def test_a_week_is_scanned_in_the_night_after_it_and_a_surge_rings_within_the_hour(
    migrated: str, make_database: Callable[..., str], server: Callable[[str], str]
):
    settings = settings_for(server(make_database(template=migrated)), Path("unused"))
    engine = make_engine(settings)
    sessions = session_factory(engine)
    queue = make_queue(settings, sessions)
    with transaction(sessions) as session:
        county = make_county(session)
        make_matter(session, at=MONDAY_NIGHT, complaints=20, grid_id=county.west.id)
    moment = int(MONDAY_NIGHT.timestamp())
    for task in ("scan_clusters", "ring_bursts", "scan_clusters", "ring_bursts"):
        with transaction(sessions) as session:
            defer_job(session, task, arguments=f'{{"timestamp": {moment}}}')
        queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    with sessions() as session:
        (scan,) = session.scalars(select(ClusterScan))
        assert scan.week.isoformat() == "2026-03-16"
        assert scan.reason == "每周例行扫描"
        assert session.scalar(select(func.count()).select_from(BurstAlarm)) == 1
    engine.dispose()
