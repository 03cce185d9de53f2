"""The metric plane the county is drawn in, its noise, its curves, and the way to EPSG:4490."""

import zlib
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Shapes = NDArray[np.object_]
Flags = NDArray[np.bool_]

METRIC = "EPSG:4544"
"""CGCS2000 / 3-degree Gauss-Krüger, central meridian 105° E: the zone of the county."""
MIDDLE = (106.42, 38.31)
DECIMALS = 7
"""Digits kept of a degree: one centimetre."""

_TO_STORAGE = Transformer.from_crs(METRIC, "EPSG:4490", always_xy=True)
_TO_METRES = Transformer.from_crs("EPSG:4490", METRIC, always_xy=True)
_ORIGIN = _TO_METRES.transform(*MIDDLE)


def stream(seed: int, theme: str) -> np.random.Generator:
    """Return the random stream of a theme: a change in one theme leaves the others as they are."""
    return np.random.default_rng([seed, zlib.crc32(theme.encode())])


def to_lonlat(xy: Floats) -> Floats:
    """Return degrees (east, north) of metres from the middle of the county, shape (n, 2)."""
    east, north = xy[:, 0] + _ORIGIN[0], xy[:, 1] + _ORIGIN[1]
    lon, lat = _TO_STORAGE.transform(east, north)
    return np.round(np.column_stack([lon, lat]), DECIMALS)


def to_metres(lonlat: Floats) -> Floats:
    """Return metres from the middle of the county of degrees (east, north), shape (n, 2)."""
    east, north = _TO_METRES.transform(lonlat[:, 0], lonlat[:, 1])
    return np.column_stack([east - _ORIGIN[0], north - _ORIGIN[1]])


def to_storage(shapes: Shapes) -> Shapes:
    """Return the shapes in EPSG:4490; equal vertices stay equal, so that tilings stay exact."""
    return np.asarray(shapely.transform(shapes, to_lonlat), dtype=object)


def within(xy: Floats, line: shapely.LineString, distance_m: float) -> Flags:
    """Return which places lie within a distance of a line; the line is searched piece by piece."""
    coords = shapely.get_coordinates(line)
    pieces = shapely.linestrings(np.stack([coords[:-1], coords[1:]], axis=1))
    points = shapely.points(xy)
    near = shapely.STRtree(pieces).query(points, predicate="dwithin", distance=distance_m)[0]
    flags = np.zeros(len(xy), dtype=bool)
    flags[near] = True
    return flags


@dataclass(frozen=True, slots=True)
class Noise:
    """A smooth random field: a sum of waves; values are about -1 to 1."""

    waves: Floats
    phases: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, *, wavelength_m: float, count: int = 24) -> "Noise":
        """Draw a field whose features are about `wavelength_m` wide."""
        lengths = wavelength_m * rng.uniform(0.5, 2.0, count)
        angles = rng.uniform(0, 2 * np.pi, count)
        waves = 2 * np.pi / lengths * np.array([np.cos(angles), np.sin(angles)])
        return cls(waves, rng.uniform(0, 2 * np.pi, count))

    def at(self, xy: Floats) -> Floats:
        """Return the field at points (n, 2)."""
        values = np.sin(xy @ self.waves + self.phases).sum(axis=1)
        return np.asarray(values / np.sqrt(self.phases.size / 2) / 1.5)


def rounded(xy: Floats, *, passes: int = 3) -> Floats:
    """Return the path with its corners cut (Chaikin); both ends stay."""
    for _ in range(passes):
        if len(xy) < 3:
            return xy
        near = 0.75 * xy[:-1] + 0.25 * xy[1:]
        far = 0.25 * xy[:-1] + 0.75 * xy[1:]
        inner = np.stack([near, far], axis=1).reshape(-1, 2)
        xy = np.vstack([xy[:1], inner[1:-1], xy[-1:]])
    return xy


def natural(xy: Floats, *, tolerance_m: float) -> Floats:
    """Return the path without its small zigzag, with rounded corners."""
    plain = shapely.get_coordinates(shapely.simplify(shapely.linestrings(xy), tolerance_m))
    curve = shapely.simplify(shapely.linestrings(rounded(plain)), tolerance_m / 40)
    return np.asarray(shapely.get_coordinates(curve))


def resampled(xy: Floats, *, step_m: float) -> Floats:
    """Return points every `step_m` along the path, both ends included."""
    line = shapely.linestrings(xy)
    count = max(2, int(np.ceil(line.length / step_m)) + 1)
    points = shapely.line_interpolate_point(line, np.linspace(0, line.length, count))
    return np.asarray(shapely.get_coordinates(points))


def normals(xy: Floats) -> Floats:
    """Return unit vectors to the left of a path at each of its points."""
    along = np.gradient(xy, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    return np.column_stack([-along[:, 1], along[:, 0]])


def meandering(xy: Floats, rng: np.random.Generator, *, swing_m: float, wave_m: float) -> Floats:
    """Return the path swung from side to side; both ends stay."""
    path = resampled(xy, step_m=wave_m / 10)
    along = np.arange(len(path)) * wave_m / 10
    length = along[-1]
    swing = np.zeros(len(path))
    for share in (1.0, 0.63, 0.31):
        phase = 2 * np.pi * along / (wave_m * share) + 1.3 * np.sin(along / (wave_m * 2.7))
        swing += share * np.sin(phase + rng.uniform(0, 2 * np.pi))
    calm = np.clip(np.minimum(along, length - along) / wave_m, 0, 1)
    return np.asarray(path + normals(path) * (swing * calm * swing_m / 1.5)[:, None])
