"""Weights of evidence after Fellegi and Sunter: how much commoner a level is among repeats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from gis.repeats.levels import FALLING, LEVELS, RISING, Field

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SMOOTHING = 1.0
"""Pseudo-count of a level, shared out as in the whole; keeps weights finite."""
_KIND_SMOOTHING = 10.0
"""Complaints as average as the whole that are added to each kind."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Bits that each level adds to the log2 odds of one matter.

    A weight is log2 of m / u: m is the level's share among true pairs, u among wrong ones. Fields
    depend on each other (the same address says both place and words), so all weights of a set are
    scaled by one factor that makes the sum a probability.
    """

    prior_bits: float
    """Log2 odds before anything is compared."""
    fields: Mapping[Field, tuple[float, ...]]
    kinds: Mapping[str, float] = field(default_factory=dict)
    """By kind of the new complaint: some kinds are repeated far more often than others."""

    def of(self, levels: Ints) -> Floats:
        """Return (n, 6) bits for (n, 6) levels."""
        return np.column_stack([np.array(self.fields[one])[levels[:, one]] for one in Field])


def learn(levels: Ints, *, is_match: Flags, kinds: Sequence[str]) -> Weights:
    """Learn the weights from compared pairs.

    Parameters
    ----------
    levels
        (n, 6) levels of pairs, as `Comparisons.levels` gives them.
    is_match
        (n,) whether the pair is one matter.
    kinds
        Kind of the newer complaint of each pair.

    Returns
    -------
    Weights that never rise with distance, time or crowding and never fall with likeness. Without a
    true pair or without a wrong one nothing can be learnt.

    Raises
    ------
    ValueError
        If all pairs are true or all are wrong.

    Notes
    -----
    O(n); a level nobody has seen weighs nothing.
    """
    matches = int(is_match.sum())
    if matches in {0, is_match.size}:
        fault = "weights are learnt from true and wrong pairs, here are only one sort"
        raise ValueError(fault)
    fields = {one: _field_bits(one, levels[:, one], is_match=is_match) for one in Field}
    raw = Weights(0.0, fields, _kind_bits(kinds, is_match=is_match))
    return _scaled(raw, raw_bits(raw, levels, kinds=kinds), is_match=is_match)


def raw_bits(weights: Weights, levels: Ints, *, kinds: Sequence[str]) -> Floats:
    """Return the log2 odds of pairs: the prior, the kind and all fields added up."""
    by_kind = np.array([weights.kinds.get(kind, 0.0) for kind in kinds], dtype=float)
    return np.asarray(weights.prior_bits + by_kind + weights.of(levels).sum(axis=1))


def _field_bits(one: Field, column: Ints, *, is_match: Flags) -> tuple[float, ...]:
    size = LEVELS[one]
    every = np.bincount(column, minlength=size)
    share = (every + 1e-9) / (every + 1e-9).sum()
    m = _shares(column[is_match], share)
    u = _shares(column[~is_match], share)
    bits = np.log2(m / u)
    bits[every == 0] = 0.0
    for order, is_rising in ((FALLING.get(one), False), (RISING.get(one), True)):
        if order is not None:
            # Adjacent levels out of order are chance: they are pooled, weighed by their pairs.
            pooled = isotonic_regression(
                bits[order], weights=every[order] + 1e-3, increasing=is_rising
            )
            bits[order] = pooled.x
    return tuple(round(float(bit), 3) for bit in bits)


def _shares(column: Ints, prior: Floats) -> Floats:
    counts = np.bincount(column, minlength=prior.size) + _SMOOTHING * prior * prior.size
    return np.asarray(counts / counts.sum())


def _kind_bits(kinds: Sequence[str], *, is_match: Flags) -> dict[str, float]:
    names, place = np.unique(np.asarray(kinds, dtype=object).astype(str), return_inverse=True)
    share = is_match.mean()
    rows = np.bincount(place, minlength=names.size)
    repeats = np.bincount(place, weights=is_match, minlength=names.size)
    rate = (repeats + _KIND_SMOOTHING * share) / (rows + _KIND_SMOOTHING)
    bits = np.log2(rate / (1 - rate).clip(1e-6)) - np.log2(share / (1 - share))
    return {str(name): round(float(bit), 3) for name, bit in zip(names, bits, strict=True)}


def _scaled(raw: Weights, bits: Floats, *, is_match: Flags) -> Weights:
    """Fit prior + factor × bits to what happened (logistic, two numbers)."""
    nats = bits * np.log(2)
    sign = np.where(is_match, 1.0, -1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = sign * (at[0] + at[1] * nats)
        slope = -sign / (1 + np.exp(odds.clip(-500, 500)))
        value = float(np.logaddexp(0, -odds).sum()) + (at[1] - 1) ** 2 / 2
        return value, np.array([slope.sum(), (slope * nats).sum() + at[1] - 1])

    start, factor = minimize(
        loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, None)]
    ).x
    fields = {
        one: tuple(round(bit * factor, 3) for bit in bits) for one, bits in raw.fields.items()
    }
    kinds = {name: round(bit * factor, 3) for name, bit in raw.kinds.items()}
    return Weights(round(float(start / np.log(2)), 3), fields, kinds)


PROPOSED = Weights(
    prior_bits=-5.0,
    fields={
        Field.place: (3.5, 3.0, 2.5, 2.0, 1.5, 0.8, 0.2, -0.5, -3.0, -0.5),
        Field.time: (3.0, 2.0, 1.5, 1.0, 0.6, 0.3, 0.0, -0.5, -1.0, -1.5),
        Field.kind: (1.0, -3.0, 0.0),
        Field.text: (-0.7, -0.2, 0.3, 1.0, 2.0, 3.0, 0.0),
        Field.reporter: (4.0, -0.3, 0.0),
        Field.crowd: (0.5, 0.5, 0.2, 0.0, -0.3, -0.6, -1.0, 0.0),
    },
)
