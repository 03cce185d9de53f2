"""Coordinates in rows of tables: each row is located, or rejected with a reason."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.datum.convert import to_storage_geometries
from gis.datum.degrees import NotDegrees, parse_dms
from gis.datum.reference import SourceReference
from gis.datum.shift import Floats
from gis.rejection import Rejection

Flags = NDArray[np.bool_]

MISSING = "coordinates_missing"
NOT_A_NUMBER = "coordinates_not_a_number"
NOT_FINITE = "coordinates_not_finite"
ZERO = "coordinates_zero"
SWAPPED = "coordinates_swapped"
PROJECTED = "coordinates_projected"
GEOGRAPHIC = "coordinates_geographic"
OUT_OF_RANGE = "coordinates_out_of_range"

_LON_LIMIT, _LAT_LIMIT = 180.0, 90.0
# China's extent, with its waters, in whole degrees: no latitude here is a longitude here.
_CHINA = (72.0, 3.0, 136.0, 55.0)
# Beyond the area of use of a projected system the zone or the axes are wrong; 3° are forgiven,
# because a neighbouring zone is commonly used up to a county's border.
_FORGIVEN_DEG = 3.0


@dataclass(frozen=True, slots=True)
class Located:
    """A point in storage coordinates with what the source said.

    Parameters
    ----------
    lon, lat
        Degrees in EPSG:4490.
    lon_raw, lat_raw
        The texts of the source.
    reference
        Canonical text of the declared reference.
    """

    lon: float
    lat: float
    lon_raw: str
    lat_raw: str
    reference: str


def locate(
    lon_raw: object, lat_raw: object, reference: SourceReference, *, row: int = 1
) -> Located | Rejection:
    """Locate one pair of raw values; see `locate_rows` for the rules.

    For projected references ``lon_raw`` is the easting and ``lat_raw`` the northing.
    """
    pair = pd.DataFrame({"lon": [lon_raw], "lat": [lat_raw]}, dtype=object)
    places, rejections = locate_rows(pair, "lon", "lat", reference=reference)
    if rejections:
        return Rejection(row, rejections[0].reason, rejections[0].facts)
    place = places.iloc[0]
    return Located(place.x, place.y, str(lon_raw), str(lat_raw), reference.text)


def locate_rows(
    rows: pd.DataFrame, lon: str, lat: str, *, reference: SourceReference
) -> tuple[gpd.GeoSeries, list[Rejection]]:
    """Locate the rows of a table.

    Parameters
    ----------
    rows
        The table; values may be numbers or texts, decimal or with minutes and seconds.
    lon, lat
        Names of its columns: longitude and latitude, or easting and northing.
    reference
        What the source declares.

    Returns
    -------
    Points in EPSG:4490 of the accepted rows, with their index, and the rejections in order.

    Notes
    -----
    The first reason that holds is given: missing · not a number · not finite · 0/0 · swapped ·
    projected values under a geographic declaration (or degrees under a projected one) · out of
    range. A swap is certain when the exchanged pair lies in China and the given one can't: nothing
    is exchanged silently. About 300,000 numeric rows a second.
    """
    x, x_reason = _numbers(rows[lon])
    y, y_reason = _numbers(rows[lat])
    reason = np.where(x_reason != "", x_reason, y_reason).astype(object)
    readable = reason == ""
    reason[readable] = _faults(x[readable], y[readable], reference)
    accepted = reason == ""
    raw = shapely.points(x[accepted], y[accepted])
    places = to_storage_geometries(gpd.GeoSeries(raw, index=rows.index[accepted]), reference)
    raws = rows[[lon, lat]]
    rejections = [
        Rejection(int(place) + 1, str(reason[place]), _facts(raws.iloc[place], reference))
        for place in np.flatnonzero(~accepted)
    ]
    return places, rejections


def _facts(pair: pd.Series, reference: SourceReference) -> dict[str, str]:
    lon_raw, lat_raw = pair
    return {"lon": _shown(lon_raw), "lat": _shown(lat_raw), "reference": reference.text}


def _shown(raw: object) -> str:
    return "" if _is_blank(raw) else str(raw)


def _is_blank(raw: object) -> bool:
    if isinstance(raw, str):
        return not raw.strip()
    return raw is None or raw is pd.NA or (isinstance(raw, float) and math.isnan(raw))


def _numbers(values: pd.Series) -> tuple[Floats, NDArray[np.object_]]:
    """Return numbers and, for each value that isn't one, the reason."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    numbers = numbers.copy()
    reasons = np.full(len(values), "", dtype=object)
    for place in np.flatnonzero(np.isnan(numbers)):
        numbers[place], reasons[place] = _number(values.iloc[place])
    reasons[np.isinf(numbers)] = NOT_FINITE
    return numbers, reasons


def _number(raw: object) -> tuple[float, str]:
    if _is_blank(raw):
        return math.nan, MISSING
    text = str(raw).strip()
    if text.casefold() in {"nan", "-nan", "+nan"}:
        return math.nan, NOT_FINITE
    try:
        return parse_dms(text), ""
    except NotDegrees:
        return math.nan, NOT_A_NUMBER


def _faults(x: Floats, y: Floats, reference: SourceReference) -> NDArray[np.object_]:
    judge = _projected_faults if reference.is_projected else _geographic_faults
    zero = (x == 0) & (y == 0)
    tests = [(zero, ZERO), *judge(x, y, reference)]
    faults = np.select([flags for flags, _ in tests], [code for _, code in tests], default="")
    return faults.astype(object)


_Tests = list[tuple[Flags, str]]


def _geographic_faults(x: Floats, y: Floats, _reference: SourceReference) -> _Tests:
    possible = (np.abs(x) <= _LON_LIMIT) & (np.abs(y) <= _LAT_LIMIT)
    # 73 to 90 is a latitude too, so western China swapped looks like the Arctic Ocean.
    swapped = _in_china(y, x) & ~_in_china(x, y) & (~possible | (y > _CHINA[0]))
    metres = (np.abs(x) > 2 * _LON_LIMIT) | (np.abs(y) > 2 * _LON_LIMIT)
    return [(swapped, SWAPPED), (metres, PROJECTED), (~possible, OUT_OF_RANGE)]


def _in_china(lon: Floats, lat: Floats) -> Flags:
    west, south, east, north = _CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _projected_faults(x: Floats, y: Floats, reference: SourceReference) -> _Tests:
    degrees = (np.abs(x) <= _LON_LIMIT) & (np.abs(y) <= _LON_LIMIT)
    in_use = _in_area_of_use(reference)
    inside = in_use(x, y)
    swapped = ~inside & in_use(y, x)
    return [(degrees, GEOGRAPHIC), (swapped, SWAPPED), (~inside, OUT_OF_RANGE)]


def _in_area_of_use(reference: SourceReference) -> Callable[[Floats, Floats], Flags]:
    area = reference.crs.area_of_use
    bounds = (-_LON_LIMIT, -_LAT_LIMIT, _LON_LIMIT, _LAT_LIMIT)
    if area is not None:
        bounds = (area.west, area.south, area.east, area.north)
    west, south, east, north = bounds

    def inside(x: Floats, y: Floats) -> Flags:
        raw = gpd.GeoSeries(shapely.points(x, y))
        places = to_storage_geometries(raw, reference)
        lon, lat = places.x.to_numpy(), places.y.to_numpy()
        across = (lon >= west - _FORGIVEN_DEG) & (lon <= east + _FORGIVEN_DEG)
        within: Flags = across & (lat >= south - _FORGIVEN_DEG) & (lat <= north + _FORGIVEN_DEG)
        return within

    return inside
