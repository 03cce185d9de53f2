"""The edits of a draft: what is taken from where and put where, as new orders."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from gis.routing.timetable import OpenRoute
from inspect_app.domain.problems import Problem
from inspect_app.models import Crew, PatrolStop, PatrolTask, PlanUncovered
from inspect_app.queries.patrol_week import key_of
from inspect_app.queries.plan_orders import CrewDayName
from inspect_app.workflows.edit_plan.draft import Arrangement, Draft


@dataclass(frozen=True, slots=True)
class MoveStop:
    """Take a stop to a crew and day, to a place in the order (from 0) or the cheapest one."""

    stop_id: int
    crew_id: int
    day: date
    position: int | None = None


@dataclass(frozen=True, slots=True)
class MoveDay:
    """Take all stops of a crew-day to another crew or day; stops that are there come back."""

    task_id: int
    crew_id: int
    day: date


@dataclass(frozen=True, slots=True)
class PlaceVisit:
    """Give a visit that was left out a crew and day, at a place in the order or the cheapest."""

    uncovered_id: int
    crew_id: int
    day: date
    position: int | None = None


Edit = MoveStop | MoveDay | PlaceVisit


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an edit makes of a draft: the new arrangement and the audit's words for it."""

    action: str
    arrangement: Arrangement
    touched: tuple[CrewDayName, ...]
    facts: dict[str, object] = field(default_factory=dict)


def propose(session: Session, draft: Draft, edit: Edit) -> Proposal:
    """Return what an edit would make of a draft; nothing is checked but that it can be said.

    Raises
    ------
    Problem
        `not_found` for stops, crew-days, visits and crews that are not of this draft,
        `plan_outdated` for a crew that does not go out this week, `stop_pinned`.
    """
    if isinstance(edit, MoveStop):
        return _move_stop(session, draft, edit)
    if isinstance(edit, MoveDay):
        return _move_day(session, draft, edit)
    return _place_visit(session, draft, edit)


def _move_stop(session: Session, draft: Draft, edit: MoveStop) -> Proposal:
    stop = session.get(PatrolStop, edit.stop_id)
    if stop is None or stop.task.plan_id != draft.plan.id:
        raise Problem("not_found", what="点位")
    key = key_of(stop)
    source = draft.crew_day(stop.task.crew.name, stop.task.day)
    goal = _goal(session, draft, edit)
    if goal != source:
        _require_loose(draft, source, keys=(key,), name=stop.name)
    orders = dict(draft.arrangement.orders)
    orders[source] = _without(orders[source], key)
    orders[goal] = _with(draft, orders.get(goal, ()), key=key, at=(goal, edit.position))
    return Proposal(
        "plan.move_stop",
        Arrangement(orders, draft.arrangement.missing),
        tuple(dict.fromkeys((source, goal))),
        {"object": key, "name": stop.name, "from": list(source), "to": list(goal)},
    )


def _move_day(session: Session, draft: Draft, edit: MoveDay) -> Proposal:
    task = session.get(PatrolTask, edit.task_id)
    if task is None or task.plan_id != draft.plan.id:
        raise Problem("not_found", what="巡查任务")
    source, goal = draft.crew_day(task.crew.name, task.day), _goal(session, draft, edit)
    orders = dict(draft.arrangement.orders)
    if goal != source:
        for place in (source, goal):
            _require_loose(draft, place, keys=orders.get(place, ()), name=place[0])
    orders[source], orders[goal] = orders.get(goal, ()), orders.get(source, ())
    if goal == source:
        orders = dict(draft.arrangement.orders)
    return Proposal(
        "plan.move_day",
        Arrangement(orders, draft.arrangement.missing),
        tuple(dict.fromkeys((source, goal))),
        {"from": list(source), "to": list(goal)},
    )


def _place_visit(session: Session, draft: Draft, edit: PlaceVisit) -> Proposal:
    row = session.get(PlanUncovered, edit.uncovered_id)
    if row is None or row.plan_id != draft.plan.id:
        raise Problem("not_found", what="未安排的对象")
    key, goal = key_of(row), _goal(session, draft, edit)
    if key not in draft.built.objects:
        raise Problem("plan_outdated")
    orders = dict(draft.arrangement.orders)
    orders[goal] = _with(draft, orders.get(goal, ()), key=key, at=(goal, edit.position))
    missing = dict(draft.arrangement.missing)
    missing[key] -= 1
    return Proposal(
        "plan.place_visit",
        Arrangement(orders, missing),
        (goal,),
        {"object": key, "name": row.name, "to": list(goal), "uncovered": row.id},
    )


def _goal(session: Session, draft: Draft, edit: Edit) -> CrewDayName:
    crew = session.get(Crew, edit.crew_id)
    if crew is None:
        raise Problem("not_found", what="班组")
    if crew.name not in draft.built.crews:
        raise Problem("plan_outdated")
    return draft.crew_day(crew.name, edit.day)


def _require_loose(draft: Draft, place: CrewDayName, *, keys: tuple[str, ...], name: str) -> None:
    if any((key, place) in draft.pinned for key in keys):
        raise Problem("stop_pinned", name=name)


def _without(order: tuple[str, ...], key: str) -> tuple[str, ...]:
    place = order.index(key)
    return (*order[:place], *order[place + 1 :])


def _with(
    draft: Draft, order: tuple[str, ...], *, key: str, at: tuple[CrewDayName, int | None]
) -> tuple[str, ...]:
    (crew, day), position = at
    if position is None:
        problem = draft.built.problem
        tasks, who = problem.task_by_key(), problem.crew_by_key()[crew].on(day)
        ways = problem.ways_of(who, day)
        route = OpenRoute(who, [tasks[one] for one in order], travel_s=ways)
        position = route.cheapest(tasks[key]).position
    position = min(position, len(order))
    return (*order[:position], key, *order[position:])
