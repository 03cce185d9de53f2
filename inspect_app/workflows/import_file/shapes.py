"""Raw geometries → stored ones: right kind, valid, of bearable size; and their measures."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import area_km2, length_m
from inspect_app.workflows.import_file.kinds import Form
from inspect_app.workflows.import_file.source import Shapes

# Judging a polygon costs up to the square of its vertices when it runs to and fro: 20,000 are
# judged in about a second at worst. Real county borders have some thousands.
VERTICES_MAX = 20_000
# A ring with more crossings than this is not a survey slip; mending it can take minutes.
CROSSINGS_MAX = 1000
REPAIR_AREA_CHANGE_MAX = 1e-4
_ZONE_DEG = 3.0
_POINTS = (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT)
_LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
_AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_ACCEPTED = {
    Form.POINT: _POINTS,
    Form.LINE: _LINES,
    Form.LINES: _LINES,
    Form.AREAS: _AREAS,
}

Reasons = NDArray[np.object_]


def settle(shapes: Shapes, form: Form) -> tuple[Shapes, Reasons, Reasons]:
    """Bring geometries to the stored form.

    Returns the geometries, the reasons of those refused and the reasons of those changed; "" where
    there is none. A missing geometry is left to the caller.
    """
    flat = shapely.force_2d(shapes)
    refused = np.full(len(flat), "", dtype=object)
    changed = np.full(len(flat), "", dtype=object)
    present = ~(shapely.is_missing(flat) | shapely.is_empty(flat))
    refused[~present] = "geometry_missing"
    wrong = present & ~np.isin(shapely.get_type_id(flat), _ACCEPTED[form])
    refused[wrong] = "geometry_kind"
    finite = np.isfinite(shapely.bounds(flat)).all(axis=1)
    refused[present & ~finite] = "coordinates_not_finite"
    huge = present & (form is Form.AREAS) & (shapely.get_num_coordinates(flat) > VERTICES_MAX)
    refused[huge] = "vertices_too_many"
    good = refused == ""
    settled = flat.copy()
    settled[~good] = None
    for place in np.flatnonzero(good):
        settled[place], refused[place], changed[place] = _one(flat[place], form)
    return settled, refused, changed


def _one(shape: shapely.Geometry, form: Form) -> tuple[shapely.Geometry | None, str, str]:
    if form is Form.POINT:
        return _single(shape, "geometry_kind")
    if form is Form.AREAS:
        return _areas(shape)
    if not shapely.is_valid(shape) or shape.length == 0:
        return None, "geometry_invalid", ""
    if form is Form.LINE:
        merged = shapely.line_merge(shape)
        return _single(merged, "geometry_kind")
    return shapely.multilinestrings(shapely.get_parts(shape)), "", ""


def _single(shape: shapely.Geometry, reason: str) -> tuple[shapely.Geometry | None, str, str]:
    parts = shapely.get_parts(shape)
    if len(parts) != 1:
        return None, reason, ""
    return parts[0], "", ""


def _areas(shape: shapely.Geometry) -> tuple[shapely.Geometry | None, str, str]:
    if shapely.is_valid(shape):
        return shapely.multipolygons(shapely.get_parts(shape)), "", ""
    mended = repaired(shape)
    if mended is None:
        return None, "geometry_invalid", ""
    return mended, "", "geometry_repaired"


def repaired(shape: shapely.Geometry) -> shapely.Geometry | None:
    """Return the valid multipolygon of an invalid one when its area stays the same, else None.

    Area is that of the rings as drawn; a change above a ten-thousandth means that the drawing has
    no certain meaning (a bow tie, an exchanged hole).
    """
    if _crossings(shape) > CROSSINGS_MAX:
        return None
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = shapely.get_parts(mended)
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    drawn = abs(float(shapely.area(shape)))
    if len(parts) == 0 or drawn == 0:
        return None
    whole = shapely.multipolygons(parts)
    if abs(float(whole.area) - drawn) > REPAIR_AREA_CHANGE_MAX * drawn:
        return None
    return whole


def _crossings(shape: shapely.Geometry) -> int:
    """Count the crossings of ring sides, which decide how long mending takes."""
    sides: list[Shapes] = []
    for polygon in shapely.get_parts(shape):
        for ring in shapely.get_rings(polygon):
            corners = shapely.get_coordinates(ring)
            pairs = np.stack([corners[:-1], corners[1:]], axis=1)
            sides.append(shapely.linestrings(pairs))
    lines = np.concatenate(sides)
    first, second = shapely.STRtree(lines).query(lines)
    apart = first < second - 1
    first, second = first[apart], second[apart]
    return int(shapely.crosses(lines[first], lines[second]).sum())


def measures(shapes: Shapes, form: Form) -> NDArray[np.float64]:
    """Return km² of areas and metres of lines, each in the metric zone of its own middle."""
    sizes = np.full(len(shapes), np.nan)
    present = np.flatnonzero(~shapely.is_missing(shapes))
    bounds = shapely.bounds(shapes[present])
    zones = np.round((bounds[:, 0] + bounds[:, 2]) / 2 / _ZONE_DEG)
    measure = area_km2 if form is Form.AREAS else length_m
    for zone in np.unique(zones):
        rows = present[zones == zone]
        sizes[rows] = measure(gpd.GeoSeries(shapes[rows], crs=4490)).to_numpy()
    return sizes
