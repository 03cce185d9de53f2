"""The nightly job: missed tasks are marked; old changes, uploads and unfinished photos go."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate import App
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import transaction
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.keep_blob import remove_stale_parts
from inspect_app.workflows.keep_photo import PhotoShelf
from inspect_app.workflows.miss_tasks import miss_tasks
from inspect_app.workflows.prune_changes import prune_changes
from inspect_app.workflows.seal_upload import forget_uploads

NIGHTLY = "10 17 * * *"
"""01:10 in China: the queue's clock is UTC, and the day before is over."""


def register(queue: App, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Put the job on the queue's calendar."""

    @queue.periodic(cron=NIGHTLY)
    @queue.task(name="nightly")
    def nightly(timestamp: int) -> int:
        now = datetime.fromtimestamp(timestamp, UTC)
        today = now.astimezone(ZoneInfo(settings.time_zone)).date()
        with transaction(sessions) as session:
            missed = miss_tasks(session, today=today, now=now)
        with transaction(sessions) as session:
            remove_stale_parts(session, PhotoShelf(settings.data_dir), now=now)
        for folder in ("imports", "tracks"):
            forget_uploads(settings.data_dir / folder, now=now)
        with transaction(sessions) as session:
            kept_days = policy_value(session, "changes_kept_days", day=today)
            prune_changes(session, kept_days=kept_days, now=now)
        return missed
