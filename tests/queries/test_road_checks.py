"""Checks of the roads: parts that do not touch, objects nobody gets to and back from."""

from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from inspect_app.models import Crew, Policy, Road
from inspect_app.queries.road_checks import objects_unreached, roads_unconnected
from tests.factories import make_outlet, make_road
from tests.small_county import LAT, WEEK, make_small_county

DAY = date(2026, 3, 25)


def test_parts_of_the_roads_are_counted_with_their_names_and_lengths(session: Session):
    make_road(session, [(120.0, 31.0), (120.05, 31.0), (120.1, 31.0)], name="省道")
    make_road(session, [(120.05, 31.0), (120.05, 31.01)], name="支路")
    make_road(session, [(120.2, 31.0), (120.21, 31.0)], name="断头路")
    make_road(session, [(120.21, 31.0), (120.21, 31.001)])
    # A bridge: it crosses the first road without a shared vertex and meets nothing.
    make_road(session, [(120.08, 30.999), (120.08, 31.001)], name="跨线桥")
    found = roads_unconnected(session, DAY)
    assert (found.count, found.critical) == (2, False)
    assert found.examples == ("断头路、无名道路 1.1 km", "跨线桥 0.2 km")


def test_a_closed_road_joins_nothing(session: Session):
    make_road(session, [(120.0, 31.0), (120.1, 31.0)], name="东路")
    make_road(session, [(120.1, 31.0), (120.11, 31.0)], name="断桥", closed=True)
    make_road(session, [(120.11, 31.0), (120.2, 31.0)], name="西路")
    assert roads_unconnected(session, DAY).examples == ("西路 8.6 km",)
    session.execute(update(Road).values(closed=False))
    assert roads_unconnected(session, DAY).count == 0


def test_without_roads_there_is_nothing_to_join(session: Session):
    assert (roads_unconnected(session, DAY).count, roads_unconnected(session, DAY).examples) == (
        0,
        (),
    )


def test_objects_that_no_crew_reaches_say_why(session: Session):
    small = make_small_county(session)
    assert objects_unreached(session, WEEK).count == 0
    session.execute(
        update(Policy).where(Policy.key == "snap_road_max_m").values(value={"value": 300})
    )
    make_outlet(session, 120.05, LAT + 0.0045, name="远排口", grid_id=small.west.id)
    make_outlet(session, 120.06, LAT + 0.02, name="孤岛排口", grid_id=small.west.id)
    make_road(session, [(120.06, LAT + 0.02), (120.062, LAT + 0.02)])
    found = objects_unreached(session, WEEK)
    assert found.count == 2
    assert found.examples == (
        "远排口:最近的道路在 497 米外，超过上路距离 300 米",
        "孤岛排口:道路不通，从各巡查组驻地都无法到达",
    )


@pytest.mark.parametrize(("mode", "count"), [("car", 1), ("foot", 0)])
def test_what_is_entered_by_a_oneway_road_but_never_left_is_not_reached(
    session: Session, mode: str, count: int
):
    make_small_county(session)
    make_road(session, [(120.01, LAT), (120.01, LAT - 0.02)], oneway=True)
    make_outlet(session, 120.01, LAT - 0.02, name="单行尽头")
    session.execute(
        update(Policy).where(Policy.key == "snap_road_max_m").values(value={"value": 300})
    )
    session.execute(update(Crew).values(mode=mode))
    assert objects_unreached(session, WEEK).count == count


def test_without_the_limit_nothing_is_said(session: Session):
    small = make_small_county(session)
    make_outlet(session, 120.05, LAT + 0.2, name="远排口", grid_id=small.west.id)
    session.execute(delete(Policy).where(Policy.key == "snap_road_max_m"))
    assert objects_unreached(session, WEEK).count == 0
