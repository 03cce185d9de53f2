"""The top list of repeated matters: which matters people complain about most."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.matter_codes import MatterState
from inspect_app.models import Complaint, ComplaintMatter, Grid
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class RepeatedMatter:
    """A matter with the complaints of a period, all its complaints and its place in the tree."""

    matter_id: int
    matter_no: str
    title: str
    state: MatterState
    grid_name: str | None
    complaints: int
    complaints_in_all: int
    last_received_at: datetime
    place: tuple[float, float] | None
    """Longitude and latitude; None while the matter has no place."""


def repeated_matters(
    session: Session,
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    count_min: int = 2,
    limit: int = 10,
) -> list[RepeatedMatter]:
    """Return the matters with the most complaints in a period, most first, ties by latest call.

    One index range over `complaint.received_at` and a hash aggregate: linear in the complaints of
    the period.
    """
    recent = (
        select(
            Complaint.matter_id,
            func.count().label("complaints"),
            func.max(Complaint.received_at).label("last_received_at"),
        )
        .where(Complaint.received_at >= since, Complaint.received_at < until)
        .group_by(Complaint.matter_id)
        .having(func.count() >= count_min)
        .subquery()
    )
    in_all = (
        select(func.count())
        .where(Complaint.matter_id == ComplaintMatter.id, Complaint.received_at < until)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            ComplaintMatter,
            Grid.name,
            recent.c.complaints,
            recent.c.last_received_at,
            in_all,
            func.ST_X(ComplaintMatter.geom),
            func.ST_Y(ComplaintMatter.geom),
        )
        .join(recent, recent.c.matter_id == ComplaintMatter.id)
        .outerjoin(Grid, Grid.id == ComplaintMatter.grid_id)
        .where(in_scope(ComplaintMatter.grid_id, scope))
        .order_by(recent.c.complaints.desc(), recent.c.last_received_at.desc())
        .limit(limit)
    )
    return [
        RepeatedMatter(
            matter_id=matter.id,
            matter_no=matter.matter_no,
            title=matter.title,
            state=MatterState(matter.state),
            grid_name=grid_name,
            complaints=complaints,
            complaints_in_all=total,
            last_received_at=last,
            place=None if lon is None else (lon, lat),
        )
        for matter, grid_name, complaints, last, total, lon, lat in rows
    ]
