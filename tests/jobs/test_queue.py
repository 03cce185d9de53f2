"""Jobs: deferred inside the data's transaction, worked off by a real worker."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate import App
from sqlalchemy import select, text

from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.jobs import make_queue
from inspect_app.models import Change
from inspect_app.workflows.defer_job import defer_job
from inspect_app.workflows.keep_photo import PhotoShelf
from tests.conftest import settings_for
from tests.factories import make_policies


@pytest.fixture
def settings(migrated: str, make_database: Callable[..., str], server: Callable[[str], str]):
    return settings_for(server(make_database(template=migrated)), Path("unused"))


def test_a_job_of_a_rolled_back_transaction_does_not_exist(settings):
    engine = make_engine(settings)
    sessions = session_factory(engine)
    with sessions() as session:
        defer_job(session, "nightly", arguments='{"timestamp": 0}')
        session.rollback()
    with sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM jobs.procrastinate_jobs")) == 0
    engine.dispose()


def test_a_deferred_job_is_worked_off_once(settings):
    engine = make_engine(settings)
    sessions = session_factory(engine)
    queue: App = make_queue(settings, sessions)
    seen: list[str] = []

    @queue.task(name="greet")
    def greet(name: str) -> None:
        seen.append(name)

    with transaction(sessions) as session:
        defer_job(session, "greet", arguments='{"name": "河长"}')
    queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    assert seen == ["河长"]
    with sessions() as session:
        status = session.scalar(text("SELECT status::text FROM jobs.procrastinate_jobs"))
    assert status == "succeeded"
    engine.dispose()


def test_the_nightly_job_is_registered(settings):
    engine = make_engine(settings)
    queue = make_queue(settings, session_factory(engine))
    assert "nightly" in queue.tasks
    engine.dispose()


def test_the_nightly_job_removes_old_changes_and_photos_that_never_end(
    migrated: str, make_database: Callable[..., str], server: Callable[[str], str], tmp_path: Path
):
    settings = settings_for(server(make_database(template=migrated)), tmp_path)
    engine = make_engine(settings)
    sessions = session_factory(engine)
    part = PhotoShelf(tmp_path).part("0" * 64)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half a photo")
    with transaction(sessions) as session:
        make_policies(session)
        for name in ("outlet", "source"):
            session.add(Change(subject_kind=name, subject_id=1))
            session.flush()
    night = datetime.now(UTC) + timedelta(days=31)
    queue = make_queue(settings, sessions)
    with transaction(sessions) as session:
        session.add(Change(subject_kind="outlet", subject_id=2))
        defer_job(session, "nightly", arguments=f'{{"timestamp": {int(night.timestamp())}}}')
    queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    with sessions() as session:
        assert session.scalars(select(Change.subject_id)).all() == [2]
    assert not part.exists()
    engine.dispose()
