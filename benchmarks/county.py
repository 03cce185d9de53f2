"""A generated county for measurements: a road net, waterways along it, stops, crews in townships.

A week's hours without travel, its road net and its crews are of the size of a Chinese county:
0.6 km of waterway per km², a reach of 0.6-1.2 km, every tenth object a stop, three of ten reaches
due two or three times a week, seven hours a day. Each object may only be visited by the crews of
its three nearest townships, one in ten only by those of the nearest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from scipy.cluster.vq import kmeans2
from scipy.sparse import coo_array, csr_array, triu
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree
from scipy.spatial import Delaunay

from gis.routing.network_matrix import RoadNetwork
from gis.routing.problem import (
    Crew,
    PatrolTask,
    SecondsMatrix,
    WeekProblem,
    patrol_service_s,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PATROL_KMH, ROAD_KMH, DETOUR = 12.0, 30.0, 1.15
REACH_M = (600.0, 1200.0)
SHORTEST_REACH_M = 250.0
KM2_PER_REACH = 1.6
ROAD_NODES_PER_REACH = 10
NEAREST_TOWNS = 3
SHIFT_MIN = 7 * 60
WORKDAYS = frozenset(range(5))
MONDAY = date(2026, 3, 2)
SOURCES_PER_CALL = 64


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of waterway between two road nodes; visits a week by its class."""

    start: int
    end: int
    length_m: float
    times: int


@dataclass(frozen=True, slots=True)
class County:
    """Roads, and what lies on their nodes: reaches, stops, the townships where crews live."""

    xy: Floats
    roads: csr_array
    reaches: list[Reach]
    stops: list[int]
    towns: list[int]


@dataclass(slots=True)
class _Waterways:
    """Reaches cut from paths over the roads; no road carries two."""

    xy: Floats
    rng: np.random.Generator
    reaches: list[Reach] = field(default_factory=list)
    used: set[tuple[int, int]] = field(default_factory=set)

    def add(self, path: list[int], *, times: int) -> None:
        """Cut a path into reaches; stretches that carry a waterway already are left out."""
        first, run_m = path[0], 0.0
        for here, there in pairwise(path):
            pair = (min(here, there), max(here, there))
            if pair in self.used:
                self._end(first, here, run_m=run_m, times=times)
                first, run_m = there, 0.0
                continue
            self.used.add(pair)
            run_m += float(np.hypot(*(self.xy[here] - self.xy[there])))
            if run_m > REACH_M[0] + (REACH_M[1] - REACH_M[0]) * self.rng.random():
                self.reaches.append(Reach(first, there, run_m, times))
                first, run_m = there, 0.0
        self._end(first, path[-1], run_m=run_m, times=times)

    def _end(self, first: int, last: int, *, run_m: float, times: int) -> None:
        if run_m > SHORTEST_REACH_M and first != last:
            self.reaches.append(Reach(first, last, run_m, times))


