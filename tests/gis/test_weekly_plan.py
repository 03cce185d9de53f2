"""The weekly plan: worked examples, random weeks, brute force, a verifier that bites."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from gis.routing.engine import EmptyBudget
from gis.routing.geometry import PartKind, route_geometry
from gis.routing.patterns import most_visits, visit_windows
from gis.routing.problem import (
    UNREACHABLE_S,
    CrewDay,
    Direction,
    InconsistentProblem,
    PatrolTask,
    PlannedVisit,
    WeekPlan,
    WeekProblem,
    patrol_service_s,
)
from gis.routing.solve import Progress, SearchBudget, solve
from gis.routing.timetable import OpenRoute, best_directions, timed_route
from gis.routing.verify import Rule, verify
from tests.gis.routing_weeks import MONDAY, crew, line_travel, random_week

QUICK = SearchBudget(iterations=150)


def days_of(plan: WeekPlan, task: str) -> list[int]:
    return sorted(r.day for r in plan.routes for v in r.visits if v.task == task)


# --- solve -----------------------------------------------------------------------------------


def test_two_one_way_reaches_on_a_line_are_walked_in_the_cheaper_order() -> None:
    # Home at 0; A flows from 100 to 200, B from 400 to 300. A then B: 100 + 200 + 300 travel;
    # B then A: 400 + 200 + 200.
    tuesday = frozenset({1})
    tasks = (
        PatrolTask("B", 3, 4, 900, days=tuesday, one_way=True),
        PatrolTask("A", 1, 2, 900, days=tuesday, one_way=True),
    )
    travel = line_travel([0, 100, 200, 400, 300])
    problem = WeekProblem(MONDAY, tasks, (crew(),), {"car": travel})
    plan = solve(problem, seed=1, budget=QUICK)
    assert plan.travel_s == plan.cost == 600
    (route,) = plan.routes
    assert (route.day, route.leave_s, route.return_s) == (1, 28_800, 28_800 + 600 + 1800)
    forward = Direction.forward
    assert route.visits == (
        PlannedVisit("A", forward, 28_900, 29_800, travel_s=100, service_s=900),
        PlannedVisit("B", forward, 30_000, 30_900, travel_s=200, service_s=900),
    )
    assert verify(problem, plan).is_valid


def test_a_lone_reach_drawn_towards_home_is_walked_from_either_end() -> None:
    # From 100 to 300 past home at 0: there 100, home 300, or the other way round.
    tasks = (PatrolTask("A", 1, 2, 900),)
    travel = line_travel([0, 100, 300])
    travel[0, 1] = 900
    problem = WeekProblem(MONDAY, tasks, (crew(),), {"car": travel})
    plan = solve(problem, seed=1, budget=QUICK)
    assert plan.routes[0].visits[0].direction is Direction.backward
    assert plan.travel_s == 400


def test_visits_of_one_object_fall_on_days_apart() -> None:
    tasks = (
        PatrolTask("twice", 1, 1, 600, times=2),
        PatrolTask("thrice", 1, 1, 600, times=3),
        PatrolTask("daily", 1, 1, 600, times=5),
        PatrolTask("wide", 1, 1, 600, times=2, min_gap_days=4),
    )
    problem = WeekProblem(MONDAY, tasks, (crew(),), {"car": line_travel([0, 60])})
    plan = solve(problem, seed=1, budget=QUICK)
    first, second = days_of(plan, "twice")
    assert second - first >= 2
    assert days_of(plan, "thrice") == [0, 2, 4]
    assert days_of(plan, "daily") == [0, 1, 2, 3, 4]
    assert days_of(plan, "wide") == [0, 4]
    assert plan.unserved == ()


def test_an_overloaded_week_serves_must_before_overdue_before_ordinary() -> None:
    # Room for two of six in a shift of 100 minutes a day, one day.
    monday = frozenset({0})
    tasks = tuple(
        PatrolTask(f"{kind} {n}", 1, 1, 2900, days=monday, must=must, overdue_days=overdue)
        for kind, must, overdue in (
            ("ordinary", False, 0),
            ("overdue", False, 30),
            ("must", True, 0),
        )
        for n in (1, 2)
    )
    home = crew(shift_min=100)
    problem = WeekProblem(MONDAY, tasks, (home,), {"car": line_travel([0, 60])})
    plan = solve(problem, seed=1, budget=QUICK)
    assert sorted(v.task for r in plan.routes for v in r.visits) == ["must 1", "must 2"]
    longer = replace(problem, crews=(replace(home, shift_min=200),))
    plan = solve(longer, seed=1, budget=QUICK)
    assert {item.task for item in plan.unserved} == {"ordinary 1", "ordinary 2"}


def test_a_must_visit_outweighs_many_overdue_ones() -> None:
    # One long must-visit, or five overdue short ones: both do not fit.
    monday = frozenset({0})
    short = [
        PatrolTask(f"short {n}", 1, 1, 3000, days=monday, overdue_days=60, priority=9)
        for n in range(5)
    ]
    tasks = (*short, PatrolTask("must", 1, 1, 15_000, days=monday, must=True))
    home = crew(shift_min=265)
    problem = WeekProblem(MONDAY, tasks, (home,), {"car": line_travel([0, 60])})
    plan = solve(problem, seed=1, budget=QUICK)
    assert days_of(plan, "must") == [0]


def test_a_week_of_must_visits_only_with_far_too_few_hours_is_searched_without_complaint() -> None:
    # The engine once warned (an error here) that its price of overtime had no room left.
    crowded = random_week(0, reaches=60, shift_min=60)
    tasks = tuple(replace(task, must=True) for task in crowded.tasks)
    problem = replace(crowded, tasks=tasks)
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=2000))
    assert verify(problem, plan).is_valid
    assert plan.routes


def test_a_night_shift_across_midnight_belongs_to_the_day_it_starts() -> None:
    night = crew(working_days=frozenset({2}), shift_start_min=18 * 60, shift_min=12 * 60)
    tasks = tuple(PatrolTask(f"stop {n}", 1, 1, 5 * 3600, days=frozenset({2})) for n in (1, 2))
    problem = WeekProblem(MONDAY, tasks, (night,), {"car": line_travel([0, 1800])})
    plan = solve(problem, seed=1, budget=QUICK)
    assert [r.day for r in plan.routes] == [2]
    assert plan.routes[0].return_s == (18 + 11) * 3600
    assert verify(problem, plan).is_valid


def test_crews_travel_by_their_own_mode() -> None:
    slow = line_travel([0, 7000])
    fast = line_travel([0, 700])
    tasks = (PatrolTask("stop", 1, 1, 600),)
    crews = (crew("boat", mode="boat"), crew("car"))
    problem = WeekProblem(MONDAY, tasks, crews, {"boat": slow, "car": fast})
    plan = solve(problem, seed=1, budget=QUICK)
    assert [route.crew for route in plan.routes] == ["car"]


def test_days_need_not_be_consecutive() -> None:
    tasks = (PatrolTask("stop", 1, 1, 600, days=frozenset({0, 4})),)
    only_friday = crew(working_days=frozenset({1, 2, 4}))
    problem = WeekProblem(MONDAY, tasks, (only_friday,), {"car": line_travel([0, 60])})
    assert days_of(solve(problem, seed=1, budget=QUICK), "stop") == [4]


def test_weeks_with_nothing_to_do_or_nobody_to_go_have_a_plan() -> None:
    travel = {"car": line_travel([0, 60])}
    nothing = WeekProblem(MONDAY, (), (crew(),), travel)
    assert solve(nothing, seed=1, budget=QUICK).routes == ()
    nobody = WeekProblem(MONDAY, (PatrolTask("stop", 1, 1, 600, times=2),), (), travel)
    plan = solve(nobody, seed=1, budget=QUICK)
    assert [(item.task, item.missing) for item in plan.unserved] == [("stop", 2)]
    assert verify(nobody, plan).is_valid


def test_a_place_without_a_way_is_left_out_and_the_rest_is_planned() -> None:
    travel = line_travel([0, 60, 90])
    travel[:2, 2] = travel[2, :2] = UNREACHABLE_S
    tasks = (PatrolTask("near", 1, 1, 600), PatrolTask("island", 2, 2, 600, must=True))
    problem = WeekProblem(MONDAY, tasks, (crew(),), {"car": travel})
    plan = solve(problem, seed=1, budget=QUICK)
    assert days_of(plan, "near")
    assert [item.task for item in plan.unserved] == ["island"]
    assert verify(problem, plan).is_valid


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    problem = random_week(5)
    assert solve(problem, seed=3, budget=QUICK) == solve(problem, seed=3, budget=QUICK)


def test_a_cancelled_search_still_hands_back_a_valid_plan_and_progress_was_told() -> None:
    problem = random_week(6)
    told: list[Progress] = []
    plan = solve(
        problem,
        seed=1,
        budget=SearchBudget(seconds=60),
        progress=told.append,
        cancel=lambda: True,
    )
    assert plan.iterations == 0
    assert verify(problem, plan).is_valid
    assert told
    assert told[0].iteration == 0


def test_progress_ends_with_the_travel_and_the_missing_visits_of_the_plan() -> None:
    # Room for one of three on Monday.
    tasks = tuple(PatrolTask(f"{n}", 1, 1, 3000, days=frozenset({0})) for n in range(3))
    problem = WeekProblem(MONDAY, tasks, (crew(shift_min=60),), {"car": line_travel([0, 60])})
    told: list[Progress] = []
    solve(problem, seed=1, budget=QUICK, progress=told.append)
    assert (told[-1].travel_s, told[-1].missing_visits) == (120, 2)


def test_a_budget_without_an_end_is_refused() -> None:
    with pytest.raises(EmptyBudget):
        SearchBudget()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([60, 200, 420]))
def test_every_plan_of_a_random_week_is_valid(seed: int, shift_min: int) -> None:
    problem = random_week(seed, reaches=15, shift_min=shift_min)
    plan = solve(problem, seed=seed, budget=SearchBudget(iterations=40))
    verdict = verify(problem, plan)
    assert [violation.words() for violation in verdict.violations] == []
    assert (verdict.travel_s, verdict.service_s) == (plan.travel_s, plan.service_s)


@pytest.mark.parametrize("seed", range(4))
def test_a_day_of_five_reaches_is_as_short_as_brute_force_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    travel = rng.integers(60, 1500, (11, 11))
    np.fill_diagonal(travel, 0)
    tasks = tuple(
        PatrolTask(f"{n}", 2 * n + 1, 2 * n + 2, 60, days=frozenset({0})) for n in range(5)
    )
    home = crew(working_days=frozenset({0}), shift_min=1200)
    problem = WeekProblem(MONDAY, tasks, (home,), {"car": travel})
    shortest = min(
        walked(
            travel,
            [
                0,
                *(
                    node
                    for t, back in zip(order, turned, strict=True)
                    for node in ends(t, back=back)
                ),
                0,
            ],
        )
        for order in permutations(tasks)
        for turned in product((False, True), repeat=5)
    )
    assert solve(problem, seed=1, budget=QUICK).travel_s == shortest


def ends(task: PatrolTask, *, back: bool) -> tuple[int, int]:
    return (task.end_node, task.start_node) if back else (task.start_node, task.end_node)


def walked(travel: np.ndarray, nodes: list[int]) -> int:
    """Sum the legs; nodes come as leave, (enter, leave)..., enter."""
    return sum(int(travel[nodes[i], nodes[i + 1]]) for i in range(0, len(nodes), 2))


# --- timetable and patterns ---------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 5))
def test_directions_and_insertions_are_the_best_of_all(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    travel = rng.integers(0, 100, (13, 13))
    tasks = [
        PatrolTask(f"{n}", 2 * n + 1, 2 * n + 2, 5, one_way=bool(rng.random() < 0.3))
        for n in range(size + 1)
    ]
    home, new = crew(), tasks.pop()

    def shortest(order: list[PatrolTask]) -> int:
        return min(
            5 * len(order)
            + walked(
                travel,
                [
                    0,
                    *(
                        n
                        for t, way in zip(order, ways, strict=True)
                        for n in (t.entry(way), t.exit(way))
                    ),
                    0,
                ],
            )
            for ways in product(*(task.directions() for task in order))
        )

    route = timed_route(home, 0, order=tasks, travel_s=travel)
    assert route.return_s - route.leave_s == shortest(tasks)
    assert len(best_directions(home, tasks, travel_s=travel)) == size
    opened = OpenRoute(home, tasks, travel_s=travel)
    insertion = opened.cheapest(new)
    every = [shortest([*tasks[:at], new, *tasks[at:]]) for at in range(size + 1)]
    assert insertion.total_s == min(every)
    assert insertion.position == every.index(min(every))
    assert opened.total_s == shortest(tasks)


@pytest.mark.parametrize(
    ("days", "times", "gap", "windows"),
    [
        (range(5), 1, 1, ((0, 1, 2, 3, 4),)),
        (range(5), 2, 1, ((0, 1), (3, 4))),
        (range(5), 3, 1, ((0,), (2,), (4,))),
        (range(5), 4, 1, ((0, 1), (2,), (3,), (4,))),
        (range(5), 5, 1, ((0,), (1,), (2,), (3,), (4,))),
        (range(5), 2, 4, ((0,), (4,))),
        (range(5), 2, 5, ((0, 1, 2, 3, 4),)),
        (range(7), 3, 1, ((0, 1), (3, 4), (6,))),
        ({0, 1, 4}, 3, 1, ((0,), (1,), (4,))),
        ({0, 4}, 2, 1, ((0,), (4,))),
        (set(), 2, 1, ()),
    ],
)
def test_windows_for_the_visits_of_one_object(
    days: set[int], times: int, gap: int, windows: tuple[tuple[int, ...], ...]
) -> None:
    assert visit_windows(days, times=times, gap_days=gap) == windows


@settings(max_examples=60, deadline=None)
@given(st.frozensets(st.integers(0, 6)), st.integers(1, 7), st.integers(1, 6))
def test_any_choice_from_the_windows_keeps_the_gap(
    days: frozenset[int], times: int, gap: int
) -> None:
    windows = visit_windows(days, times=times, gap_days=gap)
    assert len(windows) == min(times, most_visits(days, gap_days=gap))
    for chosen in product(*windows):
        assert set(chosen) <= days
        assert all(b - a >= gap for a, b in pairwise(chosen))


# --- verify: each way to spoil a good plan is caught ----------------------------------------------


def good_week() -> tuple[WeekProblem, WeekPlan]:
    problem = random_week(11, reaches=25, crews=3, shift_min=200)
    plan = solve(problem, seed=1, budget=QUICK)
    assert verify(problem, plan).is_valid
    assert plan.unserved
    return problem, plan


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
        replace(w, crews=tuple(replace(c, shift_min=20) for c in w.crews)),
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
    Rule.cost: lambda w, p: (w, replace(p, cost=p.cost - 1)),
}


@pytest.mark.parametrize("rule", list(Rule))
def test_the_verifier_catches_each_broken_rule(rule: Rule) -> None:
    problem, plan = SPOILED[rule](*good_week())
    verdict = verify(problem, plan)
    assert rule in {violation.rule for violation in verdict.violations}
    assert not verdict.is_valid
    for violation in verdict.violations:
        assert "%(" not in violation.words()


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


# --- problem --------------------------------------------------------------------------------------


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


# --- geometry -------------------------------------------------------------------------------


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
