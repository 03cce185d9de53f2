"""The compiled search: exact prices, brute force, the same plan everywhere, warm start."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise, permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.routing.engine import SearchBudget, search, warm_up
from gis.routing.engine.annealing import Annealing, Heat
from gis.routing.engine.compiled import translations_folder
from gis.routing.engine.directions import uniform, with_task
from gis.routing.engine.model import (
    UNLIMITED,
    InconsistentModel,
    Model,
    PatternSet,
    Tasks,
    Vehicles,
    empty_routes,
    longest_route,
    model_of,
)
from gis.routing.engine.ruin import refresh_touched, touch
from gis.routing.engine.workspace import Search, best_of, tuning_of, workspace_of
from gis.routing.patterns import day_sets, spread_fault_days
from gis.routing.problem import PatrolTask, WeekPlan, WeekProblem
from gis.routing.solve import Progress, orders_of, solve
from gis.routing.verify import verify
from tests.gis.routing_weeks import MONDAY, crew, line_travel, random_week

ROOT = Path(__file__).resolve().parents[2]
SHORT = SearchBudget(iterations=300)


@pytest.fixture(scope="module", autouse=True)
def _translated() -> None:
    warm_up()


def random_model(seed: int, *, count: int, vehicles: int = 1, capacity: int = 10**6) -> Model:
    """Return tasks with random ends, services per direction, some one-way, some mere stops."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 8, (count, 2))
    none = np.zeros(vehicles, np.int64)
    return model_of(
        rng.integers(0, 100, (1, 8, 8)),
        Tasks(
            ends=ends,
            service=rng.integers(0, 20, (count, 2)),
            one_way=rng.random(count) < 0.3,
            demand=rng.integers(1, 5, count),
            times=np.ones(count, np.int64),
            worth=np.full(count, 10_000),
            patterns=[PatternSet((1,))] * count,
        ),
        Vehicles(none, none, none, none, none, capacity=none + capacity, limit=none + UNLIMITED),
    )


def cheapest_walk(model: Model, order: tuple[int, ...]) -> int:
    """Return the cost of a route by trying every combination of directions."""
    costs = []
    for ways in product(*(range(int(model.ways[task])) for task in order)):
        node, cost = int(model.start[0]), 0
        for task, way in zip(order, ways, strict=True):
            entry, leave = int(model.ends[task, way]), int(model.ends[task, 1 - way])
            cost += int(model.travel[0, node, entry]) + int(model.service[task, way])
            node = leave
        costs.append(cost + int(model.travel[0, node, model.end[0]]))
    return min(costs)


def search_with(model: Model, order: tuple[int, ...]) -> Search:
    """Return a search whose first vehicle has this order."""
    routes = empty_routes(model)
    work = workspace_of(model, routes)
    bundle = Search(
        model, routes, best_of(routes), work, tuning_of(model), np.array([1], np.uint64)
    )
    routes.order[0, : len(order)] = order
    routes.length[0] = len(order)
    touch(bundle, 0)
    refresh_touched(bundle)
    return bundle


# --- exact prices ---------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 5))
def test_route_costs_and_insertion_prices_equal_the_best_of_all_directions(
    seed: int, size: int
) -> None:
    model = random_model(seed, count=size + 1)
    order, new = tuple(range(size)), size
    bundle = search_with(model, order)
    if size:
        assert bundle.routes.cost[0] == cheapest_walk(model, order)
    for position in range(size + 1):
        price = with_task(model.travel[0], bundle, 0, position, new)
        assert price == cheapest_walk(model, (*order[:position], new, *order[position:]))


def test_random_numbers_are_even_and_follow_from_the_seed_alone() -> None:
    numbers = np.array(
        [uniform(state) for state in [np.array([7], np.uint64)] for _ in range(4000)]
    )
    assert 0 <= numbers.min() < 0.01
    assert 0.99 < numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.02
    # SplitMix64 with seed 7: first output 0x63CBE1E459320DD7 / 2**64.
    assert numbers[0] == pytest.approx(0x63CBE1E459320DD7 / 2**64, abs=1e-12)


