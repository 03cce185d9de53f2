"""The space-time scan: what it calls chance, what it finds of what is planted, what it costs.

Four tables. `--null` sets without any cluster: their p-values must be spread evenly (Kolmogorov
and Smirnov). Planted clusters by size, excess and radius: how many are found. A year of 10,000,
100,000 and a million complaints with 999 permutations: seconds and memory. Near repeats (999
permutations) and hot grids (9,999 draws) of a year's complaints: seconds.
"""

import argparse
import itertools
import os
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import shapely
from scipy.stats import kstest

from gis.clusters import (
    RepeatRules,
    ScanResult,
    ScanRules,
    Study,
    hot_grids,
    near_repeats,
    neighbours_of,
    scan,
)

SIZES = "10000,100000,1000000"
TOWNS, COUNTY_M, TOWN_M = 40, 40_000.0, 1_500.0
DAYS = 365
PLANTED_DAYS, PLANTED_M = (200, 206), 150.0
PLANTED_SHARE = 0.002
COLUMNS = [
    "complaints",
    "scan",
    "places",
    "cell m",
    "circles",
    "wall s",
    "CPU s",
    "peak MB",
    "found of planted",
    "p",
]

PATTERN_SIZES = "10000,100000"
REPEAT_M, REPEAT_DAYS = (100.0, 200.0, 500.0), (3, 7, 14)
GRIDS_ASIDE = 20
PATTERN_COLUMNS = ["complaints", "pairs", "wall s", "CPU s", "grids", "their CPU s", "peak MB"]

NULL_SETS, NULL_COMPLAINTS, NULL_DAYS, NULL_M = 1_000, 100, 30, 6_000.0
NULL_RULES = ScanRules(2_000, 7, replications=199)
LEVELS = (0.01, 0.05, 0.10)
SLACK = 1e-9
"""Ratios closer than this are equal."""

POWER_SETS = 20
POWER_SIZES, POWER_EXCESS, POWER_RADII_M = (6, 12, 24), (2, 4, 8), (300.0, 600.0, 1_200.0)
POWER_DAYS, POWER_WINDOW, POWER_COUNTY_M = 90, 7, 6_000.0
POWER_RULES = ScanRules(1_500, 14, replications=99, max_places=500, max_circles=5_000)
POWER_P = 0.05


def complaints(count: int, rng: np.random.Generator) -> tuple[Study, int]:
    """Make a year around forty townships, and within it a planted week at one of them."""
    towns = rng.uniform(0, COUNTY_M, (TOWNS, 2))
    xy = towns[rng.integers(0, TOWNS, count)] + rng.normal(0, TOWN_M, (count, 2))
    days = rng.integers(0, DAYS, count)
    planted = max(20, int(count * PLANTED_SHARE))
    xy[:planted] = towns[0] + rng.normal(0, PLANTED_M, (planted, 2))
    days[:planted] = rng.integers(*PLANTED_DAYS, planted)
    return Study(np.round(xy, -1), days, (0, DAYS - 1)), planted


def measured(count: int, replications: int, *, prospective: bool) -> list[str]:
    """Scan once and return the row of the table; the memory is the process's peak so far."""
    study, planted = complaints(count, np.random.default_rng(20_260_324))
    if prospective:
        shown = study.days < PLANTED_DAYS[1]
        study = Study(study.xy[shown], study.days[shown], (0, PLANTED_DAYS[1] - 1))
    rules = ScanRules(3_000, 30, replications=replications, prospective=prospective)
    wall, cpu = time.perf_counter(), time.process_time()
    found = scan(study, rules=rules, rng=np.random.default_rng(1), workers=os.cpu_count() or 1)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    first = found.clusters[0]
    return [
        f"{count:,}",
        "prospective" if prospective else "any time",
        f"{found.places:,}",
        "exact" if found.cell_m is None else f"{found.cell_m:.0f}",
        f"{found.circles:,}",
        f"{wall:.1f}",
        f"{cpu:.1f}",
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f}",
        f"{(first.complaints < planted).sum():,} of {planted:,}",
        f"{first.p:.3f}",
    ]


