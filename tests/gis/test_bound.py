"""Lower bounds: by hand, never above what enumeration finds, and as published on benchmarks."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from gis.routing.benchmark_sets.instance import BenchmarkInstance, Required, cheapest_costs
from gis.routing.benchmark_sets.readers import Format, instance_files, read_instance
from gis.routing.benchmark_sets.table import read_best_known
from gis.routing.bound import carp_bound, visits_of, week_bound
from gis.routing.cuts.flows import greatest_flow, reach_back
from gis.routing.cuts.network import contracted, network_of
from gis.routing.cuts.separation import Separation, graph_of, notes_of, statement_of
from gis.routing.cuts.values import NO_WAY, Bools, Network, Services, Trips
from gis.routing.problem import UNREACHABLE_S, PatrolTask, SecondsMatrix, WeekProblem, may_serve
from gis.routing.solve import SearchBudget, solve
from gis.routing.verify import verify
from gis.routing.warm import warm_up
from tests.gis.routing_weeks import MONDAY, crew, line_travel, random_week


@pytest.fixture(scope="module", autouse=True)
def _translated() -> None:
    """Bounds are computed in seconds: the first must not spend them on translating."""
    warm_up()


def week(
    tasks: list[PatrolTask], crews: list[object], travel: SecondsMatrix | dict[str, SecondsMatrix]
) -> WeekProblem:
    modes = travel if isinstance(travel, dict) else {"car": travel}
    return WeekProblem(MONDAY, tuple(tasks), tuple(crews), modes)  # type: ignore[arg-type]


def served_all(problem: WeekProblem) -> dict[str, int]:
    return {task.key: task.times for task in problem.tasks}


# --- by hand --------------------------------------------------------------------------------------


def test_a_reach_on_a_line_costs_the_way_out_and_back() -> None:
    problem = week([PatrolTask("a", 1, 2, 600)], [crew()], line_travel([0, 1000, 1500]))
    # Out 1000 s, the reach itself, back 1500 s; the patrol counts 600 s.
    assert week_bound(problem, served={"a": 1}) == 1000 + 600 + 1500


def test_two_visits_of_an_object_take_two_trips() -> None:
    problem = week([PatrolTask("a", 1, 1, 60, times=2)], [crew()], line_travel([0, 1000]))
    assert week_bound(problem, served={"a": 2}) == 2 * (1000 + 60 + 1000)
    assert week_bound(problem, served={"a": 1}) == 1000 + 60 + 1000


def test_what_does_not_fit_into_one_shift_takes_two_trips() -> None:
    tasks = [PatrolTask(key, 1, 1, 2000) for key in "ab"]
    travel = line_travel([0, 1000])
    # 6000 s are just enough for both visits and the way; one minute less is not.
    for shift_min, trips in ((100, 1), (99, 2)):
        problem = week(tasks, [crew(shift_min=shift_min)], travel)
        assert week_bound(problem, served=served_all(problem)) == 4000 + trips * 2000


def test_a_crew_of_another_grid_at_the_place_does_not_spare_the_way() -> None:
    near = crew("near", home_node=1, grids=frozenset({"other"}))
    far = crew("far", home_node=0)
    problem = week([PatrolTask("a", 1, 1, 60, grid="g")], [near, far], line_travel([0, 900]))
    assert week_bound(problem, served={"a": 1}) == 60 + 1800


def test_nothing_served_takes_no_time() -> None:
    problem = week([PatrolTask("a", 1, 1, 60)], [crew()], line_travel([0, 900]))
    assert week_bound(problem, served={}) == 0
    assert week_bound(week([], [], {}), served={}) == 0


def test_without_time_the_legs_next_to_each_visit_still_count() -> None:
    tasks = [PatrolTask("a", 1, 1, 60), PatrolTask("b", 2, 2, 60)]
    problem = week(tasks, [crew()], line_travel([0, 1000, 1200]))
    # The cheapest leg at `a` and at `b` is the 200 s between them; the tour takes 2400 s.
    assert week_bound(problem, served=served_all(problem), seconds=0.0) == 120 + 400
    assert week_bound(problem, served=served_all(problem)) == 120 + 2400


def test_a_square_of_edges_needs_the_matching_of_its_odd_nodes() -> None:
    # Required: the sides 0-1, 2-3 of cost 5; empty: 1-2 of cost 1 and 0-3 of cost 2.
    links = [(0, 1, 5), (2, 3, 5), (1, 2, 1), (0, 3, 2)]
    costs = cheapest_costs(links + [(b, a, c) for a, b, c in links], nodes=4)
    required = (Required(0, 1, 5, 1), Required(2, 3, 5, 1))
    assert carp_bound(BenchmarkInstance("square", 0, 2, 0, required, costs)) == 13
    # One service a trip: 0-1 and back, 0-3-2 and back.
    assert (
        carp_bound(BenchmarkInstance("square", 0, 1, 0, required, costs)) == 5 + 5 + 5 + 2 + 7 - 1
    )


# --- the network ----------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), nodes=st.integers(2, 9))
@settings(max_examples=50, deadline=None)
def test_ways_along_the_kept_edges_are_never_dearer(seed: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, 6, (nodes, nodes)).astype(float)
    costs[rng.random((nodes, nodes)) < 0.2] = np.inf
    whole = np.where(np.isinf(costs), NO_WAY, costs).astype(np.int64)
    place, least = contracted([whole], used=np.arange(nodes), none_from=NO_WAY)
    network = network_of(least)
    ways = np.full((len(least), len(least)), np.inf)
    np.fill_diagonal(ways, 0.0)
    for start, end, cost in zip(network.start, network.end, network.cost, strict=True):
        ways[start, end] = ways[end, start] = cost
    for via in range(len(ways)):
        ways = np.minimum(ways, ways[:, via, None] + ways[None, via, :])
    off_diagonal = ~np.eye(nodes, dtype=bool)
    assert (ways[np.ix_(place, place)] <= costs)[off_diagonal].all()


# --- compiled parts against plain ones ------------------------------------------------------------


@given(seed=st.integers(0, 10_000), nodes=st.integers(2, 9))
@settings(max_examples=40, deadline=None)
def test_flows_and_their_cuts_agree_with_scipy(seed: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    start, end = rng.integers(0, nodes, (2, 2 * nodes))
    start, end = start[start != end], end[start != end]
    capacity = rng.integers(0, 30, len(start))
    whole = np.zeros((nodes, nodes), dtype=np.int32)
    np.add.at(whole, (start, end), capacity)
    expected = maximum_flow(csr_array(whole + whole.T), 0, nodes - 1).flow_value
    graph, edge = graph_of(start, end, nodes=nodes)
    for most in (1 << 40, max(1, expected // 2)):
        graph.free[:] = np.tile(capacity, 2)[edge]
        assert greatest_flow(graph, 0, nodes - 1, most) == min(expected, most)
    graph.free[:] = np.tile(capacity, 2)[edge]
    greatest_flow(graph, 0, nodes - 1, 1 << 40)
    smallest = graph.level >= 0
    reach_back(graph, nodes - 1)
    for inside in (smallest, graph.level < 0):
        assert inside[0]
        assert not inside[nodes - 1]
        assert capacity[inside[start] != inside[end]].sum() == expected


def plain_crossings(services: Services, trips: Trips, inside: Bools) -> int:
    """Return what the border of a set asks for, written down as the rule reads."""
    across = inside[services.start] != inside[services.end]
    served = int(services.times[across].sum())
    able_inside = services.allowed[:, inside[trips.home]].any(axis=1)
    counted = (inside[services.start] | inside[services.end]) & ~able_inside
    trips_needed = 0
    if counted.any():
        near = inside.copy()
        near[services.start[counted]] = near[services.end[counted]] = True
        able = services.allowed[counted].any(axis=0)
        room = np.maximum(trips.capacity - 2 * trips.toll[:, near].min(axis=1), 0.0)[able]
        carried = np.cumsum(np.sort(np.repeat(room, trips.count[able]))[::-1])
        load = services.load[counted].sum()
        trips_needed = min(int((carried < load - 1e-3).sum()) + 1, len(carried))
        trips_needed = max(trips_needed, int(services.times[counted].max()))
    least = max(2 * trips_needed - served, served % 2)
    return least + (least + served) % 2


@given(seed=st.integers(0, 10_000), nodes=st.integers(2, 8))
@settings(max_examples=60, deadline=None)
def test_borders_ask_for_what_the_rule_says(seed: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    count, kinds = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    services = Services(
        rng.integers(0, nodes, count),
        rng.integers(0, nodes, count),
        rng.integers(0, 50, count).astype(float),
        rng.integers(1, 4, count),
        rng.random((count, kinds)) < 0.6,
    )
    home = rng.integers(0, nodes, kinds)
    tolls = rng.integers(0, 30, (nodes, nodes)).astype(float)[home]
    trips = Trips(home, rng.integers(20, 90, kinds).astype(float), rng.integers(1, 5, kinds), tolls)
    statement = statement_of(services, trips, nodes=nodes)
    network = Network(nodes, np.zeros(1, np.int64), np.ones(1, np.int64), np.ones(1))
    looked = Separation(network, statement, notes=notes_of(statement), used=np.zeros(1))
    sets = [rng.random(nodes) < 0.5 for _ in range(12)]
    sets = [inside for inside in sets if inside.any() and not inside.all()]
    asked = {
        members.tobytes(): least
        for least, members in looked.violated([np.flatnonzero(s) for s in sets], by=0.0)
    }
    for inside in sets:
        found = asked.get(np.flatnonzero(inside).tobytes(), 0)
        assert found == plain_crossings(services, trips, inside)


def test_two_modes_give_the_cheaper_way_and_one_place_where_nothing_lies_between() -> None:
    car = np.array([[0, 50, 9], [70, 0, 0], [9, 0, 0]])
    boat = np.array([[0, 60, 8], [40, 0, 99], [99, 99, 0]])
    place, least = contracted([car, boat], used=np.arange(3), none_from=99)
    assert place.tolist() == [0, 1, 1]
    assert least.tolist() == [[0, 8], [8, 0]]


def test_a_symmetric_matrix_of_distinct_places_is_not_copied() -> None:
    apart = np.array([[0, 5, 9], [5, 0, 7], [9, 7, 0]], dtype=np.int32)
    assert contracted([apart], used=np.arange(3), none_from=99)[1] is apart
    part = contracted([apart], used=np.array([0, 2]), none_from=99)[1]
    assert part.tolist() == [[0, 9], [9, 0]]
    assert contracted([apart], used=np.arange(3), none_from=9)[1][0, 2] == NO_WAY


# --- never above the optimum ----------------------------------------------------------------------


def cheapest_route(problem: WeekProblem, crew_index: int, keys: tuple[str, ...]) -> float:
    """Return the seconds of the shortest route of a crew with these visits, by enumeration."""
    one = problem.crews[crew_index]
    travel = problem.travel_s[one.mode]
    tasks = [problem.task_by_key()[key] for key in keys]
    best = float("inf")
    for order in itertools.permutations(tasks):
        for ways in itertools.product(*(task.directions() for task in order)):
            stops = [one.home_node]
            for task, way in zip(order, ways, strict=True):
                stops += [task.entry(way), task.exit(way)]
            stops.append(one.home_node)
            legs = [int(travel[a, b]) for a, b in zip(stops[::2], stops[1::2], strict=True)]
            if max(legs) < UNREACHABLE_S:
                best = min(best, sum(legs) + sum(task.service_s for task in order))
    return best if best <= one.shift_s else float("inf")


def placements(problem: WeekProblem) -> Iterator[dict[tuple[int, int], tuple[str, ...]]]:
    """Yield every way to put all due visits on allowed crews and days."""
    options = []
    for task in problem.tasks:
        places = [
            (index, day)
            for index, one in enumerate(problem.crews)
            if may_serve(one, task)
            for day in sorted(one.working_days & task.days)
        ]
        options.append(
            [
                chosen
                for chosen in itertools.combinations(places, task.times)
                if all(
                    abs(a[1] - b[1]) >= task.min_gap_days
                    for a, b in itertools.combinations(chosen, 2)
                )
            ]
        )
    for chosen in itertools.product(*options):
        routes: dict[tuple[int, int], tuple[str, ...]] = {}
        for task, places in zip(problem.tasks, chosen, strict=True):
            for place in places:
                routes[place] = (*routes.get(place, ()), task.key)
        yield routes


def optimum(problem: WeekProblem) -> float:
    known: dict[tuple[int, tuple[str, ...]], float] = {}
    best = float("inf")
    for routes in placements(problem):
        total = 0.0
        for (index, _), keys in routes.items():
            if (index, keys) not in known:
                known[index, keys] = cheapest_route(problem, index, keys)
            total += known[index, keys]
        best = min(best, total)
    return best


@st.composite
def tiny_weeks(draw: st.DrawFn) -> WeekProblem:
    nodes = draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    metric = draw(st.booleans())
    xy = rng.integers(0, 40, (nodes, 2))
    travel = np.abs(xy[:, None] - xy[None]).sum(-1) * 30
    if not metric:
        travel = rng.integers(0, 2000, (nodes, nodes))
        travel[rng.random((nodes, nodes)) < 0.1] = UNREACHABLE_S
        np.fill_diagonal(travel, 0)
    tasks = [
        PatrolTask(
            f"t{index}",
            int(rng.integers(nodes)),
            int(rng.integers(nodes)),
            int(rng.integers(0, 2400)),
            times=int(rng.choice([1, 1, 2])),
            days=frozenset({0, 1}),
            one_way=bool(rng.random() < 0.3),
            grid=str(rng.choice(["x", "y"])),
        )
        for index in range(draw(st.integers(1, 3)))
    ]
    crews = [
        crew(
            f"c{index}",
            home_node=int(rng.integers(nodes)),
            working_days=frozenset({0, 1}),
            shift_min=int(rng.integers(40, 240)),
            mode=str(rng.choice(["car", "boat"])),
            grids=None if rng.random() < 0.6 else frozenset({"x"}),
        )
        for index in range(draw(st.integers(1, 2)))
    ]
    boat = (travel * rng.choice([1, 2])).astype(np.int64)
    return week(tasks, crews, {"car": travel.astype(np.int64), "boat": boat})


@given(problem=tiny_weeks())
@settings(max_examples=120, deadline=None)
def test_no_plan_found_by_enumeration_undercuts_the_bound(problem: WeekProblem) -> None:
    best = optimum(problem)
    if best < float("inf"):
        for seconds in (0.0, 1.0):
            assert week_bound(problem, served=served_all(problem), seconds=seconds) <= best


@pytest.mark.parametrize("seed", range(3))
def test_the_plan_of_a_random_week_lies_a_little_above_its_bound(seed: int) -> None:
    problem = random_week(seed)
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=4000))
    hours = plan.travel_s + plan.service_s
    bounds = [week_bound(problem, served=visits_of(plan), seconds=s) for s in (0.0, 2.0)]
    assert plan.service_s < bounds[0] < bounds[1] <= hours
    assert hours / bounds[1] < 1.10


@pytest.mark.parametrize("seed", range(3))
def test_where_oneway_roads_make_ways_back_longer_the_bound_still_holds(seed: int) -> None:
    even = random_week(seed)
    rng = np.random.default_rng(seed)
    back = np.rint(even.travel_s["car"] * rng.choice([1.0, 1.0, 1.8], even.travel_s["car"].shape))
    problem = replace(even, travel_s={"car": back.astype(np.int32)})
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=2000))
    assert verify(problem, plan).violations == ()
    bound = week_bound(problem, served=visits_of(plan), seconds=1.0)
    assert plan.service_s < bound <= plan.travel_s + plan.service_s


# --- published values -----------------------------------------------------------------------------


def test_the_bound_proves_most_small_instances_and_exceeds_no_known_value(
    shared_data: Path,
) -> None:
    known = read_best_known(shared_data / "carp/bks.csv")
    proved = 0
    files = instance_files(shared_data / "carp/gdb")
    for path in files:
        bound = carp_bound(read_instance(path, text_format=Format.carp), seconds=2.0)
        best = known["gdb", path.stem].cost
        assert best * 0.98 <= bound <= best, path.stem
        proved += bound == best
    assert len(files) == 23
    assert proved >= 18
