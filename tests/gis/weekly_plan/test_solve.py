"""The weekly plan: worked examples, random weeks, brute force."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.routing.engine import EmptyBudget
from gis.routing.problem import (
    UNREACHABLE_S,
    Direction,
    PatrolTask,
    PlannedVisit,
    WeekPlan,
    WeekProblem,
)
from gis.routing.solve import Progress, SearchBudget, solve
from gis.routing.verify import verify
from tests.gis.routing_weeks import MONDAY, crew, line_travel, random_week
from tests.gis.weekly_plan.walks import QUICK, ends, walked


def days_of(plan: WeekPlan, task: str) -> list[int]:
    return sorted(r.day for r in plan.routes for v in r.visits if v.task == task)


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
