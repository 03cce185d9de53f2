"""What a scan tells beside its clusters: how often complaints repeat near by, and hot grids."""

from datetime import timedelta

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy.orm import Session

from gis.clusters import RepeatTable, hot_grids, neighbours_of
from gis.crs import project
from inspect_app.models import ClusterScan, HotGrid, NearRepeat
from inspect_app.queries.cluster_scans import grids_of_depth
from inspect_app.workflows.scan_clusters.material import Material
from inspect_app.workflows.scan_clusters.rules import WeekRules

FOR_HOT_GRIDS = 2
"""Each kind of draw has a stream of its own, so that more of one changes none of the others."""


def store_repeats(
    session: Session, stored: ClusterScan, table: RepeatTable, *, rules: WeekRules
) -> None:
    """Store the near-repeat table of a scan."""
    stored.repeat_complaints = table.complaints
    stored.repeat_replications = table.replications
    stored.repeat_seed = table.seed
    session.add_all(
        NearRepeat(
            scan_id=stored.id,
            limit_m=row.limit_m,
            limit_days=row.limit_days,
            observed=row.near_both,
            expected=row.expected,
            near_space=row.near_space,
            near_time=row.near_time,
            p=row.p,
            q=min(1.0, row.q),
            confidence=rules.confidence(row.q).value,
        )
        for row in table.rows
    )


def store_hot_grids(
    session: Session, stored: ClusterScan, material: Material, *, rules: WeekRules
) -> None:
    """Judge the grids of a depth by the different complaints of the last days, and store all.

    A complaint counts for the grid above its own; grids that are no longer valid on the last day
    are not judged. A quiet grid beside busy ones is never called more than chance.
    """
    depth = rules.hot_grids.depth
    grids = grids_of_depth(session, depth, day=rules.last)
    shapes = np.array(
        [_drawn(wkb, material.crs) for wkb in grids["wkb"]],
        dtype=object,
    )
    since = (rules.last - timedelta(days=rules.hot_grids.days - 1)).toordinal()
    counted = material.table[material.is_different & (material.days >= since)]
    counts = _counts(counted["grid_path"], grids["id"], depth=depth)
    found = hot_grids(
        counts,
        neighbours_of(shapes, gap_m=rules.hot_grids.gap_m),
        replications=rules.hot_grids.replications,
        rng=np.random.default_rng([stored.seed, FOR_HOT_GRIDS]),
    )
    stored.hot_complaints = int(counts.sum())
    stored.hot_depth, stored.hot_days = depth, rules.hot_grids.days
    stored.hot_replications, stored.hot_seed = found.replications, found.seed
    named = np.where(found.is_busy, found.q, 1.0)
    order = np.lexsort((grids["id"], -counts, -found.z, found.p, ~found.is_busy))
    session.add_all(
        HotGrid(
            scan_id=stored.id,
            grid_id=int(grids["id"].iloc[one]),
            rank=rank,
            observed=int(counts[one]),
            around=int(found.around[one]),
            neighbours=int(found.neighbours[one]),
            z=float(found.z[one]),
            p=float(found.p[one]),
            q=float(found.q[one]),
            confidence=rules.confidence(float(named[one])).value,
        )
        for rank, one in enumerate(order.tolist(), start=1)
    )


def _drawn(wkb: bytes, crs: CRS) -> shapely.Geometry:
    """Return a stored shape in metres."""
    return shapely.transform(shapely.from_wkb(wkb), lambda lonlat: project(lonlat, metric_crs=crs))


def _counts(paths: pd.Series, grids: pd.Series, *, depth: int) -> NDArray[np.int64]:
    """Return how many paths lead through each grid; `/1/5/29/` leads through 5 at depth 2."""
    above = paths.str.strip("/").str.split("/").str.get(depth - 1)
    numbers = pd.to_numeric(above).value_counts()
    counts: NDArray[np.int64] = grids.map(numbers).fillna(0).to_numpy(np.int64)
    return counts
