"""The demo county goes into the database whole, or not at all."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from inspect_app.demo.county import County
from inspect_app.domain.problems import Problem
from inspect_app.models import Account, Base, Complaint, Finding, FindingPhoto, Org
from inspect_app.queries.actors import actor_of
from inspect_app.queries.owners import owner_at
from inspect_app.workflows.number import next_number
from inspect_app.workflows.seed_county import seed_county
from tests.demo_county import TODAY, drawn
from tests.factories import make_grid, make_org

EMPTY = {"import_batch", "sync_record", "web_session"}
"""Tables only work with the product fills."""


@pytest.fixture
def county() -> County:
    """Give the county of seed 1."""
    return drawn()


def seeded(session: Session, county: County, folder: Path) -> dict[str, int]:
    return seed_county(session, county, photos_dir=folder, progress=lambda _name, _rows: None)


def test_every_table_is_filled_and_the_photos_lie_in_the_folder(
    session: Session, county: County, tmp_path: Path
):
    counts = seeded(session, county, tmp_path)
    expected = {table.fullname for table in Base.metadata.sorted_tables} - EMPTY
    assert set(counts) == expected
    names = set(session.scalars(select(FindingPhoto.photo_sha256)))
    assert names == {path.stem for path in tmp_path.rglob("*.jpg")}
    assert session.scalar(select(func.count()).select_from(Complaint)) == 6_000


def test_the_database_agrees_with_the_generator_on_grids_and_owners(
    session: Session, county: County, tmp_path: Path
):
    seeded(session, county, tmp_path)
    wrong = session.scalar(
        text(
            "SELECT count(*) FROM pollution_source p LEFT JOIN LATERAL ("
            " SELECT id FROM grid g WHERE ST_Covers(g.geom, p.geom) AND g.valid_to IS NULL"
            " ORDER BY depth DESC, code LIMIT 1) g ON true WHERE g.id IS DISTINCT FROM p.grid_id"
        )
    )
    assert wrong == 0
    findings = session.execute(
        select(Finding, func.ST_X(Finding.geom), func.ST_Y(Finding.geom))
        .where(Finding.state != "escalated")
        .limit(40)
    ).all()
    for finding, lon, lat in findings:
        owner = owner_at(session, lon, lat, day=finding.found_on)
        assert (owner.grid.id, owner.person.id) == (finding.grid_id, finding.owner_person_id)


def test_work_goes_on_after_the_seed_with_the_next_ids_and_numbers(
    session: Session, county: County, tmp_path: Path
):
    seeded(session, county, tmp_path)
    last = session.scalar(select(func.max(Org.id)))
    assert make_org(session).id == last + 1
    number = next_number(session, "finding", year=2026)
    taken = session.scalars(select(Finding.finding_no)).all()
    assert f"2026{number:06d}" not in taken
    assert f"2026{number - 1:06d}" in taken


def test_the_chief_sees_one_township_and_the_director_the_county(
    session: Session, county: County, tmp_path: Path
):
    seeded(session, county, tmp_path)
    ids = dict(session.execute(select(Account.login, Account.id)).all())
    chief = actor_of(session, ids["chief"], day=TODAY)
    director = actor_of(session, ids["director"], day=TODAY)
    assert chief is not None
    assert director is not None
    assert not chief.scope.everywhere
    assert len(chief.scope.grid_paths) == 1
    assert director.scope.everywhere


def test_a_database_with_data_is_refused(session: Session, county: County, tmp_path: Path):
    make_grid(session)
    with pytest.raises(Problem) as refusal:
        seeded(session, county, tmp_path)
    assert refusal.value.code == "not_empty"
