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
    """The circles around every centre, smallest first; see ``field.Field`` for the layout."""

    centres: NDArray[np.float64]
    near: NDArray[np.int64]
    near_first: NDArray[np.int64]
    circle_first: NDArray[np.int64]
    circle_end: NDArray[np.int64]
    size: NDArray[np.int64]
    radius_m: NDArray[np.float64]
    centre: NDArray[np.int64]
    is_whole: bool


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


def circles_of(
    places: Places,
    centres: NDArray[np.float64],
    *,
    radius_m: float,
    share: float,
    at_most: int,
) -> Circles:
    """Draw the circles around every centre up to a radius and a share of all complaints.

    A circle ends at a place; places equally far are in it together. Where that makes more than
    ``at_most`` circles, each centre keeps its share of them (two at least): the smallest, the
    largest, and between them those whose number of places grows by a constant factor.
    """
    limit = share * places.counts.sum()
    tree = cKDTree(places.xy)
    sorted_near, ends_here = [], []
    near, ends, radii, sizes = [], [], [], []
    for middle, neighbours in zip(centres, tree.query_ball_point(centres, radius_m), strict=True):
        found = np.sort(np.array(neighbours, dtype=np.int64))
        far = np.hypot(*(places.xy[found] - middle).T)
        order = np.argsort(far, kind="stable")
        found, far = found[order], far[order]
        held = np.cumsum(places.counts[found])
        is_end = held <= limit
        is_end[:-1] &= far[1:] > far[:-1]
        ends_here.append(np.flatnonzero(is_end))
        sorted_near.append((found, far, held))
    is_whole = sum(map(len, ends_here)) <= at_most
    per_centre = max(2, at_most // max(1, len(centres)))
    for (found, far, held), every in zip(sorted_near, ends_here, strict=True):
        kept = every if is_whole else _some(every, per_centre)
        near.append(found[: kept[-1] + 1] if kept.size else found[:0])
        ends.append(kept + 1)
        radii.append(far[kept])
        sizes.append(held[kept])
    near_first = _firsts(near)
    ends = [one + first for one, first in zip(ends, near_first, strict=False)]
    return Circles(
        centres,
        np.concatenate(near, dtype=np.int64),
        near_first,
        _firsts(ends),
        np.concatenate(ends, dtype=np.int64),
        np.concatenate(sizes, dtype=np.int64),
        np.concatenate(radii, dtype=np.float64),
        np.repeat(np.arange(len(ends)), [len(one) for one in ends]),
        is_whole,
    )


def _some(positions: NDArray[np.int64], at_most: int) -> NDArray[np.int64]:
    if positions.size <= at_most:
        return positions
    steps = np.geomspace(1, positions.size, at_most)
    return positions[np.unique(np.round(steps).astype(np.int64)) - 1]


def _firsts(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
