"""Geometries from a declared reference to storage, and from storage to a navigation app's."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import STORAGE_CRS, require_storage_crs, to_storage
from gis.datum.reference import Shift, SourceReference
from gis.datum.shift import shift_in_china


def _as_series(geoms: gpd.GeoSeries | NDArray[np.object_]) -> gpd.GeoSeries:
    if isinstance(geoms, gpd.GeoSeries):
        return geoms
    return gpd.GeoSeries(geoms)


def to_storage_geometries(
    geoms: gpd.GeoSeries | NDArray[np.object_], reference: SourceReference
) -> gpd.GeoSeries:
    """Bring geometries of any kind from their declared reference to EPSG:4490.

    Parameters
    ----------
    geoms
        Geometries, east first. A reference system that the series carries is ignored: readers put
        EPSG:4326 on every GeoJSON, whatever the coordinates are; the declaration counts.
    reference
        The declaration.

    Returns
    -------
    A series in EPSG:4490 with the same index. Heights are dropped; missing stays missing. Outside
    the rectangle 72.004-137.8347 E, 0.8293-55.8271 N the shifts of GCJ-02 and BD-09 are nil.

    Notes
    -----
    The inverse shift repeats the forward formula until it moves less than 1e-10°: about
    300,000 vertices a second.
    """
    series = _as_series(geoms)
    if reference.shift is Shift.NONE:
        flat = shapely.force_2d(series.array)
        declared = gpd.GeoSeries(flat, index=series.index, crs=reference.crs)
        return to_storage(declared)
    moved = shapely.transform(
        series.to_numpy(), lambda xy: shift_in_china(xy, reference.shift, inverse=True)
    )
    return gpd.GeoSeries(moved, index=series.index, crs=STORAGE_CRS)


def from_storage_points(points: gpd.GeoSeries, reference: SourceReference) -> gpd.GeoSeries:
    """Express stored geometries in another reference, to hand them to a navigation app.

    Returns
    -------
    A series with the same index. For GCJ-02 and BD-09 it carries no reference system, because
    none describes it and a wrong one would be believed.

    Raises
    ------
    CRSMismatch
        If the points aren't in storage.
    """
    require_storage_crs(points)
    if reference.shift is Shift.NONE:
        return points.to_crs(reference.crs)
    moved = shapely.transform(
        points.to_numpy(), lambda xy: shift_in_china(xy, reference.shift, inverse=False)
    )
    return gpd.GeoSeries(moved, index=points.index)
