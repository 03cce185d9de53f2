"""Routers: two engines that agree, one-way and closed roads, new stops, reasons for no road."""

import importlib.util
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from gis.routing.network_matrix import travel_matrix
from gis.routing.problem import UNREACHABLE_S
from gis.routing.router import (
    Bank,
    Banks,
    Engine,
    RoadNetwork,
    Router,
    SnapFault,
    Topology,
    TravelMatrix,
    TravelRules,
    ways,
)

# 36 km/h is 10 m/s and 3.6 km/h is 1 m/s: times can be read off the drawing.
RULES = TravelRules(road_kmh=36.0, bank_kmh=18.0, off_road_kmh=3.6, detour=1.0, snap_m=100.0)
ON_FOOT = TravelRules(
    road_kmh=36.0, bank_kmh=18.0, off_road_kmh=3.6, detour=1.0, snap_m=100.0, obeys_oneway=False
)
BOTH = pytest.mark.parametrize("engine", list(Engine))
Way = list[tuple[float, float]]


def roads(ways: list[Way], *, oneway: list[int] | None = None, **arrays: object) -> RoadNetwork:
    nodes = sorted({way[end] for way in ways for end in (0, -1)})
    geometry = np.array([LineString(way) for way in ways], dtype=object)
    return RoadNetwork(
        np.array(nodes, dtype=float).reshape(-1, 2),
        np.array([nodes.index(way[0]) for way in ways], dtype=np.int64),
        np.array([nodes.index(way[-1]) for way in ways], dtype=np.int64),
        np.array([line.length for line in geometry], dtype=float),
        geometry,
        oneway=None if oneway is None else np.isin(np.arange(len(ways)), oneway),
        **arrays,  # type: ignore[arg-type]
    )


def router(
    network: RoadNetwork,
    *,
    engine: Engine | None = None,
    banks: Banks | None = None,
    snap_m: float = 100.0,
) -> Router:
    banks = banks or Banks.of_lines([])
    return Router(Topology(network, banks=banks, snap_m=snap_m), RULES, engine=engine)


# A square of 1 km; its south side is one-way to the east.
SQUARE: list[Way] = [
    [(0, 0), (1000, 0)],
    [(1000, 0), (1000, 1000)],
    [(1000, 1000), (0, 1000)],
    [(0, 1000), (0, 0)],
]
SOUTH = np.array([[200.0, 0.0], [700.0, 10.0]])

# --- one-way roads --------------------------------------------------------------------------------


@BOTH
def test_a_oneway_road_is_left_only_at_its_end(engine: Engine):
    travel = router(roads(SQUARE, oneway=[0]), engine=engine).matrix(SOUTH)
    # 500 m along and 10 m off; back it is once round the square: 4000 - 500 m.
    assert travel.seconds.tolist() == [[0, 50 + 10], [10 + 350, 0]]


@BOTH
def test_legs_follow_the_allowed_direction(engine: Engine):
    travel = router(roads(SQUARE, oneway=[0]), engine=engine).matrix(SOUTH)
    there, back = travel.legs([(0, 1), (1, 0)])
    assert list(there.coords) == [(200, 0), (700, 0), (700, 10)]
    corners = [(1000, 0), (1000, 1000), (0, 1000), (0, 0)]
    assert list(back.coords) == [(700, 10), (700, 0), *corners, (200, 0)]


@BOTH
def test_people_on_foot_ignore_oneway_roads(engine: Engine):
    walking = router(roads(SQUARE, oneway=[0]), engine=engine).by_rules(ON_FOOT)
    assert walking.matrix(SOUTH).seconds.tolist() == [[0, 60], [60, 0]]


@BOTH
def test_a_place_at_the_water_beside_a_oneway_road_is_left_along_it(engine: Engine):
    canal = LineString([(300, 20), (300, 500)])
    banks = Banks.of_lines([canal])
    travel = router(roads(SQUARE, oneway=[0]), engine=engine, banks=banks).matrix(
        np.array([[300.0, 20.0], [200.0, 0.0]])
    )
    assert travel.seconds.tolist() == [[0, 20 + 390], [10 + 20, 0]]


@BOTH
def test_the_end_of_a_oneway_dead_end_is_reached_but_never_left(engine: Engine):
    travel = router(roads([[(0, 0), (500, 0)]], oneway=[0]), engine=engine).matrix(
        np.array([[0.0, 0.0], [500.0, 0.0]])
    )
    assert travel.seconds.tolist() == [[0, 50], [UNREACHABLE_S, 0]]
    assert travel.unreachable == (0, 1)


# --- closed roads ---------------------------------------------------------------------------------


@BOTH
def test_closing_a_road_changes_times_and_lines_and_opening_restores_them(engine: Engine):
    terminals = np.array([[500.0, 1000.0], [500.0, 0.0], [0.0, 500.0]])
    open_ = router(roads(SQUARE), engine=engine)
    before = open_.matrix(terminals)
    closed = open_.closed([3]).matrix(terminals)
    assert before.seconds[0, 2] == 100
    # The place beside the closed side has no other road within 100 m.
    assert closed.seconds[0].tolist() == [0, 200, UNREACHABLE_S]
    assert closed.fault.tolist() == ["", "", SnapFault.road_closed]
    assert closed.off_road_m[2] == pytest.approx(500)
    assert closed.leg(0, 1).length == pytest.approx(2000)
    assert (open_.matrix(terminals).seconds == before.seconds).all()


