"""Settle a record: let it take effect, or say what it waits for or what a person must decide.

A record is kept before it is judged and never goes again: a refusal undoes the effect alone. What
came before its cause waits and is tried anew when the cause has come; all else that is refused lies
in the inbox.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.calendar import local_day
from inspect_app.domain.codes import SyncState
from inspect_app.domain.problems import Problem
from inspect_app.models import PatrolTask, SyncRecord
from inspect_app.queries.actors import actor_of_person
from inspect_app.queries.patrols import is_crew_member
from inspect_app.queries.policies import PolicyMissing
from inspect_app.workflows.sync_patrol.effects import Arrival, take_effect
from inspect_app.workflows.sync_patrol.locks import LockedTask
from inspect_app.workflows.sync_patrol.records import Head, plain, read_head, read_record

SEGMENT = "segment"
WAITS = frozenset({"record_early"})
"""Refusals that another record can turn; all others are for a person."""
SETTLED_AT_ONCE = 400
"""So many waiting records are settled with the one they waited for; a start of a patrol is
answered within seconds whatever has come before it. The job of the hour settles the rest."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a record; `problem` says why that cannot be believed."""

    actor: Actor
    sender_id: int | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A record whose bytes are kept: what they say, by whom, and when they came."""

    uid: UUID
    head: Head
    body: bytes
    author: Author
    came_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a record; `fault` is the error in our own code behind `effect_failed`."""

    problem: Problem | None = None
    fault: Exception | None = None

    @property
    def state(self) -> SyncState:
        """The state the record is kept in."""
        if self.problem is None:
            return SyncState.TAKEN
        return SyncState.WAITING if self.problem.code in WAITS else SyncState.INBOX


TAKEN = Verdict()
OUR_FAULTS = (ArithmeticError, LookupError, TypeError, ValueError, DataError, IntegrityError)
"""Errors of our own code, PolicyMissing among them, which a record's strange values bring out."""


class EffectRefused(Exception):
    """A refusal met `all_or_nothing`: the transaction is to be undone and begun again."""


Undo = Callable[[Session], AbstractContextManager[object]]
"""How an effect that is refused goes while its record stays."""


def savepoint(session: Session) -> AbstractContextManager[object]:
    """Undo a refused effect alone; costs two statements."""
    return session.begin_nested()


@contextmanager
def all_or_nothing(session: Session) -> Iterator[None]:
    """Undo nothing: a refusal is raised as EffectRefused, and the caller rolls back.

    Nearly every effect is taken. Whoever ends the transaction can save the savepoint by trying so
    first, and with a savepoint if that was refused.
    """
    try:
        yield
        session.flush()
    except (Problem, *OUR_FAULTS) as refusal:
        raise EffectRefused from refusal


def judge(
    session: Session,
    held: Held,
    locked: LockedTask | None,
    *,
    now: datetime,
    undo: Undo = savepoint,
) -> Verdict:
    """Let a record take effect under its author; a refusal leaves no trace of the effect.

    Faults of the database that pass (a deadlock, a lost connection) are not caught: the whole
    request is asked for again.
    """

    def take() -> None:
        if held.author.problem is not None:
            raise held.author.problem
        record = read_record(held.head, held.body)
        author = held.author.actor
        task = permitted_task(locked, author)
        with undo(session):
            arrival = Arrival(held.uid, task, author, came_at=held.came_at, now=now)
            take_effect(session, record, arrival)

    return verdict_of(take)


def permitted_task(locked: LockedTask | None, author: Actor) -> PatrolTask:
    """Return the task if the author was of its crew and may patrol."""
    if locked is None or not locked.member:
        raise Problem("not_your_task")
    if not author.may(Permission.PATROL_DO):
        raise Problem("not_permitted", permission=Permission.PATROL_DO.value)
    return locked.task


def verdict_of(take: Callable[[], None]) -> Verdict:
    """Run what takes effect, and return how it ended."""
    try:
        take()
    except Problem as problem:
        return Verdict(problem)
    except PolicyMissing as missing:
        return Verdict(Problem("policy_missing", policy=missing.key, day=missing.day))
    except OUR_FAULTS as fault:
        return Verdict(Problem("effect_failed", fault=type(fault).__name__), fault)
    return TAKEN


