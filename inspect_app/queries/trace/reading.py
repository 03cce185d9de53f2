"""What tracing reads: waterways around a point, and what stands at the water."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.crs import STORAGE_CRS
from inspect_app.domain.transitions import FINDING_FINISHED

M_PER_DEGREE = 111_320.0
"""Of latitude, to a thousandth; a window may be a little too large."""


@dataclass(frozen=True, slots=True)
class Window:
    """A box of degrees in EPSG:4490."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, lon: float, lat: float, *, radius_m: float) -> "Window":
        """Return the box that holds a circle; poles and the date line are not looked at."""
        north = radius_m / M_PER_DEGREE
        east = north / max(np.cos(np.radians(lat)), 0.01)
        return cls(lon - east, lat - north, lon + east, lat + north)

    def as_parameters(self) -> dict[str, float]:
        """Return the bounds by name."""
        return {"west": self.west, "south": self.south, "east": self.east, "north": self.north}


BOX = "geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)"

WATERWAYS = f"""
SELECT id, name, kind, flow_direction AS direction, flows_into_id AS into, ST_AsBinary(geom) AS geom
FROM waterway WHERE {BOX} ORDER BY id
"""  # noqa: S608 - the box is ours
OUTLETS = f"""
SELECT o.id, o.name, o.outlet_class AS kind, o.waterway_id, o.responsible_body AS body, o.source_id,
       s.kind AS source_kind, s.name AS source_name, g.path, ST_AsBinary(o.geom) AS geom
FROM (SELECT * FROM outlet WHERE NOT closed AND {BOX}) o
LEFT JOIN pollution_source s ON s.id = o.source_id LEFT JOIN grid g ON g.id = o.grid_id
ORDER BY o.id
"""  # noqa: S608 - the box is ours
SOURCES = f"""
SELECT s.id, s.name, s.kind, NULL::bigint AS waterway_id, s.industry AS body, s.id AS source_id,
       s.kind AS source_kind, s.name AS source_name, g.path, ST_AsBinary(s.geom) AS geom
FROM (SELECT * FROM pollution_source WHERE NOT closed AND {BOX}) s
LEFT JOIN grid g ON g.id = s.grid_id ORDER BY s.id
"""  # noqa: S608 - the box is ours
STATIONS = f"""
SELECT s.id, s.name, s.kind, s.waterway_id, s.grid_id, g.path, ST_AsBinary(s.geom) AS geom
FROM (SELECT * FROM station WHERE kind = ANY(:kinds) AND {BOX}) s
LEFT JOIN grid g ON g.id = s.grid_id ORDER BY s.id
"""  # noqa: S608 - the box is ours
INTAKES = f"""
SELECT w.id, w.name, w.source_type AS kind, NULL::bigint AS waterway_id, w.grid_id, g.path,
       ST_AsBinary(w.geom) AS geom
FROM (SELECT * FROM water_source WHERE source_type <> 'groundwater' AND {BOX}) w
LEFT JOIN grid g ON g.id = w.grid_id ORDER BY w.id
"""  # noqa: S608 - the box is ours
ZONES = """
SELECT z.id, z.name, z.zone_level AS kind, w.grid_id, g.path, ST_AsBinary(z.geom) AS geom
FROM protection_zone z LEFT JOIN water_source w ON w.id = z.water_source_id
LEFT JOIN grid g ON g.id = w.grid_id
WHERE ST_Intersects(z.geom, ST_GeomFromWKB(:water, 4490)) ORDER BY z.id
"""
GRIDS = """
SELECT g.id, g.name, g.level_name AS kind, g.id AS grid_id, g.path, ST_AsBinary(g.geom) AS geom
FROM grid g
WHERE ST_Intersects(g.geom, ST_GeomFromWKB(:water, 4490))
  AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)
  AND NOT EXISTS (SELECT FROM grid c WHERE c.parent_id = g.id
                  AND c.valid_from <= :day AND (c.valid_to IS NULL OR c.valid_to > :day))
ORDER BY g.id
"""
HISTORY = """
WITH past AS (
    SELECT object_kind, object_id, state, due_at FROM finding
    WHERE found_on >= :since AND object_kind IN ('outlet', 'source')
)
SELECT object_kind AS kind, object_id AS id, count(*) AS findings, 0 AS complaints,
       count(*) FILTER (WHERE due_at < :now AND state <> ALL(:finished)) AS overdue
FROM past
WHERE (object_kind = 'outlet' AND object_id = ANY(:outlets))
   OR (object_kind = 'source' AND object_id = ANY(:sources))
GROUP BY 1, 2
UNION ALL
SELECT 'complained', respondent_source_id, 0, count(*), 0 FROM complaint
WHERE respondent_source_id = ANY(:sources) AND received_at >= :since
  AND matter_id IS DISTINCT FROM :matter
GROUP BY respondent_source_id
UNION ALL
SELECT 'complained', m.respondent_source_id, 0, count(*), 0
FROM complaint_matter m JOIN complaint c ON c.matter_id = m.id
WHERE m.respondent_source_id = ANY(:sources) AND c.respondent_source_id IS NULL
  AND c.received_at >= :since AND m.id IS DISTINCT FROM :matter
GROUP BY m.respondent_source_id
"""
OWNERS = """
SELECT g.id, owner.name, owner.phone, owner.grid_name
FROM grid g LEFT JOIN LATERAL (
    SELECT p.name, COALESCE(p.phone, org.phone) AS phone, a.name AS grid_name
    FROM grid a JOIN grid_owner o ON o.grid_id = a.id JOIN person p ON p.id = o.person_id
    JOIN org ON org.id = p.org_id
    WHERE a.id = ANY(string_to_array(trim(BOTH '/' FROM g.path), '/')::bigint[])
      AND o.duty = ANY(:duties) AND o.valid_from <= :day
      AND (o.valid_to IS NULL OR o.valid_to > :day)
    ORDER BY a.depth DESC, array_position(:duties, o.duty::text), o.rank LIMIT 1
) owner ON true
WHERE g.id = ANY(:grids)
"""


