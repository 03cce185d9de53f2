"""Space-time clusters of complaints with their significance; hot spots with a privacy floor."""

from gis.clusters.bursts import Surge, UnitCounts, surges
from gis.clusters.hot_spots import HotSpot, HotSpotRules, HotSpots, hot_spots
from gis.clusters.knox import KnoxResult, knox
from gis.clusters.scan import ScanStopped, scan
from gis.clusters.study import (
    Cluster,
    ScanResult,
    ScanRules,
    Study,
    UnusableComplaints,
    Verdict,
)

__all__ = [
    "Cluster",
    "HotSpot",
    "HotSpotRules",
    "HotSpots",
    "KnoxResult",
    "ScanResult",
    "ScanRules",
    "ScanStopped",
    "Study",
    "Surge",
    "UnitCounts",
    "UnusableComplaints",
    "Verdict",
    "hot_spots",
    "knox",
    "scan",
    "surges",
]
