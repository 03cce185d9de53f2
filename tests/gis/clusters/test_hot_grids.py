"""Hot grids: neighbours across drawn borders, Gi* by hand, permutations that call chance chance."""

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array

from gis.clusters import hot_grids, neighbours_of
from gis.clusters.autocorrelation import local_g_star

REPLICATIONS = 999


def board(side: int, *, gap: float = 0.0) -> np.ndarray:
    """Return squares of 100 m, row by row."""
    return np.array(
        [
            shapely.box(100 * x + gap, 100 * y + gap, 100 * x + 100 - gap, 100 * y + 100 - gap)
            for y in range(side)
            for x in range(side)
        ],
        dtype=object,
    )


def judged(counts, near: csr_array, *, seed: int = 1, replications: int = REPLICATIONS):
    rng = np.random.default_rng(seed)
    return hot_grids(np.array(counts, np.int64), near, replications=replications, rng=rng)


def test_neighbours_are_those_that_touch_also_over_a_gap_of_drawing():
    near = neighbours_of(board(3), gap_m=0)
    assert np.diff(near.indptr).tolist() == [3, 5, 3, 5, 8, 5, 3, 5, 3]
    assert (near != near.T).nnz == 0
    assert near.diagonal().sum() == 0
    apart = board(3, gap=5)
    assert neighbours_of(apart, gap_m=9).nnz == 0
    assert (neighbours_of(apart, gap_m=15) != near).nnz == 0
    assert neighbours_of(np.empty(0, object), gap_m=1).shape == (0, 0)


def test_gi_star_of_a_row_of_five_by_hand():
    # Roots 0 0 1 5 4 in a row: mean 2; the fourth holds 1 + 5 + 4 = 10 where 6 is expected.
    roots = np.array([0, 0, 1, 5, 4])
    row = csr_array(np.eye(5, k=1) + np.eye(5, k=-1))
    found = judged(roots**2, row)
    spread = np.std(roots) * np.sqrt((5 * 3 - 3**2) / 4)
    assert found.z[3] == pytest.approx((10 - 6) / spread)
    assert found.around.tolist() == [0, 1, 25, 17, 25]
    assert found.neighbours.tolist() == [1, 2, 2, 2, 1]


def test_the_p_value_of_one_grid_is_that_of_all_its_draws():
    # The neighbours of the first hold 4 and 3; of the others' pairs three of six hold as much.
    counts = [9, 4, 3, 0, 4]
    near = csr_array(np.array([[0, 1, 1, 0, 0]] + [[1, 0, 0, 0, 0]] * 2 + [[0] * 5] * 2, float))
    found = judged(counts, near, replications=9_999)
    assert found.p[0] == pytest.approx(3 / 6, abs=0.02)
    assert found.p[3:].tolist() == [1, 1]


def test_a_hot_quarter_is_found_and_a_lone_grid_or_chance_is_not():
    side = 12
    near = neighbours_of(board(side), gap_m=1)
    rng = np.random.default_rng(2)
    counts = rng.poisson(2, side * side).reshape(side, side)
    lone = counts.copy()
    lone[9, 9] = 40
    hot = counts.copy()
    hot[1:5, 1:5] += rng.poisson(9, (4, 4))
    found = judged(hot.ravel(), near, replications=9_999)
    marked = np.flatnonzero(found.q <= 0.05)
    rows, columns = np.divmod(marked, side)
    assert len(marked) >= 6
    assert rows.max() <= 6
    assert columns.max() <= 6
    assert judged(counts.ravel(), near, replications=9_999).q.min() > 0.05
    alone = judged(lone.ravel(), near, replications=9_999)
    assert alone.z[9 * side + 9] > 3
    assert alone.q[9 * side + 9] > 0.05


def test_p_values_of_independent_counts_are_spread_evenly():
    near = neighbours_of(board(8), gap_m=1)
    rng = np.random.default_rng(5)
    p = np.concatenate(
        [judged(rng.poisson(6, 64), near, seed=n, replications=199).p for n in range(60)]
    )
    for level in (0.05, 0.1, 0.25):
        assert (p <= level).mean() == pytest.approx(level, abs=0.25 * level)


def test_the_seed_decides_and_equal_counts_are_never_hot():
    near = neighbours_of(board(6), gap_m=1)
    counts = np.random.default_rng(1).poisson(3, 36)
    one, same = judged(counts, near), judged(counts, near)
    assert one.seed == same.seed
    assert (one.p == same.p).all()
    even = judged(np.full(36, 4), near)
    assert (even.p == 1).all()
    assert (even.z == 0).all()
    assert len(judged([], csr_array((0, 0))).p) == 0
    assert (local_g_star(np.zeros(36), near) == 0).all()


def test_a_quiet_grid_beside_busy_ones_is_not_busy():
    near = neighbours_of(board(3), gap_m=1)
    found = judged([9, 9, 9, 9, 0, 9, 0, 0, 0], near)
    assert found.is_busy.tolist() == [True] * 4 + [False, True] + [False] * 3
