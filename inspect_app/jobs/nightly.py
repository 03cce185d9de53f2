"""The nightly job: tasks whose day has passed are marked as missed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate import App
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import transaction
from inspect_app.workflows.miss_tasks import miss_tasks

NIGHTLY = "10 17 * * *"
"""01:10 in China: the queue's clock is UTC, and the day before is over."""


def register(queue: App, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Put the job on the queue's calendar."""

    @queue.periodic(cron=NIGHTLY)
    @queue.task(name="nightly")
    def nightly(timestamp: int) -> int:
        now = datetime.fromtimestamp(timestamp, UTC)
        with transaction(sessions) as session:
            today = now.astimezone(ZoneInfo(settings.time_zone)).date()
            return miss_tasks(session, today=today, now=now)
