"""Requests at the same instant, on real connections: each thing is kept once, nothing is lost."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from inspect_app import create_app
from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.domain.access import Role
from inspect_app.models import Event, FindingPhoto, PatrolLog, SyncQuarantine, SyncRecord
from tests.conftest import NOW, settings_for
from tests.factories import log_in, make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task, picture, sha256

THREADS = 4


@dataclass
class Office:
    """A served application on a database of its own, and clients that ask at one instant."""

    app: Flask
    sessions: sessionmaker[Session]
    clients: list
    tasks: list

    def at_once(self, *requests: tuple[str, bytes]) -> list:
        """Send requests at the same instant, each by a client of its own; return the answers."""
        barrier = Barrier(len(requests))

        def send(client, request):
            barrier.wait()
            return client.put(request[0], data=request[1], headers=digest(request[1]))

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(send, self.clients, requests))

    def ask(self, statement):
        with transaction(self.sessions) as session:
            return session.scalar(statement)


@pytest.fixture(scope="module")
def office(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    folder = Path(tmp_path_factory.mktemp("office"))
    settings = settings_for(server(make_database(template=migrated)), folder)
    engine = make_engine(settings)
    sessions = session_factory(engine)
    app = create_app(settings, sessions=sessions)
    app.extensions["clock"] = lambda: NOW
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with transaction(sessions) as session:
        make_policies(session)
        grid = make_grid(session)
        make_owner(session, grid)
        account = make_account(session, Role.INSPECTOR, grid=grid)
        tasks = [make_task(session, make_crew(session, account), grid=grid) for _ in range(6)]
        for task in tasks:
            assert len(task.stops) == 3  # loaded while there is a session
    clients = [app.test_client() for _ in range(THREADS)]
    for client in clients:
        log_in(client, account)
    yield Office(app, sessions, clients, tasks)
    engine.dispose()


def address(item) -> tuple[str, bytes]:
    return f"/sync/records/{item[0]}", item[1]


def test_the_same_record_at_the_same_instant_takes_effect_once(office: Office):
    tablet = Tablet(office.tasks[0])
    start = tablet.write("patrol_start")
    answers = office.at_once(*[address(start)] * THREADS)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    stop = office.tasks[0].stops[0].id
    for _ in range(3):
        visit = tablet.write("stop_result", stop_id=stop, result="done")
        answers = office.at_once(*[address(visit)] * THREADS)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    events = select(func.count()).select_from(Event).where(Event.subject_kind == "stop")
    assert office.ask(events.where(Event.subject_id == stop)) == 3


def test_two_records_with_one_number_are_kept_both(office: Office):
    tablet = Tablet(office.tasks[1])
    _, body = tablet.write("patrol_start")
    twins = [(uuid4(), body + b" " * n) for n in range(2)]
    answers = office.at_once(*map(address, twins))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    rival = next(answer.json for answer in answers if answer.status_code == 409)
    assert rival["problem"] == "seq_taken"
    assert office.ask(select(SyncQuarantine.name).where(SyncQuarantine.id == rival["quarantine"]))


def test_a_start_and_all_it_is_awaited_by_at_once_leave_nothing_waiting(office: Office):
    task = office.tasks[2]
    tablet = Tablet(task)
    start = tablet.write("patrol_start")
    visit = tablet.write("stop_result", stop_id=task.stops[1].id, result="done")
    pause = tablet.write("patrol_pause")
    segment = (f"/sync/tracks/{tablet.log_uid}/segments/0", tablet.fixes(120.50, 120.51))
    answers = office.at_once(segment, address(visit), address(start), address(pause))
    assert {answer.status_code for answer in answers} <= {201, 202}
    held = select(func.count()).select_from(SyncRecord).where(SyncRecord.state != "taken")
    assert office.ask(held.where(SyncRecord.log_uid == tablet.log_uid)) == 0
    with transaction(office.sessions) as session:
        assert session.get_one(type(task), task.id).state == "paused"


def test_of_two_tablets_that_start_at_once_one_gets_the_log(office: Office):
    tablets = [Tablet(office.tasks[3]) for _ in range(THREADS)]
    answers = office.at_once(*(address(tablet.write("patrol_start")) for tablet in tablets))
    assert sorted(answer.status_code for answer in answers) == [201, 202, 202, 202]
    logs = select(func.count()).select_from(PatrolLog)
    assert office.ask(logs.where(PatrolLog.task_id == office.tasks[3].id)) == 1


def test_a_finding_and_its_photo_at_once_find_each_other(office: Office):
    tablet = Tablet(office.tasks[4])
    for n in range(4):
        photo = picture(size=(40 + n, 40))
        finding = tablet.write(
            "finding",
            finding_type="noise",
            severity="normal",
            lon=120.505,
            lat=30.5,
            photos=[sha256(photo)],
        )
        answers = office.at_once(address(finding), (f"/sync/photos/{sha256(photo)}", photo))
        assert [answer.status_code for answer in answers] == [201, 201]
        linked = select(func.count()).select_from(FindingPhoto)
        assert office.ask(linked.where(FindingPhoto.photo_sha256 == sha256(photo))) == 1


def test_a_deadlocks_loser_is_asked_to_come_again_and_is_taken_then(
    office: Office,
):
    """A re-plan holds what the record needs next and wants the task that the record holds."""
    task = office.tasks[5]
    tablet = Tablet(task)
    start = tablet.write("patrol_start")
    visit = tablet.write("stop_result", stop_id=task.stops[0].id, result="done")
    assert office.at_once(address(start))[0].status_code == 201
    with office.sessions() as planner, ThreadPoolExecutor(1) as pool:
        planner.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # the record finds out first
        lock = "SELECT FROM {} WHERE id = :id FOR UPDATE"
        planner.execute(text(lock.format("patrol_stop")), {"id": task.stops[0].id})
        sent = pool.submit(office.at_once, address(visit))
        wait_until_blocked(office)
        planner.execute(text(lock.format("patrol_task")), {"id": task.id})
        planner.commit()
        answer = sent.result()[0]
    assert (answer.status_code, answer.json["problem"]) == (503, "server_busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert office.at_once(address(visit))[0].status_code == 201


def wait_until_blocked(office: Office) -> None:
    """Wait until a request waits for a lock."""
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND wait_event_type = 'Lock'"
    )
    for _ in range(200):
        if office.ask(blocked):
            return
        time.sleep(0.05)
    pytest.fail("nothing waits for the lock")
