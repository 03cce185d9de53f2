"""Compiled: the nearest other tasks of every task."""

import numpy as np

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.model import NEVER, Indices, Integers


@compiled
def fill_nearest(travel: Indices, ends: Indices, nearest: Indices, keys: Integers) -> None:
    """Write for every task the nearest others, nearest first, by their closest ends.

    Ties take the lower number. ``keys`` is scratch, as long as a row of ``nearest``: a heap whose
    top is the farthest task kept so far. In a county 5000 others are looked at for each of 5000.
    """
    count, width = nearest.shape
    for task in range(count):
        a, b = ends[task]
        for place in range(width):
            keys[place] = NEVER
        for other in range(count):
            gap = _gap(travel[:, a], travel[:, b], ends[other, 0], ends[other, 1])
            key = gap * count + other
            if key < keys[0] and other != task:
                _sift(keys, width, key)
        for size in range(width - 1, -1, -1):
            farthest = keys[0]
            _sift(keys, size, keys[size])
            nearest[task, size] = farthest % count


@inlined
def _sift(keys: Integers, size: int, key: int) -> None:
    """Replace the top of the heap and put it in order again."""
    place, child = 0, 1
    while child < size:
        if child + 1 < size and keys[child + 1] > keys[child]:
            child += 1
        if keys[child] <= key:
            break
        keys[place] = keys[child]
        place, child = child, 2 * child + 1
    keys[place] = key


@inlined
def _gap(first: Indices, last: Indices, start: int, end: int) -> int:
    """Return four times the distance of two tasks in the fastest mode, and a bit.

    ``first`` and ``last`` are the ways from the ends of one task, per mode; ``start`` and ``end``
    the nodes of the other. The farther ends break ties: reaches meeting at a node are sorted by
    where they lead.
    """
    there, away = min(first[0, start], last[0, end]), min(first[0, end], last[0, start])
    others = np.int64(first[0, start]) + np.int64(last[0, end])
    for mode in range(1, len(first)):
        there = min(there, min(first[mode, start], last[mode, end]))
        away = min(away, min(first[mode, end], last[mode, start]))
        others = min(others, np.int64(first[mode, start]) + np.int64(last[mode, end]))
    return int(np.int64(min(there, away)) * 4 + (others >> 3))
