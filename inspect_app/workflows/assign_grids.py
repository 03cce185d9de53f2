"""Assign: every object and complaint gets its grid; lines and zones get their shares by grid."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg import sql
from sqlalchemy.orm import Session

from gis.assign import assign_areas, assign_lines, assign_points, owner_of_lines
from gis.assign.points import How
from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry
from inspect_app.queries.policies import PolicyMissing, policy_value
from inspect_app.workflows.import_file.writing import cursor_of

TOLERANCE = "assign_tolerance_m"


@dataclass(frozen=True, slots=True)
class PointKind:
    """A table of points with a `grid_id`.

    A `dated` record keeps the grid of its day: only those without a grid get one. `placed` narrows
    to the rows whose point is a place.
    """

    key: str
    table: str
    dated: bool = False
    placed: str = "TRUE"


POINT_KINDS: tuple[PointKind, ...] = (
    PointKind("sources", "pollution_source"),
    PointKind("outlets", "outlet"),
    PointKind("water_sources", "water_source"),
    PointKind("stations", "station"),
    # A geocoder's fallback point is nobody's place: it must not fill the grid it happens to be in.
    PointKind("complaints", "complaint", dated=True, placed="t.place_quality <> 'shared_fallback'"),
    PointKind("matters", "complaint_matter", dated=True),
    PointKind("findings", "finding", dated=True),
)
SHARED_KINDS = ("segments", "zones")
ASSIGN_KINDS = (*(kind.key for kind in POINT_KINDS), *SHARED_KINDS)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What came of one kind: how many rows, by `How` of their assignment, and how many changed."""

    kind: str
    rows: int
    how: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    changed: int = 0


def tolerance_of(session: Session, *, day: date) -> float:
    """Return the policy's tolerance in metres, or refuse where the county set none."""
    try:
        return policy_value(session, TOLERANCE, day=day)
    except PolicyMissing as fault:
        raise Problem("policy_missing", policy=TOLERANCE, day=day) from fault


def assign_grids(
    session: Session,
    kinds: Iterable[str] = ASSIGN_KINDS,
    *,
    tolerance_m: float,
    day: date,
    actor: Actor,
    now: datetime,
) -> list[Assigned]:
    """Assign the rows of these kinds to the grids in force on `day`.

    Points have the deepest grid that covers them, of several of one depth the lowest code; those
    outside go to a grid within the tolerance (see `gis.assign`). Segments have shares by length and
    the grid with the largest; zones shares by area. Complaints, matters and findings that have a
    grid keep it: it is the one of their day. Returns one result a kind, in the order given.
    """
    if not actor.may(Permission.IMPORT_RUN):
        raise Problem("not_permitted", permission=Permission.IMPORT_RUN.value)
    wanted = list(kinds)
    points = {kind.key: kind for kind in POINT_KINDS}
    grids = read_grids(session, day=day)
    results = []
    for key in wanted:
        if key in points:
            results.append(_assign_points(session, points[key], grids, tolerance_m=tolerance_m))
        elif key == "segments":
            results.append(_assign_segments(session, grids))
        elif key == "zones":
            results.append(_assign_zones(session, grids))
        else:
            raise Problem("import_kind_unknown", found=key, expected="、".join(ASSIGN_KINDS))
    facts = {one.kind: {"rows": one.rows, "changed": one.changed, **one.how} for one in results}
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="grid.assign",
            subject_kind="grid",
            subject_id=None,
            facts={"day": day.isoformat(), "tolerance_m": tolerance_m, "kinds": facts},
        )
    )
    session.flush()
    session.expire_all()
    return results


def read_grids(session: Session, *, day: date) -> gpd.GeoDataFrame:
    """Return the grids in force with `code`, `depth` and `parent`; the index is their id."""
    cursor = cursor_of(session)
    cursor.execute(
        "SELECT id, code, depth, parent_id, ST_AsBinary(geom) FROM grid"
        " WHERE valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s) ORDER BY id",
        {"day": day},
    )
    rows = cursor.fetchall()
    return gpd.GeoDataFrame(
        {
            "code": [row[1] for row in rows],
            "depth": np.array([row[2] for row in rows], dtype=np.int64),
            "parent": pd.array([row[3] for row in rows], dtype="Int64"),
        },
        geometry=_shapes(row[4] for row in rows),
        index=pd.Index([row[0] for row in rows], dtype="int64"),
        crs=4490,
    )