# --- brute force ----------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_one_vehicle_finds_what_brute_force_finds(seed: int, count: int) -> None:
    model = random_model(seed, count=count)
    outcome = Annealing(model, tuning_of(model), seed=1).run(SHORT)
    least = min(cheapest_walk(model, order) for order in permutations(range(count)))
    assert outcome.cost == least
    assert cheapest_walk(model, outcome.orders[0]) == least


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_two_vehicles_with_capacity_find_what_brute_force_finds(seed: int, count: int) -> None:
    model = random_model(seed, count=count, vehicles=2, capacity=8)
    outcome = Annealing(model, tuning_of(model), seed=1).run(SHORT)

    def price(chosen: tuple[int, ...]) -> int:
        if not chosen:
            return 0
        if model.demand[list(chosen)].sum() > 8:
            return 10**9
        return min(cheapest_walk(model, order) for order in permutations(chosen))

    least = 10**9
    for sides in product((0, 1, 2), repeat=count):
        first, second, left = (
            tuple(task for task in range(count) if sides[task] == side) for side in range(3)
        )
        worth = int(model.worth[list(left)].sum())
        least = min(least, price(first) + price(second) + worth)
    assert outcome.cost == least


@pytest.mark.parametrize("seed", range(4))
def test_a_search_through_overload_ends_with_everything_served_within_capacity(seed: int) -> None:
    model = random_model(seed, count=10, vehicles=2)
    room = -(-int(model.demand.sum()) // 2)
    model = model._replace(capacity=np.full(2, room))
    tuning = tuning_of(model, complete_only=True, overload=1.0)
    found = Annealing(model, tuning, seed=seed).run(SearchBudget(iterations=2000))
    assert sorted(task for order in found.orders for task in order) == list(range(10))
    assert max(int(model.demand[list(order)].sum()) for order in found.orders) <= room
    assert found.cost == sum(cheapest_walk(model, order) for order in found.orders if order)


@pytest.mark.parametrize("seed", range(6))
def test_a_week_of_repeated_visits_is_as_cheap_as_brute_force_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    travel = line_travel(rng.integers(0, 4000, 4).tolist())
    tasks = tuple(
        PatrolTask(f"{n}", n, n, 600, times=times, min_gap_days=2)
        for n, times in zip((1, 2, 3), (1, 2, 3), strict=True)
    )
    problem = WeekProblem(MONDAY, tasks, (crew(),), {"car": travel})
    days = {task.key: list(day_sets(range(5), task.times, gap_days=2)) for task in tasks}

    def week_travel(chosen: tuple[tuple[int, ...], ...]) -> int:
        total = 0
        for day in range(5):
            visited = [t for t, on in zip(tasks, chosen, strict=True) if day in on]
            total += min(
                sum(int(travel[a, b]) for a, b in zip((0, *nodes), (*nodes, 0), strict=True))
                for nodes in permutations([task.start_node for task in visited])
            )
        return total

    full = [[d for d in days[t.key] if len(d) == t.times] for t in tasks]
    least = min(week_travel(chosen) for chosen in product(*full))
    assert solve(problem, seed=1, budget=SHORT).travel_s == least


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_an_overloaded_week_is_valid_full_and_serves_every_must_visit(seed: int) -> None:
    crowded = random_week(seed, reaches=60, shift_min=150)
    few = tuple(
        replace(task, must=index < 4, one_way=False, officers=0, grid="grid 0", times=1)
        for index, task in enumerate(crowded.tasks)
    )
    problem = replace(crowded, tasks=few)
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=3000))
    assert verify(problem, plan).violations == ()
    assert plan.unserved
    assert not {item.task for item in plan.unserved} & {task.key for task in few if task.must}


