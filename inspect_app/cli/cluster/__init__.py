"""The private PostGIS cluster: made, started and stopped inside one folder, beside any other."""

from inspect_app.cli.cluster.commands import cluster
from inspect_app.cli.cluster.programs import ClusterProblem, PostGISMissing, binaries
from inspect_app.cli.cluster.server import (
    Cluster,
    ensure_database,
    ensure_started,
    status,
    stop,
    throwaway_cluster,
)

__all__ = [
    "Cluster",
    "ClusterProblem",
    "PostGISMissing",
    "binaries",
    "cluster",
    "ensure_database",
    "ensure_started",
    "status",
    "stop",
    "throwaway_cluster",
]
