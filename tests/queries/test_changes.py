"""The feed of changes on real connections: nothing skipped, everything told once, resets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from numpy.random import Generator, default_rng
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.db import transaction
from inspect_app.domain.access import Actor, Role, Scope
from inspect_app.models import (
    Change,
    Crew,
    CrewMember,
    Outlet,
    PatrolLog,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    Person,
    PollutionSource,
    WaterSource,
)
from inspect_app.queries import changes as feed
from inspect_app.queries.changes import changes_after, parse_cursor
from inspect_app.queries.patrols import cards_of, objects_named
from inspect_app.workflows.prune_changes import prune_changes
from tests.conftest import NOW
from tests.factories import (
    FROM,
    actor_with,
    add,
    make_account,
    make_grid,
    make_outlet,
    make_policies,
    make_source,
)
from tests.patrol_factories import make_crew, make_task

Name = tuple[str, int]


@dataclass
class Mirror:
    """What a tablet holds, kept up to date by pulls alone; a reset takes all anew."""

    sessions: sessionmaker[Session]
    actor: Actor
    cursor: str = ""
    held: dict[Name, Any] = field(default_factory=dict)
    resets: int = 0

    def pull(self) -> list[Name]:
        """Follow the feed to its end; return what was told, in order."""
        told: list[Name] = []
        while True:
            with transaction(self.sessions) as session:
                page = changes_after(session, self.cursor, actor=self.actor)
            self.cursor = page.cursor
            if page.reset:
                self.resets += 1
                with transaction(self.sessions) as session:
                    self.held = truth(session, self.actor)
            for row in page.rows:
                name = (row["kind"], row["id"])
                told.append(name)
                self.held[name] = orjson.loads(orjson.dumps(row["card"]))
            for each in page.gone:
                told.append((each["kind"], each["id"]))
                self.held.pop(told[-1], None)
            if not page.more:
                return told


def truth(session: Session, actor: Actor) -> dict[Name, Any]:
    """Return everything the actor's tablet should hold, as JSON says it."""
    tasks = cards_of(session, actor.person_id, list(session.scalars(select(PatrolTask.id))))
    kinds = {"outlet": Outlet, "source": PollutionSource, "water_source": WaterSource}
    names = [
        (kind, key) for kind, model in kinds.items() for key in session.scalars(select(model.id))
    ]
    cards = [("task", card) for card in tasks]
    cards += [(card.kind, card) for card in objects_named(session, names, scope=actor.scope)]
    return {(kind, card.id): orjson.loads(orjson.dumps(card)) for kind, card in cards}


@dataclass
class County:
    """Ids of a town with a crew of ours and one of others, a task of each, and things."""

    crew: int
    others: int
    task: int
    their_task: int
    grid: int
    other_grid: int
    outlet: int


@pytest.fixture
def mirror(committing: sessionmaker[Session]) -> Mirror:
    """Give the mirror of an inspector whose scope is one town."""
    with transaction(committing) as session:
        make_policies(session)
        grid = make_grid(session)
        actor = actor_with(session, Role.INSPECTOR, grid=grid)
    return Mirror(committing, actor)


@pytest.fixture
def county(mirror: Mirror) -> County:
    """Give the town of the mirror's inspector, already pulled."""
    with transaction(mirror.sessions) as session:
        other = make_account(session, Role.INSPECTOR)
        other_grid = make_grid(session)
        [path] = mirror.actor.scope.grid_paths
        grid = int(path.strip("/"))
        crew, others = make_crew(session), make_crew(session, other)
        join(session, crew.id, mirror.actor.person_id)
        made = County(
            crew=crew.id,
            others=others.id,
            task=make_task(session, crew).id,
            their_task=make_task(session, others).id,
            grid=grid,
            other_grid=other_grid.id,
            outlet=make_outlet(session, 120.5, 30.5, grid_id=grid).id,
        )
    mirror.pull()
    return made


def join(session: Session, crew: int, person: int | None) -> None:
    add(session, CrewMember(crew_id=crew, person_id=person, valid_from=FROM))


