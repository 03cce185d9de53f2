"""Earlier complaints compared with a new one: building the index, memory, and the time of a look.

The complaints are of a made-up county: forty townships, 400 firms that draw most calls, a tenth of
the rows on one coordinate that stands for "not found", texts of about forty characters.
"""

import argparse
import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from gis.repeats import Complaint, RepeatIndex

SIZES = "10000,100000"
ASKED = 1_000
COUNTY_M, TOWNS, TOWN_M, FIRMS = 40_000.0, 40, 1_500.0, 400
FALLBACK_SHARE, NO_PLACE_SHARE, FIRM_SHARE = 0.1, 0.05, 0.3
KINDS = ("air", "water", "noise", "solid_waste", "air+water", "air+construction", "noise+other")
WORDS = (
    "来电人反映",
    "夜间",
    "排放",
    "黑水",
    "油烟",
    "气味难闻",
    "噪声很大",
    "影响休息",
    "要求处理",
    "多次反映",
    "没有改善",
    "希望尽快",
    "到现场核实",
    "居民楼",
    "粪便",
    "露天堆放",
    "渠道",
    "发黑",
    "烟囱",
    "冒黑烟",
    "扬尘",
    "施工",
    "垃圾",
    "焚烧",
)
SIGNS = "东西南北汇丰恒泰宏远金龙盛达康源新华长河立诚天成佳美正大富民隆基双闸柳湾石梁马家坪曾堡"
BEGAN = datetime(2025, 3, 24, tzinfo=UTC)
MINUTES = 365 * 24 * 60
COLUMNS = ["kept", "build CPU s", "MB", "asked", "mean ms", "p50 ms", "p95 ms", "max ms"]


def complaints(count: int, rng: np.random.Generator) -> list[Complaint]:
    """Make a year of complaints in order of time."""
    towns = rng.uniform(0, COUNTY_M, (TOWNS, 2))
    firms = towns[rng.integers(0, TOWNS, FIRMS)] + rng.normal(0, TOWN_M, (FIRMS, 2))
    names = ["".join(rng.choice(list(SIGNS), 6)) for _ in range(FIRMS)]
    chance = 1 / np.arange(1, FIRMS + 1) ** 0.7
    firm = np.where(
        rng.random(count) < FIRM_SHARE, rng.choice(FIRMS, count, p=chance / chance.sum()), -1
    )
    xy = towns[rng.integers(0, TOWNS, count)] + rng.normal(0, TOWN_M, (count, 2))
    xy[firm >= 0] = firms[firm[firm >= 0]] + rng.normal(0, 90, (int((firm >= 0).sum()), 2))
    luck = rng.random(count)
    xy[luck < FALLBACK_SHARE] = towns[0]
    minutes = np.sort(rng.integers(0, MINUTES, count))
    kinds, callers = rng.integers(0, len(KINDS), count), rng.integers(0, count, count)
    said = rng.integers(0, len(WORDS), (count, 9))
    return [
        Complaint(
            str(row),
            BEGAN + timedelta(minutes=int(minutes[row])),
            None if luck[row] > 1 - NO_PLACE_SHARE else (float(xy[row, 0]), float(xy[row, 1])),
            kind=KINDS[kinds[row]],
            text=(names[firm[row]] if firm[row] >= 0 else "")
            + "".join(WORDS[w] for w in said[row]),
            reporter=str(callers[row]),
        )
        for row in range(count)
    ]


def peak_mb() -> float:
    """Return the most memory the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(count: int) -> list[str]:
    """Build an index and look a thousand times; return the row of the table."""
    every = complaints(count + ASKED, np.random.default_rng(20_260_324))
    before, began = peak_mb(), time.process_time()
    index = RepeatIndex.build(every[:count])
    build, used = time.process_time() - began, peak_mb() - before
    spent = []
    for asked in every[count:]:
        began = time.process_time()
        index.rank(asked)
        spent.append(1_000 * (time.process_time() - began))
    half, most = np.quantile(spent, [0.5, 0.95])
    return [
        f"{count:,}",
        f"{build:.1f}",
        f"{used:,.0f}",
        f"{len(spent):,}",
        f"{np.mean(spent):.1f}",
        f"{half:.1f}",
        f"{most:.1f}",
        f"{max(spent):.1f}",
    ]


def main(options: Sequence[str] = ()) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks repeats")
    parser.add_argument("--sizes", default=SIZES)
    given = parser.parse_args(options)
    rows = [measured(int(size)) for size in given.sizes.split(",")]
    print("seconds of CPU; MB: growth of the process while it builds")
    print(pd.DataFrame(rows, columns=COLUMNS).to_string(index=False))


if __name__ == "__main__":
    main()
