"""Faults of a tiling: overlaps, gaps, and children that leave their parent."""

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.crs import metric_crs_for, require_storage_crs

Shapes = NDArray[np.object_]
OVERLAP = "overlap"
GAP = "gap"
OUTSIDE_PARENT = "outside_parent"


@dataclass(frozen=True, slots=True)
class _Fault:
    kind: str
    grid_a: object
    grid_b: object
    geometry: shapely.Geometry


def tiling_faults(grids: gpd.GeoDataFrame, *, tolerance_m2: float) -> gpd.GeoDataFrame:
    """Find where grids overlap, leave gaps or stick out of their parent.

    Parameters
    ----------
    grids
        Grids in force in EPSG:4490 with ``code`` and ``depth``, and ``parent`` (index label or
        missing). Without a ``parent`` column the parent is the grid one level up that contains a
        point of the child.
    tolerance_m2
        Smaller faults are passed over; each piece of a gap counts for itself.

    Returns
    -------
    Faults in EPSG:4490, the largest first: ``kind``; ``grid_a`` and ``grid_b``, index labels;
    ``area_m2``; ``geometry``. ``overlap``: two grids of one depth, a the lower code. ``gap``: a
    piece of parent a that no child covers (b is missing); a grid without children has none.
    ``outside_parent``: child a outside its parent b.

    Notes
    -----
    A hole between grids of the top depth isn't a gap: nothing says they should fill it. Invalid
    shapes are judged as `shapely.make_valid` reads them.
    """
    require_storage_crs(grids)
    present = grids[~(grids.geometry.isna() | grids.geometry.is_empty)].sort_values("code")
    shapes = pd.Series(shapely.make_valid(present.geometry.to_numpy()), index=present.index)
    faults = [*_overlaps(present, shapes), *_against_parents(_parents(present), shapes)]
    return _table(faults, present, tolerance_m2)


def _overlaps(grids: gpd.GeoDataFrame, shapes: pd.Series) -> Iterator[_Fault]:
    array, depth = shapes.to_numpy(), grids["depth"].to_numpy()
    first, second = shapely.STRtree(array).query(array, predicate="intersects")
    pairs = (first < second) & (depth[first] == depth[second])
    first, second = first[pairs], second[pairs]
    common = shapely.intersection(array[first], array[second])
    for place in np.flatnonzero(shapely.area(common) > 0):
        labels = grids.index[first[place]], grids.index[second[place]]
        yield _Fault(OVERLAP, *labels, _polygons_of(common[place]))


def _parents(grids: gpd.GeoDataFrame) -> pd.Series:
    """Return the parent's label of each child that has one among these grids."""
    if "parent" in grids.columns:
        return grids["parent"][grids["parent"].isin(grids.index)]
    inner = shapely.point_on_surface(grids.geometry.to_numpy())
    shapes, depth = grids.geometry.to_numpy(), grids["depth"].to_numpy()
    child, parent = shapely.STRtree(shapes).query(inner, predicate="intersects")
    above = depth[parent] == depth[child] - 1
    child, parent = child[above], parent[above]
    labels = pd.Series(grids.index.take(parent), index=grids.index.take(child), dtype=object)
    return labels[~labels.index.duplicated()]


def _against_parents(parents: pd.Series, shapes: pd.Series) -> Iterator[_Fault]:
    for parent, children in parents.groupby(parents, sort=True):
        below = shapes[children.index]
        gap = shapely.difference(shapes[parent], shapely.union_all(below.to_numpy()))
        for piece in shapely.get_parts(gap):
            yield _Fault(GAP, parent, pd.NA, piece)
        outside = shapely.difference(below.to_numpy(), shapes[parent])
        for child, piece in zip(below.index, outside, strict=True):
            yield _Fault(OUTSIDE_PARENT, child, parent, piece)


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _table(faults: list[_Fault], grids: gpd.GeoDataFrame, tolerance_m2: float) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame(
        {
            "kind": [fault.kind for fault in faults],
            "grid_a": pd.Series([fault.grid_a for fault in faults], dtype=object),
            "grid_b": pd.Series([fault.grid_b for fault in faults], dtype=object),
            "area_m2": np.zeros(len(faults)),
        },
        geometry=[fault.geometry for fault in faults],
        crs=grids.crs,
    )
    if table.empty:
        return table
    metric = metric_crs_for(grids.total_bounds)
    measured = table.assign(area_m2=table.geometry.to_crs(metric).area.to_numpy())
    large = measured[measured["area_m2"] > tolerance_m2]
    return large.sort_values("area_m2", ascending=False, kind="stable").reset_index(drop=True)
