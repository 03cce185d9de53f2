"""Weights of evidence: how much a level speaks for one matter beside all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from gis.repeats.levels import FALLING, LEVELS, RISING, Field

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_RIDGE = 1.0
"""Pull of every weight towards nothing, in nats: what a few pairs say stays small."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Bits that each level adds to the log2 odds of one matter.

    As with Fellegi and Sunter a level that is twice as common among true pairs as among wrong ones
    adds one bit. But fields depend on each other (the same address says both place and words), so
    the weights are learnt together and each says only what the others do not.
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
    A level nobody has seen weighs nothing. 75,000 pairs take 0.75 s CPU, 700,000 take 4 s.
    """
    matches = int(is_match.sum())
    if matches in {0, is_match.size}:
        fault = "weights are learnt from true and wrong pairs, here are only one sort"
        raise ValueError(fault)
    names, kind = np.unique(np.asarray(kinds, dtype=object).astype(str), return_inverse=True)
    columns = np.column_stack([levels, kind.ravel()])
    sizes = [*(LEVELS[one] for one in Field), names.size]
    _, parts = _fitted(columns, is_match, sizes=sizes)
    fields = {one: _field_bits(one, parts[one], levels[:, one], is_match=is_match) for one in Field}
    by_kind = {str(name): round(float(bit), 3) for name, bit in zip(names, parts[-1], strict=True)}
    raw = Weights(0.0, fields, by_kind)
    return _scaled(raw, raw_bits(raw, levels, kinds=kinds), is_match=is_match)


def raw_bits(weights: Weights, levels: Ints, *, kinds: Sequence[str]) -> Floats:
    """Return the log2 odds of pairs: the prior, the kind and all fields added up."""
    by_kind = np.array([weights.kinds.get(kind, 0.0) for kind in kinds], dtype=float)
    return np.asarray(weights.prior_bits + by_kind + weights.of(levels).sum(axis=1))


def _fitted(columns: Ints, is_match: Flags, *, sizes: Sequence[int]) -> tuple[float, list[Floats]]:
    """Fit prior and a weight for every level of every column (logistic, with a ridge); in bits."""
    offsets = np.cumsum([0, *sizes])
    # Pairs of the same levels are one row with counts: a hundred thousand become some thousand.
    rows, place = np.unique(columns + offsets[:-1], axis=0, return_inverse=True)
    pairs = np.bincount(place.ravel(), minlength=len(rows))
    matches = np.bincount(place.ravel(), weights=is_match, minlength=len(rows))

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = at[0] + at[1:][rows].sum(axis=1)
        value = float((pairs * np.logaddexp(0, odds) - matches * odds).sum())
        wrong = pairs / (1 + np.exp(-odds.clip(-500, 500))) - matches
        slope = np.bincount(
            rows.ravel(), weights=np.repeat(wrong, rows.shape[1]), minlength=at.size - 1
        )
        ridge = _RIDGE * at[1:]
        return value + float(ridge @ at[1:]) / 2, np.r_[wrong.sum(), slope + ridge]

    found = minimize(loss, np.zeros(offsets[-1] + 1), jac=True, method="L-BFGS-B").x / np.log(2)
    return float(found[0]), np.split(found[1:], offsets[1:-1])


def _field_bits(one: Field, bits: Floats, column: Ints, *, is_match: Flags) -> tuple[float, ...]:
    """Return the weights in their order, moved so that 0 bits mean nothing either way."""
    every = np.bincount(column, minlength=bits.size)
    wrong = np.bincount(column[~is_match], minlength=bits.size)
    seen = every > 0
    moved = np.where(seen, bits, 0.0)
    for order, is_rising in ((FALLING.get(one), False), (RISING.get(one), True)):
        if order is not None:
            # Adjacent levels out of order are chance: they are pooled, weighed by their pairs.
            pooled = isotonic_regression(
                moved[order], weights=every[order] + 1e-3, increasing=is_rising
            )
            moved[order] = pooled.x
    # As m and u both add up to 1, the odds 2 ** bits average 1 among wrong pairs.
    moved[seen] -= np.log2((wrong * 2.0**moved).sum() / wrong.sum())
    return tuple(round(float(bit), 3) for bit in moved)


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
        Field.kind: (1.0, -3.0, 0.0, 0.5),
        Field.text: (-0.7, -0.2, 0.3, 1.0, 2.0, 3.0, 0.0),
        Field.reporter: (4.0, -0.3, 0.0),
        Field.crowd: (0.5, 0.5, 0.2, 0.0, -0.3, -0.6, -1.0, 0.0),
    },
)
