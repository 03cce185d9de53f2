"""State machines as tables: which event leads from where to where, who may, under which guards."""

from inspect_app.domain.codes import Code
from inspect_app.domain.transitions.finding import (
    FINDING_FINISHED,
    FINDING_TRANSITIONS,
    PHOTO_PERMISSIONS,
    STEP_PHOTOS,
)
from inspect_app.domain.transitions.patrol import PLAN_TRANSITIONS, TASK_TRANSITIONS
from inspect_app.domain.transitions.rows import Guard, Transition
from inspect_app.domain.transitions.states import FindingState, PlanState, TaskState

__all__ = [
    "FINAL_STATES",
    "FINDING_FINISHED",
    "FINDING_TRANSITIONS",
    "PHOTO_PERMISSIONS",
    "PLAN_TRANSITIONS",
    "STEP_PHOTOS",
    "TASK_TRANSITIONS",
    "TRANSITIONS",
    "FindingState",
    "Guard",
    "PlanState",
    "TaskState",
    "Transition",
    "open_events",
    "transition",
]


TRANSITIONS: tuple[Transition, ...] = (
    *FINDING_TRANSITIONS,
    *TASK_TRANSITIONS,
    *PLAN_TRANSITIONS,
)

FINAL_STATES: frozenset[Code] = frozenset(
    {
        TaskState.COMPLETED,
        TaskState.EXEMPTED,
        PlanState.WITHDRAWN,
    }
)
"""States that are meant to be left by nothing."""


def transition(subject: str, event: str, source: str | None) -> Transition | None:
    """Return the row for an event from a state, or None where the table has none."""
    for row in TRANSITIONS:
        if row.subject == subject and row.event == event and row.source == source:
            return row
    return None


def open_events(subject: str, source: str) -> tuple[Transition, ...]:
    """Return the rows that lead out of a state, in the order of the table."""
    return tuple(row for row in TRANSITIONS if row.subject == subject and row.source == source)
