"""Writes down the clusters of a scan, each with its complaints."""

from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from gis.clusters import Cluster as Cylinder
from gis.clusters import ScanResult
from gis.clusters.autocorrelation import false_discovery_share
from inspect_app.models import Cluster, ClusterComplaint, ClusterScan
from inspect_app.queries.shown_places import shown_places
from inspect_app.workflows.scan_clusters.material import Material
from inspect_app.workflows.scan_clusters.rules import CONFIDENCE

LOOK_EVERY_DAYS = 7
"""Once a week somebody looks: what chance shows with probability p comes once in 1/p weeks."""


def store_clusters(
    session: Session,
    stored: ClusterScan,
    result: ScanResult,
    *,
    material: Material,
    reporters_min: int,
) -> None:
    """Store the clusters of a scan, surest first; none is placed where a single person lives."""
    found = result.clusters
    shares = false_discovery_share(np.array([one.p for one in found], dtype=float))
    for rank, (one, share) in enumerate(zip(found, shares, strict=True), start=1):
        inside = material.table.iloc[one.complaints]
        grids = inside["grid_id"].dropna()
        cluster = Cluster(
            scan_id=stored.id,
            grid_id=int(grids.mode().iloc[0]) if len(grids) else None,
            rank=rank,
            q=float(share),
            geom=_middle(session, inside, reporters_min=reporters_min),
            **_facts(one),
        )
        session.add(cluster)
        session.flush()
        session.add_all(
            ClusterComplaint(cluster_id=cluster.id, complaint_id=int(complaint_id))
            for complaint_id in inside["id"]
        )


def _facts(one: Cylinder) -> dict[str, object]:
    return {
        "radius_m": one.radius_m,
        "first_day": date.fromordinal(one.first_day),
        "last_day": date.fromordinal(one.last_day),
        "observed": one.count,
        "expected": one.expected,
        "p": one.p,
        "recurrence_days": LOOK_EVERY_DAYS / one.p,
        "confidence": CONFIDENCE[one.verdict].value,
    }


def _middle(session: Session, inside: pd.DataFrame, *, reporters_min: int) -> str | None:
    """Return the mean of the shown places of the complaints' matters."""
    known = shown_places(
        session,
        [int(matter_id) for matter_id in inside["matter_id"].unique()],
        reporters_min=reporters_min,
    )
    places = [known[matter_id] for matter_id in inside["matter_id"] if matter_id in known]
    if not places:
        return None
    lon, lat = np.mean(places, axis=0)
    return f"SRID=4490;POINT({lon} {lat})"
