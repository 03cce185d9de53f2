"""Travel times kept on disk: found again, grown by new places, never used when damaged."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS
from shapely.geometry import LineString
from shapely.geometry import MultiLineString as Multi
from sqlalchemy import update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from gis.routing.problem import UNREACHABLE_S
from gis.routing.router import Router, SnapFault, TravelRules
from inspect_app.domain.access import SYSTEM
from inspect_app.models import PlanUncovered, Policy, Road
from inspect_app.queries.roads import RoadLines, road_lines
from inspect_app.workflows.build_week import WeekToPlan, build_week
from inspect_app.workflows.measure_travel import CountyTravel
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.travel_cache import MatrixStore
from tests.conftest import NOW
from tests.factories import make_crew, make_outlet, make_road, make_station
from tests.small_county import LAT, WEEK, ZONE, make_small_county, request

CRS_M = CRS.from_epsg(4549)
RULES = TravelRules(road_kmh=36.0, off_road_kmh=3.6, detour=1.0, snap_m=300.0)


@pytest.fixture
def store(tmp_path: Path) -> MatrixStore:
    return MatrixStore(tmp_path)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Collect how many places each computed matrix or row block had."""
    counts: list[int] = []
    matrix, rows = Router.matrix, Router.rows

    def counted_matrix(self, xy):
        counts.append(len(xy))
        return matrix(self, xy)

    def counted_rows(self, xy, known):
        counts.append(-len(xy))
        return rows(self, xy, known)

    monkeypatch.setattr(Router, "matrix", counted_matrix)
    monkeypatch.setattr(Router, "rows", counted_rows)
    return counts


# --- the store ------------------------------------------------------------------------------------


