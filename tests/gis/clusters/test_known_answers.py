"""Published results: Knox, Moran, Getis and Ord, SaTScan's New York fever data."""

import csv
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array, diags_array
from scipy.spatial import distance_matrix
from scipy.stats import poisson

from gis.clusters import (
    HotSpotRules,
    RepeatRules,
    ScanRules,
    Study,
    hot_spots,
    near_repeats,
    scan,
)
from gis.clusters.autocorrelation import false_discovery_share, general_g, local_g_star, moran
from gis.crs import metric_crs_for, project


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "spatial_stats"


@pytest.fixture(scope="module")
def answers(folder):
    return json.loads((folder / "known_answers.json").read_text())


def read_gal(path, keys):
    """Read neighbour lists: a heading, then pairs of lines (place and count, neighbours)."""
    words = path.read_text().splitlines()[1:]
    at = {str(key): row for row, key in enumerate(keys)}
    pairs = [
        (at[head.split()[0]], at[other])
        for head, tail in zip(words[::2], words[1::2], strict=True)
        for other in tail.split()
    ]
    rows, columns = np.array(pairs).T
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(at), len(at)))


def row_standardised(weights):
    return csr_array(diags_array(1 / np.asarray(weights.sum(axis=1)).ravel()) @ weights)


def test_knox_counts_the_lymphomas_of_west_nile(folder, answers):
    known = answers["knox_burkitt"]
    cases = gpd.read_file(folder / "burkitt" / "burkitt.shp")
    table = near_repeats(
        cases[["X", "Y"]].to_numpy(float),
        cases["T"].to_numpy(np.int64),
        rules=RepeatRules((known["delta"],), (known["tau"],), replications=499),
        rng=np.random.default_rng(1),
    )
    (found,) = table.rows
    (both, space_only), (time_only, neither) = known["observed_2x2"]
    assert found.near_both == both == known["statistic"]
    rest = {both + space_only, both + time_only}
    assert {found.near_space, found.near_time} == rest
    assert found.pairs == both + space_only + time_only + neither
    assert found.expected == pytest.approx(known["expected_2x2"][0][0])
    # The published value is the probability of more than were seen.
    assert poisson.sf(found.near_both, found.expected) == pytest.approx(known["p_poisson"])
    assert found.p == pytest.approx(known["p_sim_99_perms_numpy_seed_12345"], abs=0.1)


def test_morans_i_of_the_homicides_around_st_louis(folder, answers):
    known = answers["global_moran_stl_HR8893"]
    with (folder / "stl" / "stl_hom.txt").open() as file:
        next(file)
        values = np.array([float(row["HR8893"]) for row in csv.DictReader(file)])
    weights = row_standardised(read_gal(folder / "stl" / "stl.gal", range(1, 79)))
    found = moran(values, weights)
    assert found.value == pytest.approx(known["I"])
    assert found.p == pytest.approx(known["p_norm_one_tailed"], rel=1e-6)


def test_getis_and_ord_of_six_points(answers):
    known = answers["getis_ord_6_points"]
    apart = distance_matrix(known["points"], known["points"])
    weights = csr_array(((apart > 0) & (apart <= 15)).astype(float))
    values = np.array(known["y"], float)
    found = general_g(values, weights)
    assert found.value == pytest.approx(known["global_G"], abs=1e-8)
    assert found.p == pytest.approx(known["global_p_norm"], abs=1e-6)
    assert local_g_star(values, weights)[0] == pytest.approx(known["local_Gstar_binary_z0"])


def test_the_fever_of_new_york_has_three_clusters_none_of_them_significant(folder, answers):
    known = answers["satscan_nycfever"]
    source = folder / "satscan_nycfever"
    places = pd.read_csv(source / "NYCfever.geo", sep=r"\s+", names=["zip", "lat", "lon"])
    cases = pd.read_csv(source / "NYCfever.cas", sep=r"\s+", names=["zip", "count", "day"])
    crs = metric_crs_for(float(places["lon"].mean()))
    metric = project(places[["lon", "lat"]].to_numpy(), metric_crs=crs)
    rows = places.reset_index().set_index("zip").loc[cases["zip"], "index"]
    days = (pd.to_datetime(cases["day"]) - pd.Timestamp("2001-11-01")).dt.days.to_numpy()
    found = scan(
        Study(metric[rows], days, (0, 23), metric),
        rules=ScanRules(max_radius_m=3_000, max_days=7, prospective=True),
        rng=np.random.default_rng(1),
    )
    assert (len(places), found.complaints) == (known["locations"], known["cases"])
    assert len(found.clusters) == known["clusters_reported"]
    assert sum(one.p < 0.05 for one in found.clusters) == known["clusters_p_below_0.05"]


def test_false_discoveries_by_hand():
    found = false_discovery_share(np.array([0.01, 0.04, 0.03, 0.5]))
    assert found == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])


def test_a_hot_spot_is_found_and_rare_cells_stay_hidden():
    rng = np.random.default_rng(1)
    xy = np.vstack([rng.uniform(0, 5_000, (200, 2)), rng.normal(2_250, 400, (60, 2))])
    rules = HotSpotRules(cell_m=500, least_complaints=3, least_reporters=2, false_share=0.05)
    found = hot_spots(xy, np.arange(260), rules=rules)
    hottest = found.cells[0]
    assert hottest.is_hot
    assert abs(hottest.x_m + 250 - 2_250) <= 500
    assert all(one.count >= 3 for one in found.cells)
    assert sum(one.count for one in found.cells) + found.hidden_complaints == 260
    assert found.moran.p < 0.01
    assert found.general_g.z > 0


def test_one_reporter_alone_is_never_shown():
    xy = np.vstack([np.full((40, 2), 100.0), np.full((5, 2), 2_100.0)])
    reporters = np.array([1] * 40 + [2, 3, 4, 5, 6])
    rules = HotSpotRules(cell_m=500, least_complaints=3, least_reporters=2, false_share=0.05)
    found = hot_spots(xy, reporters, rules=rules)
    assert [(one.x_m, one.count) for one in found.cells] == [(2_000.0, 5)]
    assert (found.hidden_cells, found.hidden_complaints) == (1, 40)
    assert hot_spots(np.empty((0, 2)), np.empty(0, int), rules=rules).cells == ()
