"""The finished ground: terrain, waterways, grids and roads together, with look-ups on them."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import shapely

from inspect_app.demo.grids import Grids, Settlement, make_grids
from inspect_app.demo.plane import Floats, Places, Shapes, to_lonlat, to_storage, within
from inspect_app.demo.roads import RoadLine, make_roads
from inspect_app.demo.terrain import Terrain, make_terrain
from inspect_app.demo.waterways import Stream, make_waterways

BORDER_STRIP_M = 400.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the themes stand on; coordinates are metres in the county's plane."""

    terrain: Terrain
    waterways: list[Stream]
    grids: Grids
    roads: list[RoadLine]
    inner: Floats
    """Middles of cells that are not at the county's border."""

    @property
    def towns(self) -> list[Settlement]:
        """The towns, the county seat first."""
        return [place for place in self.grids.settlements if place.town]

    @property
    def villages(self) -> list[Settlement]:
        """The villages that are not towns."""
        return [place for place in self.grids.settlements if not place.town]

    def near(
        self, rng: np.random.Generator, x: float, y: float, *, radius_m: tuple[float, float]
    ) -> tuple[float, float]:
        """Return a random place between two distances from (x, y), inside the county."""
        distance = np.hypot(self.inner[:, 0] - x, self.inner[:, 1] - y)
        choice = np.flatnonzero((distance >= radius_m[0]) & (distance <= radius_m[1]))
        if not choice.size:
            choice = np.argsort(distance)[:5]
        cell = self.inner[rng.choice(choice)] + rng.uniform(-110, 110, 2)
        return float(cell[0]), float(cell[1])


def make_ground(seed: int, *, today: date) -> Ground:
    """Draw the ground of the county."""
    terrain = make_terrain(seed)
    waterways = make_waterways(seed, terrain)
    grids = make_grids(seed, terrain, waterways, today=today)
    roads = make_roads(seed, terrain, waterways, settlements=grids.settlements)
    edge = within(terrain.mesh.xy, terrain.border.exterior, BORDER_STRIP_M)
    return Ground(terrain, waterways, grids, roads, terrain.mesh.xy[~edge])


def stored_points(xy: Floats) -> Shapes:
    """Return points in EPSG:4490 of metres (n, 2); rows of NaN become None."""
    xy = np.asarray(xy, dtype=float).reshape(-1, 2)
    points = np.full(len(xy), None, dtype=object)
    known = np.isfinite(xy).all(axis=1)
    if known.any():
        points[known] = shapely.points(to_lonlat(xy[known]))
    return points


def waterway_frames(ground: Ground) -> dict[str, pd.DataFrame]:
    """Return waterways, their patrol segments and the segments' shares of unit grids."""
    ways = ground.waterways
    lines = np.array([way.line for way in ways], dtype=object)
    rivers = 0
    codes = []
    for number, way in enumerate(ways, start=1):
        rivers += way.kind == "river"
        codes.append(f"{'R' if way.kind == 'river' else 'C'}{number:04d}")
    waterway = pd.DataFrame(
        {
            "id": range(1, len(ways) + 1),
            "code": codes,
            "name": [way.name for way in ways],
            "kind": [way.kind for way in ways],
            "level": [way.level for way in ways],
            "flow_direction": "digitised",
            "flows_into_id": pd.array([way.into + 1 or None for way in ways], dtype="Int64"),
            "length_m": np.round(shapely.length(lines), 1),
            "geom": shapely.multilinestrings(to_storage(lines)[:, None]),
        }
    )
    segment, metric = _segments(ways)
    shares = _shares(ground.grids, metric, key="segment_id", measure=shapely.length)
    main = shares.sort_values(["segment_id", "share"], ascending=[True, False], kind="stable")
    main = main.drop_duplicates("segment_id").set_index("segment_id").grid_id
    segment.insert(2, "grid_id", segment.id.map(main))
    return {"waterway": waterway, "patrol_segment": segment, "segment_grid": shares}


def _segments(ways: list[Stream]) -> tuple[pd.DataFrame, Shapes]:
    rows: list[dict[str, object]] = []
    metric: list[shapely.Geometry] = []
    for number, way in enumerate(ways, start=1):
        pieces = max(1, round(way.line.length / 2_000))
        marks = np.linspace(0, way.line.length, pieces + 1)
        for place in range(pieces):
            piece = shapely.ops.substring(way.line, marks[place], marks[place + 1])
            metric.append(piece)
            rows.append(
                {
                    "id": len(rows) + 1,
                    "waterway_id": number,
                    "code": f"{number:04d}-{place + 1:02d}",
                    "name": f"{way.name}第{place + 1}段" if pieces > 1 else f"{way.name}全段",
                    "length_m": round(piece.length, 1),
                }
            )
    shapes = np.array(metric, dtype=object)
    return pd.DataFrame(rows).assign(geom=to_storage(shapes)), shapes


def _shares(grids: Grids, shapes: Shapes, *, key: str, measure: np.ufunc) -> pd.DataFrame:
    """Return the shares of metric shapes in the unit grids of today; ids count from 1."""
    frame = grids.frame
    current = np.flatnonzero((frame.depth == 4) & frame.valid_to.isna())
    tree = shapely.STRtree(grids.metric[current])
    shape, unit = tree.query(shapes, predicate="intersects")
    size = measure(shapely.intersection(shapes[shape], grids.metric[current[unit]]))
    total = np.bincount(shape, weights=size, minlength=len(shapes))
    shares = pd.DataFrame(
        {
            key: shape + 1,
            "grid_id": frame.id.to_numpy()[current[unit]],
            "share": np.round(size / total[shape], 4),
        }
    )
    shares = shares[shares.share >= 0.005].sort_values([key, "grid_id"])
    return shares.reset_index(drop=True)


def zone_shares(grids: Grids, zones: Shapes) -> pd.DataFrame:
    """Return the shares of zones (metres) in the unit grids of today."""
    return _shares(grids, zones, key="zone_id", measure=shapely.area)


def road_frame(ground: Ground) -> pd.DataFrame:
    """Return the roads."""
    lines = np.array([shapely.LineString(road.xy) for road in ground.roads], dtype=object)
    return pd.DataFrame(
        {
            "id": range(1, len(lines) + 1),
            "name": [road.name for road in ground.roads],
            "road_class": [road.road_class for road in ground.roads],
            "oneway": False,
            "closed": False,
            "length_m": np.round(shapely.length(lines), 1),
            "geom": shapely.multilinestrings(to_storage(lines)[:, None]),
        }
    )


def nearest(points: Floats, places: Floats) -> Places:
    """Return for each point the position of the nearest place."""
    tree = shapely.STRtree(shapely.points(places))
    return np.asarray(tree.nearest(shapely.points(points)))
