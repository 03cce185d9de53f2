"""Scan clusters: look where and since when a week ended with more complaints than usual."""

from inspect_app.workflows.scan_clusters.week import ScanWish, scan_clusters

__all__ = ["ScanWish", "scan_clusters"]
