"""Where a matter may be shown: at its own place only when enough people complained about it.

A matter about which a single person complains may well lie at that person's home. Below the floor
it stands at the place of the source complained about, and where none is known somewhere in the
middle of its grid: so the county sees that there is something, not whose door it is.
"""

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from inspect_app.models import Complaint, ComplaintMatter, Grid, PollutionSource
from inspect_app.queries.distinct_reporters import reporters


def grid_points() -> Select[tuple[int, object]]:
    """Return a point inside each grid, for those who may not be shown more exactly."""
    return select(Grid.id, func.ST_PointOnSurface(Grid.geom).label("geom"))


def shown_place(
    people: ColumnElement[int], grid_point: ColumnElement[object], *, reporters_min: int
) -> ColumnElement[object]:
    """Return where a matter with so many reporters is shown; NULL where it has no place at all.

    Expects `ComplaintMatter` and (outer joined) its respondent `PollutionSource` in the query.
    """
    enough = func.coalesce(ComplaintMatter.geom, PollutionSource.geom, grid_point)
    return case(
        (people >= reporters_min, enough), else_=func.coalesce(PollutionSource.geom, grid_point)
    )


def shown_places(
    session: Session, matter_ids: list[int], *, reporters_min: int
) -> dict[int, tuple[float, float]]:
    """Return longitude and latitude of the matters that can be shown at all."""
    people = (
        select(Complaint.matter_id, reporters().label("people"))
        .where(Complaint.matter_id.in_(matter_ids))
        .group_by(Complaint.matter_id)
        .subquery()
    )
    points = grid_points().subquery()
    place = shown_place(people.c.people, points.c.geom, reporters_min=reporters_min)
    rows = session.execute(
        select(ComplaintMatter.id, func.ST_X(place), func.ST_Y(place))
        .join(people, people.c.matter_id == ComplaintMatter.id)
        .outerjoin(PollutionSource, PollutionSource.id == ComplaintMatter.respondent_source_id)
        .outerjoin(points, points.c.id == ComplaintMatter.grid_id)
    )
    return {matter_id: (lon, lat) for matter_id, lon, lat in rows if lon is not None}