def test_crews_start_from_their_own_homes() -> None:
    # Two homes 5000 s apart, a stop beside each: nobody crosses the county.
    travel = line_travel([0, 5000, 60, 4940])
    tasks = (PatrolTask("west", 2, 2, 600), PatrolTask("east", 3, 3, 600))
    crews = (crew("W"), crew("E", home_node=1))
    problem = WeekProblem(MONDAY, tasks, crews, {"car": travel})
    plan = solve(problem, seed=1, budget=SHORT)
    assert {(r.crew, v.task) for r in plan.routes for v in r.visits} == {
        ("W", "west"),
        ("E", "east"),
    }
    assert plan.travel_s == 240


def test_matrices_without_the_triangle_inequality_never_lead_to_overtime() -> None:
    # Through the stop it is 200 s to the far place, directly 20,000 s: dropping the stop would
    # make the rest too long for the shift.
    travel = np.array([[0, 100, 20_000], [100, 0, 100], [20_000, 100, 0]])
    tasks = tuple(PatrolTask(f"{n}", n, n, 60, days=frozenset({0})) for n in (1, 2))
    home = crew(shift_min=60)
    problem = WeekProblem(MONDAY, tasks, (home,), {"car": travel})
    assert verify(problem, solve(problem, seed=1, budget=SHORT)).is_valid


def test_evenness_is_bought_with_some_travel() -> None:
    # Home 0; 8 stops near the first crew's home, the second crew lives 300 s away.
    travel = line_travel([0, 300, *range(10, 90, 10)])
    tasks = tuple(PatrolTask(f"{n}", n + 2, n + 2, 3000) for n in range(8))
    crews = (crew("near"), crew("far", home_node=1))
    problem = WeekProblem(MONDAY, tasks, crews, {"car": travel})
    balanced = replace(problem, weights=replace(problem.weights, balance=0.5))

    def visits(plan: WeekPlan, key: str) -> int:
        return sum(len(route.visits) for route in plan.routes if route.crew == key)

    assert visits(solve(problem, seed=1, budget=SHORT), "far") == 0
    assert visits(solve(balanced, seed=1, budget=SHORT), "far") >= 3


# --- the same plan everywhere ---------------------------------------------------------------------


def fingerprint(iterations: int) -> str:
    problem = random_week(5, reaches=25)
    found = search(problem, seed=3, budget=SearchBudget(iterations=iterations))
    return repr(sorted(found.orders.items()))


def test_another_process_finds_the_same_plan_and_watching_changes_nothing() -> None:
    script = "from tests.gis.test_engine import fingerprint; print(fingerprint(400))"
    answer = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "77"},
    )
    assert answer.stdout.strip() == fingerprint(400)
    problem = random_week(5, reaches=25)
    watched = search(problem, seed=3, budget=SearchBudget(iterations=400), progress=lambda _: None)
    assert repr(sorted(watched.orders.items())) == fingerprint(400)


def test_another_seed_goes_another_way() -> None:
    problem = random_week(5, reaches=40)
    plans = {
        repr(search(problem, seed=seed, budget=SearchBudget(iterations=5)).orders)
        for seed in range(4)
    }
    assert len(plans) > 1


# --- budgets, watching, warm start ----------------------------------------------------------------


def test_seconds_end_a_search_by_the_given_clock() -> None:
    ticks = iter(range(10_000))
    budget = SearchBudget(seconds=40, clock=lambda: float(next(ticks)))
    found = search(random_week(1), seed=1, budget=budget)
    assert found.iterations > 0
    assert next(ticks) < 60


def test_a_cancelled_search_stops_between_chunks() -> None:
    asked: list[int] = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    told: list[Progress] = []
    budget = SearchBudget(iterations=10**9)
    found = search(random_week(2), seed=1, budget=budget, progress=told.append, cancel=after_three)
    assert len(told) == 4
    assert told[-1].iteration == found.iterations > 0


