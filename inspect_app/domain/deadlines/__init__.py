"""Deadlines of a matter: computed from what happened and from the rules, never stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from inspect_app.domain.calendar import WorkCalendar, local_day
from inspect_app.domain.deadlines.clocks import CLOCKS
from inspect_app.domain.deadlines.contacts import five_contacts
from inspect_app.domain.deadlines.facts import (
    Clock,
    Contact,
    ContactDue,
    Deadline,
    Happening,
    MatterFacts,
    OverdueLevel,
    Rules,
)
from inspect_app.domain.deadlines.story import story_of
from inspect_app.domain.matter_codes import MATTER_OPEN, MatterState

__all__ = [
    "Clock",
    "Contact",
    "ContactDue",
    "Deadline",
    "Happening",
    "MatterFacts",
    "OverdueLevel",
    "Rules",
    "contacts_due",
    "deadlines_of",
    "next_due",
    "overdue_level",
]

PRESSING_STATES = frozenset(
    {*MATTER_OPEN, MatterState.TRANSFERRED, MatterState.IN_REVIEW, MatterState.IN_RECHECK}
)
"""States in which somebody is waited for."""


def deadlines_of(
    facts: MatterFacts, rules: Rules, *, calendar: WorkCalendar, now: datetime
) -> tuple[Deadline, ...]:
    """Return all times that run or ran for a matter, in the order of its life.

    A time is calendar days unless the rule's key says working days; it ends with its last day in
    Beijing time. The time to finish is that of the shortest rule that applies: legal route,
    channel, severity, many repeats; a reopened matter begins anew. Days of a hearing are added to
    what runs meanwhile, and the days of an approved extension to the time to finish. What is still
    paused moves with `now`.
    """
    story = story_of(facts, now=now)
    made = (clock(story, rules, calendar) for clock in CLOCKS)
    return tuple(deadline for deadline in made if deadline is not None)


def next_due(deadlines: Sequence[Deadline], *, state: str) -> Deadline | None:
    """Return the running deadline that ends first; None where nothing runs or the matter rests.

    An objection is a right and not a duty: it never presses.
    """
    if state not in PRESSING_STATES:
        return None
    running = (
        deadline
        for deadline in deadlines
        if deadline.done_at is None and deadline.clock is not Clock.OBJECT
    )
    return min(running, key=lambda deadline: deadline.due, default=None)


def contacts_due(
    facts: MatterFacts, rules: Rules, deadlines: Sequence[Deadline], *, now: datetime
) -> tuple[ContactDue, ...]:
    """Return the five contacts with their times: receipt, notice, progress, reply, revisit."""
    clocks = {deadline.clock: deadline for deadline in deadlines}
    return five_contacts(story_of(facts, now=now), rules, clocks)


def overdue_level(
    due: datetime, rules: Rules, *, now: datetime, clock: Clock = Clock.FINISH
) -> OverdueLevel | None:
    """Return how far up an overdue matter has gone; None in time.

    The owner is told at once, the others after so many days as their rule says; of a promise to
    be on the spot, which runs in hours, after so many hours.
    """
    if now <= due:
        return None
    hours = (now - due) / timedelta(hours=1)
    days = (local_day(now) - local_day(due)).days
    level = OverdueLevel.OWNER
    for upper in (OverdueLevel.CHIEF, OverdueLevel.DEPUTY, OverdueLevel.DIRECTOR):
        after_days = rules.get(f"overdue_{upper.value}_days", 0)
        after_h = rules.get(f"arrival_overdue_{upper.value}_h", 0)
        is_late = bool(after_days) and days >= after_days
        if clock is Clock.ARRIVE and after_h:
            is_late = hours >= after_h
        if is_late:
            level = upper
    return level
