"""Tracing where directions are known, unknown and changing; gates; joins; against brute force."""

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.crs import to_metric, to_storage
from gis.network import (
    Position,
    components,
    first_contacts,
    nearest_by_line,
    node_lines,
    reach,
    water_network,
)

METRIC = 4547
ORIGIN = np.array([500_000.0, 3_400_000.0])
Way = list[tuple[float, float]]


def waters(ways: dict[str, tuple[Way, str, str | None]]) -> gpd.GeoDataFrame:
    """Return waterways by name: vertices, direction, what they flow into."""
    shapes = [shapely.MultiLineString([np.array(way) + ORIGIN]) for way, _, _ in ways.values()]
    return gpd.GeoDataFrame(
        {
            "direction": [direction for _, direction, _ in ways.values()],
            "into": [into for _, _, into in ways.values()],
        },
        index=list(ways),
        geometry=shapes,
        crs=METRIC,
    )


def spot(x: float, y: float) -> shapely.Point:
    return shapely.Point(ORIGIN + np.array([x, y]))


def position(network, x: float, y: float) -> Position:
    near = nearest_by_line(spot(x, y), network, 1)
    return Position(int(near["edge"][0]), float(near["position_m"][0]))


def places(network, *xy: tuple[float, float]) -> pd.DataFrame:
    found = [position(network, *one) for one in xy]
    return pd.DataFrame(
        {"edge": [one.edge for one in found], "position_m": [one.at_m for one in found]}
    )


@pytest.fixture
def county():
    """Return a river to the east, a canal off it, a ditch of unknown flow between both.

    The river runs along y = 0 from x = 0 to 1000; the canal leaves it at x = 200 and runs north;
    the ditch joins the canal at (200, 300) with the river at x = 500.
    """
    return water_network(
        waters(
            {
                "river": ([(0, 0), (200, 0), (500, 0), (1000, 0)], "digitised", None),
                "canal": ([(200, 800), (200, 300), (200, 0)], "reversed", None),
                "ditch": ([(200, 300), (500, 300), (500, 0)], "unknown", None),
            }
        ),
        join_m=20,
    )


def test_what_a_ditch_of_unknown_flow_brings_is_possible_and_not_certain(county):
    network = county.network
    upward = reach(
        network,
        position(network, 700, 0),
        against=True,
        max_m=2_000,
        either_way=county.either_way,
    )
    found = upward.distances(
        places(network, (100, 0), (500, 100), (200, 100), (200, 600), (900, 0))
    )
    # By the river; down the ditch; the ditch takes it from the canal; the canal flows away; below.
    assert found["distance_m"].tolist() == pytest.approx([600, 300, 1_000, np.inf, np.inf])
    assert found["certain"].tolist() == [True, False, False, False, False]


def test_downstream_the_possible_is_told_beside_the_certain(county):
    network = county.network
    down = reach(
        network,
        position(network, 100, 0),
        against=False,
        max_m=900,
        either_way=county.either_way,
    )
    stretches = down.stretches()
    certain = stretches[stretches["certain"]]
    # River 100 → 1000; canal 200 → 1000 m from the start, cut off at 900.
    assert certain.length.sum() == pytest.approx(900 + 800)
    # The ditch is entered from both ends (400 m from either) and counted once.
    assert stretches[~stretches["certain"]].length.sum() == pytest.approx(600)
    assert stretches["farthest_m"].max() == pytest.approx(900)


def test_gates_on_the_way_are_counted_and_those_beside_it_are_not(county):
    network = county.network
    gates = places(network, (200, 50), (200, 250), (450, 0))
    down = reach(
        network,
        position(network, 100, 0),
        against=False,
        either_way=county.either_way,
        gates=gates,
    )
    found = down.distances(places(network, (200, 100), (200, 700), (400, 0), (800, 0)))
    assert found["gates"].tolist() == [1, 2, 0, 1]


