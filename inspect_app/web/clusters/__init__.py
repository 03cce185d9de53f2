"""Clusters of complaints: the map with its list, export and big screen; alarms of surges."""

from inspect_app.web.clusters import runs
from inspect_app.web.clusters.routes import pages

__all__ = ["pages", "runs"]
