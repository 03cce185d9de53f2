"""The verifier: each way to spoil a good plan is caught."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from shapely.geometry import LineString, Point

from gis.routing.geometry import PartKind, route_geometry
from gis.routing.problem import (
    UNREACHABLE_S,
    CrewDay,
    InconsistentProblem,
    Lunch,
    PatrolTask,
    PlannedVisit,
    TimeWindow,
    WeekPlan,
    WeekProblem,
    patrol_service_s,
)
from gis.routing.solve import solve
from gis.routing.timetable import timed_route
from gis.routing.verify import Rule, verify
from tests.gis.routing_weeks import MONDAY, crew, eventful_week, line_travel, random_week
from tests.gis.weekly_plan.walks import QUICK


def good_week() -> tuple[WeekProblem, WeekPlan]:
    problem = random_week(11, reaches=25, crews=3, shift_min=200)
    plan = solve(problem, seed=1, budget=QUICK)
    assert verify(problem, plan).is_valid
    assert plan.unserved
    return problem, plan


def full_week() -> tuple[WeekProblem, WeekPlan]:
    """Return a week in which each crew waits for a window, rests and works on."""
    home = crew("A", lunch=Lunch(600, 60), shift_min=600)
    tasks = (
        PatrolTask("early", 1, 1, 5400, days=frozenset({0}), window=TimeWindow(570, 720)),
        PatrolTask("late", 1, 1, 3600, days=frozenset({0}), window=TimeWindow(840, 1000)),
        PatrolTask("east", 2, 2, 600, days=frozenset({0}), times=1),
    )
    crews = (home, replace(home, key="B", home_node=2))
    problem = WeekProblem(MONDAY, tasks, crews, {"car": line_travel([0, 600, 30_000])})
    plan = solve(problem, seed=1, budget=QUICK)
    assert verify(problem, plan).is_valid
    assert [route.wait_s > 0 for route in plan.routes] == [True, False]
    return problem, plan


def all_tasks(problem: WeekProblem, **changes: object) -> WeekProblem:
    tasks = tuple(replace(task, **changes) for task in problem.tasks)  # type: ignore[arg-type]
    return replace(problem, tasks=tasks)


def all_crews(problem: WeekProblem, **changes: object) -> WeekProblem:
    crews = tuple(replace(one, **changes) for one in problem.crews)  # type: ignore[arg-type]
    return replace(problem, crews=crews)


EVERY_DAY = range(7)


def first_route(plan: WeekPlan, change: Callable[[CrewDay], CrewDay]) -> WeekPlan:
    return replace(plan, routes=(change(plan.routes[0]), *plan.routes[1:]))


def first_visit(plan: WeekPlan, change: Callable[[PlannedVisit], PlannedVisit]) -> WeekPlan:
    return first_route(
        plan, lambda route: replace(route, visits=(change(route.visits[0]), *route.visits[1:]))
    )


SPOILED: dict[Rule, Callable[[WeekProblem, WeekPlan], tuple[WeekProblem, WeekPlan]]] = {
    Rule.week: lambda w, p: (w, replace(p, week=MONDAY.replace(day=9))),
    Rule.unknown_crew: lambda w, p: (w, first_route(p, lambda r: replace(r, crew="ghost"))),
    Rule.unknown_task: lambda w, p: (w, first_visit(p, lambda v: replace(v, task="ghost"))),
    Rule.empty_route: lambda w, p: (w, first_route(p, lambda r: replace(r, visits=()))),
    Rule.doubled_route: lambda w, p: (w, replace(p, routes=(*p.routes, p.routes[0]))),
    Rule.crew_off: lambda w, p: (w, first_route(p, lambda r: replace(r, day=6))),
    Rule.task_day: lambda w, p: (
        replace(w, tasks=tuple(replace(t, days=frozenset({6})) for t in w.tasks)),
        p,
    ),
    Rule.grid: lambda w, p: (
        replace(w, crews=tuple(replace(c, grids=frozenset()) for c in w.crews)),
        p,
    ),
    Rule.officers: lambda w, p: (
        replace(w, tasks=tuple(replace(t, officers=3) for t in w.tasks)),
        p,
    ),
    Rule.one_way: lambda w, p: (
        replace(w, tasks=tuple(replace(t, one_way=True) for t in w.tasks)),
        p,
    ),
    Rule.no_way: lambda w, p: (
        replace(w, travel_s={"car": np.full_like(w.travel_s["car"], UNREACHABLE_S)}),
        p,
    ),
    Rule.leave: lambda w, p: (
        w,
        first_route(p, lambda r: replace(r, leave_s=r.leave_s - 60)),
    ),
    Rule.travel_time: lambda w, p: (
        w,
        first_visit(p, lambda v: replace(v, travel_s=v.travel_s - 1)),
    ),
    Rule.service_time: lambda w, p: (
        w,
        first_visit(p, lambda v: replace(v, service_s=v.service_s - 1)),
    ),
    Rule.clock: lambda w, p: (w, first_visit(p, lambda v: replace(v, arrival_s=v.arrival_s + 5))),
    Rule.overtime: lambda w, p: (
        all_crews(w, shift_min=20, overtime_min=0, lunch=None),
        p,
    ),
    Rule.gap: lambda w, p: (
        replace(w, tasks=tuple(replace(t, min_gap_days=6) for t in w.tasks)),
        p,
    ),
    Rule.too_often: lambda w, p: (
        replace(w, tasks=tuple(replace(t, times=1) for t in w.tasks)),
        p,
    ),
    Rule.coverage: lambda w, p: (w, replace(p, unserved=p.unserved[1:])),
    Rule.chosen_crews: lambda w, p: (all_tasks(w, crews=frozenset({"ghost"})), p),
    Rule.pinned: lambda w, p: (
        all_tasks(w, pinned=frozenset(("ghost", day) for day in EVERY_DAY)),
        p,
    ),
    Rule.pinned_left: lambda w, p: (all_tasks(w, pinned=frozenset({("ghost", 6)})), p),
    Rule.barred: lambda w, p: (
        all_tasks(w, barred=frozenset((c.key, day) for c in w.crews for day in EVERY_DAY)),
        p,
    ),
    Rule.shared_vehicle: lambda w, p: (all_crews(w, vehicle="truck"), p),
    Rule.window: lambda w, p: (all_tasks(w, window=TimeWindow(0, 240)), p),
    Rule.waiting: lambda w, p: (w, first_visit(p, lambda v: replace(v, wait_s=v.wait_s + 1))),
    Rule.break_time: lambda w, p: (w, first_visit(p, lambda v: replace(v, break_s=60))),
    Rule.cost: lambda w, p: (w, replace(p, cost=p.cost - 1)),
}


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("seed", [None, 1, 3])
def test_the_verifier_catches_each_broken_rule(rule: Rule, seed: int | None) -> None:
    good = good_week() if seed is None else eventful_plan(seed)
    problem, plan = SPOILED[rule](*good)
    verdict = verify(problem, plan)
    assert rule in {violation.rule for violation in verdict.violations}
    assert not verdict.is_valid
    for violation in verdict.violations:
        assert "%(" not in violation.words()


@cache
def eventful_plan(seed: int) -> tuple[WeekProblem, WeekPlan]:
    problem = eventful_week(seed, reaches=30, shift_min=200)
    plan = solve(problem, seed=1, budget=QUICK)
    assert verify(problem, plan).is_valid
    return problem, plan


def test_the_verifier_recomputes_waiting_the_break_and_their_price() -> None:
    problem, plan = full_week()
    first = plan.routes[0]
    early, late = first.visits
    # Leaves at 8:00, 10 min away, waits from 8:10 to 9:30, stays 90 min, eats, waits to 14:00.
    assert (early.wait_s, early.break_s) == (80 * 60, 0)
    assert (late.break_s, late.wait_s, late.arrival_s) == (3600, 2 * 3600, 14 * 3600)
    assert first.used_s == (10 + 80 + 90 + 120 + 60 + 10) * 60
    assert plan.cost == plan.travel_s + first.wait_s
    no_rest = first_route(
        plan, lambda r: replace(r, visits=(early, replace(late, break_s=0, wait_s=3 * 3600)))
    )
    assert {v.rule for v in verify(problem, no_rest).violations} == {Rule.break_time, Rule.waiting}
    longer = all_crews(problem, shift_min=300)
    assert Rule.overtime in {v.rule for v in verify(longer, plan).violations}
    allowed = all_crews(problem, shift_min=300, overtime_min=240)
    # Used 370 min of 240 without the break: 130 min at ten times the price.
    verdict = verify(allowed, plan)
    assert {v.rule for v in verdict.violations} == {Rule.cost}
    assert verdict.cost == plan.cost + 130 * 60 * 10


def test_the_verifier_catches_a_visit_dropped_a_visit_doubled_and_a_swapped_order() -> None:
    problem, plan = good_week()
    longest = max(plan.routes, key=lambda route: len(route.visits))

    def with_visits(visits: tuple[PlannedVisit, ...]) -> WeekPlan:
        routes = tuple(
            replace(route, visits=visits) if route is longest else route for route in plan.routes
        )
        return replace(plan, routes=routes)

    dropped = verify(problem, with_visits(longest.visits[1:]))
    doubled = verify(problem, with_visits((*longest.visits, longest.visits[0])))
    swapped = verify(problem, with_visits(longest.visits[::-1]))
    assert {Rule.coverage, Rule.cost} <= {v.rule for v in dropped.violations}
    assert {Rule.too_often, Rule.gap} <= {v.rule for v in doubled.violations}
    assert {Rule.travel_time, Rule.clock} <= {v.rule for v in swapped.violations}


@pytest.mark.parametrize(
    "change",
    [
        {"week": MONDAY.replace(day=3)},
        {"tasks": (PatrolTask("a", 0, 1, 5), PatrolTask("a", 0, 1, 5))},
        {"tasks": (PatrolTask("a", 0, 2, 5),)},
        {"tasks": (PatrolTask("a", 0, 1, 5, times=8),)},
        {"tasks": (PatrolTask("a", 0, 1, -5),)},
        {"tasks": (PatrolTask("a", 0, 1, 5, days=frozenset({7})),)},
        {"tasks": (PatrolTask("a", 0, 1, 5, min_gap_days=0),)},
        {"crews": (crew(mode="boat"),)},
        {"crews": (crew(home_node=5),)},
        {"travel_s": {"car": line_travel([0, 1]) - 1}},
        {"travel_s": {"car": line_travel([0, 1]) / 2}},
        {"travel_s": {"car": line_travel([0, 1])[:1]}},
    ],
)
def test_a_problem_that_contradicts_itself_is_refused(change: dict[str, object]) -> None:
    good = WeekProblem(MONDAY, (), (crew(),), {"car": line_travel([0, 1])})
    with pytest.raises(InconsistentProblem):
        replace(good, **change)  # type: ignore[arg-type]


def test_patrol_time_is_length_over_speed_but_not_below_the_policy() -> None:
    assert patrol_service_s(2000, speed_kmh=4) == 1800
    assert patrol_service_s(100, speed_kmh=4, at_least_min=30) == 1800


def test_the_line_of_a_day_runs_through_legs_and_reaches_in_travel_order() -> None:
    at = [0, 100, 200, 400, 300]
    stop = PatrolTask("stop", 1, 1, 60)
    tasks = (PatrolTask("A", 1, 2, 900), PatrolTask("B", 3, 4, 900), stop)
    problem = WeekProblem(MONDAY, tasks, (crew(),), {"car": line_travel(at)})
    route = timed_route(crew(), 0, order=tasks, travel_s=problem.travel_s["car"])
    drawn = route_geometry(
        problem,
        route,
        legs=lambda pairs: [LineString([(at[a], 0), (at[b], 0)]) for a, b in pairs],
        objects={
            "A": LineString([(100, 0), (200, 0)]),
            "B": LineString([(400, 0), (300, 0)]),
            "stop": Point(100, 0),
        },
    )
    kinds = [part.kind for part in drawn.parts]
    assert kinds == [PartKind.travel, PartKind.patrol] * 3 + [PartKind.travel]
    for before, after in pairwise(drawn.parts):
        assert before.end_s == after.start_s
        assert before.line.coords[-1] == after.line.coords[0]
    assert drawn.parts[0].start_s == route.leave_s
    assert drawn.parts[-1].end_s == route.return_s
    assert drawn.line.length == route.travel_s + 200
