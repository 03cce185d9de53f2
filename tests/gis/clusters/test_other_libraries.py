"""Our statistics against those of esda and pointpats, on published and on generated data."""

import csv

import geopandas as gpd
import numpy as np
import pytest
from esda import G, G_Local, Moran
from libpysal.weights import WSP
from pointpats import Knox
from scipy.sparse import csr_array, csr_matrix
from shapely import box

from gis.clusters import RepeatRules, hot_grids, near_repeats, neighbours_of
from gis.clusters.autocorrelation import general_g, local_g_star, moran
from tests.gis.clusters.test_known_answers import read_gal, row_standardised

REPLICATIONS = 999


@pytest.fixture(scope="module")
def homicides(shared_data):
    """Give the homicide rates of the 78 counties around St. Louis, and who is a neighbour."""
    folder = shared_data / "spatial_stats" / "stl"
    with (folder / "stl_hom.txt").open() as file:
        next(file)
        values = np.array([float(row["HR8893"]) for row in csv.DictReader(file)])
    return values, read_gal(folder / "stl.gal", range(1, 79))


def generated(seed: int) -> tuple[np.ndarray, csr_array]:
    """Return counts of 90 places and who lies within 250 m of whom; one place has no neighbour."""
    rng = np.random.default_rng(seed)
    xy = np.vstack([rng.uniform(0, 1_500, (89, 2)), [[9_000, 9_000]]])
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    near = csr_array(((apart > 0) & (apart <= 250)).astype(float))
    return rng.negative_binomial(2, 0.2, 90).astype(float), near


def theirs(near: csr_array):
    """Return weights as those libraries hold them."""
    return WSP(csr_matrix(near)).to_W(silence_warnings=True)


def within_chance(ours: np.ndarray, other: np.ndarray, *, replications: int) -> np.ndarray:
    """Tell where two simulated p-values differ by no more than chance explains (4.5 sigma)."""
    middle = (ours + other) / 2
    error = np.sqrt(2 * middle * (1 - middle) / replications)
    return np.abs(ours - other) <= 4.5 * error + 1 / replications


def cases_of_burkitt(shared_data) -> tuple[np.ndarray, np.ndarray]:
    cases = gpd.read_file(shared_data / "spatial_stats" / "burkitt" / "burkitt.shp")
    return cases[["X", "Y"]].to_numpy(float), cases["T"].to_numpy(np.int64)


def made_up_cases() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    xy, days = rng.uniform(0, 900, (160, 2)).round(), rng.integers(0, 120, 160)
    return np.vstack([xy, xy[:25] + 12]), np.r_[days, days[:25] + 2]


@pytest.mark.parametrize("data", ["burkitt", "made up"])
@pytest.mark.parametrize(("limit_m", "limit_days"), [(20, 5), (20, 30), (60, 5), (60, 30)])
def test_near_repeats_are_those_of_pointpats(shared_data, data, limit_m, limit_days):
    xy, days = cases_of_burkitt(shared_data) if data == "burkitt" else made_up_cases()
    rules = RepeatRules((limit_m,), (limit_days,), replications=REPLICATIONS)
    (ours,) = near_repeats(xy, days, rules=rules, rng=np.random.default_rng(1)).rows
    np.random.seed(1)  # noqa: NPY002 - that library knows the global generator only
    other = Knox(xy, days[:, None], limit_m, limit_days, permutations=REPLICATIONS)
    assert ours.near_both == other.statistic_
    (both, space_only), (time_only, neither) = other.observed
    assert ours.near_both == both
    assert {ours.near_space, ours.near_time} == {both + space_only, both + time_only}
    assert ours.pairs == both + space_only + time_only + neither
    assert ours.expected == pytest.approx(other.expected[0][0])
    assert within_chance(ours.p, other.p_sim, replications=REPLICATIONS)


@pytest.mark.parametrize("is_standardised", [True, False])
def test_morans_i_is_that_of_esda(homicides, is_standardised):
    # A place without neighbours cannot be standardised by rows.
    sets = (homicides,) if is_standardised else (homicides, generated(1), generated(2))
    for values, near in sets:
        ours = moran(values, row_standardised(near) if is_standardised else near)
        transformation = "r" if is_standardised else "b"
        other = Moran(values, theirs(near), transformation, permutations=0, two_tailed=False)
        assert ours.value == pytest.approx(other.I, rel=1e-12)
        assert ours.expected == pytest.approx(other.EI, rel=1e-12)
        assert ours.z == pytest.approx(other.z_norm, rel=1e-9)
        assert ours.p == pytest.approx(other.p_norm, rel=1e-9)


def test_the_general_g_is_that_of_esda(homicides):
    for values, near in (homicides, generated(1), generated(2)):
        ours, other = general_g(values, near), G(values, theirs(near), permutations=0)
        assert ours.value == pytest.approx(other.G, rel=1e-12)
        assert ours.expected == pytest.approx(other.EG, rel=1e-12)
        assert ours.z == pytest.approx(other.z_norm, rel=1e-6)
        assert ours.p == pytest.approx(other.p_norm, rel=1e-6)


@pytest.mark.filterwarnings("ignore:The weights matrix is not fully connected:UserWarning")
def test_local_gi_star_is_that_of_esda(homicides):
    for values, near in (homicides, generated(1), generated(2), generated(3)):
        other = G_Local(values, theirs(near), transform="B", star=True, permutations=0)
        assert local_g_star(values, near) == pytest.approx(other.Zs, rel=1e-9, abs=1e-12)


@pytest.mark.filterwarnings("ignore:The alternative hypothesis:DeprecationWarning")
def test_the_p_values_of_hot_grids_are_those_of_esda(homicides):
    side = np.arange(9) * 100
    shapes = np.array([box(x, y, x + 100, y + 100) for y in side for x in side], object)
    heaped = np.random.default_rng(4).poisson(3, (9, 9))
    heaped[1:4, 2:5] += 12
    board = heaped.ravel(), neighbours_of(shapes, gap_m=1)
    counts = np.round(homicides[0]).astype(np.int64), homicides[1]
    for held, near in (board, counts):
        ours = hot_grids(held, near, replications=REPLICATIONS, rng=np.random.default_rng(1))
        other = G_Local(
            np.sqrt(held),
            theirs(near),
            transform="B",
            star=True,
            permutations=REPLICATIONS,
            n_jobs=1,
            seed=1,
        )
        assert ours.z == pytest.approx(other.Zs, rel=1e-9, abs=1e-12)
        # Theirs is that of the nearer tail, ours always upwards.
        near_tail = np.minimum(ours.p, 1 - ours.p + 1 / REPLICATIONS)
        assert within_chance(near_tail, other.p_sim, replications=REPLICATIONS).all()
        assert ours.p.min() < 0.01