def generated_county(reach_count: int, *, crew_count: int, seed: int = 1) -> County:
    """Return a county with so many reaches; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    side_m = 1000 * float(np.sqrt(reach_count * KM2_PER_REACH))
    xy = rng.random((ROAD_NODES_PER_REACH * reach_count, 2)) * side_m
    roads = _roads(xy, rng=rng)
    reaches = _reaches(xy, roads, count=reach_count, side_m=side_m, rng=rng)
    middle = np.array([(xy[reach.start] + xy[reach.end]) / 2 for reach in reaches])
    town_count = max(2, crew_count // 2) if crew_count > 4 else crew_count
    centres, _ = kmeans2(middle, town_count, rng=seed, minit="++")
    stops = [
        _nearest(xy, middle[rng.integers(reach_count)] + rng.normal(0, 400, 2))
        for _ in range(reach_count // 10)
    ]
    return County(xy, roads, reaches, stops, [_nearest(xy, centre) for centre in centres])


def _roads(xy: Floats, *, rng: np.random.Generator) -> csr_array:
    """Return a tree of short roads and a quarter of the other links between neighbours."""
    corners = Delaunay(xy).simplices
    pairs = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    length_m = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    shape = (len(xy), len(xy))
    tree = minimum_spanning_tree(coo_array((length_m, pairs.T), shape=shape).tocsr()).tocoo()
    in_tree = np.isin(_numbers(pairs, len(xy)), _numbers(np.stack(tree.coords, axis=1), len(xy)))
    kept = in_tree | (rng.random(len(pairs)) < 0.25)
    both = np.concatenate([pairs[kept], pairs[kept][:, ::-1]])
    return coo_array((np.tile(length_m[kept], 2), both.T), shape=shape).tocsr()


def _numbers(pairs: npt.NDArray[np.integer], count: int) -> Ints:
    ends = np.sort(pairs.astype(np.int64), axis=1)
    numbers: Ints = ends[:, 0] * count + ends[:, 1]
    return numbers


def road_network(reach_count: int, *, rng: np.random.Generator) -> RoadNetwork:
    """Return the road net of a county with so many reaches, as the planner takes it."""
    side_m = 1000 * float(np.sqrt(reach_count * KM2_PER_REACH))
    xy = rng.random((ROAD_NODES_PER_REACH * reach_count, 2)) * side_m
    links = triu(_roads(xy, rng=rng)).tocoo()
    u, v = (ends.astype(np.int64) for ends in links.coords)
    lines = shapely.linestrings(xy[np.stack([u, v], axis=1)]).astype(object)
    return RoadNetwork(xy, u, v, links.data, lines)


def _reaches(
    xy: Floats, roads: csr_array, *, count: int, side_m: float, rng: np.random.Generator
) -> list[Reach]:
    """Lay rivers across the county and canals off them, along roads, and cut them."""
    winding = roads.copy()
    winding.data = winding.data * (0.6 + 0.8 * rng.random(len(winding.data)))
    waterways = _Waterways(xy, rng)
    rivers = max(3, int(np.sqrt(count) / 6))
    hubs: list[int] = []
    for river in range(rivers):
        source = _nearest(xy, np.array([0.0, side_m * (river + 0.5) / rivers]))
        mouth = _nearest(xy, np.array([side_m, side_m * rng.random()]))
        before = dijkstra(winding, indices=source, return_predecessors=True)[1]
        path = list(_way_back(before, source, mouth))[::-1]
        waterways.add(path, times=2 if river % 2 else 3)
        hubs += path[::8]
    while len(waterways.reaches) < count:
        source = hubs[rng.integers(len(hubs))]
        length_m = side_m * (0.05 + 0.15 * rng.random())
        bearing = rng.random() * 2 * np.pi
        ahead = xy[source] + length_m * np.array([np.cos(bearing), np.sin(bearing)])
        mouth = _nearest(xy, np.clip(ahead, 0, side_m))
        before = dijkstra(winding, indices=source, return_predecessors=True, limit=6 * length_m)[1]
        if mouth == source or before[mouth] < 0:
            continue
        path = list(_way_back(before, source, mouth))[::-1]
        waterways.add(path, times=2 if rng.random() < 0.15 else 1)
        hubs += path[::12]
    return waterways.reaches[:count]


def _way_back(before: npt.NDArray[np.int32], source: int, goal: int) -> Iterator[int]:
    node = goal
    while node != source:
        yield node
        node = int(before[node])
    yield source


def _nearest(xy: Floats, place: Floats) -> int:
    return int(np.argmin(((xy - place) ** 2).sum(axis=1)))


def county_week(county: County, *, crew_count: int, seed: int = 1) -> WeekProblem:
    """Return the week of a county: what is due, who may go where, and the seconds of travel."""
    ends = [(reach.start, reach.end) for reach in county.reaches]
    ends += [(stop, stop) for stop in county.stops]
    terminals, row = np.unique(
        np.concatenate([county.towns, np.array(ends).ravel()]), return_inverse=True
    )
    homes, rows = row[: len(county.towns)], row[len(county.towns) :].reshape(-1, 2)
    objects = [
        Reach(start, end, reach.length_m, reach.times)
        for (start, end), reach in zip(rows.tolist(), county.reaches, strict=False)
    ]
    objects += [Reach(stop, stop, 0.0, 1) for stop, _ in rows[len(objects) :].tolist()]
    travel_s = travel_seconds(county.roads, terminals)
    rng = np.random.default_rng([seed, crew_count])
    return week_of(objects, homes=homes, crew_count=crew_count, travel_s=travel_s, rng=rng)


def week_of(
    objects: list[Reach],
    *,
    homes: Ints,
    crew_count: int,
    travel_s: SecondsMatrix,
    rng: np.random.Generator,
) -> WeekProblem:
    """Return the week of reaches and stops whose ends are rows of the matrix, as are the homes."""
    # A town has a crew of its own first, then the second ones are shared out.
    town_of = [index % len(homes) for index in range(crew_count)]
    crews_at = [
        frozenset(f"crew {index}" for index in range(crew_count) if town_of[index] == town)
        for town in range(len(homes))
    ]
    starts = np.array([reach.start for reach in objects])
    nearest = np.argsort(travel_s[homes][:, starts], axis=0, kind="stable")
    tasks = []
    for index, reach in enumerate(objects):
        towns = nearest[: 1 if rng.random() < 0.1 else NEAREST_TOWNS, index].tolist()
        is_stop = reach.start == reach.end
        patrol_s = patrol_service_s(reach.length_m, speed_kmh=PATROL_KMH) + 30
        tasks.append(
            PatrolTask(
                f"{'stop' if is_stop else 'reach'} {index}",
                reach.start,
                reach.end,
                int(rng.integers(600, 1200)) if is_stop else patrol_s,
                times=reach.times,
                # Two visits are two days apart at least; three leave the search the choice.
                min_gap_days=2 if reach.times == 2 else 1,
                grid=f"town {towns[0]}",
                crews=frozenset[str]().union(*(crews_at[town] for town in towns)),
                kind="stop" if is_stop else "reach",
                length_m=reach.length_m,
            )
        )
    crews = tuple(
        Crew(f"crew {index}", int(homes[town]), WORKDAYS, 8 * 60, SHIFT_MIN)
        for index, town in enumerate(town_of)
    )
    return WeekProblem(MONDAY, tuple(tasks), crews, {"car": travel_s})


def travel_seconds(roads: csr_array, terminals: Ints) -> npt.NDArray[np.int32]:
    """Return the seconds between road nodes, by car."""
    seconds = roads.copy()
    seconds.data = roads.data * DETOUR * 3.6 / ROAD_KMH
    found = np.empty((len(terminals), len(terminals)), np.int32)
    for first in range(0, len(terminals), SOURCES_PER_CALL):
        block = slice(first, first + SOURCES_PER_CALL)
        found[block] = np.rint(dijkstra(seconds, indices=terminals[block])[:, terminals])
    return found
