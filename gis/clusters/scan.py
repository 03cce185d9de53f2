"""The space-time permutation scan: where and when there are more complaints than usual."""

import heapq
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from gis.clusters.field import Field, Taken, Thresholds, Work
from gis.clusters.places import Circles, Places, circles_of, places_of
from gis.clusters.study import Cluster, ScanResult, ScanRules, ScanStopped, Study

_HALVINGS = 40
_AT_ONCE = 16
"""Replications between two questions whether to go on: less than a second's work each time."""
_SLACK = 1e-9
"""Ratios of one cylinder computed twice are equal; the threshold is solved to less than this."""


def scan(
    study: Study,
    *,
    rules: ScanRules,
    rng: np.random.Generator,
    workers: int = 1,
    stopped: Callable[[], bool] | None = None,
) -> ScanResult:
    """Find space-time clusters after Kulldorff et al. (2005) and say how likely chance is.

    How many complaints a circle holds and how many come on a day are taken as they are: what is
    looked for is that a circle has more on some days than its share of these days. So places with
    many complaints, weekdays and seasons are no clusters by themselves.

    Cylinders are centred on the places of complaints and end at a place. Their ratio is that of the
    Poisson likelihoods; the p-value is the share of permutations of the times, the given order
    among them, whose greatest ratio is as great. The first cluster is the cylinder of the
    greatest ratio, each further one the next that shares no place on one day with those before; its
    p-value is cautious (it is compared with greatest ratios).

    Parameters
    ----------
    rng
        Gives a seed to each replication.
    workers
        Threads; the result doesn't depend on them, nor on the order of the complaints.
    stopped
        Asked after every few replications; True ends the scan.

    Returns
    -------
    ScanResult
        Exact (every place a centre, every circle tried) while there are at most
        ``rules.max_places`` places and ``rules.max_circles`` circles. Beyond that places are merged
        to square cells and radii are thinned out: outlines are then coarser, and p-values still
        valid, because replications are scanned in the same way. Clusters that every replication
        surpasses are left out.

    Raises
    ------
    UnusableComplaints
        When arrays differ in length, coordinates aren't finite, or a day lies outside the period.
    ScanStopped
        When ``stopped`` said so.

    Notes
    -----
    M. Kulldorff, R. Heffernan, J. Hartman, R. Assunção, F. Mostashari: A space-time permutation
    scan statistic for disease outbreak detection, PLoS Medicine 2(3), 2005.

    Cost: replications x circles x windows; `benchmarks/clusters.py` measures it.
    """
    study.check()
    seeds = rng.integers(0, 2**63 - 1, rules.replications, dtype=np.int64)
    maxima = np.zeros(len(seeds))
    if len(study.days) == 0:
        return ScanResult((), 0, 0, 0, 0, None, is_exact=True, seeds=seeds, maxima=maxima)
    scanner = _Scanner(study, rules)
    found = list(scanner.cylinders())
    if found:
        floor = found[-1].ratio - _SLACK
        maxima = scanner.maxima(seeds, floor=floor, workers=workers, stopped=stopped)
    return scanner.result(found, seeds, maxima)


@dataclass(frozen=True, slots=True)
class _Cylinder:
    circle: int
    first: int
    length: int
    ratio: float


