"""Space-time clusters of complaints with their significance; hot spots with a privacy floor."""

from gis.clusters.bursts import Surge, UnitCounts, surges
from gis.clusters.hot_grids import HotGrids, hot_grids, neighbours_of
from gis.clusters.hot_spots import HotSpot, HotSpotRules, HotSpots, hot_spots
from gis.clusters.knox import NearRepeats, RepeatRules, RepeatTable, near_repeats
from gis.clusters.scan import scan
from gis.clusters.study import (
    Cluster,
    ScanResult,
    ScanRules,
    ScanStopped,
    Study,
    UnusableComplaints,
    Verdict,
)

__all__ = [
    "Cluster",
    "HotGrids",
    "HotSpot",
    "HotSpotRules",
    "HotSpots",
    "NearRepeats",
    "RepeatRules",
    "RepeatTable",
    "ScanResult",
    "ScanRules",
    "ScanStopped",
    "Study",
    "Surge",
    "UnitCounts",
    "UnusableComplaints",
    "Verdict",
    "hot_grids",
    "hot_spots",
    "near_repeats",
    "neighbours_of",
    "scan",
    "surges",
]
