"""Miss tasks: published patrol tasks whose day has passed without a start count as missed."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM
from inspect_app.domain.transitions import TaskState
from inspect_app.models import PatrolTask
from inspect_app.workflows.advance import Step, advance


def miss_tasks(session: Session, *, today: date, now: datetime) -> int:
    """Advance every published task of an earlier day to missed; return how many.

    A night patrol that is to end only after `now` is not missed yet.

    A tablet that was offline may still bring the patrol later: a missed task can be started.
    """
    tasks = session.scalars(
        select(PatrolTask)
        .where(
            PatrolTask.state == TaskState.PUBLISHED,
            PatrolTask.day < today,
            PatrolTask.ends_at <= now,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for task in tasks:
        advance(session, task, "miss", step=Step(), actor=SYSTEM, now=now)
    return len(tasks)