@contextmanager
def changed(mirror: Mirror) -> Iterator[Session]:
    with transaction(mirror.sessions) as session:
        yield session


def test_the_first_pull_is_a_reset_and_the_next_is_empty(mirror: Mirror, county: County):
    assert mirror.resets == 1
    assert set(mirror.held) == {("task", county.task), ("outlet", county.outlet)}
    assert mirror.pull() == []
    assert mirror.resets == 1


def test_many_changes_of_a_task_are_one_card(mirror: Mirror, county: County):
    for number in range(3):
        with changed(mirror) as session:
            stops = update(PatrolStop).where(PatrolStop.task_id == county.task)
            session.execute(stops.values(result_reason=f"第{number}次"))
            session.execute(update(PatrolTask).values(length_m=number))
    assert mirror.pull() == [("task", county.task)]
    card = mirror.held["task", county.task]
    assert (card["length_m"], card["stops"][0]["result_reason"]) == (2, "第2次")
    assert mirror.pull() == []


def test_a_slow_transaction_that_began_before_is_never_skipped(mirror: Mirror, county: County):
    with mirror.sessions() as slow:
        slow.execute(update(PatrolTask).where(PatrolTask.id == county.task).values(length_m=7))
        with changed(mirror) as session:  # begins later, ends earlier
            make_outlet(session, 120.5, 30.5, grid_id=county.grid)
        assert mirror.pull() == []
        assert mirror.pull() == []
        slow.commit()
    assert len(mirror.pull()) == 2
    assert mirror.held["task", county.task]["length_m"] == 7


@pytest.mark.usefixtures("county")
def test_a_slow_transaction_that_is_rolled_back_changes_nothing(mirror: Mirror):
    before = mirror.held.copy()
    with mirror.sessions() as slow:
        slow.execute(update(PatrolTask).values(length_m=7))
        mirror.pull()
        slow.rollback()
    assert mirror.pull() == []
    assert mirror.held == before


def move_task(session: Session, county: County) -> Name:
    values = {"crew_id": county.others, "day": NOW.date() + timedelta(days=1)}
    session.execute(update(PatrolTask).where(PatrolTask.id == county.task).values(**values))
    return "task", county.task


def cancel_task(session: Session, county: County) -> Name:
    session.execute(
        update(PatrolTask).where(PatrolTask.id == county.task).values(state="cancelled")
    )
    return "task", county.task


def delete_task(session: Session, county: County) -> Name:
    session.execute(delete(PatrolTask).where(PatrolTask.id == county.task))
    return "task", county.task


def delete_plan(session: Session, county: County) -> Name:
    plan = select(PatrolTask.plan_id).where(PatrolTask.id == county.task).scalar_subquery()
    session.execute(delete(PatrolPlan).where(PatrolPlan.id == plan))
    return "task", county.task


def close_outlet(session: Session, county: County) -> Name:
    session.execute(update(Outlet).values(closed=True))
    return "outlet", county.outlet


def move_outlet(session: Session, county: County) -> Name:
    session.execute(update(Outlet).values(grid_id=county.other_grid))
    return "outlet", county.outlet


def delete_outlet(session: Session, county: County) -> Name:
    session.execute(delete(Outlet))
    return "outlet", county.outlet


@pytest.mark.parametrize(
    "act",
    [move_task, cancel_task, delete_task, delete_plan, close_outlet, move_outlet, delete_outlet],
    ids=lambda act: act.__name__,
)
def test_what_is_gone_for_the_person_is_told_as_gone(mirror: Mirror, county: County, act):
    with changed(mirror) as session:
        name = act(session, county)
    with transaction(mirror.sessions) as session:
        page = changes_after(session, mirror.cursor, actor=mirror.actor)
    assert (page.rows, page.reset) == ([], False)
    assert page.gone == [{"kind": name[0], "id": name[1]}]
    mirror.pull()
    assert name not in mirror.held


def take_task(session: Session, county: County) -> Name:
    values = {"crew_id": county.crew, "day": NOW.date() + timedelta(days=1)}
    session.execute(update(PatrolTask).where(PatrolTask.id == county.their_task).values(**values))
    return "task", county.their_task


