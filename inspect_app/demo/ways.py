"""Ways over the roads of the county, for the routes of past patrols."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from inspect_app.demo.plane import Floats, Places
from inspect_app.demo.roads import RoadLine


@dataclass(frozen=True, slots=True)
class RoadNet:
    """The vertices of all roads as a graph."""

    xy: Floats
    graph: csr_array
    tree: shapely.STRtree

    @classmethod
    def of(cls, roads: list[RoadLine]) -> "RoadNet":
        """Join the roads at equal vertices."""
        coords = np.asarray(np.vstack([road.xy for road in roads]), dtype=np.float64).round(3)
        xy, node = np.unique(coords, axis=0, return_inverse=True)
        ends = np.cumsum([len(road.xy) for road in roads]) - 1
        inner = np.setdiff1d(np.arange(len(coords) - 1), ends)
        u, v = node.ravel()[inner], node.ravel()[inner + 1]
        length = np.hypot(*(xy[u] - xy[v]).T)
        keep = u != v
        u, v, length = u[keep], v[keep], length[keep]
        pairs = (np.r_[u, v], np.r_[v, u])
        graph = csr_array((np.r_[length, length], pairs), shape=(len(xy), len(xy)))
        return cls(xy, graph, shapely.STRtree(shapely.points(xy)))

    def nearest(self, xy: Floats) -> Places:
        """Return the road vertex nearest to each place."""
        return np.asarray(self.tree.nearest(shapely.points(xy)))

    def ways_from(self, nodes: Places) -> tuple[Floats, Places]:
        """Return distances and predecessors from each node to all others."""
        distance, before = dijkstra(self.graph, indices=nodes, return_predecessors=True)
        return distance, before

    def way(self, before: Places, target: int) -> Floats:
        """Return the way to `target` along one row of predecessors, start first."""
        path = [target]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        return np.asarray(self.xy[path[::-1]])
