"""River, canal and road centre-lines → noded graph with lengths; paths, snapping, tracing."""

from gis.network.noding import Network, node_lines
from gis.network.paths import Path, components, path_between, shortest_paths
from gis.network.positions import Position, nearest_by_line, snap
from gis.network.tracing import (
    NotDirected,
    Reach,
    downstream,
    first_contacts,
    reach,
    upstream,
)
from gis.network.water import Water, water_network

__all__ = [
    "Network",
    "NotDirected",
    "Path",
    "Position",
    "Reach",
    "Water",
    "components",
    "downstream",
    "first_contacts",
    "nearest_by_line",
    "node_lines",
    "path_between",
    "reach",
    "shortest_paths",
    "snap",
    "upstream",
    "water_network",
]
