"""Publish a plan: its tasks go to the crews; or withdraw it: what has not begun is cancelled."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState, TaskState
from inspect_app.domain.weeks import week_text
from inspect_app.models import PatrolPlan, PatrolTask
from inspect_app.workflows.advance import Step, advance
from inspect_app.workflows.plan_week import lock_week, require_county

NOT_STARTED = (TaskState.PLANNED, TaskState.PUBLISHED)


def publish_plan(session: Session, plan: PatrolPlan, *, actor: Actor, now: datetime) -> int:
    """Publish a draft with all its tasks and return how many tasks there are.

    Raises
    ------
    Problem
        `plan_invalid` when the check found a violation, `plan_published` when another version of
        the week is out already, `county_wide_only`, `not_permitted`, `wrong_step`.
    """
    require_county(actor, Permission.PLAN_PUBLISH)
    lock_week(session, plan.week)
    violations = plan.verdict["violations"]
    if violations:
        raise Problem("plan_invalid", count=len(violations))
    other = session.scalar(
        select(PatrolPlan.version).where(
            PatrolPlan.week == plan.week,
            PatrolPlan.state == PlanState.PUBLISHED,
            PatrolPlan.id != plan.id,
        )
    )
    if other is not None:
        raise Problem("plan_published", week=week_text(plan.week), version=other)
    advance(session, plan, "publish", step=Step(), actor=actor, now=now)
    plan.published_at = now
    tasks = _tasks(session, plan, states=(TaskState.PLANNED,))
    for task in tasks:
        advance(session, task, "publish", step=Step(), actor=actor, now=now)
    session.flush()
    return len(tasks)


def withdraw_plan(
    session: Session, plan: PatrolPlan, *, reason: str, actor: Actor, now: datetime
) -> int:
    """Withdraw a plan with a reason and return how many tasks were cancelled.

    Tasks that a crew has begun, finished or missed stay as they are.
    """
    require_county(actor, Permission.PLAN_PUBLISH)
    lock_week(session, plan.week)
    step = Step(reason=reason)
    advance(session, plan, "withdraw", step=step, actor=actor, now=now)
    tasks = _tasks(session, plan, states=NOT_STARTED)
    for task in tasks:
        advance(session, task, "cancel", step=step, actor=actor, now=now)
    return len(tasks)


def _tasks(
    session: Session, plan: PatrolPlan, *, states: tuple[TaskState, ...]
) -> list[PatrolTask]:
    return list(
        session.scalars(
            select(PatrolTask)
            .where(
                PatrolTask.plan_id == plan.id,
                PatrolTask.state.in_([state.value for state in states]),
            )
            .order_by(PatrolTask.day, PatrolTask.crew_id)
            .with_for_update()
        )
    )
