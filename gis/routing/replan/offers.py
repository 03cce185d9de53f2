"""Two ways to change a plan: insert without moving anything else, or move a little for less way."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from gis.routing.patterns import keeps_gap
from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    PatrolTask,
    WeekPlan,
    WeekProblem,
    may_serve_on,
    worths,
)
from gis.routing.replan.events import CrewDayKey, Standing
from gis.routing.replan.remaining import Remaining, open_route
from gis.routing.solve import Keep, SearchBudget, orders_of, plan_of, solve
from gis.routing.timetable import OpenWeek, overtime_cost, timed_route
from gis.routing.verify import Verdict, verify

NEAR = 20
"""Visits around one to be placed that may be moved for it; more hardly makes a change cheaper."""


@dataclass(frozen=True, slots=True)
class Move:
    """A visit that goes elsewhere: from a crew and day (None: new) to another (None: no room).

    ``asked`` visits had to be placed anew; the others are moved to make the change cheaper.
    """

    task: str
    source: CrewDayKey | None
    goal: CrewDayKey | None
    asked: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a visit with a deadline begins, and by whom."""

    crew: str
    day: int
    second: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to change the plan.

    Parameters
    ----------
    problem
        The remaining problem for which the plan is checked: deadlines are windows of a day.
    plan
        Routes and times of what remains; settled visits are no part of it.
    added_s
        Seconds of work and travel beyond the published visits that stay.
    moves
        Visits that go elsewhere; the asked ones first.
    touched
        Crew-days whose order differs from the published one.
    arrivals
        Per object with a deadline, when it is reached; missing where there is no room.
    """

    problem: WeekProblem
    plan: WeekPlan
    added_s: int
    moves: tuple[Move, ...]
    touched: tuple[CrewDayKey, ...]
    arrivals: Mapping[str, Arrival]
    verdict: Verdict

    @property
    def moved(self) -> tuple[Move, ...]:
        """Published visits that are moved although they could stay."""
        return tuple(move for move in self.moves if not move.asked)

    @property
    def unserved(self) -> tuple[Move, ...]:
        """Visits that find no room."""
        return tuple(move for move in self.moves if move.goal is None)

    def rank(self, *, change_s: int) -> tuple[int, int]:
        """Return the order of offers, the better one first.

        First what the visits without room are worth; then the seconds of work and travel that are
        added, overtime at its price and each moved visit at ``change_s``. So of two offers that
        lose nothing, and need no overtime, the better one never takes longer.
        """
        worth, routes = worths(self.problem), self.plan.routes
        lost = sum(one.missing * worth.get(one.task, 0) for one in self.plan.unserved)
        overtime = self.plan.cost - lost - sum(one.travel_s + one.wait_s for one in routes)
        return lost, self.added_s + overtime + change_s * len(self.moved)


@dataclass(frozen=True, slots=True)
class Earliest:
    """When a crew could begin a visit if it went there next, and whether its day still fits."""

    crew: str
    second: int
    fits: bool


def insert_only(rest: Remaining) -> Offer:
    """Return the plan in which each homeless visit has its cheapest place and nothing else moves.

    Visits are placed one after the other, the dearest first; each place is the cheapest of all
    crew-days and positions with the directions of the whole route chosen anew. Deadlines, windows
    and shifts hold; what finds no room is left out. Ties: earliest day, then crew.
    """
    week = _Insertions(rest)
    for key in rest.homeless:
        week.place(key)
    return _offer(rest, week.refined(), plan_of(week.refined(), week.orders()))


def best(rest: Remaining, first: Offer, *, change_s: int, seed: int, budget: SearchBudget) -> Offer:
    """Return the cheapest plan found when moving a published visit costs ``change_s``.

    The search begins with ``first`` (the answer of ``insert_only``). Only the visits nearest to
    those to be placed may be moved: a change must not become an occasion to plan the week anew.
    Crew-days with the same visits as before keep their published order. The result is taken only
    where it stands before ``first`` in the order of ``Offer.rank``.
    """
    keep = Keep(rest.orders, change_s, focus=frozenset(rest.homeless))
    found = solve(
        _bound(rest, first.problem),
        seed=seed,
        budget=budget,
        start=orders_of(first.plan),
        keep=keep,
    )
    orders = _published_orders(rest, orders_of(found))
    offer = _offer(rest, first.problem, plan_of(first.problem, orders))
    if not offer.verdict.is_valid or _late(rest, offer):
        return first
    return min(first, offer, key=lambda one: one.rank(change_s=change_s))


def _bound(rest: Remaining, problem: WeekProblem) -> WeekProblem:
    """Return the problem with every visit pinned that is not near one to be placed."""
    free = {*rest.homeless, *_near(problem, rest.homeless)}
    places = _places(rest.orders)
    return replace(
        problem,
        tasks=tuple(
            task
            if task.key in free
            else replace(task, pinned=task.pinned | frozenset(places.get(task.key, ())))
            for task in problem.tasks
        ),
    )


def _near(problem: WeekProblem, keys: Iterable[str]) -> Iterator[str]:
    """Yield the tasks nearest to each of some tasks, by the first way of travel."""
    travel_s = problem.travel_s[min(problem.travel_s)]
    first = np.array([task.start_node for task in problem.tasks], np.int64)
    last = np.array([task.end_node for task in problem.tasks], np.int64)
    tasks = problem.task_by_key()
    for key in sorted(set(keys)):
        from_here = travel_s[tasks[key].start_node]
        way_s = np.minimum(from_here[first], from_here[last])
        for row in np.argsort(way_s, kind="stable")[:NEAR].tolist():
            yield problem.tasks[row].key


def whole_week(standing: Standing, offer: Offer) -> dict[CrewDayKey, tuple[str, ...]]:
    """Return the orders of the whole week: past days, settled visits, and the offer's routes."""
    today = standing.now.day
    orders = {at: order for at, order in standing.orders.items() if at[1] < today}
    orders |= {at: settled for at, settled in standing.settled.items() if settled}
    for at, order in orders_of(offer.plan).items():
        orders[at] = (*orders.get(at, ()), *order)
    return orders


