"""Edit a plan: move one stop of a draft to another crew-day, with new times and a new verdict."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gis.routing.problem import CrewDay, Unserved, WeekPlan
from gis.routing.timetable import OpenRoute, plan_cost, timed_route
from gis.routing.verify import Verdict, verify
from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.models import AuditEntry, Crew, PatrolPlan, PatrolStop, PatrolTask, PlanUncovered
from inspect_app.queries.patrol_week import grid_names, task_key
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.build_week import WeekToPlan, build_week
from inspect_app.workflows.plan_week import (
    birth,
    lock_week,
    new_task,
    require_county,
    verdict_facts,
    violation_phrase,
    write_route,
)
from inspect_app.workflows.travel_cache import MatrixStore

CrewDayName = tuple[str, int]
Orders = dict[CrewDayName, list[str]]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a stop is to go: the crew and the day; its place in the order is chosen."""

    crew_id: int
    day: date
    zone: ZoneInfo


def move_stop(
    session: Session,
    stop: PatrolStop,
    *,
    move: Move,
    actor: Actor,
    now: datetime,
    store: MatrixStore | None = None,
) -> PatrolPlan:
    """Move a stop of a draft to the cheapest place of another crew-day.

    The week is built anew from the database and the whole plan is checked again; a move that breaks
    a rule (hours, officers, grid, day, gap) is refused and nothing is written. Both crew-days get
    new times and lines; a crew-day left without stops goes.

    Raises
    ------
    Problem
        `not_found` for an unknown crew, `plan_not_draft`, `plan_outdated` when what is due or who
        works has changed since the plan was made, `move_breaks_rule`, `county_wide_only`,
        `not_permitted`.
    """
    require_county(actor, Permission.PLAN_MAKE)
    plan = stop.task.plan
    lock_week(session, plan.week)
    if plan.state != PlanState.DRAFT:
        raise Problem("plan_not_draft")
    first_day = plan.parameters["first_day"]
    built = build_week(
        session,
        plan.week,
        zone=move.zone,
        first_day=None if first_day is None else date.fromisoformat(first_day),
        store=store,
    )
    orders = _orders(session, plan)
    key = task_key(stop.object_kind, stop.object_id, timed=stop.timed)
    source = (stop.task.crew.name, (stop.task.day - plan.week).days)
    crew = session.get(Crew, move.crew_id)
    if crew is None:
        raise Problem("not_found", what="班组")
    goal = (crew.name, (move.day - plan.week).days)
    _require_same_week(built, orders, goal=goal)
    orders[source].remove(key)
    orders[goal] = _inserted(built, orders.get(goal, []), key=key, crew=goal[0])
    edited, verdict = _checked(session, plan, built, orders=orders)
    for route_of in (source, goal):
        _rewrite(session, plan, built, route=edited.get(route_of), at=(route_of, move.zone))
    for task in _new_tasks(session, plan, built, edited=edited, zone=move.zone):
        record(session, task, birth("task", "plan"), step=Step(), actor=actor, now=now)
    plan.verdict = verdict_facts(verdict, built, names=grid_names(session))
    _audit(session, plan, key=key, way=(source, goal), by=(actor, now))
    session.flush()
    return plan


def _orders(session: Session, plan: PatrolPlan) -> Orders:
    rows = session.execute(
        select(PatrolTask.day, Crew.name, PatrolStop)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id)
        .order_by(PatrolTask.day, Crew.name, PatrolStop.seq)
    )
    orders: Orders = {}
    for day, crew, stop in rows:
        key = task_key(stop.object_kind, stop.object_id, timed=stop.timed)
        orders.setdefault((crew, (day - plan.week).days), []).append(key)
    return orders


def _require_same_week(built: WeekToPlan, orders: Orders, *, goal: CrewDayName) -> None:
    known = {key for order in orders.values() for key in order} <= set(built.objects)
    if not known or not {crew for crew, _ in [*orders, goal]} <= set(built.crews):
        raise Problem("plan_outdated")


