"""Pairs of points that lie near each other, found by cells and kept by distance band."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis.clusters.field import PairList


@dataclass(frozen=True, slots=True)
class NearPairs:
    """Pairs of points, numbered in the order of their cells: near ones stand near in memory.

    ``held`` are the pairs of each band, by themselves.
    """

    order: NDArray[np.int64]
    pairs: PairList
    held: NDArray[np.int64]


def near_pairs(
    xy: NDArray[np.float64], limits_m: NDArray[np.float64], *, at_most: int
) -> NearPairs:
    """Return all pairs up to the largest limit, or up to the largest that keeps to ``at_most``.

    Parameters
    ----------
    xy
        East and north in metres (n x 2).
    limits_m
        Ascending; inclusive.

    Returns
    -------
    NearPairs
        ``held`` has all bands, also those beyond ``at_most`` whose pairs aren't listed.

    Notes
    -----
    Cost: a candidate pair of neighbouring cells is measured twice; 5 bytes a pair.
    """
    from gis.clusters import kernels

    cells = np.floor((xy - xy.min(axis=0)) / limits_m[-1]).astype(np.int64) + 1
    order = np.lexsort((xy[:, 1], xy[:, 0], cells[:, 1], cells[:, 0]))
    cells, sorted_xy = cells[order], np.ascontiguousarray(xy[order])
    width = cells[:, 1].max() + 2
    codes = cells[:, 0] * width + cells[:, 1]
    # The three cells of a column stand side by side: a range a column, three ranges a point.
    middles = codes[:, None] + np.array([-width, 0, width])
    low = np.searchsorted(codes, middles - 1, side="left")
    high = np.searchsorted(codes, middles + 1, side="right")
    squares = limits_m**2
    numbers = np.zeros((len(xy), len(limits_m)), np.int64)
    kernels.count_pairs(sorted_xy, low, high, squares, numbers)
    held = numbers.sum(axis=0)
    kept = int(np.searchsorted(np.cumsum(held), at_most, side="right"))
    first = np.concatenate([[0], np.cumsum(numbers[:, :kept].sum(axis=1))])
    size = int(first[-1])
    pairs = PairList(first, np.empty(size, np.int32), np.empty(size, np.uint8))
    if kept:
        kernels.list_pairs(sorted_xy, low, high, squares[:kept], pairs)
    return NearPairs(order, pairs, held)
