"""Lines and areas → shares by grid."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.assign.order import GridOrder, Positions, in_order
from gis.crs import metric_crs_for, require_storage_crs

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
_Measure = Callable[[Shapes], Floats]

_OUTSIDE = -1
# Crumbs of overlay arithmetic: a millimetre of line, a square centimetre of area.
_CRUMB_M = 1e-3
_CRUMB_M2 = 1e-4
# Shares closer than this are equal: a millimetre in a kilometre, as much as the projection of two
# halves differs.
_TIE_SHARE = 1e-6


def assign_lines(lines: gpd.GeoDataFrame | gpd.GeoSeries, grids: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share the length of each line among the deepest grids it runs through.

    Where grids of one depth both have a stretch (a shared border, an overlap), the lower code has
    it, once. What no grid covers is the remainder.

    Parameters
    ----------
    lines
        Lines in EPSG:4490.
    grids
        Grids in force as for `assign_points`.

    Returns
    -------
    One row for each line and grid: ``line`` and ``grid``, index labels; ``share`` of the line's
    length (0-1); ``length_m``. The remainder has a missing ``grid``. The shares of a line sum to
    1. A missing or empty line has no row. A stretch that a line runs twice counts once if the line
    is cut at all.

    Raises
    ------
    CRSMismatch
        If either frame isn't in storage.

    Notes
    -----
    Overlay in degrees, where neighbours share their vertices exactly; lengths in the metric zone of
    the lines. One overlay for each line and grid that meet, in bulk; lines within one grid (most of
    them) need none: 5,000 lines of 1 km on 20,000 grids take 0.7 s.
    """
    shares = _shares(lines, grids, _CRUMB_M)
    return shares.rename(columns={"subject": "line", "size": "length_m"})


def assign_areas(areas: gpd.GeoDataFrame | gpd.GeoSeries, grids: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share each area among the deepest grids it lies in; the rules are those of `assign_lines`.

    Returns
    -------
    One row for each area and grid: ``area`` and ``grid``, index labels; ``share`` (0-1) of the
    area; ``area_m2``. The remainder has a missing ``grid``.

    Raises
    ------
    CRSMismatch
        If either frame isn't in storage.

    Notes
    -----
    3,000 areas of 1 km on 20,000 grids take 1.4 s. An area that meets n grids takes n overlays in a
    row of ever more corners: 900 grids take 1.2 s, so it isn't meant for a province against its
    unit grids.
    """
    shares = _shares(areas, grids, _CRUMB_M2)
    return shares.rename(columns={"subject": "area", "size": "area_m2"})


def owner_of_lines(shares: pd.DataFrame, grids: gpd.GeoDataFrame) -> pd.Series:
    """Choose the grid with the largest share of each line; of equal shares the lower code.

    Parameters
    ----------
    shares
        The result of `assign_lines`.
    grids
        The grids it was made with.

    Returns
    -------
    Grid labels by line label; a line wholly outside has no entry.
    """
    inside = shares[shares["grid"].notna()]
    code = inside["grid"].map(grids["code"].astype(str))
    largest = inside.groupby("line", sort=False)["share"].transform("max")
    leaders = inside.assign(code=code)[inside["share"] >= largest - _TIE_SHARE]
    owners = leaders.sort_values("code", kind="stable").drop_duplicates("line")
    return owners.set_index("line")["grid"].sort_index().rename("grid")


def _shares(
    subjects: gpd.GeoDataFrame | gpd.GeoSeries, grids: gpd.GeoDataFrame, crumb: float
) -> pd.DataFrame:
    require_storage_crs(subjects)
    require_storage_crs(grids)
    present = subjects.geometry[~(subjects.geometry.isna() | subjects.geometry.is_empty)]
    ordered = in_order(grids)
    measure = _measure_for(present, crumb)
    subject, place, size = _carve(present.to_numpy(), ordered, measure)
    kept = size > crumb
    subject, place, size = subject[kept], place[kept], size[kept]
    total = np.bincount(subject, weights=size, minlength=len(present))
    rows = pd.DataFrame(
        {
            "subject": present.index.take(subject),
            "grid": ordered.labels_at(place),
            "share": size / total[subject],
            "size": size,
        }
    )
    order = np.lexsort((np.where(place < 0, len(ordered.depth), place), subject))
    return rows.iloc[order].reset_index(drop=True)


def _measure_for(subjects: gpd.GeoSeries, crumb: float) -> _Measure:
    if len(subjects) == 0:
        return lambda shapes: np.zeros(len(shapes))
    metric = metric_crs_for(subjects.total_bounds)
    size_of = shapely.length if crumb == _CRUMB_M else shapely.area

    def measure(shapes: Shapes) -> Floats:
        projected = gpd.GeoSeries(shapes, crs=subjects.crs).to_crs(metric).to_numpy()
        return np.asarray(size_of(projected), dtype=float)

    return measure


def _carve(
    subjects: Shapes, ordered: GridOrder, measure: _Measure
) -> tuple[Positions, Positions, Floats]:
    """Cut pieces off the subjects, grid after grid in order; return subject, grid, size."""
    left = _valid(subjects)
    shapes = _valid(ordered.shapes)
    found: list[tuple[Positions, Positions, Floats]] = []
    subject, place = shapely.STRtree(shapes).query(left, predicate="intersects")
    whole = _covered_wholly(subject, place, (left, shapes))
    for turn in _turns(subject, place):
        rows, grids = subject[turn], place[turn]
        open_ = ~shapely.is_empty(left[rows])
        rows, grids, covered = rows[open_], grids[open_], whole[turn][open_]
        pieces = left[rows]
        cut = ~covered
        pieces[cut] = shapely.intersection(pieces[cut], shapes[grids[cut]])
        left[rows[covered]] = shapely.GeometryCollection()
        left[rows[cut]] = shapely.difference(left[rows[cut]], shapes[grids[cut]])
        found.append((rows, grids, measure(pieces)))
    every = np.arange(len(left))
    found.append((every, np.full(len(left), _OUTSIDE), measure(left)))
    columns = zip(*found, strict=True)
    subject, place, size = (np.concatenate(column) for column in columns)
    return subject, place, size


def _valid(shapes: Shapes) -> Shapes:
    """Return a copy in which self-crossing polygons are mended: overlay refuses them."""
    mended = shapes.copy()
    broken = ~shapely.is_valid(shapes)
    mended[broken] = shapely.make_valid(shapes[broken])
    return mended


def _covered_wholly(
    subject: Positions, place: Positions, shapes: tuple[Shapes, Shapes]
) -> NDArray[np.bool_]:
    """Say for each pair whether the grid covers the whole subject, so that no overlay is needed."""
    subjects, grids = shapes
    shapely.prepare(grids)
    covered: NDArray[np.bool_] = shapely.covers(grids[place], subjects[subject])
    return covered


def _turns(subject: Positions, place: Positions) -> list[Positions]:
    """Order the pairs so that each subject meets one grid a turn, in the order of the grids."""
    order = np.lexsort((place, subject))
    starts = np.r_[True, np.diff(subject[order]) != 0] if len(order) else np.empty(0, dtype=bool)
    since = np.arange(len(order)) - np.maximum.accumulate(
        np.where(starts, np.arange(len(order)), 0)
    )
    return [order[since == turn] for turn in range(int(since.max(initial=-1)) + 1)]
