"""Copy a version: the same stops in the same order, timed and checked against today's data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.routing.explain import explain
from gis.routing.problem import Unserved, WeekPlan
from gis.routing.verify import verify
from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Crew, PatrolPlan, PatrolStop, PatrolTask
from inspect_app.models.base import Json
from inspect_app.queries.patrol_week import key_of
from inspect_app.queries.plan_orders import CrewDayName
from inspect_app.workflows.build_week import WeekToPlan
from inspect_app.workflows.edit_plan.draft import timed, without_cost
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_figures import figures_of
from inspect_app.workflows.plan_week import (
    Outcome,
    PlanRequest,
    fill_plan,
    lock_week,
    new_plan,
    new_task,
    parameters_of,
    require_county,
)
from inspect_app.workflows.week_at_hand import week_at_hand

NOT_DUE = "not_due"
OFTEN_ENOUGH = "often_enough"
CREW_GONE = "crew_gone"
DAY_OVER = "day_over"


@dataclass(frozen=True, slots=True)
class _Copied:
    """What of a version can be said of the week as it is today, and what cannot."""

    orders: Mapping[CrewDayName, tuple[str, ...]]
    pinned: frozenset[tuple[str, CrewDayName]]
    left_out: list[Json]


def copy_plan(
    session: Session,
    source: PatrolPlan,
    *,
    hand: Hand,
    week: date | None = None,
    first_day: date | None = None,
) -> PatrolPlan:
    """Make a draft with the crews, days and orders of another version.

    Visits of objects that are not due in the week (or not so often), and of crews that do not go
    out, are left out and named in `figures["left_out"]`; what is due and not in the source is left
    out with its reason. Every other rule that no longer holds (hours, officers, grid, days) stands
    in the verdict: such a draft cannot be published before it is mended.

    Parameters
    ----------
    week
        The Monday of the copy, by default that of the source; days keep their weekday.
    first_day
        Days before it are not planned.

    Raises
    ------
    Problem
        `nothing_to_copy` when nothing of the source is due, `no_crews`, `nothing_due`,
        `county_wide_only`, `not_permitted`.
    """
    require_county(hand.actor, Permission.PLAN_MAKE)
    week = week or source.week
    lock_week(session, week)
    built = week_at_hand(session, week, zone=hand.zone, first_day=first_day, store=hand.store)
    first = 0 if first_day is None else (first_day - week).days
    copied = _copied(session, source, built, first=first)
    if not copied.orders:
        raise Problem("nothing_to_copy", version=source.version)
    found = _as_plan(built, copied, seed=source.seed)
    explanation = explain(built.problem, found)
    tasks = [new_task(built, route, zone=hand.zone) for route in found.routes]
    _pin(tasks, copied, built)
    plan = new_plan(session, week, seed=source.seed, actor=hand.actor, now=hand.now)
    plan.base_plan_id = source.id
    request = PlanRequest(hand.zone, seed=source.seed, first_day=first_day)
    plan.parameters = parameters_of(request, built=built)
    plan.figures = {
        **figures_of(built, found, explanation=explanation),
        "copied_from": source.id,
        "left_out": copied.left_out,
    }
    verdict = without_cost(verify(built.problem, found))
    outcome = Outcome(built, verdict, explanation, tasks)
    fill_plan(session, plan, outcome, actor=hand.actor, now=hand.now)
    _audit(session, plan, source, hand=hand)
    session.flush()
    return plan


def _copied(session: Session, source: PatrolPlan, built: WeekToPlan, *, first: int) -> _Copied:
    rows = session.execute(
        select(PatrolTask.day, Crew.name, PatrolStop)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == source.id)
        .order_by(PatrolTask.day, Crew.name, PatrolStop.seq)
    )
    due = {task.key: task.times for task in built.problem.tasks}
    count: Counter[str] = Counter()
    orders: dict[CrewDayName, tuple[str, ...]] = {}
    pinned, left_out = set(), []
    for day, crew, stop in rows:
        key, name = key_of(stop), (crew, (day - source.week).days)
        reason = _fault(crew, built, due=due.get(key), count=count[key])
        if name[1] < first:
            reason = DAY_OVER
        if reason is not None:
            there = built.problem.week + timedelta(days=name[1])
            left_out.append(
                {"name": stop.name, "crew": crew, "day": there.isoformat(), "reason": reason}
            )
            continue
        count[key] += 1
        orders[name] = (*orders.get(name, ()), key)
        if stop.pinned:
            pinned.add((key, name))
    return _Copied(orders, frozenset(pinned), left_out)


def _fault(crew: str, built: WeekToPlan, *, due: int | None, count: int) -> str | None:
    if due is None:
        return NOT_DUE
    if crew not in built.crews:
        return CREW_GONE
    return OFTEN_ENOUGH if count >= due else None


def _as_plan(built: WeekToPlan, copied: _Copied, *, seed: int) -> WeekPlan:
    routes = timed(built, copied.orders)
    count = Counter(visit.task for route in routes.values() for visit in route.visits)
    unserved = tuple(
        Unserved(task.key, task.times - count[task.key])
        for task in built.problem.tasks
        if task.times > count[task.key]
    )
    week = built.problem.week
    return WeekPlan(week, tuple(routes.values()), unserved, 0, seed=seed, iterations=0)


def _pin(tasks: list[PatrolTask], copied: _Copied, built: WeekToPlan) -> None:
    names = {crew.id: name for name, crew in built.crews.items()}
    for task in tasks:
        name = (names[task.crew_id], task.day.weekday())
        for stop in task.stops:
            stop.pinned = (key_of(stop), name) in copied.pinned


def _audit(session: Session, plan: PatrolPlan, source: PatrolPlan, *, hand: Hand) -> None:
    session.add(
        AuditEntry(
            at=hand.now,
            actor_id=hand.actor.person_id,
            action="plan.copy",
            subject_kind="plan",
            subject_id=str(plan.id),
            facts={"from": source.id, "week": str(source.week), "version": source.version},
        )
    )
