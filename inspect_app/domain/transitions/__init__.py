"""State machines as tables: which event leads from where to where, who may, under which guards."""

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import Code
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.transitions.campaign import ITEM_STEP_PHOTOS, ITEM_TRANSITIONS, ITEM_WORK
from inspect_app.domain.transitions.finding import (
    FINDING_FINISHED,
    FINDING_TRANSITIONS,
    STEP_PHOTOS,
)
from inspect_app.domain.transitions.matter import (
    MATTER_FINISHED,
    MATTER_STEP_PHOTOS,
    MATTER_TRANSITIONS,
    MATTER_WORKING,
)
from inspect_app.domain.transitions.patrol import PLAN_TRANSITIONS, TASK_TRANSITIONS
from inspect_app.domain.transitions.rows import Guard, Transition
from inspect_app.domain.transitions.states import FindingState, PlanState, TaskState

__all__ = [
    "FINAL_STATES",
    "FINDING_FINISHED",
    "FINDING_TRANSITIONS",
    "ITEM_STEP_PHOTOS",
    "ITEM_TRANSITIONS",
    "ITEM_WORK",
    "MATTER_FINISHED",
    "MATTER_STEP_PHOTOS",
    "MATTER_TRANSITIONS",
    "MATTER_WORKING",
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
    *MATTER_TRANSITIONS,
    *ITEM_TRANSITIONS,
    *TASK_TRANSITIONS,
    *PLAN_TRANSITIONS,
)

FINAL_STATES: frozenset[Code] = frozenset(
    {
        TaskState.COMPLETED,
        TaskState.EXEMPTED,
        PlanState.WITHDRAWN,
        MatterState.NOT_ACCEPTED,
        MatterState.RETURNED,
        MatterState.TRANSFERRED,
        MatterState.TERMINATED,
        MatterState.ARCHIVED,
    }
)
"""States that are meant to be left by nothing."""

_TAKING_PHOTOS = {"finding": STEP_PHOTOS, "matter": MATTER_STEP_PHOTOS}

PHOTO_PERMISSIONS: tuple[Permission, ...] = tuple(
    dict.fromkeys(
        row.permission for row in TRANSITIONS if row.event in _TAKING_PHOTOS.get(row.subject, {})
    )
)
"""Permissions whose holders take steps with photos, and so must be able to send them."""


def transition(subject: str, event: str, source: str | None) -> Transition | None:
    """Return the row for an event from a state, or None where the table has none."""
    for row in TRANSITIONS:
        if row.subject == subject and row.event == event and row.source == source:
            return row
    return None


def open_events(subject: str, source: str) -> tuple[Transition, ...]:
    """Return the rows that lead out of a state, in the order of the table."""
    return tuple(row for row in TRANSITIONS if row.subject == subject and row.source == source)
