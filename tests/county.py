"""A small county by hand: two townships of two unit grids, and one row of everything in each."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, box
from sqlalchemy.orm import Session

from inspect_app.models import (
    Cluster,
    ClusterScan,
    Complaint,
    ComplaintMatter,
    Crew,
    Grid,
    HotGrid,
    NearRepeat,
    Outlet,
    PatrolLog,
    PatrolPlan,
    PatrolSegment,
    PatrolStop,
    PatrolTask,
    PollutionSource,
    ProtectionZone,
    Road,
    Station,
    TrackSegment,
    WaterSource,
    Waterway,
    ZoneGrid,
)
from tests.conftest import NOW
from tests.factories import (
    add,
    ewkt,
    make_finding,
    make_grid,
    make_owner,
    make_person,
    make_policies,
    make_reporter,
    serial,
)

WEST, EAST = (120.25, 30.5), (120.75, 30.5)
"""A place in each township."""
MONDAY = date(2026, 3, 23)


@dataclass(frozen=True)
class County:
    """The grids of the small county; township `west` lies west of 120.5, `east` east of it."""

    root: Grid
    west: Grid
    east: Grid
    units: dict[str, Grid]


def make_county(session: Session, *, name: str = "测试县") -> County:
    """Return 120–121 E, 30–31 N: two townships, each of a southern and a northern unit grid."""
    make_policies(session)
    root = make_grid(session, name=name, shape=box(120, 30, 121, 31))
    west = make_grid(session, parent=root, name="河西镇", shape=box(120, 30, 120.5, 31))
    east = make_grid(session, parent=root, name="河东镇", shape=box(120.5, 30, 121, 31))
    units = {}
    for side, town, (left, right) in (
        ("west", west, (120, 120.5)),
        ("east", east, (120.5, 121)),
    ):
        for half, (low, high) in (("south", (30, 30.5)), ("north", (30.5, 31))):
            unit = make_grid(
                session,
                parent=town,
                name=f"{town.name}{half}网格",
                shape=box(left, low, right, high),
            )
            units[f"{side}_{half}"] = unit
            make_owner(session, unit)
    return County(root=root, west=west, east=east, units=units)


def furnish(session: Session, county: County, *, at: datetime = NOW, text: str = "") -> None:
    """Put one row of every kind into each township; `text` is added to every name."""
    river = add(
        session,
        Waterway(
            name=f"界河{text}",
            kind="river",
            level="main",
            length_m=95_000.0,
            geom=ewkt(MultiLineString([LineString([(120, 30.5), (121, 30.52)])])),
        ),
    )
    add(
        session,
        Road(
            name=f"大道{text}",
            road_class="primary",
            length_m=95_000.0,
            geom=ewkt(MultiLineString([LineString([(120, 30.4), (121, 30.4)])])),
        ),
    )
    scan = _scan(session, at=at)
    for days, q in ((3, 0.001), (7, 0.03), (14, 0.4)):
        _near_repeat(session, scan, days=days, q=q)
    for (lon, lat), unit in (
        (WEST, county.units["west_south"]),
        (EAST, county.units["east_south"]),
    ):
        _cluster(session, scan, unit, Point(lon, lat - 0.02))
        _hot_grid(session, scan, unit)
        _places(session, unit, river, Point(lon, lat), text=text)
        _matters(session, unit, Point(lon, lat - 0.02), at=at, text=text)
        make_finding(
            session, at=at, grid_id=unit.id, geom=ewkt(Point(lon, lat - 0.03)), description=text
        )
        _patrols(session, unit, Point(lon, lat), at=at, text=text)


def _scan(session: Session, *, at: datetime) -> ClusterScan:
    return add(
        session,
        ClusterScan(
            week=MONDAY,
            first_day=MONDAY - timedelta(days=358),
            last_day=MONDAY + timedelta(days=6),
            cut_off=at,
            seed=1,
            replications=999,
            rules={},
            metric_crs="EPSG:4549",
            complaints=6,
            without_place=0,
            on_shared_place=0,
            shared_places=0,
            places=2,
            circles=2,
            is_exact=True,
            duration_s=0.1,
            repeat_complaints=6,
            repeat_replications=999,
            repeat_seed=11,
            hot_complaints=6,
            hot_depth=3,
            hot_days=28,
            hot_replications=9_999,
            hot_seed=12,
            scanned_at=at,
            reason="测试",
        ),
    )


def _cluster(session: Session, scan: ClusterScan, grid: Grid, place: Point) -> None:
    add(
        session,
        Cluster(
            scan_id=scan.id,
            grid_id=grid.id,
            rank=grid.id,
            radius_m=300.0,
            first_day=MONDAY,
            last_day=MONDAY,
            observed=3,
            expected=0.5,
            p=0.004,
            q=0.008,
            recurrence_days=1750.0,
            confidence="strong",
            geom=ewkt(place),
        ),
    )


def _near_repeat(session: Session, scan: ClusterScan, *, days: int, q: float) -> None:
    add(
        session,
        NearRepeat(
            scan_id=scan.id,
            limit_m=200.0,
            limit_days=days,
            observed=6,
            expected=2.5,
            near_space=6,
            near_time=7,
            p=q,
            q=q,
            confidence="strong" if q < 0.01 else "weak" if q < 0.05 else "could_be_chance",
        ),
    )


def _hot_grid(session: Session, scan: ClusterScan, grid: Grid) -> None:
    add(
        session,
        HotGrid(
            scan_id=scan.id,
            grid_id=grid.id,
            rank=grid.id,
            observed=3,
            around=4,
            neighbours=2,
            z=3.1,
            p=0.0001,
            q=0.004,
            confidence="strong",
        ),
    )


def _places(session: Session, grid: Grid, river: Waterway, at: Point, *, text: str) -> None:
    number = next(serial)
    lon, lat = at.x, at.y
    add(
        session,
        PatrolSegment(
            waterway_id=river.id,
            grid_id=grid.id,
            name=f"河段{number}{text}",
            length_m=4_800.0,
            geom=ewkt(LineString([(lon, lat), (lon + 0.05, lat + 0.001)])),
        ),
    )
    source = add(
        session,
        WaterSource(
            grid_id=grid.id,
            name=f"水源地{number}{text}",
            source_type="river",
            geom=ewkt(Point(lon, lat - 0.04)),
        ),
    )
    zone = add(
        session,
        ProtectionZone(
            water_source_id=source.id,
            name=f"保护区{number}{text}",
            zone_level="level_1",
            geom=ewkt(MultiPolygon([Point(lon, lat - 0.04).buffer(0.02)])),
        ),
    )
    add(session, ZoneGrid(zone_id=zone.id, grid_id=grid.id, share=1.0))
    add(
        session,
        PollutionSource(
            grid_id=grid.id,
            name=f"企业{number}{text}",
            permit_class="key",
            geom=ewkt(Point(lon, lat - 0.06)),
        ),
    )
    add(
        session,
        Outlet(grid_id=grid.id, name=f"排口{number}{text}", geom=ewkt(Point(lon, lat - 0.05))),
    )


def _matters(session: Session, grid: Grid, place: Point, *, at: datetime, text: str) -> None:
    """One matter with three complaints, the first from a reporter with a name."""
    number = next(serial)
    matter = add(
        session,
        ComplaintMatter(
            grid_id=grid.id,
            matter_no=f"M{number:06d}",
            title=f"异味扰民{number}{text}",
            pollution_types=["air"],
            opened_at=at - timedelta(days=3),
            geom=ewkt(place),
        ),
    )
    for n in range(3):
        complaint = add(
            session,
            Complaint(
                matter_id=matter.id,
                grid_id=grid.id,
                complaint_no=f"C{number:06d}{n}",
                source_channel="phone_12369",
                received_at=at,
                registered_at=at,
                pollution_types=["air"],
                summary=text or "异味",
                geom=ewkt(place),
            ),
        )
        make_reporter(session, complaint, name="某举报人")


def _patrols(session: Session, grid: Grid, place: Point, *, at: datetime, text: str) -> None:
    """A published plan with one task, one stop, a log and a track in the grid."""
    number = next(serial)
    lon, lat = place.x, place.y
    station = add(
        session,
        Station(
            grid_id=grid.id,
            name=f"环保站{number}{text}",
            kind="township_station",
            geom=ewkt(Point(lon + 0.01, lat)),
        ),
    )
    crew = add(
        session,
        Crew(
            name=f"班组{number}{text}",
            station_id=station.id,
            weekdays=[1, 2, 3, 4, 5],
            shift_start=time(8),
            shift_end=time(17),
            speed_kmh=40.0,
        ),
    )
    task = add(
        session,
        PatrolTask(
            plan_id=_plan(session, at=at).id,
            crew_id=crew.id,
            day=MONDAY,
            starts_at=datetime(2026, 3, 23, 0, 0, tzinfo=UTC),
            ends_at=datetime(2026, 3, 23, 6, 0, tzinfo=UTC),
            travel_min=60.0,
            service_min=30.0,
            length_m=9_000.0,
            route=ewkt(MultiLineString([LineString([(lon, lat), (lon + 0.1, lat + 0.05)])])),
        ),
    )
    add(
        session,
        PatrolStop(
            task_id=task.id,
            grid_id=grid.id,
            seq=1,
            object_kind="outlet",
            object_id=1,
            name=f"排口{text}",
            arrive_at=task.starts_at,
            leave_at=task.ends_at,
            geom=ewkt(place),
        ),
    )
    log = add(
        session,
        PatrolLog(
            uid=uuid4(),
            task_id=task.id,
            recorder_id=make_person(session, name=f"记录员{number}{text}").id,
            started_at=at - timedelta(hours=3),
            received_at=at,
        ),
    )
    add(
        session,
        TrackSegment(
            log_uid=log.uid,
            number=0,
            grid_id=grid.id,
            fixes=[],
            sha256="0" * 64,
            received_at=at,
            line=ewkt(LineString([(lon, lat), (lon + 0.1, lat + 0.05)])),
        ),
    )


def _plan(session: Session, *, at: datetime) -> PatrolPlan:
    """Return the published plan of the week, one for the whole county."""
    found = session.query(PatrolPlan).filter_by(week=MONDAY, state="published").first()
    return found or add(
        session,
        PatrolPlan(
            week=MONDAY,
            version=1,
            state="published",
            seed=1,
            parameters={},
            figures={},
            verdict={},
            created_at=at,
        ),
    )
