"""Windows, breaks, overtime, pins, vehicles: worked by hand and against all that is possible."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import permutations, product

import numpy as np
import pytest

from gis.routing.clock import Shift, route_s
from gis.routing.explain import Reason, explain
from gis.routing.insertions import OpenRoute, OpenWeek
from gis.routing.parallel import solve_in_parallel
from gis.routing.patterns import day_sets
from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    Lunch,
    PatrolTask,
    TimeWindow,
    WeekPlan,
    WeekProblem,
    Weights,
    may_serve_on,
    worths,
)
from gis.routing.solve import Keep, SearchBudget, orders_of, solve
from gis.routing.timetable import timed_route
from gis.routing.verify import Rule, verify
from tests.gis.routing_weeks import MONDAY, crew, eventful_week, line_travel, random_week
from tests.gis.weekly_plan.walks import QUICK

MONDAY_ONLY = frozenset({0})


def who(plan: WeekPlan, key: str) -> list[tuple[str, int]]:
    return [(r.crew, r.day) for r in plan.routes for v in r.visits if v.task == key]


# --- by hand --------------------------------------------------------------------------------------


def test_a_night_check_waits_for_the_evening_and_the_break_is_taken_before() -> None:
    # 14:00 to 22:00: a stop until 15:10, rest to 16:10, 10 min of way, wait until 18:00.
    late = crew(shift_start_min=840, lunch=Lunch(900, 60), working_days=MONDAY_ONLY)
    tasks = (
        PatrolTask("stop", 1, 1, 3600, days=MONDAY_ONLY),
        PatrolTask("night", 2, 2, 1800, days=MONDAY_ONLY, window=TimeWindow(1080, 1800)),
    )
    problem = WeekProblem(MONDAY, tasks, (late,), {"car": line_travel([0, 600, 1200])})
    plan = solve(problem, seed=1, budget=QUICK)
    stop, night = plan.routes[0].visits
    assert (night.break_s, night.travel_s, night.wait_s) == (3600, 600, 100 * 60)
    assert (night.arrival_s, night.departure_s) == (18 * 3600, 18 * 3600 + 1800)
    assert plan.routes[0].return_s == 18 * 3600 + 1800 + 1200
    assert plan.cost == 600 + 600 + 1200 + 100 * 60
    assert (stop.wait_s, stop.break_s) == (0, 0)
    assert verify(problem, plan).is_valid


def test_overtime_is_worked_where_it_is_cheaper_than_leaving_a_visit_out() -> None:
    home = crew(working_days=MONDAY_ONLY, shift_min=100, overtime_min=30)
    tasks = tuple(PatrolTask(key, 1, 1, 3600, days=MONDAY_ONLY) for key in "ab")
    problem = WeekProblem(MONDAY, tasks, (home,), {"car": line_travel([0, 60])})
    # 122 min of 100: 22 min x 10 = 13,200 s, less than the 36,000 s a visit is worth.
    plan = solve(problem, seed=1, budget=QUICK)
    assert (plan.unserved, plan.cost) == ((), 120 + 22 * 60 * 10)
    dear = replace(problem, weights=Weights(overtime_factor=50))
    assert len(solve(dear, seed=1, budget=QUICK).unserved) == 1
    short = replace(problem, crews=(replace(home, overtime_min=21),))
    assert len(solve(short, seed=1, budget=QUICK).unserved) == 1


def test_a_pinned_visit_stays_and_the_others_keep_their_distance() -> None:
    task = PatrolTask("t", 1, 1, 600, times=2, min_gap_days=2, pinned=frozenset({("B", 1)}))
    crews = (crew("A"), crew("B", home_node=2))
    problem = WeekProblem(MONDAY, (task,), crews, {"car": line_travel([0, 60, 9000])})
    plan = solve(problem, seed=1, budget=QUICK)
    assert ("B", 1) in who(plan, "t")
    assert len(who(plan, "t")) == 2
    assert verify(problem, plan).is_valid
    away = replace(problem, crews=(crews[0], replace(crews[1], working_days=MONDAY_ONLY)))
    left = solve(away, seed=1, budget=QUICK)
    assert [item.missing for item in left.unserved] == [1]
    assert verify(away, left).is_valid


def test_two_crews_with_one_vehicle_never_go_out_on_the_same_day() -> None:
    tasks = tuple(PatrolTask(f"{n}", 1, 1, 3000, days=MONDAY_ONLY) for n in range(4))
    crews = (crew("A", shift_min=110, vehicle="truck"), crew("B", shift_min=170, vehicle="truck"))
    problem = WeekProblem(MONDAY, tasks, crews, {"car": line_travel([0, 60])})
    plan = solve(problem, seed=1, budget=QUICK)
    # B alone has room for three.
    assert [(route.crew, len(route.visits)) for route in plan.routes] == [("B", 3)]
    assert len(plan.unserved) == 1


def test_the_day_patterns_keep_a_visit_for_each_pinned_day() -> None:
    # Without the pinned Sunday the allowed days hold only one of the two visits.
    assert day_sets([0, 2, 4], 2, gap_days=1, pinned=frozenset({6})) == ((0,), (2,), (4,))
    assert day_sets([0, 2], 2, gap_days=1, pinned=frozenset({2})) == ((0, 2),)


# --- all that is possible -------------------------------------------------------------------------


def small_week(seed: int) -> WeekProblem:
    """Return up to five tasks and two crew-days with every kind of rule."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 6))
    travel = rng.integers(60, 2400, (2 * count + 2, 2 * count + 2))
    np.fill_diagonal(travel, 0)

    def maybe(share: float) -> bool:
        return bool(rng.random() < share)

    def window() -> TimeWindow:
        opening = int(rng.choice([510, 560, 600, 720, 1000]))
        return TimeWindow(opening, opening + int(rng.choice([50, 90, 200])))

    same_day = maybe(0.5)
    tasks = tuple(
        PatrolTask(
            f"{n}",
            2 * n + 2,
            2 * n + 2 + int(maybe(0.7)),
            int(rng.integers(600, 4000)),
            times=2 if maybe(0.3) and not same_day else 1,
            days=frozenset({0, 1}),
            one_way=maybe(0.3),
            window=window() if maybe(0.5) else None,
            pinned=frozenset({("A", 0)}) if maybe(0.15) else frozenset(),
            barred=frozenset({("B", 0)}) if maybe(0.15) else frozenset(),
            crews=frozenset({"A"}) if maybe(0.1) else None,
        )
        for n in range(count)
    )

    def team(key: str, home: int, day: int) -> Crew:
        return crew(
            key,
            home_node=home,
            working_days=frozenset({day}),
            shift_min=int(rng.choice([120, 240, 400])),
            lunch=Lunch(int(rng.choice([540, 600, 660])), 40) if maybe(0.6) else None,
            overtime_min=int(rng.choice([0, 40])),
            vehicle="truck" if maybe(0.5) else None,
        )

    crews = (team("A", 0, 0), team("B", 1, 0 if same_day else 1))
    weights = Weights(overtime_factor=int(rng.integers(0, 4)), visit_s=20_000)
    return WeekProblem(MONDAY, tasks, crews, {"car": travel}, weights)


