"""Coordinates that stand for "not found": shared by complaints of every kind."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LEAST_ROWS = 40
"""Complaints at one coordinate before it is suspected; a tower block seldom has as many."""
_JUDGED_EVERY = 10
_SAME_SPOT_M = 0.1
_MIXED_SHARE = 0.6
"""Of the whole's entropy: a real hot spot has few kinds, a fallback point those of everything."""
_DIFFERENT_TEXTS_SHARE = 0.5

Spot = tuple[float, float]


class SharedPlaces:
    """Counts what is said at each coordinate and judges which of them are fallbacks.

    A coordinate is a fallback when at least 40 complaints share it to the decimetre and the mix of
    their kinds is nearly that of all complaints (60 % of its entropy). Where kinds tell nothing,
    because all are alike, half of the texts there must differ.
    """

    def __init__(self) -> None:
        self._kinds: dict[Spot, Counter[str]] = {}
        self._texts: dict[Spot, set[str]] = {}
        self._all: Counter[str] = Counter()
        self._crowded: set[Spot] = set()
        self._fallbacks: set[Spot] = set()

    def add(self, xy: tuple[float, float], *, kind: str, text: str) -> None:
        """Count a complaint at its place in metres."""
        spot = _spot(xy)
        self._all[kind] += 1
        here = self._kinds.setdefault(spot, Counter())
        here[kind] += 1
        self._texts.setdefault(spot, set()).add(text)
        rows = here.total()
        if rows >= _LEAST_ROWS:
            self._crowded.add(spot)
        if rows >= _LEAST_ROWS and rows % _JUDGED_EVERY == 0:
            self._judge(spot)

    def review(self) -> None:
        """Judge every crowded coordinate by all that is known now; after adding many at once."""
        for spot in self._crowded:
            self._judge(spot)

    def _judge(self, spot: Spot) -> None:
        if self._is_mixed(spot):
            self._fallbacks.add(spot)
        else:
            self._fallbacks.discard(spot)

    def _is_mixed(self, spot: Spot) -> bool:
        here = self._kinds[spot]
        # The place itself is left out: a fallback with half of all rows is not its own yardstick.
        elsewhere = self._all - here
        if elsewhere.total() < _LEAST_ROWS:
            return False
        whole = _entropy(elsewhere)
        if whole > 0:
            return _entropy(here) >= _MIXED_SHARE * whole
        return len(self._texts[spot]) >= _DIFFERENT_TEXTS_SHARE * here.total()

    def on_fallback(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which of (n, 2) places are judged fallbacks by now; False for NaN."""
        found = np.zeros(len(points), dtype=bool)
        for spot in self._fallbacks:
            found |= (np.abs(points - spot) < _SAME_SPOT_M).all(axis=1)
        return found


def _spot(xy: tuple[float, float]) -> Spot:
    return round(xy[0], 1), round(xy[1], 1)


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def fallback_coordinates(
    points: NDArray[np.float64], kinds: Sequence[str], texts: Sequence[str]
) -> NDArray[np.bool_]:
    """Say which rows lie on a coordinate that implausibly many different complaints share.

    Parameters
    ----------
    points
        (n, 2) metres; NaN without a place.
    kinds, texts
        n each.

    Returns
    -------
    (n,) True where the coordinate carries no evidence of the place.

    Notes
    -----
    O(n) time and memory; the rule is the one of `SharedPlaces`.
    """
    places = SharedPlaces()
    for (east, north), kind, text in zip(points.tolist(), kinds, texts, strict=True):
        if math.isfinite(east + north):
            places.add((east, north), kind=kind, text=text)
    places.review()
    return places.on_fallback(points)
