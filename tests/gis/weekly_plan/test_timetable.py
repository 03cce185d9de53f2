"""Times of one route and windows of visits: against all orders and choices."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.routing.patterns import most_visits, visit_windows
from gis.routing.problem import (
    PatrolTask,
)
from gis.routing.timetable import OpenRoute, best_directions, timed_route
from tests.gis.routing_weeks import crew
from tests.gis.weekly_plan.walks import walked


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
