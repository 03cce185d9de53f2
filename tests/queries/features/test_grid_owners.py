"""Who the map names as owners of a grid: of today, the principal, else the first deputy."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE
from inspect_app.models import Grid
from inspect_app.queries import features as reads
from inspect_app.queries.features import FeatureQuery
from layers.registry import all_layers
from tests.conftest import NOW
from tests.factories import make_grid, make_owner, make_person

TODAY = NOW.date()
CHIEF, RESPONSIBLE = "grid_chief", "responsible_person"


def owners_on_the_map(session: Session, grid: Grid) -> tuple[object, ...]:
    query = FeatureQuery(
        layer=all_layers()["grids"], scope=EVERYWHERE, now=NOW, today=TODAY, week=date(2026, 3, 23)
    )
    found = reads.one(session, query.about_one(), grid.id)
    listed = reads.listing(session, query, sort="", page=1).rows
    row = next(row for row in listed if row["code"] == grid.code)
    names = ("chief", "chief_position", "responsible", "responsible_position")
    assert [row[name] for name in names] == [found[name] for name in names]
    return tuple(found[name] for name in names)


def test_chief_and_responsible_person_stand_side_by_side(session: Session):
    grid = make_grid(session)
    make_owner(session, grid, duty=CHIEF, person=make_person(session, name="甲", position="镇长"))
    make_owner(session, grid, person=make_person(session, name="乙", position="站长"))
    assert owners_on_the_map(session, grid) == ("甲", "镇长", "乙", "站长")


@pytest.mark.parametrize("duty", [CHIEF, RESPONSIBLE])
def test_a_deputy_stands_in_where_the_principal_is_missing_today(session: Session, duty: str):
    grid = make_grid(session)
    gone = {"valid_from": TODAY - timedelta(days=9), "valid_to": TODAY}
    make_owner(session, grid, duty=duty, person=make_person(session, name="前任"), **gone)
    for rank, name in ((3, "丙"), (2, "副职")):
        make_owner(session, grid, duty=duty, rank=rank, person=make_person(session, name=name))
    later = make_person(session, name="后任")
    make_owner(session, grid, duty=duty, person=later, valid_from=TODAY + timedelta(days=1))
    shown = owners_on_the_map(session, grid)
    assert shown[0 if duty == CHIEF else 2] == "副职"
    assert shown[2 if duty == CHIEF else 0] is None


def test_other_duties_make_no_owner(session: Session):
    grid = make_grid(session)
    make_owner(session, grid, duty="grid_worker")
    assert owners_on_the_map(session, grid) == (None, None, None, None)