def move_stop(session: Session, county: County) -> Name:
    [stop, *_] = session.scalars(
        select(PatrolStop).where(PatrolStop.task_id == county.their_task).order_by(PatrolStop.seq)
    )
    stop.task_id, stop.seq = county.task, 100 + stop.id
    session.flush()
    return "task", county.task


def drop_stop(session: Session, county: County) -> Name:
    session.execute(delete(PatrolStop).where(PatrolStop.task_id == county.task))
    return "task", county.task


def start_log(session: Session, county: County) -> Name:
    person = session.scalars(select(Person.id).limit(1)).one()
    uid = "00000000-0000-4000-8000-000000000001"
    values = {"uid": uid, "recorder_id": person, "started_at": NOW, "received_at": NOW}
    add(session, PatrolLog(task_id=county.task, **values))
    return "task", county.task


def add_source(session: Session, county: County) -> Name:
    return "source", make_source(session, 120.5, 30.5, grid_id=county.grid).id


def add_water_source(session: Session, county: County) -> Name:
    values = {"name": "水源地", "source_type": "river", "geom": "SRID=4490;POINT(120.5 30.5)"}
    return "water_source", add(session, WaterSource(grid_id=county.grid, **values)).id


def rename_outlet(session: Session, county: County) -> Name:
    session.execute(update(Outlet).values(name="新名"))
    return "outlet", county.outlet


@pytest.mark.parametrize(
    "act",
    [take_task, move_stop, drop_stop, start_log, add_source, add_water_source, rename_outlet],
    ids=lambda act: act.__name__,
)
def test_what_is_new_or_different_comes_as_its_card(mirror: Mirror, county: County, act):
    before = mirror.held.copy()
    with changed(mirror) as session:
        name = act(session, county)
    assert mirror.pull() == [name]
    with transaction(mirror.sessions) as session:
        assert mirror.held == truth(session, mirror.actor) != before
    assert mirror.resets == 1


def test_what_is_others_is_not_told(mirror: Mirror, county: County):
    with changed(mirror) as session:
        session.execute(
            update(PatrolTask).where(PatrolTask.id == county.their_task).values(length_m=1)
        )
        make_outlet(session, 120.5, 30.5, grid_id=county.other_grid)
        make_outlet(session, 120.5, 30.5, grid_id=None)
        make_task(session, session.get_one(Crew, county.crew), state="planned")
    assert mirror.pull() == []


def test_a_pull_ends_at_pages_of_which_none_tells_a_thing_twice(
    mirror: Mirror, county: County, monkeypatch
):
    monkeypatch.setattr(feed, "PAGE_ROWS", 3)
    with changed(mirror) as session:
        made = {make_outlet(session, 120.5, 30.5, grid_id=county.grid).id for _ in range(10)}
    for outlet in sorted(made)[::2]:
        with changed(mirror) as session:
            session.execute(update(Outlet).where(Outlet.id == outlet).values(name="改"))
    told = mirror.pull()
    assert sorted(told) == [("outlet", outlet) for outlet in sorted(made)]


@pytest.mark.parametrize(
    "cursor", ["", "x", "1.2.3", "a.b.1.2.3.-4", "a.b.1.2.3.٤", "a.b.1.2.3." + "9" * 30]
)
@pytest.mark.usefixtures("county")
def test_a_cursor_that_is_none_is_a_reset(mirror: Mirror, cursor: str):
    assert parse_cursor(cursor) is None
    mirror.cursor = cursor
    mirror.pull()
    assert mirror.resets == 2


def altered(mirror: Mirror, **values: Any) -> str:
    return str(replace(parse_cursor(mirror.cursor), **values))


@pytest.mark.parametrize(
    "values",
    [{"epoch": "7x1x5"}, {"seen_mark": 1}, {"seen_id": 10**9}, {"xid": 2**62}],
    ids=["another cluster", "another past", "a change that is not there", "the future"],
)
@pytest.mark.usefixtures("county")
def test_a_cursor_of_another_past_is_a_reset(mirror: Mirror, values):
    mirror.cursor = altered(mirror, **values)
    mirror.pull()
    assert mirror.resets == 2
    assert mirror.pull() == []
    assert mirror.resets == 2


