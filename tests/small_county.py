"""A county small enough to plan by hand: one road along a canal, two townships, two crews."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from shapely.geometry import box
from sqlalchemy.orm import Session

from inspect_app.models import Crew, Grid, Outlet, PatrolSegment
from inspect_app.workflows.plan_week import PlanRequest
from tests.factories import (
    make_crew,
    make_frequency,
    make_grid,
    make_outlet,
    make_person,
    make_policies,
    make_road,
    make_segment,
    make_station,
    make_waterway,
)

WEEK = date(2026, 3, 23)
ZONE = ZoneInfo("Asia/Shanghai")
LAT = 31.0


@dataclass(frozen=True, slots=True)
class SmallCounty:
    """The rows tests speak of."""

    county: Grid
    west: Grid
    east: Grid
    west_crew: Crew
    east_crew: Crew
    segments: tuple[PatrolSegment, ...]
    outlet: Outlet


def request(**values: object) -> PlanRequest:
    """Return a quick, reproducible request."""
    return PlanRequest(zone=ZONE, **({"seed": 1, "iterations": 40} | values))  # type: ignore[arg-type]


def make_small_county(session: Session) -> SmallCounty:
    """Return a county with four segments of about 1.9 km due weekly and an outlet in the west."""
    make_policies(session)
    county = make_grid(session, shape=box(120.0, 30.9, 120.2, 31.1), name="试验县")
    west = make_grid(session, parent=county, shape=box(120.0, 30.9, 120.1, 31.1), name="西镇")
    east = make_grid(session, parent=county, shape=box(120.1, 30.9, 120.2, 31.1), name="东镇")
    make_road(session, [(120.01, LAT), (120.19, LAT)])
    bank = LAT + 0.001
    canal = make_waterway(session, [(120.02, bank), (120.18, bank)], name="总干渠")
    segments = tuple(
        make_segment(
            session,
            canal,
            [(lon, bank), (lon + 0.02, bank)],
            name=f"总干渠第{number}段",
            grid_id=(west if lon < 120.1 else east).id,
        )
        for number, lon in enumerate((120.02, 120.06, 120.12, 120.16), start=1)
    )
    outlet = make_outlet(session, 120.05, LAT + 0.0005, name="一号排口", grid_id=west.id)
    make_outlet(session, 120.07, LAT, name="已封堵排口", grid_id=west.id, closed=True)
    make_frequency(session, "segment", object_class="main", service_min=5)
    make_frequency(session, "outlet", service_min=20, two_officers=True)
    officers = tuple(make_person(session, certificate_no=f"E{one}{west.id}") for one in range(2))
    west_crew = make_crew(
        session, make_station(session, 120.03, LAT), name="西组", people=officers, grids=(west,)
    )
    east_crew = make_crew(session, make_station(session, 120.15, LAT), name="东组", grids=(east,))
    return SmallCounty(county, west, east, west_crew, east_crew, segments, outlet)
