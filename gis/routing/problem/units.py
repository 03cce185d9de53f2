"""Units of time, the week, and the refusal of values that contradict each other."""

import numpy as np
import numpy.typing as npt

SecondsMatrix = npt.NDArray[np.int32] | npt.NDArray[np.int64]

# An entry of a travel matrix at or above this (115 days) means: no way from here to there.
UNREACHABLE_S = 10_000_000
DAYS_PER_WEEK = 7
FIRST_WEEKEND_DAY = 5
SECONDS_PER_MIN = 60
SECONDS_PER_DAY = 86_400
MINUTES_PER_DAY = 1440


class InconsistentProblem(ValueError):
    """The parts of a week problem contradict each other (unknown node, doubled key, ...)."""


def require(condition: object, fault: str) -> None:
    """Refuse a fault."""
    if not condition:
        raise InconsistentProblem(fault)
