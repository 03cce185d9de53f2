"""The scan: by hand, by brute force, by chance alone, with a planted cluster, degenerate."""

import math
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from benchmarks.clusters import planted_found, spread_p
from gis.clusters import ScanRules, Study, UnusableComplaints, Verdict, scan
from gis.clusters.kernels import likelihood_ratio, permute
from gis.clusters.places import circles_of, places_of

RULES = ScanRules(max_radius_m=1_000, max_days=3, replications=19)
NULL_SETS = int(os.environ.get("CLUSTER_NULL_SETS", "200"))


def scanned(xy, days, *, rules=RULES, seed=1, workers=1, period=None, centres=None):
    study = Study(np.array(xy, float).reshape(-1, 2), np.array(days, np.int64), period, centres)
    return scan(study, rules=rules, rng=np.random.default_rng(seed), workers=workers)


def ratio_of(count, expected, total):
    """Return Kulldorff's ratio, written out."""
    if count <= expected:
        return 0.0
    rest = total - count
    outside = rest * math.log(rest / (total - expected)) if rest else 0.0
    return count * math.log(count / expected) + outside


def brute_force(xy, days, rules):
    """Try every circle around every place with every window."""
    span = days.max() - days.min() + 1
    longest = max(1, min(rules.max_days, span // 2))
    best = 0.0
    for middle in np.unique(xy, axis=0):
        far = np.hypot(*(xy - middle).T)
        for radius in np.unique(far[far <= rules.max_radius_m]):
            inside = far <= radius
            if inside.sum() > rules.max_share * len(days):
                continue
            for length in range(1, longest + 1):
                starts = range(days.min(), days.max() - length + 2)
                for first in starts if not rules.prospective else starts[-1:]:
                    held = (days >= first) & (days < first + length)
                    count = (inside & held).sum()
                    if count >= rules.least_cases:
                        expected = inside.sum() * held.sum() / len(days)
                        best = max(best, ratio_of(count, expected, len(days)))
    return best


def random_set(seed, *, count=40, places=12, days=10):
    rng = np.random.default_rng(seed)
    where = rng.integers(0, 20, (places, 2)) * 100.0
    return where[rng.integers(0, places, count)], rng.integers(0, days, count)


def test_the_best_cylinder_of_eight_complaints_is_the_one_found_by_hand():
    # Place A: days 1, 1, 1, 6; place B, 5 km away: days 2, 3, 4, 5. The three at A on day 1 are all
    # of that day; expected are 4 of 8 times 3: 1.5.
    found = scanned([(0, 0)] * 4 + [(5_000, 0)] * 4, [1, 1, 1, 6, 2, 3, 4, 5])
    one = found.clusters[0]
    assert (one.x_m, one.y_m, one.radius_m, one.places) == (0.0, 0.0, 0.0, 1)
    assert (one.first_day, one.last_day, one.days, one.count) == (1, 1, 1, 3)
    assert one.complaints.tolist() == [0, 1, 2]
    assert one.expected == pytest.approx(1.5)
    assert one.ratio == pytest.approx(2.0)
    assert one.log_likelihood_ratio == pytest.approx(3 * math.log(2) + 5 * math.log(5 / 6.5))
    assert one.recurrence_days is None
    assert found.is_exact
    assert found.complaints == 8


@pytest.mark.parametrize("prospective", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_greatest_ratio_equals_that_of_trying_everything(seed, prospective):
    xy, days = random_set(seed)
    rules = replace(RULES, prospective=prospective, replications=999)
    found = scanned(xy, days, rules=rules)
    best = brute_force(xy, days, rules)
    ratios = [one.log_likelihood_ratio for one in found.clusters]
    assert max(ratios, default=0.0) == pytest.approx(best) or not ratios


@pytest.mark.parametrize("seed", range(3))
def test_replications_count_what_a_scan_of_the_permuted_times_counts(seed):
    xy, days = random_set(seed, count=30)
    found = scanned(xy, days, rules=replace(RULES, replications=5))
    by_place = np.lexsort((days, xy[:, 1], xy[:, 0]))
    floor = found.maxima[found.maxima > 0].min()
    for number, greatest in zip(found.seeds, found.maxima, strict=True):
        permuted = days[by_place].astype(np.int32)
        permute(permuted, number)
        assert sorted(permuted) == sorted(days)
        best = brute_force(xy[by_place], permuted.astype(np.int64), RULES)
        assert greatest == (pytest.approx(best) if best >= floor - 1e-9 else 0.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_clusters_share_no_complaint_and_their_facts_agree(seed, count):
    xy, days = random_set(seed, count=count)
    found = scanned(xy, days)
    seen = [number for one in found.clusters for number in one.complaints]
    assert len(seen) == len(set(seen))
    ratios = [one.log_likelihood_ratio for one in found.clusters]
    assert ratios == sorted(ratios, reverse=True)
    for one in found.clusters:
        far = np.hypot(*(xy[one.complaints] - (one.x_m, one.y_m)).T)
        assert far.max() <= one.radius_m
        assert one.first_day <= days[one.complaints].min()
        assert days[one.complaints].max() <= one.last_day
        assert one.log_likelihood_ratio == pytest.approx(ratio_of(one.count, one.expected, count))
        as_great = (found.maxima >= one.log_likelihood_ratio - 1e-9).sum()
        assert one.p == (1 + as_great) / 20


def test_the_same_seed_gives_the_same_on_one_thread_and_two_in_any_order():
    xy, days = random_set(3, count=200, places=60)
    once = scanned(xy, days)
    shuffled = np.random.default_rng(9).permutation(200)
    for again in (scanned(xy, days, workers=2), scanned(xy[shuffled], days[shuffled])):
        assert again.maxima.tolist() == once.maxima.tolist()
        assert again.seeds.tolist() == once.seeds.tolist()
        assert [one.p for one in again.clusters] == [one.p for one in once.clusters]
    assert scanned(xy, days, seed=2).seeds.tolist() != once.seeds.tolist()


def null_p_values(sets: int) -> np.ndarray:
    """Return p-values of the first cluster where there is none, spread over their steps."""
    rules = replace(RULES, replications=99)
    found = []
    for seed in range(sets):
        rng = np.random.default_rng(seed)
        xy, days = rng.uniform(0, 3_000, (60, 2)), rng.integers(0, 15, 60)
        found.append(spread_p(scanned(xy, days, rules=rules, seed=seed), luck=rng.random()))
    return np.array(found)


def test_p_values_are_uniform_where_there_is_nothing_to_find():
    spread = null_p_values(NULL_SETS)
    assert kstest(spread, "uniform").pvalue > 0.01
    # So many sets would show it if p-values were a little too small.
    assert kstest(spread**1.5, "uniform").pvalue < 0.01


def test_equal_ratios_count_against_the_cluster_and_are_spread_when_judged():
    result = scanned([(0, 0)] * 4 + [(5_000, 0)] * 4, [1, 1, 1, 6, 2, 3, 4, 5])
    ratio = result.clusters[0].log_likelihood_ratio
    equal = (np.abs(result.maxima - ratio) <= 1e-9).sum()
    assert equal > 1
    assert spread_p(result, luck=0.0) == pytest.approx(result.clusters[0].p - (equal + 1) / 20)
    assert spread_p(result, luck=1.0) == pytest.approx(result.clusters[0].p)


@pytest.mark.parametrize(("size", "excess", "least"), [(24, 8, 5), (24, 2, 0)])
def test_large_plain_clusters_are_found_and_faint_ones_seldom(size, excess, least):
    found = [
        planted_found(size, excess, 600.0, rng=np.random.default_rng([7, seed]))[0]
        for seed in range(6)
    ]
    assert sum(found) >= least
    if least == 0:
        assert sum(found) <= 3


def test_a_planted_cluster_is_found_where_and_when_it_was_planted():
    rng = np.random.default_rng(5)
    xy = np.vstack([rng.uniform(0, 20_000, (1_500, 2)), rng.normal(9_000, 150, (15, 2))])
    days = np.concatenate([rng.integers(0, 180, 1_500), rng.integers(100, 105, 15)])
    one = scanned(xy, days, rules=replace(RULES, max_days=14, replications=99)).clusters[0]
    assert one.verdict is Verdict.STRONG
    assert one.p == pytest.approx(0.01)
    assert len(set(one.complaints) & set(range(1_500, 1_515))) >= 13
    assert math.hypot(one.x_m - 9_000, one.y_m - 9_000) < 500
    assert 98 <= one.first_day <= one.last_day <= 106


def test_looking_ahead_says_how_often_chance_shows_as_much():
    rng = np.random.default_rng(5)
    xy = np.vstack([rng.uniform(0, 9_000, (300, 2)), rng.normal(4_000, 90, (9, 2))])
    days = np.concatenate([rng.integers(0, 90, 300), rng.integers(87, 90, 9)])
    rules = replace(RULES, prospective=True, replications=99)
    one = scanned(xy, days, rules=rules).clusters[0]
    assert one.last_day == 89
    assert one.recurrence_days == pytest.approx(100)
    ended = scanned(xy, days, rules=rules, period=(0, 120)).clusters
    assert all(each.last_day == 120 for each in ended)


def test_a_second_episode_at_the_same_place_is_a_cluster_of_its_own():
    rng = np.random.default_rng(2)
    xy = np.vstack([rng.uniform(0, 9_000, (300, 2)), np.full((16, 2), 4_000.0)])
    days = np.concatenate([rng.integers(0, 100, 300), [20] * 8, [70] * 8])
    first, second = scanned(xy, days).clusters[:2]
    assert {first.first_day, second.first_day} == {20, 70}


def test_many_places_are_merged_and_circles_thinned_out_within_the_limits():
    rng = np.random.default_rng(4)
    xy = np.vstack([rng.uniform(0, 9_000, (3_000, 2)), rng.normal(4_000, 90, (30, 2))])
    days = np.concatenate([rng.integers(0, 60, 3_000), rng.integers(30, 33, 30)])
    rules = replace(RULES, max_places=200, max_circles=1_000)
    found = scanned(xy, days, rules=rules)
    assert found.places <= 200
    assert found.circles <= 1_000
    assert found.cell_m is not None
    assert not found.is_exact
    one = found.clusters[0]
    assert one.p == pytest.approx(0.05)
    assert len(set(one.complaints) & set(range(3_000, 3_030))) >= 20


def test_a_grid_of_centres_may_stand_for_the_places():
    centres = np.array([(50.0, 50.0), (90_000.0, 0.0)])
    found = scanned([(0, 0)] * 4 + [(5_000, 0)] * 4, [1, 1, 1, 6, 2, 3, 4, 5], centres=centres)
    one = found.clusters[0]
    assert (one.x_m, one.y_m) == (50.0, 50.0)
    assert one.radius_m == pytest.approx(math.hypot(50, 50))
    assert one.count == 3


def test_places_equally_far_enter_a_circle_together():
    places = places_of(np.array([(0.0, 0), (100, 0), (-100, 0), (0, 100)]), at_most=10)
    middle = np.flatnonzero((places.xy == 0).all(axis=1))
    around = circles_of(places, places.xy[middle], radius_m=500, share=1.0, at_most=99)
    assert around.radius_m.tolist() == [0, 100]
    assert around.size.tolist() == [1, 4]


def test_the_ratio_is_zero_without_excess_and_finite_when_all_are_inside():
    assert likelihood_ratio(2, 40, 20) == 0.0
    assert likelihood_ratio(4, 8, 4) == pytest.approx(4 * math.log(2))


@pytest.mark.parametrize(
    ("xy", "days"),
    [
        ([], []),
        ([(0, 0)], [5]),
        ([(0, 0)] * 30, list(range(30))),
        ([(n * 10, 0) for n in range(30)], [7] * 30),
        ([(0, 0)] * 5, [1] * 5),
    ],
    ids=["nothing", "one", "one place", "one day", "one place and day"],
)
def test_where_nothing_can_be_told_apart_there_is_no_cluster(xy, days):
    found = scanned(xy, days)
    assert found.clusters == ()
    assert len(found.seeds) == len(found.maxima) == 19


@pytest.mark.parametrize(
    ("xy", "days", "period"),
    [([(0, 0)], [1, 2], None), ([(np.nan, 0)], [1], None), ([(0, 0)], [1], (2, 3))],
)
def test_arrays_that_do_not_belong_together_are_refused(xy, days, period):
    with pytest.raises(UnusableComplaints):
        scanned(xy, days, period=period)
