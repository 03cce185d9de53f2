"""Clusters of complaints as a scan found them, and alarms of surges."""

from datetime import date, datetime

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Float,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inspect_app.domain.alarm_codes import AlarmUnit, Confidence
from inspect_app.models.base import (
    Base,
    Json,
    Key,
    code_check,
    geometry,
    geometry_checks,
    reference,
)


class ClusterScan(Base):
    """One space-time scan of a week: what was scanned, by which rules, how long it took.

    Seed, rules and period repeat it; a newer scan of the same week takes its place, the older one
    stays and says since when it no longer counts.
    """

    __tablename__ = "cluster_scan"
    __table_args__ = (
        Index(
            "uq_cluster_scan_week",
            "week",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        CheckConstraint("first_day <= last_day", name="period"),
    )

    id: Mapped[Key]
    week: Mapped[date]
    """Its Monday; the scan asks what goes on at the end of the week, looking back at the period."""
    first_day: Mapped[date]
    last_day: Mapped[date]
    cut_off: Mapped[datetime]
    """Complaints registered later were not known to the scan."""
    seed: Mapped[int] = mapped_column(BigInteger)
    replications: Mapped[int] = mapped_column(Integer)
    rules: Mapped[Json] = mapped_column(JSONB)
    metric_crs: Mapped[str]
    complaints: Mapped[int] = mapped_column(Integer)
    """Complaints scanned; those left out are counted beside."""
    without_place: Mapped[int] = mapped_column(Integer)
    on_shared_place: Mapped[int] = mapped_column(Integer)
    shared_places: Mapped[int] = mapped_column(Integer)
    places: Mapped[int] = mapped_column(Integer)
    circles: Mapped[int] = mapped_column(Integer)
    cell_m: Mapped[float | None] = mapped_column(Float)
    is_exact: Mapped[bool] = mapped_column(Boolean)
    duration_s: Mapped[float] = mapped_column(Float)
    repeat_complaints: Mapped[int | None] = mapped_column(Integer)
    """Different complaints the near repeats are pairs of; None before these were counted."""
    repeat_replications: Mapped[int | None] = mapped_column(Integer)
    repeat_seed: Mapped[int | None] = mapped_column(BigInteger)
    hot_complaints: Mapped[int | None] = mapped_column(Integer)
    """Different complaints of the last `hot_days` in grids of `hot_depth`; None as above."""
    hot_depth: Mapped[int | None] = mapped_column(Integer)
    hot_days: Mapped[int | None] = mapped_column(Integer)
    hot_replications: Mapped[int | None] = mapped_column(Integer)
    hot_seed: Mapped[int | None] = mapped_column(BigInteger)
    scanned_at: Mapped[datetime]
    scanned_by: Mapped[int | None] = mapped_column(reference("person.id"))
    reason: Mapped[str]
    superseded_at: Mapped[datetime | None]


class ClusterRun(Base):
    """One attempt to scan a week, asked for by a person or by the timer (`requested_by` None).

    `started_at` None means that no worker has taken it yet; `scan_id` or `problem` ends it.
    `cancelled_at` asks the worker to stop: then there is no scan.
    """

    __tablename__ = "cluster_run"

    id: Mapped[Key]
    week: Mapped[date] = mapped_column(index=True)
    reason: Mapped[str]
    requested_at: Mapped[datetime]
    requested_by: Mapped[int | None] = mapped_column(reference("person.id"))
    started_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[int | None] = mapped_column(reference("person.id"))
    ended_at: Mapped[datetime | None]
    scan_id: Mapped[int | None] = mapped_column(reference("cluster_scan.id", cascade=True))
    problem: Mapped[str | None]


class Cluster(Base):
    """A cluster of a scan; its place is the middle of its matters' places as they may be shown."""

    __tablename__ = "cluster"
    __table_args__ = (
        code_check("confidence", Confidence),
        CheckConstraint("p > 0 AND p <= 1 AND q > 0 AND q <= 1", name="shares"),
        *geometry_checks(),
    )

    id: Mapped[Key]
    scan_id: Mapped[int] = mapped_column(reference("cluster_scan.id", cascade=True), index=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    rank: Mapped[int] = mapped_column(Integer)
    radius_m: Mapped[float] = mapped_column(Float)
    first_day: Mapped[date]
    last_day: Mapped[date]
    observed: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float] = mapped_column(Float)
    p: Mapped[float] = mapped_column(Float)
    q: Mapped[float] = mapped_column(Float)
    """Share of false alarms when this cluster and all surer ones of the scan are believed."""
    recurrence_days: Mapped[float] = mapped_column(Float)
    """How often chance alone would show as much to who looks once a week."""
    confidence: Mapped[str] = mapped_column(String(20))
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))


