"""The space-time permutation scan: where and when there are more complaints than usual."""

import heapq
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from gis.clusters.field import Field, Taken, Thresholds, Work
from gis.clusters.places import Circles, Places, circles_of, places_of

_HALVINGS = 40
_SLACK = 1e-9
"""Ratios of one cylinder computed twice are equal; the threshold is solved to less than this."""


class UnusableComplaints(ValueError):
    """The arrays don't belong together, or hold what is no number."""


class Verdict(StrEnum):
    """What a p-value means to a reader."""

    STRONG = "strong"
    WEAK = "weak"
    COULD_BE_CHANCE = "could_be_chance"


@dataclass(frozen=True, slots=True)
class ScanRules:
    """Which cylinders are tried, how often times are permuted, and what a p-value is called.

    Parameters
    ----------
    max_radius_m, max_share
        Largest circle, in metres and in the share of all complaints it may hold.
    max_days
        Longest window in days; never more than half the period.
    replications
        Permutations; 999 give p-values in steps of 0.001.
    prospective
        Only windows that end on the last day of the period.
    least_cases
        Fewest complaints of a cluster.
    at_most
        Largest number of clusters reported.
    strong_p, weak_p
        Up to these p-values a cluster is called strong or weak.
    max_places, circles_per_place
        The limits behind which places are merged and circles are left out.
    """

    max_radius_m: float
    max_days: int
    max_share: float = 0.5
    replications: int = 999
    prospective: bool = False
    least_cases: int = 2
    at_most: int = 10
    strong_p: float = 0.01
    weak_p: float = 0.05
    max_places: int = 2_000
    circles_per_place: int = 12

    def verdict(self, p: float) -> Verdict:
        """Return what a p-value is called."""
        if p <= self.strong_p:
            return Verdict.STRONG
        return Verdict.WEAK if p <= self.weak_p else Verdict.COULD_BE_CHANCE


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cylinder with more complaints than places and days by themselves explain.

    Parameters
    ----------
    first_day, last_day
        Days in the count of the input, both inside.
    complaints
        Positions of its complaints in the input, ascending.
    ratio
        Complaints per complaint expected.
    log_likelihood_ratio
        What clusters are ordered by.
    recurrence_days
        How often chance alone would show as much if one looked every day; None unless prospective.
    """

    x_m: float
    y_m: float
    radius_m: float
    places: int
    first_day: int
    last_day: int
    complaints: NDArray[np.int64]
    expected: float
    log_likelihood_ratio: float
    p: float
    recurrence_days: float | None
    verdict: Verdict

    @property
    def count(self) -> int:
        """Return the number of complaints."""
        return len(self.complaints)

    @property
    def ratio(self) -> float:
        """Return complaints per complaint expected."""
        return self.count / self.expected

    @property
    def days(self) -> int:
        """Return the length of the window."""
        return self.last_day - self.first_day + 1


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The clusters, most likely first, and what they rest on.

    ``maxima`` are the greatest ratios of the replications in the order of ``seeds``; those that
    fall short of the least likely cluster are only known to do so and stand as 0. ``cell_m`` is
    None where every place was told apart, and ``is_exact`` where every circle was tried, too.
    """

    clusters: tuple[Cluster, ...]
    complaints: int
    places: int
    circles: int
    days: int
    cell_m: float | None
    is_exact: bool
    seeds: NDArray[np.int64]
    maxima: NDArray[np.float64]


