"""The demo county goes into the database whole, or not at all."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from inspect_app.db import make_engine
from inspect_app.demo.patrols import at
from inspect_app.domain.access import EVERYWHERE, SYSTEM
from inspect_app.domain.calendar import local_day
from inspect_app.domain.campaign_codes import ItemState
from inspect_app.domain.dispatch import tally
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    Account,
    Base,
    CampaignItem,
    CampaignItemPhoto,
    Complaint,
    ComplaintMatter,
    CrewMember,
    Event,
    Finding,
    FindingPhoto,
    Org,
    PatrolLog,
    PatrolPlan,
    PatrolTask,
    Post,
    SyncRecord,
    TrackSegment,
)
from inspect_app.queries.actors import actor_of, actor_of_person
from inspect_app.queries.campaign_record import item_history, item_photos
from inspect_app.queries.campaigns import dispatch_day, item_lines
from inspect_app.queries.check_sheets import sheets_of_log
from inspect_app.queries.device_gaps import device_gaps
from inspect_app.queries.inbox import held_records
from inspect_app.queries.matter_worklists import MatterTab, matter_worklist
from inspect_app.queries.matters import MatterFilter
from inspect_app.queries.overdue import risen_to
from inspect_app.queries.owners import owner_at
from inspect_app.workflows.number import next_number
from inspect_app.workflows.raise_overdue import raise_overdue
from inspect_app.workflows.seed_county import seed_county
from tests.conftest import NOW, SeededCounty, seal_of, settings_for
from tests.demo_county import TODAY, drawn
from tests.factories import make_grid, make_org

EMPTY = {
    *("complaint_move", "matter_merge", "matter_photo", "issued_document", "import_mapping"),
    *("pii.reporter_key", "holiday", "burst_alarm", "cluster_run"),
    *("change", "import_batch", "incoming_photo"),
    *("plan_change", "plan_run", "sync_quarantine", "web_session"),
}
"""Tables only work with the product fills."""


@pytest.fixture(scope="module")
def own_engine(
    seeded: SeededCounty, make_database: Callable[..., str], server: Callable[[str], str]
) -> Iterator[Engine]:
    """Give an engine on a copy of the seeded county; tests roll back what they write."""
    url = server(make_database(template=seeded.name))
    engine = make_engine(settings_for(url, seeded.data_dir))
    yield engine
    engine.dispose()


@pytest.fixture
def county(own_engine: Engine) -> Iterator[Session]:
    """Give a session on the seeded county."""
    with Session(own_engine) as session:
        yield session
        session.rollback()


def test_every_table_is_filled_and_the_photos_lie_in_the_folder(
    county: Session, seeded: SeededCounty
):
    expected = {table.fullname for table in Base.metadata.sorted_tables} - EMPTY
    assert set(seeded.counts) == expected
    names = set(county.scalars(select(FindingPhoto.photo_sha256)))
    names |= set(county.scalars(select(CampaignItemPhoto.photo_sha256)))
    assert names == {path.stem for path in seeded.data_dir.rglob("*.jpg")}
    assert county.scalar(select(func.count()).select_from(Complaint)) == 6_000


def test_the_database_agrees_with_the_generator_on_grids_and_owners(
    county: Session,
):
    wrong = county.scalar(
        text(
            "SELECT count(*) FROM pollution_source p LEFT JOIN LATERAL ("
            " SELECT id FROM grid g WHERE ST_Covers(g.geom, p.geom) AND g.valid_to IS NULL"
            " ORDER BY depth DESC, code LIMIT 1) g ON true WHERE g.id IS DISTINCT FROM p.grid_id"
        )
    )
    assert wrong == 0
    findings = county.execute(
        select(Finding, func.ST_X(Finding.geom), func.ST_Y(Finding.geom))
        .where(Finding.state != "escalated")
        .limit(40)
    ).all()
    for finding, lon, lat in findings:
        owner = owner_at(county, lon, lat, day=finding.found_on)
        assert (owner.grid.id, owner.person.id) == (finding.grid_id, finding.owner_person_id)


def test_the_present_week_has_a_plan_of_the_planner_that_breaks_no_rule(county: Session):
    plan = county.scalars(select(PatrolPlan).order_by(PatrolPlan.week.desc())).first()
    assert (plan.week, plan.state) == (TODAY - timedelta(days=1), "published")
    assert plan.verdict["violations"] == []
    assert plan.verdict["served_visits"] == sum(len(task.stops) for task in plan.tasks)
    assert plan.verdict["served_visits"] > 300


def test_monday_is_driven_and_the_people_of_the_demo_have_a_task_today(county: Session):
    plan = county.scalars(select(PatrolPlan).order_by(PatrolPlan.week.desc())).first()
    states = {
        day: {task.state for task in plan.tasks if task.day == day}
        for day in {task.day for task in plan.tasks}
    }
    assert "submitted" in states.pop(plan.week)
    assert set.union(*states.values()) == {"published"}
    driven = [task for task in plan.tasks if task.state == "submitted"]
    for task in driven:
        assert {stop.result for stop in task.stops} <= {"done", "skipped", "unreachable"}
        log = county.scalars(select(PatrolLog).where(PatrolLog.task_id == task.id)).one()
        assert task.starts_at <= log.started_at < log.ended_at
        fixes = county.scalars(
            select(func.ST_Length(func.ST_Transform(TrackSegment.line, 4544))).where(
                TrackSegment.log_uid == log.uid
            )
        ).all()
        assert sum(fixes) == pytest.approx(task.length_m, rel=0.35)
    for login in ("inspector", "worker", "station"):
        today = county.scalars(
            select(PatrolTask)
            .join(CrewMember, CrewMember.crew_id == PatrolTask.crew_id)
            .join(Account, Account.person_id == CrewMember.person_id)
            .where(Account.login == login, PatrolTask.day == TODAY)
        ).all()
        assert len(today) == 1, login


def test_tablets_have_sent_sheets_one_thing_lies_in_the_inbox_and_one_has_a_gap(county: Session):
    gaps = device_gaps(county)
    missing = {one.name: one.missing for one in gaps}
    assert len(missing) >= 2
    assert {name: count for name, count in missing.items() if count} == {"平板 02": 2}
    [held] = held_records(county, scope=EVERYWHERE, now=NOW)
    assert (held.kind, held.problem.code, held.device) == (
        "finding",
        "not_your_task",
        gaps[-1].name,
    )
    for one in gaps:
        task = county.scalars(
            select(PatrolTask)
            .join(SyncRecord, SyncRecord.task_id == PatrolTask.id)
            .where(SyncRecord.device_uid == one.uid, SyncRecord.kind == "check_form")
        ).first()
        log = county.scalars(select(PatrolLog).where(PatrolLog.task_id == task.id)).one()
        sheets = [sheet for each in sheets_of_log(county, log.uid).values() for sheet in each]
        assert sheets
        assert all(sheet.faults == () for sheet in sheets)


def test_work_goes_on_after_the_seed_with_the_next_ids_and_numbers(
    county: Session,
):
    last = county.scalar(select(func.max(Org.id)))
    assert make_org(county).id == last + 1
    number = next_number(county, "finding", year=2026)
    taken = county.scalars(select(Finding.finding_no)).all()
    assert f"2026{number:06d}" not in taken
    assert f"2026{number - 1:06d}" in taken


def test_the_chief_sees_one_township_and_the_director_the_county(
    county: Session,
):
    ids = dict(county.execute(select(Account.login, Account.id)).all())
    chief = actor_of(county, ids["chief"], day=TODAY)
    director = actor_of(county, ids["director"], day=TODAY)
    assert chief is not None
    assert director is not None
    assert not chief.scope.everywhere
    assert len(chief.scope.grid_paths) == 1
    assert director.scope.everywhere


def test_a_database_with_data_is_refused(session: Session, tmp_path: Path):
    make_grid(session)
    with pytest.raises(Problem) as refusal:
        seed_county(
            session,
            drawn(),
            photos_dir=tmp_path,
            progress=lambda _name, _rows: None,
            seal=seal_of(session),
        )
    assert refusal.value.code == "not_empty"


def test_the_campaigns_have_items_of_many_states_some_of_them_matters(county: Session):
    items = county.scalars(select(CampaignItem).order_by(CampaignItem.id)).all()
    assert len(items) == 12
    assert {item.state for item in items} == {state.value for state in ItemState}
    linked = [item for item in items if item.matter_id is not None]
    assert len(linked) == 4
    for item in linked:
        assert county.get(ComplaintMatter, item.matter_id).title == item.title
    lines = item_lines(county, SYSTEM, now=NOW)
    inspection = [line.facts for line in lines if line.item.campaign_id == 1]
    counted = tally(inspection, dispatch_day(county, now=NOW))
    assert (counted.batches, counted.items, counted.key_items) == (4, 7, 3)
    assert counted.late > 0
    for item in items:
        assert item_history(county, item.id)[-1].event.to_state == item.state
    photos = [item_photos(county, item.id) for item in items]
    assert sum(bool(of_item) for of_item in photos) >= 8
    assert {stage.value for of_item in photos for stage, _ in of_item} == {"before", "after"}


def test_overdue_matters_have_gone_up_to_every_level_and_are_listed_there(county: Session):
    now = at(local_day(NOW), time(8))
    noted = county.scalars(select(Event.facts).where(Event.event == "go_up")).all()
    levels = {facts["level"] for facts in noted}
    assert levels == {"chief", "deputy", "director"}
    assert all(facts["told_person_ids"] for facts in noted if facts["level"] == "director")
    director = county.scalars(select(Post.person_id).where(Post.role == "director")).first()
    assert director is not None
    actor = actor_of_person(county, director, day=local_day(NOW))
    assert actor is not None
    risen = risen_to(county, actor, now=now)
    assert risen
    shown = matter_worklist(
        county, actor, MatterTab.WATCHED, chosen=MatterFilter(only_risen=True), page=1, now=now
    )
    assert shown.count == len(risen)
    assert raise_overdue(county, actor=SYSTEM, now=now) == []
