"""Write an edit: new stops and times for the crew-days it touches, the verdict, the audit."""

from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gis.routing.problem import CrewDay, Unserved, WeekPlan
from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, PatrolPlan, PatrolStop, PatrolTask, PlanUncovered
from inspect_app.models.base import Json
from inspect_app.queries.patrol_week import grid_names, key_of
from inspect_app.queries.plan_orders import CrewDayName
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.edit_plan.draft import (
    Arrangement,
    Checked,
    Draft,
    draft_of,
    new_violations,
)
from inspect_app.workflows.edit_plan.edits import Edit, Proposal, propose
from inspect_app.workflows.edit_plan.preview import broken_rules
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_figures import by_policy
from inspect_app.workflows.plan_week import birth, lock_week, new_task, require_county, write_route
from inspect_app.workflows.tell_verdict import verdict_facts


def edit_plan(session: Session, plan: PatrolPlan, edit: Edit, *, hand: Hand) -> PatrolPlan:
    """Edit a draft.

    The whole plan is checked again against the week as it is now; an edit that breaks a rule
    (hours, officers, grid, day, gap) is refused and nothing is written. The crew-days it touches
    get new times and lines; a crew-day left without stops goes. The audit entry holds what is
    needed to undo it.

    Raises
    ------
    Problem
        `not_found` for what is not of this draft, `plan_not_draft`, `plan_outdated` when what is
        due or who works has changed since the plan was made, `stop_pinned`, `move_breaks_rule`,
        `county_wide_only`, `not_permitted`.
    """
    require_county(hand.actor, Permission.PLAN_MAKE)
    lock_week(session, plan.week)
    draft = draft_of(session, plan, zone=hand.zone, store=hand.store)
    write_proposal(session, draft, propose(session, draft, edit), hand=hand)
    return plan


def write_proposal(session: Session, draft: Draft, proposal: Proposal, *, hand: Hand) -> None:
    """Check a proposal and put it into the rows, with its audit entry."""
    plan, built = draft.plan, draft.built
    checked = _allowed(session, draft, proposal.arrangement)
    for name in proposal.touched:
        _rewrite(session, draft, checked.routes.get(name), at=(name, hand.zone))
    for task in _new_tasks(session, draft, checked, hand=hand):
        record(session, task, birth("task", "plan"), step=Step(), actor=hand.actor, now=hand.now)
    left = _write_missing(session, draft, proposal.arrangement)
    plan.verdict = verdict_facts(checked.verdict, built, names=grid_names(session))
    served = _as_plan(draft, proposal.arrangement, checked)
    plan.figures = {**plan.figures, "policies": by_policy(built, served)}
    _audit(session, draft, proposal, left=left, hand=hand)
    session.flush()


def _allowed(session: Session, draft: Draft, arrangement: Arrangement) -> Checked:
    before, after = draft.checked(draft.arrangement), draft.checked(arrangement)
    broken = new_violations(before.verdict.violations, after.verdict.violations)
    if broken:
        rule = broken_rules(session, draft.built, broken[:1])[0]
        raise Problem("move_breaks_rule", rule=rule)
    return after


def _as_plan(draft: Draft, arrangement: Arrangement, checked: Checked) -> WeekPlan:
    unserved = tuple(Unserved(key, number) for key, number in arrangement.missing.items() if number)
    routes = tuple(checked.routes.values())
    return WeekPlan(draft.plan.week, routes, unserved, 0, seed=draft.plan.seed, iterations=0)


def _rewrite(
    session: Session, draft: Draft, route: CrewDay | None, *, at: tuple[CrewDayName, ZoneInfo]
) -> None:
    """Give the row of a changed crew-day its new stops; without stops the row goes."""
    name, zone = at
    crew, day = name
    task = session.scalar(
        select(PatrolTask).where(
            PatrolTask.plan_id == draft.plan.id,
            PatrolTask.crew_id == draft.built.crews[crew].id,
            PatrolTask.day == draft.built.problem.date_of(day),
        )
    )
    if task is None:
        return
    session.execute(delete(PatrolStop).where(PatrolStop.task_id == task.id))
    if route is None:
        session.execute(delete(PatrolTask).where(PatrolTask.id == task.id))
        session.expire(draft.plan, ["tasks"])
        return
    session.expire(task, ["stops"])
    write_route(draft.built, task, route=route, zone=zone)
    for stop in task.stops:
        stop.pinned = (key_of(stop), name) in draft.pinned
    session.flush()


def _new_tasks(session: Session, draft: Draft, checked: Checked, *, hand: Hand) -> list[PatrolTask]:
    plan, built = draft.plan, draft.built
    known = {
        (crew_id, day)
        for crew_id, day in session.execute(
            select(PatrolTask.crew_id, PatrolTask.day).where(PatrolTask.plan_id == plan.id)
        )
    }
    tasks = [
        new_task(built, route, zone=hand.zone)
        for (crew, day), route in checked.routes.items()
        if (built.crews[crew].id, built.problem.date_of(day)) not in known
    ]
    plan.tasks.extend(tasks)
    return tasks


def _write_missing(session: Session, draft: Draft, arrangement: Arrangement) -> list[Json]:
    """Take placed visits out of what is left out; returns the rows as they were."""
    rows = session.scalars(select(PlanUncovered).where(PlanUncovered.plan_id == draft.plan.id))
    before = []
    for row in rows.all():
        key = key_of(row)
        wanted = arrangement.missing[key]
        if wanted == draft.arrangement.missing[key]:
            continue
        before.append(
            {column.key: getattr(row, column.key) for column in PlanUncovered.__table__.columns}
        )
        if wanted:
            row.visits_missing = wanted
        else:
            session.delete(row)
    return before


def _audit(
    session: Session, draft: Draft, proposal: Proposal, *, left: list[Json], hand: Hand
) -> None:
    days = [
        {
            "crew": crew,
            "day": day,
            "before": list(draft.arrangement.orders.get((crew, day), ())),
            "after": list(proposal.arrangement.orders.get((crew, day), ())),
        }
        for crew, day in proposal.touched
    ]
    session.add(
        AuditEntry(
            at=hand.now,
            actor_id=hand.actor.person_id,
            action=proposal.action,
            subject_kind="plan",
            subject_id=str(draft.plan.id),
            facts={**proposal.facts, "days": days, "left": left},
        )
    )