def walked_cost(problem: WeekProblem, home: Crew, tasks: list[PatrolTask]) -> Iterator[int]:
    """Yield the cost of one crew-day for every order and all directions, second by second."""
    travel = problem.travel_s["car"]
    rest_from = home.lunch.from_min * 60 if home.lunch and home.lunch_s else 10**9
    for order in permutations(tasks):
        for ways in product(*(task.directions() for task in order)):
            node, clock, rested, travelled, waited = home.home_node, home.shift_start_s, 0, 0, 0
            for number, (task, way) in enumerate(zip(order, ways, strict=True)):
                if number and not rested and clock >= rest_from:
                    rested = home.lunch_s
                    clock += rested
                leg = int(travel[node, task.entry(way)])
                begin = clock + leg
                if task.window is not None:
                    opens, closes = task.window.open_min * 60, task.window.close_min * 60
                    if begin + task.service_s > closes:
                        opens += 86_400
                    begin = max(begin, opens)
                travelled, waited = travelled + leg, waited + begin - clock - leg
                clock, node = begin + task.service_s, task.exit(way)
            leg = int(travel[node, home.home_node])
            used = clock + leg - home.shift_start_s - rested
            if used <= home.most_s:
                over = max(0, used - home.working_s) * problem.weights.overtime_factor
                yield travelled + leg + waited + over


