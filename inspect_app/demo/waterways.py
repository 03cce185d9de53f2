"""Rivers as the ground drains, and the irrigation canals people dug."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from inspect_app.demo import names
from inspect_app.demo.plane import Floats, Places, meandering, natural, normals, resampled, stream
from inspect_app.demo.terrain import Terrain

CHANNEL_KM2 = 9.0
"""A brook shows on the map from this catchment on."""
BRANCH_KM2 = 70.0
BROOK_MIN_M = 2_500.0
BRANCH_EVERY_M = 3_900.0
LATERAL_EVERY_M = 1_900.0


@dataclass(frozen=True, slots=True)
class Stream:
    """A waterway in metres, digitised downstream; `parent` is the position of what feeds it.

    `into` is the position of the waterway it flows into, -1 where it ends in the fields or leaves
    the county.
    """

    name: str
    kind: str
    level: str
    xy: Floats
    into: int
    parent: int = -1

    @property
    def line(self) -> shapely.LineString:
        """The centre-line."""
        return shapely.LineString(self.xy)


def make_waterways(seed: int, terrain: Terrain) -> list[Stream]:
    """Return all waterways, the main river first; `into` and `parent` point into this list."""
    rng = stream(seed, "waterways")
    main = Stream(names.MAIN_RIVER, "river", "main", terrain.river, -1)
    waterways = [main]
    waterways.extend(_brooks(rng, terrain))
    canal = _main_canal(rng, terrain, first=len(waterways))
    waterways.append(canal)
    _dig_branches(rng, terrain, waterways)
    return waterways


def _brooks(rng: np.random.Generator, terrain: Terrain) -> Iterator[Stream]:
    """Yield the brooks of the right bank: the cheapest ways down to the river, as a tree."""
    mesh = terrain.mesh
    rough = rng.lognormal(0, 0.8, len(mesh.edges))
    right = ~terrain.left
    cost = np.where(right[mesh.edges].all(axis=1), mesh.length_m * rough, np.inf)
    river = shapely.linestrings(terrain.river)
    shapely.prepare(river)
    banks = np.flatnonzero(right & shapely.dwithin(shapely.points(mesh.xy), river, 320))
    distance, before, _ = dijkstra(
        mesh.graph(cost), indices=banks, min_only=True, return_predecessors=True
    )
    area = _catchments(distance, before, shapely.area(mesh.cells) / 1e6)
    yield from _stems(rng, terrain, before=before, area=area)


def _catchments(distance: Floats, before: Places, cell_km2: Floats) -> Floats:
    area = np.where(np.isfinite(distance), cell_km2, 0.0)
    for cell in np.argsort(-distance, kind="stable"):
        if np.isfinite(distance[cell]) and before[cell] >= 0:
            area[before[cell]] += area[cell]
    return area


def _stems(
    rng: np.random.Generator, terrain: Terrain, *, before: Places, area: Floats
) -> Iterator[Stream]:
    above: dict[int, list[int]] = {}
    for cell in np.flatnonzero((area > CHANNEL_KM2) & (before >= 0)):
        above.setdefault(int(before[cell]), []).append(int(cell))
    mouths = [cell for cell in above if before[cell] < 0]
    # Each waiting stem: its lowest cell, the cell it joins (-1: the main river), its parent.
    waiting = [(cell, -1, 0) for cell in sorted(mouths, key=lambda cell: -area[cell])]
    lines = [terrain.river]
    title = names.rivers()
    while waiting:
        cell, joint, parent = waiting.pop(0)
        path = [cell]
        side: list[tuple[int, int]] = []
        while above.get(path[-1]):
            best, *others = sorted(above[path[-1]], key=lambda child: -area[child])
            side += [(other, path[-1]) for other in others]
            path.append(best)
        ends = terrain.mesh.xy[[joint, *path] if joint >= 0 else path][::-1]
        xy = _joined(_brook_path(rng, ends), lines[parent])
        if shapely.linestrings(xy).length < BROOK_MIN_M:
            continue
        level = "branch" if area[cell] > BRANCH_KM2 else "lateral"
        yield Stream(next(title)[level == "lateral"], "river", level, xy, parent)
        waiting += [(other, below, len(lines)) for other, below in side]
        lines.append(xy)


def _brook_path(rng: np.random.Generator, xy: Floats) -> Floats:
    if len(xy) < 3:
        return xy
    calm = natural(xy, tolerance_m=150)
    return natural(meandering(calm, rng, swing_m=90, wave_m=900), tolerance_m=6)


def _joined(xy: Floats, lower: Floats) -> Floats:
    """Return the path led to the nearest vertex of the waterway below it."""
    gap = np.hypot(*(lower - xy[-1]).T)
    tail = xy[:-1] if len(xy) > 2 and gap.min() < 150 else xy
    return np.vstack([tail, lower[gap.argmin()]])


def _main_canal(rng: np.random.Generator, terrain: Terrain, *, first: int) -> Stream:
    """Return the main canal: off the river near its entry, then round the foot of the plain."""
    del first
    inner = terrain.border.buffer(-2_600)
    river = terrain.river
    start = int(np.searchsorted(_along(river), 4_500))
    ring = shapely.get_coordinates(max(shapely.get_parts(inner), key=shapely.area).exterior)
    ring = resampled(ring, step_m=900)
    axis = shapely.linestrings(river)
    shapely.prepare(axis)
    side = np.array([_left(point, river) for point in ring])
    high = side & ~shapely.dwithin(shapely.points(ring), axis, 2_400)
    order = _run(high)
    foot = ring[order]
    if np.hypot(*(foot[0] - river[start])) > np.hypot(*(foot[-1] - river[start])):
        foot = foot[::-1]
    foot = foot[: int(len(foot) * 0.86)]
    path = natural(np.vstack([river[start], foot]), tolerance_m=700)
    path = meandering(path, rng, swing_m=70, wave_m=4_000)
    return Stream(names.MAIN_CANAL, "canal", "main", natural(path, tolerance_m=6), -1, 0)


def _along(xy: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])


def _left(point: Floats, river: Floats) -> bool:
    near = int(np.argmin(np.hypot(*(river - point).T)).clip(1, len(river) - 2))
    along = river[near + 1] - river[near - 1]
    to_point = point - river[near]
    return bool(along[0] * to_point[1] - along[1] * to_point[0] > 0)


def _run(flags: np.ndarray) -> Places:
    """Return the positions of the longest run of true values on a ring."""
    size = len(flags)
    best: list[int] = []
    run: list[int] = []
    for position in range(2 * size):
        if not flags[position % size]:
            run = []
            continue
        run.append(position % size)
        if len(best) < len(run) <= size:
            best = list(run)
    return np.array(best)


def _dig_branches(rng: np.random.Generator, terrain: Terrain, waterways: list[Stream]) -> None:
    """Append the branch canals (from the main canal to the river) and their laterals."""
    main = len(waterways) - 1
    canal, river = waterways[main].xy, terrain.river
    along = _along(canal)
    title = names.branch_canals()
    inside = terrain.border.buffer(-350)
    taken: list[shapely.LineString] = []
    axis = shapely.linestrings(river)
    for mark in np.arange(2_800, along[-1] - 300, BRANCH_EVERY_M):
        start = int(np.searchsorted(along, mark + rng.uniform(-600, 600)).clip(1, len(canal) - 1))
        path = _branch_path(rng, canal, river, start=start)
        line = shapely.linestrings(path)
        clear = all(not line.dwithin(other, 1_000) for other in taken)
        if line.length < 3_500 or not clear or not inside.covers(line):
            continue
        if shapely.get_num_geometries(shapely.intersection(line, axis)) > 1:
            continue
        taken.append(line)
        branch = len(waterways)
        name = next(title)
        waterways.append(Stream(name, "canal", "branch", path, 0, main))
        obstacles = shapely.union_all([waterways[main].line, axis])
        for lateral in _laterals(rng, path, obstacles):
            number = len(waterways) - branch
            level = f"{name}第{number}支渠"
            if inside.covers(shapely.linestrings(lateral)):
                waterways.append(Stream(level, "canal", "lateral", lateral, -1, branch))


def _branch_path(
    rng: np.random.Generator, canal: Floats, river: Floats, *, start: int
) -> Floats:
    """Return a branch: down the slope from the canal, bending with its neighbours to the river."""
    here = canal[start]
    slope = -normals(canal)[start]
    span = river[np.argmin(np.hypot(*(river - here).T))] - here
    reach = np.hypot(*span)
    blend = 0.45 * slope + 0.55 * span / reach + np.array([0.25, 0.0])
    target = here + blend / np.hypot(*blend) * reach * 1.05
    mouth = int(np.argmin(np.hypot(*(river - target).T)))
    knee = here + slope * reach * 0.35 + rng.normal(0, 150, 2)
    path = natural(np.array([here, knee, 0.5 * (knee + river[mouth]), river[mouth]]), tolerance_m=1)
    path = meandering(path, rng, swing_m=60, wave_m=3_500)
    path = natural(path, tolerance_m=5)
    path[0], path[-1] = here, river[mouth]
    return path


def _laterals(
    rng: np.random.Generator, branch: Floats, obstacles: shapely.Geometry
) -> Iterator[Floats]:
    """Yield laterals left and right of a branch; they end in the fields."""
    along = _along(branch)
    left = normals(branch)
    side = 1
    for mark in np.arange(1_400, along[-1] - 1_500, LATERAL_EVERY_M / 2):
        start = int(np.searchsorted(along, mark).clip(1, len(branch) - 2))
        side = -side
        forward = branch[min(start + 2, len(branch) - 1)] - branch[start]
        forward = forward / max(np.hypot(*forward), 1.0)
        heading = side * left[start] + 0.35 * forward
        heading /= np.hypot(*heading)
        reach = rng.uniform(1_000, 1_750)
        bend = rng.normal(0, 60, 2)
        path = np.array(
            [branch[start], branch[start] + heading * reach / 2 + bend, branch[start] + heading * reach]
        )
        path = natural(path, tolerance_m=1)
        if not obstacles.dwithin(shapely.linestrings(path[1:]), 250):
            yield path
