"""Space-time clusters of complaints with their significance; hot spots with a privacy floor."""

from gis.clusters.scan import Cluster, ScanResult, ScanRules, UnusableComplaints, Verdict, scan

__all__ = ["Cluster", "ScanResult", "ScanRules", "UnusableComplaints", "Verdict", "scan"]
