"""The planning job: a real worker makes the plan and tells how it ended."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.domain.access import EVERYWHERE, Actor, Role
from inspect_app.jobs import make_queue
from inspect_app.models import Account, PatrolPlan, PlanRun
from inspect_app.workflows.run_plan import request_plan
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
