"""Where complaints lie: places told apart, merged to cells where there are too many."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

_FIRST_CELL_M = 25.0
_GROWTH = 1.25
"""The smallest cell that places are merged to; it grows until they are few enough."""


@dataclass(frozen=True, slots=True)
class Places:
    """Places in the order of their coordinates, and the place of every complaint.

    ``cell_m`` is None where places are those of the complaints; otherwise each is the middle of
    the complaints of a square cell of this size.
    """

    xy: NDArray[np.float64]
    of_complaint: NDArray[np.int64]
    counts: NDArray[np.int64]
    cell_m: float | None


@dataclass(frozen=True, slots=True)
class Circles:
    """The circles around every place, smallest first; see ``kernels.Field`` for the layout."""

    near: NDArray[np.int64]
    near_first: NDArray[np.int64]
    circle_first: NDArray[np.int64]
    circle_end: NDArray[np.int64]
    size: NDArray[np.int64]
    radius_m: NDArray[np.float64]
    centre: NDArray[np.int64]


def places_of(xy: NDArray[np.float64], *, at_most: int) -> Places:
    """Tell places apart; with more than ``at_most`` merge those of one square cell.

    Parameters
    ----------
    xy
        East and north of each complaint in metres (n x 2).
    """
    distinct, of_complaint = np.unique(xy, axis=0, return_inverse=True)
    if len(distinct) <= at_most:
        counts = np.bincount(of_complaint, minlength=len(distinct))
        return Places(distinct, of_complaint.astype(np.int64), counts, None)
    cell_m = _FIRST_CELL_M
    while True:
        cells, of_complaint = np.unique(np.floor(xy / cell_m), axis=0, return_inverse=True)
        if len(cells) <= at_most:
            break
        cell_m *= _GROWTH
    counts = np.bincount(of_complaint)
    sums = [np.bincount(of_complaint, weights=axis) for axis in xy.T]
    return Places(np.column_stack(sums) / counts[:, None], of_complaint, counts, cell_m)


def circles_of(places: Places, *, radius_m: float, share: float, per_place: int) -> Circles:
    """Draw the circles around every place up to a radius and a share of all complaints.

    A circle ends at a place; places equally far are in it together. Where a place has more than
    ``per_place`` such circles, as many are kept, the number of places in them growing by a constant
    factor, the smallest and the largest among them.
    """
    limit = share * places.counts.sum()
    tree = cKDTree(places.xy)
    near, ends, radii, sizes = [], [], [], []
    for middle, neighbours in zip(
        places.xy, tree.query_ball_point(places.xy, radius_m), strict=True
    ):
        found = np.sort(np.array(neighbours, dtype=np.int64))
        far = np.hypot(*(places.xy[found] - middle).T)
        order = np.argsort(far, kind="stable")
        found, far = found[order], far[order]
        held = np.cumsum(places.counts[found])
        is_end = np.append(far[1:] > far[:-1], True) & (held <= limit)
        kept = _some(np.flatnonzero(is_end), per_place)
        near.append(found[: kept[-1] + 1] if kept.size else found[:0])
        ends.append(kept + 1)
        radii.append(far[kept])
        sizes.append(held[kept])
    near_first = _firsts(near)
    ends = [one + first for one, first in zip(ends, near_first, strict=False)]
    return Circles(
        np.concatenate(near, dtype=np.int64),
        near_first,
        _firsts(ends),
        np.concatenate(ends, dtype=np.int64),
        np.concatenate(sizes, dtype=np.int64),
        np.concatenate(radii, dtype=np.float64),
        np.repeat(np.arange(len(ends)), [len(one) for one in ends]),
    )


def _some(positions: NDArray[np.int64], at_most: int) -> NDArray[np.int64]:
    if positions.size <= at_most:
        return positions
    steps = np.geomspace(1, positions.size, at_most)
    return positions[np.unique(np.round(steps).astype(np.int64)) - 1]


def _firsts(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