def test_a_gate_at_the_head_of_a_canal_bars_the_canal_and_not_the_river(county):
    network = county.network
    canal = network.edges.index[network.edges["line"] == "canal"]
    head = pd.DataFrame({"edge": [canal[0]], "position_m": [0.0]})
    assert network.edges.geometry[canal[0]].coords[0] == pytest.approx((500_200, 3_400_000))
    down = reach(network, position(network, 100, 0), against=False, gates=head)
    found = down.distances(places(network, (200, 10), (900, 0)))
    assert found["gates"].tolist() == [1, 0]


def test_a_brook_that_ends_at_the_bank_is_led_to_the_river_and_one_far_off_is_told():
    water = water_network(
        waters(
            {
                "river": ([(0, 0), (1000, 0)], "digitised", None),
                "brook": ([(300, 400), (300, 15)], "digitised", "river"),
                "far": ([(600, 400), (600, 90)], "digitised", "river"),
            }
        ),
        join_m=20,
    )
    up = reach(water.network, position(water.network, 500, 0), against=True)
    found = up.distances(places(water.network, (300, 200), (600, 200)))
    assert found["distance_m"].tolist() == pytest.approx([400, np.inf])
    assert water.apart.to_dict() == {"far": pytest.approx(90)}


def test_what_flows_into_another_says_its_own_direction():
    ways = {
        "river": ([(0, 0), (1000, 0)], "digitised", None),
        "brook": ([(300, 0), (300, 400)], "unknown", "river"),
        "both ends": ([(600, 0), (650, 100), (700, 0)], "unknown", "river"),
    }
    water = water_network(waters(ways), join_m=20)
    unsure = set(water.network.edges["line"][water.either_way])
    assert unsure == {"both ends"}
    up = reach(water.network, position(water.network, 500, 0), against=True)
    found = up.distances(places(water.network, (300, 200)))
    assert found["distance_m"].tolist() == pytest.approx([400])


def test_water_that_flows_both_ways_is_followed_both_ways_though_it_has_a_receiver():
    ways = {
        "river": ([(0, 0), (1000, 0)], "digitised", None),
        "polder": ([(300, 0), (300, 400)], "both", "river"),
    }
    water = water_network(waters(ways), join_m=20)
    start = position(water.network, 300, 200)
    for against, reached in ((True, (100, 0)), (False, (900, 0))):
        way = reach(water.network, start, against=against, either_way=water.either_way).distances(
            places(water.network, reached)
        )
        assert np.isfinite(way["distance_m"]).all()
        assert not way["certain"].any()


def test_areas_are_touched_where_the_water_first_enters_them():
    network = water_network(
        waters({"river": ([(0, 0), (1000, 0)], "digitised", None)}), join_m=20
    ).network
    down = reach(network, position(network, 100, 0), against=False, max_m=700).stretches()
    areas = gpd.GeoSeries(
        [
            shapely.transform(shapely.box(*box), lambda xy: xy + ORIGIN)
            for box in ((300, -50, 400, 50), (50, -50, 150, 50), (900, -50, 950, 50))
        ],
        index=["zone", "grid", "below"],
        crs=METRIC,
    )
    found = first_contacts(down, areas)
    assert found.index.tolist() == ["grid", "zone"]
    assert found["distance_m"].tolist() == pytest.approx([0, 200])
    assert found["length_m"].tolist() == pytest.approx([50, 100])
    up = reach(network, position(network, 700, 0), against=True).stretches()
    assert first_contacts(up, areas)["distance_m"].tolist() == pytest.approx([300, 550])
    assert first_contacts(down.iloc[:0], areas).empty


def test_points_that_did_not_snap_are_nowhere(county):
    start = position(county.network, 100, 0)
    down = reach(county.network, start, against=False)
    lost = pd.DataFrame({"edge": pd.array([pd.NA], dtype="Int64"), "position_m": [np.nan]})
    assert down.distances(lost)["distance_m"].tolist() == [np.inf]