def test_a_restored_backup_is_noticed_even_when_it_has_gone_on_since(
    mirror: Mirror, county: County
):
    with changed(mirror) as session:
        rename_outlet(session, county)
    mirror.pull()
    with changed(mirror) as session:  # the disk is put back to before the renaming
        session.execute(text("DELETE FROM change WHERE id = (SELECT max(id) FROM change)"))
        session.execute(text("SELECT setval('change_id_seq', (SELECT max(id) FROM change))"))
        cancel_task(session, county)
    mirror.pull()
    assert mirror.resets == 2
    assert ("task", county.task) not in mirror.held


def test_another_scope_crew_or_name_of_a_member_is_a_reset(mirror: Mirror, county: County):
    with changed(mirror) as session:
        colleague = make_account(session, Role.INSPECTOR).person_id
        join(session, county.crew, colleague)
    mirror.pull()
    assert mirror.resets == 2
    assert len(mirror.held["task", county.task]["members"]) == 2
    with changed(mirror) as session:
        session.execute(update(Person).where(Person.id == colleague).values(name="改名"))
    mirror.pull()
    assert mirror.resets == 3
    mirror.actor = replace(mirror.actor, scope=Scope(everywhere=False, grid_paths=("/0/",)))
    mirror.pull()
    assert mirror.resets == 4
    assert set(mirror.held) == {("task", county.task)}
    with changed(mirror) as session:
        ours = CrewMember.person_id == mirror.actor.person_id
        session.execute(update(CrewMember).where(ours).values(valid_to=NOW.date()))
    mirror.pull()
    assert (mirror.resets, mirror.held) == (5, {})


def test_an_import_of_very_many_objects_is_one_change_a_grid(mirror: Mirror, county: County):
    made = text(
        "INSERT INTO outlet (name, grid_id, geom) SELECT 'n', :grid, ST_SetSRID("
        "ST_MakePoint(120.5, 30.5), 4490) FROM generate_series(1, 1001)"
    )
    with changed(mirror) as session:
        session.execute(made, {"grid": county.other_grid})
        session.execute(text("DELETE FROM outlet WHERE grid_id = :g"), {"g": county.other_grid})
    assert mirror.pull() == []
    assert mirror.resets == 1
    with changed(mirror) as session:
        last = session.scalars(select(Change.id).order_by(Change.id.desc()).limit(1)).one()
        session.execute(made, {"grid": county.grid})
        kinds = select(Change.subject_kind, Change.grid_id).where(Change.id > last)
        assert session.execute(kinds).all() == [("objects", county.grid)]
    mirror.pull()
    assert (mirror.resets, len(mirror.held)) == (2, 1003)
    with changed(mirror) as session:
        session.execute(text("DELETE FROM outlet WHERE grid_id = :g"), {"g": county.grid})


def test_far_behind_the_package_is_taken_anew(mirror, county: County, monkeypatch):
    monkeypatch.setattr(feed, "BEHIND_MAX", 5)
    with changed(mirror) as session:
        for _ in range(6):
            make_outlet(session, 120.5, 30.5, grid_id=county.grid)
    assert mirror.pull() == []
    assert (mirror.resets, len(mirror.held)) == (2, 8)


def test_old_changes_are_pruned_and_who_missed_them_starts_anew(mirror: Mirror, county: County):
    stayed = Mirror(mirror.sessions, mirror.actor, mirror.cursor, mirror.held.copy())
    with changed(mirror) as session:
        rename_outlet(session, county)
    mirror.pull()
    with changed(mirror) as session:
        newest = session.scalars(select(Change.at).order_by(Change.at.desc()).limit(1)).one()
        now = newest + timedelta(days=30, seconds=1)
        assert prune_changes(session, kept_days=30, now=now) > 0
        assert session.scalars(select(Change.at).distinct()).all() == [newest]
    assert mirror.pull() == []
    assert mirror.resets == 1
    with changed(mirror) as session:
        cancel_task(session, county)
    stayed.pull()
    assert stayed.resets == 1
    with transaction(mirror.sessions) as session:
        assert stayed.held == truth(session, mirror.actor)


