"""Who is proposed for a place: against grids, rivers and owners in a real PostGIS."""

import pytest
from shapely.geometry import box

from inspect_app.domain.assignment import Asked
from inspect_app.models import RoutingRule
from inspect_app.queries.assignment import grids_around, proposed_for, proposed_handlers
from tests.conftest import NOW
from tests.factories import (
    FROM,
    METRES_PER_DEGREE,
    add,
    make_grid,
    make_matter,
    make_owner,
    make_policies,
    make_segment,
    make_waterway,
)

DAY = NOW.date()
METRE = 1 / METRES_PER_DEGREE
BORDER = 120.5


@pytest.fixture
def towns(session):
    """West and east of 120.5; a canal at 120.4 belongs to the east by its largest share."""
    make_policies(session)
    county = make_grid(session)
    west = make_grid(session, parent=county, shape=box(120, 30, BORDER, 31), name="西镇")
    east = make_grid(session, parent=county, shape=box(BORDER, 30, 121, 31), name="东镇")
    owners = [make_owner(session, grid).person_id for grid in (west, east)]
    line = [(120.4, 30.2), (120.4, 30.8)]
    make_segment(session, make_waterway(session, line, name="总干渠"), line, grid_id=east.id)
    return west, east, owners


def test_a_point_inside_has_one_grid_and_near_the_border_two(session, towns):
    west, east, _ = towns
    assert [one.grid.id for one in grids_around(session, 120.2, 30.5, day=DAY)] == [west.id]
    near = grids_around(session, BORDER - 20 * METRE, 30.5, day=DAY)
    assert [one.grid.id for one in near] == [west.id, east.id]
    assert near[1].distance_m == pytest.approx(20, abs=1)
    assert len(grids_around(session, BORDER - 40 * METRE, 30.5, day=DAY)) == 1
    assert grids_around(session, 125, 30.5, day=DAY) == []


def test_water_near_the_canal_goes_to_its_owner_first_then_to_the_area(session, towns):
    _, _, (in_west, in_east) = towns

    def people(types: tuple[str, ...], metres: float) -> list[int]:
        asked = Asked((120.4 + metres * METRE, 30.5), types)
        return [one.holder.person_id for one in proposed_for(session, asked, day=DAY)]

    assert people(("water",), 80) == [in_east, in_west]
    assert people(("air",), 80) == [in_west]
    assert people(("water",), 130) == [in_west]


def test_a_grid_without_owner_falls_to_the_one_above(session):
    make_policies(session)
    county = make_grid(session)
    make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    chief = make_owner(session, county).person_id
    found = proposed_for(session, Asked((120.2, 30.5), ("air",)), day=DAY)
    assert [one.holder.person_id for one in found] == [chief]


def test_a_stored_matter_is_proposed_by_its_place_kinds_and_the_days_rules(session, towns):
    _, _, (in_west, _) = towns
    add(
        session,
        RoutingRule(
            pollution_type="noise",
            pollution_subtype="site_noise",
            department="住建局",
            valid_from=FROM,
            source="测试",
        ),
    )
    matter = make_matter(session, at=NOW, geom="SRID=4490;POINT(120.2 30.5)")
    matter.pollution_types = ["noise"]
    matter.complaints[0].pollution_subtypes = ["site_noise"]
    session.flush()
    first, second = proposed_handlers(session, matter, day=DAY)
    assert first.department == "住建局"
    assert second.holder.person_id == in_west
    nowhere = make_matter(session, at=NOW, geom=None)
    assert proposed_handlers(session, nowhere, day=DAY) == []
