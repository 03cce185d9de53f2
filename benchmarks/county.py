"""A generated county for measurements: a road net, waterways on it, stops, crews in townships."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, KDTree

from gis.routing.network_matrix import RoadNetwork
from gis.routing.problem import Crew, PatrolTask, SecondsMatrix, WeekProblem, patrol_service_s

PATROL_KMH = 12.0
WORKDAYS = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class County:
    """Roads as nodes and edges, and terminals (road nodes) of reaches, stops and crews."""

    nodes_xy: np.ndarray
    edges: np.ndarray
    length_m: np.ndarray
    reaches: np.ndarray
    stops: np.ndarray
    homes: np.ndarray


def generated_county(reach_count: int, *, crew_count: int, rng: np.random.Generator) -> County:
    """Return a county with 0.6 km of waterway per km² and one stop per ten reaches."""
    side_m = 1000 * np.sqrt(reach_count * 1.6)
    xy = rng.random((10 * reach_count, 2)) * side_m
    edges = _road_edges(xy, rng=rng)
    length = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
    # A reach runs between two road nodes 0.6-1.2 km apart along a random bearing.
    tree = KDTree(xy)
    starts = rng.choice(len(xy), reach_count, replace=False)
    bearing = rng.random(reach_count) * 2 * np.pi
    far = rng.uniform(600, 1200, reach_count)
    goal = xy[starts] + far[:, None] * np.stack([np.cos(bearing), np.sin(bearing)], axis=1)
    ends = tree.query(np.clip(goal, 0, side_m))[1]
    corners = side_m * np.stack(
        [rng.uniform(0.15, 0.85, crew_count), rng.uniform(0.15, 0.85, crew_count)], axis=1
    )
    return County(
        xy,
        edges,
        length,
        np.stack([starts, ends], axis=1),
        rng.choice(len(xy), reach_count // 10),
        tree.query(corners)[1],
    )


def _road_edges(xy: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    corners = Delaunay(xy).simplices
    pairs = np.unique(
        np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1),
        axis=0,
    )
    length = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    net = coo_array((length, (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy)))
    tree = minimum_spanning_tree(net.tocsr()).tocoo()
    in_tree = set(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
    keep = np.array([tuple(pair) in in_tree for pair in pairs.tolist()])
    kept: np.ndarray = pairs[keep | (rng.random(len(pairs)) < 0.25)]
    return kept


def roads(county: County) -> RoadNetwork:
    """Return the road net as the planner takes it."""
    return RoadNetwork(
        county.nodes_xy,
        county.edges[:, 0].astype(np.int64),
        county.edges[:, 1].astype(np.int64),
        county.length_m,
        shapely.linestrings(county.nodes_xy[county.edges]).astype(object),
    )


def terminals(county: County) -> np.ndarray:
    """Return coordinates of homes, then start and end of each reach, then stops."""
    order = np.concatenate([county.homes, county.reaches.ravel(), county.stops])
    xy: np.ndarray = county.nodes_xy[order]
    return xy


def county_week(
    county: County, *, rng: np.random.Generator, travel_s: SecondsMatrix
) -> WeekProblem:
    """Return a week in which a third of the reaches is due two or three times.

    ``travel_s`` is a matrix over ``terminals``.
    """
    crew_count = len(county.homes)
    home_xy = county.nodes_xy[county.homes]
    town = KDTree(home_xy)
    near = min(3, crew_count)
    tasks: list[PatrolTask] = []
    for index, (start, end) in enumerate(county.reaches):
        length = float(np.hypot(*(county.nodes_xy[start] - county.nodes_xy[end]))) * 1.2
        times = int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
        tasks.append(
            PatrolTask(
                f"reach {index}",
                crew_count + 2 * index,
                crew_count + 2 * index + 1,
                patrol_service_s(length, speed_kmh=PATROL_KMH) + 30,
                times=times,
                grid=f"grid {town.query(county.nodes_xy[start])[1]}",
                length_m=length,
            )
        )
    for index, node in enumerate(county.stops):
        row = crew_count + 2 * len(county.reaches) + index
        grid = f"grid {town.query(county.nodes_xy[node])[1]}"
        tasks.append(
            PatrolTask(
                f"stop {index}", row, row, int(rng.integers(600, 1200)), grid=grid, kind="stop"
            )
        )
    crews = tuple(
        Crew(
            f"crew {index}",
            index,
            WORKDAYS,
            shift_start_min=8 * 60,
            shift_min=7 * 60,
            # Each crew serves its own grid and the nearest ones.
            grids=frozenset(f"grid {other}" for other in town.query(home_xy[index], near)[1]),
        )
        for index in range(crew_count)
    )
    return WeekProblem(date(2026, 3, 2), tuple(tasks), crews, {"car": travel_s})
