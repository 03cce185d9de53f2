"""How well raw points fit known lines, read in each reference: how sure an import may be."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import metric_crs_for, require_storage_crs
from gis.datum.convert import to_storage_geometries
from gis.datum.reference import parse_reference
from gis.datum.shift import Floats

_READINGS = ("WGS84", "GCJ02", "BD09")


def evidence(points: gpd.GeoSeries, lines: gpd.GeoSeries | gpd.GeoDataFrame) -> pd.DataFrame:
    """Show how well raw points fit known lines when read in each reference.

    It says how sure an import may be; it never decides.

    Parameters
    ----------
    points
        Raw points in degrees, as the source has them; a reference system on them is ignored.
    lines
        Roads, rivers or borders that we trust, in EPSG:4490.

    Returns
    -------
    One row for each of WGS84, GCJ02 and BD09 (the index ``reference``), best first:
    ``median_m`` and ``quarter_m`` (the quartile below), the distance to the nearest line;
    ``nearest_share``, the share of points that this reading brings nearest (a third by chance);
    ``points``, how many were compared: those in the rectangle of the lines in every reading.
    """
    require_storage_crs(lines)
    shapes = lines.geometry
    readings = {text: to_storage_geometries(points, parse_reference(text)) for text in _READINGS}
    box = shapely.box(*shapes.total_bounds)
    compared = np.logical_and.reduce([reading.intersects(box) for reading in readings.values()])
    metric = metric_crs_for(shapes.total_bounds)
    tree = shapely.STRtree(shapes.to_crs(metric).to_numpy())
    distances = np.vstack(
        [_distances(tree, reading[compared].to_crs(metric)) for reading in readings.values()]
    )
    table = pd.DataFrame(_summary(distances), index=pd.Index(_READINGS, name="reference"))
    return table.sort_values("median_m", kind="stable")


def _distances(tree: shapely.STRtree, points: gpd.GeoSeries) -> Floats:
    _, distance = tree.query_nearest(points.to_numpy(), return_distance=True, all_matches=False)
    return np.asarray(distance, dtype=float)


def _summary(distances: Floats) -> dict[str, object]:
    count = distances.shape[1]
    if count == 0:
        nothing = np.full(len(_READINGS), np.nan)
        return {"median_m": nothing, "quarter_m": nothing, "nearest_share": nothing, "points": 0}
    wins = np.bincount(distances.argmin(axis=0), minlength=len(_READINGS))
    return {
        "median_m": np.median(distances, axis=1),
        "quarter_m": np.quantile(distances, 0.25, axis=1),
        "nearest_share": wins / count,
        "points": count,
    }
