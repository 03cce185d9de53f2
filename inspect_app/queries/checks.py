"""Checks: what is wrong with the stored data, each with its count and first examples."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.assign import tiling_faults
from gis.crs import to_metric
from gis.network import components, node_lines
from inspect_app.queries.faults import EXAMPLES, Fault
from inspect_app.queries.road_checks import objects_unreached, roads_unconnected

# Borders drawn twice differ by slivers; a hectare is what a person sees on the map.
TILING_TOLERANCE_M2 = 10_000.0
_M2_IN_KM2 = 1e6


def check_all(session: Session, *, day: date) -> list[Fault]:
    """Return every check with what it found on `day`; a count of 0 is a clean check."""
    return [*_tiling(session, day), *(check(session, day) for check in CHECKS)]


@dataclass(frozen=True, slots=True)
class _Listing:
    key: str
    title: str
    select: str
    critical: bool = False
    words: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, session: Session, day: date) -> Fault:
        """Count the rows of the select and show the first ones by their `label`."""
        rows = session.scalars(text(self.select), {"day": day, **self.words}).all()
        shown = tuple(str(row) for row in rows[:EXAMPLES])
        return Fault(self.key, self.title, self.critical, len(rows), shown)


_VALID = "g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)"
_OUTSIDE = """
    SELECT kind || ' ' || name FROM (
      SELECT CAST(:source AS text) AS kind, name, geom FROM pollution_source
      UNION ALL SELECT :outlet, name, geom FROM outlet
      UNION ALL SELECT :water_source, name, geom FROM water_source
      UNION ALL SELECT :station, name, geom FROM station
      UNION ALL SELECT :complaint, complaint_no, geom FROM complaint
        WHERE geom IS NOT NULL AND place_quality <> 'shared_fallback'
    ) AS things
    WHERE NOT EXISTS (
      SELECT FROM grid g WHERE ST_Intersects(g.geom, things.geom) AND {valid}
    ) ORDER BY kind, name
"""
_KINDS = {
    "source": "污染源",
    "outlet": "排污口",
    "water_source": "水源地",
    "station": "站点",
    "complaint": "投诉",
}
_UNOWNED = """
    SELECT g.code || ' ' || g.name FROM grid g WHERE {valid} AND NOT EXISTS (
      SELECT FROM grid_owner o WHERE o.grid_id = g.id
        AND o.duty IN ('responsible_person', 'grid_chief')
        AND o.valid_from <= :day AND (o.valid_to IS NULL OR o.valid_to > :day)
    ) ORDER BY g.code
"""
_ORPHANS = """
    SELECT g.code || ' ' || g.name FROM grid g
    WHERE {valid} AND g.parent_id IS NULL AND length(g.code) > 6 ORDER BY g.code
"""
_OUTLETS_IN_ZONES = """
    SELECT o.name || ' → ' || z.name || ' (' || z.zone_level || ')'
    FROM protection_zone z JOIN outlet o ON ST_Intersects(z.geom, o.geom)
    WHERE NOT o.closed ORDER BY z.zone_level, o.name
"""
_SHARED_PLACES = """
    SELECT round(ST_X(geom)::numeric, 6) || ', ' || round(ST_Y(geom)::numeric, 6)
      || ' × ' || count(*)
    FROM complaint WHERE place_quality = 'shared_fallback' GROUP BY geom ORDER BY count(*) DESC
"""
_UNASSIGNED_SEGMENTS = """
    SELECT w.name || ' ' || s.name FROM patrol_segment s JOIN waterway w ON w.id = s.waterway_id
    WHERE NOT EXISTS (SELECT FROM segment_grid g WHERE g.segment_id = s.id) ORDER BY 1