@BOTH
def test_a_road_is_closed_with_all_its_edges(engine: Engine):
    ring = roads(SQUARE, road=np.array([7, 8, 7, 9]))
    travel = router(ring, engine=engine).closed([7]).matrix(np.array([[0.0, 500], [1000.0, 500]]))
    assert travel.seconds[0, 1] == UNREACHABLE_S
    one = router(ring, engine=engine).closed(edges=[0]).matrix(np.array([[0.0, 500], [1000, 500]]))
    assert one.seconds[0, 1] == 50 + 100 + 50


@BOTH
def test_a_place_at_the_water_is_joined_to_the_next_road_when_its_road_closes(engine: Engine):
    banks = Banks.of_lines([LineString([(500, 40), (500, 900)])])
    lanes: list[Way] = [[(0.0, y), (1000.0, y)] for y in (0, 10, 20, 30)]
    ends: list[Way] = [[(0.0, y), (0.0, y + 10)] for y in (0, 10, 20)]
    network = roads(lanes + ends)
    terminals = np.array([[500.0, 40.0], [0.0, 0.0]])
    for shut, off_m in (((), 10), ((3,), 20), ((3, 2), 30), ((3, 2, 1), 40)):
        whole = router(network, engine=engine, banks=banks).closed(shut)
        travel = whole.matrix(terminals)
        # With the fourth road the place leaves those it was prepared for.
        assert (whole.topology.without.any()) == (len(shut) == 3)
        assert travel.off_road_m[0] == pytest.approx(off_m)
        assert travel.seconds[0, 1] == off_m + 50 + (40 - off_m) / 10


# --- engines --------------------------------------------------------------------------------------


def random_network(rng: np.random.Generator) -> RoadNetwork:
    """Return roads with parallel edges, loops, one-way ones, closed ones and several parts."""
    nodes = rng.integers(0, 40, (12, 2)).astype(float) * 50
    nodes = np.unique(nodes, axis=0)
    pairs = rng.integers(0, len(nodes), (int(rng.integers(1, 24)), 2))
    middle = (nodes[pairs[:, 0]] + nodes[pairs[:, 1]]) / 2 + rng.integers(-80, 80, (len(pairs), 2))
    lines = [
        LineString([nodes[u], xy + 0.5, nodes[v]]) for (u, v), xy in zip(pairs, middle, strict=True)
    ]
    return RoadNetwork(
        nodes,
        pairs[:, 0],
        pairs[:, 1],
        np.array([line.length for line in lines]),
        np.array(lines, dtype=object),
        speed_kmh=rng.choice([0.0, 20.0, 43.7], len(pairs), p=[0.15, 0.4, 0.45]),
        oneway=rng.random(len(pairs)) < 0.4,
        road=rng.integers(0, 8, len(pairs)),
    )


def random_banks(rng: np.random.Generator) -> tuple[np.ndarray, list[Bank]]:
    xy = rng.random((int(rng.integers(0, 25)), 2)) * 2000
    count = int(rng.integers(0, len(xy) // 2 + 1))
    banks = [
        Bank(2 * row, 2 * row + 1, LineString(xy[[2 * row, 2 * row + 1]])) for row in range(count)
    ]
    return np.vstack([xy, xy[: len(xy) // 3]]), banks


def drawn(travel: TravelMatrix) -> None:
    """Assert that each leg runs from terminal to terminal and takes as long as the matrix says."""
    pairs = [(a, b) for a in range(len(travel.seconds)) for b in range(len(travel.seconds))]
    for (a, b), line in zip(pairs, travel.legs(pairs), strict=True):
        assert line.coords[0] == pytest.approx(travel.xy[a])
        assert line.coords[-1] == pytest.approx(travel.xy[b])
        if travel.seconds[a, b] < UNREACHABLE_S:
            # No way is faster than 43.7 km/h.
            assert line.length <= (travel.seconds[a, b] + 0.6) * 43.7 / 3.6 + 0.01


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000_000))
def test_both_engines_give_the_same_matrix_and_rows(seed: int):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    xy, told = random_banks(rng)
    banks = Banks.between(xy, told)
    shut = rng.choice(8, 2, replace=False).tolist()
    new = rng.random((3, 2)) * 2000
    found = []
    for engine in Engine:
        topology = Topology(network, banks=banks, snap_m=100.0)
        one = Router(topology, RULES, engine=engine)
        matrices = [one.matrix(xy), one.closed(shut).matrix(xy), one.by_rules(ON_FOOT).matrix(xy)]
        for travel in matrices:
            drawn(travel)
        found.append(([travel.seconds for travel in matrices], matrices[0].rows(new)))
        whole = one.matrix(np.vstack([xy, new]))
        rows, known = matrices[0].rows(new), len(xy)
        assert (whole.seconds[:known, :known] == matrices[0].seconds).all()
        assert (whole.seconds[known:, :known] == rows.to_known).all()
        assert (whole.seconds[:known, known:] == rows.from_known.T).all()
        assert (whole.seconds[known:, known:] == rows.among).all()
        grown = matrices[0].with_rows(new)
        assert (grown.seconds == whole.seconds).all()
        assert grown.unreachable == whole.unreachable
        assert grown.fault.tolist() == whole.fault.tolist()
    for one, other in zip(found[0][0], found[1][0], strict=True):
        assert (one == other).all()
    assert (found[0][1].to_known == found[1][1].to_known).all()
    assert (found[0][1].from_known == found[1][1].from_known).all()
    assert (found[0][1].among == found[1][1].among).all()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1_000_000))
def test_closing_roads_equals_a_network_that_never_had_them(seed: int):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    xy, told = random_banks(rng)
    banks = Banks.between(xy, told)
    shut = rng.choice(8, 3, replace=False)
    kept = ~np.isin(network.road_numbers, shut)
    fewer = RoadNetwork(
        network.nodes_xy,
        network.u[kept],
        network.v[kept],
        network.length_m[kept],
        network.geometry[kept],
        network.speed_kmh[kept],
        network.oneway[kept],
        network.road[kept],
    )
    snap_m = float(rng.choice([100.0, 1500.0]))
    closed = router(network, banks=banks, snap_m=snap_m).closed(shut.tolist()).matrix(xy)
    never = router(fewer, banks=banks, snap_m=snap_m).matrix(xy)
    assert (closed.seconds == never.seconds).all()
    assert closed.off_road_m == pytest.approx(never.off_road_m)
    assert ((closed.fault == "") == (never.fault == "")).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1_000_000))