def scan(
    xy: NDArray[np.float64],
    days: NDArray[np.int64],
    *,
    rules: ScanRules,
    rng: np.random.Generator,
    period: tuple[int, int] | None = None,
    workers: int = 1,
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
    xy
        East and north in metres (n x 2).
    days
        Day of each complaint, a whole number.
    period
        First and last day of the study; by default those of the complaints.
    rng
        Gives a seed to each replication.
    workers
        Threads; the result doesn't depend on them, nor on the order of the complaints.

    Returns
    -------
    ScanResult
        Exact (every place a centre, every circle tried) while there are at most
        ``rules.max_places`` places with ``rules.circles_per_place`` circles each. Beyond that
        places are merged to square cells, and radii are thinned out: a cluster's outline is then
        coarser, and its p-value still valid, because replications are scanned in the same way.

    Raises
    ------
    UnusableComplaints
        When arrays differ in length, coordinates aren't finite, or a day lies outside the period.

    Notes
    -----
    M. Kulldorff, R. Heffernan, J. Hartman, R. Assunção, F. Mostashari: A space-time permutation
    scan statistic for disease outbreak detection, PLoS Medicine 2(3), 2005.

    Cost: replications x circles x windows; `benchmarks/clusters.py` measures it.
    """
    _check(xy, days, period)
    seeds = rng.integers(0, 2**63 - 1, rules.replications, dtype=np.int64)
    if len(days) == 0:
        none = np.zeros(len(seeds))
        return ScanResult((), 0, 0, 0, 0, None, True, seeds=seeds, maxima=none)
    start, end = period or (int(days.min()), int(days.max()))
    scanner = _Scanner(xy, days - start, length=end - start + 1, rules=rules)
    found = list(scanner.cylinders())
    maxima = np.zeros(len(seeds))
    if found:
        maxima = scanner.maxima(seeds, floor=found[-1].ratio - _SLACK, workers=workers)
    clusters = tuple(scanner.cluster(one, maxima, start=start) for one in found)
    return scanner.result(clusters, seeds, maxima)


def _check(
    xy: NDArray[np.float64], days: NDArray[np.int64], period: tuple[int, int] | None
) -> None:
    if xy.shape != (len(days), 2):
        fault = f"{len(days)} days for places of shape {xy.shape}"
        raise UnusableComplaints(fault)
    if not np.isfinite(xy).all():
        fault = "a coordinate isn't finite"
        raise UnusableComplaints(fault)
    if period is not None and len(days) and (days.min() < period[0] or days.max() > period[1]):
        fault = f"a day lies outside {period[0]} to {period[1]}"
        raise UnusableComplaints(fault)


@dataclass(frozen=True, slots=True)
class _Cylinder:
    circle: int
    first: int
    length: int
    ratio: float


class _Scanner:
    """The arrays of one scan."""

    def __init__(
        self, xy: NDArray[np.float64], days: NDArray[np.int64], *, length: int, rules: ScanRules
    ) -> None:
        # Only here numba is loaded: pages that scan nothing save its 100 MB.
        from gis.clusters import kernels

        self._kernels = kernels
        self._rules = rules
        self._days = days
        self._length = length
        self._places: Places = places_of(xy, at_most=rules.max_places)
        per_place = rules.circles_per_place if self._places.cell_m else rules.max_places
        self._circles: Circles = circles_of(
            self._places, radius_m=rules.max_radius_m, share=rules.max_share, per_place=per_place
        )
        self._by_place = np.lexsort((days, self._places.of_complaint))
        counts = np.bincount(days, minlength=length)
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
        places = self._places_in(circle)
        near = [one for one in found if np.isin(places, self._places_in(one.circle)).any()]
        first = np.array([one.first for one in near], np.int64)
        lengths = np.array([one.length for one in near], np.int64)
        return Taken(first, first + lengths - 1)

    def _places_in(self, circle: int) -> NDArray[np.int64]:
        circles = self._circles
        first = circles.near_first[circles.centre[circle]]
        return circles.near[first : circles.circle_end[circle]]

    def maxima(
        self, seeds: NDArray[np.int64], *, floor: float, workers: int
    ) -> NDArray[np.float64]:
        """Return the greatest ratio of each replication; 0 where it falls short of the floor."""
        found = np.zeros(len(seeds))
        thresholds = self._thresholds(floor)
        parts = [slice(worker, None, workers) for worker in range(workers)]

        def run(part: slice) -> None:
            own = np.zeros(len(seeds[part]))
            chunk = np.ascontiguousarray(seeds[part])
            self._kernels.replicate(self._field, self._work(), thresholds, chunk, own)
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
            floor, row_of.astype(np.int64), base.astype(np.float32), slope.astype(np.float32)
        )

    def cluster(self, cylinder: _Cylinder, maxima: NDArray[np.float64], *, start: int) -> Cluster:
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
            x_m=float(self._places.xy[centre, 0]),
            y_m=float(self._places.xy[centre, 1]),
            radius_m=float(self._circles.radius_m[cylinder.circle]),
            places=len(places),
            first_day=start + cylinder.first,
            last_day=start + last,
            complaints=np.flatnonzero(inside),
            expected=float(self._circles.size[cylinder.circle] * held / len(self._days)),
            log_likelihood_ratio=cylinder.ratio,
            p=p,
            recurrence_days=1 / p if self._rules.prospective else None,
            verdict=self._rules.verdict(p),
        )

    def result(
        self,
        clusters: tuple[Cluster, ...],
        seeds: NDArray[np.int64],
        maxima: NDArray[np.float64],
    ) -> ScanResult:
        """Return the clusters with what they rest on."""
        return ScanResult(
            clusters,
            complaints=len(self._days),
            places=len(self._places.xy),
            circles=len(self._circles.size),
            days=self._length,
            cell_m=self._places.cell_m,
            is_exact=self._places.cell_m is None,
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