def _shapes(wkb: Iterable[bytes]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    texts = np.array([bytes(one) for one in wkb], dtype=object)
    return np.asarray(shapely.from_wkb(texts), dtype=object)


def _assign_points(
    session: Session, kind: PointKind, grids: gpd.GeoDataFrame, *, tolerance_m: float
) -> Assigned:
    cursor = cursor_of(session)
    open_ = sql.SQL("t.grid_id IS NULL") if kind.dated else sql.SQL("TRUE")
    parts = {
        "table": sql.Identifier(kind.table),
        "wanted": sql.SQL("{} AND {}").format(open_, sql.SQL(kind.placed)),
    }
    cursor.execute("DROP TABLE IF EXISTS pg_temp.assigned")
    cursor.execute(
        "CREATE TEMP TABLE assigned (id bigint, grid_id bigint, how text) ON COMMIT DROP"
    )
    cursor.execute(sql.SQL(_COVERED).format(**parts), {"grids": grids.index.tolist()})
    cursor.execute("CREATE UNIQUE INDEX ON assigned (id)")
    cursor.execute(sql.SQL(_UNCOVERED).format(**parts))
    near = _near(cursor.fetchall(), grids, tolerance_m)
    with cursor.copy("COPY assigned FROM STDIN") as stream:
        for row in near:
            stream.write_row(row)
    cursor.execute(sql.SQL(_UPDATE).format(**parts))
    changed = cursor.rowcount
    cursor.execute(sql.SQL(_COUNT).format(**parts))
    counts = dict(cursor.fetchall())
    kept = counts.pop("kept", 0) if kind.dated else 0
    return Assigned(kind.key, sum(counts.values()) + kept, Counter(counts), kept, changed)


# With the polygons outside, each is prepared once and asked with all points in its box: 15 times
# cheaper than asking all polygons with each point.
_COVERED = """
    INSERT INTO assigned
    SELECT id, grid_id, CASE WHEN tied > 1 THEN 'border' ELSE 'inside' END FROM (
      SELECT c.id, g.id AS grid_id,
        row_number() OVER (PARTITION BY c.id ORDER BY g.depth DESC, g.code) AS place,
        count(*) OVER (PARTITION BY c.id, g.depth) AS tied
      FROM grid g CROSS JOIN LATERAL (
        SELECT t.id FROM {table} t WHERE ST_Covers(g.geom, t.geom) AND {wanted} OFFSET 0
      ) c
      WHERE g.id = ANY(%(grids)s)
    ) ranked WHERE place = 1
"""
_UNCOVERED = """
    SELECT t.id, ST_AsBinary(t.geom) FROM {table} t
    WHERE {wanted} AND t.geom IS NOT NULL
      AND NOT EXISTS (SELECT FROM assigned a WHERE a.id = t.id)
    ORDER BY t.id
"""
_UPDATE = """
    UPDATE {table} u SET grid_id = a.grid_id
    FROM {table} t LEFT JOIN assigned a ON a.id = t.id
    WHERE u.id = t.id AND {wanted} AND t.grid_id IS DISTINCT FROM a.grid_id
"""
_COUNT = """
    SELECT CASE WHEN a.how IS NOT NULL THEN a.how
      WHEN t.grid_id IS NOT NULL THEN 'kept' ELSE 'no_place' END, count(*)
    FROM {table} t LEFT JOIN assigned a ON a.id = t.id GROUP BY 1
"""


def _near(
    rows: list[tuple[int, bytes]], grids: gpd.GeoDataFrame, tolerance_m: float
) -> list[tuple[int, int | None, str]]:
    """Return id, grid and how of the points that no grid covers."""
    if not rows:
        return []
    points = gpd.GeoSeries(
        _shapes(row[1] for row in rows), index=[row[0] for row in rows], crs=4490
    )
    table = assign_points(points, grids, tolerance_m=tolerance_m)
    return [
        (int(key), None if pd.isna(grid) else int(grid), str(how))
        for key, grid, how in zip(table.index, table["grid"], table["how"], strict=True)
    ]


def _read_shapes(session: Session, table: str) -> gpd.GeoSeries:
    cursor = cursor_of(session)
    cursor.execute(
        sql.SQL("SELECT id, ST_AsBinary(geom) FROM {} ORDER BY id").format(sql.Identifier(table))
    )
    rows = cursor.fetchall()
    return gpd.GeoSeries(
        _shapes(row[1] for row in rows),
        index=pd.Index([row[0] for row in rows], dtype="int64"),
        crs=4490,
    )


def _assign_segments(session: Session, grids: gpd.GeoDataFrame) -> Assigned:
    lines = _read_shapes(session, "patrol_segment")
    shares = assign_lines(lines, grids)
    owners = owner_of_lines(shares, grids)
    _write_shares(
        session, "segment_grid", "segment_id", shares=shares.rename(columns={"line": "id"})
    )
    cursor = cursor_of(session)
    cursor.execute("SELECT id, grid_id FROM patrol_segment")
    before = dict(cursor.fetchall())
    after = {key: int(owners[key]) if key in owners.index else None for key in before}
    changed = [(grid, key) for key, grid in after.items() if before[key] != grid]
    cursor.executemany("UPDATE patrol_segment SET grid_id = %s WHERE id = %s", changed)
    return _shared("segments", lines, shares.rename(columns={"line": "id"}), changed=len(changed))


def _assign_zones(session: Session, grids: gpd.GeoDataFrame) -> Assigned:
    areas = _read_shapes(session, "protection_zone")
    shares = assign_areas(areas, grids).rename(columns={"area": "id"})
    changed = _write_shares(session, "zone_grid", "zone_id", shares=shares)
    return _shared("zones", areas, shares, changed=changed)


def _write_shares(session: Session, table: str, column: str, *, shares: pd.DataFrame) -> int:
    cursor = cursor_of(session)
    cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    inside = shares[shares["grid"].notna()]
    copy = sql.SQL("COPY {} ({}, grid_id, share) FROM STDIN")
    with cursor.copy(copy.format(sql.Identifier(table), sql.Identifier(column))) as stream:
        for key, grid, share in zip(inside["id"], inside["grid"], inside["share"], strict=True):
            stream.write_row((int(key), int(grid), min(float(share), 1.0)))
    return len(inside)


def _shared(kind: str, shapes: gpd.GeoSeries, shares: pd.DataFrame, *, changed: int) -> Assigned:
    """Count a thing wholly in one grid as inside, in several as border, else as outside."""
    inside = shares[shares["grid"].notna()].groupby("id").size()
    how = Counter(
        {
            How.INSIDE.value: int((inside == 1).sum()),
            How.BORDER.value: int((inside > 1).sum()),
            How.OUTSIDE.value: len(shapes) - len(inside),
        }
    )
    return Assigned(kind, len(shapes), how, 0, changed)