def _inserted(built: WeekToPlan, order: list[str], *, key: str, crew: str) -> list[str]:
    tasks, who = built.problem.task_by_key(), built.problem.crew_by_key()[crew]
    travel_s = built.problem.travel_s[who.mode]
    route = OpenRoute(who, [tasks[one] for one in order], travel_s=travel_s)
    position = route.cheapest(tasks[key]).position
    return [*order[:position], key, *order[position:]]


def _checked(
    session: Session, plan: PatrolPlan, built: WeekToPlan, *, orders: Orders
) -> tuple[dict[CrewDayName, CrewDay], Verdict]:
    """Return the timed routes and their verdict, or refuse with the first broken rule."""
    problem = built.problem
    tasks, crews = problem.task_by_key(), problem.crew_by_key()
    routes = {
        (crew, day): timed_route(
            crews[crew],
            day,
            order=[tasks[key] for key in order],
            travel_s=problem.travel_s[crews[crew].mode],
        )
        for (crew, day), order in sorted(orders.items(), key=lambda one: one[0][::-1])
        if order
    }
    left = session.scalars(select(PlanUncovered).where(PlanUncovered.plan_id == plan.id)).all()
    unserved = tuple(
        Unserved(task_key(one.object_kind, one.object_id, timed=one.timed), one.visits_missing)
        for one in left
    )
    cost = plan_cost(problem, routes.values(), unserved=unserved)
    edited = WeekPlan(
        plan.week, tuple(routes.values()), unserved, cost, seed=plan.seed, iterations=0
    )
    verdict = verify(problem, edited)
    if verdict.violations:
        rule = violation_phrase(verdict.violations[0], built, names=grid_names(session))
        raise Problem("move_breaks_rule", rule=rule)
    return routes, verdict


def _rewrite(
    session: Session,
    plan: PatrolPlan,
    built: WeekToPlan,
    *,
    route: CrewDay | None,
    at: tuple[CrewDayName, ZoneInfo],
) -> None:
    """Give the row of a changed crew-day its new stops; without stops the row goes."""
    (crew, day), zone = at
    task = session.scalar(
        select(PatrolTask).where(
            PatrolTask.plan_id == plan.id,
            PatrolTask.crew_id == built.crews[crew].id,
            PatrolTask.day == built.problem.date_of(day),
        )
    )
    if task is None:
        return
    session.execute(delete(PatrolStop).where(PatrolStop.task_id == task.id))
    if route is None:
        session.execute(delete(PatrolTask).where(PatrolTask.id == task.id))
        session.expire(plan, ["tasks"])
        return
    session.expire(task, ["stops"])
    write_route(built, task, route=route, zone=zone)
    session.flush()


def _new_tasks(
    session: Session,
    plan: PatrolPlan,
    built: WeekToPlan,
    *,
    edited: dict[CrewDayName, CrewDay],
    zone: ZoneInfo,
) -> list[PatrolTask]:
    known = {
        (crew_id, day)
        for crew_id, day in session.execute(
            select(PatrolTask.crew_id, PatrolTask.day).where(PatrolTask.plan_id == plan.id)
        )
    }
    tasks = [
        new_task(built, route, zone=zone)
        for (crew, day), route in edited.items()
        if (built.crews[crew].id, built.problem.date_of(day)) not in known
    ]
    plan.tasks.extend(tasks)
    return tasks


def _audit(
    session: Session,
    plan: PatrolPlan,
    *,
    key: str,
    way: tuple[CrewDayName, CrewDayName],
    by: tuple[Actor, datetime],
) -> None:
    actor, now = by
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="plan.move_stop",
            subject_kind="plan",
            subject_id=str(plan.id),
            facts={"object": key, "from": list(way[0]), "to": list(way[1])},
        )
    )
