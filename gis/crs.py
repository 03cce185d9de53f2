"""Storage and metric coordinate reference systems; east first everywhere."""

import math
from collections.abc import Sequence
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion

STORAGE_SRID = 4490
STORAGE_CRS = CRS.from_epsg(STORAGE_SRID)
WGS84 = CRS.from_epsg(4326)

# CGCS2000 / 3-degree Gauss-Krueger by central meridian: EPSG 4534 is 75 E, 4554 is 135 E.
_FIRST_ZONE_SRID = 4534
_FIRST_MERIDIAN = 75
_LAST_MERIDIAN = 135
_ZONE_WIDTH = 3
# The EPSG area of use of these zones, widened to whole degrees.
_SOUTHERNMOST, _NORTHERNMOST = 3.0, 54.0
_FALSE_EASTING_M = 500_000.0
# An empty frame has no middle; any zone is as good, so the one in the middle of the country.
_MERIDIAN_OF_NOTHING = 105.0
_M2_IN_KM2 = 1e6
# The method's name in EPSG, whatever code the system has (3857, ESRI 102100, 900913).
_WEB_MERCATOR = "Popular Visualisation Pseudo Mercator"


class CRSMismatch(ValueError):
    """A frame is in another coordinate reference system than the one that was asked for."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(f"expected {expected}, found {found}")


def name_of(crs: CRS | None) -> str:
    """Return a short name of a reference system, such as ``EPSG:4490``, for messages."""
    return "none" if crs is None else str(crs.to_string())


def require_storage_crs(frame_or_series: gpd.GeoDataFrame | gpd.GeoSeries) -> None:
    """Refuse a frame that isn't in the storage reference system, EPSG:4490.

    Raises
    ------
    CRSMismatch
        If the frame declares another reference system or none.
    """
    crs = frame_or_series.crs
    # Readers differ in the declared axis order; the coordinates are always east first.
    if crs is None or not crs.equals(STORAGE_CRS, ignore_axis_order=True):
        raise CRSMismatch(name_of(STORAGE_CRS), name_of(crs))


def require_metric_crs(frame_or_series: gpd.GeoDataFrame | gpd.GeoSeries) -> None:
    """Refuse a frame that isn't in a projected reference system with metres.

    Raises
    ------
    CRSMismatch
        If the frame is in degrees, in feet, in Web Mercator or declares nothing.
    """
    if not is_metric(frame_or_series.crs):
        expected = "a projected reference system in metres"
        raise CRSMismatch(expected, name_of(frame_or_series.crs))


def is_metric(crs: CRS | None) -> bool:
    """Say whether lengths may be measured in this reference system (never in Web Mercator)."""
    if crs is None or not crs.is_projected:
        return False
    operation = crs.coordinate_operation
    if operation is not None and operation.method_name == _WEB_MERCATOR:
        return False
    return all(math.isclose(axis.unit_conversion_factor, 1.0) for axis in crs.axis_info)


def metric_crs_for(bounds_or_lon: float | Sequence[float]) -> CRS:
    """Choose the 3° Gauss-Krüger zone in which the data are measured.

    The zone is the one of the middle longitude. Inside China it is one of EPSG 4534 to 4554;
    elsewhere a transverse Mercator of the same kind on the nearest meridian that 3 divides.
    A middle that lies on the edge of two zones belongs to the eastern one.

    Parameters
    ----------
    bounds_or_lon
        A longitude, or bounds ``(west, south, east, north)``, in degrees.

    Notes
    -----
    At the edge of a zone, 1.5° from the meridian, lengths at 31° N are 0.025 % too large and areas
    0.05 %; data wider than a zone are worse by the square of the distance.

    Raises
    ------
    ValueError
        If the middle isn't a finite number.
    """
    lon, lat = _middle(bounds_or_lon)
    meridian = math.floor(lon / _ZONE_WIDTH + 0.5) * _ZONE_WIDTH
    in_zones = _FIRST_MERIDIAN <= meridian <= _LAST_MERIDIAN
    if in_zones and _SOUTHERNMOST <= lat <= _NORTHERNMOST:
        zone = (meridian - _FIRST_MERIDIAN) // _ZONE_WIDTH
        return CRS.from_epsg(_FIRST_ZONE_SRID + zone)
    return _zone_elsewhere(meridian)


def _middle(bounds_or_lon: float | Sequence[float]) -> tuple[float, float]:
    values = np.atleast_1d(np.asarray(bounds_or_lon, dtype=float))
    if not np.isfinite(values).all() or values.size not in {1, 4}:
        fault = f"expected a longitude or four finite bounds, found {bounds_or_lon!r}"
        raise ValueError(fault)
    if values.size == 1:
        return float(values[0]), (_SOUTHERNMOST + _NORTHERNMOST) / 2
    west, south, east, north = values.tolist()
    return (west + east) / 2, (south + north) / 2


def _zone_elsewhere(meridian: int) -> CRS:
    conversion = TransverseMercatorConversion(
        latitude_natural_origin=0.0,
        longitude_natural_origin=float(meridian),
        false_easting=_FALSE_EASTING_M,
        false_northing=0.0,
        scale_factor_natural_origin=1.0,
    )
    name = f"CGCS2000 / 3-degree transverse Mercator CM {meridian}"
    return ProjectedCRS(conversion=conversion, name=name, geodetic_crs=STORAGE_CRS)


def to_metric(
    frame: gpd.GeoDataFrame | gpd.GeoSeries, *, metric_crs: CRS | None = None
) -> gpd.GeoDataFrame | gpd.GeoSeries:
    """Project a frame from storage to metres.

    Parameters
    ----------
    frame
        A frame or series in EPSG:4490, or already in metres.
    metric_crs
        The system to use; by default the zone of the middle of this frame. Frames that are compared
        must be given the same one.

    Returns
    -------
    The same kind with the same index; a frame that is in metres already is returned as it is when
    no other system is asked for.

    Raises
    ------
    CRSMismatch
        If the frame is neither in storage nor in metres.
    """
    if is_metric(frame.crs):
        return frame if metric_crs is None else frame.to_crs(metric_crs)
    require_storage_crs(frame)
    return frame.to_crs(metric_crs or _zone_of(frame))


def _zone_of(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> CRS:
    bounds = frame.total_bounds
    if not np.isfinite(bounds).all():
        return metric_crs_for(_MERIDIAN_OF_NOTHING)
    return metric_crs_for(bounds)


def project(lonlat: NDArray[np.float64], *, metric_crs: CRS) -> NDArray[np.float64]:
    """Project bare places (n x 2, east first, in EPSG:4490) to metres; no geometries are made."""
    return np.column_stack(_transformer(metric_crs).transform(lonlat[:, 0], lonlat[:, 1]))


def unproject(xy: NDArray[np.float64], *, metric_crs: CRS) -> NDArray[np.float64]:
    """Bring bare places from metres back to degrees in EPSG:4490; the inverse of `project`."""
    backwards = _transformer(metric_crs).transform(xy[:, 0], xy[:, 1], direction="INVERSE")
    return np.column_stack(backwards)


# A process measures in one zone, seldom in two; making a transformer takes milliseconds.
@lru_cache(maxsize=8)
def _transformer(metric_crs: CRS) -> Transformer:
    return Transformer.from_crs(STORAGE_CRS, metric_crs, always_xy=True)


def to_storage(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoDataFrame | gpd.GeoSeries:
    """Bring a frame of any declared reference system to EPSG:4490; the index is kept.

    CGCS2000 and WGS84 are taken as one, which is true to less than a metre. Other datums go by way
    of WGS84: EPSG knows hardly any shift straight to CGCS2000, and PROJ then silently applies none.

    Raises
    ------
    CRSMismatch
        If the frame declares no reference system.
    """
    if frame.crs is None:
        expected = "a declared reference system"
        raise CRSMismatch(expected, name_of(None))
    if frame.crs.geodetic_crs.equals(STORAGE_CRS, ignore_axis_order=True):
        return frame.to_crs(STORAGE_CRS)
    return frame.to_crs(WGS84).set_crs(STORAGE_CRS, allow_override=True)


def area_km2(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.Series:
    """Measure areas in km², in the zone of the data; index as in the frame."""
    return to_metric(frame).area / _M2_IN_KM2


def length_m(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.Series:
    """Measure lengths in metres, in the zone of the data; index as in the frame."""
    return to_metric(frame).length