def test_every_line_near_a_point_is_offered_once_nearest_first(county):
    found = nearest_by_line(spot(230, 20), county.network, 400)
    assert found["line"].tolist() == ["river", "canal", "ditch"]
    assert found["distance_m"].tolist() == pytest.approx([20, 30, 270])


# --- oracle ---------------------------------------------------------------------------------------

SPOT = st.tuples(st.integers(0, 5), st.integers(0, 5))
WAYS = st.lists(st.lists(SPOT, min_size=2, max_size=4), min_size=1, max_size=6)


def graph_of(network, cuts: dict[int, list[float]], either_way, *, against: bool):
    """Return arcs of a graph whose nodes are those of the network and the cuts of its edges."""
    arcs = []
    for edge, (u, v, length) in enumerate(
        network.edges[["u", "v", "length_m"]].itertuples(index=False)
    ):
        marks = sorted({at for at in cuts.get(edge, []) if 0 < at < length})
        nodes = [int(u), *((edge, at) for at in marks), int(v)]
        spans = np.diff([0.0, *marks, length])
        for one, other, span in zip(nodes[:-1], nodes[1:], spans, strict=True):
            if not against or either_way[edge]:
                arcs.append((one, other, span, bool(either_way[edge])))
            if against or either_way[edge]:
                arcs.append((other, one, span, bool(either_way[edge])))
    return arcs


def relaxed(arcs, start) -> dict:
    """Return shortest distances by relaxing every arc until nothing changes (Bellman and Ford)."""
    far = {start: 0.0}
    changed = True
    while changed:
        changed = False
        for one, other, span in arcs:
            if one in far and far[one] + span < far.get(other, np.inf) - 1e-9:
                far[other] = far[one] + span
                changed = True
    return far


@settings(max_examples=80, deadline=None)
@given(
    ways=WAYS,
    open_=st.lists(st.booleans(), min_size=60, max_size=60),
    spots=st.lists(st.tuples(st.integers(0, 59), st.floats(0.05, 0.95)), min_size=2, max_size=5),
    against=st.booleans(),
)
def test_distances_agree_with_relaxing_every_arc(ways, open_, spots, against):
    shapes = [shapely.LineString(10.0 * np.array(way) + ORIGIN) for way in ways]
    network = node_lines(gpd.GeoDataFrame(geometry=shapes, crs=METRIC), directed=True)
    count = len(network.edges)
    if count == 0:
        return
    either_way = np.resize(np.array(open_), count)
    length = network.edges["length_m"].to_numpy()
    found = [(edge % count, round(share * length[edge % count], 3)) for edge, share in spots]
    start, *rest = found
    cuts: dict[int, list[float]] = {}
    for edge, at in found:
        cuts.setdefault(edge, []).append(at)
    arcs = graph_of(network, cuts, either_way, against=against)
    known = relaxed([arc[:3] for arc in arcs if not arc[3]], start)
    possible = relaxed([arc[:3] for arc in arcs], start)
    walk = reach(network, Position(*start), against=against, either_way=either_way)
    asked = pd.DataFrame(rest, columns=["edge", "position_m"])
    got = walk.distances(asked)
    for place, (_, row) in zip(rest, got.iterrows(), strict=True):
        # On an edge of unknown direction nothing but the start itself is certain.
        certain = place in known and (not either_way[place[0]] or place == start)
        wanted = known.get(place, np.inf) if certain else possible.get(place, np.inf)
        if place == start:
            wanted = 0.0
            assert row["distance_m"] == pytest.approx(0.0, abs=1e-6)
            continue
        assert row["distance_m"] == pytest.approx(wanted, abs=1e-6)
        assert row["certain"] == (certain and np.isfinite(wanted))


