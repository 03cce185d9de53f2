"""The one question about complaints that map, list, totals and export answer alike."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnElement, Select, case, func, literal, select

from inspect_app.domain.access import Scope
from inspect_app.domain.alarm_codes import Confidence
from inspect_app.domain.codes import PollutionType, SourceChannel
from inspect_app.models import (
    Cluster,
    ClusterComplaint,
    Complaint,
    ComplaintMatter,
    Grid,
    PollutionSource,
)
from inspect_app.queries.distinct_reporters import reporters
from inspect_app.queries.features.geojson import CELL_PX, TILE_PX
from inspect_app.queries.scope import in_scope
from inspect_app.queries.shown_places import grid_points, shown_place

COLOURED = ("air", "water", "noise", "solid_waste")
"""Pollution types with a colour of their own on the map; all others share one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A square of the screen at a zoom: column and row counted from 0° E, 0° N."""

    zoom: int
    column: int
    row: int

    @property
    def degrees(self) -> float:
        """Return the edge's length."""
        return cell_degrees(self.zoom)


@dataclass(frozen=True, slots=True)
class ComplaintFilter:
    """Which complaints are meant: those received in some weeks, narrowed further.

    `count_min` counts a matter's complaints from its first to the end of the weeks, so that one
    more call about an old matter is a repeat. Empty fields do not narrow.
    """

    last_week: date
    weeks: int = 4
    pollution_type: PollutionType | None = None
    channel: SourceChannel | None = None
    grid_id: int | None = None
    source_id: int | None = None
    matter_id: int | None = None
    count_min: int = 1
    cell: Cell | None = None

    @property
    def first_day(self) -> date:
        """Return the Monday of the first week."""
        return self.last_week - timedelta(days=7 * (self.weeks - 1))

    @property
    def last_day(self) -> date:
        """Return the Sunday of the last week."""
        return self.last_week + timedelta(days=6)

    def within(self, cell: Cell | None) -> "ComplaintFilter":
        """Return the same question about one cell."""
        return replace(self, cell=cell)


@dataclass(frozen=True, slots=True)
class Question:
    """A filter as somebody asks it: in a scope, in the bureau's time, under the privacy floor."""

    chosen: ComplaintFilter
    scope: Scope
    zone: ZoneInfo
    reporters_min: int
    scan_id: int | None = None
    """The scan whose clusters mark the matters."""

    @property
    def since(self) -> datetime:
        """Return the first instant that counts."""
        return datetime.combine(self.chosen.first_day, time(), self.zone)

    @property
    def until(self) -> datetime:
        """Return the first instant that no longer counts."""
        return datetime.combine(self.chosen.last_day + timedelta(days=1), time(), self.zone)

    def within(self, cell: Cell | None) -> "Question":
        """Return the same question about one cell."""
        return replace(self, chosen=self.chosen.within(cell))


def cell_degrees(zoom: int) -> float:
    """Return the edge of a cell at a zoom in degrees."""
    return float(CELL_PX / TILE_PX * 360 / 2**zoom)


def complaint_conditions(question: Question) -> list[ColumnElement[bool]]:
    """Return what a complaint itself must be."""
    chosen = question.chosen
    conditions: list[ColumnElement[bool]] = [
        Complaint.received_at >= question.since,
        Complaint.received_at < question.until,
    ]
    if chosen.pollution_type is not None:
        conditions.append(Complaint.pollution_types.contains([chosen.pollution_type.value]))
    if chosen.channel is not None:
        conditions.append(Complaint.source_channel == chosen.channel.value)
    if chosen.matter_id is not None:
        conditions.append(Complaint.matter_id == chosen.matter_id)
    return conditions


def counted_matters(question: Question) -> CTE:
    """Return one row a matter with its complaints, where it may be shown and what it is called.

    Everything that counts complaints reads these rows: their `complaints` add up to the total,
    with or without a place. The privacy floor is part of the row, so nobody can forget it.
    """
    recent = (
        select(
            Complaint.matter_id,
            func.count().label("complaints"),
            func.max(Complaint.received_at).label("last_received_at"),
        )
        .where(*complaint_conditions(question))
        .group_by(Complaint.matter_id)
        .cte("recent")
    )
    life = (
        select(
            Complaint.matter_id,
            func.count().label("complaints"),
            reporters().label("people"),
        )
        .where(
            Complaint.matter_id.in_(select(recent.c.matter_id)),
            Complaint.received_at < question.until,
        )
        .group_by(Complaint.matter_id)
        .having(func.count() >= question.chosen.count_min)
        .cte("life")
    )
    points = grid_points().cte("grid_point").prefix_with("MATERIALIZED")
    marks = _marks(question)
    place = shown_place(life.c.people, points.c.geom, reporters_min=question.reporters_min)
    kind = ComplaintMatter.pollution_types[1]
    matters = (
        select(
            ComplaintMatter.id,
            ComplaintMatter.matter_no,
            ComplaintMatter.title,
            ComplaintMatter.state,
            ComplaintMatter.pollution_types,
            func.coalesce(PollutionSource.name, ComplaintMatter.respondent_name).label(
                "respondent"
            ),
            Grid.name.label("grid_name"),
            recent.c.complaints,
            recent.c.last_received_at,
            life.c.complaints.label("complaints_in_all"),
            case((kind.in_(COLOURED), kind), else_=literal("other")).label("kind"),
            marks.c.mark,
            func.ST_X(place).label("lon"),
            func.ST_Y(place).label("lat"),
        )
        .join(recent, recent.c.matter_id == ComplaintMatter.id)
        .join(life, life.c.matter_id == ComplaintMatter.id)
        .outerjoin(PollutionSource, PollutionSource.id == ComplaintMatter.respondent_source_id)
        .outerjoin(Grid, Grid.id == ComplaintMatter.grid_id)
        .outerjoin(points, points.c.id == ComplaintMatter.grid_id)
        .outerjoin(marks, marks.c.matter_id == ComplaintMatter.id)
        .where(*_matter_conditions(question))
    )
    return _in_cell(matters, question.chosen.cell)


def _marks(question: Question) -> CTE:
    """Return how sure the surest cluster with a complaint of a matter is; 0 is the surest."""
    sure = case(
        {one.value: number for number, one in enumerate(Confidence)}, value=Cluster.confidence
    )
    return (
        select(Complaint.matter_id, func.min(sure).label("mark"))
        .join(ClusterComplaint, ClusterComplaint.complaint_id == Complaint.id)
        .join(Cluster, Cluster.id == ClusterComplaint.cluster_id)
        .where(Cluster.scan_id == question.scan_id)
        .group_by(Complaint.matter_id)
        .cte("marks")
    )


def _matter_conditions(question: Question) -> list[ColumnElement[bool]]:
    chosen = question.chosen
    conditions = [in_scope(ComplaintMatter.grid_id, question.scope)]
    if chosen.grid_id is not None:
        path = select(Grid.path).where(Grid.id == chosen.grid_id).scalar_subquery()
        conditions.append(Grid.path.startswith(path))
    if chosen.source_id is not None:
        conditions.append(ComplaintMatter.respondent_source_id == chosen.source_id)
    return conditions


def _in_cell(matters: Select[Any], cell: Cell | None) -> CTE:
    if cell is None:
        return matters.cte("counted")
    every = matters.cte("everywhere")
    return (
        select(every)
        .where(
            func.floor(every.c.lon / cell.degrees) == cell.column,
            func.floor(every.c.lat / cell.degrees) == cell.row,
        )
        .cte("counted")
    )
