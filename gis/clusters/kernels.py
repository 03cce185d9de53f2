"""Compiled: counting complaints in cylinders, and the same for permuted times."""

import math

import numpy as np
from numpy.typing import NDArray

from gis.clusters.field import Field, PairList, Taken, Thresholds, Work
from gis.routing.engine.compiled import compiled, inlined

# SplitMix64: the permutations depend on the seed alone, not on numba's or numpy's version.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31, _SHIFT_32 = (np.uint64(n) for n in (30, 27, 31, 32))
_LOW_32 = np.uint64(0xFFFFFFFF)


@compiled
def likelihood_ratio(count: int, product: int, total: int) -> float:
    """Return the logarithm of Kulldorff's ratio; 0 where there are no more than expected.

    ``product`` is complaints inside the circle times complaints inside the window: the expected
    number is ``product / total``.
    """
    expected = product / total
    if count <= expected:
        return 0.0
    inside = count * math.log(count / expected)
    if count == total:
        return inside
    return inside + (total - count) * math.log((total - count) / (total - expected))


@compiled
def permute(days: NDArray[np.int32], seed: int) -> None:
    """Shuffle the days in place."""
    state = np.uint64(seed)
    for last in range(days.size - 1, 0, -1):
        state += _STEP
        mixed = state
        mixed = (mixed ^ (mixed >> _SHIFT_30)) * _MIX_1
        mixed = (mixed ^ (mixed >> _SHIFT_27)) * _MIX_2
        mixed ^= mixed >> _SHIFT_31
        # The upper half times the bound: uneven by less than bound / 2**32.
        other = np.int64(((mixed >> _SHIFT_32) * np.uint64(last + 1)) >> _SHIFT_32)
        days[last], days[other] = days[other], days[last]


@inlined
def _fill(field: Field, work: Work) -> None:
    work.histogram[:, :] = 0
    for place in range(field.place_first.size - 1):
        for case in range(field.place_first[place], field.place_first[place + 1]):
            work.histogram[place, work.days[case]] += 1


@inlined
def _add(work: Work, place: int) -> None:
    for day in range(work.by_day.size):
        work.by_day[day] += work.histogram[place, day]


@inlined
def _sum_up(work: Work) -> None:
    running = np.int32(0)
    for day in range(work.by_day.size):
        running += work.by_day[day]
        work.before[day + 1] = np.float32(running)


@compiled
def _above(
    before: NDArray[np.float32],
    totals: NDArray[np.float32],
    first: int,
    length: int,
    base: float,
    slope: float,
) -> int:
    """Count the windows of a length above the line; this is where the time goes."""
    later = before[first + length :]
    earlier = before[first:]
    held = totals[first:]
    found = np.int32(0)
    for start in range(later.size):
        over = later[start] - earlier[start] > base + slope * held[start]
        found += np.int32(over)
    return int(found)


@compiled
def _best_of_circle(
    field: Field, work: Work, thresholds: Thresholds, circle: int, best: float
) -> float:
    days = field.totals.shape[1]
    size = field.circle_size[circle]
    row = thresholds.row_of[circle]
    for shorter in range(field.earliest.size):
        base, slope = thresholds.base[row, shorter], thresholds.slope[row, shorter]
        if base > size:
            continue
        first, length = field.earliest[shorter], shorter + 1
        if _above(work.before, field.totals[shorter], first, length, base, slope) == 0:
            continue
        for start in range(first, days - shorter):
            count = int(work.before[start + length] - work.before[start])
            held = np.float64(field.totals[shorter, start])
            if count >= field.least_cases and count > base + slope * held:
                ratio = likelihood_ratio(count, size * int(held), work.days.size)
                best = max(best, ratio)
    return best


@compiled
def greatest(field: Field, work: Work, thresholds: Thresholds) -> float:
    """Return the greatest ratio of all cylinders if it reaches the floor, else 0 or less than it.

    ``work.days`` holds the days to scan.
    """
    _fill(field, work)
    best = 0.0
    for centre in range(field.near_first.size - 1):
        work.by_day[:] = 0
        position = field.near_first[centre]
        for circle in range(field.circle_first[centre], field.circle_first[centre + 1]):
            while position < field.circle_end[circle]:
                _add(work, field.near[position])
                position += 1
            _sum_up(work)
            best = _best_of_circle(field, work, thresholds, circle, best)
    return best