def test_what_is_kept_is_found_again(store: MatrixStore):
    store.save("matrix", "abc", {"seconds": np.arange(6, dtype=np.int32).reshape(2, 3)})
    kept = store.load("matrix", "abc")
    assert kept["seconds"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert kept["seconds"].dtype == np.int32
    assert store.load("matrix", "abd") is None
    assert [path.suffix for path in store.folder.iterdir()] == [".npz"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty"])
def test_a_damaged_file_is_told_and_not_used(store: MatrixStore, damage: str):
    store.save("matrix", "abc", {"seconds": np.arange(1000, dtype=np.int32)})
    (path,) = store.folder.iterdir()
    content = bytearray(path.read_bytes())
    content[700] ^= 1
    path.write_bytes(
        {"cut": content[:900], "flipped": content, "text": b"seconds", "empty": b""}[damage]
    )
    with capture_logs() as told:
        assert store.load("matrix", "abc") is None
    assert [line["event"] for line in told] == ["travel_cache_damaged"]


def test_a_file_with_objects_in_it_is_not_unpickled(store: MatrixStore):
    store.save("matrix", "abc", {"seconds": np.arange(3)})
    (path,) = store.folder.iterdir()
    np.savez(path, seconds=np.array([{}], dtype=object))
    assert store.load("matrix", "abc") is None


def test_a_file_under_another_name_is_foreign(store: MatrixStore):
    store.save("matrix", "abc", {"seconds": np.arange(3)})
    (path,) = store.folder.iterdir()
    path.rename(path.with_name("matrix-abd.npz"))
    with capture_logs() as told:
        assert store.load("matrix", "abd") is None
    assert [line["event"] for line in told] == ["travel_cache_foreign"]


def test_the_files_not_used_for_longest_go_when_there_is_too_much(tmp_path: Path):
    store = MatrixStore(tmp_path, max_bytes=10_000)
    for name in ("a", "b", "c"):
        store.save("matrix", name, {"seconds": np.zeros(1000, dtype=np.int32)})
        assert store.load("matrix", "a") is not None
    assert store.load("matrix", "b") is None
    assert store.load("matrix", "c") is not None
    MatrixStore(tmp_path, max_bytes=1).save("matrix", "d", {"seconds": np.zeros(9)})
    assert [path.name for path in store.folder.iterdir()] == ["matrix-d.npz"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with capture_logs() as told:
        MatrixStore(tmp_path).save("matrix", "abc", {"seconds": np.zeros(3)})
    assert [line["event"] for line in told] == ["travel_cache_not_written"]


# --- a county's travel ----------------------------------------------------------------------------


def lines(*ways: list[tuple[float, float]], **flags: list[bool]) -> RoadLines:
    none = [False] * len(ways)
    return RoadLines(
        np.arange(10, 10 + len(ways)),
        ("",) * len(ways),
        np.array(flags.get("oneway", none), dtype=bool),
        np.array(flags.get("closed", none), dtype=bool),
        tuple(Multi([LineString(way)]).wkb for way in ways),
    )


EAST = [(120.0, 31.0), (120.05, 31.0)]
NORTH = [(120.05, 31.0), (120.05, 31.02)]


def county(roads: RoadLines, store: MatrixStore | None, banks=()) -> CountyTravel:
    return CountyTravel(roads, banks, metric_crs=CRS_M, snap_m=300.0, store=store)


def places(roads: RoadLines) -> np.ndarray:
    return roads.network(CRS_M).nodes_xy


def test_a_kept_matrix_needs_neither_roads_nor_a_search(store: MatrixStore, asked: list[int]):
    roads = lines(EAST, NORTH)
    xy = places(roads)
    first = county(roads, store).matrix(xy, RULES)
    again = county(roads, store).matrix(xy[::-1], RULES)
    assert asked == [3]
    assert (again.seconds == first.seconds[::-1, ::-1]).all()
    assert again.legs([(0, 2)])[0].equals(first.legs([(2, 0)])[0])
    assert again.unreachable == ()


def test_only_new_places_are_computed(store: MatrixStore, asked: list[int]):
    roads = lines(EAST, NORTH)
    xy = np.vstack([places(roads), places(roads).mean(axis=0)])
    county(roads, store).matrix(xy[:3], RULES)
    grown = county(roads, store).matrix(xy, RULES)
    assert asked == [3, -1]
    assert (grown.seconds == county(roads, None).matrix(xy, RULES).seconds).all()
    county(roads, store).matrix(xy[[3, 1]], RULES)
    assert asked == [3, -1, 4]


def test_places_nobody_asks_for_any_more_are_forgotten(store: MatrixStore):
    roads = lines(EAST, NORTH)
    xy = np.vstack([places(roads), places(roads) + 5.0])
    county(roads, store).matrix(xy, RULES)
    county(roads, store).matrix(np.vstack([xy[:1], xy[:1] + 7.0]), RULES)
    kept = [store.load(*path.stem.split("-")) for path in store.folder.glob("matrix-*")]
    assert [len(one["seconds"]) for one in kept] == [2]


@pytest.mark.parametrize(
    "changed",
    [
        lines(EAST, NORTH, oneway=[True, False]),
        lines(EAST, NORTH, closed=[False, True]),
        lines(EAST, [(120.05, 31.0), (120.05, 31.03)]),
        lines(EAST),
    ],
)
def test_other_roads_are_another_matrix(store: MatrixStore, asked: list[int], changed: RoadLines):
    xy = places(lines(EAST, NORTH))
    county(lines(EAST, NORTH), store).matrix(xy, RULES)
    kept = county(changed, store).matrix(xy, RULES)
    assert asked == [3, 3]
    assert (kept.seconds == county(changed, None).matrix(xy, RULES).seconds).all()


def test_other_rules_and_banks_are_another_matrix(store: MatrixStore, asked: list[int]):
    roads = lines(EAST, NORTH)
    xy = places(roads)
    county(roads, store).matrix(xy, RULES)
    county(roads, store).matrix(xy, TravelRules(road_kmh=20.0))
    county(roads, store, [LineString(xy[:2])]).matrix(xy, RULES)
    assert asked == [3, 3, 3]


def test_a_closed_road_is_closed_without_noding_the_roads_again(
    store: MatrixStore, monkeypatch: pytest.MonkeyPatch
):
    xy = places(lines(EAST, NORTH))
    county(lines(EAST, NORTH), store).matrix(xy, RULES)
    monkeypatch.delattr(RoadLines, "network")
    closed = county(lines(EAST, NORTH, closed=[False, True]), store).matrix(xy, RULES)
    far = int(np.argmax(xy[:, 1]))
    assert closed.fault[far] == SnapFault.road_closed
    assert (np.delete(closed.seconds[far], far) == UNREACHABLE_S).all()


def test_a_damaged_matrix_is_computed_again(store: MatrixStore, asked: list[int]):
    roads = lines(EAST, NORTH)
    first = county(roads, store).matrix(places(roads), RULES)
    for path in store.folder.iterdir():
        path.write_bytes(path.read_bytes()[:-40])
    again = county(roads, store).matrix(places(roads), RULES)
    assert (again.seconds == first.seconds).all()
    assert asked == [3, 3]


def test_without_roads_nothing_is_kept(store: MatrixStore):
    rules = TravelRules(off_road_kmh=3.6, detour=1.0, straight_m=float("inf"))
    travel = county(lines(), store).matrix(np.array([[0.0, 0.0], [300.0, 400.0]]), rules)
    assert travel.seconds.tolist() == [[0, 500], [500, 0]]
    assert not store.folder.exists()


# --- the week -------------------------------------------------------------------------------------


def week(session: Session, store: MatrixStore | None = None) -> WeekToPlan:
    return build_week(session, WEEK, zone=ZONE, store=store)


def test_a_week_built_from_kept_travel_is_the_same(session, store: MatrixStore, asked: list[int]):
    make_small_county(session)
    plain, first, again = week(session), week(session, store), week(session, store)
    assert len(asked) == 2
    for one in (first, again):
        assert one.problem.tasks == plain.problem.tasks
        for mode, seconds in one.problem.travel_s.items():
            assert (seconds == plain.problem.travel_s[mode]).all()
    plans = [
        plan_week(session, WEEK, request=request(store=kept), actor=SYSTEM, now=NOW)
        for kept in (None, store)
    ]
    drawn = [[task.length_m for task in plan.tasks] for plan in plans]
    assert drawn[0] == pytest.approx(drawn[1])


def test_a_new_stop_is_a_new_row_of_the_kept_matrix(session, store, asked: list[int]):
    make_small_county(session)
    week(session, store)
    make_outlet(session, 120.09, LAT + 0.0003, name="新排口")
    week(session, store)
    assert asked[1:] == [-1]


def test_roads_closed_for_a_week_are_closed_beside_those_that_always_are(session: Session):
    lasting = make_road(session, [(120.0, 31.0), (120.1, 31.0)], closed=True)
    for_now = make_road(session, [(120.1, 31.0), (120.2, 31.0)])
    other = make_road(session, [(120.2, 31.0), (120.3, 31.0)])
    assert road_lines(session, closed={for_now.id}).closed_ids == [lasting.id, for_now.id]
    assert road_lines(session).any_open
    assert not road_lines(session, closed={for_now.id, other.id}).any_open


def test_crews_on_foot_walk_against_oneway_roads(session: Session):
    small = make_small_county(session)
    session.execute(update(Road).values(oneway=True))
    on_foot = make_crew(
        session, make_station(session, 120.03, LAT), mode="foot", speed_kmh=4, grids=(small.west,)
    )
    built = week(session)
    drive = built.problem.travel_s["car 40 km/h"]
    walk = built.problem.travel_s[next(n for n in built.problem.travel_s if n.startswith("foot"))]
    assert on_foot.name in built.crews
    assert (drive != drive.T).any()
    assert (walk == walk.T).all()


def test_an_object_off_the_roads_says_how_far_and_one_at_a_closed_road_that(session: Session):
    small = make_small_county(session)
    make_outlet(session, 120.05, LAT + 0.0045, name="远排口", grid_id=small.west.id)
    make_outlet(session, 120.01, LAT + 0.013, name="断路排口", grid_id=small.west.id)
    make_road(session, [(120.01, LAT), (120.01, LAT + 0.013)], closed=True)
    make_outlet(session, 120.06, LAT + 0.02, name="孤岛排口", grid_id=small.west.id)
    make_road(session, [(120.06, LAT + 0.02), (120.062, LAT + 0.02)])
    session.execute(
        update(Policy).where(Policy.key == "snap_road_max_m").values(value={"value": 300})
    )
    plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    left = {row.name: row for row in session.query(PlanUncovered).filter_by(plan_id=plan.id)}
    assert {name: row.reason for name, row in left.items()} == {
        "远排口": "no_road_near",
        "断路排口": "road_closed",
        "孤岛排口": "cut_off",
    }
    # 0.0045° of a meridian are 499 m; the straight road cuts the bend of its parallel by 2 m.
    assert left["远排口"].facts["facts"] == {"off_road_m": 497, "limit_m": 300}