@settings(max_examples=50, deadline=None)
@given(ways=WAYS, open_=st.lists(st.booleans(), min_size=60, max_size=60), limit=st.floats(1, 90))
def test_no_metre_is_told_twice_and_stretches_agree_with_distances(ways, open_, limit):
    shapes = [shapely.LineString(10.0 * np.array(way) + ORIGIN) for way in ways]
    network = node_lines(gpd.GeoDataFrame(geometry=shapes, crs=METRIC), directed=True)
    count = len(network.edges)
    if count == 0:
        return
    either_way = np.resize(np.array(open_), count)
    start = Position(0, 0.4 * network.edges["length_m"].iloc[0])
    walk = reach(network, start, against=True, max_m=limit, either_way=either_way)
    stretches = walk.stretches()
    assert (stretches["farthest_m"] <= limit + 1e-6).all()
    for _, pieces in stretches.groupby("edge"):
        ordered = pieces.sort_values("from_m")
        assert (ordered["from_m"].to_numpy()[1:] >= ordered["to_m"].to_numpy()[:-1] - 1e-6).all()
    middles = pd.DataFrame(
        {
            "edge": stretches["edge"],
            "position_m": (stretches["from_m"] + stretches["to_m"]) / 2,
        }
    )
    got = walk.distances(middles)
    middle_m = (stretches["nearest_m"] + stretches["farthest_m"]) / 2
    assert got["distance_m"].to_numpy() == pytest.approx(middle_m.to_numpy(), abs=1e-6)
    assert got["certain"].tolist() == stretches["certain"].tolist()


# --- real networks --------------------------------------------------------------------------------


def read(path) -> gpd.GeoDataFrame:
    return to_metric(to_storage(gpd.read_file(path)))


def test_drains_of_a_city_without_known_directions_are_traced_as_possible(shared_data):
    path = shared_data / "rivers_roads" / "dar_es_salaam_drains_2018.geojson.gz"
    drains = read(f"/vsigzip/{path}").assign(direction="unknown", into=None)
    drains = drains[["direction", "into", "geometry"]]
    water = water_network(drains, join_m=5)
    largest = np.flatnonzero(components(water.network) == 0)
    edge = int(np.flatnonzero(np.isin(water.network.edges["u"], largest))[0])
    started = time.process_time()
    walk = reach(water.network, Position(edge, 1.0), against=True, either_way=water.either_way)
    stretches = walk.stretches()
    assert time.process_time() - started < 0.3
    assert not stretches["certain"].any()
    # Followed both ways, a connected part is reached whole.
    of_part = np.isin(water.network.edges["u"], largest)
    whole = water.network.edges["length_m"][of_part].sum()
    assert stretches.length.sum() == pytest.approx(whole, rel=1e-6)


def test_drainage_of_a_continent_follows_the_published_order(shared_data):
    path = shared_data / "rivers_roads" / "nhdplus_coastal_network_topology.csv"
    flow = pd.read_csv(path)
    assert {"comid", "tocomid"} <= set(flow.columns)
    # Each reach is a line from its own point to that of the reach it flows to.
    number = pd.Series(np.arange(len(flow)), index=flow["comid"])
    into = flow["tocomid"].map(number)
    linked = flow.index[into.notna()]
    angle = 2 * np.pi * np.arange(len(flow)) / len(flow)
    xy = np.column_stack([90_000 * np.cos(angle), 90_000 * np.sin(angle)]) + ORIGIN
    shapes = [shapely.LineString([xy[row], xy[int(into[row])]]) for row in linked]
    network = node_lines(gpd.GeoDataFrame(geometry=shapes, crs=METRIC), directed=True)
    node_of = shapely.STRtree(shapely.points(network.nodes_xy)).nearest(shapely.points(xy))
    of_reach = {int(row): int(node_of[row]) for row in linked}
    mouth = int(into[linked].mode()[0])
    # Oracle: walk down from every reach and see whether it passes the mouth.
    above = set()
    for row in linked:
        passed, one = [], int(row)
        while one not in passed:
            passed.append(one)
            if pd.isna(into[one]):
                break
            one = int(into[one])
        if mouth in passed[1:]:
            above.add(int(row))
    found = reach(network, int(node_of[mouth]), against=True).stretches()
    starts = set(network.edges["u"].to_numpy()[found["edge"]].tolist())
    assert starts == {of_reach[row] for row in above}
