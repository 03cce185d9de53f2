"""Locks: what makes records of one patrol come one after the other; always taken in this order.

A transaction locks the task's row, then names (logs, then photos), then rows it writes. Records of
different tasks do not wait for each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, defer

from inspect_app.models import CrewMember, PatrolLog, PatrolTask

NAME_BITS = 2**63


@dataclass(frozen=True, slots=True)
class LockedTask:
    """A task nobody else changes until the transaction ends; whether the person is of its crew."""

    task: PatrolTask
    member: bool


MEMBER = (
    select(CrewMember.person_id)
    .where(
        CrewMember.crew_id == PatrolTask.crew_id,
        CrewMember.person_id == bindparam("person_id"),
        CrewMember.valid_from <= PatrolTask.day,
        or_(CrewMember.valid_to.is_(None), CrewMember.valid_to > PatrolTask.day),
    )
    .exists()
)
TASK = (
    select(PatrolTask, MEMBER)
    .options(defer(PatrolTask.route))
    .with_for_update(of=PatrolTask)
    .execution_options(populate_existing=True)
)
TASK_BY_ID = TASK.where(PatrolTask.id == bindparam("task_id"))
TASK_BY_LOG = TASK.join(
    PatrolLog, and_(PatrolLog.task_id == PatrolTask.id, PatrolLog.uid == bindparam("log_uid"))
)


def lock_task(
    session: Session, *, person_id: int | None, task_id: int | None = None, log: UUID | None = None
) -> LockedTask | None:
    """Lock the task of this id, or of this log, by one statement; None if there is none."""
    wanted = TASK_BY_ID if log is None else TASK_BY_LOG
    names = {"person_id": person_id, **({"task_id": task_id} if log is None else {"log_uid": log})}
    row = session.execute(wanted, names).first()
    return None if row is None else LockedTask(row[0], row[1])


def lock_log(session: Session, uid: UUID) -> None:
    """Let one transaction at a time decide whether a log is there yet."""
    session.execute(select(func.pg_advisory_xact_lock(uid.int % NAME_BITS)))


def lock_photos(session: Session, hashes: Iterable[str]) -> None:
    """Let one transaction at a time decide whether a photo is there yet; in order of the hashes."""
    keys = [int(sha256[:15], 16) for sha256 in sorted(set(hashes))]
    if keys:
        wanted = func.unnest(keys).column_valued("key")
        session.execute(select(func.pg_advisory_xact_lock(wanted)))
