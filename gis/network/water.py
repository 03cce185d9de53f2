"""Centre-lines of rivers and canals → the network the water follows."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.network.noding import SNAP_M, Network, Shapes, node_lines
from gis.network.tracing import Flags

REVERSED = "reversed"
EITHER_WAY = ("unknown", "both")
"""Directions that let the water be followed both ways."""


@dataclass(frozen=True, slots=True)
class Water:
    """A directed network of waters.

    Parameters
    ----------
    network
        Edges lead as the water flows; ``line`` is the index label of the waterway.
    either_way
        For each edge, whether its direction isn't known or changes.
    apart
        Waterways that should flow into another but end short of it, with the metres between them.
    """

    network: Network
    either_way: Flags
    apart: pd.Series


def water_network(waterways: gpd.GeoDataFrame, *, join_m: float) -> Water:
    """Turn, join and node waterways.

    A waterway whose direction isn't known, but that is known to flow into another and has just one
    end near it, flows to that end. A mouth that misses the other water by up to ``join_m`` is led
    to it, because centre-lines of small waters often end at the bank of the larger.

    Parameters
    ----------
    waterways
        Lines in a metric reference system with a unique index; ``direction``: ``digitised``,
        ``reversed``, ``unknown`` or ``both``; ``into``: index label of the waterway it flows into,
        missing when unknown or not among them.
    join_m
        The largest gap at a mouth that is closed.

    Raises
    ------
    CRSMismatch
        If the lines aren't in metres.

    Notes
    -----
    Cost: the rivers of a country (840 lines, 69,000 vertices) 0.14 s CPU, a city's 850 surveyed
    drains 0.02 s; nearly all of it is `node_lines`.
    """
    direction = waterways["direction"].to_numpy(dtype=object).copy()
    shapes = shapely.force_2d(waterways.geometry.to_numpy()).copy()
    for row in np.flatnonzero(direction == REVERSED):
        shapes[row] = _turned(shapes[row])
    into = waterways.index.get_indexer(waterways["into"])
    gaps: dict[object, float] = {}
    for row in np.flatnonzero(into >= 0):
        if direction[row] == EITHER_WAY[0]:
            shapes[row], direction[row] = _towards(shapes[row], shapes[into[row]], join_m)
        if direction[row] in EITHER_WAY:
            continue
        gap_m = shapely.distance(_mouth(shapes[row]), shapes[into[row]])
        if SNAP_M < gap_m <= join_m:
            shapes[row] = _led_to(shapes[row], shapes[into[row]])
        elif gap_m > join_m:
            gaps[waterways.index[row]] = float(gap_m)
    lines = gpd.GeoDataFrame(index=waterways.index, geometry=shapes, crs=waterways.crs)
    network = node_lines(lines, directed=True)
    is_open = pd.Series(np.isin(direction, EITHER_WAY), index=waterways.index)
    either_way = network.edges["line"].map(is_open).to_numpy(dtype=bool)
    return Water(network, either_way, pd.Series(gaps, dtype=float))


def _parts(shape: shapely.Geometry) -> Shapes:
    parts: Shapes = shapely.get_parts(shape)
    return parts


def _turned(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.multilinestrings(shapely.reverse(_parts(shape))[::-1])


def _mouth(shape: shapely.Geometry) -> shapely.Point:
    return shapely.get_point(_parts(shape)[-1], -1)


def _towards(
    shape: shapely.Geometry, other: shapely.Geometry, join_m: float
) -> tuple[shapely.Geometry, str]:
    """Return the waterway as it flows to the other, if one of its ends alone is near."""
    turned = _turned(shape)
    ends_there = shapely.distance(_mouth(shape), other) <= join_m
    starts_there = shapely.distance(_mouth(turned), other) <= join_m
    if ends_there == starts_there:
        return shape, EITHER_WAY[0]
    return (shape, "digitised") if ends_there else (turned, "digitised")


def _led_to(shape: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    parts = list(_parts(shape))
    joint = shapely.get_coordinates(shapely.shortest_line(_mouth(shape), other))[-1]
    parts[-1] = shapely.linestrings(np.vstack([shapely.get_coordinates(parts[-1]), joint]))
    return shapely.multilinestrings(parts)
