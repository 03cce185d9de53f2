"""Points on a network: the place nearest to each, and the nearest of every line."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.network.noding import Network

NO_PLACE = "no_place"
TOO_FAR = "too_far"
NO_EDGES = "no_edges"


@dataclass(frozen=True, slots=True)
class Position:
    """A place on an edge.

    Parameters
    ----------
    edge
        Row number of the edge.
    at_m
        Metres from its start.
    """

    edge: int
    at_m: float


def snap(points: gpd.GeoSeries | gpd.GeoDataFrame, network: Network, max_m: float) -> pd.DataFrame:
    """Find the nearest place of the network for each point.

    Of edges at the same distance the first has it.

    Parameters
    ----------
    points
        Points, in any declared reference system.
    network
        The network.
    max_m
        How far away a place may be.

    Returns
    -------
    A frame with the index of ``points``: ``edge`` (missing when there is none), ``position_m`` from
    the start of the edge, ``distance_m`` (also of a place that is too far), ``reason``: empty,
    ``no_place`` for a missing point, ``too_far``, ``no_edges``.
    """
    shapes = points.geometry.to_crs(network.crs).to_numpy()
    edge = np.full(len(shapes), -1, dtype=np.int64)
    at_m, away_m = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
    reason = np.full(len(shapes), NO_EDGES if network.edges.empty else "", dtype=object)
    lines = network.edges.geometry.to_numpy()
    if len(lines):
        (point, line), distance = shapely.STRtree(lines).query_nearest(
            shapes, return_distance=True, all_matches=True
        )
        order = np.lexsort((line, point))
        row, first = np.unique(point[order], return_index=True)
        edge[row], away_m[row] = line[order][first], distance[order][first]
        at_m[row] = shapely.line_locate_point(lines[edge[row]], shapes[row])
    reason[away_m > max_m] = TOO_FAR
    reason[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = NO_PLACE
    refused = reason != ""
    edge[refused], at_m[refused] = -1, np.nan
    return pd.DataFrame(
        {
            "edge": pd.array(edge, dtype="Int64").take(
                np.where(refused, -1, np.arange(len(edge))), allow_fill=True
            ),
            "position_m": at_m,
            "distance_m": away_m,
            "reason": reason,
        },
        index=points.index,
    )


def nearest_by_line(point: shapely.Point, network: Network, max_m: float) -> pd.DataFrame:
    """Find the nearest place of every source line around a point.

    Parameters
    ----------
    point
        In the reference system of the network.
    max_m
        How far away a place may be.

    Returns
    -------
    One row a line that comes near enough, nearest first: ``line``, ``edge``, ``position_m``,
    ``distance_m``. Of edges of a line at the same distance the first has it.
    """
    edges = network.edges
    shapes = edges.geometry.to_numpy()
    away_m = shapely.distance(shapes, point)
    near = np.flatnonzero(away_m <= max_m)
    near = near[np.argsort(away_m[near], kind="stable")]
    found = pd.DataFrame(
        {
            "line": edges["line"].to_numpy()[near],
            "edge": near,
            "position_m": shapely.line_locate_point(shapes[near], point),
            "distance_m": away_m[near],
        }
    )
    return found.drop_duplicates("line", ignore_index=True)
