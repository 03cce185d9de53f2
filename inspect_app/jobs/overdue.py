"""The job of the clocks: overdue matters go up a level."""

from datetime import UTC, datetime

from procrastinate import App
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import transaction
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.raise_overdue import raise_overdue

EVERY_QUARTER = "2,17,32,47 * * * *"
"""Oftener than hourly: a promise to be on the spot within two hours goes up by half hours."""


def register(queue: App, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Put the job on the queue's calendar."""
    del settings

    @queue.periodic(cron=EVERY_QUARTER)
    @queue.task(name="raise_overdue", queueing_lock="raise_overdue")
    def go_up(timestamp: int) -> int:
        now = datetime.fromtimestamp(timestamp, UTC)
        with transaction(sessions) as session:
            return len(raise_overdue(session, actor=SYSTEM, now=now))
