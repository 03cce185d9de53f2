"""Declared references, shifts, degrees, rows and evidence."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis import datum
from gis.crs import STORAGE_CRS, CRSMismatch
from gis.rejection import Rejection

GCJ02 = datum.parse_reference("GCJ02")
BD09 = datum.parse_reference("BD09")
WGS84 = datum.parse_reference("WGS84")
ZONE_38 = datum.parse_reference("EPSG:4547")


def points(lon: object, lat: object, crs: object = None) -> gpd.GeoSeries:
    return gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=crs)


def metres_apart(one: gpd.GeoSeries, other: gpd.GeoSeries) -> np.ndarray:
    return np.array(Geod(ellps="GRS80").inv(one.x, one.y, other.x, other.y)[2])


# --- declarations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("EPSG:4326", "EPSG:4326"),
        ("wgs84", "EPSG:4326"),
        ("ＷＧＳ－８４", "EPSG:4326"),
        ("CGCS 2000", "EPSG:4490"),
        ("urn:ogc:def:crs:EPSG::4547", "EPSG:4547"),
        ("GCJ-02", "GCJ02"),
        ("gcj02", "GCJ02"),
        ("BD-09", "BD09"),
        ("bd09ll", "BD09"),
    ],
)
def test_a_declaration_is_read_however_it_is_written(text: str, canonical: str):
    assert datum.parse_reference(text).text == canonical


@pytest.mark.parametrize("text", ["", "4326", "Mars", "EPSG:999999", "EPSG:5773", "EPSG:4978"])
def test_a_declaration_that_names_nothing_plane_is_refused_with_what_was_expected(text: str):
    with pytest.raises(datum.UnknownReference) as refused:
        datum.parse_reference(text)
    assert refused.value.found == text
    assert refused.value.expected


@pytest.mark.parametrize(
    ("text", "accuracy_m"),
    [("EPSG:4547", 0.0), ("WGS84", 1.0), ("EPSG:4214", None), ("EPSG:4610", None), ("GCJ02", 1.0)],
)
def test_a_reference_says_how_well_places_can_be_known(text: str, accuracy_m: float | None):
    assert datum.parse_reference(text).accuracy_m == accuracy_m


# --- shifts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reference", "name"), [(GCJ02, "gcj02"), (BD09, "bd09")])
def test_332_published_cities_agree_within_the_publisher_s_own_difference(
    shared_data: Path, reference: datum.SourceReference, name: str
):
    cities = pd.read_csv(shared_data / "coord_transform" / "gcoord_china_cities_even.csv")
    wgs84 = points(cities["wgs84_x"], cities["wgs84_y"], STORAGE_CRS)
    shifted = points(cities[f"{name}_x"], cities[f"{name}_y"])
    # The published values carry 7 decimals and another earth radius: 0.67 m, never above 0.75 m.
    assert metres_apart(datum.from_storage_points(wgs84, reference), shifted).max() < 0.75
    assert metres_apart(datum.to_storage_geometries(shifted, reference), wgs84).max() < 0.75


def test_published_pairs_of_another_implementation_agree_to_the_millimetre(shared_data: Path):
    pairs = pd.read_csv(shared_data / "coord_transform" / "eviltransform_pairs.csv")
    # Its two BD-09 pairs are 10 and 41 m off: they take a plain π for π · 3000 / 180.
    pairs = pairs[pairs["to_crs"] == "gcj02"]
    ours = datum.from_storage_points(points(pairs["from_lng"], pairs["from_lat"], 4490), GCJ02)
    assert metres_apart(ours, points(pairs["to_lng"], pairs["to_lat"])).max() < 1e-3


PLACES = st.lists(st.tuples(st.floats(73.0, 135.0), st.floats(3.0, 54.0)), min_size=1, max_size=50)


@settings(max_examples=60, deadline=None)
@given(places=PLACES, reference=st.sampled_from([GCJ02, BD09]))
def test_shift_and_back_is_exact_to_a_hundred_millionth_of_a_degree(
    places: list[tuple[float, float]], reference: datum.SourceReference
):
    lon, lat = np.array(places).T
    stored = points(lon, lat, STORAGE_CRS)
    back = datum.to_storage_geometries(datum.from_storage_points(stored, reference), reference)
    assert np.abs(back.x - lon).max() < 1e-8
    assert np.abs(back.y - lat).max() < 1e-8


@pytest.mark.parametrize("lon", [105.0, 105.0 + 1e-9, 104.999999])
def test_the_kink_of_the_formula_at_its_origin_does_no_harm(lon: float):
    stored = points([lon], [35.0], STORAGE_CRS)
    back = datum.to_storage_geometries(datum.from_storage_points(stored, GCJ02), GCJ02)
    assert abs(back.x[0] - lon) < 1e-8


@settings(max_examples=30, deadline=None)
@given(lon=st.floats(73, 135), lat=st.floats(3, 54))
def test_the_shift_is_between_some_metres_and_a_kilometre(lon: float, lat: float):
    stored = points([lon], [lat], STORAGE_CRS)
    shifted = datum.from_storage_points(stored, GCJ02)
    assert 1 < metres_apart(shifted, stored)[0] < 1_000


@pytest.mark.parametrize(("lon", "lat"), [(-71.06, 42.36), (2.35, 48.86), (151.2, -33.9)])
def test_outside_china_nothing_is_shifted(lon: float, lat: float):
    raw = points([lon], [lat])
    assert datum.to_storage_geometries(raw, BD09).iloc[0] == shapely.Point(lon, lat)


def test_every_kind_of_geometry_is_shifted_vertex_by_vertex_and_missing_stays_missing():
    ring = shapely.box(114.0, 30.0, 114.1, 30.1)
    kinds = [
        ring,
        shapely.MultiPolygon([ring]),
        ring.exterior,
        shapely.MultiPoint([(114.0, 30.0)]),
        shapely.GeometryCollection([shapely.Point(114.0, 30.0)]),
        shapely.Point(),
        None,
    ]
    raw = gpd.GeoSeries(kinds, index=list("abcdefg"), crs=4326)
    stored = datum.to_storage_geometries(raw, GCJ02)
    assert list(stored.index) == list("abcdefg")
    assert stored.crs == STORAGE_CRS
    assert list(stored.geom_type.dropna()) == list(raw.geom_type.dropna())
    assert stored["g"] is None
    corner = datum.to_storage_geometries(points([114.0], [30.0]), GCJ02).iloc[0]
    for kind in "abcde":
        near = shapely.distance(shapely.points(shapely.get_coordinates(stored[kind])), corner)
        assert near.min() < 1e-12


def test_what_a_reader_put_on_the_series_doesn_t_count_against_the_declaration():
    raw = gpd.GeoSeries([shapely.Point(500_000, 3_400_000)], crs=4326)
    place = datum.to_storage_geometries(raw, ZONE_38).iloc[0]
    assert place.x == pytest.approx(114.0, abs=1e-9)
    assert place.y == pytest.approx(30.72062, abs=1e-5)


def test_heights_are_dropped():
    raw = gpd.GeoSeries([shapely.Point(114, 30, 25)])
    for reference in (WGS84, GCJ02):
        assert not datum.to_storage_geometries(raw, reference).has_z[0]


def test_an_array_is_as_good_as_a_series():
    stored = datum.to_storage_geometries(shapely.points([114.0], [30.0]), WGS84)
    assert stored.crs == STORAGE_CRS


def test_a_shifted_hand_off_carries_no_reference_system():
    stored = points([114.0], [30.0], STORAGE_CRS)
    assert datum.from_storage_points(stored, GCJ02).crs is None
    assert datum.from_storage_points(stored, ZONE_38).crs.to_epsg() == 4547


def test_only_stored_points_are_handed_off():
    with pytest.raises(CRSMismatch):
        datum.from_storage_points(points([114.0], [30.0], 4326), GCJ02)


def test_counties_published_in_three_frames_fall_together_once_declared(shared_data: Path):
    folder = shared_data / "boundaries"
    amap = gpd.read_file(folder / "counties_amap_gcj02.geojson").set_index("adcode")
    wgs84 = gpd.read_file(folder / "counties_amap_rectified_wgs84.geojson").set_index("adcode")
    theirs = wgs84.geometry.make_valid().loc[amap.index].to_numpy()

    def overlap(reference: datum.SourceReference) -> float:
        ours = datum.to_storage_geometries(amap.geometry, reference).make_valid().to_numpy()
        common, either = shapely.intersection(ours, theirs), shapely.union(ours, theirs)
        return float(np.median(shapely.area(common) / shapely.area(either)))

    # The other publisher simplified the outlines, so they can't be equal.
    assert overlap(GCJ02) > 0.995
    assert overlap(WGS84) < 0.98


# --- degrees --------------------------------------------------------------------------------------

THREE_MINUTES_19 = 114 + 3 / 60 + 19 / 3600


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("114°3′19″", THREE_MINUTES_19),
        ("114°03'19\"E", THREE_MINUTES_19),
        ("114º03´19´´", THREE_MINUTES_19),
        ("114° 3' 19''", THREE_MINUTES_19),
        ("E114°3′19″", THREE_MINUTES_19),
        ("东经114度3分19秒", THREE_MINUTES_19),
        ("１１４°３′１９″", THREE_MINUTES_19),
        ("１１４．５", 114.5),
        ("114 3 19", THREE_MINUTES_19),
        ("114°3.5′", 114 + 3.5 / 60),
        ("114°", 114.0),
        ("30.5°N", 30.5),
        ("南纬30°30′", -30.5),
        ("-30°30′", -30.5),
        ("71.25W", -71.25),
        (" 114.0553 ", 114.0553),
        ("-0.5", -0.5),
    ],
)
def test_an_angle_is_read_however_it_is_written(text: str, degrees: float):
    assert datum.parse_dms(text) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "114°61′", "114°3′60″", "-30.5S", "E114N", "114,05", "1e3", "nan", "114 3", "°3′"],
)
def test_what_is_no_angle_is_refused(text: str):
    with pytest.raises(datum.NotDegrees):
        datum.parse_dms(text)


@settings(max_examples=150, deadline=None)
@given(st.floats(-180, 180))
def test_an_angle_that_was_written_reads_the_same(degrees: float):
    written = datum.format_dms(degrees, decimals=6)
    assert datum.parse_dms(written) == pytest.approx(degrees, abs=2e-10)


@pytest.mark.parametrize(
    ("degrees", "written"),
    [(114.05527777777, "114°03′19.00″"), (-0.99999999, "-1°00′00.00″"), (-1e-12, "0°00′00.00″")],
)
def test_seconds_carry_over_and_nothing_has_no_sign(degrees: float, written: str):
    assert datum.format_dms(degrees) == written


# --- rows -----------------------------------------------------------------------------------------

ROWS = [  # longitude, latitude, the fault if any
    ("114.3", "30.6", ""),
    ("114°3′19″", "30°36′", ""),
    (87.6, 43.8, ""),  # western China, the right way round
    (-71.06, 42.36, ""),  # abroad
    (None, 30.6, "coordinates_missing"),
    ("  ", "30.6", "coordinates_missing"),
    (114.3, float("nan"), "coordinates_missing"),
    ("不详", "30.6", "coordinates_not_a_number"),
    ("114.3", "30°75′", "coordinates_not_a_number"),
    ("NaN", "30.6", "coordinates_not_finite"),
    (114.3, float("inf"), "coordinates_not_finite"),
    (0, 0, "coordinates_zero"),
    (30.6, 114.3, "coordinates_swapped"),
    ("43.8", "87.6", "coordinates_swapped"),  # 87.6 could be a latitude, but not here
    (500_000, 3_400_000, "coordinates_projected"),
    (200, 10, "coordinates_out_of_range"),
    (114.3, -91, "coordinates_out_of_range"),
]


def test_each_row_is_located_or_rejected_with_the_reason_that_holds():
    rows = pd.DataFrame(ROWS, columns=["经度", "纬度", "fault"], dtype=object)
    rows.index = [f"r{number}" for number in range(len(rows))]
    places, rejections = datum.locate_rows(rows, "经度", "纬度", reference=WGS84)
    assert list(places.index) == list(rows.index[rows["fault"] == ""])
    assert places.crs == STORAGE_CRS
    faults = {number: fault for number, (_, _, fault) in enumerate(ROWS, start=1) if fault}
    assert {rejection.row: rejection.reason for rejection in rejections} == faults
    assert rejections[3].facts == {"lon": "不详", "lat": "30.6", "reference": "EPSG:4326"}


@pytest.mark.parametrize(("lon", "lat", "fault"), ROWS)
def test_one_pair_is_judged_as_in_a_table(lon: object, lat: object, fault: str):
    found = datum.locate(lon, lat, WGS84, row=7)
    if fault:
        assert isinstance(found, Rejection)
        assert (found.row, found.reason) == (7, fault)
    else:
        assert isinstance(found, datum.Located)
        assert (found.lon_raw, found.lat_raw) == (str(lon), str(lat))


@pytest.mark.parametrize(
    ("east", "north", "fault"),
    [
        (500_000, 3_400_000, ""),
        (3_400_000, 500_000, "coordinates_swapped"),
        (114.3, 30.6, "coordinates_geographic"),
        (38_500_000, 3_400_000, "coordinates_out_of_range"),  # carries a zone number
        (0, 0, "coordinates_zero"),
    ],
)
def test_projected_rows_have_their_own_faults(east: float, north: float, fault: str):
    found = datum.locate(east, north, ZONE_38)
    assert (found.reason if isinstance(found, Rejection) else "") == fault


def test_a_table_without_rows_has_no_places_and_no_faults():
    places, rejections = datum.locate_rows(
        pd.DataFrame({"lon": [], "lat": []}), "lon", "lat", reference=ZONE_38
    )
    assert len(places) == 0
    assert rejections == []


def test_the_enterprises_of_two_cities_are_all_located(shared_data: Path):
    table = "ningxia_key_sources_yinchuan_wuzhong.csv"
    rows = pd.read_csv(shared_data / "sources_outlets" / table, dtype=str)
    places, rejections = datum.locate_rows(rows, "lng", "lat", reference=WGS84)
    assert len(places) + len(rejections) == 115
    assert places.x.between(104, 108).all()


# --- evidence -------------------------------------------------------------------------------------


def test_points_named_after_bridges_and_roads_say_that_they_are_gcj02(shared_data: Path):
    table = shared_data / "sources_outlets" / "wuhan_dongxihu_monitoring_points.csv"
    rows = pd.read_csv(table)
    rows = rows[rows["STLC"].fillna("").str.contains("桥|路")]
    roads = gpd.read_file(shared_data / "rivers_roads" / "wuhan_dongxihu_roads.gpkg")
    table = datum.evidence(points(rows["LGTD"], rows["LTTD"]), roads.to_crs(4490))
    assert table.index[0] == "GCJ02"
    assert table.loc["GCJ02", "median_m"] == pytest.approx(10.7, abs=1.0)
    assert table.loc["WGS84", "median_m"] == pytest.approx(120, abs=3)
    assert table.loc["GCJ02", "nearest_share"] > 0.7


@pytest.mark.parametrize("truth", ["WGS84", "GCJ02", "BD09"])
def test_points_on_lines_speak_for_the_reference_they_were_written_in(truth: str):
    rng = np.random.default_rng(3)
    ends = rng.uniform((114.0, 30.0), (114.2, 30.2), (40, 2, 2))
    lines = gpd.GeoSeries(shapely.linestrings(ends), crs=4490)
    middles = shapely.line_interpolate_point(lines.to_numpy(), 0.5, normalized=True)
    on_lines = gpd.GeoSeries(middles, crs=4490)
    raw = datum.from_storage_points(on_lines, datum.parse_reference(truth))
    table = datum.evidence(raw, lines)
    assert table.index[0] == truth
    assert table.iloc[0]["median_m"] < 2
    assert table.iloc[1]["median_m"] > 10


def test_points_far_from_every_line_are_no_evidence():
    lines = gpd.GeoSeries([shapely.LineString([(114, 30), (114.1, 30.1)])], crs=4490)
    table = datum.evidence(points([100.0], [25.0]), lines)
    assert (table["points"] == 0).all()
    assert table["median_m"].isna().all()
