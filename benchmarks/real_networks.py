"""Weeks on real waterways and roads, read and noded as the product does it.

The folder may hold Andorra and Liechtenstein (OpenStreetMap, roads and waterways), the surveyed
drains of Dar es Salaam (walked along, no roads) and the roads of Dongxihu in Wuhan, beside every
eighth of which a ditch is assumed. A file that is absent is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from scipy.cluster.vq import kmeans2
from scipy.spatial import KDTree
from shapely.ops import substring

from benchmarks.county import Reach, week_of
from gis.crs import to_metric
from gis.network import Network, node_lines
from gis.routing.network_matrix import Bank, RoadNetwork, TravelRules, travel_matrix
from gis.routing.problem import WeekProblem
from inspect_app.workflows.import_file.reading import read_source
from inspect_app.workflows.import_file.source import Upload
from inspect_app.workflows.import_file.vectors import of_kind

SEED = 1
LONGEST_REACH_M = 1200.0
SHORTEST_REACH_M = 100.0
STOPS_PER_REACH = 0.1
TIMES, TIMES_SHARES = (1, 2, 3), (0.7, 0.2, 0.1)
DITCH_EVERY = 8
# Beyond this from any road nobody drives; drains without roads are reached across country.
RULES = TravelRules(snap_m=1000.0)
ON_FOOT = TravelRules(road_kmh=5.0, bank_kmh=5.0, straight_m=30_000.0)


@dataclass(frozen=True, slots=True)
class RealNetwork:
    """A file, the crews of its week, and how reaches and roads are taken from it."""

    name: str
    file: str
    crew_count: int
    parts: Callable[[Path], tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, TravelRules]]


def real_weeks(folder: Path) -> dict[str, Callable[[], WeekProblem]]:
    """Return how to make the week of each network whose file is there, by name."""
    return {
        network.name: lambda network=network: _week(network, folder / network.file)
        for network in NETWORKS
        if (folder / network.file).exists()
    }


def _week(network: RealNetwork, path: Path) -> WeekProblem:
    rng = np.random.default_rng(SEED)
    waterways, roads, rules = network.parts(path)
    lines = _reaches(node_lines(waterways))
    first_and_last = shapely.get_point(np.repeat(lines, 2), np.tile([0, -1], len(lines)))
    ends = shapely.get_coordinates(first_and_last)
    stops = ends[rng.choice(len(ends), int(len(lines) * STOPS_PER_REACH), replace=False)]
    town_count = max(2, network.crew_count // 2)
    centres, _ = kmeans2(ends, town_count, rng=SEED, minit="++")
    homes = ends[KDTree(ends).query(centres)[1]]
    banks = [Bank(2 * index, 2 * index + 1, line) for index, line in enumerate(lines)]
    terminals = np.concatenate([ends, stops, homes])
    travel = travel_matrix(_road_network(node_lines(roads)), terminals, rules=rules, banks=banks)
    times = rng.choice(TIMES, len(lines), p=TIMES_SHARES)
    objects = [
        Reach(2 * index, 2 * index + 1, float(line.length), int(times[index]))
        for index, line in enumerate(lines)
    ]
    objects += [Reach(len(ends) + row, len(ends) + row, 0.0, 1) for row in range(len(stops))]
    first_home = len(ends) + len(stops)
    return week_of(
        objects,
        homes=np.arange(first_home, first_home + town_count),
        crew_count=network.crew_count,
        travel_s=travel.seconds.astype(np.int32),
        rng=rng,
    )


def _reaches(network: Network) -> list[shapely.LineString]:
    """Return the edges cut into equal pieces of at most the longest reach."""
    pieces = []
    for line in network.edges.geometry:
        count = int(np.ceil(line.length / LONGEST_REACH_M))
        cuts = np.linspace(0, 1, count + 1)
        pieces += [
            substring(line, first, last, normalized=True)
            for first, last in pairwise(cuts)
            if line.length / count >= SHORTEST_REACH_M
        ]
    return pieces


def _road_network(network: Network) -> RoadNetwork:
    edges = network.edges
    return RoadNetwork(
        network.nodes_xy,
        edges["u"].to_numpy(np.int64),
        edges["v"].to_numpy(np.int64),
        edges["length_m"].to_numpy(np.float64),
        edges.geometry.to_numpy().astype(object),
    )


def _lines(path: Path, tag: str | None) -> gpd.GeoDataFrame:
    """Return the lines of a file in metres."""
    source = of_kind(read_source(Upload(path, path.name)), tag)
    frame = gpd.GeoDataFrame(geometry=source.shapes, crs="EPSG:4490")
    return to_metric(frame.reset_index(drop=True))


def _country(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, TravelRules]:
    return _lines(path, "waterway"), _lines(path, "highway"), RULES


def _drains(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, TravelRules]:
    lines = _lines(path, None)
    return lines, lines, ON_FOOT


def _ditches(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, TravelRules]:
    roads = _lines(path, None)
    return roads.iloc[::DITCH_EVERY].reset_index(drop=True), roads, RULES


NETWORKS = (
    RealNetwork("Dar es Salaam", "dar_es_salaam_drains_2018.geojson.gz", 2, _drains),
    RealNetwork("Liechtenstein", "liechtenstein-2013-08-03.osm.pbf", 4, _country),
    RealNetwork("Andorra", "andorra.osm.gz", 6, _country),
    RealNetwork("Wuhan Dongxihu", "wuhan_dongxihu_roads.gpkg", 6, _ditches),
)
