"""Roads and banks → travel times and lines between places: topology, weights, searches."""

from gis.routing.router.network import (
    Bank,
    Banks,
    BrokenNetwork,
    RoadNetwork,
    TravelRules,
    parts_of,
    road_network,
)
from gis.routing.router.router import Router, TravelMatrix
from gis.routing.router.snapping import SnapFault, Terminals
from gis.routing.router.tables import KnownTerminals, TravelRows
from gis.routing.router.topology import Topology
from gis.routing.router.ways import Engine

__all__ = [
    "Bank",
    "Banks",
    "BrokenNetwork",
    "Engine",
    "KnownTerminals",
    "RoadNetwork",
    "Router",
    "SnapFault",
    "Terminals",
    "Topology",
    "TravelMatrix",
    "TravelRows",
    "TravelRules",
    "parts_of",
    "road_network",
]