def test_a_mile_cut_often_takes_as_long_as_one_whole(seed: int):
    """Places at the water cut roads; nobody drives longer or shorter for it."""
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    xy, told = random_banks(rng)
    terminals = rng.random((6, 2)) * 2000
    # Banks of no use: each leads from a place to itself, over a pond, very slowly.
    ponds = Banks.between(xy, [Bank(b.start, b.start, b.line) for b in told])
    plain = router(network).matrix(terminals)
    assert (router(network, banks=ponds).matrix(terminals).seconds == plain.seconds).all()


@BOTH
def test_a_way_of_more_than_24_days_is_none(engine: Engine):
    slow = roads([[(0, 0), (1000, 0)], [(1000, 0), (2000, 0)]], speed_kmh=np.array([0.002, 0.002]))
    travel = router(slow, engine=engine).matrix(np.array([[0.0, 0], [1000.0, 0], [2000.0, 0]]))
    assert travel.seconds[0].tolist() == [0, 1_800_000, UNREACHABLE_S]


def test_without_the_hierarchy_scipy_answers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "routingkit_cch", None)
    spec = importlib.util.spec_from_file_location("ways_without_hierarchy", ways.__file__)
    bare = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, bare)
    spec.loader.exec_module(bare)
    assert bare.Engine.best() is bare.Engine.dijkstra
    monkeypatch.setattr(ways, "HAS_HIERARCHY", False)
    assert router(roads(SQUARE)).engine is Engine.dijkstra
    assert router(roads(SQUARE)).matrix(SOUTH).seconds[0, 1] == 60


# --- new stops ------------------------------------------------------------------------------------


@BOTH
def test_an_urgent_stop_gets_its_row_and_column(engine: Engine):
    known = router(roads(SQUARE, oneway=[0]), engine=engine).matrix(SOUTH)
    rows = known.rows(np.array([[400.0, 5.0]]))
    assert rows.to_known.tolist() == [[5 + 380, 5 + 30 + 10]]
    assert rows.from_known.tolist() == [[20 + 5, 10 + 370 + 5]]
    assert rows.among.tolist() == [[0]]
    assert rows.terminals.off_road_m == pytest.approx([5.0])


def test_a_stop_where_one_is_already_has_its_times():
    known = router(roads(SQUARE)).matrix(SOUTH)
    rows = known.rows(SOUTH[[1, 1]])
    assert rows.to_known.tolist() == [[60, 0], [60, 0]]
    assert rows.from_known.tolist() == [[60, 0], [60, 0]]
    assert rows.among.tolist() == [[0, 0], [0, 0]]


# --- reasons --------------------------------------------------------------------------------------


def test_every_terminal_off_the_roads_says_why():
    far = np.array([[0.0, 0.0], [-101.0, 0.0], [500.0, 1000.0]])
    assert router(roads(SQUARE)).matrix(far).fault.tolist() == ["", SnapFault.too_far, ""]
    closed = router(roads(SQUARE)).closed([2]).matrix(far)
    assert closed.fault.tolist() == ["", SnapFault.too_far, SnapFault.road_closed]
    nothing = travel_matrix(roads([]), far, rules=RULES)
    assert nothing.fault.tolist() == [SnapFault.no_roads] * 3
    assert np.isinf(nothing.off_road_m).all()
