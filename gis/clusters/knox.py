"""Near repeats: pairs of complaints near in space and time, and whether chance explains them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis.clusters.autocorrelation import false_discovery_share
from gis.clusters.field import PairList
from gis.clusters.pairs import NearPairs, near_pairs
from gis.clusters.study import ScanStopped, UnusableComplaints

_AT_ONCE = 16
"""Replications between two questions whether to go on."""
PAIRS_MAX = 30_000_000
"""Pairs held in memory (5 bytes each); 999 replications of as many take about a minute."""


@dataclass(frozen=True, slots=True)
class RepeatRules:
    """What is near: limits in metres and in days, both inclusive; how often days are permuted."""

    limits_m: tuple[float, ...]
    limits_days: tuple[int, ...]
    replications: int
    max_pairs: int = PAIRS_MAX


@dataclass(frozen=True, slots=True)
class NearRepeats:
    """Pairs of complaints within a distance and a number of days.

    Parameters
    ----------
    near_both, near_space, near_time, pairs
        Pairs near in space and time, near in space, near in time, and all.
    p
        Share of the permutations of the days with as many near repeats, the given among them.
    q
        Share of false alarms when this and all surer limits of the table are believed.
    """

    limit_m: float
    limit_days: int
    near_both: int
    near_space: int
    near_time: int
    pairs: int
    p: float
    q: float

    @property
    def expected(self) -> float:
        """Return the near repeats if place and time had nothing to do with each other."""
        return self.near_space * self.near_time / self.pairs if self.pairs else 0.0

    @property
    def ratio(self) -> float | None:
        """Return near repeats per near repeat expected; None where none is expected."""
        return self.near_both / self.expected if self.expected else None


@dataclass(frozen=True, slots=True)
class RepeatTable:
    """A row for each distance and number of days, nearest and shortest first.

    ``left_out_m`` are the limits with more pairs than the rules allow; they have no rows.
    """

    rows: tuple[NearRepeats, ...]
    left_out_m: tuple[float, ...]
    complaints: int
    replications: int
    seed: int


def near_repeats(
    xy: NDArray[np.float64],
    days: NDArray[np.int64],
    *,
    rules: RepeatRules,
    rng: np.random.Generator,
    workers: int = 1,
    stopped: Callable[[], bool] | None = None,
) -> RepeatTable:
    """Count near repeats (Knox 1964) within several limits, and permute the days for all at once.

    Where complaints come and when they come is taken as it is; what is asked is whether those near
    in space are nearer in time than chance makes them. The result depends neither on ``workers``
    nor on the order of the complaints.

    Parameters
    ----------
    xy
        East and north in metres (n x 2).
    days
        Day of each, a whole number.
    stopped
        Asked after every few replications; True ends the work.

    Raises
    ------
    UnusableComplaints
        When arrays differ in length or coordinates aren't finite.
    ScanStopped
        When ``stopped`` said so.

    Notes
    -----
    G. Knox: The detection of space-time interactions, Applied Statistics 13, 1964.

    Cost: replications x pairs near in space.
    """
    if xy.shape != (len(days), 2) or not np.isfinite(xy).all():
        fault = f"{len(days)} days for places of shape {xy.shape}, or a place isn't finite"
        raise UnusableComplaints(fault)
    seed = int(rng.integers(0, 2**63 - 1))
    order = np.lexsort((days, xy[:, 1], xy[:, 0]))
    counter = _Counter(xy[order], days[order], rules)
    observed = counter.observed()
    seeds = np.random.default_rng(seed).integers(0, 2**63 - 1, rules.replications, dtype=np.int64)
    as_many = counter.as_many(observed, seeds, workers=workers, stopped=stopped)
    p = (1 + as_many) / (1 + rules.replications)
    return RepeatTable(
        counter.rows(observed, p),
        left_out_m=rules.limits_m[len(observed) :],
        complaints=len(days),
        replications=rules.replications,
        seed=seed,
    )


class _Counter:
    """The pairs of a set of complaints, and the days they are counted by."""

    def __init__(
        self, xy: NDArray[np.float64], days: NDArray[np.int64], rules: RepeatRules
    ) -> None:
        # Only here numba is loaded: pages that count nothing save its 100 MB.
        from gis.clusters import kernels

        self._kernels = kernels
        self._rules = rules
        self._pairs = self._pairs_of(xy)
        self._days = (days - days.min(initial=0)).astype(np.int32)[self._pairs.order]
        self._held = np.cumsum(self._pairs.held)
        self._kept = int(np.searchsorted(self._held, rules.max_pairs, side="right"))
        gaps = np.arange(max(rules.limits_days) + 1)
        self._step_of = np.searchsorted(rules.limits_days, gaps).astype(np.uint8)

    def _pairs_of(self, xy: NDArray[np.float64]) -> NearPairs:
        limits = np.array(self._rules.limits_m, float)
        if len(xy):
            return near_pairs(xy, limits, at_most=self._rules.max_pairs)
        nothing = np.empty(0, np.int64)
        pairs = PairList(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8))
        return NearPairs(nothing, pairs, np.zeros(len(limits), np.int64))

    def observed(self) -> NDArray[np.int64]:
        """Return near repeats: a row a distance, a column a number of days."""
        return self._counted(self._days, self._room())

    def _room(self) -> NDArray[np.int64]:
        return np.zeros((self._kept, len(self._rules.limits_days)), np.int64)

    def _counted(self, days: NDArray[np.int32], room: NDArray[np.int64]) -> NDArray[np.int64]:
        self._kernels.count_repeats(days, self._pairs.pairs, self._step_of, room)
        return room.cumsum(axis=0).cumsum(axis=1)

    def as_many(
        self,
        observed: NDArray[np.int64],
        seeds: NDArray[np.int64],
        *,
        workers: int,
        stopped: Callable[[], bool] | None,
    ) -> NDArray[np.int64]:
        """Return in how many replications there are as many near repeats."""

        def run(part: NDArray[np.int64]) -> NDArray[np.int64]:
            found, room = np.zeros_like(observed), self._room()
            for number, seed in enumerate(part.tolist()):
                if number % _AT_ONCE == 0 and stopped is not None and stopped():
                    raise ScanStopped
                days = self._days.copy()
                self._kernels.permute(days, seed)
                found += self._counted(days, room) >= observed
            return found

        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(run, [seeds[worker::workers] for worker in range(workers)]))
        return np.asarray(np.sum(parts, axis=0), np.int64)

    def rows(self, observed: NDArray[np.int64], p: NDArray[np.float64]) -> tuple[NearRepeats, ...]:
        """Return the table with what stands beside its counts."""
        count, ordered = len(self._days), np.sort(self._days)
        shares = false_discovery_share(p.ravel()).reshape(p.shape)
        found = []
        for row, column in np.ndindex(observed.shape):
            limit = self._rules.limits_days[column]
            reach = np.searchsorted(ordered, ordered + limit, side="right")
            found.append(
                NearRepeats(
                    limit_m=self._rules.limits_m[row],
                    limit_days=limit,
                    near_both=int(observed[row, column]),
                    near_space=int(self._held[row]),
                    near_time=int((reach - np.arange(count) - 1).sum()),
                    pairs=count * (count - 1) // 2,
                    p=float(p[row, column]),
                    q=float(shares[row, column]),
                )
            )
        return tuple(found)