@pytest.mark.usefixtures("county")
def test_pruning_cuts_by_transaction_so_that_no_later_one_is_lost(mirror: Mirror):
    """A transaction that began long ago and wrote late stays as long as earlier writers do."""
    with changed(mirror) as session:
        session.execute(delete(Change))
        values = [(10, 40), (11, 10), (12, 50)]
        for xid, days in values:
            at = NOW - timedelta(days=days)
            add(session, Change(xid=xid, at=at, subject_kind="outlet", subject_id=1))
        assert prune_changes(session, kept_days=30, now=NOW) == 1
        assert session.scalars(select(Change.xid).order_by(Change.xid)).all() == [11, 12]
        assert prune_changes(session, kept_days=5, now=NOW) == 1
        assert session.scalars(select(Change.xid)).all() == [12]


def test_an_empty_pull_reads_a_few_pages_through_the_index(mirror: Mirror, county: County):
    with changed(mirror) as session:
        session.execute(
            text(
                "INSERT INTO change (subject_kind, subject_id, grid_id)"
                " SELECT 'outlet', n, 1 FROM generate_series(1, 19000) AS n"
            )
        )
    mirror.pull()
    with mirror.sessions() as session:
        session.execute(text("ANALYZE change"))
        asked = parse_cursor(mirror.cursor)
        values = feed._values(asked, mirror.actor, [county.crew])
        plan = session.execute(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {feed.FEED}"), values)
        [found] = plan.scalar_one()
    top = found["Plan"]
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 60
    assert "Seq Scan on change" not in str(found)


ACTS = [
    move_task,
    cancel_task,
    delete_task,
    close_outlet,
    move_outlet,
    delete_outlet,
    take_task,
    move_stop,
    drop_stop,
    add_source,
    rename_outlet,
]


def restore(session: Session, county: County) -> Name:
    """Bring back what other acts took away."""
    session.execute(
        update(PatrolTask).values(state="published").where(PatrolTask.id == county.task)
    )
    session.execute(update(Outlet).values(closed=False, grid_id=county.grid))
    return "task", county.task


def publish_new(session: Session, county: County) -> Name:
    task = make_task(session, session.get_one(Crew, county.crew))
    return "task", task.id


def visit_stop(session: Session, county: County) -> Name:
    session.execute(update(PatrolStop).values(result="done"))
    return "task", county.task


@pytest.mark.parametrize("seed", range(4))
def test_pulls_at_any_moment_of_interleaved_transactions_end_equal_to_the_truth(
    mirror: Mirror, county: County, seed: int
):
    rng = default_rng(seed)
    acts = [*ACTS, restore, publish_new, visit_stop, restore, publish_new]
    open_ones: list[Session] = []
    committed = 0
    for _ in range(120):
        what = rng.random()
        if what < 0.25 and len(open_ones) < 4:
            session = mirror.sessions()
            session.execute(text("SET lock_timeout = '20ms'"))
            open_ones.append(session)
        elif what < 0.65 and open_ones:
            _try(open_ones, acts[rng.integers(len(acts))], county, rng)
        elif what < 0.8 and open_ones:
            session = open_ones.pop(rng.integers(len(open_ones)))
            ends_well = rng.random() < 0.7
            committed += ends_well
            (session.commit if ends_well else session.rollback)()
            session.close()
        else:
            mirror.pull()
    for session in open_ones:
        session.commit()
        session.close()
    mirror.pull()
    assert committed > 3
    with transaction(mirror.sessions) as session:
        assert mirror.held == truth(session, mirror.actor)
    assert mirror.resets == 1


def _try(open_ones: list[Session], act: Any, county: County, rng: Generator) -> None:
    """Act in one of the open transactions; one that would wait for another is rolled back."""
    session = open_ones[rng.integers(len(open_ones))]
    try:
        act(session, county)
        session.flush()
    except (OperationalError, ValueError):
        session.rollback()
        session.close()
        open_ones.remove(session)