class ClusterComplaint(Base):
    """A complaint inside a cluster."""

    __tablename__ = "cluster_complaint"

    cluster_id: Mapped[int] = mapped_column(reference("cluster.id", cascade=True), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(
        reference("complaint.id", cascade=True), primary_key=True, index=True
    )


class NearRepeat(Base):
    """How many pairs of complaints of a scan lie within a distance and a number of days."""

    __tablename__ = "near_repeat"
    __table_args__ = (
        UniqueConstraint("scan_id", "limit_m", "limit_days"),
        code_check("confidence", Confidence),
        CheckConstraint("p > 0 AND p <= 1 AND q > 0 AND q <= 1", name="shares"),
    )

    id: Mapped[Key]
    scan_id: Mapped[int] = mapped_column(reference("cluster_scan.id", cascade=True))
    limit_m: Mapped[float] = mapped_column(Float)
    limit_days: Mapped[int] = mapped_column(Integer)
    observed: Mapped[int] = mapped_column(BigInteger)
    expected: Mapped[float] = mapped_column(Float)
    near_space: Mapped[int] = mapped_column(BigInteger)
    """Pairs within the distance, whatever their days."""
    near_time: Mapped[int] = mapped_column(BigInteger)
    p: Mapped[float] = mapped_column(Float)
    q: Mapped[float] = mapped_column(Float)
    """Share of false alarms when this and all surer limits of the scan are believed."""
    confidence: Mapped[str] = mapped_column(String(20))


class HotGrid(Base):
    """A grid of a scan's depth, judged by its own complaints and those of its neighbours."""

    __tablename__ = "hot_grid"
    __table_args__ = (
        UniqueConstraint("scan_id", "grid_id"),
        code_check("confidence", Confidence),
        CheckConstraint("p > 0 AND p <= 1 AND q > 0 AND q <= 1", name="shares"),
    )

    id: Mapped[Key]
    scan_id: Mapped[int] = mapped_column(reference("cluster_scan.id", cascade=True))
    grid_id: Mapped[int] = mapped_column(reference("grid.id"), index=True)
    rank: Mapped[int] = mapped_column(Integer)
    observed: Mapped[int] = mapped_column(Integer)
    around: Mapped[int] = mapped_column(Integer)
    """Complaints of its neighbours together."""
    neighbours: Mapped[int] = mapped_column(Integer)
    z: Mapped[float] = mapped_column(Float)
    p: Mapped[float] = mapped_column(Float)
    q: Mapped[float] = mapped_column(Float)
    """Share of false alarms when this and all surer grids of the scan are believed."""
    confidence: Mapped[str] = mapped_column(String(20))


class BurstAlarm(Base):
    """A surge that rang: about what, the numbers that rang it, who took note of it."""

    __tablename__ = "burst_alarm"
    __table_args__ = (
        code_check("unit", AlarmUnit),
        Index("ix_burst_alarm_unit", "unit", "unit_key", "rung_at"),
        Index("ix_burst_alarm_open", "rung_at", postgresql_where=text("acknowledged_at IS NULL")),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledgement IS NULL)", name="acknowledged_whole"
        ),
    )

    id: Mapped[Key]
    unit: Mapped[str] = mapped_column(String(20))
    unit_key: Mapped[str]
    """Id of the matter, source or grid; the name of a respondent who is no known source."""
    matter_id: Mapped[int | None] = mapped_column(
        reference("complaint_matter.id", cascade=True), index=True
    )
    source_id: Mapped[int | None] = mapped_column(reference("pollution_source.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    title: Mapped[str]
    window_from: Mapped[datetime]
    rung_at: Mapped[datetime] = mapped_column(index=True)
    observed: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float] = mapped_column(Float)
    history: Mapped[int] = mapped_column(Integer)
    """Complaints in the `history_days` before the window."""
    history_days: Mapped[int] = mapped_column(Integer)
    p: Mapped[float] = mapped_column(Float)
    q: Mapped[float] = mapped_column(Float)
    units_tested: Mapped[int] = mapped_column(Integer)
    peak: Mapped[int] = mapped_column(Integer)
    """The most complaints of a window since it rang."""
    last_seen_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(reference("person.id"))
    acknowledgement: Mapped[str | None]
