"""Who owned this point on that day."""

from datetime import date

import pytest
from shapely.geometry import box
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inspect_app.domain.codes import OwnerDuty
from inspect_app.queries.owners import NoOwner, OutsideEveryGrid, owner_at
from tests.factories import make_grid, make_owner

DAY = date(2026, 3, 24)


def test_the_deepest_grid_owns_the_point(session: Session):
    county = make_grid(session)
    make_owner(session, county)
    village = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    owner = make_owner(session, village)
    assert owner_at(session, 120.2, 30.5, day=DAY).person.id == owner.person_id


def test_a_point_on_the_border_belongs_to_the_lower_code(session: Session):
    county = make_grid(session)
    west = make_grid(
        session, parent=county, shape=box(120, 30, 120.5, 31), code=county.code + "002"
    )
    east = make_grid(
        session, parent=county, shape=box(120.5, 30, 121, 31), code=county.code + "001"
    )
    make_owner(session, west)
    make_owner(session, east)
    assert owner_at(session, 120.5, 30.5, day=DAY).grid.id == east.id


def test_the_responsible_person_comes_before_the_chief_and_principals_before_deputies(
    session: Session,
):
    grid = make_grid(session)
    chief = make_owner(session, grid, duty=OwnerDuty.GRID_CHIEF.value)
    assert owner_at(session, 120.5, 30.5, day=DAY).person.id == chief.person_id
    deputy = make_owner(session, grid, rank=2)
    assert owner_at(session, 120.5, 30.5, day=DAY).person.id == deputy.person_id
    principal = make_owner(session, grid)
    assert owner_at(session, 120.5, 30.5, day=DAY).person.id == principal.person_id


def test_the_owner_changes_on_the_very_day_of_the_hand_over(session: Session):
    grid = make_grid(session)
    old = make_owner(session, grid, valid_to=DAY)
    new = make_owner(session, grid, valid_from=DAY)
    assert owner_at(session, 120.5, 30.5, day=date(2026, 3, 23)).person.id == old.person_id
    assert owner_at(session, 120.5, 30.5, day=DAY).person.id == new.person_id


def test_two_principals_of_one_duty_at_a_time_are_refused(session: Session):
    grid = make_grid(session)
    make_owner(session, grid)
    with pytest.raises(IntegrityError, match="ex_grid_owner_one_holder"):
        make_owner(session, grid, valid_from=DAY)


def test_no_grid_and_no_owner_are_named_exceptions(session: Session):
    make_grid(session)
    with pytest.raises(NoOwner):
        owner_at(session, 120.5, 30.5, day=DAY)
    with pytest.raises(OutsideEveryGrid):
        owner_at(session, 100.0, 30.5, day=DAY)
    with pytest.raises(OutsideEveryGrid):
        owner_at(session, 120.5, 30.5, day=date(2019, 12, 31))
