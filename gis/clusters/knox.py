"""Near repeats: pairs of complaints near in space and time, and whether chance explains them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree


@dataclass(frozen=True, slots=True)
class KnoxResult:
    """Pairs of complaints by nearness, and how likely as many near repeats are by chance.

    Parameters
    ----------
    near_both, near_space, near_time, pairs
        Pairs near in space and time, near in space, near in time, and all.
    p
        Share of the permutations of the times with as many near repeats, the given among them.
    seed
        Of the permutations.
    """

    near_both: int
    near_space: int
    near_time: int
    pairs: int
    p: float
    replications: int
    seed: int

    @property
    def expected(self) -> float:
        """Return the near repeats if place and time had nothing to do with each other."""
        return self.near_space * self.near_time / self.pairs if self.pairs else 0.0


def knox(
    xy: NDArray[np.float64],
    times: NDArray[np.float64],
    *,
    near_m: float,
    near_time: float,
    replications: int,
    rng: np.random.Generator,
) -> KnoxResult:
    """Count near repeats (Knox 1964) and permute the times.

    Limits are inclusive.

    Parameters
    ----------
    xy
        East and north in metres (n x 2).
    times
        In any unit, that of ``near_time``.

    Notes
    -----
    Cost: replications x pairs near in space, 16 bytes each.
    """
    seed = int(rng.integers(0, 2**63 - 1))
    own = np.random.default_rng(seed)
    count = len(times)
    near = np.empty((0, 2), np.int64)
    if count > 1:
        near = cKDTree(xy).query_pairs(near_m, output_type="ndarray")

    def near_both(permuted: NDArray[np.float64]) -> int:
        return int((np.abs(permuted[near[:, 0]] - permuted[near[:, 1]]) <= near_time).sum())

    observed = near_both(times)
    as_many = sum(near_both(own.permutation(times)) >= observed for _ in range(replications))
    ordered = np.sort(times)
    reach = np.searchsorted(ordered, ordered + near_time, side="right") - np.arange(count) - 1
    return KnoxResult(
        near_both=observed,
        near_space=len(near),
        near_time=int(reach.sum()),
        pairs=count * (count - 1) // 2,
        p=(1 + as_many) / (1 + replications),
        replications=replications,
        seed=seed,
    )
