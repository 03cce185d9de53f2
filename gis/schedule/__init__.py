"""Patrol frequency policies and the history of patrols turned into the visits due in one week.

The rule, in one place
----------------------
*Which period.* A week serves one calendar period (旬, half-month, month, quarter, half-year, year):
the period that holds the week's anchor day, Thursday as in ISO weeks, or the allowed weekday
nearest to it. It serves it on those of its days that lie inside the period, so a visit never
counts for the wrong month, and every period has at least one week.

*How many.* Of the visits still owed in the period, those are due this week whose even-pace date
has come: one interval (period length / times) after the last patrol, and so on. An object never
patrolled starts at its own place in the period, drawn from its name, so that a new ledger does not
come due all at once. When the later weeks of the period cannot hold what is owed, the rest is due
now and marked ``must``.

*Overdue.* Days since the end of the first period, after the last patrol, that closed short of its
visits (periods out of season or before the object's first day owe nothing). An overdue object owes
at least one visit now; missed visits of closed periods do not add up.

*Exempt.* No visit is due on an exempt day. A closed period owes its visits in proportion to its
days that were not exempt, rounded; exempt days do not make anything more overdue. Later weeks that
are exempt hold no visits, so what they cannot take is due before.
"""

from gis.schedule.due import DUE_COLUMNS, DueReason, NotAMonday, due_visits, urgent_first
from gis.schedule.policies import (
    BadPolicy,
    FrequencyPolicy,
    anchor_day,
    policy_for,
    without_policy,
)

__all__ = [
    "DUE_COLUMNS",
    "BadPolicy",
    "DueReason",
    "FrequencyPolicy",
    "NotAMonday",
    "anchor_day",
    "due_visits",
    "policy_for",
    "urgent_first",
    "without_policy",
]
