"""The two offers: cheapest insertion by brute force, frozen parts, moves, deadlines kept."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.routing.patterns import keeps_gap
from gis.routing.problem import Crew, PatrolTask, WeekProblem, may_serve_on, worths
from gis.routing.replan import (
    CrewAbsent,
    Happened,
    Moment,
    Offer,
    Remaining,
    Standing,
    Urgent,
    best,
    earliest_arrivals,
    insert_only,
    remaining,
    whole_week,
)
from gis.routing.solve import SearchBudget, orders_of, solve
from gis.routing.timetable import timed_route
from tests.gis.routing_weeks import MONDAY, crew, line_travel, random_week

TODAY = 2
NOW = Moment(TODAY, 10 * 3600)
NOON = Moment(TODAY, 12 * 3600)
FIVE_MIN = 300


def published(seed: int) -> tuple[WeekProblem, Standing]:
    """Return a random week under way: its plan, and the first visits of today settled."""
    problem = random_week(seed, reaches=24)
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=200))
    orders = orders_of(plan)
    settled = {at: order[: seed % 3] for at, order in orders.items() if at[1] == TODAY}
    return problem, Standing(orders, NOW, settled=settled)


def urgent(problem: WeekProblem, *, node: int, by: Moment | None) -> Happened:
    task = PatrolTask("urgent", node, node, 1200, days=frozenset(range(7)), grid="grid 0")
    assert node < problem.node_count
    return Happened(urgent=(Urgent(task, by),))


def every_insertion(rest: Remaining, key: str) -> Iterator[int]:
    """Yield what every possible insertion costs, by timing each whole route anew."""
    tasks = rest.problem.task_by_key()
    task = tasks[key]
    for one in rest.problem.crews:
        for day in sorted(one.working_days):
            order = rest.orders.get((one.key, day), ())
            days = [d for (_, d), keys in rest.orders.items() if key in keys]
            if not may_serve_on(one, task, day=day):
                continue
            if not keeps_gap(days, day=day, gap_days=task.min_gap_days):
                continue
            before = used(rest, one, day, order)
            for position in range(len(order) + 1):
                longer = (*order[:position], key, *order[position:])
                after = used(rest, one, day, longer)
                if after <= one.on(day).most_s:
                    yield after - before


def used(rest: Remaining, one: Crew, day: int, order: tuple[str, ...]) -> int:
    tasks = rest.problem.task_by_key()
    return timed_route(
        one,
        day,
        order=[tasks[key] for key in order],
        travel_s=rest.problem.travel_s[one.mode],
    ).used_s


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 60), node=st.integers(0, 50))
def test_the_insertion_is_the_cheapest_of_all(seed: int, node: int) -> None:
    problem, standing = published(seed)
    rest = remaining(problem, standing, urgent(problem, node=node, by=None))
    alone = replace(rest, homeless=("urgent",))
    offer = insert_only(alone)
    costs = list(every_insertion(alone, "urgent"))
    if not costs:
        assert [move.task for move in offer.unserved] == ["urgent"]
    else:
        assert offer.added_s == min(costs)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 60), way=st.sampled_from(["insert", "best"]))
def test_what_is_done_or_over_is_never_touched(seed: int, way: str) -> None:
    problem, standing = published(seed)
    happened = replace(
        urgent(problem, node=seed % 40, by=None), absent=(CrewAbsent("crew 1", frozenset({3})),)
    )
    rest = remaining(problem, standing, happened)
    offer = insert_only(rest)
    if way == "best":
        offer = best(rest, offer, change_s=FIVE_MIN, seed=1, budget=SearchBudget(iterations=300))
    assert offer.verdict.is_valid, offer.verdict.violations
    whole = whole_week(standing, offer)
    for (who, day), order in standing.orders.items():
        if day < TODAY:
            assert whole[who, day] == order
    for at, order in standing.settled.items():
        assert whole.get(at, ())[: len(order)] == order
    assert ("crew 1", 3) not in whole
    check_moves(rest, offer)


def check_moves(rest: Remaining, offer: Offer) -> None:
    """Count the moves anew: places lost and won by every object."""
    orders = orders_of(offer.plan)
    stayed = sum(key in orders.get(at, ()) for at, order in rest.orders.items() for key in order)
    planned = sum(len(order) for order in rest.orders.values())
    assert len(offer.moved) == planned - stayed
    visits = sum(len(order) for order in orders.values())
    assert visits == planned + len(rest.homeless) - len(offer.unserved)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 60))
def test_inserting_moves_nobody_else(seed: int) -> None:
    problem, standing = published(seed)
    rest = remaining(problem, standing, urgent(problem, node=seed % 40, by=NOON))
    offer = insert_only(rest)
    assert offer.moved == ()
    orders = orders_of(offer.plan)
    for at, order in rest.orders.items():
        assert tuple(key for key in orders[at] if key in order) == order


@settings(max_examples=24, deadline=None)
@given(seed=st.integers(0, 60), penalty=st.sampled_from([0, 300, 1800]), absent=st.integers(0, 3))
def test_the_best_offer_is_never_behind_inserting(seed: int, penalty: int, absent: int) -> None:
    problem, standing = published(seed)
    # With crews away there is too little room: which visits are lost differs between the offers.
    away = tuple(CrewAbsent(one.key, frozenset({3, 4})) for one in problem.crews[:absent])
    rest = remaining(
        problem, standing, replace(urgent(problem, node=seed % 40, by=NOON), absent=away)
    )
    first = insert_only(rest)
    budget = SearchBudget(iterations=300)
    second = best(rest, first, change_s=penalty, seed=1, budget=budget)
    assert lost_worth(second) <= lost_worth(first)
    if lost_worth(second) == lost_worth(first):
        changes = penalty * len(second.moved)
        assert dearer_s(second) + changes <= dearer_s(first)
    again = best(rest, first, change_s=penalty, seed=1, budget=budget)
    assert again.plan == second.plan


def lost_worth(offer: Offer) -> int:
    worth = worths(offer.problem)
    return sum(one.missing * worth[one.task] for one in offer.plan.unserved)


def dearer_s(offer: Offer) -> int:
    """Return the seconds that are added, and the price of the overtime in all routes."""
    crews, factor = offer.problem.crew_by_key(), offer.problem.weights.overtime_factor
    return offer.added_s + sum(
        factor * max(0, route.used_s - crews[route.crew].on(route.day).working_s)
        for route in offer.plan.routes
    )


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 80))
def test_a_promise_is_kept_or_the_visit_is_left_out(seed: int) -> None:
    problem, standing = published(seed)
    rest = remaining(problem, standing, urgent(problem, node=seed % 40, by=NOON))
    first = insert_only(rest)
    second = best(rest, first, change_s=FIVE_MIN, seed=1, budget=SearchBudget(iterations=200))
    for offer in (first, second):
        if "urgent" in offer.arrivals:
            arrival = offer.arrivals["urgent"]
            assert (arrival.day, arrival.second) <= (TODAY, NOON.second)
        else:
            assert [move.goal for move in offer.moves if move.task == "urgent"] == [None]


def week_on_a_road(*tasks: PatrolTask, crews: int = 2) -> WeekProblem:
    """Return stops on a road whose nodes are ten minutes apart; crew A lives at 0, B at 11."""
    travel = line_travel([600 * node for node in range(12)])
    people = tuple(crew(key, home_node=node) for key, node in (("A", 0), ("B", 11)))[:crews]
    return WeekProblem(MONDAY, tasks, people, {"car": travel})


def stop(key: str, node: int) -> PatrolTask:
    return PatrolTask(key, node, node, 1800, days=frozenset(range(7)))


def test_by_hand_the_nearer_crew_takes_the_urgent_stop_on_its_way() -> None:
    problem = week_on_a_road(stop("a", 4), stop("b", 8))
    standing = Standing({("A", 2): ("a",), ("B", 2): ("b",)}, NOW)
    happened = Happened(urgent=(Urgent(stop("urgent", 3), NOON),))
    rest = remaining(problem, standing, happened)
    offer = insert_only(rest)
    # On the way to a: no way is added, only the half hour of work.
    assert offer.added_s == 1800
    assert offer.arrivals["urgent"].crew == "A"
    assert offer.arrivals["urgent"].second == 10 * 3600 + 1800
    assert offer.touched == (("A", 2),)
    assert [(move.task, move.source, move.goal) for move in offer.moves] == [
        ("urgent", None, ("A", 2))
    ]


def test_by_hand_a_promise_nobody_can_keep_names_the_nearest_crew() -> None:
    problem = week_on_a_road(stop("a", 4), crews=1)
    standing = Standing({("A", 2): ("a",)}, NOW)
    soon = Moment(TODAY, 10 * 3600 + 1200)
    rest = remaining(problem, standing, Happened(urgent=(Urgent(stop("urgent", 9), soon),)))
    offer = insert_only(rest)
    assert [move.task for move in offer.unserved] == ["urgent"]
    assert offer.arrivals == {}
    assert offer.verdict.is_valid
    (nearest,) = earliest_arrivals(rest, "urgent", day=TODAY)
    assert (nearest.crew, nearest.second, nearest.fits) == ("A", 10 * 3600 + 5400, True)


def test_by_hand_a_late_urgent_stop_waits_behind_no_visit_that_makes_it_late() -> None:
    # a lies before the urgent stop, but its half hour would break the promise of 30 minutes.
    problem = week_on_a_road(stop("a", 2), crews=1)
    standing = Standing({("A", 2): ("a",)}, NOW)
    soon = Moment(TODAY, 10 * 3600 + 1800)
    rest = remaining(problem, standing, Happened(urgent=(Urgent(stop("urgent", 3), soon),)))
    offer = insert_only(rest)
    assert orders_of(offer.plan) == {("A", 2): ("urgent", "a")}
    assert offer.arrivals["urgent"].second == soon.second


def test_by_hand_moving_one_visit_pays_when_a_change_is_cheap() -> None:
    # A has no time left for both; B passes a anyway.
    problem = week_on_a_road(stop("a", 9), stop("b", 10))
    standing = Standing({("A", 2): ("a",), ("B", 2): ("b",)}, NOW)
    rest = remaining(problem, standing, Happened(urgent=(Urgent(stop("urgent", 1), NOON),)))
    first = insert_only(rest)
    budget = SearchBudget(iterations=500)
    moved = best(rest, first, change_s=FIVE_MIN, seed=1, budget=budget)
    assert [(move.task, move.source, move.goal) for move in moved.moved] == [
        ("a", ("A", 2), ("B", 2))
    ]
    assert moved.plan.cost < first.plan.cost
    dear = best(rest, first, change_s=100_000, seed=1, budget=budget)
    assert dear.moved == ()


@pytest.mark.parametrize("times", [1, 2])
def test_an_absent_crew_s_visits_keep_their_distance(times: int) -> None:
    task = replace(stop("a", 4), times=times, min_gap_days=2)
    problem = week_on_a_road(task, stop("b", 5))
    orders = {("A", 2): ("a",), ("A", 4): ("a",)} if times == 2 else {("A", 2): ("a",)}
    standing = Standing(orders | {("B", 3): ("b",)}, Moment(2, 7 * 3600))
    rest = remaining(problem, standing, Happened(absent=(CrewAbsent("A", frozenset({2})),)))
    offer = insert_only(rest)
    days = sorted(day for (_, day), order in orders_of(offer.plan).items() if "a" in order)
    assert len(days) == times
    assert all(later - earlier >= 2 for earlier, later in product(days, days) if later > earlier)
    assert np.all([crew != "A" or day != 2 for crew, day in orders_of(offer.plan)])
