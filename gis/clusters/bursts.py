"""Surges: units that suddenly get more complaints than their own past lets expect."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

from gis.clusters.autocorrelation import false_discovery_share

_PRIOR = 0.5
"""Jeffreys' prior of a Poisson rate: a unit without any past has half a complaint."""
_LEAST_SPREAD = 1 + 1e-9
"""The negative binomial has no limit at the Poisson variance itself."""


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """Complaints of many units: in the window looked at and in equal windows of the past.

    Parameters
    ----------
    observed, history
        Complaints of each unit in the window and in all windows of the past together (n).
    squares
        Sum over the past windows of the square of each unit's complaints (n).
    windows
        How many windows the past has.
    """

    observed: NDArray[np.int64]
    history: NDArray[np.int64]
    squares: NDArray[np.int64]
    windows: int


@dataclass(frozen=True, slots=True)
class Surge:
    """A unit (its position) with its complaints, those of its past and those expected.

    ``p`` is the probability of as many, ``false_share`` that of false alarms when it is believed.
    """

    unit: int
    observed: int
    history: int
    expected: float
    p: float
    false_share: float


def surges(counts: UnitCounts, *, count_min: int, false_share: float) -> list[Surge]:
    """Find the units whose complaints in the window their own past does not explain.

    Each unit is compared with itself: its rate is that of its past, known only as well as so many
    complaints tell it. Windows of one unit scatter more than chance alone (one event, many calls);
    how much more is taken from the past of all units together. The count of the window then is
    negative binomial, and ``p`` the probability of as many or more. Of all units tested, those are
    returned whose share of false alarms (Benjamini and Hochberg) is borne and that have at least
    ``count_min`` complaints, surest first, ties by position.

    Notes
    -----
    Cost: linear in the units. Without any unit or past window there are no surges.
    """
    if len(counts.observed) == 0 or counts.windows == 0:
        return []
    rate = (counts.history + _PRIOR) / counts.windows
    variance = rate * spread(counts) + rate**2 / (counts.history + _PRIOR)
    size = rate**2 / (variance - rate)
    p = nbinom.sf(counts.observed - 1, size, rate / variance)
    share = false_discovery_share(p)
    rings = np.flatnonzero((share <= false_share) & (counts.observed >= count_min))
    return [
        Surge(
            int(unit),
            int(counts.observed[unit]),
            int(counts.history[unit]),
            float(rate[unit]),
            float(max(p[unit], np.finfo(float).tiny)),
            float(max(share[unit], np.finfo(float).tiny)),
        )
        for unit in rings[np.argsort(p[rings], kind="stable")]
    ]


def spread(counts: UnitCounts) -> float:
    """Return the variance of past windows in means, over all units; never below chance's 1.

    Chance alone gives (windows - 1) means' worth of squared differences for each unit.
    """
    mean = counts.history / counts.windows
    differences = float((counts.squares - counts.windows * mean**2).sum())
    by_chance = float((counts.windows - 1) * mean.sum())
    return max(_LEAST_SPREAD, differences / by_chance if by_chance > 0 else 1.0)