def earliest_arrivals(rest: Remaining, key: str, *, day: int) -> tuple[Earliest, ...]:
    """Return for each crew on duty that may go when it could begin a visit, the earliest first.

    The deadline is not looked at: this tells how far a promise is out of reach, and who is nearest.
    """
    task = rest.problem.task_by_key()[key]
    tasks = rest.problem.task_by_key()
    found = []
    for crew in rest.problem.crews:
        if not may_serve_on(crew, replace(task, days=frozenset({day})), day=day):
            continue
        alone = timed_route(crew, day, order=[task], travel_s=rest.problem.ways_of(crew, day))
        arrival_s = alone.visits[0].arrival_s
        if alone.used_s >= UNREACHABLE_S:
            continue
        order = [task, *(tasks[one] for one in rest.orders.get((crew.key, day), ()))]
        whole = open_route(rest.problem, crew, order, day=day)
        found.append(Earliest(crew.key, arrival_s, fits=whole.total_s <= crew.on(day).most_s))
    return tuple(sorted(found, key=lambda one: (one.second, one.crew)))


# Price in seconds, day, crew and column of the week: of equal prices the earliest day is taken.
_Option = tuple[int, int, str, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a task goes: its price, the task as it stands on the day, crew-day and position."""

    option: _Option
    task: PatrolTask
    column: int
    position: int


class _Insertions:
    """Orders while homeless visits are placed; a task with a deadline stands in its day's form."""

    def __init__(self, rest: Remaining) -> None:
        self._rest = rest
        self._tasks = rest.problem.task_by_key()
        self._week = OpenWeek(rest.problem, rest.orders, opened=rest.routes)
        self._days: dict[str, list[int]] = {}
        self._placed: dict[str, CrewDayKey] = {}
        for (_, day), order in rest.orders.items():
            for key in order:
                self._days.setdefault(key, []).append(day)

    def place(self, key: str) -> None:
        """Put one visit where it costs least, if there is room at all."""
        best: _Place | None = None
        for least in sorted(self._options(key)):
            if best is not None and least > best.option:
                break
            place = self._exactly(key, least)
            if place is not None and (best is None or place.option < best.option):
                best = place
        if best is None:
            return
        crew, day = self._week.crew_days[best.column]
        self._week.insert(best.task, column=best.column, position=best.position)
        self._days.setdefault(key, []).append(day)
        if key in self._rest.deadlines:
            self._placed[key] = (crew.key, day)

    def orders(self) -> dict[CrewDayKey, tuple[str, ...]]:
        """Return the orders by keys."""
        return {
            (crew.key, day): tuple(task.key for task in route.order)
            for (crew, day), route in zip(self._week.crew_days, self._week.routes, strict=True)
            if route.order
        }

    def refined(self) -> WeekProblem:
        """Return the problem in which each deadline is settled as a window of one day."""
        if not self._rest.deadlines:
            return self._rest.problem
        tasks = tuple(self._refine(task) for task in self._rest.problem.tasks)
        return replace(self._rest.problem, tasks=tasks)

    def _refine(self, task: PatrolTask) -> PatrolTask:
        deadline = self._rest.deadlines.get(task.key)
        if deadline is None:
            return task
        place = self._placed.get(task.key)
        if task.times > 1:
            # A window would bind the other visits too: the place itself is settled instead.
            return task if place is None else replace(task, pinned=task.pinned | {place})
        day = deadline.day if place is None else place[1]
        bounded = self._rest.on(task, day=day)
        return replace(bounded or task, days=frozenset({day} if bounded else ()))

    def _options(self, key: str) -> Iterator[_Option]:
        """Yield the crew-days that may serve a task with the least it can cost there."""
        task = self._tasks[key]
        columns: dict[PatrolTask, list[int]] = {}
        for column, (crew, day) in enumerate(self._week.crew_days):
            bounded = self._rest.on(task, day=day)
            if bounded is not None and self._may(crew, task, day=day):
                columns.setdefault(bounded, []).append(column)
        for bounded, some in columns.items():
            totals = self._week.estimates(bounded)
            for column in some:
                yield from self._priced(int(totals[column]), column=column)

    def _priced(self, total_s: int, *, column: int) -> Iterator[_Option]:
        """Yield what it costs to make a route that long, if it may be."""
        crew, day = self._week.crew_days[column]
        before_s = self._week.routes[column].total_s
        if total_s <= crew.most_s:
            factor = self._rest.problem.weights.overtime_factor
            price = total_s - before_s + overtime_cost(crew, total_s, factor=factor)
            yield price - overtime_cost(crew, before_s, factor=factor), day, crew.key, column

    def _exactly(self, key: str, option: _Option) -> _Place | None:
        """Return the best place for a task in one crew-day: windows can make it dearer."""
        *_, column = option
        _, day = self._week.crew_days[column]
        task = self._rest.on(self._tasks[key], day=day)
        if task is None:
            return None
        insertion = self._week.exactly(task, column=column)
        for exact in self._priced(insertion.total_s, column=column):
            return _Place(exact, task, column, insertion.position)
        return None

    def _may(self, crew: Crew, task: PatrolTask, *, day: int) -> bool:
        spaced = keeps_gap(self._days.get(task.key, ()), day=day, gap_days=task.min_gap_days)
        return spaced and may_serve_on(crew, task, day=day) and self._has_vehicle(crew, day=day)

    def _has_vehicle(self, crew: Crew, *, day: int) -> bool:
        """Tell whether no other crew is out with the same vehicle on the day."""
        return crew.vehicle is None or not any(
            other.vehicle == crew.vehicle and other.key != crew.key and on == day and route.order
            for (other, on), route in zip(self._week.crew_days, self._week.routes, strict=True)
        )


def _offer(rest: Remaining, problem: WeekProblem, plan: WeekPlan) -> Offer:
    orders = orders_of(plan)
    kept_s = sum(route.total_s for route in rest.routes.values())
    return Offer(
        problem=problem,
        plan=plan,
        added_s=sum(route.used_s for route in plan.routes) - kept_s,
        moves=tuple(sorted(_moves(rest, orders), key=lambda move: (not move.asked, move.task))),
        touched=tuple(
            at
            for at in sorted({*orders, *rest.orders}, key=lambda at: (at[1], at[0]))
            if orders.get(at, ()) != rest.orders.get(at, ())
        ),
        arrivals={
            visit.task: Arrival(route.crew, route.day, visit.arrival_s)
            for route in reversed(plan.routes)
            for visit in route.visits
            if visit.task in rest.deadlines
        },
        verdict=verify(problem, plan),
    )


def _moves(rest: Remaining, orders: Mapping[CrewDayKey, tuple[str, ...]]) -> Iterator[Move]:
    """Pair the places that objects lost with those they got: what was homeless first."""
    lost, won = _places(rest.orders), _places(orders)
    homeless = Counter(rest.homeless)
    for key in sorted({*lost, *won, *homeless}):
        gone = list(rest.left.get(key, ()))
        sources = [at for at in lost.get(key, ()) if at not in won.get(key, ())]
        goals = [at for at in won.get(key, ()) if at not in lost.get(key, ())]
        asked = homeless[key]
        for place in range(max(len(sources) + asked, len(goals))):
            goal = goals[place] if place < len(goals) else None
            if place < asked:
                source = gone[place] if place < len(gone) else None
                if source is None or source != goal:
                    yield Move(key, source, goal, asked=True)
            else:
                yield Move(key, sources[place - asked], goal, asked=False)


def _places(orders: Mapping[CrewDayKey, tuple[str, ...]]) -> dict[str, list[CrewDayKey]]:
    places: dict[str, list[CrewDayKey]] = {}
    for at in sorted(orders, key=lambda at: (at[1], at[0])):
        for key in orders[at]:
            places.setdefault(key, []).append(at)
    return places


def _published_orders(
    rest: Remaining, orders: Mapping[CrewDayKey, tuple[str, ...]]
) -> dict[CrewDayKey, tuple[str, ...]]:
    """Return the orders, the published ones where a crew-day has the same visits."""
    return {
        at: published if sorted(published := rest.orders.get(at, ())) == sorted(order) else order
        for at, order in orders.items()
    }


def _late(rest: Remaining, offer: Offer) -> bool:
    """Tell whether a visit with a deadline begins after it."""
    return any(
        (arrival.day, arrival.second) > (rest.deadlines[key].day, rest.deadlines[key].second)
        for key, arrival in offer.arrivals.items()
    )
