"""Points → grids, in bulk."""

from enum import StrEnum

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.assign.order import GridOrder, Positions, in_order
from gis.crs import metric_crs_for, require_storage_crs

_NOWHERE = -1
# Coordinates of one place written twice differ in the last digits; a millimetre is a tie.
_TIE_DIGITS_M = 3
# The shortest degree that matters here is one of longitude at 60° N, 55.8 km.
_SHORTEST_DEGREE_M = 55_000.0


class How(StrEnum):
    """How a point came to its grid."""

    INSIDE = "inside"
    BORDER = "border"
    NEAR = "near"
    OUTSIDE = "outside"
    NO_PLACE = "no_place"


def assign_points(
    points: gpd.GeoDataFrame | gpd.GeoSeries, grids: gpd.GeoDataFrame, *, tolerance_m: float
) -> pd.DataFrame:
    """Assign each point to one grid.

    The deepest grid that covers the point has it. When several of that depth do (a shared border,
    an overlap) the lowest code has it. A point that none covers goes to a grid within the
    tolerance: the deepest, then the nearest (to the millimetre), then the lowest code.

    Parameters
    ----------
    points
        Points in EPSG:4490; missing and empty ones are allowed.
    grids
        Grids in force, in EPSG:4490, with ``code`` and ``depth`` (greater is deeper) and a unique
        index. Grids without a geometry take nothing.
    tolerance_m
        How far outside a point may lie, in metres; 0 for not at all.

    Returns
    -------
    A frame with the index of ``points``: ``grid``, the grid's index label or missing; ``how``, one
    of inside, border, near, outside, no_place; ``distance_m``, 0 when covered, missing when there
    is no grid.

    Raises
    ------
    CRSMismatch
        If either frame isn't in storage.
    ValueError
        If a geometry isn't a point.

    Notes
    -----
    One level after the other, a tree of the points still open is asked with the prepared polygons,
    which is some 15 times cheaper than asking a tree of polygons with each point: about 500,000
    points a second on 20,000 polygons of 49 vertices (``benchmarks/assign.py``).
    """
    require_storage_crs(points)
    require_storage_crs(grids)
    shapes = points.geometry.to_numpy()
    open_ = _open_points(shapes)
    ordered = in_order(grids)
    place = np.full(len(shapes), _NOWHERE, dtype=np.intp)
    how = np.full(len(shapes), How.NO_PLACE.value, dtype=object)
    distance = np.full(len(shapes), np.nan)
    how[open_] = How.OUTSIDE.value
    for level in ordered.levels():
        taken, grid, tied = _covering(shapes[open_], ordered.shapes[level])
        rows = open_[taken]
        place[rows] = grid + level.start
        how[rows] = np.where(tied, How.BORDER.value, How.INSIDE.value)
        distance[rows] = 0.0
        open_ = np.delete(open_, taken)
    if tolerance_m > 0 and len(open_):
        taken, grid, away_m = _near(shapes[open_], ordered, tolerance_m)
        rows = open_[taken]
        place[rows], how[rows], distance[rows] = grid, How.NEAR.value, away_m
    return pd.DataFrame(
        {"grid": ordered.labels_at(place), "how": how, "distance_m": distance}, index=points.index
    )


def _open_points(shapes: NDArray[np.object_]) -> Positions:
    kinds = shapely.get_type_id(shapes)
    present = (kinds >= 0) & ~shapely.is_empty(shapes)
    if (kinds[present] != shapely.GeometryType.POINT).any():
        fault = "expected points only"
        raise ValueError(fault)
    return np.flatnonzero(present)


def _covering(
    points: NDArray[np.object_], polygons: NDArray[np.object_]
) -> tuple[Positions, Positions, NDArray[np.bool_]]:
    """Return the covered points, for each the first polygon, and whether there were others."""
    # For a point, to intersect a polygon and to be covered by it are the same, borders included.
    polygon, point = shapely.STRtree(points).query(polygons, predicate="intersects")
    order = np.lexsort((polygon, point))
    covered, first, count = np.unique(point[order], return_index=True, return_counts=True)
    return covered, polygon[order][first], count > 1


def _near(
    points: NDArray[np.object_], ordered: GridOrder, tolerance_m: float
) -> tuple[Positions, Positions, NDArray[np.float64]]:
    """Return the points within the tolerance of a grid, their grids and the distances."""
    none = np.empty(0, dtype=np.intp)
    reach_deg = tolerance_m / _SHORTEST_DEGREE_M
    lowest, highest = shapely.bounds(points)[:, :2], shapely.bounds(points)[:, 2:]
    around = shapely.box(*(lowest - reach_deg).T, *(highest + reach_deg).T)
    # Only the few grids close to an open point are projected.
    close = np.unique(shapely.STRtree(ordered.shapes).query(around)[1])
    if len(close) == 0:
        return none, none, np.empty(0)
    metric = metric_crs_for(gpd.GeoSeries(points).total_bounds)
    polygons_m = gpd.GeoSeries(ordered.shapes[close], crs=4490).to_crs(metric).to_numpy()
    points_m = gpd.GeoSeries(points, crs=4490).to_crs(metric).to_numpy()
    point, polygon = shapely.STRtree(polygons_m).query(
        points_m, predicate="dwithin", distance=tolerance_m
    )
    away_m = shapely.distance(points_m[point], polygons_m[polygon])
    grid = close[polygon]
    # Places are sorted by depth and code, so the place itself breaks the last tie.
    ranks = (grid, away_m.round(_TIE_DIGITS_M), -ordered.depth[grid], point)
    order = np.lexsort(ranks)
    taken, first = np.unique(point[order], return_index=True)
    return taken, grid[order][first], away_m[order][first]
