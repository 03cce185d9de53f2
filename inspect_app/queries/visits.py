"""Must-visit lists ("五个必访"): whom a leader is to visit, as bureaus declare it, with numbers.

The five kinds are those of a county bureau's own rule: deputies and committee members, supervisors
of conduct, those in charge of key enterprises, people who complain again and again, people around
new projects. Each list names the rule by which it is made; none names a reporter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import cos, radians
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, distinct, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import OwnerDuty, PermitClass, SourceChannel, SourceKind
from inspect_app.models import (
    Complaint,
    ComplaintMatter,
    Grid,
    GridOwner,
    KeyUnitListing,
    MatterContact,
    Person,
    PollutionSource,
)
from inspect_app.queries.policies import policy_value
from inspect_app.queries.scope import in_scope

LINES_MAX = 3
"""Lines of a list on the leader's page; the number beside is never cut."""
METRES_PER_DEGREE = 111_320
"""Of latitude; only widens the search by index, distances are measured on the sphere."""


@dataclass(frozen=True, slots=True)
class VisitLine:
    """Somebody to visit: what about, where, how many complaints, and where to read on."""

    title: str
    grid_name: str | None
    complaints: int
    matter_id: int | None = None
    source_id: int | None = None
    grid_id: int | None = None


@dataclass(frozen=True, slots=True)
class VisitList:
    """One of the five lists: the first lines and how many there are in all."""

    key: str
    title: str
    rule: str
    lines: list[VisitLine]
    count: int


@dataclass(frozen=True, slots=True)
class VisitPeriod:
    """The days looked back at and the numbers in force."""

    since: datetime
    until: datetime
    day: date
    count_min: int
    near_m: float

    def contains(self) -> ColumnElement[bool]:
        """Return the condition that a complaint came in the period."""
        return and_(Complaint.received_at >= self.since, Complaint.received_at < self.until)


Visits = Select[*tuple[Any, ...]]
"""Title, grid's name, complaints, ids of matter, source and grid."""
Rows = Callable[[VisitPeriod, Scope], Visits]


def visit_lists(
    session: Session, scope: Scope, *, until: datetime, day: date, limit: int = LINES_MAX
) -> list[VisitList]:
    """Return the five lists as of an instant; one statement each."""
    days = policy_value(session, "visit_days", day=day)
    period = VisitPeriod(
        since=until - timedelta(days=days),
        until=until,
        day=day,
        count_min=int(policy_value(session, "repeat_count_min", day=day)),
        near_m=policy_value(session, "new_project_near_m", day=day),
    )
    return [_list(session, declared, period, scope=scope, limit=limit) for declared in VISIT_KINDS]


def _list(
    session: Session,
    declared: tuple[str, str, str, Rows],
    period: VisitPeriod,
    *,
    scope: Scope,
    limit: int,
) -> VisitList:
    key, title, rule, statement = declared
    every = statement(period, scope).cte("every")
    found = session.execute(
        select(every, func.count().over().label("in_all"))
        .order_by(every.c.complaints.desc(), every.c.title)
        .limit(limit)
    ).all()
    lines = [
        VisitLine(
            title=row.title,
            grid_name=row.grid_name,
            complaints=row.complaints,
            matter_id=row.matter_id,
            source_id=row.source_id,
            grid_id=row.grid_id,
        )
        for row in found
    ]
    return VisitList(key, title, rule, lines, found[0].in_all if found else 0)


