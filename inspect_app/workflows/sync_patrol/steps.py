"""Steps of a patrol: what starting, resting, going on and ending make of the task, in any order.

A patrol has rounds: the first, and one more after each return by its reviewer. Within a round the
end decides; without one, the patrol rests if the newest step of every device that paused or went on
is a pause. So the state follows from the set of records, not from their order of arrival. A step of
a round that is over is noted; one of a round that has not begun yet waits for its start.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState, transition
from inspect_app.models import Event, PatrolTask
from inspect_app.workflows.advance import Step as Advance
from inspect_app.workflows.advance import advance

ROUND_ENDS = "return"
EVENTS = ("start", "pause", "resume", "finish", ROUND_ENDS)
UNDER_WAY = (TaskState.IN_PROGRESS, TaskState.PAUSED)
HANDED_IN = (TaskState.SUBMITTED, TaskState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken or noted before: its event, its device and the device's counter."""

    event: str
    device: str
    seq: int


@dataclass(frozen=True, slots=True)
class Course:
    """The steps of a task: those of the rounds before, and those of the round that runs."""

    before: tuple[Taken, ...]
    now: tuple[Taken, ...]

    def is_past(self, step: Taken) -> bool:
        """Whether a step belongs to a round that its own device has ended."""
        ends = [one.seq for one in self.before if _is(one, "finish", step.device)]
        return step.seq < max(ends, default=-1)

    def rests(self, step: Taken) -> bool:
        """Whether the patrol rests once the step is counted."""
        newest: dict[str, Taken] = {}
        for one in (*self.now, step):
            if one.event in ("pause", "resume") and one.seq >= _seq(newest.get(one.device)):
                newest[one.device] = one
        return bool(newest) and all(one.event == "pause" for one in newest.values())

    def is_newest_end(self, step: Taken) -> bool:
        """Whether no later end of this round is known; devices go by their ids."""
        ends = [(one.device, one.seq) for one in self.now if one.event == "finish"]
        return not self.is_past(step) and (step.device, step.seq) >= max(ends, default=("", -1))

    def is_first_start(self, step: Taken) -> bool:
        """Whether the step is the start of the whole patrol, though another came sooner."""
        starts = [one.seq for one in self.now if _is(one, "start", step.device)]
        return not self.before and bool(starts) and step.seq < min(starts)


def course_of(session: Session, task: PatrolTask) -> Course:
    """Return the steps of a task so far; one statement."""
    rows = session.execute(
        select(Event.event, Event.facts["device"].astext, Event.facts["seq"].astext)
        .where(Event.subject_kind == "task", Event.subject_id == task.id, Event.event.in_(EVENTS))
        .order_by(Event.id)
    ).all()
    steps = [Taken(event, device or "", int(seq or 0)) for event, device, seq in rows]
    cut = max((place + 1 for place, one in enumerate(steps) if one.event == ROUND_ENDS), default=0)
    return Course(tuple(steps[:cut]), tuple(steps[cut:]))


def take_step(
    session: Session,
    task: PatrolTask,
    step: Taken,
    *,
    course: Course,
    note: dict[str, Any],
    by: tuple[Actor, datetime],
) -> None:
    """Advance the task as far as the step says, or note the step where it changes nothing."""
    if _advances(task, step, course):
        advance(session, task, step.event, step=Advance(facts=note), actor=by[0], now=by[1])
        return
    session.add(
        Event(
            subject_kind="task",
            subject_id=task.id,
            event=step.event,
            from_state=task.state,
            to_state=task.state,
            actor_id=by[0].person_id,
            at=by[1],
            reason=note.get("reason") or None,
            facts=note | {"noted_only": True},
        )
    )
    session.flush()


def _advances(task: PatrolTask, step: Taken, course: Course) -> bool:
    """Whether the step changes the task's state; refuses one whose round has not begun."""
    state = TaskState(task.state)
    if course.is_past(step) or state in HANDED_IN:
        return False
    if state is TaskState.RETURNED:
        if step.event != "start":
            raise Problem("record_early", uid=f"{step.device}/{step.seq}")
        return True
    if state not in UNDER_WAY:
        return True  # the table of transitions takes it or says why not
    if step.event in ("pause", "resume"):
        possible = transition("task", step.event, state) is not None
        return possible and course.rests(step) != (state is TaskState.PAUSED)
    return step.event == "finish"


def _is(step: Taken, event: str, device: str) -> bool:
    return step.event == event and step.device == device


def _seq(step: Taken | None) -> int:
    return -1 if step is None else step.seq
