"""Vector tiles of a layer: id and class only, cut and quantised by PostGIS."""

from math import atan, degrees, pi, sinh

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from inspect_app.queries.features.query import Bounds, FeatureQuery, rows_of, select_rows

EXTENT = 4096
MARGIN = 64
"""Units of the extent drawn beyond the edge, so that wide lines meet."""
ZOOM_MAX = 20


class TileInvalid(ValueError):
    """No such tile in the pyramid."""


def tile_bounds(z: int, x: int, y: int) -> Bounds:
    """Return the degrees a tile covers with its margin; raises TileInvalid.

    The spherical Mercator of the web; latitudes and longitudes are those of the ellipsoid.
    """
    if not (0 <= z <= ZOOM_MAX and 0 <= x < 2**z and 0 <= y < 2**z):
        message = f"no tile {z}/{x}/{y}"
        raise TileInvalid(message)
    margin = MARGIN / EXTENT
    return Bounds(
        west=max(_longitude(x - margin, z), -180.0),
        south=_latitude(y + 1 + margin, z),
        east=min(_longitude(x + 1 + margin, z), 180.0),
        north=_latitude(y - margin, z),
    )


def tile(session: Session, query: FeatureQuery, place: tuple[int, int, int]) -> bytes:
    """Return one vector tile (z, x, y) of a layer; an empty tile is no bytes.

    Rows are filtered in the storage system by the index, only the result is transformed.
    Raises TileInvalid.
    """
    narrow = query.within(tile_bounds(*place))
    rows = rows_of(narrow)
    geometry = func.ST_AsMVTGeom(
        func.ST_Transform(rows.c.geom, 3857), func.ST_TileEnvelope(*place), EXTENT, MARGIN, True
    )
    cut = select_rows(
        narrow,
        rows,
        rows.c.id,
        rows.c[query.layer.colour_by].label("class"),
        geometry.label("geom"),
    ).subquery("tile")
    encoded = session.scalar(
        select(
            func.ST_AsMVT(literal_column("tile"), query.layer.key, EXTENT, "geom", "id")
        ).select_from(cut)
    )
    return bytes(encoded or b"")


def _longitude(x: float, z: int) -> float:
    return float(x / 2**z * 360 - 180)


def _latitude(y: float, z: int) -> float:
    return degrees(atan(sinh(pi * (1 - 2 * y / 2**z))))