def test_a_plan_to_begin_with_is_kept_or_bettered() -> None:
    problem = random_week(9, reaches=40)
    good = solve(problem, seed=1, budget=SearchBudget(iterations=5000))
    again = solve(problem, seed=2, budget=SearchBudget(iterations=1), start=orders_of(good))
    fresh = solve(problem, seed=2, budget=SearchBudget(iterations=1))
    assert verify(problem, again).is_valid
    assert again.cost <= good.cost < fresh.cost


def test_a_plan_to_begin_with_may_name_what_is_gone_and_what_no_longer_fits() -> None:
    problem = random_week(9, reaches=40)
    good = solve(problem, seed=1, budget=SHORT)
    shorter = replace(
        problem,
        tasks=problem.tasks[5:],
        crews=tuple(replace(one, shift_min=200) for one in problem.crews[1:]),
    )
    plan = solve(shorter, seed=1, budget=SHORT, start=orders_of(good))
    assert verify(shorter, plan).violations == ()


def test_a_search_that_has_reached_enough_ends_at_once() -> None:
    model = random_model(3, count=6)
    best = Annealing(model, tuning_of(model), seed=1).run(SHORT).cost
    heat = Heat(enough=best)
    outcome = Annealing(model, tuning_of(model), seed=1, heat=heat).run(
        SearchBudget(iterations=10**9)
    )
    assert outcome.cost == best


def test_translations_lie_in_a_folder_named_after_the_sources() -> None:
    folder = translations_folder()
    assert folder.name.startswith("routing-")
    assert list(folder.rglob("*.nbi"))


# --- models and patterns --------------------------------------------------------------------------


def test_a_route_is_bounded_by_the_shortest_services_and_the_least_loads() -> None:
    model = random_model(1, count=6, capacity=7)
    demands = np.sort(model.demand)
    assert longest_route(model) == np.searchsorted(np.cumsum(demands), 7, side="right")


def test_a_model_whose_parts_disagree_is_refused() -> None:
    good = random_model(1, count=3)
    none = np.zeros(1, np.int64)
    vehicles = Vehicles(none, none, none, none, none, capacity=none, limit=none)
    tasks = Tasks(
        ends=np.zeros((3, 2), np.int64),
        service=np.zeros((2, 2), np.int64),
        one_way=np.zeros(3, np.bool_),
        demand=np.zeros(3, np.int64),
        times=np.ones(3, np.int64),
        worth=np.ones(3, np.int64),
        patterns=[PatternSet((1,))] * 3,
    )
    with pytest.raises(InconsistentModel):
        model_of(good.travel, tasks, vehicles)
    whole = replace(tasks, service=np.zeros((3, 2), np.int64))
    with pytest.raises(InconsistentModel):
        model_of(good.travel, whole, vehicles, permitted=np.ones((3, 2), np.bool_))


@settings(max_examples=40, deadline=None)
@given(st.frozensets(st.integers(0, 6)), st.integers(1, 7), st.integers(1, 6))
def test_day_sets_cover_every_choice_that_keeps_the_gap(
    days: frozenset[int], times: int, gap: int
) -> None:
    sets = day_sets(days, times, gap_days=gap)
    for mask in range(1, 128):
        chosen = [day for day in range(7) if mask >> day & 1]
        kept = all(b - a >= gap for a, b in pairwise(chosen))
        allowed = kept and set(chosen) <= days and len(chosen) <= times
        assert allowed == any(set(chosen) <= set(one) for one in sets)


def test_visits_closer_than_two_days_are_uncomfortable_where_there_is_room() -> None:
    week = range(5)
    assert spread_fault_days([0, 1], days=week, times=2) == 1
    assert spread_fault_days([0, 2], days=week, times=2) == 0
    assert spread_fault_days([0, 1, 2, 3, 4], days=week, times=5) == 0
    assert spread_fault_days([0], days=week, times=3) == 0
