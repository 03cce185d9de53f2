"""The planning job: a real worker makes the plan and tells how it ended."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.cli import main
from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.domain.access import EVERYWHERE, Actor, Role
from inspect_app.jobs import make_queue
from inspect_app.models import Account, PatrolPlan, PlanRun
from inspect_app.workflows.run_plan import cancel_run, request_plan
from tests.conftest import NOW, settings_for
from tests.factories import make_account
from tests.small_county import WEEK, make_small_county, request


@pytest.fixture
def settings(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    tmp_path: Path,
):
    return settings_for(server(make_database(template=migrated)), tmp_path)


@pytest.fixture
def own_sessions(settings) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(settings)
    yield session_factory(engine)
    engine.dispose()


def asked(sessions: sessionmaker[Session], account_id: int) -> int:
    with transaction(sessions) as session:
        account = session.get_one(Account, account_id)
        actor = Actor(account.person_id, "局长", frozenset({Role.DEPUTY}), EVERYWHERE)
        return request_plan(session, WEEK, request=request(), actor=actor, now=NOW).id


def worked_off(settings, sessions: sessionmaker[Session], run_id: int) -> PlanRun:
    queue = make_queue(settings, sessions)
    queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    with sessions() as session:
        return session.get_one(PlanRun, run_id)


def test_a_worker_makes_the_plan_that_was_asked_for(settings, own_sessions):
    with transaction(own_sessions) as session:
        make_small_county(session)
        account_id = make_account(session, Role.DEPUTY).id
    before = datetime.now(UTC)
    run = worked_off(settings, own_sessions, asked(own_sessions, account_id))
    assert (run.stage, run.problem) == ("write", None)
    assert before <= run.started_at <= run.ended_at
    assert (run.iteration, run.missing_visits) != (None, None)
    with own_sessions() as session:
        plan = session.scalars(select(PatrolPlan)).one()
        assert (plan.id, plan.week, plan.created_by) == (run.plan_id, WEEK, run.requested_by)


def test_a_refusal_ends_the_run_with_its_sentence(settings, own_sessions):
    with transaction(own_sessions) as session:
        account_id = make_account(session, Role.DEPUTY).id
    run = worked_off(settings, own_sessions, asked(own_sessions, account_id))
    assert run.plan_id is None
    assert run.problem == "没有可用的巡查班组"


def test_who_has_lost_the_post_meanwhile_gets_no_plan(settings, own_sessions):
    with transaction(own_sessions) as session:
        make_small_county(session)
        account_id = make_account(session, Role.WORKER).id
    run = worked_off(settings, own_sessions, asked(own_sessions, account_id))
    assert run.plan_id is None
    assert "权限" in run.problem


def orders(plan: PatrolPlan) -> list[tuple]:
    return sorted(
        (task.crew_id, task.day, stop.seq, stop.object_kind, stop.object_id, stop.arrive_at)
        for task in plan.tasks
        for stop in task.stops
    )


def test_the_page_and_the_command_make_the_same_plan(settings, own_sessions, monkeypatch):
    with transaction(own_sessions) as session:
        make_small_county(session)
        account_id = make_account(session, Role.DEPUTY).id
    run = worked_off(settings, own_sessions, asked(own_sessions, account_id))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("INSPECT_DEMO", "1")
    words = ["plan", "--week", "2026-W13", "--seed", "1", "--iterations", "40"]
    made = CliRunner().invoke(main, words)
    assert made.exit_code == 0, made.output
    with own_sessions() as session:
        by_page, by_command = session.scalars(select(PatrolPlan).order_by(PatrolPlan.id))
        assert by_page.id == run.plan_id
        assert orders(by_page) == orders(by_command) != []


def wait_for_search(sessions: sessionmaker[Session], run_id: int) -> None:
    for _ in range(300):
        with sessions() as session:
            if session.get_one(PlanRun, run_id).missing_visits is not None:
                return
        time.sleep(0.1)


@pytest.mark.parametrize("keep", [True, False])
def test_a_run_is_stopped_while_it_searches(settings, own_sessions, keep):
    with transaction(own_sessions) as session:
        make_small_county(session)
        account = make_account(session, Role.DEPUTY)
        actor = Actor(account.person_id, "局长", frozenset({Role.DEPUTY}), EVERYWHERE)
        long = request(iterations=None, seconds=60.0)
        run_id = request_plan(session, WEEK, request=long, actor=actor, now=NOW).id
    began = time.monotonic()
    worker = threading.Thread(target=worked_off, args=(settings, own_sessions, run_id))
    worker.start()
    wait_for_search(own_sessions, run_id)
    with transaction(own_sessions) as session:
        cancel_run(session, run_id, keep=keep, actor=actor, now=datetime.now(UTC))
    worker.join(timeout=30)
    assert time.monotonic() - began < 40
    with own_sessions() as session:
        run = session.get_one(PlanRun, run_id)
        plans = session.scalars(select(PatrolPlan)).all()
        assert run.ended_at is not None
        assert run.points
        assert all(len(point) == 4 for point in run.points)
        if keep:
            assert [plan.id for plan in plans] == [run.plan_id]
            assert plans[0].verdict["violations"] == []
        else:
            assert plans == []
            assert run.problem == "编排已取消,没有生成计划"


def test_a_run_cancelled_while_it_waits_is_not_begun(settings, own_sessions):
    with transaction(own_sessions) as session:
        make_small_county(session)
        account = make_account(session, Role.DEPUTY)
        actor = Actor(account.person_id, "局长", frozenset({Role.DEPUTY}), EVERYWHERE)
        account_id = account.id
    run_id = asked(own_sessions, account_id)
    with transaction(own_sessions) as session:
        cancel_run(session, run_id, keep=True, actor=actor, now=NOW)
    run = worked_off(settings, own_sessions, run_id)
    assert (run.started_at, run.plan_id) == (None, None)
    with own_sessions() as session:
        assert session.scalars(select(PatrolPlan)).all() == []
