"""Travel times and lines between terminals, on drawn networks and against networks by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import floyd_warshall
from shapely.geometry import LineString

from gis.routing.network_matrix import (
    Bank,
    BrokenNetwork,
    RoadNetwork,
    TravelRules,
    travel_matrix,
)
from gis.routing.problem import UNREACHABLE_S

# 36 km/h is 10 m/s and 3.6 km/h is 1 m/s: times can be read off the drawing.
RULES = TravelRules(
    road_kmh=36.0, bank_kmh=18.0, off_road_kmh=3.6, detour=1.5, snap_m=100.0, straight_m=0.0
)


def network_of(lines: list[list[tuple[float, float]]], **changes: object) -> RoadNetwork:
    nodes = sorted({line[end] for line in lines for end in (0, -1)})
    geometry = np.array([LineString(line) for line in lines], dtype=object)
    return RoadNetwork(
        np.array(nodes, dtype=float).reshape(-1, 2),
        np.array([nodes.index(line[0]) for line in lines], dtype=np.int64),
        np.array([nodes.index(line[-1]) for line in lines], dtype=np.int64),
        np.array([line.length for line in geometry], dtype=float),
        geometry,
        **changes,  # type: ignore[arg-type]
    )


CROSS = [
    [(0.0, 0.0), (1000.0, 0.0)],
    [(1000.0, 0.0), (1000.0, 500.0)],
]


def test_terminals_beside_a_road_walk_to_it_and_drive_along_it() -> None:
    # 20 m to the road at 1 m/s x 1.5 = 30 s, 1000 - 100 m and 400 m at 10 m/s, 10 m x 1.5 = 15 s.
    terminals = np.array([[100.0, 20.0], [1010.0, 400.0]])
    travel = travel_matrix(network_of(CROSS), terminals, rules=RULES)
    assert travel.seconds.tolist() == [[0, 30 + 90 + 40 + 15], [175, 0]]
    assert travel.off_road_m == pytest.approx([20.0, 10.0])
    assert travel.unreachable == ()


def test_the_leg_is_the_line_travelled_from_origin_to_goal() -> None:
    terminals = np.array([[100.0, 20.0], [1010.0, 400.0]])
    travel = travel_matrix(network_of(CROSS), terminals, rules=RULES)
    there = [(100, 20), (100, 0), (1000, 0), (1000, 400), (1010, 400)]
    assert list(travel.leg(0, 1).coords) == there
    assert list(travel.leg(1, 0).coords) == there[::-1]
    assert travel.leg(0, 0).length == 0


def test_two_terminals_on_one_edge_meet_on_it() -> None:
    travel = travel_matrix(
        network_of(CROSS), np.array([[200.0, 0.0], [700.0, 0.0], [700.0, 0.0]]), rules=RULES
    )
    assert travel.seconds[0].tolist() == [0, 50, 50]
    assert travel.seconds[1, 2] == 0


def test_a_terminal_off_the_network_is_reported_and_unreachable() -> None:
    terminals = np.array([[0.0, 0.0], [500.0, 101.0]])
    travel = travel_matrix(network_of(CROSS), terminals, rules=RULES)
    assert travel.seconds[0, 1] == UNREACHABLE_S
    assert travel.off_road_m[1] == pytest.approx(101.0)
    assert travel.unreachable == (0, 1)


def test_a_pair_without_a_way_falls_back_to_a_straight_line_with_detour() -> None:
    terminals = np.array([[0.0, 0.0], [300.0, 400.0], [9000.0, 0.0]])
    rules = TravelRules(off_road_kmh=3.6, detour=1.5, snap_m=0.0, straight_m=600.0)
    travel = travel_matrix(network_of([]), terminals, rules=rules)
    assert travel.seconds[0, 1] == 750
    assert travel.straight(0, 1)
    assert not travel.straight(0, 2)
    assert travel.unreachable == (2,)
    assert np.isinf(travel.off_road_m).all()
    assert list(travel.leg(0, 1).coords) == [(0, 0), (300, 400)]


def test_a_reach_is_travelled_along_its_bank_where_no_road_leads() -> None:
    terminals = np.array([[500.0, 0.0], [500.0, 90.0], [500.0, 590.0]])
    bank = Bank(1, 2, LineString([(500, 90), (500, 590)]))
    travel = travel_matrix(network_of(CROSS[:1]), terminals, rules=RULES, banks=[bank])
    # 90 m x 1.5 on foot, then 500 m at 5 m/s.
    assert travel.seconds[0, 2] == 135 + 100
    assert list(travel.leg(0, 2).coords) == [(500, 0), (500, 90), (500, 590)]


def test_of_parallel_edges_the_faster_is_taken_whichever_comes_first() -> None:
    detour = [(0.0, 0.0), (500.0, 300.0), (1000.0, 0.0)]
    for lines in ([CROSS[0], detour], [detour, CROSS[0]]):
        terminals = np.array([[0.0, 0.0], [1000.0, 0.0]])
        travel = travel_matrix(network_of(lines), terminals, rules=RULES)
        assert travel.seconds[0, 1] == 100
        assert travel.leg(0, 1).length == pytest.approx(1000)


def test_a_closed_road_is_neither_driven_nor_snapped_to() -> None:
    closed = network_of(CROSS, speed_kmh=np.array([36.0, 0.0]))
    travel = travel_matrix(closed, np.array([[0.0, 0.0], [1000.0, 90.0]]), rules=RULES)
    assert travel.off_road_m[1] == pytest.approx(90.0)
    assert travel.seconds[0, 1] == 100 + 135


def test_no_terminals_make_an_empty_matrix() -> None:
    travel = travel_matrix(network_of(CROSS), np.empty((0, 2)), rules=RULES)
    assert travel.seconds.shape == (0, 0)
    assert travel.legs([]) == []


def test_arrays_of_different_lengths_are_refused() -> None:
    whole = network_of(CROSS)
    with pytest.raises(BrokenNetwork):
        RoadNetwork(whole.nodes_xy, whole.u, whole.v[:1], whole.length_m, whole.geometry)


def test_a_line_drawn_against_its_nodes_is_refused() -> None:
    whole = network_of(CROSS)
    with pytest.raises(BrokenNetwork):
        RoadNetwork(whole.nodes_xy, whole.v, whole.u, whole.length_m, whole.geometry)


def test_terminals_at_one_place_share_everything() -> None:
    terminals = np.array([[100.0, 20.0], [1010.0, 400.0], [100.0, 20.0], [5000.0, 0.0]])
    terminals = np.vstack([terminals, terminals[3]])
    travel = travel_matrix(network_of(CROSS), terminals, rules=RULES)
    assert travel.seconds[0, 1:3].tolist() == [175, 0]
    assert travel.leg(2, 1).equals(travel.leg(0, 1))
    assert travel.unreachable == (3, 4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_times_on_a_random_net_equal_floyd_warshall_and_legs_have_that_length(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes = [(float(x), float(y)) for x, y in rng.integers(0, 5000, (8, 2))]
    pairs = [(a, b) for a in range(8) for b in range(a) if rng.random() < 0.35]
    pairs = [(a, b) for a, b in pairs if nodes[a] != nodes[b]] or [(0, 1)]
    network = network_of([[nodes[a], nodes[b]] for a, b in pairs])
    rules = TravelRules(road_kmh=36.0, snap_m=0.0)
    travel = travel_matrix(network, network.nodes_xy, rules=rules)
    size = len(network.nodes_xy)
    dense = coo_array((network.length_m, (network.u, network.v)), shape=(size, size)).toarray()
    metres = floyd_warshall(np.maximum(dense, dense.T), directed=False)
    for origin in range(size):
        for goal in range(size):
            if np.isinf(metres[origin, goal]):
                assert travel.seconds[origin, goal] == UNREACHABLE_S
            else:
                assert travel.seconds[origin, goal] == pytest.approx(
                    metres[origin, goal] / 10, abs=0.51
                )
                assert travel.leg(origin, goal).length == pytest.approx(metres[origin, goal])
