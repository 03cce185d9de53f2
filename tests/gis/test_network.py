"""Noded networks: meeting points, paths, snapping, tracing."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.crs import CRSMismatch, to_metric, to_storage
from gis.network import (
    Network,
    NotDirected,
    Position,
    components,
    downstream,
    node_lines,
    path_between,
    shortest_paths,
    snap,
    upstream,
)

METRIC = 4547
ORIGIN = np.array([500_000.0, 3_400_000.0])
Way = list[tuple[float, float]]


def lines(*ways: Way) -> gpd.GeoDataFrame:
    shapes = [shapely.LineString(np.array(way) + ORIGIN) for way in ways]
    return gpd.GeoDataFrame(geometry=shapes, crs=METRIC)


def spot(x: float, y: float) -> shapely.Point:
    return shapely.Point(ORIGIN + np.array([x, y]))


def node_at(network: Network, x: float, y: float) -> int:
    away = np.hypot(*(network.nodes_xy - ORIGIN - [x, y]).T)
    assert away.min() < 1
    return int(away.argmin())


def counts(network: Network) -> tuple[int, int, int]:
    """Return edges, nodes, components."""
    return len(network.edges), len(network.nodes_xy), int(components(network).max(initial=-1)) + 1


# --- noding ---------------------------------------------------------------------------------------


def test_a_side_street_cuts_the_main_street_where_it_ends_on_it():
    network = node_lines(lines([(0, 0), (100, 0)], [(40, 0), (40, 30)]))
    assert counts(network) == (3, 4, 1)
    assert network.edges["length_m"].tolist() == pytest.approx([40, 60, 30])
    assert network.edges["line"].tolist() == [0, 0, 1]
    assert network.edges["from_m"].tolist() == pytest.approx([0, 40, 0])
    assert network.edges["to_m"].tolist() == pytest.approx([40, 100, 30])


def test_lines_that_share_a_vertex_meet_there():
    network = node_lines(lines([(0, 0), (50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)]))
    assert counts(network) == (4, 5, 1)


def test_lines_that_only_cross_are_a_bridge_unless_crossings_are_asked_for():
    cross = lines([(0, 0), (100, 0)], [(50, -50), (50, 50)])
    assert counts(node_lines(cross)) == (2, 4, 2)
    assert counts(node_lines(cross, at_crossings=True)) == (4, 5, 1)


@pytest.mark.parametrize(("miss_m", "parts"), [(0.3, 1), (2.0, 2)])
def test_an_end_that_misses_by_less_than_the_snap_still_meets(miss_m: float, parts: int):
    network = node_lines(lines([(0, 0), (100, 0)], [(40, miss_m), (40, 30)]), snap_m=0.5)
    assert counts(network)[2] == parts


def test_ends_that_nearly_meet_become_one_node_and_the_shapes_follow():
    network = node_lines(lines([(0, 0), (50, 0)], [(50.2, 0.2), (100, 0)]))
    assert counts(network) == (2, 3, 1)
    path = path_between(network, node_at(network, 0, 0), node_at(network, 100, 0))
    assert path is not None
    assert path.geometry.is_simple
    assert len(path.geometry.coords) == 3


def test_a_ring_is_a_loop_and_keeps_its_whole_length():
    network = node_lines(lines([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]))
    assert counts(network) == (1, 1, 1)
    assert network.edges["length_m"].tolist() == pytest.approx([40])


def test_a_line_that_returns_to_its_own_vertex_is_cut_at_both_visits():
    lasso = lines([(0, 0), (20, 0), (30, 10), (30, -10), (20, 0)])
    network = node_lines(lasso)
    assert counts(network) == (2, 2, 1)
    assert network.edges["length_m"].sum() == pytest.approx(lasso.length.sum())


def test_parallel_arms_are_two_edges():
    assert counts(node_lines(lines([(0, 0), (50, 20), (100, 0)], [(0, 0), (100, 0)]))) == (2, 2, 1)


def test_a_multi_line_counts_its_metres_on_through_its_parts():
    parts = shapely.MultiLineString([[(0, 0), (10, 0)], [(10, 0), (10, 5)]])
    moved = shapely.transform(parts, lambda xy: xy + ORIGIN)
    network = node_lines(gpd.GeoDataFrame(geometry=[moved], index=["canal"], crs=METRIC))
    assert network.edges["line"].tolist() == ["canal", "canal"]
    assert network.edges["from_m"].tolist() == pytest.approx([0, 10])
    assert network.edges["to_m"].tolist() == pytest.approx([10, 15])


def test_a_line_shorter_than_the_snap_vanishes_and_its_ends_are_one():
    network = node_lines(lines([(0, 0), (50, 0)], [(50, 0), (50.3, 0)], [(50.3, 0), (100, 0)]))
    assert counts(network) == (2, 3, 1)


def test_a_short_line_by_itself_stays():
    assert counts(node_lines(lines([(0, 0), (0.3, 0)], [(50, 0), (100, 0)]))) == (2, 4, 2)


def test_missing_empty_and_zero_length_lines_give_no_edge():
    shapes = [None, shapely.LineString(), shapely.LineString([ORIGIN, ORIGIN])]
    network = node_lines(gpd.GeoDataFrame(geometry=shapes, crs=METRIC))
    assert counts(network) == (0, 0, 0)
    assert shortest_paths(network, [], []).shape == (0, 0)


def test_degrees_and_other_geometries_are_refused():
    with pytest.raises(CRSMismatch):
        node_lines(lines([(0, 0), (1, 0)]).to_crs(4490))
    with pytest.raises(ValueError, match="lines only"):
        node_lines(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=METRIC))


SPOT = st.tuples(st.integers(0, 8), st.integers(0, 8))
WAYS = st.lists(st.lists(SPOT, min_size=2, max_size=5), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(ways=WAYS)
def test_noding_at_crossings_agrees_with_a_planar_union(ways: list[list[tuple[int, int]]]):
    frame = lines(*[[(10.0 * x, 10.0 * y) for x, y in way] for way in ways])
    network = node_lines(frame, snap_m=0.001, at_crossings=True)
    drawn = shapely.length(frame.geometry.to_numpy()).sum()
    assert network.edges["length_m"].sum() == pytest.approx(drawn)
    if drawn == 0:
        return
    union = shapely.union_all(frame.geometry.to_numpy())
    touching = shapely.get_parts(shapely.union_all(shapely.buffer(shapely.get_parts(union), 1e-4)))
    assert counts(network)[2] == len(touching)


@settings(max_examples=40, deadline=None)
@given(ways=WAYS)
def test_edges_start_and_end_at_their_nodes_and_measure_what_they_say(
    ways: list[list[tuple[int, int]]],
):
    frame = lines(*[[(10.0 * x, 10.0 * y) for x, y in way] for way in ways])
    network = node_lines(frame)
    edges = network.edges
    if edges.empty:
        return
    for u, v, shape in zip(edges["u"], edges["v"], edges.geometry, strict=True):
        assert shape.coords[0] == pytest.approx(network.nodes_xy[u])
        assert shape.coords[-1] == pytest.approx(network.nodes_xy[v])
    assert edges.length.to_numpy() == pytest.approx(edges["length_m"].to_numpy(), abs=1e-6)
    again = frame.loc[edges["line"]].geometry.to_numpy()
    starts = shapely.line_interpolate_point(again, edges["from_m"].to_numpy())
    assert shapely.distance(starts, shapely.get_point(edges.geometry.to_numpy(), 0)).max() < 1e-6


FINE = st.tuples(st.integers(0, 60), st.integers(0, 12))


@settings(max_examples=60, deadline=None)
@given(ways=st.lists(st.lists(FINE, min_size=2, max_size=5), min_size=1, max_size=8))
def test_snapping_loses_no_line_but_crumbs(ways: list[list[tuple[int, int]]]):
    """Vertices every 0.2 m with a snap of 0.5 m: everything nearly meets everything."""
    frame = lines(*[[(0.2 * x, 0.2 * y) for x, y in way] for way in ways])
    network = node_lines(frame, snap_m=0.5)
    kept = network.edges.groupby("line")["length_m"].sum().reindex(frame.index, fill_value=0)
    crumbs = frame.length - kept
    pieces = network.edges.groupby("line").size().reindex(frame.index, fill_value=0)
    assert (crumbs > -1e-6).all()
    # A dropped edge is at most a snap long, and lies between kept ones or at an end.
    assert (crumbs <= 0.5 * (2 * pieces + 2) + 1e-6).all()
    for _, edges in network.edges.groupby("line"):
        assert (edges["from_m"].to_numpy()[1:] >= edges["to_m"].to_numpy()[:-1] - 1e-9).all()
    ends = np.concatenate([network.edges["u"], network.edges["v"]])
    assert set(ends.tolist()) == set(range(len(network.nodes_xy)))


def read(path: Path, **options: str) -> gpd.GeoDataFrame:
    return to_metric(to_storage(gpd.read_file(path, **options)))


def test_a_network_with_known_nodes_is_found_again_exactly(shared_data: Path):
    roads = read(shared_data / "rivers_roads" / "wuhan_dongxihu_roads.gpkg")
    network = node_lines(roads, snap_m=0.001)
    assert len(network.edges) == len(roads)
    assert len(network.nodes_xy) == len(pd.unique(pd.concat([roads["u"], roads["v"]])))
    # u and v aren't in drawing order, so the nodes are compared by how many edges they have.
    known = pd.concat([roads["u"], roads["v"]]).value_counts().to_numpy()
    ours = pd.concat([network.edges["u"], network.edges["v"]]).value_counts().to_numpy()
    assert (ours == known).all()


def test_surveyed_drains_node_as_published(shared_data: Path):
    path = f"/vsigzip/{shared_data}/rivers_roads/dar_es_salaam_drains_2018.geojson.gz"
    drains = to_metric(to_storage(gpd.read_file(path)))
    network = node_lines(drains, snap_m=0.001)
    part = components(network)
    assert len(network.nodes_xy) == 1_000
    assert part.max() + 1 == 94
    assert (part == 0).sum() == 180
    assert network.edges["length_m"].sum() == pytest.approx(drains.length.sum())


def test_roads_of_a_country_meet_at_shared_nodes_and_bridges_cross_freely(shared_data: Path):
    ways = read(shared_data / "rivers_roads" / "liechtenstein-2013-08-03.osm.pbf", layer="lines")
    roads = ways[ways["highway"].notna()]
    network = node_lines(roads, snap_m=0.001)
    assert counts(network) == (5_381, 4_167, 13)
    assert (components(network) == 0).sum() == 4_085
    # Of the 56 places where ways cross without a shared node 33 are on a bridge, in a tunnel or on
    # another layer: cutting there would lead from the motorway onto the lanes under it.
    planar = node_lines(roads, snap_m=0.001, at_crossings=True)
    assert counts(planar) == (5_493, 4_223, 10)
    lines_, node_xy = roads.geometry.to_numpy(), planar.nodes_xy
    new = shapely.STRtree(shapely.points(network.nodes_xy)).query(
        shapely.points(node_xy), predicate="dwithin", distance=0.001
    )
    crossings = np.setdiff1d(np.arange(len(node_xy)), new[0])
    at, way = shapely.STRtree(lines_).query(
        shapely.points(node_xy[crossings]), predicate="dwithin", distance=0.01
    )
    tagged = roads["other_tags"].astype(str).str.contains('"(?:bridge|tunnel|layer)"=>').to_numpy()
    over = np.unique(at[tagged[way]])
    assert (len(crossings), len(over)) == (56, 33)


# --- paths ----------------------------------------------------------------------------------------


@pytest.fixture
def block() -> Network:
    """Return a square of 100 m with one diagonal."""
    return node_lines(
        lines([(0, 0), (100, 0)], [(100, 0), (100, 100)], [(0, 0), (0, 100), (100, 100)])
    )


def test_the_shortest_way_and_its_shape(block: Network):
    start, corner = node_at(block, 0, 0), node_at(block, 100, 100)
    weights = np.array([1.0, 1.0, 5.0])
    path = path_between(block, start, corner, weights=weights)
    assert path is not None
    assert path.edges == (0, 1)
    assert path.weight == 2.0
    assert (np.array(path.geometry.coords) - ORIGIN).tolist() == [[0, 0], [100, 0], [100, 100]]
    back = path_between(block, corner, start, weights=weights)
    assert back is not None
    assert back.geometry.reverse().equals(path.geometry)


def test_closing_an_edge_sends_the_way_round(block: Network):
    start, corner = node_at(block, 0, 0), node_at(block, 100, 0)
    weights = block.edges["length_m"].to_numpy()
    assert shortest_paths(block, [start], [corner])[0, 0] == pytest.approx(100)
    closed = np.where(np.arange(3) == 0, np.inf, weights)
    assert shortest_paths(block, [start], [corner], weights=closed)[0, 0] == pytest.approx(300)
    every = np.full(3, np.inf)
    assert np.isinf(shortest_paths(block, [start], [corner], weights=every)[0, 0])
    assert path_between(block, start, corner, weights=every) is None


def test_of_parallel_arms_the_lighter_counts_and_not_their_sum():
    network = node_lines(lines([(0, 0), (50, 50), (100, 0)], [(0, 0), (100, 0)]))
    assert shortest_paths(network, [0], [1])[0, 0] == pytest.approx(100)
    path = path_between(network, 0, 1)
    assert path is not None
    assert path.edges == (1,)


def test_the_way_to_where_one_stands_is_empty(block: Network):
    path = path_between(block, 0, 0)
    assert path is not None
    assert (path.edges, path.weight, path.geometry.is_empty) == ((), 0.0, True)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0, 1.0], [1.0, np.nan, 1.0]])
def test_weights_that_make_no_sense_are_refused(block: Network, weights: list[float]):
    with pytest.raises(ValueError, match="one weight, 0 or more"):
        shortest_paths(block, [0], [1], weights=np.array(weights))


@settings(max_examples=40, deadline=None)
@given(ways=WAYS, directed=st.booleans())
def test_distances_agree_with_trying_every_node_in_between(
    *, ways: list[list[tuple[int, int]]], directed: bool
):
    frame = lines(*[[(10.0 * x, 10.0 * y) for x, y in way] for way in ways])
    network = node_lines(frame, directed=directed)
    size = len(network.nodes_xy)
    least = np.full((size, size), np.inf)
    np.fill_diagonal(least, 0)
    for u, v, length in network.edges[["u", "v", "length_m"]].itertuples(index=False):
        least[u, v] = min(least[u, v], length)
        if not directed:
            least[v, u] = min(least[v, u], length)
    for middle in range(size):
        least = np.minimum(least, least[:, [middle]] + least[[middle], :])
    nodes = list(range(size))
    assert shortest_paths(network, nodes, nodes) == pytest.approx(least)
    if size and np.isfinite(least[0, -1]):
        path = path_between(network, 0, size - 1)
        assert path is not None
        assert network.edges["length_m"].iloc[list(path.edges)].sum() == pytest.approx(path.weight)


# --- snapping -------------------------------------------------------------------------------------


def test_points_snap_to_the_nearest_edge_or_say_why_not(block: Network):
    spots = [spot(30, 4), spot(30, -80), None]
    points = gpd.GeoSeries(spots, index=list("abc"), crs=METRIC)
    found = snap(points.to_crs(4490), block, 50)
    assert found["edge"].tolist() == [0, pd.NA, pd.NA]
    assert found["position_m"]["a"] == pytest.approx(30, abs=1e-6)
    assert found["distance_m"][["a", "b"]].tolist() == pytest.approx([4, 80], abs=1e-6)
    assert found["reason"].tolist() == ["", "too_far", "no_place"]


def test_at_equal_distance_the_first_edge_has_the_point(block: Network):
    middle = gpd.GeoSeries([spot(50, 50)], crs=METRIC)
    assert snap(middle, block, 100)["edge"].tolist() == [0]


def test_without_edges_nothing_snaps():
    network = node_lines(lines())
    points = gpd.GeoSeries([shapely.Point(ORIGIN)], crs=METRIC)
    assert snap(points, network, 100)["reason"].tolist() == ["no_edges"]


# --- up- and downstream ---------------------------------------------------------------------------


@pytest.fixture
def river() -> Network:
    """Return two brooks of 100 m that join and flow 200 m to the east."""
    return node_lines(
        lines([(-80, 60), (0, 0)], [(-80, -60), (0, 0)], [(0, 0), (200, 0)]), directed=True
    )


def test_upstream_of_a_river_are_both_brooks_as_far_as_asked(river: Network):
    found = upstream(river, Position(2, 50.0), max_m=80)
    assert found["edge"].tolist() == [2, 0, 1]
    assert found["nearest_m"].tolist() == pytest.approx([0, 50, 50])
    assert found["farthest_m"].tolist() == pytest.approx([50, 80, 80])
    assert found["from_m"].tolist() == pytest.approx([0, 70, 70])
    assert found.length.tolist() == pytest.approx([50, 30, 30])


def test_downstream_of_a_brook_is_the_river_and_not_the_other_brook(river: Network):
    found = downstream(river, node_at(river, -80, 60))
    assert found["edge"].tolist() == [0, 2]
    assert found["farthest_m"].tolist() == pytest.approx([100, 300])


def test_the_end_of_a_river_has_nothing_downstream(river: Network):
    assert downstream(river, node_at(river, 200, 0)).empty
    assert upstream(river, node_at(river, 200, 0), max_m=0).empty


def test_a_ring_canal_is_traced_once_and_ends():
    ring = lines([(0, 0), (10, 0), (10, 10)], [(10, 10), (0, 10), (0, 0)])
    network = node_lines(ring, directed=True)
    found = downstream(network, Position(0, 5.0))
    assert found["edge"].tolist() == [0, 1, 0]
    assert found["from_m"].tolist() == pytest.approx([5, 0, 0])
    assert found["to_m"].tolist() == pytest.approx([20, 20, 5])
    assert found.length.sum() == pytest.approx(40)


def test_an_undirected_network_has_no_upstream(block: Network):
    with pytest.raises(NotDirected):
        upstream(block, 0)


@settings(max_examples=40, deadline=None)
@given(ways=WAYS, share=st.floats(0, 1), limit=st.floats(1, 200))
def test_what_lies_downstream_has_its_start_upstream(
    ways: list[list[tuple[int, int]]], share: float, limit: float
):
    frame = lines(*[[(10.0 * x, 10.0 * y) for x, y in way] for way in ways])
    network = node_lines(frame, directed=True)
    if network.edges.empty:
        return
    start = Position(0, share * network.edges["length_m"].iloc[0])
    down = downstream(network, start, max_m=limit)
    assert (down["to_m"] - down["from_m"]).to_numpy() == pytest.approx(
        (down["farthest_m"] - down["nearest_m"]).to_numpy(), abs=1e-6
    )
    for edge, at_m, away in down[["edge", "to_m", "farthest_m"]].itertuples(index=False):
        up = upstream(network, Position(int(edge), at_m), max_m=away + 1)
        home = up[(up["edge"] == 0) & (up["from_m"] <= start.at_m + 1e-6)]
        assert (home["to_m"] >= start.at_m - 1e-6).any()
