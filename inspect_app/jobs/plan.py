"""The planning job: makes a week's plan and tells how far it is while it works."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate import App
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import transaction
from inspect_app.domain.problems import Problem
from inspect_app.jobs.asking import Asking
from inspect_app.workflows.plan_week import PlanProgress, Watcher, plan_week
from inspect_app.workflows.run_plan import (
    JOB,
    Wish,
    begin_run,
    end_run,
    note_progress,
    wish_of,
)
from inspect_app.workflows.travel_cache import MatrixStore

TELL_EVERY_S = 0.5
"""The page asks once a second; better plans are found many times a second at first."""


def register(queue: App, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Let the worker make plans."""
    zone = ZoneInfo(settings.time_zone)
    store = MatrixStore(settings.data_dir)

    @queue.task(name=JOB)
    def plan(run_id: int) -> None:
        try:
            _run(sessions, run_id, zone=zone, store=store)
        except Problem as problem:
            _fail(sessions, run_id, words=str(problem))
        except Exception:
            _fail(sessions, run_id, words="编排时系统出错,详情见后台日志")
            raise


def _run(
    sessions: sessionmaker[Session], run_id: int, *, zone: ZoneInfo, store: MatrixStore
) -> None:
    with transaction(sessions) as session:
        assignment = begin_run(session, run_id, zone=zone, now=_now())
    if assignment is None:
        return
    teller = _Teller(sessions, run_id)
    with transaction(sessions) as session:
        plan = plan_week(
            session,
            assignment.week,
            request=replace(assignment.request, store=store),
            actor=assignment.actor,
            now=_now(),
            watcher=Watcher(teller.tell, cancel=teller.cancelled, keep=teller.keep_best),
        )
        end_run(session, run_id, now=_now(), plan_id=plan.id)


class _Teller:
    """Writes progress in transactions of its own, so that others see it at once."""

    def __init__(self, sessions: sessionmaker[Session], run_id: int) -> None:
        self._sessions = sessions
        self._run_id = run_id
        self._stage = ("", False)
        self._last = 0.0
        self._asking = Asking(sessions, lambda session: wish_of(session, run_id))

    def tell(self, told: PlanProgress) -> None:
        moment = time.monotonic()
        stage = (told.stage, told.search is not None)
        if stage == self._stage and moment - self._last < TELL_EVERY_S:
            return
        self._stage, self._last = stage, moment
        with transaction(self._sessions) as session:
            note_progress(session, self._run_id, told, now=_now())

    def cancelled(self) -> bool:
        """Tell whether somebody has cancelled the run."""
        return self._asking.is_over()

    def keep_best(self) -> bool:
        """Tell whether who cancelled the run wants the best plan so far."""
        return self._asking.wish() is Wish.STOP_AND_KEEP


def _fail(sessions: sessionmaker[Session], run_id: int, *, words: str) -> None:
    with transaction(sessions) as session:
        end_run(session, run_id, now=_now(), problem=words)


def _now() -> datetime:
    return datetime.now(UTC)
