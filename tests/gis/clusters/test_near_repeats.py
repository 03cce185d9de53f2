"""Near repeats: by hand, against counting every pair, and what chance makes of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from gis.clusters import (
    RepeatRules,
    RepeatTable,
    ScanStopped,
    UnusableComplaints,
    near_repeats,
)

LIMITS_M, LIMITS_DAYS = (10.0, 25.0, 60.0), (1, 3)
RULES = RepeatRules(LIMITS_M, LIMITS_DAYS, replications=9)


def table_of(xy, days, *, rules=RULES, seed=1, **more) -> RepeatTable:
    xy, days = np.array(xy, float).reshape(-1, 2), np.array(days, np.int64)
    return near_repeats(xy, days, rules=rules, rng=np.random.default_rng(seed), **more)


def test_near_repeats_by_hand():
    # Within 10 m: the first two. Within a day: the first two, and the last two.
    found = table_of([(0, 0), (6, 8), (500, 0), (900, 0)], [1, 2, 8, 9])
    first = found.rows[0]
    assert (first.limit_m, first.limit_days) == (10, 1)
    assert (first.near_both, first.near_space, first.near_time, first.pairs) == (1, 1, 2, 6)
    assert first.expected == pytest.approx(1 / 3)
    assert first.ratio == pytest.approx(3)
    assert [(row.limit_m, row.limit_days) for row in found.rows] == [
        (metres, days) for metres in LIMITS_M for days in LIMITS_DAYS
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_none_or_one_complaint_repeats_nothing(number: int):
    found = table_of([(5, 5)] * number, [3] * number)
    assert len(found.rows) == 6
    assert {(row.near_both, row.pairs, row.p) for row in found.rows} == {(0, 0, 1.0)}
    assert {row.ratio for row in found.rows} == {None}


def test_complaints_of_one_place_are_all_near_and_then_nothing_stands_out():
    found = table_of([(7, 7)] * 30, list(range(30)))
    assert found.rows[0].near_space == found.rows[0].pairs == 435
    assert found.rows[0].near_both == found.rows[0].near_time == 29
    assert {row.p for row in found.rows} == {1.0}


places = st.tuples(st.integers(-40, 40), st.integers(-40, 40))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(places, st.integers(0, 9)), min_size=2, max_size=40))
def test_every_pair_is_counted_once_as_when_all_are_measured(complaints):
    xy = np.array([place for place, _ in complaints], float)
    days = np.array([day for _, day in complaints])
    apart, gap = pdist(xy), pdist(days[:, None])
    for row in table_of(xy, days).rows:
        near, soon = apart <= row.limit_m, gap <= row.limit_days
        assert row.near_both == (near & soon).sum()
        assert (row.near_space, row.near_time) == (near.sum(), soon.sum())
        assert row.pairs == len(apart)
        assert row.q >= row.p - 1e-9


def sample(number: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 600, (number, 2)), rng.integers(0, 60, number)


def test_the_seed_decides_and_neither_threads_nor_the_order_do():
    xy, days = sample(300)
    rules = RepeatRules(LIMITS_M, LIMITS_DAYS, replications=99)
    found = table_of(xy, days, rules=rules)
    mixed = np.random.default_rng(8).permutation(300)
    assert table_of(xy[mixed], days[mixed], rules=rules, workers=3) == found
    assert table_of(xy, days, rules=rules, seed=2).seed != found.seed


def test_repeats_next_door_within_days_are_found_and_their_lack_is_not():
    xy, days = sample(200)
    again = slice(0, 40)
    xy = np.vstack([xy, xy[again] + 4])
    days = np.r_[days, days[again] + 1]
    rules = RepeatRules(LIMITS_M, LIMITS_DAYS, replications=199)
    first = table_of(xy, days, rules=rules).rows[0]
    assert first.p == pytest.approx(1 / 200)
    assert first.ratio > 5
    assert table_of(*sample(240, 5), rules=rules).rows[0].p > 0.02


def test_permutations_give_on_average_what_is_expected():
    xy, days = sample(150)
    rules = RepeatRules((60.0,), (5,), replications=1)
    rng = np.random.default_rng(4)
    counted = [
        near_repeats(xy, rng.permutation(days), rules=rules, rng=rng).rows[0] for _ in range(400)
    ]
    numbers = np.array([row.near_both for row in counted])
    error = numbers.std() / np.sqrt(len(numbers))
    assert abs(numbers.mean() - counted[0].expected) < 4 * error


def test_limits_with_too_many_pairs_are_left_out_and_named():
    xy, days = sample(300)
    all_rows = table_of(xy, days).rows
    at_most = all_rows[2].near_space
    few = RepeatRules(LIMITS_M, LIMITS_DAYS, replications=9, max_pairs=at_most)
    found = table_of(xy, days, rules=few)
    assert found.left_out_m == (60.0,)
    assert [row.near_both for row in found.rows] == [row.near_both for row in all_rows[:4]]
    none = RepeatRules(LIMITS_M, LIMITS_DAYS, replications=9, max_pairs=0)
    assert table_of(xy, days, rules=none).rows == ()


def test_who_stops_it_gets_nothing_and_nonsense_is_refused():
    with pytest.raises(ScanStopped):
        table_of(*sample(20), stopped=lambda: True)
    with pytest.raises(UnusableComplaints):
        table_of([(0, np.nan)], [1])