class _Scanner:
    """The arrays of one scan."""

    def __init__(self, study: Study, rules: ScanRules) -> None:
        # Only here numba is loaded: pages that scan nothing save its 100 MB.
        from gis.clusters import kernels

        self._kernels = kernels
        self._rules = rules
        # In an order of their own, so that the order of the input changes nothing.
        self._order = np.lexsort((study.days, study.xy[:, 1], study.xy[:, 0]))
        xy, centres = study.xy[self._order], study.centres
        self._start, end = study.span()
        self._length = end - self._start + 1
        self._days = days = study.days[self._order] - self._start
        self._places: Places = places_of(xy, at_most=rules.max_places)
        self._circles: Circles = circles_of(
            self._places,
            self._places.xy if centres is None else centres,
            radius_m=rules.max_radius_m,
            share=rules.max_share,
            at_most=rules.max_circles,
        )
        self._by_place = np.lexsort((days, self._places.of_complaint))
        counts = np.bincount(days, minlength=self._length)
        self._before = np.concatenate([[0], np.cumsum(counts)])
        self._field = self._field_of()

    def _field_of(self) -> Field:
        circles = self._circles
        longest = max(1, min(self._rules.max_days, self._length // 2))
        lengths = np.arange(1, longest + 1)
        totals = np.zeros((longest, self._length), np.float32)
        for length in lengths:
            held = self._before[length:] - self._before[:-length]
            totals[length - 1, : held.size] = held
        last = self._length - lengths
        return Field(
            days=self._days[self._by_place].astype(np.int32),
            place_first=np.concatenate([[0], np.cumsum(self._places.counts)]).astype(np.int64),
            near=circles.near,
            near_first=circles.near_first,
            circle_first=circles.circle_first,
            circle_end=circles.circle_end,
            circle_size=circles.size,
            centre=circles.centre,
            earliest=last if self._rules.prospective else np.zeros_like(last),
            totals=totals,
            least_cases=self._rules.least_cases,
        )

    def _work(self) -> Work:
        return Work(
            days=self._field.days.copy(),
            histogram=np.zeros((len(self._places.xy), self._length), np.int32),
            by_day=np.zeros(self._length, np.int32),
            before=np.zeros(self._length + 1, np.float32),
        )

    def cylinders(self) -> Iterator[_Cylinder]:
        """Yield the observed clusters' cylinders, the most likely first."""
        found: list[_Cylinder] = []
        work, where = self._work(), np.zeros(2, np.int64)
        bounds = np.zeros(len(self._circles.size))
        self._kernels.best_of_each(self._field, work, self._taken(found, 0), where, bounds)
        # What a circle has left can only shrink as clusters are taken: its last ratio is a bound.
        queue = [(-float(bound), circle) for circle, bound in enumerate(bounds) if bound > 0]
        heapq.heapify(queue)
        while queue and len(found) < self._rules.at_most:
            bound, circle = heapq.heappop(queue)
            taken = self._taken(found, circle)
            ratio = float(self._kernels.best_in(self._field, work, taken, circle, where))
            if ratio == -bound:
                found.append(_Cylinder(circle, int(where[0]), int(where[1]), ratio))
                yield found[-1]
            if ratio > 0:
                heapq.heappush(queue, (-ratio, circle))

    def _taken(self, found: list[_Cylinder], circle: int) -> Taken:
        places = self._places_in(circle) if found else np.empty(0, np.int64)
        near = [one for one in found if np.isin(places, self._places_in(one.circle)).any()]
        first = np.array([one.first for one in near], np.int64)
        lengths = np.array([one.length for one in near], np.int64)
        return Taken(first, first + lengths - 1)

    def _places_in(self, circle: int) -> NDArray[np.int64]:
        circles = self._circles
        first = circles.near_first[circles.centre[circle]]
        return circles.near[first : circles.circle_end[circle]]

    def maxima(
        self,
        seeds: NDArray[np.int64],
        *,
        floor: float,
        workers: int,
        stopped: Callable[[], bool] | None = None,
    ) -> NDArray[np.float64]:
        """Return the greatest ratio of each replication; 0 where it falls short of the floor."""
        found = np.zeros(len(seeds))
        thresholds = self._thresholds(floor)
        parts = [slice(worker, None, workers) for worker in range(workers)]

        def run(part: slice) -> None:
            own = np.zeros(len(seeds[part]))
            chunk = np.ascontiguousarray(seeds[part])
            work = self._work()
            for first in range(0, len(chunk), _AT_ONCE):
                if stopped is not None and stopped():
                    raise ScanStopped
                some = slice(first, first + _AT_ONCE)
                self._kernels.replicate(self._field, work, thresholds, chunk[some], own[some])
            found[part] = own

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, parts))
        found[found < floor] = 0.0
        return found

    def _thresholds(self, floor: float) -> Thresholds:
        """Draw, for every size of circle and length of window, a line that is safe to count by.

        The ratio is jointly convex in the count and the expected number, so the counts below the
        floor make a convex set: what lies under the chord of its upper edge is in it.
        """
        sizes, row_of = np.unique(self._circles.size, return_inverse=True)
        held = [
            row[first : self._length - index]
            for index, (row, first) in enumerate(
                zip(self._field.totals, self._field.earliest, strict=True)
            )
        ]
        least = np.array([row[row > 0].min(initial=np.inf) for row in held])
        most = np.array([row.max() for row in held])
        least = np.minimum(least, np.maximum(most, 1))
        total = len(self._days)
        low = _count_at(np.outer(sizes, least) / total, total, floor)
        high = _count_at(np.outer(sizes, np.maximum(most, 1)) / total, total, floor)
        slope = (high - low) / np.maximum(most - least, 1)
        # Single precision holds the counts exactly; the line is lowered by more than its rounding.
        base = low - slope * least - 1e-3 - 1e-6 * high
        return Thresholds(
            row_of.astype(np.int64), base.astype(np.float32), slope.astype(np.float32)
        )

    def _cluster(self, cylinder: _Cylinder, maxima: NDArray[np.float64]) -> Cluster:
        """Return the facts about a cylinder."""
        centre = self._circles.centre[cylinder.circle]
        places = self._places_in(cylinder.circle)
        last = cylinder.first + cylinder.length - 1
        inside = np.isin(self._places.of_complaint, places)
        inside &= (self._days >= cylinder.first) & (self._days <= last)
        held = self._before[last + 1] - self._before[cylinder.first]
        as_great = int((maxima >= cylinder.ratio - _SLACK).sum())
        p = (1 + as_great) / (1 + len(maxima))
        return Cluster(
            x_m=float(self._circles.centres[centre, 0]),
            y_m=float(self._circles.centres[centre, 1]),
            radius_m=float(self._circles.radius_m[cylinder.circle]),
            places=len(places),
            first_day=self._start + cylinder.first,
            last_day=self._start + last,
            complaints=np.sort(self._order[inside]),
            expected=float(self._circles.size[cylinder.circle] * held / len(self._days)),
            log_likelihood_ratio=cylinder.ratio,
            p=p,
            recurrence_days=1 / p if self._rules.prospective else None,
            verdict=self._rules.verdict(p),
        )

    def result(
        self,
        found: list[_Cylinder],
        seeds: NDArray[np.int64],
        maxima: NDArray[np.float64],
    ) -> ScanResult:
        """Return the clusters with what they rest on."""
        clusters = [self._cluster(one, maxima) for one in found]
        return ScanResult(
            tuple(one for one in clusters if one.p < 1),
            complaints=len(self._days),
            places=len(self._places.xy),
            circles=len(self._circles.size),
            days=self._length,
            cell_m=self._places.cell_m,
            is_exact=self._places.cell_m is None and self._circles.is_whole,
            seeds=seeds,
            maxima=maxima,
        )


def _count_at(expected: NDArray[np.float64], total: int, floor: float) -> NDArray[np.float64]:
    """Return counts just below those whose ratio is the floor; the total where none reaches it."""
    low, high = expected.copy(), np.full_like(expected, total)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rest = total - middle
        ratio = xlogy(middle, middle / expected) + xlogy(rest, rest / (total - expected))
        is_short = ratio < floor
        low = np.where(is_short, middle, low)
        high = np.where(is_short, high, middle)
    return low
