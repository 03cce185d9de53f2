"""Scans of clusters: what a week's scan reads, and what stored scans found."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.alarm_codes import Confidence
from inspect_app.models import (
    Cluster,
    ClusterComplaint,
    ClusterScan,
    Complaint,
    ComplaintMatter,
    Grid,
)
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class FoundCluster:
    """A stored cluster with what it is about: its matters, most complaints first."""

    cluster: Cluster
    confidence: Confidence
    grid_name: str | None
    place: tuple[float, float] | None
    matters: list[tuple[int, str, int]]
    """Id, title and complaints in the cluster of at most three matters."""
    matter_count: int


def week_scan(session: Session, week: date) -> ClusterScan | None:
    """Return the scan of a week that counts, None where the week was not scanned."""
    return session.scalar(
        select(ClusterScan).where(ClusterScan.week == week, ClusterScan.superseded_at.is_(None))
    )


def newest_scan(session: Session, *, until: date) -> ClusterScan | None:
    """Return the scan of the newest week that begins at the latest on `until`."""
    return session.scalar(
        select(ClusterScan)
        .where(ClusterScan.week <= until, ClusterScan.superseded_at.is_(None))
        .order_by(ClusterScan.week.desc())
        .limit(1)
    )


def found_clusters(session: Session, scan: ClusterScan, scope: Scope) -> list[FoundCluster]:
    """Return the clusters of a scan inside a scope, surest first; three statements."""
    lon, lat = func.ST_X(Cluster.geom), func.ST_Y(Cluster.geom)
    rows = session.execute(
        select(Cluster, Grid.name, lon, lat)
        .outerjoin(Grid, Grid.id == Cluster.grid_id)
        .where(Cluster.scan_id == scan.id, in_scope(Cluster.grid_id, scope))
        .order_by(Cluster.rank)
    ).all()
    matters = _matters(session, [row[0].id for row in rows])
    return [
        FoundCluster(
            cluster=cluster,
            confidence=Confidence(cluster.confidence),
            grid_name=name,
            place=None if x is None else (x, y),
            matters=matters.get(cluster.id, [])[:3],
            matter_count=len(matters.get(cluster.id, [])),
        )
        for cluster, name, x, y in rows
    ]


def _matters(session: Session, cluster_ids: list[int]) -> dict[int, list[tuple[int, str, int]]]:
    number = func.count()
    rows = session.execute(
        select(ClusterComplaint.cluster_id, ComplaintMatter.id, ComplaintMatter.title, number)
        .join(Complaint, Complaint.id == ClusterComplaint.complaint_id)
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .where(ClusterComplaint.cluster_id.in_(cluster_ids))
        .group_by(ClusterComplaint.cluster_id, ComplaintMatter.id)
        .order_by(number.desc(), ComplaintMatter.id)
    )
    found: dict[int, list[tuple[int, str, int]]] = {}
    for cluster_id, matter_id, title, count in rows:
        found.setdefault(cluster_id, []).append((matter_id, title, count))
    return found


def scanned_complaints(
    session: Session, *, since: datetime, until: datetime, known_at: datetime, zone: str
) -> pd.DataFrame:
    """Return the complaints of a period that were registered by `known_at`, in order of their id.

    Columns `id`, `matter_id`, `grid_id`, `day` (ordinal of the bureau's calendar day), `lon` and
    `lat` (NaN without a place), `quality`, `kind` and `text` (a number that is equal for equal
    summaries). A complaint without a place of its own stands at its matter's.
    """
    place = func.coalesce(Complaint.geom, ComplaintMatter.geom)
    day = func.date(func.timezone(zone, Complaint.received_at))
    rows = session.execute(
        select(
            Complaint.id,
            Complaint.matter_id,
            Complaint.grid_id,
            (day - date(1, 1, 1) + 1).label("day"),
            func.ST_X(place).label("lon"),
            func.ST_Y(place).label("lat"),
            Complaint.place_quality.label("quality"),
            func.coalesce(Complaint.pollution_types[1], "").label("kind"),
            func.hashtext(Complaint.summary).label("text"),
        )
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .where(
            Complaint.received_at >= since,
            Complaint.received_at < until,
            Complaint.registered_at <= known_at,
        )
        .order_by(Complaint.id)
    )
    columns: list[Any] = list(rows.keys())
    table = pd.DataFrame(rows.all(), columns=columns)
    numbers = {"id": "int64", "matter_id": "int64", "day": "int64", "lon": float, "lat": float}
    return table.astype(numbers)
