"""What the compiled scan reads and writes: bundles of arrays, without behaviour."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Field(NamedTuple):
    """What is scanned, and with which cylinders; all but ``days`` is the same when times permute.

    Complaints are in the order of their places: those of place ``p`` lie from ``place_first[p]`` up
    to ``place_first[p + 1]``. Circles are in the order of their centres: those of centre ``i`` lie
    from ``circle_first[i]``; circle ``z`` holds the places ``near[near_first[i]:circle_end[z]]``.
    """

    days: NDArray[np.int32]
    place_first: NDArray[np.int64]
    near: NDArray[np.int64]
    near_first: NDArray[np.int64]
    circle_first: NDArray[np.int64]
    circle_end: NDArray[np.int64]
    circle_size: NDArray[np.int64]
    centre: NDArray[np.int64]
    earliest: NDArray[np.int64]
    """The first start of a window of ``row + 1`` days; the last is the one that ends the period."""
    totals: NDArray[np.float32]
    """Complaints anywhere in the window of ``row + 1`` days that starts on a day."""
    least_cases: int


class Thresholds(NamedTuple):
    """Below the line ``base + slope * total`` no window can reach the floor."""

    row_of: NDArray[np.int64]
    base: NDArray[np.float32]
    slope: NDArray[np.float32]


class Work(NamedTuple):
    """Room for one thread."""

    days: NDArray[np.int32]
    histogram: NDArray[np.int32]
    by_day: NDArray[np.int32]
    before: NDArray[np.float32]


class Taken(NamedTuple):
    """The days of clusters that were reported already and share a place with a circle."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]


class PairList(NamedTuple):
    """Pairs of points: those of point ``i`` stand from ``first[i]`` up to ``first[i + 1]``.

    ``band`` is the position of the smallest limit that a pair's distance doesn't surpass.
    """

    first: NDArray[np.int64]
    other: NDArray[np.int32]
    band: NDArray[np.uint8]
