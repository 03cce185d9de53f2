"""Points to grids: our assignment next to geopandas.sjoin, with a check that they agree."""

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.assign import assign_points
from gis.crs import STORAGE_CRS

POINTS = 200_000
COLUMNS, ROWS = 200, 100
VERTICES_A_SIDE = 12
WEST, SOUTH, EAST, NORTH = 113.0, 29.0, 115.0, 31.0


def tiling(columns: int, rows: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Make crooked cells that share their borders vertex by vertex."""
    across, down = columns * VERTICES_A_SIDE + 1, rows * VERTICES_A_SIDE + 1
    x, y = np.meshgrid(np.linspace(WEST, EAST, across), np.linspace(SOUTH, NORTH, down))
    step = min((EAST - WEST) / across, (NORTH - SOUTH) / down)
    x, y = x + rng.uniform(-0.3, 0.3, x.shape) * step, y + rng.uniform(-0.3, 0.3, y.shape) * step
    cells, codes, side = [], [], VERTICES_A_SIDE
    for row in range(rows):
        for column in range(columns):
            i, j = row * side, column * side
            run = np.arange(side)
            rim_i = np.r_[np.full(side, i), i + run, np.full(side, i + side), i + side - run]
            rim_j = np.r_[j + run, np.full(side, j + side), j + side - run, np.full(side, j)]
            cells.append(shapely.Polygon(np.column_stack([x[rim_i, rim_j], y[rim_i, rim_j]])))
            codes.append(f"{row:03d}{column:03d}")
    return gpd.GeoDataFrame({"code": codes, "depth": 4}, geometry=cells, crs=STORAGE_CRS)


def main() -> None:
    """Print points a second of both, and how many points they assign differently."""
    rng = np.random.default_rng(20_240_501)
    grids = tiling(COLUMNS, ROWS, rng)
    places = shapely.points(rng.uniform(WEST, EAST, POINTS), rng.uniform(SOUTH, NORTH, POINTS))
    points = gpd.GeoDataFrame(geometry=places, crs=STORAGE_CRS)

    started = time.perf_counter()
    ours = assign_points(points, grids, tolerance_m=0)
    ours_s = time.perf_counter() - started

    started = time.perf_counter()
    joined = gpd.sjoin(points, grids[["geometry"]], how="left", predicate="intersects")
    theirs_s = time.perf_counter() - started

    theirs = joined["index_right"].groupby(level=0).min()
    different = int(
        (ours["grid"].astype("Float64") != theirs.astype("Float64")).fillna(False).sum()
    )
    missing = int((ours["grid"].isna() != theirs.isna()).sum())
    rows = [("assign_points", ours_s), ("geopandas.sjoin", theirs_s)]
    table = pd.DataFrame(
        [(name, f"{s:.2f}", f"{POINTS / s:,.0f}") for name, s in rows],
        columns=["method", "seconds", "points/s"],
    )
    print(f"{POINTS:,} points, {len(grids):,} polygons of {4 * VERTICES_A_SIDE + 1} vertices")
    print(table.to_string(index=False))
    print(f"assigned differently: {different + missing}")


if __name__ == "__main__":
    main()