def least_cost(problem: WeekProblem) -> int:
    """Return the least cost of a week of two crew-days by trying everything."""
    shifts = [(one, day) for one in problem.crews for day in one.working_days]
    worth = worths(problem)

    @cache
    def route(number: int, chosen: frozenset[int]) -> float:
        tasks = [problem.tasks[index] for index in sorted(chosen)]
        home, day = shifts[number]
        short = any(
            t.window and t.service_s > 60 * (t.window.close_min - t.window.open_min) for t in tasks
        )
        if short or not all(may_serve_on(home, task, day=day) for task in tasks):
            return float("inf")
        return min(walked_cost(problem, home, tasks), default=float("inf")) if tasks else 0

    best = float("inf")
    for sides in product(range(4), repeat=len(problem.tasks)):
        first = frozenset(n for n, side in enumerate(sides) if side & 1)
        second = frozenset(n for n, side in enumerate(sides) if side & 2)
        (one, day), (other, other_day) = shifts
        if day == other_day and (
            first & second or (first and second and one.vehicle and one.vehicle == other.vehicle)
        ):
            continue
        lost = 0
        for n, task in enumerate(problem.tasks):
            days = {day for part, day in ((first, day), (second, other_day)) if n in part}
            settled = {pinned for _, pinned in task.pinned}
            if len(days) > task.times or len(days - settled) > max(0, task.times - len(settled)):
                lost = -1
                break
            lost += (task.times - len(days)) * worth[task.key]
        if lost >= 0:
            best = min(best, route(0, first) + route(1, second) + lost)
    return int(best)


@pytest.mark.parametrize("seed", range(40))
def test_the_plan_of_a_small_week_is_the_best_of_all(seed: int) -> None:
    problem = small_week(seed)
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=600))
    assert [violation.words() for violation in verify(problem, plan).violations] == []
    assert plan.cost == least_cost(problem)


@pytest.mark.parametrize("seed", range(25))
def test_every_plan_of_an_eventful_week_is_valid_and_the_same_again(seed: int) -> None:
    problem = eventful_week(seed, shift_min=(120, 300, 480)[seed % 3])
    budget = SearchBudget(iterations=100)
    plan = solve(problem, seed=seed, budget=budget)
    assert [violation.words() for violation in verify(problem, plan).violations] == []
    assert plan == solve(problem, seed=seed, budget=budget)


@pytest.mark.parametrize("seed", range(12))
def test_insertions_with_windows_cost_what_the_timed_route_takes(seed: int) -> None:
    problem = eventful_week(seed, reaches=7)
    *order, new = problem.tasks
    for home in problem.crews:
        travel = problem.travel_s["car"]
        opened = OpenRoute(home, order, travel_s=travel)
        every = [
            timed_route(home, 0, order=opened.inserted(new, position=at), travel_s=travel).used_s
            for at in range(len(order) + 1)
        ]
        best = opened.cheapest(new)
        assert best.total_s == min(every)
        assert opened.total_s == route_s(home, order, travel_s=travel)
    assert Shift.of(crew()).break_s == 0


def test_a_week_prices_a_task_in_all_of_its_routes_as_each_route_does() -> None:
    problem = random_week(4, reaches=30)
    plan = solve(problem, seed=1, budget=QUICK)
    week = OpenWeek(problem, orders_of(plan))
    for task in problem.tasks:
        each = [route.cheapest(task).total_s for route in week.routes]
        assert week.estimates(task).tolist() == each


# --- close to a plan ------------------------------------------------------------------------------


def moved(before: WeekPlan, after: WeekPlan) -> int:
    old = {(r.crew, r.day, v.task) for r in before.routes for v in r.visits}
    new = {(r.crew, r.day, v.task) for r in after.routes for v in r.visits}
    return len(new - old)


