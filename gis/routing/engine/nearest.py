"""Compiled: the nearest other tasks of every task."""

import numpy as np

from gis.routing.engine.compiled import compiled, inlined
from gis.routing.engine.model import NEVER, Indices, Integers


@compiled
def fill_nearest(travel: Indices, ends: Indices, nearest: Indices, gaps: Integers) -> None:
    """Write for every task the nearest others, nearest first, by their closest ends.

    ``gaps`` is scratch, as long as a row of ``nearest``: a heap whose top is the farthest task kept
    so far, sorted in the end. In a county 5000 others are looked at for each of 5000 tasks.
    """
    count, width = nearest.shape
    for task in range(count):
        for place in range(width):
            gaps[place] = NEVER
        a, b = ends[task]
        for other in range(count):
            gap = _gap(travel[:, a], travel[:, b], ends[other, 0], ends[other, 1])
            if gap < gaps[0] and other != task:
                _sift(nearest[task], gaps, width, gap, other)
        for size in range(width - 1, 0, -1):
            gap, other = gaps[size], nearest[task, size]
            farthest, gaps[size] = nearest[task, 0], gaps[0]
            _sift(nearest[task], gaps, size, gap, other)
            nearest[task, size] = farthest


@inlined
def _sift(tasks: Indices, gaps: Integers, size: int, gap: int, task: int) -> None:
    """Replace the top of the heap and put it in order again."""
    place = 0
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and gaps[child + 1] > gaps[child]:
            child += 1
        if gaps[child] <= gap:
            break
        gaps[place], tasks[place] = gaps[child], tasks[child]
        place = child
    gaps[place], tasks[place] = gap, task


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
