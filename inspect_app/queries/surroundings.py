"""The surroundings of a point as a small drawing: grid outline and waterways, in metres from it."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

RADIUS_MIN_M = 400
"""A drawing narrower than this shows nothing to recognise a place by."""
RADIUS_UNKNOWN_M = 2000
"""Half the width of the drawing of a point that lies in no grid."""


@dataclass(frozen=True, slots=True)
class Waterline:
    """A waterway inside the drawing: its name and path as SVG data."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A square drawing around a point; y grows to the south, as SVG wants it."""

    radius_m: float
    grid_path: str
    waterlines: tuple[Waterline, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the waterways drawn, longest first, each once."""
        return tuple(dict.fromkeys(line.name for line in self.waterlines))

    @property
    def scale_m(self) -> int:
        """Length of the scale bar: the largest 1, 2 or 5 that fits a third of the width."""
        steps = (step * 10**power for power in (4, 3, 2, 1) for step in (5, 2, 1))
        return next(step for step in steps if step <= self.radius_m * 2 / 3)


# One degree of latitude is 111 320 m to a thousandth; the drawing is no measurement.
DRAWING = """
WITH place AS (
    SELECT geom AS point, grid_id, cos(radians(ST_Y(geom))) * 111320 AS east_m
    FROM finding WHERE id = :finding_id
), outline AS (
    SELECT ST_Affine(g.geom, p.east_m, 0, 0, 111320,
                     -ST_X(p.point) * p.east_m, -ST_Y(p.point) * 111320) AS geom
    FROM place p JOIN grid g ON g.id = p.grid_id
), frame AS (
    SELECT greatest(:radius_min, coalesce(1.05 * (
        SELECT greatest(-ST_XMin(geom), ST_XMax(geom), -ST_YMin(geom), ST_YMax(geom)) FROM outline
    ), :radius_unknown)) AS radius_m
), near AS (
    SELECT w.name, w.id, ST_Affine(
        ST_ClipByBox2D(w.geom, ST_Expand(p.point, f.radius_m / p.east_m, f.radius_m / 111320)),
        p.east_m, 0, 0, 111320, -ST_X(p.point) * p.east_m, -ST_Y(p.point) * 111320) AS geom
    FROM place p, frame f, waterway w
    WHERE w.geom && ST_Expand(p.point, f.radius_m / p.east_m, f.radius_m / 111320)
)
SELECT NULL AS name, radius_m,
       (SELECT ST_AsSVG(ST_SimplifyPreserveTopology(geom, radius_m / 300), 0, 0)
        FROM outline) AS path
FROM frame
UNION ALL
SELECT name, radius_m, ST_AsSVG(ST_Simplify(geom, radius_m / 300), 0, 0)
FROM (SELECT name, id, geom FROM near WHERE NOT ST_IsEmpty(geom)
      ORDER BY ST_Length(geom) DESC LIMIT 60) AS longest, frame
"""


def surroundings_of(session: Session, finding_id: int) -> Surroundings:
    """Return the drawing around a finding: its grid's outline and at most sixty waterways."""
    rows = session.execute(
        text(DRAWING),
        {
            "finding_id": finding_id,
            "radius_min": RADIUS_MIN_M,
            "radius_unknown": RADIUS_UNKNOWN_M,
        },
    ).all()
    outline = next(row for row in rows if row.name is None)
    return Surroundings(
        radius_m=round(outline.radius_m),
        grid_path=outline.path or "",
        waterlines=tuple(
            Waterline(row.name, row.path) for row in rows if row.name is not None and row.path
        ),
    )
