"""The space-time scan of a year of complaints: 10,000, 100,000 and a million; 999 permutations."""

import argparse
import os
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gis.clusters import ScanRules, Study, scan

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
    "found of planted",
    "p",
]


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
    """Scan once and return the row of the table."""
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
        f"{(first.complaints < planted).sum():,} of {planted:,}",
        f"{first.p:.3f}",
    ]


def main(options: Sequence[str] = ()) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks clusters")
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--replications", type=int, default=999)
    given = parser.parse_args(options)
    measured(1_000, 1, prospective=False)
    rows = [
        measured(int(size), given.replications, prospective=prospective)
        for size in given.sizes.split(",")
        for prospective in (False, True)
    ]
    print(f"{given.replications} replications, {os.cpu_count()} threads, circles to 3 km, 30 days")
    print(pd.DataFrame(rows, columns=COLUMNS).to_string(index=False))


if __name__ == "__main__":
    main()
