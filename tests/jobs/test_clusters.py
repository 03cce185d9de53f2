"""The jobs that watch complaints run in the worker and repeat nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.cli import main
from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.domain.access import EVERYWHERE, Actor, Role, Scope
from inspect_app.domain.problems import Problem
from inspect_app.jobs import make_queue
from inspect_app.models import (
    Account,
    AuditEntry,
    BurstAlarm,
    Cluster,
    ClusterRun,
    ClusterScan,
    HotGrid,
    NearRepeat,
    Person,
    Policy,
)
from inspect_app.workflows.defer_job import defer_job
from inspect_app.workflows.run_scan import request_scan, stop_scan
from tests.conftest import settings_for
from tests.county import make_county
from tests.factories import make_account, make_matter

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
        run = session.scalars(select(ClusterRun)).one()
        assert (run.scan_id, run.requested_by, run.problem) == (scan.id, None, None)
    engine.dispose()


WEEK = date(2026, 3, 16)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def settings(migrated: str, make_database: Callable[..., str], server, tmp_path: Path):
    return settings_for(server(make_database(template=migrated)), tmp_path)


@pytest.fixture
def own_sessions(settings) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(settings)
    sessions = session_factory(engine)
    with transaction(sessions) as session:
        county = make_county(session)
        for number in range(30):
            place = f"SRID=4490;POINT({120.1 + number / 100} 30.2)"
            unit = county.units["west_south"]
            make_matter(session, at=MONDAY_NIGHT, complaints=2, geom=place, grid_id=unit.id)
    yield sessions
    engine.dispose()


@pytest.fixture
def deputy(own_sessions) -> Actor:
    with transaction(own_sessions) as session:
        account = make_account(session, Role.DEPUTY)
        return Actor(account.person_id, "副局长", frozenset({Role.DEPUTY}), EVERYWHERE)


def asked(sessions: sessionmaker[Session], actor: Actor) -> int:
    with transaction(sessions) as session:
        return request_scan(session, WEEK, zone=ZONE, actor=actor, now=datetime.now(UTC)).id


def stopped(sessions: sessionmaker[Session], run_id: int, actor: Actor) -> None:
    with transaction(sessions) as session:
        stop_scan(session, run_id, actor=actor, now=datetime.now(UTC))


def worked_off(settings, sessions: sessionmaker[Session], run_id: int) -> ClusterRun:
    queue = make_queue(settings, sessions)
    queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    with sessions() as session:
        return session.get_one(ClusterRun, run_id)


def rows_of(sessions: sessionmaker[Session]) -> list[int]:
    with sessions() as session:
        tables = (ClusterScan, Cluster, NearRepeat, HotGrid)
        return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_a_person_has_a_week_scanned_again_and_it_is_that_persons_scan(
    settings, own_sessions, deputy
):
    runs = [worked_off(settings, own_sessions, asked(own_sessions, deputy)) for _ in range(2)]
    assert [run.problem for run in runs] == [None, None]
    with own_sessions() as session:
        scans = session.scalars(select(ClusterScan).order_by(ClusterScan.id)).all()
        assert [one.id for one in scans] == [run.scan_id for run in runs]
        assert [one.superseded_at is None for one in scans] == [False, True]
        assert {one.scanned_by for one in scans} == {deputy.person_id}
        assert {one.reason for one in scans} == {"手工扫描"}


def test_a_scan_that_waits_is_stopped_at_once_and_no_worker_takes_it(
    settings, own_sessions, deputy
):
    run_id = asked(own_sessions, deputy)
    with pytest.raises(Problem) as refused:
        asked(own_sessions, deputy)
    assert refused.value.code == "scan_busy"
    stopped(own_sessions, run_id, deputy)
    run = worked_off(settings, own_sessions, run_id)
    assert (run.started_at, run.problem) == (None, "聚集扫描已停止,没有保存结果")
    assert run.cancelled_by == deputy.person_id
    assert rows_of(own_sessions) == [0, 0, 0, 0]
    with pytest.raises(Problem) as refused:
        stopped(own_sessions, run_id, deputy)
    assert refused.value.code == "scan_over"
    with own_sessions() as session:
        own = AuditEntry.action.startswith("cluster.")
        assert session.scalars(select(AuditEntry.action).where(own)).all() == ["cluster.stop_scan"]


def test_the_command_scans_the_stopped_week_and_tells_who_stopped_it(
    settings, own_sessions, deputy, monkeypatch
):
    stopped(own_sessions, asked(own_sessions, deputy), deputy)
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("INSPECT_DEMO", "1")
    made = CliRunner().invoke(main, ["clusters", "weekly", "--week", "2026-W12"])
    assert made.exit_code == 0, made.output
    with own_sessions() as session:
        name = session.get_one(Person, deputy.person_id).name
    assert f"2026-W12 的扫描曾被停止({name}," in made.output
    assert made.output.count("近重复(") == 9
    assert "热点网格:4 个网格中 0 个偏多" in made.output


def test_a_scan_that_works_is_stopped_and_leaves_nothing_half_written(
    settings, own_sessions, deputy
):
    worked_off(settings, own_sessions, asked(own_sessions, deputy))
    before = rows_of(own_sessions)
    with transaction(own_sessions) as session:
        # So many shuffles that the scan cannot be through before it is stopped.
        shuffles = select(Policy).where(Policy.key == "near_repeat_replications")
        session.scalars(shuffles).one().value = {"value": 20_000_000}
    run_id = asked(own_sessions, deputy)

    def stop_when_it_works() -> None:
        for _ in range(300):
            with own_sessions() as session:
                if session.get_one(ClusterRun, run_id).started_at is not None:
                    break
            time.sleep(0.1)
        time.sleep(0.7)
        stopped(own_sessions, run_id, deputy)

    stopper = threading.Thread(target=stop_when_it_works)
    stopper.start()
    run = worked_off(settings, own_sessions, run_id)
    stopper.join()
    assert (run.scan_id, run.problem) == (None, "聚集扫描已停止,没有保存结果")
    assert (run.ended_at - run.cancelled_at).total_seconds() < 5
    assert rows_of(own_sessions) == before
    with own_sessions() as session:
        assert session.scalars(select(ClusterScan)).one().superseded_at is None


def test_only_who_may_scan_the_whole_county_asks_for_it_or_stops_it(own_sessions, deputy):
    run_id = asked(own_sessions, deputy)
    director = Actor(deputy.person_id, "局长", frozenset({Role.DIRECTOR}), EVERYWHERE)
    part = Scope(everywhere=False, grid_paths=("/1/",))
    local = Actor(deputy.person_id, "副局长", frozenset({Role.DEPUTY}), part)
    for actor, code in ((director, "not_permitted"), (local, "county_wide_only")):
        with own_sessions() as session:
            with pytest.raises(Problem) as refused:
                stop_scan(session, run_id, actor=actor, now=MONDAY_NIGHT)
            assert refused.value.code == code
            with pytest.raises(Problem) as refused:
                request_scan(session, WEEK, zone=ZONE, actor=actor, now=MONDAY_NIGHT)
            assert refused.value.code == code
    with own_sessions() as session, pytest.raises(Problem) as refused:
        stop_scan(session, 10**9, actor=deputy, now=MONDAY_NIGHT)
    assert refused.value.code == "not_found"


def test_who_has_lost_the_post_meanwhile_gets_no_scan(settings, own_sessions, deputy):
    run_id = asked(own_sessions, deputy)
    with transaction(own_sessions) as session:
        session.delete(session.scalars(select(Account)).one())
    run = worked_off(settings, own_sessions, run_id)
    assert "权限" in run.problem
    assert rows_of(own_sessions) == [0, 0, 0, 0]
