"""River, canal and road centre-lines → noded graph with lengths; paths, snapping, tracing."""

from gis.network.noding import Network, node_lines
from gis.network.paths import Path, components, path_between, shortest_paths
from gis.network.tracing import NotDirected, Position, downstream, snap, upstream

__all__ = [
    "Network",
    "NotDirected",
    "Path",
    "Position",
    "components",
    "downstream",
    "node_lines",
    "path_between",
    "shortest_paths",
    "snap",
    "upstream",
]
