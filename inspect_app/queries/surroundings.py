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
    """A drawing in metres from the point; its middle lies `east_m` and `south_m` of the point.

    y grows to the south, as SVG wants it; `radius_m` is half the height.
    """

    east_m: float
    south_m: float
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
    SELECT geom AS point, grid_id, cos(radians(ST_Y(geom))) * 111320 AS unit_m
    FROM finding WHERE id = :finding_id
), outline AS (
    SELECT ST_Affine(g.geom, p.unit_m, 0, 0, 111320,
                     -ST_X(p.point) * p.unit_m, -ST_Y(p.point) * 111320) AS geom
    FROM place p JOIN grid g ON g.id = p.grid_id
), extent AS (
    SELECT ST_Envelope(ST_Collect(ST_MakePoint(0, 0), ST_SetSRID(geom, 0))) AS box FROM outline
    UNION ALL
    SELECT ST_Expand(ST_MakePoint(0, 0), :radius_unknown) WHERE NOT EXISTS (SELECT FROM outline)
), frame AS (
    SELECT (ST_XMin(box) + ST_XMax(box)) / 2 AS east_m,
           (ST_YMin(box) + ST_YMax(box)) / 2 AS north_m,
           greatest(:radius_min, 0.525 * greatest(
               ST_YMax(box) - ST_YMin(box), (ST_XMax(box) - ST_XMin(box)) / 1.3)) AS radius_m
    FROM extent
), sight AS (
    SELECT f.*, ST_SetSRID(ST_MakeEnvelope(
        ST_X(p.point) + (f.east_m - 1.3 * f.radius_m) / p.unit_m,
        ST_Y(p.point) + (f.north_m - f.radius_m) / 111320,
        ST_X(p.point) + (f.east_m + 1.3 * f.radius_m) / p.unit_m,
        ST_Y(p.point) + (f.north_m + f.radius_m) / 111320), 4490) AS box
    FROM frame f, place p
), near AS (
    SELECT w.name, ST_Affine(ST_ClipByBox2D(w.geom, s.box), p.unit_m, 0, 0, 111320,
                             -ST_X(p.point) * p.unit_m, -ST_Y(p.point) * 111320) AS geom
    FROM place p, sight s, waterway w
    WHERE w.geom && s.box
)
SELECT NULL AS name, east_m, north_m, radius_m,
       (SELECT ST_AsSVG(ST_SimplifyPreserveTopology(geom, radius_m / 300), 0, 0)
        FROM outline) AS path
FROM frame
UNION ALL
SELECT name, east_m, north_m, radius_m, ST_AsSVG(ST_Simplify(geom, radius_m / 300), 0, 0)
FROM (SELECT name, geom FROM near WHERE NOT ST_IsEmpty(geom)
      ORDER BY ST_Length(geom) DESC, name LIMIT 60) AS longest, frame
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
        east_m=round(outline.east_m),
        south_m=-round(outline.north_m),
        radius_m=round(outline.radius_m),
        grid_path=outline.path or "",
        waterlines=tuple(
            Waterline(row.name, row.path) for row in rows if row.name is not None and row.path
        ),
    )
