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

command = cluster
"""Found by the command line."""

__all__ = [
    "Cluster",
    "ClusterProblem",
    "PostGISMissing",
    "binaries",
    "cluster",
    "command",
    "ensure_database",
    "ensure_started",
    "status",
    "stop",
    "throwaway_cluster",
]
