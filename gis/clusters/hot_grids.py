"""Supervision grids with many complaints in and around them: Gi* with permutations."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from gis.clusters.autocorrelation import false_discovery_share, local_g_star

_SLACK = 1e-9
"""Sums of the same roots in another order are equal."""


@dataclass(frozen=True, slots=True)
class HotGrids:
    """A value for each grid, in their order.

    Parameters
    ----------
    around
        Complaints of the grid's neighbours together.
    z
        Gi* as a standard normal value.
    p
        Share of the permutations in which the neighbours hold as much, the given among them.
    q
        Share of false alarms when this and all surer grids are believed.
    is_busy
        Whether the grid itself has more than the mean: a quiet one beside busy ones isn't hot.
    """

    around: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]
    q: NDArray[np.float64]
    is_busy: NDArray[np.bool_]
    replications: int
    seed: int


def hot_grids(
    counts: NDArray[np.int64], near: csr_array, *, replications: int, rng: np.random.Generator
) -> HotGrids:
    """Judge every grid by its own complaints and those of its neighbours (local Gi*).

    What is added up are square roots of the counts: counts vary the more the larger they are, their
    roots evenly; otherwise the busiest grid alone would outweigh any number of busy neighbours.

    The p-value keeps the grid's own count and gives its neighbours the counts of other grids drawn
    by chance (conditional permutation, upwards only): one grid with much beside quiet ones is not
    a hot spot, it has a cluster or a surge of its own. Without neighbours p is 1. Numbers of
    people, of visits or of willingness to complain are not asked for and not told.

    Parameters
    ----------
    near
        n x n, 1 for neighbours, without a diagonal; see ``neighbours_of``.

    Notes
    -----
    J. K. Ord, A. Getis: Local spatial autocorrelation statistics, Geographical Analysis 27(4),
    1995. Y. Benjamini, Y. Hochberg: Controlling the false discovery rate, JRSS B 57(1), 1995.

    Cost: replications x neighbour pairs.
    """
    seed = int(rng.integers(0, 2**63 - 1))
    own = np.random.default_rng(seed)
    count, numbers = len(counts), np.diff(near.indptr)
    around = np.asarray(near @ counts, np.int64)
    most = int(numbers.max(initial=0))
    roots = np.sqrt(counts)
    sums = near @ roots
    p = np.ones(count)
    if most:
        draws = np.array([own.permutation(count - 1)[:most] for _ in range(replications)])
        for grid in np.flatnonzero(numbers):
            others = np.delete(roots, grid)
            drawn = others[draws[:, : numbers[grid]]].sum(axis=1)
            p[grid] = (1 + (drawn >= sums[grid] - _SLACK).sum()) / (1 + replications)
    return HotGrids(
        around=around,
        neighbours=numbers.astype(np.int64),
        z=local_g_star(roots, near),
        p=p,
        q=false_discovery_share(p),
        is_busy=roots > roots.mean() if count else np.zeros(0, bool),
        replications=replications,
        seed=seed,
    )


def neighbours_of(shapes: NDArray[np.object_], *, gap_m: float) -> csr_array:
    """Return which shapes are neighbours: 1 where they touch or lie at most a gap apart.

    Parameters
    ----------
    shapes
        Polygons in metres. Borders drawn twice seldom meet, hence the gap.

    Returns
    -------
    csr_array
        n x n, symmetric, zeros on the diagonal.
    """
    count = len(shapes)
    if count == 0:
        return csr_array((0, 0))
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_m)
    one, other = one[one != other], other[one != other]
    near = csr_array((np.ones(len(one)), (one, other)), shape=(count, count))
    near.sort_indices()
    return near
