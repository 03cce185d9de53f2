"""Surges: a unit against its own past, checked by hand, against chance and with planted bursts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from gis.clusters import UnitCounts, surges
from gis.clusters.bursts import spread

WINDOWS = 182


def counted(rates, rng: np.random.Generator, *, windows: int = WINDOWS) -> UnitCounts:
    """Return Poisson counts of units with these rates a window."""
    past = rng.poisson(np.asarray(rates)[:, None], (len(rates), windows))
    now = rng.poisson(rates)
    return UnitCounts(now, past.sum(axis=1), (past**2).sum(axis=1), windows)


def test_a_worked_example():
    # One unit, 18 complaints in 182 windows, each alone: no more spread than chance.
    counts = UnitCounts(np.array([10]), np.array([18]), np.array([18]), WINDOWS)
    (found,) = surges(counts, count_min=5, false_share=0.01)
    assert found.expected == pytest.approx(18.5 / 182)
    # The predictive distribution of a Poisson rate known from 18.5 complaints.
    assert found.p == pytest.approx(nbinom.sf(9, 18.5, 182 / 183), rel=1e-3)
    assert (found.observed, found.history, found.false_share) == (10, 18, found.p)


def test_what_always_has_many_does_not_ring_and_what_had_none_rings_for_a_few():
    history = np.array([20 * WINDOWS, 0])
    squares = np.array([WINDOWS * (400 + 20), 0])
    found = surges(
        UnitCounts(np.array([26, 8]), history, squares, WINDOWS), count_min=5, false_share=0.01
    )
    assert [one.unit for one in found] == [1]


def test_fewer_than_the_least_number_never_ring():
    counts = UnitCounts(np.array([4]), np.array([0]), np.array([0]), WINDOWS)
    assert surges(counts, count_min=4, false_share=0.01)
    assert not surges(counts, count_min=5, false_share=0.01)


def test_units_that_come_in_heaps_by_habit_need_a_greater_heap():
    # 40 units with one heap of 6 in the past each: 6 in a window is what heaps look like here.
    history, squares = np.full(40, 6), np.full(40, 36)
    observed = np.zeros(40, np.int64)
    observed[0] = 6
    heaped = UnitCounts(observed, history, squares, WINDOWS)
    assert spread(heaped) > 5
    assert not surges(heaped, count_min=5, false_share=0.01)
    even = UnitCounts(observed, history, history, WINDOWS)
    assert surges(even, count_min=5, false_share=0.01)


def test_nothing_to_test_gives_nothing():
    nothing = np.zeros(0, np.int64)
    assert surges(UnitCounts(nothing, nothing, nothing, 5), count_min=1, false_share=1.0) == []
    one = np.ones(1, np.int64)
    assert surges(UnitCounts(one, one, one, 0), count_min=1, false_share=1.0) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_more_complaints_are_never_less_surprising(seed: int, more: int):
    rng = np.random.default_rng(seed)
    counts = counted(rng.gamma(0.5, 0.5, 50), rng)
    rung = {one.unit: one.p for one in surges(counts, count_min=1, false_share=1.0)}
    unit = int(rng.integers(50))
    raised = counts.observed.copy()
    raised[unit] += more
    again = surges(
        UnitCounts(raised, counts.history, counts.squares, WINDOWS), count_min=1, false_share=1.0
    )
    assert {one.unit: one.p for one in again}[unit] <= rung.get(unit, 1.0)


def test_chance_alone_rings_in_fewer_than_one_morning_of_a_hundred():
    """A county of 60 grids, 400 respondents, 4,000 matters: 600 mornings without any surge."""
    rng = np.random.default_rng(7)
    mornings, alarms = 200, 0
    for rates in (
        rng.gamma(1.0, 0.5, 60),
        rng.gamma(0.3, 0.15, 400),
        rng.gamma(0.2, 0.03, 4_000),
    ):
        for _ in range(mornings):
            found = surges(counted(rates, rng), count_min=5, false_share=0.01)
            alarms += bool(found)
    assert alarms <= 0.01 * 3 * mornings


def test_sixty_eight_calls_in_two_days_ring_when_the_first_few_have_come():
    rng = np.random.default_rng(11)
    rates = rng.gamma(0.2, 0.03, 4_000)
    least = []
    for _ in range(50):
        counts = counted(rates, rng)
        for calls in range(5, 69):
            observed = counts.observed.copy()
            observed[0] += calls
            there = UnitCounts(observed, counts.history, counts.squares, WINDOWS)
            if any(one.unit == 0 for one in surges(there, count_min=5, false_share=0.01)):
                least.append(calls)
                break
    assert len(least) == 50
    assert max(least) <= 10