@compiled
def replicate(
    field: Field,
    work: Work,
    thresholds: Thresholds,
    seeds: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """Permute the times once per seed, and write down the greatest ratio of each."""
    for index in range(seeds.size):
        for case in range(field.days.size):
            work.days[case] = field.days[case]
        permute(work.days, seeds[index])
        found[index] = greatest(field, work, thresholds)


@compiled
def _is_free(taken: Taken, start: int, end: int) -> bool:
    for index in range(taken.first.size):
        if start <= taken.last[index] and taken.first[index] <= end:
            return False
    return True


@compiled
def _first_of_circle(
    field: Field, work: Work, taken: Taken, circle: int, where: NDArray[np.int64]
) -> float:
    days, total = field.totals.shape[1], work.days.size
    size = field.circle_size[circle]
    best = 0.0
    for shorter in range(field.earliest.size):
        length = shorter + 1
        for start in range(field.earliest[shorter], days - shorter):
            count = int(work.before[start + length] - work.before[start])
            if count < field.least_cases:
                continue
            product = size * int(field.totals[shorter, start])
            expected = product / total
            over = count - expected
            # Taylor: the ratio is at most over² / 2 · (1 / expected + 1 / (total − count)).
            rest = total - count
            if over <= 0 or (
                rest > 0 and over * over * (rest + expected) < 1.999999 * best * expected * rest
            ):
                continue
            ratio = likelihood_ratio(count, product, total)
            if ratio > best and _is_free(taken, start, start + shorter):
                best = ratio
                where[0], where[1] = start, length
    return best


@compiled
def best_in(field: Field, work: Work, taken: Taken, circle: int, where: NDArray[np.int64]) -> float:
    """Find the window of the greatest ratio that has no day of those taken.

    ``where`` receives its first day and its length; ties go to the shorter window, then to the
    earlier. ``work.histogram`` must be filled. Returns the ratio, 0 when there is none.
    """
    work.by_day[:] = 0
    for position in range(field.near_first[field.centre[circle]], field.circle_end[circle]):
        _add(work, field.near[position])
    _sum_up(work)
    return _first_of_circle(field, work, taken, circle, where)


@compiled
def best_of_each(
    field: Field, work: Work, taken: Taken, where: NDArray[np.int64], found: NDArray[np.float64]
) -> None:
    """Write down the greatest ratio of every circle, and fill ``work.histogram``."""
    _fill(field, work)
    for centre in range(field.near_first.size - 1):
        work.by_day[:] = 0
        position = field.near_first[centre]
        for circle in range(field.circle_first[centre], field.circle_first[centre + 1]):
            while position < field.circle_end[circle]:
                _add(work, field.near[position])
                position += 1
            _sum_up(work)
            found[circle] = _first_of_circle(field, work, taken, circle, where)


@inlined
def _band(xy: NDArray[np.float64], squares: NDArray[np.float64], one: int, other: int) -> int:
    """Return the band of a pair's distance; the number of bands where it lies beyond them."""
    east, north = xy[one, 0] - xy[other, 0], xy[one, 1] - xy[other, 1]
    square = east * east + north * north
    band = 0
    while band < squares.size and square > squares[band]:
        band += 1
    return band


@compiled
def count_pairs(
    xy: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    squares: NDArray[np.float64],
    numbers: NDArray[np.int64],
) -> None:
    """Count for every point the later points in each band."""
    for one in range(len(xy)):
        for column in range(low.shape[1]):
            for other in range(max(one + 1, low[one, column]), high[one, column]):
                band = _band(xy, squares, one, other)
                if band < squares.size:
                    numbers[one, band] += 1


@compiled
def list_pairs(
    xy: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    squares: NDArray[np.float64],
    pairs: PairList,
) -> None:
    """Write down the later points in any band, those of each point together."""
    for one in range(len(xy)):
        place = pairs.first[one]
        for column in range(low.shape[1]):
            for other in range(max(one + 1, low[one, column]), high[one, column]):
                band = _band(xy, squares, one, other)
                if band < squares.size:
                    pairs.other[place] = other
                    pairs.band[place] = band
                    place += 1


@compiled
def count_repeats(
    days: NDArray[np.int32],
    pairs: PairList,
    step_of: NDArray[np.uint8],
    numbers: NDArray[np.int64],
) -> None:
    """Count pairs by band of distance and step of days; those too far apart aren't counted."""
    numbers[:, :] = 0
    for one in range(days.size):
        day = days[one]
        for place in range(pairs.first[one], pairs.first[one + 1]):
            apart = abs(day - days[pairs.other[place]])
            if apart < step_of.size:
                numbers[pairs.band[place], step_of[apart]] += 1