def read(session: Session, sql: str, parameters: dict[str, Any], *, crs: CRS) -> gpd.GeoDataFrame:
    """Return the rows of one of the SELECTs in the metric reference system."""
    result = session.execute(text(sql), parameters)
    rows = pd.DataFrame(result.all(), columns=list(result.keys()))
    shapes = shapely.from_wkb(rows.pop("geom").to_numpy(dtype=object))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=STORAGE_CRS).to_crs(crs)


@dataclass(frozen=True, slots=True)
class Past:
    """How much was found and complained of before."""

    findings: int = 0
    complaints: int = 0
    overdue: int = 0

    def __add__(self, other: "Past") -> "Past":
        """Return both together."""
        return Past(
            self.findings + other.findings,
            self.complaints + other.complaints,
            self.overdue + other.overdue,
        )


def history(
    session: Session,
    objects: tuple[Sequence[int], Sequence[int]],
    *,
    since: date,
    now: datetime,
    except_matter: int | None,
) -> dict[tuple[str, int], Past]:
    """Return the past of outlets and sources by kind (`outlet`, `source`) and id."""
    outlets, sources = objects
    rows = session.execute(
        text(HISTORY),
        {
            "outlets": list(outlets),
            "sources": list(sources),
            "since": since,
            "now": now,
            "finished": [state.value for state in FINDING_FINISHED],
            "matter": except_matter,
        },
    )
    found: dict[tuple[str, int], Past] = {}
    for kind, number, findings, complaints, overdue in rows:
        key = ("source" if kind == "complained" else kind, number)
        found[key] = found.get(key, Past()) + Past(findings, complaints, overdue)
    return found


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who answers for a grid today; of an upper grid where it has nobody of its own."""

    name: str | None
    phone: str | None
    grid_name: str | None


def keepers(
    session: Session, grids: Sequence[int], *, duties: Sequence[str], day: date
) -> dict[int, Keeper]:
    """Return who owns each grid on the day, else who owns the next grid above that has an owner."""
    rows = session.execute(text(OWNERS), {"grids": list(grids), "duties": list(duties), "day": day})
    return {number: Keeper(name, phone, grid_name) for number, name, phone, grid_name in rows}