def author_of(
    session: Session, head: Head, *, sender: Actor, vouched: bool, now: datetime
) -> Author:
    """Return who made a record: the sender, or whom it names if it comes from a known tablet."""
    if head.author is None or head.author == sender.person_id:
        return Author(sender)
    named = actor_of_person(session, head.author, day=local_day(now))
    if named is None:
        return Author(sender, sender.person_id, Problem("author_unknown", author=head.author))
    problem = None if vouched else Problem("author_unproven")
    return Author(named, sender.person_id, problem)


def facts_of(problem: Problem | None) -> dict[str, Any] | None:
    """Return a refusal's facts as a row keeps them; numbers stay numbers."""
    if problem is None:
        return None
    return {
        name: value if isinstance(value, (int, float)) else plain(str(value))
        for name, value in problem.facts.items()
    }


def problem_of(row: SyncRecord) -> Problem | None:
    """Return the refusal a row was kept with, to be said in the reader's language."""
    return None if row.problem is None else Problem(row.problem, **(row.problem_facts or {}))


def write_verdict(row: SyncRecord, verdict: Verdict, *, now: datetime) -> None:
    """Write into a kept row what became of it."""
    row.state = verdict.state.value
    row.problem = None if verdict.problem is None else verdict.problem.code
    row.problem_facts = facts_of(verdict.problem)
    row.settled_at = now if verdict.problem is None else None
    row.settled_by = row.settle_reason = None


def retry_waiting(session: Session, locked: LockedTask, *, now: datetime) -> list[Exception]:
    """Try the waiting records of a task, in the order of their counters, until none settles more.

    The task is locked by the caller. Returns the faults of our own code that were met.
    """
    faults: list[Exception] = []
    crew = Crew(session, locked.task, now=now)
    settled = True
    while settled:
        rows = session.scalars(
            select(SyncRecord)
            .where(
                SyncRecord.task_id == locked.task.id,
                SyncRecord.state == SyncState.WAITING.value,
                SyncRecord.kind != SEGMENT,
            )
            .order_by(SyncRecord.device_uid, SyncRecord.seq, SyncRecord.uid)
            .limit(SETTLED_AT_ONCE)
        ).all()
        verdicts = [judge_row(session, row, crew, now=now) for row in rows]
        faults += [verdict.fault for verdict in verdicts if verdict.fault is not None]
        settled = any(verdict.state != SyncState.WAITING for verdict in verdicts)
    return faults


class Crew:
    """Who the authors of a task's records are, and whether they were of its crew; asked once."""

    def __init__(self, session: Session, task: PatrolTask | None, *, now: datetime) -> None:
        self.task = task
        self._session = session
        self._day = local_day(now)
        self._known: dict[int, tuple[Actor | None, LockedTask | None]] = {}

    def author(self, person_id: int) -> tuple[Actor | None, LockedTask | None]:
        """Return a person with the posts of the day, and the task as it is to them."""
        if person_id not in self._known:
            actor = actor_of_person(self._session, person_id, day=self._day)
            self._known[person_id] = (actor, self._locked(person_id))
        return self._known[person_id]

    def _locked(self, person_id: int) -> LockedTask | None:
        if self.task is None:
            return None
        return LockedTask(self.task, is_crew_member(self._session, self.task, person_id))


def judge_row(session: Session, row: SyncRecord, crew: Crew, *, now: datetime) -> Verdict:
    """Judge a kept row anew, under its author, and write the verdict into it.

    A row waits only if its author was of the crew when it came; that holds, whoever has the task by
    the time its cause comes. Else it would matter which of the two came first.
    """
    head = read_head(row.body)
    person_id = row.author_id if head.author is None else head.author
    actor, locked = crew.author(person_id)
    if locked is not None and row.state == SyncState.WAITING:
        locked = replace(locked, member=True)
    if actor is None:
        verdict = Verdict(Problem("author_unknown", author=person_id))
    else:
        row.author_id = person_id
        held = Held(row.uid, head, row.body, Author(actor), row.received_at)
        verdict = judge(session, held, locked, now=now)
    write_verdict(row, verdict, now=now)
    session.flush()
    return verdict