def patterns(count: int) -> list[str]:
    """Count near repeats and judge square grids once; return the row of the table."""
    study, _ = complaints(count, np.random.default_rng(20_260_324))
    rules = RepeatRules(REPEAT_M, REPEAT_DAYS, replications=999)
    rng, workers = np.random.default_rng(1), os.cpu_count() or 1
    wall, cpu = time.perf_counter(), time.process_time()
    found = near_repeats(study.xy, study.days, rules=rules, rng=rng, workers=workers)
    repeats = [time.perf_counter() - wall, time.process_time() - cpu]
    side = COUNTY_M / GRIDS_ASIDE
    edges = np.arange(GRIDS_ASIDE) * side
    shapes = np.array([shapely.box(x, y, x + side, y + side) for y in edges for x in edges], object)
    inside = np.clip(study.xy // side, 0, GRIDS_ASIDE - 1).astype(np.int64)
    held = np.bincount(inside @ [1, GRIDS_ASIDE], minlength=len(shapes))
    cpu = time.process_time()
    hot = hot_grids(held, neighbours_of(shapes, gap_m=30.0), replications=9_999, rng=rng)
    return [
        f"{count:,}",
        f"{found.rows[-1].near_space:,}",
        *(f"{seconds:.1f}" for seconds in repeats),
        f"{len(hot.p):,}",
        f"{time.process_time() - cpu:.1f}",
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f}",
    ]


def null_p(seed: int, *, clumped: bool) -> float:
    """Return the spread p-value of the first cluster of a set where place and time are independent.

    Clumped ones have busy places and busy days, which must not count as clusters either.
    """
    rng = np.random.default_rng([seed, int(clumped)])
    xy = rng.uniform(0, NULL_M, (NULL_COMPLAINTS, 2))
    days = rng.integers(0, NULL_DAYS, NULL_COMPLAINTS)
    if clumped:
        towns = rng.uniform(0, NULL_M, (6, 2))
        xy = towns[rng.integers(0, 6, NULL_COMPLAINTS)] + rng.normal(0, 300, xy.shape)
        days = (rng.beta(2, 5, NULL_COMPLAINTS) * NULL_DAYS).astype(np.int64)
    study = Study(np.round(xy, -1), days, (0, NULL_DAYS - 1))
    found = scan(study, rules=NULL_RULES, rng=rng)
    return spread_p(found, luck=rng.random())


def spread_p(found: ScanResult, *, luck: float) -> float:
    """Return the first cluster's p-value spread evenly over its step and over equal ratios.

    A p-value is a multiple of a step and counts equal ratios against the cluster; so spread it is
    exactly even where there is nothing to find.
    """
    steps = len(found.maxima) + 1
    if not found.clusters:
        return (steps - 1 + luck) / steps
    ratio = found.clusters[0].log_likelihood_ratio
    greater = int((found.maxima > ratio + SLACK).sum())
    equal = round(found.clusters[0].p * steps) - greater
    return (greater + luck * equal) / steps


