"""GCJ-02 and BD-09: the published formulas, forward and inverse, on arrays."""

import numpy as np
from numpy.typing import NDArray

from gis.datum.reference import Shift

Floats = NDArray[np.float64]

# Krasovsky 1940, on which the published formula of GCJ-02 is written.
_AXIS_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323
# Outside this rectangle (the one all published implementations use) nothing is shifted.
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_ORIGIN_LON, _ORIGIN_LAT = 105.0, 35.0
_BAIDU_TURN = np.pi * 3000.0 / 180.0
_BAIDU_EAST, _BAIDU_NORTH = 0.0065, 0.006
# The inverse has no closed form. Each round gains about two digits, so a last step below 1e-10°
# (0.01 mm) takes five or six; the limit only guards against input that isn't a number.
_INVERSE_TOLERANCE_DEG = 1e-10
_INVERSE_ROUNDS = 30


def _inside_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)
    return inside


def _waves(value: Floats, slow: tuple[float, float]) -> Floats:
    """Return the slower sines, in metres; the two slowest differ between east and north."""
    turn = value * np.pi
    waves: Floats = 20 * np.sin(turn) + 40 * np.sin(turn / 3)
    return waves + slow[0] * np.sin(turn / 12) + slow[1] * np.sin(turn / 30)


def _gcj02_from_wgs84(lonlat: Floats) -> Floats:
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - _ORIGIN_LON, lat - _ORIGIN_LAT
    root = np.sqrt(np.abs(x))
    ripple = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east = east + ripple + _waves(x, (150.0, 300.0)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north = north + ripple + _waves(y, (160.0, 320.0)) * 2 / 3
    # Metres become degrees on the ellipsoid at this latitude.
    curve = 1 - _ECCENTRICITY_2 * np.sin(np.radians(lat)) ** 2
    prime_m = _AXIS_M / np.sqrt(curve) * np.cos(np.radians(lat))
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY_2) / curve**1.5
    return np.column_stack([lon + np.degrees(east / prime_m), lat + np.degrees(north / meridian_m)])


def _bd09_from_gcj02(lonlat: Floats) -> Floats:
    x, y = lonlat[:, 0], lonlat[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU_TURN)
    return np.column_stack(
        [radius * np.cos(angle) + _BAIDU_EAST, radius * np.sin(angle) + _BAIDU_NORTH]
    )


def _shifted(lonlat: Floats, shift: Shift) -> Floats:
    gcj02 = _gcj02_from_wgs84(lonlat)
    return _bd09_from_gcj02(gcj02) if shift is Shift.BD09 else gcj02


def _unshifted(lonlat: Floats, shift: Shift) -> Floats:
    guess = lonlat
    for _ in range(_INVERSE_ROUNDS):
        step = _shifted(guess, shift) - lonlat
        guess = guess - step
        if np.abs(step).max(initial=0.0) < _INVERSE_TOLERANCE_DEG:
            break
    return guess


def shift_in_china(lonlat: Floats, shift: Shift, *, inverse: bool) -> Floats:
    """Apply a shift where there is one; whether a point is inside is judged before the shift."""
    inside = _inside_china(lonlat[:, 0], lonlat[:, 1])
    moved = lonlat.copy()
    move = _unshifted if inverse else _shifted
    moved[inside] = move(lonlat[inside], shift)
    return moved
