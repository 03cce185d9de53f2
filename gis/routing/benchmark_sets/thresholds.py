"""What our search must reach on the published sets, and where each demand comes from."""

from collections.abc import Sequence
from dataclasses import dataclass

from gis.routing.benchmark_sets.readers import Format
from gis.routing.benchmark_sets.table import SetFigures

# Percentages are compared as they are printed.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Threshold:
    """A demand on one set at one budget.

    Parameters
    ----------
    set_name
        The name of the folder.
    most_mean_gap_share
        Largest mean gap to the best known values.
    least_at_best_share
        Least share of instances at the best known value, or below it.
    same_fleet
        Every instance must have the reference's fleet.
    """

    set_name: str
    text_format: Format
    seconds: float
    most_mean_gap_share: float
    source: str
    least_at_best_share: float = 0.0
    same_fleet: bool = False

    def faults(self, found: SetFigures) -> list[str]:
        """Return what the figures of a set lack, one sentence each."""
        faults = []
        if found.unsolved:
            faults.append(f"{found.unsolved} without a solution")
        if round(found.mean_gap_share, _DIGITS) > self.most_mean_gap_share:
            faults.append(
                f"mean gap {found.mean_gap_share:.2%}, at most {self.most_mean_gap_share:.2%}"
            )
        if found.at_best_share < self.least_at_best_share:
            faults.append(
                f"at best {found.at_best_share:.1%}, at least {self.least_at_best_share:.1%}"
            )
        if self.same_fleet and (found.same_fleet or 0) < found.compared:
            faults.append(f"fleet of the reference {found.same_fleet} of {found.compared} times")
        return faults


_OPTIMA = "optima of the literature"
_VAL = "HGS-CARP (public C++ code) run by us: 0.08 % in 10 s; PyVRP 0.90 % in 1 s, 0.41 % in 10 s"
_EGL = "HGS-CARP (public C++ code) run by us: 0.28 % in 60 s; PyVRP 2.4 % in 1 s, 0.81 % in 10 s"
_HEADERS = "optima in the files' headers, of which some are refuted"
_PERIODIC = "HGS-CARP (public C++ code) run by us: its fleets, its costs after a last phase of 10 s"

THRESHOLDS = (
    Threshold("gdb", Format.carp, 1, 0.0, _OPTIMA, least_at_best_share=1.0),
    Threshold("val", Format.carp, 1, 0.0031, _VAL),
    Threshold("val", Format.carp, 10, 0.0007, _VAL),
    Threshold("egl", Format.carp, 1, 0.0050, _EGL),
    Threshold("egl", Format.carp, 10, 0.0015, _EGL),
    Threshold("egl", Format.carp, 60, 0.0008, _EGL),
    Threshold("mcgrp", Format.mcgrp, 1, 0.0030, _HEADERS, least_at_best_share=0.94),
    Threshold("pcarp", Format.pcarp, 10, 0.0, _PERIODIC, same_fleet=True),
)
"""Budgets in processor seconds for each instance, in the order in which they are measured."""


def budgets(*, seconds: float | None = None) -> Sequence[Threshold]:
    """Return what to measure: every published budget, or every set once with other seconds.

    A set searched for other seconds must reach what is demanded of the longest published budget
    that is not longer; with less than the shortest nothing is demanded and it is left out.
    """
    if seconds is None:
        return THRESHOLDS
    chosen: dict[str, Threshold] = {}
    for threshold in THRESHOLDS:
        if threshold.seconds <= seconds:
            chosen[threshold.set_name] = threshold
    return tuple(chosen.values())