"""


def _in_force(select: str) -> str:
    return select.replace("{valid}", _VALID)


def _unconnected(session: Session, _day: date) -> Fault:
    """Count the parts of the water network beyond the largest one.

    Each part is named by its longest waterway. Lines that miss each other by less than the
    network's snapping distance are joined.
    """
    title = "河网不连通的部分"
    rows = session.execute(text("SELECT name, ST_AsBinary(geom) FROM waterway ORDER BY id")).all()
    if not rows:
        return Fault("waterways_unconnected", title, critical=False, count=0)
    lines = gpd.GeoDataFrame(geometry=_shapes([row[1] for row in rows]), crs=4490)
    network = node_lines(to_metric(lines))
    parts = components(network)[network.edges["u"].to_numpy()]
    sizes = network.edges.assign(part=parts).groupby(["part", "line"])["length_m"].sum()
    totals = sizes.groupby("part").sum().sort_values(ascending=False)
    rest = totals.index[1 : EXAMPLES + 1]
    names = [rows[int(sizes[part].idxmax())][0] for part in rest]
    shown = tuple(
        f"{name} {totals[part] / 1000:.1f} km" for name, part in zip(names, rest, strict=True)
    )
    return Fault("waterways_unconnected", title, False, len(totals) - 1, shown)


Check = Callable[[Session, date], Fault]
CHECKS: tuple[Check, ...] = (
    _Listing("grids_without_parent", "有上级编码却没有上级的网格", _in_force(_ORPHANS)),
    _Listing("grids_without_owner", "今天没有责任人的网格", _in_force(_UNOWNED)),
    _Listing("outside_every_grid", "不在任何网格内的对象", _in_force(_OUTSIDE), words=_KINDS),
    _Listing("segments_without_grid", "未分配网格的河段", _UNASSIGNED_SEGMENTS),
    _Listing("outlets_in_zones", "水源保护区内的排污口", _OUTLETS_IN_ZONES, critical=True),
    _Listing("shared_places", "疑似默认坐标", _SHARED_PLACES),
    _unconnected,
    roads_unconnected,
    objects_unreached,
)


def _tiling(session: Session, day: date) -> list[Fault]:
    rows = session.execute(
        text(
            "SELECT g.id, g.code, g.name, g.depth, g.parent_id, ST_AsBinary(g.geom) FROM grid g"
            " WHERE g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)"
        ),
        {"day": day},
    ).all()
    grids = gpd.GeoDataFrame(
        {
            "code": [row[1] for row in rows],
            "label": [f"{row[1]} {row[2]}" for row in rows],
            "depth": np.array([row[3] for row in rows], dtype=np.int64),
            "parent": pd.array([row[4] for row in rows], dtype="Int64"),
        },
        geometry=_shapes([row[5] for row in rows]),
        index=pd.Index([row[0] for row in rows], dtype="int64"),
        crs=4490,
    )
    faults = tiling_faults(grids, tolerance_m2=TILING_TOLERANCE_M2)
    return [
        _tiling_fault(faults[faults["kind"] == kind], grids["label"], kind, title=title)
        for kind, title in (
            ("gap", "上级网格内的空隙"),
            ("overlap", "同级网格重叠"),
            ("outside_parent", "下级网格超出上级"),
        )
    ]


def _tiling_fault(
    faults: gpd.GeoDataFrame, labels: "pd.Series[str]", kind: str, *, title: str
) -> Fault:
    shown = []
    for one in faults.head(EXAMPLES).itertuples():
        both = [labels[key] for key in (one.grid_a, one.grid_b) if not pd.isna(key)]
        shown.append(f"{' / '.join(both)} {one.area_m2 / _M2_IN_KM2:.3f} km²")
    area_km2 = float(faults["area_m2"].sum()) / _M2_IN_KM2
    return Fault(f"grid_{kind}", title, False, len(faults), tuple(shown), round(area_km2, 3))


def _shapes(wkb: list[bytes]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    texts = np.array([bytes(one) for one in wkb], dtype=object)
    return np.asarray(shapely.from_wkb(texts), dtype=object)
