"""Frequency policies: how often objects are patrolled, and which one applies in a week."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from gis.periods import DAYS_PER_WEEK, MonthDay, Unit, in_season

HOURS_PER_DAY = 24
THURSDAY = 3


class BadPolicy(ValueError):
    """A frequency policy that cannot be meant: no times, no weekday, negative numbers."""


@dataclass(frozen=True, slots=True)
class FrequencyPolicy:
    """How often objects of a kind, or of one class of it, are patrolled.

    Parameters
    ----------
    key
        Name of the policy row.
    object_kind, object_class
        What it is about; class None means any class of the kind.
    times, unit
        Visits per period, e.g. 3 per week, 1 per ``ten_days`` (旬).
    season
        First and last (month, day) in force, both included; may wrap the year; None = always.
    min_gap_h
        Least time between two visits. Patrol history knows dates, so it is kept in whole days,
        rounded up; two visits never share a date.
    service_min
        Least minutes of one visit.
    weekdays
        Allowed weekdays, Monday = 0.
    priority
        Higher goes first among objects equally overdue.
    two_officers
        The visit needs two enforcement officers.
    window
        Hours of the day for the visit: minutes after midnight at which they open and close; a close
        beyond 1440 is on the next day. None = any hour.
    source
        The rule the numbers come from, for display.
    """

    key: str
    object_kind: str
    times: int
    unit: Unit
    object_class: str | None = None
    season: tuple[MonthDay, MonthDay] | None = None
    min_gap_h: int = 0
    service_min: int = 0
    weekdays: frozenset[int] = frozenset(range(5))
    priority: int = 0
    two_officers: bool = False
    window: tuple[int, int] | None = None
    source: str = ""

    def __post_init__(self) -> None:
        weekdays_known = self.weekdays and self.weekdays <= set(range(DAYS_PER_WEEK))
        if self.times < 1 or not weekdays_known or min(self.min_gap_h, self.service_min) < 0:
            raise BadPolicy(self.key)

    @property
    def min_gap_days(self) -> int:
        """Least difference of the dates of two visits, at least 1."""
        return max(1, math.ceil(self.min_gap_h / HOURS_PER_DAY))


def anchor_day(policy: FrequencyPolicy, *, week: date) -> date:
    """Return the day that decides season and period of a week: the allowed one nearest Thursday.

    Of two equally near, the earlier.
    """
    weekday = min(policy.weekdays, key=lambda one: (abs(one - THURSDAY), one))
    return week + timedelta(days=weekday)


def policy_for(
    policies: Sequence[FrequencyPolicy], *, kind: str, object_class: str | None, week: date
) -> FrequencyPolicy | None:
    """Return the policy in force: class before any class, then season before none.

    Ties go to the higher priority, then to the first key. None when no policy applies.
    """
    fitting = [
        policy
        for policy in policies
        if policy.object_kind == kind
        and policy.object_class in (None, object_class)
        and in_season(policy.season, day=anchor_day(policy, week=week))
    ]
    return min(
        fitting,
        key=lambda policy: (
            policy.object_class is None,
            policy.season is None,
            -policy.priority,
            policy.key,
        ),
        default=None,
    )


def without_policy(
    objects: pd.DataFrame, policies: Sequence[FrequencyPolicy], *, week: date
) -> pd.DataFrame:
    """Return the objects to which no policy applies in a week, columns and index as given."""
    ruled = [
        policy_for(
            policies,
            kind=str(kind),
            object_class=None if pd.isna(object_class) else str(object_class),
            week=week,
        )
        is not None
        for kind, object_class in zip(objects["object_kind"], objects["object_class"], strict=True)
    ]
    return objects[[not one for one in ruled]]
