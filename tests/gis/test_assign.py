"""Points, lines and areas → grids, and the faults of a tiling."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.assign import assign_areas, assign_lines, assign_points, owner_of_lines, tiling_faults
from gis.crs import CRSMismatch, length_m

CORNER = np.array([114.0, 30.0])
DEGREE_M = 111_000.0


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Return a rectangle in thousandths of a degree from the corner of the test town."""
    return shapely.box(*(np.array([west, south, east, north]) / 1000 + np.tile(CORNER, 2)))


def places(*xy: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapely.points(np.array(xy) / 1000 + CORNER), crs=4490)


def line(*xy: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(np.array(xy) / 1000 + CORNER)


@pytest.fixture
def town() -> gpd.GeoDataFrame:
    """Return a town of 20 x 10 with two unit grids that leave its eastern quarter uncovered."""
    return gpd.GeoDataFrame(
        {"code": ["1", "102", "101"], "depth": [1, 2, 2], "parent": [None, 10, 10]},
        geometry=[box(0, 0, 20, 10), box(10, 0, 15, 10), box(0, 0, 10, 10)],
        index=[10, 12, 11],
        crs=4490,
    )


# --- points ---------------------------------------------------------------------------------------


def test_the_deepest_grid_has_the_point_and_the_lower_code_the_border(town: gpd.GeoDataFrame):
    points = places((5, 5), (12, 5), (10, 5), (18, 5), (20.2, 5), (30, 5))
    found = assign_points(points, town, tolerance_m=50)
    assert found["grid"].tolist() == [11, 12, 11, 10, 10, pd.NA]
    assert found["how"].tolist() == ["inside", "inside", "border", "inside", "near", "outside"]
    assert found["distance_m"][:4].tolist() == [0, 0, 0, 0]
    assert found["distance_m"][4] == pytest.approx(0.2 * DEGREE_M / 1000 * 0.866, rel=0.01)
    assert np.isnan(found["distance_m"][5])


def test_near_a_point_the_deeper_grid_counts_more_than_the_nearer_one(town: gpd.GeoDataFrame):
    found = assign_points(places((5, -0.1), (18, -0.1)), town, tolerance_m=50)
    assert found["grid"].tolist() == [11, 10]
    assert found["how"].tolist() == ["near", "near"]


def test_equally_near_grids_of_one_depth_are_told_apart_by_code(town: gpd.GeoDataFrame):
    assert assign_points(places((10, -0.1)), town, tolerance_m=50)["grid"].tolist() == [11]


def test_without_tolerance_nothing_is_near(town: gpd.GeoDataFrame):
    assert assign_points(places((5, -1e-6)), town, tolerance_m=0)["how"].tolist() == ["outside"]


def test_a_point_without_a_place_says_so_and_the_index_is_kept(town: gpd.GeoDataFrame):
    points = gpd.GeoDataFrame(
        geometry=[None, shapely.Point(), places((5, 5))[0]], index=list("abc"), crs=4490
    )
    found = assign_points(points, town, tolerance_m=50)
    assert found.index.tolist() == list("abc")
    assert found["how"].tolist() == ["no_place", "no_place", "inside"]


def test_no_points_and_no_grids_are_no_trouble(town: gpd.GeoDataFrame):
    assert len(assign_points(places((1, 1))[:0], town, tolerance_m=50)) == 0
    alone = assign_points(places((1, 1)), town[:0], tolerance_m=50)
    assert alone["how"].tolist() == ["outside"]
    assert alone["grid"].isna().all()


def test_a_grid_without_a_shape_takes_nothing(town: gpd.GeoDataFrame):
    town.loc[11, "geometry"] = None
    assert assign_points(places((5, 5)), town, tolerance_m=50)["grid"].tolist() == [10]


def test_other_geometries_and_other_references_are_refused(town: gpd.GeoDataFrame):
    with pytest.raises(ValueError, match="points only"):
        assign_points(town, town, tolerance_m=0)
    with pytest.raises(CRSMismatch):
        assign_points(places((1, 1)).to_crs(4547), town, tolerance_m=0)


BOXES = st.lists(
    st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 6)] * 2, st.integers(1, 3)),
    min_size=1,
    max_size=12,
)
SPOTS = st.lists(st.tuples(st.integers(-1, 19), st.integers(-1, 19)), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(boxes=BOXES, spots=SPOTS)
def test_points_are_assigned_as_by_trying_every_grid(
    boxes: list[tuple[int, ...]], spots: list[tuple[int, int]]
):
    """Whole numbers make borders, corners and overlaps common."""
    grids = gpd.GeoDataFrame(
        {"code": [f"{number:02d}" for number in range(len(boxes))], "depth": [b[4] for b in boxes]},
        geometry=[box(x, y, x + w, y + h) for x, y, w, h, _ in boxes],
        crs=4490,
    ).sample(frac=1, random_state=1)
    points = places(*spots)
    found = assign_points(points, grids, tolerance_m=0)
    for spot, point in points.items():
        over = grids[shapely.covers(grids.geometry.to_numpy(), point)]
        over = over[over["depth"] == over["depth"].max()].sort_values("code")
        assert found["how"][spot] == ("outside", "inside", "border")[min(len(over), 2)]
        if len(over):
            assert found["grid"][spot] == over.index[0]


def test_a_real_hierarchy_assigns_as_a_spatial_join_does(shared_data: Path):
    folder = shared_data / "boundaries"
    levels = []
    for depth, (name, code) in enumerate([("towns", "TOWNCODE"), ("villages", "VILLCODE")]):
        level = gpd.read_file(folder / f"tw_yilan_{name}.geojson").to_crs(4490)
        levels.append(level[[code, "geometry"]].rename(columns={code: "code"}).assign(depth=depth))
    grids = pd.concat(levels, ignore_index=True)
    rng = np.random.default_rng(7)
    spots = rng.uniform((121.3, 24.3), (122.0, 25.0), (5_000, 2))
    points = gpd.GeoDataFrame(geometry=shapely.points(spots), crs=4490)
    ours = assign_points(points, grids, tolerance_m=0)["grid"]
    joined = points.sjoin(grids[grids["depth"] == 1], predicate="intersects")
    assert ours[joined.index].astype(int).tolist() == joined["index_right"].tolist()
    assert len(joined) > 1_000


# --- lines and areas ------------------------------------------------------------------------------


def test_a_line_is_shared_by_length_and_the_rest_is_the_remainder(town: gpd.GeoDataFrame):
    canal = gpd.GeoSeries([line((5, 5), (25, 5))], index=["canal"], crs=4490)
    shares = assign_lines(canal, town)
    assert shares["line"].tolist() == ["canal"] * 4
    assert shares["grid"].tolist() == [11, 12, 10, pd.NA]
    assert shares["share"].tolist() == pytest.approx([0.25] * 4, abs=1e-6)
    assert shares["length_m"].sum() == pytest.approx(length_m(canal)["canal"], rel=1e-7)


def test_a_line_on_a_shared_border_counts_once_for_the_lower_code(town: gpd.GeoDataFrame):
    border = gpd.GeoSeries([line((10, 0), (10, 10))], crs=4490)
    shares = assign_lines(border, town)
    assert shares["grid"].tolist() == [11]
    assert shares["share"].tolist() == [1.0]


def test_a_line_outside_is_all_remainder_and_an_empty_one_has_no_row(town: gpd.GeoDataFrame):
    far = gpd.GeoSeries([line((50, 50), (60, 50)), None, shapely.LineString()], crs=4490)
    shares = assign_lines(far, town)
    assert shares["line"].tolist() == [0]
    assert shares["grid"].isna().tolist() == [True]


def test_the_largest_share_owns_a_line_and_the_lower_code_a_tie(town: gpd.GeoDataFrame):
    lines = gpd.GeoSeries(
        [line((8, 5), (14, 5)), line((8, 5), (12, 5)), line((50, 5), (51, 5))], crs=4490
    )
    owners = owner_of_lines(assign_lines(lines, town), town)
    assert owners.to_dict() == {0: 12, 1: 11}


def test_an_area_is_shared_by_square_metres(town: gpd.GeoDataFrame):
    site = gpd.GeoDataFrame(geometry=[box(8, 2, 24, 4)], index=["site"], crs=4490)
    shares = assign_areas(site, town)
    assert shares["grid"].tolist() == [11, 12, 10, pd.NA]
    assert shares["share"].tolist() == pytest.approx([2 / 16, 5 / 16, 5 / 16, 4 / 16], abs=1e-5)


def test_an_area_that_crosses_itself_is_mended_first(town: gpd.GeoDataFrame):
    bow = shapely.Polygon(np.array([(1, 1), (3, 3), (3, 1), (1, 3)]) / 1000 + CORNER)
    shares = assign_areas(gpd.GeoSeries([bow], crs=4490), town)
    assert shares["share"].tolist() == [1.0]


@settings(max_examples=40, deadline=None)
@given(boxes=BOXES, spots=st.lists(st.tuples(*[st.integers(0, 18)] * 2), min_size=2, max_size=5))
def test_shares_sum_to_one_and_no_stretch_counts_twice(
    boxes: list[tuple[int, ...]], spots: list[tuple[int, int]]
):
    grids = gpd.GeoDataFrame(
        {"code": [f"{number:02d}" for number in range(len(boxes))], "depth": [b[4] for b in boxes]},
        geometry=[box(x, y, x + w, y + h) for x, y, w, h, _ in boxes],
        crs=4490,
    )
    # A stretch that is drawn twice would count once in the oracle.
    path = shapely.union_all([line(*spots)])
    shares = assign_lines(gpd.GeoSeries([path], crs=4490), grids)
    if path.length == 0:
        assert shares.empty
        return
    assert shares["share"].sum() == pytest.approx(1.0)
    covered = shapely.intersection(path, grids.geometry.union_all()).length / path.length
    inside = shares.loc[shares["grid"].notna(), "share"].sum()
    # Degrees aren't metres, so the two ratios differ a little on slanting lines.
    assert inside == pytest.approx(covered, abs=0.15)
    assert (inside == 0) == (covered < 1e-9)


def test_towns_of_a_real_county_are_shared_among_their_villages(shared_data: Path):
    folder = shared_data / "boundaries"
    towns = gpd.read_file(folder / "tw_yilan_towns.geojson").to_crs(4490).set_index("TOWNCODE")
    villages = gpd.read_file(folder / "tw_yilan_villages.geojson").to_crs(4490)
    villages = villages.assign(code=villages["VILLCODE"].astype(str), depth=3)
    shares = assign_areas(towns, villages)
    assert shares.groupby("area")["share"].sum().to_numpy() == pytest.approx(1.0)
    own = villages.set_index(villages.index)["TOWNCODE"]
    inside = shares[shares["grid"].notna()]
    right = inside["grid"].astype(int).map(own) == inside["area"]
    assert inside.loc[right, "share"].sum() > 0.99 * len(towns)


# --- tilings --------------------------------------------------------------------------------------


def test_a_gap_an_overlap_and_a_child_outside_its_parent_are_found(town: gpd.GeoDataFrame):
    town.loc[11, "geometry"] = box(-1, 0, 11, 10)
    faults = tiling_faults(town, tolerance_m2=100)
    found = {row.kind: (row.grid_a, row.grid_b) for row in faults.itertuples()}
    assert found["overlap"] == (11, 12)
    assert found["outside_parent"] == (11, 10)
    assert found["gap"][0] == 10
    assert faults["kind"].tolist()[0] == "gap"
    assert faults["area_m2"].tolist() == pytest.approx(
        [5 * 10 * 0.866 * 12_321, 10 * 0.866 * 12_321, 10 * 0.866 * 12_321], rel=0.01
    )


def test_the_parent_is_found_by_place_when_no_column_names_it(town: gpd.GeoDataFrame):
    faults = tiling_faults(town.drop(columns="parent"), tolerance_m2=100)
    assert faults[["kind", "grid_a"]].to_numpy().tolist() == [["gap", 10]]


def test_a_clean_tiling_has_no_fault(town: gpd.GeoDataFrame):
    town.loc[12, "geometry"] = box(10, 0, 20, 10)
    assert tiling_faults(town, tolerance_m2=0.01).empty
    assert tiling_faults(town[:0], tolerance_m2=0.01).empty


def test_faults_below_the_tolerance_are_passed_over(town: gpd.GeoDataFrame):
    assert tiling_faults(town, tolerance_m2=1e9).empty
