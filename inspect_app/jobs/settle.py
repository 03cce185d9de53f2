"""The job of the hour: records that wait are tried again, and what the server now understands."""

from datetime import UTC, datetime

import structlog
from procrastinate import App
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import transaction
from inspect_app.workflows.settle_record import (
    logs_with_held,
    retry_log,
    retry_task,
    tasks_with_held,
)

HOURLY = "25 * * * *"
log = structlog.get_logger()


def register(queue: App, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Put the job on the queue's calendar."""
    del settings

    @queue.periodic(cron=HOURLY)
    @queue.task(name="settle")
    def settle(timestamp: int) -> int:
        return settle_all(sessions, now=datetime.fromtimestamp(timestamp, UTC))


def settle_all(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Try what waits, one transaction a task or log, so that none holds up the tablets of others.

    Returns how many tasks and logs were looked at.
    """
    with transaction(sessions) as session:
        logs, tasks = logs_with_held(session), tasks_with_held(session)
    for uid in logs:
        with transaction(sessions) as session:
            retry_log(session, uid, now=now)
    for task_id in tasks:
        with transaction(sessions) as session:
            for fault in retry_task(session, task_id, now=now):
                log.error("effect_failed", task=task_id, exc_info=fault)
    return len(logs) + len(tasks)