def _visited(since: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    """Return whether somebody of a matter was met in person since an instant."""
    return exists().where(
        MatterContact.matter_id == ComplaintMatter.id,
        MatterContact.met_in_person,
        MatterContact.made_at >= since,
    )


def _of_matters(
    period: VisitPeriod,
    scope: Scope,
    *,
    conditions: tuple[ColumnElement[bool], ...] = (),
    count_min: int = 1,
) -> Visits:
    """Return the matters of a period that have nobody been visited about, with their numbers."""
    recent = (
        select(
            Complaint.matter_id,
            func.count().label("complaints"),
        )
        .where(period.contains(), *conditions)
        .group_by(Complaint.matter_id)
        .having(func.count() >= count_min)
        .subquery()
    )
    return (
        select(
            ComplaintMatter.title.label("title"),
            Grid.name.label("grid_name"),
            recent.c.complaints.label("complaints"),
            ComplaintMatter.id.label("matter_id"),
            ComplaintMatter.respondent_source_id.label("source_id"),
            ComplaintMatter.grid_id.label("grid_id"),
        )
        .join(recent, recent.c.matter_id == ComplaintMatter.id)
        .outerjoin(Grid, Grid.id == ComplaintMatter.grid_id)
        .where(in_scope(ComplaintMatter.grid_id, scope), ~_visited(period.since))
    )


def _representatives(period: VisitPeriod, scope: Scope) -> Visits:
    proposed = (Complaint.source_channel == SourceChannel.PROPOSAL.value,)
    return _of_matters(period, scope, conditions=proposed)


def _complainants(period: VisitPeriod, scope: Scope) -> Visits:
    return _of_matters(period, scope, count_min=period.count_min)


def _supervisors(period: VisitPeriod, scope: Scope) -> Visits:
    per_grid = (
        select(Complaint.grid_id, func.count().label("complaints"))
        .where(period.contains())
        .group_by(Complaint.grid_id)
        .subquery()
    )
    below = aliased(Grid)
    return (
        select(
            Person.name.label("title"),
            Grid.name.label("grid_name"),
            func.coalesce(func.sum(per_grid.c.complaints), 0).label("complaints"),
            _none("matter_id"),
            _none("source_id"),
            Grid.id.label("grid_id"),
        )
        .select_from(GridOwner)
        .join(Person, Person.id == GridOwner.person_id)
        .join(Grid, Grid.id == GridOwner.grid_id)
        .join(below, below.path.startswith(Grid.path))
        .join(per_grid, per_grid.c.grid_id == below.id)
        .where(
            GridOwner.duty == OwnerDuty.GRID_SUPERVISOR.value,
            GridOwner.valid_from <= period.day,
            or_(GridOwner.valid_to.is_(None), GridOwner.valid_to > period.day),
            in_scope(Grid.id, scope),
        )
        .group_by(Person.id, Grid.id)
    )


def _enterprises(period: VisitPeriod, scope: Scope) -> Visits:
    listed = exists().where(
        KeyUnitListing.source_id == PollutionSource.id, KeyUnitListing.year == period.day.year
    )
    key = or_(PollutionSource.permit_class == PermitClass.KEY.value, listed)
    source_id = func.coalesce(Complaint.respondent_source_id, ComplaintMatter.respondent_source_id)
    return (
        _of_sources(scope)
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .join(PollutionSource, PollutionSource.id == source_id)
        .outerjoin(Grid, Grid.id == PollutionSource.grid_id)
        .where(period.contains(), key)
        .having(func.count(Complaint.id) >= period.count_min)
    )


def _new_projects(period: VisitPeriod, scope: Scope) -> Visits:
    """Return the sites with the complaints about them or within some metres of them."""
    # Degrees of longitude shrink with the latitude; 54° N is China's northernmost point.
    degrees = period.near_m / (METRES_PER_DEGREE * cos(radians(54)))
    near = and_(
        func.ST_DWithin(ComplaintMatter.geom, PollutionSource.geom, degrees),
        func.ST_DistanceSphere(ComplaintMatter.geom, PollutionSource.geom) <= period.near_m,
    )
    return (
        _of_sources(scope)
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .join(PollutionSource, near)
        .outerjoin(Grid, Grid.id == PollutionSource.grid_id)
        .where(
            period.contains(),
            PollutionSource.kind == SourceKind.CONSTRUCTION_SITE.value,
            ~PollutionSource.closed,
        )
    )


def _of_sources(scope: Scope) -> Visits:
    return (
        select(
            PollutionSource.name.label("title"),
            Grid.name.label("grid_name"),
            func.count(distinct(Complaint.id)).label("complaints"),
            _none("matter_id"),
            PollutionSource.id.label("source_id"),
            PollutionSource.grid_id.label("grid_id"),
        )
        .select_from(Complaint)
        .where(in_scope(PollutionSource.grid_id, scope))
        .group_by(PollutionSource.id, Grid.id)
    )


def _none(name: str) -> ColumnElement[int]:
    return func.nullif(1, 1).label(name)


VISIT_KINDS: tuple[tuple[str, str, str, Rows], ...] = (
    (
        "representatives",
        "代表委员",
        "近期经建议提案反映、尚未见面回访的事项",
        _representatives,
    ),
    ("supervisors", "监督员", "在任监督员,按其网格近期投诉件数排列", _supervisors),
    ("enterprises", "重点企业负责人", "近期被重复投诉的重点管理单位", _enterprises),
    ("complainants", "反复投诉人", "近期重复投诉、尚未见面回访的事项", _complainants),
    ("new_projects", "新建项目周边群众", "在建工地及周边近期投诉的事项", _new_projects),
)
"""Key, whom to visit, by which rule, and the statement that finds them."""
