"""Storage and metric reference systems."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis import crs


def at(lon: float, lat: float) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.Point(lon, lat)], crs=crs.STORAGE_CRS)


@pytest.mark.parametrize(
    ("lon", "srid"),
    [(75.0, 4534), (114.3, 4547), (112.49, 4546), (112.5, 4547), (135.0, 4554), (73.6, 4534)],
)
def test_the_zone_is_the_one_of_the_middle_longitude(lon: float, srid: int):
    assert crs.metric_crs_for(lon).to_epsg() == srid


def test_bounds_are_measured_in_the_zone_of_their_middle():
    assert crs.metric_crs_for((113.0, 30.0, 115.2, 31.0)).to_epsg() == 4547


def test_outside_china_the_zone_is_a_transverse_mercator_on_the_nearest_third_meridian():
    boston = crs.metric_crs_for((-71.2, 42.2, -70.9, 42.4))
    assert boston.to_epsg() is None
    east, north = crs.to_metric(at(-72.0, 42.0), metric_crs=boston).get_coordinates().iloc[0]
    assert east == pytest.approx(500_000, abs=1e-6)
    arc_m = Geod(ellps="GRS80").inv(-72.0, 0.0, -72.0, 42.0)[2]
    assert north == pytest.approx(arc_m, abs=1e-3)


def test_a_chinese_longitude_at_a_southern_latitude_is_no_chinese_zone():
    assert crs.metric_crs_for((115.0, -33.0, 116.0, -32.0)).to_epsg() is None


@pytest.mark.parametrize("bounds", [np.nan, (1.0, 2.0), (0.0, 0.0, np.inf, 1.0)])
def test_a_middle_that_is_no_number_is_refused(bounds: object):
    with pytest.raises(ValueError, match="expected a longitude or four finite bounds"):
        crs.metric_crs_for(bounds)


def test_east_comes_first_in_metres():
    x, y = crs.to_metric(at(114.0, 30.0)).get_coordinates().iloc[0]
    assert x == pytest.approx(500_000, abs=1e-6)
    assert 3_320_000 < y < 3_321_000


@pytest.mark.parametrize("declared", ["EPSG:4326", "EPSG:4547", None])
def test_another_reference_system_is_refused_by_name(declared: str | None):
    series = gpd.GeoSeries([shapely.Point(114, 30)], crs=declared)
    with pytest.raises(crs.CRSMismatch) as refused:
        crs.require_storage_crs(series)
    assert refused.value.expected == "EPSG:4490"
    assert refused.value.found == (declared or "none")


@pytest.mark.parametrize("code", ["EPSG:3857", "ESRI:102100"])
def test_lengths_are_never_measured_in_web_mercator(code: str):
    series = at(114.0, 30.0).to_crs(code)
    with pytest.raises(crs.CRSMismatch):
        crs.require_metric_crs(series)
    with pytest.raises(crs.CRSMismatch):
        crs.to_metric(series)


def test_feet_are_not_metres():
    assert not crs.is_metric(gpd.GeoSeries([], crs=2263).crs)


def test_a_frame_in_metres_stays_as_it_is():
    metric = crs.to_metric(at(114.0, 30.0))
    assert crs.to_metric(metric) is metric


def test_an_empty_frame_has_a_zone_too():
    empty = gpd.GeoDataFrame(geometry=[], crs=crs.STORAGE_CRS)
    assert crs.is_metric(crs.to_metric(empty).crs)


def test_storage_and_back_keeps_index_and_place():
    series = gpd.GeoSeries(shapely.points([114.1, 114.2], [30.1, 30.2]), index=["a", "b"], crs=4490)
    back = crs.to_storage(crs.to_metric(series))
    assert list(back.index) == ["a", "b"]
    assert shapely.distance(back.to_numpy(), series.to_numpy()).max() < 1e-9


def test_another_datum_is_shifted_on_its_way_to_storage():
    # Greenwich's meridian circle in the British grid; without the shift it is 100 m off.
    greenwich = gpd.GeoSeries([shapely.Point(538_883, 177_322)], crs=27700)
    place = crs.to_storage(greenwich).iloc[0]
    off_m = Geod(ellps="GRS80").inv(place.x, place.y, -0.00148, 51.47782)[2]
    assert off_m < 30


def test_storage_needs_a_declared_origin():
    with pytest.raises(crs.CRSMismatch, match="found none"):
        crs.to_storage(gpd.GeoSeries([shapely.Point(114, 30)]))


@settings(max_examples=40, deadline=None)
@given(
    lon=st.floats(74, 135), lat=st.floats(18, 53), side=st.floats(0.001, 0.2), lean=st.floats(0, 1)
)
def test_lengths_and_areas_agree_with_the_ellipsoid(
    lon: float, lat: float, side: float, lean: float
):
    corners = [(lon, lat), (lon + side, lat + lean * side), (lon + side / 3, lat + side * 1.5)]
    ring = shapely.Polygon(corners)
    series = gpd.GeoSeries([ring], crs=crs.STORAGE_CRS)
    area_m2, length_m = Geod(ellps="GRS80").geometry_area_perimeter(ring)
    assert crs.area_km2(series)[0] == pytest.approx(abs(area_m2) / 1e6, rel=2e-3)
    assert crs.length_m(series)[0] == pytest.approx(length_m, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(112.5, 115.5), st.floats(20, 45)), max_size=5))
def test_bare_places_are_projected_as_geometries_are_and_back(places: list[tuple[float, float]]):
    lonlat = np.array(places, dtype=float).reshape(-1, 2)
    zone = crs.metric_crs_for(114.0)
    xy = crs.project(lonlat, metric_crs=zone)
    series = gpd.GeoSeries.from_xy(*lonlat.T, crs=crs.STORAGE_CRS).to_crs(zone)
    assert xy == pytest.approx(shapely.get_coordinates(series.to_numpy()), abs=1e-6)
    assert crs.unproject(xy, metric_crs=zone) == pytest.approx(lonlat, abs=1e-9)
