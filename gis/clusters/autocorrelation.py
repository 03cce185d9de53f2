"""Do alike values lie together? Moran's I, Getis and Ord's G and local Gi*, false discoveries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array
from scipy.stats import norm


@dataclass(frozen=True, slots=True)
class Autocorrelation:
    """A global statistic, what chance would give, and the probability of as much or more.

    ``p`` is one-sided, in the direction of the deviation. All but ``value`` are NaN where values
    don't vary or nothing has a neighbour.
    """

    value: float
    expected: float
    z: float
    p: float


def moran(values: NDArray[np.float64], weights: csr_array) -> Autocorrelation:
    """Return Moran's I, judged under the assumption that values are normal.

    Parameters
    ----------
    weights
        n x n; how near the row's place is to the column's, with zeros on the diagonal.
    """
    n = len(values)
    away = values - values.mean()
    s0 = weights.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.float64(n * (away @ (weights @ away))) / (s0 * (away @ away))
        expected = np.float64(-1.0) / (n - 1)
        s1, s2 = _sums(weights)
        square = (n * n * s1 - n * s2 + 3 * s0 * s0) / ((n - 1) * (n + 1) * s0 * s0)
        return _judged(value, expected, square - expected**2)


def general_g(values: NDArray[np.float64], weights: csr_array) -> Autocorrelation:
    """Return Getis and Ord's general G of values that aren't negative, judged by permutations.

    Notes
    -----
    A. Getis, J. K. Ord: The analysis of spatial association by use of distance statistics,
    Geographical Analysis 24(3), 1992; the moments are exact under permutations.
    """
    n = len(values)
    s0 = weights.sum()
    s1, s2 = _sums(weights)
    m1, m2, m3, m4 = (float((values**power).sum()) for power in (1, 2, 3, 4))
    b0 = (n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0 * s0
    b1 = -((n * n - n) * s1 - 2 * n * s2 + 6 * s0 * s0)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0 * s0)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0 * s0
    b4 = s1 - s2 + s0 * s0
    top = b0 * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.float64(values @ (weights @ values)) / (m1**2 - m2)
        expected = np.float64(s0) / (n * (n - 1))
        below = np.float64((m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3))
        return _judged(value, expected, top / below - expected**2)


def local_g_star(values: NDArray[np.float64], weights: csr_array) -> NDArray[np.float64]:
    """Return Gi* of every place as a standard normal value: how high the values around it are.

    Parameters
    ----------
    weights
        n x n without a diagonal; every place counts as near to itself with weight 1.

    Returns
    -------
    Zero where values don't vary, or where a place is near to all others.
    """
    n = len(values)
    if n == 0:
        return np.zeros(0)
    near = csr_array(weights + eye_array(n, format="csr"))
    sums = np.asarray(near.sum(axis=1)).ravel()
    squares = np.asarray(near.power(2).sum(axis=1)).ravel()
    over = near @ values - values.mean() * sums
    spread = values.std() * np.sqrt(np.maximum(n * squares - sums**2, 0) / max(1, n - 1))
    z = np.zeros(n)
    np.divide(over, spread, out=z, where=spread > 0)
    return z


def false_discovery_share(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each p-value the share of false alarms when it and all smaller are believed.

    Notes
    -----
    Y. Benjamini, Y. Hochberg: Controlling the false discovery rate, JRSS B 57(1), 1995.
    """
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    shares = np.empty(len(p))
    shares[order] = np.minimum.accumulate(np.minimum(p[order] * len(p) / ranks, 1.0))
    return shares


def _sums(weights: csr_array) -> tuple[float, float]:
    both = weights + weights.T
    rows = np.asarray(weights.sum(axis=1)).ravel() + np.asarray(weights.sum(axis=0)).ravel()
    return float(both.power(2).sum() / 2), float((rows**2).sum())


def _judged(value: np.float64, expected: np.float64, variance: np.float64) -> Autocorrelation:
    z = (value - expected) / np.sqrt(variance)
    return Autocorrelation(float(value), float(expected), float(z), float(norm.sf(abs(z))))