def null_row(sets: int, *, clumped: bool) -> list[str]:
    """Return how evenly the p-values of many sets without clusters are spread."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = np.array(list(pool.map(lambda seed: null_p(seed, clumped=clumped), range(sets))))
    test = kstest(found, "uniform")
    return [
        "busy places and days" if clumped else "even",
        f"{sets:,}",
        f"{test.statistic:.4f}",
        f"{test.pvalue:.3f}",
        *(f"{(found <= level).mean():.3f}" for level in LEVELS),
    ]


def planted_found(
    size: int, excess: float, radius_m: float, *, rng: np.random.Generator
) -> tuple[bool, bool]:
    """Plant a cluster; tell whether it was found, and whether its middle was met.

    ``size`` complaints lie in the cylinder, ``excess`` times those expected there: the background
    is as dense as that takes. Found: p <= 0.05 and a complaint of it in the cluster. Met: found,
    with its middle within the planted radius and its days touching the planted ones.
    """
    area = POWER_COUNTY_M**2 / (np.pi * radius_m**2)
    rest = max(10, round(size / excess * area * POWER_DAYS / POWER_WINDOW))
    extra = max(1, round(size - size / excess))
    middle = rng.uniform(radius_m, POWER_COUNTY_M - radius_m, 2)
    first = int(rng.integers(0, POWER_DAYS - POWER_WINDOW))
    angle, far = rng.uniform(0, 2 * np.pi, extra), radius_m * np.sqrt(rng.uniform(0, 1, extra))
    near = middle + np.column_stack([far * np.cos(angle), far * np.sin(angle)])
    xy = np.vstack([near, rng.uniform(0, POWER_COUNTY_M, (rest, 2))])
    days = np.r_[
        rng.integers(first, first + POWER_WINDOW, extra), rng.integers(0, POWER_DAYS, rest)
    ]
    study = Study(np.round(xy, -1), days, (0, POWER_DAYS - 1))
    for one in scan(study, rules=POWER_RULES, rng=rng).clusters:
        if one.p <= POWER_P and (one.complaints < extra).any():
            off_m = float(np.hypot(one.x_m - middle[0], one.y_m - middle[1]))
            touches = one.first_day < first + POWER_WINDOW and one.last_day >= first
            return True, off_m <= radius_m and touches
    return False, False


def power_table(sets: int) -> pd.DataFrame:
    """Return the shares found and met: a row a size and excess, a column a radius."""
    rows = []
    for size, excess in itertools.product(POWER_SIZES, POWER_EXCESS):
        row: dict[str, str] = {"size": f"{size}", "excess": f"{excess} x"}
        for radius_m in POWER_RADII_M:

            def one(seed: int, of: tuple[int, int, float] = (size, excess, radius_m)) -> np.ndarray:
                rng = np.random.default_rng([seed, *map(int, of)])
                return np.array(planted_found(*of, rng=rng))

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                found, met = np.mean(list(pool.map(one, range(sets))), axis=0)
            row[f"{radius_m:.0f} m found"] = f"{found:.2f}"
            row[f"{radius_m:.0f} m met"] = f"{met:.2f}"
        rows.append(row)
    return pd.DataFrame(rows)


def main(options: Sequence[str] = ()) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks clusters")
    parser.add_argument("--sizes", default=SIZES, help="empty for no timing table")
    parser.add_argument("--replications", type=int, default=999)
    parser.add_argument("--null", type=int, default=NULL_SETS, help="sets without clusters")
    parser.add_argument("--power", type=int, default=POWER_SETS, help="planted sets a cell")
    parser.add_argument("--patterns", default=PATTERN_SIZES, help="empty for no table of them")
    given = parser.parse_args(options)
    measured(1_000, 1, prospective=False)
    sizes = [int(size) for size in given.sizes.split(",") if size]
    if sizes:
        print_timing(sizes, given.replications)
    if given.patterns:
        patterns(1_000)
        rows = [patterns(int(size)) for size in given.patterns.split(",")]
        print("\nnear repeats within 500 m and 14 days; hot grids")
        print(pd.DataFrame(rows, columns=PATTERN_COLUMNS).to_string(index=False), flush=True)
    if given.null:
        print_null(given.null)
    if given.power:
        print_power(given.power)


def print_timing(sizes: Sequence[int], replications: int) -> None:
    """Print seconds and memory."""
    rows = [
        measured(size, replications, prospective=prospective)
        for size in sizes
        for prospective in (False, True)
    ]
    print(f"{replications} replications, {os.cpu_count()} threads, circles to 3 km, 30 days")
    print(pd.DataFrame(rows, columns=COLUMNS).to_string(index=False), flush=True)


def print_null(sets: int) -> None:
    """Print how chance is called."""
    started = time.process_time()
    columns = ["places and days", "sets", "KS", "KS p", *(f"p<={one}" for one in LEVELS)]
    rows = [null_row(sets, clumped=clumped) for clumped in (False, True)]
    print(f"\nnothing to find: {NULL_COMPLAINTS} complaints, {NULL_DAYS} days, 199 replications")
    print(pd.DataFrame(rows, columns=columns).to_string(index=False))
    print(f"{time.process_time() - started:.0f} CPU s", flush=True)


def print_power(sets: int) -> None:
    """Print what is found of what was planted."""
    started = time.process_time()
    table = power_table(sets)
    print(
        f"\nplanted within {POWER_WINDOW} of {POWER_DAYS} days, {sets} sets a cell,"
        f" p <= {POWER_P}; met: the middle lies within the planted radius"
    )
    print(table.to_string(index=False))
    print(f"{time.process_time() - started:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
