"""Roads: county roads between towns, village roads to them; one connected network."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

from inspect_app.demo.grids import Settlement
from inspect_app.demo.plane import Floats, Flags, Noise, Places, natural, stream
from inspect_app.demo.terrain import Terrain
from inspect_app.demo.waterways import Stream

REUSE = 0.35
"""Driving along a road that is there costs this share of building a new one."""


@dataclass(frozen=True, slots=True)
class RoadLine:
    """A road in metres between two junctions."""

    name: str
    road_class: str
    xy: Floats


def make_roads(
    seed: int, terrain: Terrain, waterways: list[Stream], settlements: list[Settlement]
) -> list[RoadLine]:
    """Return the roads; equal end vertices make the junctions."""
    rng = stream(seed, "roads")
    mesh = terrain.mesh
    slow = np.exp(0.3 * Noise.draw(rng, wavelength_m=4_000).at(mesh.xy[mesh.edges].mean(axis=1)))
    cost = mesh.length_m * slow
    for level, factor in (("main", 14.0), ("branch", 2.0)):
        lines = np.array([way.line for way in waterways if way.level == level], dtype=object)
        cost = np.where(mesh.crossing(lines), cost * factor, cost)
    built = np.zeros(len(mesh.edges), dtype=np.int64)
    places = np.array([_nearest(mesh.xy, place) for place in settlements])
    town = np.array([place.town for place in settlements])
    for u, v in _town_pairs(mesh.xy[places[town]]):
        pair = (int(places[town][u]), int(places[town][v]))
        _build(terrain, cost, built, pair=pair, rank=2)
    _connect_villages(terrain, cost, built, places[~town])
    return list(_named(terrain, built))


def _nearest(xy: Floats, place: Settlement) -> int:
    return int(np.argmin(np.hypot(xy[:, 0] - place.x, xy[:, 1] - place.y)))


def _town_pairs(xy: Floats) -> list[tuple[int, int]]:
    """Return the shortest tree between towns and each town's two nearest neighbours."""
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    tree = minimum_spanning_tree(csr_array(distance)).tocoo()
    pairs = {(min(u, v), max(u, v)) for u, v in zip(*tree.coords, strict=True)}
    for u, row in enumerate(distance):
        pairs |= {(min(u, int(v)), max(u, int(v))) for v in np.argsort(row)[1:3]}
    return sorted((int(u), int(v)) for u, v in pairs)


def _eased(cost: Floats, built: Places) -> Floats:
    return np.where(built > 0, cost * REUSE, cost)


def _build(
    terrain: Terrain, cost: Floats, built: Places, *, pair: tuple[int, int], rank: int
) -> None:
    graph = terrain.mesh.graph(_eased(cost, built))
    _, before = dijkstra(graph, indices=pair[0], return_predecessors=True)
    _mark(terrain, before, built, start=pair[1], rank=rank)


def _mark(terrain: Terrain, before: Places, built: Places, *, start: int, rank: int) -> None:
    """Mark the edges of the way from `start` back to where the search began."""
    cell = start
    number = terrain.mesh.edge_numbers
    while before[cell] >= 0:
        edge = number[(min(cell, int(before[cell])), max(cell, int(before[cell])))]
        built[edge] = max(built[edge], rank)
        cell = int(before[cell])




def _connect_villages(terrain: Terrain, cost: Floats, built: Places, villages: Places) -> None:
    """Join each village to the nearest road, nearest villages first, in two rounds."""
    mesh = terrain.mesh
    waiting = villages
    for _ in range(2):
        on_road = np.unique(mesh.edges[built > 0])
        distance, before, _ = dijkstra(
            mesh.graph(_eased(cost, built)), indices=on_road, min_only=True, return_predecessors=True
        )
        order = waiting[np.argsort(distance[waiting], kind="stable")]
        near = order[: len(order) // 2 + 1] if len(waiting) == len(villages) else order
        for village in near:
            _mark(terrain, before, built, start=int(village), rank=1)
        waiting = np.setdiff1d(waiting, near)
    # Neighbouring villages are joined directly as well: the network gets its loops.
    xy = mesh.xy[villages]
    for place, village in enumerate(villages[:: 2]):
        gaps = np.hypot(*(xy - xy[2 * place]).T)
        other = villages[int(np.argsort(gaps)[1])]
        _build(terrain, cost, built, pair=(int(village), int(other)), rank=1)


def _named(terrain: Terrain, built: Places) -> Iterator[RoadLine]:
    """Yield the roads between junctions, with their curves and names."""
    mesh = terrain.mesh
    serial = {2: 0, 1: 0}
    used = np.flatnonzero(built > 0)
    degree = np.bincount(mesh.edges[used].ravel(), minlength=len(mesh.xy))
    for rank in (2, 1):
        ends = _rank_changes(mesh.edges[used], built[used], size=len(mesh.xy)) | (degree != 2)
        for path in _chains(mesh.edges[built == rank], ends):
            serial[rank] += 1
            title = f"县道{100 + serial[2]:03d}" if rank == 2 else f"村道{serial[1]:03d}"
            xy = natural(mesh.xy[path], tolerance_m=130)
            yield RoadLine(title, "county" if rank == 2 else "village", xy)


def _rank_changes(edges: Places, rank: Places, *, size: int) -> Flags:
    low, high = np.full(size, 9), np.zeros(size, dtype=np.int64)
    for side in (0, 1):
        np.minimum.at(low, edges[:, side], rank)
        np.maximum.at(high, edges[:, side], rank)
    return np.asarray(low < high)


def _chains(edges: Places, ends: Flags) -> Iterator[list[int]]:
    """Yield the paths of edges between cells that end a road."""
    around: dict[int, list[tuple[int, int]]] = {}
    for number, (u, v) in enumerate(edges.tolist()):
        around.setdefault(u, []).append((v, number))
        around.setdefault(v, []).append((u, number))
    done: set[int] = set()
    for start in sorted(around, key=lambda cell: (not ends[cell], cell)):
        for cell, number in around[start]:
            if number in done:
                continue
            path, last = [start, cell], number
            done.add(number)
            while not ends[path[-1]]:
                step = [pair for pair in around[path[-1]] if pair[1] != last]
                if not step or step[0][1] in done:
                    break
                path.append(step[0][0])
                last = step[0][1]
                done.add(last)
            yield path
