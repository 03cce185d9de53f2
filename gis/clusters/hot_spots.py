"""Cells of a grid with more complaints around them than elsewhere; rare ones are never shown."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm

from gis.clusters.autocorrelation import (
    Autocorrelation,
    false_discovery_share,
    general_g,
    local_g_star,
    moran,
)


@dataclass(frozen=True, slots=True)
class HotSpotRules:
    """The size of cells, the privacy floor, and the share of false alarms that is borne.

    A cell with fewer than ``least_complaints`` or fewer than ``least_reporters`` isn't shown.
    """

    cell_m: float
    least_complaints: int
    least_reporters: int
    false_share: float


@dataclass(frozen=True, slots=True)
class HotSpot:
    """One cell that may be shown: its south-west corner, count, Gi* and share of false alarms."""

    x_m: float
    y_m: float
    count: int
    z: float
    false_share: float
    is_hot: bool


@dataclass(frozen=True, slots=True)
class HotSpots:
    """Cells that may be shown, hottest first; of the others only how many, and what they hold."""

    cells: tuple[HotSpot, ...]
    hidden_cells: int
    hidden_complaints: int
    moran: Autocorrelation
    general_g: Autocorrelation


def hot_spots(
    xy: NDArray[np.float64], reporters: NDArray[np.int64], *, rules: HotSpotRules
) -> HotSpots:
    """Find cells with significantly many complaints in and around them.

    The study area is the convex hull of the complaints: its empty cells count as zeros. Near are
    the eight cells around one. Cells below the floor are counted, but neither they nor their Gi*
    are returned.

    Parameters
    ----------
    xy
        East and north in metres (n x 2).
    reporters
        Who complained, a number each.
    """
    if len(xy) == 0:
        nothing = Autocorrelation(np.nan, np.nan, np.nan, np.nan)
        return HotSpots((), 0, 0, nothing, nothing)
    cells, counts, persons = _counted(xy, reporters, rules.cell_m)
    near = _neighbours(cells)
    values = counts.astype(np.float64)
    z = local_g_star(values, near)
    shares = false_discovery_share(norm.sf(z))
    is_shown = (counts >= rules.least_complaints) & (persons >= rules.least_reporters)
    shown = np.flatnonzero(is_shown)
    shown = shown[np.lexsort((cells[shown, 1], cells[shown, 0], -z[shown]))]
    is_hidden = ~is_shown & (counts > 0)
    return HotSpots(
        tuple(
            HotSpot(
                x_m=float(cells[one, 0] * rules.cell_m),
                y_m=float(cells[one, 1] * rules.cell_m),
                count=int(counts[one]),
                z=float(z[one]),
                false_share=float(shares[one]),
                is_hot=bool(shares[one] <= rules.false_share),
            )
            for one in shown
        ),
        int(is_hidden.sum()),
        int(counts[is_hidden].sum()),
        moran(values, near),
        general_g(values, near),
    )


def _counted(
    xy: NDArray[np.float64], reporters: NDArray[np.int64], cell_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells of the area (column, row), their complaints and their reporters."""
    of_complaint = np.floor(xy / cell_m).astype(np.int64)
    cells = np.unique(np.vstack([of_complaint, _inside_hull(xy, cell_m)]), axis=0)
    index = _index(cells, of_complaint)
    counts = np.bincount(index, minlength=len(cells))
    pairs = np.unique(np.column_stack([index, reporters]), axis=0)
    return cells, counts, np.bincount(pairs[:, 0], minlength=len(cells))


def _inside_hull(xy: NDArray[np.float64], cell_m: float) -> NDArray[np.int64]:
    hull = shapely.MultiPoint(xy).convex_hull
    low = np.floor(xy.min(axis=0) / cell_m).astype(np.int64)
    high = np.floor(xy.max(axis=0) / cell_m).astype(np.int64)
    columns, rows = np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)))
    cells: NDArray[np.int64] = np.column_stack([columns.ravel(), rows.ravel()])
    middles = (cells + 0.5) * cell_m
    is_inside: NDArray[np.bool_] = shapely.contains_xy(hull, middles[:, 0], middles[:, 1])
    return cells[is_inside]


def _index(cells: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of each wanted cell among the sorted cells, -1 for none."""
    low = cells.min(axis=0) - 1
    width = cells[:, 1].max() - low[1] + 2
    codes = (cells[:, 0] - low[0]) * width + cells[:, 1] - low[1]
    sought = (wanted[:, 0] - low[0]) * width + wanted[:, 1] - low[1]
    found = np.minimum(np.searchsorted(codes, sought), len(codes) - 1)
    return np.where(codes[found] == sought, found, -1)


def _neighbours(cells: NDArray[np.int64]) -> csr_array:
    count = len(cells)
    rows, columns = [], []
    for step in [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]:
        found = _index(cells, cells + np.array(step))
        rows.append(np.flatnonzero(found >= 0))
        columns.append(found[found >= 0])
    places = (np.concatenate(rows), np.concatenate(columns))
    return csr_array((np.ones(len(places[0])), places), shape=(count, count))