def test_the_dearer_a_change_is_the_fewer_visits_move() -> None:
    problem = random_week(9, reaches=60, crews=5)
    base = solve(problem, seed=1, budget=SearchBudget(iterations=4000))
    node = problem.tasks[7].start_node
    urgent = PatrolTask("urgent", node, node, 1800, days=frozenset({2}), must=True, grid="grid 0")
    changed = replace(problem, tasks=(*problem.tasks, urgent))
    budget = SearchBudget(iterations=3000)
    free, dear = (
        solve(
            changed,
            seed=1,
            budget=budget,
            keep=Keep(orders_of(base), change_s, focus=frozenset({"urgent"})),
        )
        for change_s in (0, 3600)
    )
    for plan in (free, dear):
        assert verify(changed, plan).is_valid
        assert who(plan, "urgent")
    assert moved(base, dear) <= 3
    assert moved(base, dear) <= moved(base, free)
    assert free.cost <= dear.cost


def test_a_plan_kept_at_any_price_stays_as_it_is() -> None:
    problem = eventful_week(2)
    base = solve(problem, seed=1, budget=SearchBudget(iterations=500))
    keep = Keep(orders_of(base), 10**6)
    again = solve(problem, seed=5, budget=SearchBudget(iterations=500), keep=keep)
    assert moved(base, again) == 0
    assert again.cost <= base.cost


# --- two searches ---------------------------------------------------------------------------------


def test_two_searches_are_the_better_of_two_seeds_on_any_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = eventful_week(1, reaches=40)
    budget = SearchBudget(iterations=20)
    single = [solve(problem, seed=seed, budget=budget) for seed in (7, 8)]
    assert single[0].cost != single[1].cost
    told: list[object] = []
    together = solve_in_parallel(problem, seed=7, budget=budget, progress=told.append)
    assert together == min(single, key=lambda plan: plan.cost)
    assert told
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert solve_in_parallel(problem, seed=7, budget=budget) == together


def test_two_searches_that_are_cancelled_hand_back_a_valid_plan() -> None:
    problem = eventful_week(1)
    told: list[object] = []
    plan = solve_in_parallel(
        problem,
        seed=1,
        budget=SearchBudget(seconds=120),
        progress=told.append,
        cancel=lambda: len(told) > 3,
    )
    assert verify(problem, plan).is_valid


# --- ways of single days --------------------------------------------------------------------------


def test_by_hand_a_visit_moves_to_the_day_on_which_its_road_is_open() -> None:
    open_s = line_travel([0, 600])
    closed_s = np.array([[0, UNREACHABLE_S], [UNREACHABLE_S, 0]])
    task = PatrolTask("stop", 1, 1, 600, days=frozenset({0, 1}))
    who = replace(crew("A", home_node=0), modes={0: "car, closed"})
    problem = WeekProblem(MONDAY, (task,), (who,), {"car": open_s, "car, closed": closed_s})
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=50))
    assert [(route.crew, route.day) for route in plan.routes] == [("A", 1)]
    monday_only = replace(problem, tasks=(replace(task, days=frozenset({0})),))
    plan = solve(monday_only, seed=1, budget=SearchBudget(iterations=50))
    assert plan.routes == ()
    (reason,) = explain(monday_only, plan).unserved
    assert reason.reason is Reason.cut_off


@pytest.mark.parametrize(("seed", "day"), [(0, 0), (1, 2), (2, 4), (3, 1), (4, 2)])
def test_each_day_s_legs_are_those_of_its_own_matrix(seed: int, day: int) -> None:
    problem = random_week(seed)
    slow_s = 2 * problem.travel_s["car"]
    problem = replace(
        problem,
        crews=tuple(replace(one, modes={day: "slow"}) for one in problem.crews),
        travel_s=problem.travel_s | {"slow": slow_s},
    )
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=200))
    assert verify(problem, plan).is_valid
    tasks, homes = problem.task_by_key(), problem.crew_by_key()
    for route in plan.routes:
        node = homes[route.crew].home_node
        for visit in route.visits:
            there = tasks[visit.task].entry(visit.direction)
            right = problem.travel_s["slow" if route.day == day else "car"][node, there]
            assert visit.travel_s == right
            node = tasks[visit.task].exit(visit.direction)
    shifted = replace(problem, crews=tuple(replace(one, modes={}) for one in problem.crews))
    assert route_faults(shifted, plan) == {day} & {route.day for route in plan.routes}


def route_faults(problem: WeekProblem, plan: WeekPlan) -> set[object]:
    """Return the days whose travel times are not those of the problem."""
    rules = (Rule.travel_time,)
    return {one.facts["day"] for one in verify(problem, plan).violations if one.rule in rules}
