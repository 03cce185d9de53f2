"""Scans of clusters: what a week's scan reads, and what stored scans found."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.alarm_codes import Confidence, HotConfidence
from inspect_app.models import (
    Cluster,
    ClusterComplaint,
    ClusterRun,
    ClusterScan,
    Complaint,
    ComplaintMatter,
    Grid,
    HotGrid,
    NearRepeat,
    Person,
)
from inspect_app.queries.distinct_reporters import reporter
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


def newest_run(session: Session, *, week: date) -> tuple[ClusterRun, str | None] | None:
    """Return the last attempt to scan a week, and the name of who stopped it."""
    row = session.execute(
        select(ClusterRun, Person.name)
        .outerjoin(Person, Person.id == ClusterRun.cancelled_by)
        .where(ClusterRun.week == week)
        .order_by(ClusterRun.id.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


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
    `lat` (NaN without a place), `quality`, `kind`, `text` (a number that is equal for equal
    summaries), `reporter` (equal for the same person) and `grid_path`. A complaint without a place
    of its own stands at its matter's.
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
            reporter().label("reporter"),
            Grid.path.label("grid_path"),
        )
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .outerjoin(Grid, Grid.id == Complaint.grid_id)
        .where(
            Complaint.received_at >= since,
            Complaint.received_at < until,
            Complaint.registered_at <= known_at,
        )
        .order_by(Complaint.id)
    )
    columns: list[Any] = list(rows.keys())
    table = pd.DataFrame(rows.all(), columns=columns)
    texts = dict.fromkeys(("reporter", "grid_path"), "str")
    numbers = {"id": "int64", "matter_id": "int64", "day": "int64", "lon": float, "lat": float}
    return table.astype(numbers | texts)


FIRST_SHOWN = 10
"""The layer of hot grids shows as many."""


def grids_of_depth(session: Session, depth: int, *, day: date) -> pd.DataFrame:
    """Return `id` and `wkb` (degrees) of the grids of a depth that are valid on a day."""
    rows = session.execute(
        select(Grid.id, func.ST_AsBinary(Grid.geom))
        .where(
            Grid.depth == depth,
            Grid.valid_from <= day,
            or_(Grid.valid_to.is_(None), Grid.valid_to > day),
        )
        .order_by(Grid.id)
    )
    found = [(grid_id, bytes(wkb)) for grid_id, wkb in rows]
    return pd.DataFrame(found, columns=["id", "wkb"])


def near_repeats_of(session: Session, scan: ClusterScan) -> list[NearRepeat]:
    """Return the near-repeat table of a scan, nearest and shortest first."""
    return list(
        session.scalars(
            select(NearRepeat)
            .where(NearRepeat.scan_id == scan.id)
            .order_by(NearRepeat.limit_m, NearRepeat.limit_days)
        )
    )


@dataclass(frozen=True, slots=True)
class JudgedGrid:
    """A grid as a scan judged it, with its name and a place inside."""

    grid: HotGrid
    name: str
    level: str
    confidence: HotConfidence
    place: tuple[float, float]

    @property
    def is_shown(self) -> bool:
        """Whether list and map show it: the sure ones, and the first few whatever they are."""
        return self.confidence is not HotConfidence.COULD_BE_CHANCE or self.grid.rank <= FIRST_SHOWN


def judged_grids(session: Session, scan: ClusterScan, scope: Scope) -> list[JudgedGrid]:
    """Return all grids a scan judged inside a scope, hottest first."""
    inside = func.ST_PointOnSurface(Grid.geom)
    rows = session.execute(
        select(HotGrid, Grid.name, Grid.level_name, func.ST_X(inside), func.ST_Y(inside))
        .join(Grid, Grid.id == HotGrid.grid_id)
        .where(HotGrid.scan_id == scan.id, in_scope(HotGrid.grid_id, scope))
        .order_by(HotGrid.rank)
    )
    return [
        JudgedGrid(grid, name, level, HotConfidence(grid.confidence), (lon, lat))
        for grid, name, level, lon, lat in rows
    ]
