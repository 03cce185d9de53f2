"""The ground of the county: its border, the main river and the mesh of small cells below all."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Voronoi

from inspect_app.demo.plane import (
    Flags,
    Floats,
    Noise,
    Places,
    Shapes,
    meandering,
    natural,
    normals,
    resampled,
    stream,
    within,
)

AREA_KM2 = 1500.0
CELL_M = 250.0
HALF_WIDTH_M, HALF_HEIGHT_M = 33_000.0, 27_000.0
BANK_M = 120.0
"""Cells are mirrored at this distance from the main river, so that borders can follow it."""
RIVER_AXIS = np.array(
    [
        [-33_000, -19_500],
        [-24_000, -13_000],
        [-15_500, -11_500],
        [-8_000, -5_000],
        [-500, -3_500],
        [6_500, 3_500],
        [12_500, 6_500],
        [18_500, 14_500],
        [31_000, 21_000],
    ],
    dtype=float,
)


@dataclass(frozen=True, slots=True)
class Mesh:
    """Small cells that cover the county; `edges` join neighbours, coordinates are metres."""

    xy: Floats
    edges: Places
    length_m: Floats
    cells: Shapes
    edge_numbers: dict[tuple[int, int], int]

    def graph(self, cost: Floats) -> csr_array:
        """Return the symmetric graph of neighbours with a cost an edge; infinite ones left out."""
        open_ = np.isfinite(cost)
        u, v = self.edges[open_].T
        size = len(self.xy)
        weights = np.concatenate([cost[open_], cost[open_]])
        return csr_array((weights, (np.r_[u, v], np.r_[v, u])), shape=(size, size))

    def crossing(self, lines: Shapes) -> Flags:
        """Return which edges cross one of the lines."""
        segments = shapely.linestrings(self.xy[self.edges])
        hits = shapely.STRtree(segments).query(shapely.segmentize(lines, 2_000), "intersects")[1]
        crossed = np.zeros(len(self.edges), dtype=bool)
        crossed[hits] = True
        return crossed


@dataclass(frozen=True, slots=True)
class Terrain:
    """The county's ground before people came: mesh, border and the axis of the main river."""

    mesh: Mesh
    border: shapely.Polygon
    river: Floats
    left: Flags
    """Which cells lie on the left (irrigated) bank."""


def make_terrain(seed: int) -> Terrain:
    """Draw the border, the main river and the mesh."""
    rng = stream(seed, "terrain")
    axis = RIVER_AXIS + rng.normal(0, 700, RIVER_AXIS.shape)
    river = meandering(natural(axis, tolerance_m=1), rng, swing_m=1_050, wave_m=5_200)
    river = natural(meandering(river, rng, swing_m=190, wave_m=1_500), tolerance_m=8)
    points = _points(rng, river)
    mesh = _mesh(points, _outline(rng))
    border = shapely.coverage_union_all(mesh.cells)
    line = shapely.intersection(shapely.linestrings(river), border)
    whole = max(shapely.get_parts(line), key=lambda part: part.length)
    return Terrain(mesh, border, shapely.get_coordinates(whole), _left_of(mesh.xy, river))


def _points(rng: np.random.Generator, river: Floats) -> Floats:
    columns = np.arange(-HALF_WIDTH_M, HALF_WIDTH_M, CELL_M)
    rows = np.arange(-HALF_HEIGHT_M, HALF_HEIGHT_M, CELL_M)
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    points = np.column_stack([x, y]) + rng.uniform(-0.42, 0.42, (x.size, 2)) * CELL_M
    path = resampled(river, step_m=190)
    banks = np.vstack([path + normals(path) * BANK_M, path - normals(path) * BANK_M])
    far = ~within(points, shapely.linestrings(river), BANK_M * 1.9)
    return np.vstack([points[far], banks])


def _outline(rng: np.random.Generator) -> shapely.Polygon:
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    radius = np.ones(angles.size)
    for wave in range(2, 26):
        amplitude = 0.21 / wave**1.05
        radius += amplitude * rng.uniform(0.4, 1) * np.cos(wave * angles + rng.uniform(0, 7))
    ring = radius[:, None] * np.column_stack([1.16 * np.cos(angles), 0.92 * np.sin(angles)])
    tilt = np.array([[0.96, 0.28], [-0.28, 0.96]])
    ring = ring @ tilt * 22_000
    shift = Noise.draw(rng, wavelength_m=7_000)
    ring = ring + np.column_stack([shift.at(ring), shift.at(ring[:, ::-1] + 5e4)]) * 900
    blob = max(shapely.get_parts(shapely.make_valid(shapely.polygons(ring))), key=shapely.area)
    factor = np.sqrt(AREA_KM2 * 1e6 / blob.area)
    middle = shapely.get_coordinates(blob.centroid)[0]
    return shapely.transform(blob, lambda xy: (xy - middle) * factor)


def _mesh(points: Floats, outline: shapely.Polygon) -> Mesh:
    shapely.prepare(outline)
    inside = shapely.contains_properly(outline, shapely.points(points))
    diagram = Voronoi(points)
    ridges = diagram.ridge_points
    both = inside[ridges].all(axis=1)
    pairs = csr_array(
        (np.ones(both.sum()), (ridges[both, 0], ridges[both, 1])), shape=(len(points), len(points))
    )
    _, label = connected_components(pairs, directed=False)
    main = np.bincount(label[inside]).argmax()
    kept = inside & (label == main)
    number = np.cumsum(kept) - 1
    edges = number[ridges[kept[ridges].all(axis=1)]]
    edges = edges[np.lexsort((edges.max(axis=1), edges.min(axis=1)))]
    xy = points[kept]
    cells = [
        shapely.Polygon(diagram.vertices[diagram.regions[region]])
        for region in diagram.point_region[kept]
    ]
    length = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
    numbers = {(u, v): n for n, (u, v) in enumerate(np.sort(edges, axis=1).tolist())}
    return Mesh(xy, edges, length, np.array(cells, dtype=object), numbers)


def _left_of(xy: Floats, river: Floats) -> Flags:
    closed = np.vstack([river, [river[-1, 0], 4e5], [river[0, 0], 4e5]])
    area = shapely.make_valid(shapely.polygons(closed))
    shapely.prepare(area)
    return np.asarray(shapely.intersects(area, shapely.points(xy)))


def grown(mesh: Mesh, cost: Floats, seeds: Places) -> Places:
    """Return for each cell the position in `seeds` of the seed it is cheapest to reach from."""
    _, _, origin = dijkstra(
        mesh.graph(cost), directed=True, indices=seeds, min_only=True, return_predecessors=True
    )
    place = np.full(len(mesh.xy) + 1, -1)
    place[seeds] = np.arange(len(seeds))
    return np.asarray(place[origin])


def spread(
    xy: Floats, count: int, *, rng: np.random.Generator, weight: Floats | None = None
) -> Places:
    """Return `count` places far from each other (farthest-point choice among random candidates)."""
    chance = None if weight is None else weight / weight.sum()
    pool = rng.choice(len(xy), min(len(xy), count * 12), replace=False, p=chance)
    chosen = [int(pool[0])]
    distance = np.hypot(*(xy[pool] - xy[pool[0]]).T)
    while len(chosen) < min(count, len(pool)):
        best = int(distance.argmax())
        chosen.append(int(pool[best]))
        distance = np.minimum(distance, np.hypot(*(xy[pool] - xy[pool[best]]).T))
    return np.array(chosen)
