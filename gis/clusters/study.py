"""What is scanned, by which rules, and what is found."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class UnusableComplaints(ValueError):
    """The arrays don't belong together, or hold what is no number."""


class ScanStopped(Exception):
    """Who asked for the numbers wanted no more of them before they were through."""


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
    max_places, max_circles
        The limits beyond which places are merged and circles are left out.
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
    max_circles: int = 40_000

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


@dataclass(frozen=True, slots=True)
class Study:
    """The complaints to scan.

    Parameters
    ----------
    xy
        East and north of each in metres (n x 2).
    days
        Day of each, a whole number.
    period
        First and last day of the study; by default those of the complaints.
    centres
        Middles of the circles in metres (m x 2); by default the places of the complaints.
    """

    xy: NDArray[np.float64]
    days: NDArray[np.int64]
    period: tuple[int, int] | None = None
    centres: NDArray[np.float64] | None = None

    def check(self) -> None:
        """Refuse arrays that don't belong together."""
        if self.xy.shape != (len(self.days), 2):
            fault = f"{len(self.days)} days for places of shape {self.xy.shape}"
            raise UnusableComplaints(fault)
        if not np.isfinite(self.xy).all():
            fault = "a coordinate isn't finite"
            raise UnusableComplaints(fault)
        first, last = self.span()
        if len(self.days) and (self.days.min() < first or self.days.max() > last):
            fault = f"a day lies outside {first} to {last}"
            raise UnusableComplaints(fault)

    def span(self) -> tuple[int, int]:
        """Return the first and last day of the study."""
        if self.period is not None or len(self.days) == 0:
            return self.period or (0, -1)
        return int(self.days.min()), int(self.days.max())
