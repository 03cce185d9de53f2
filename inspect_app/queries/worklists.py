"""Work lists of findings: what waits for a person, what they did, what is late, and all."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from inspect_app.domain.access import Actor, Role
from inspect_app.domain.calendar import Light, Period, WorkCalendar, amber_until, light
from inspect_app.domain.codes import Code, FindingType, Severity
from inspect_app.domain.transitions import FINDING_FINISHED, FindingState
from inspect_app.models import Event, Finding, Grid, Person
from inspect_app.queries.findings import last_steps
from inspect_app.queries.holidays import work_calendar
from inspect_app.queries.scope import in_scope

F = FindingState
PAGE_SIZE = 50


class Tab(Code):
    """The work lists."""

    WAITING = "waiting", "待办"
    DONE = "done", "已办"
    LATE = "late", "督办(已超期)"
    ALL = "all", "全部"


@dataclass(frozen=True, slots=True)
class Wait:
    """For whom findings of some states wait: holders of the roles, or the handler in person."""

    states: tuple[FindingState, ...]
    roles: frozenset[Role] = frozenset()
    handler: bool = False
    severities: tuple[Severity, ...] = tuple(Severity)
    only_late: bool = False
    only_without_grid: bool = False


MAJOR = (Severity.IMPORTANT, Severity.URGENT)

WAITS: tuple[Wait, ...] = (
    Wait((F.REPORTED, F.REOPENED), frozenset({Role.CHIEF, Role.STATION})),
    Wait((F.RESOLVED_ON_SITE,), frozenset({Role.CHIEF})),
    Wait((F.VERIFIED, F.ESCALATED), frozenset({Role.CHIEF})),
    Wait((F.ASSIGNED, F.RECTIFICATION_ORDERED), handler=True),
    Wait((F.RECTIFICATION_SUBMITTED,), frozenset({Role.INSPECTOR, Role.STATION})),
    Wait((F.RECTIFICATION_ORDERED,), frozenset({Role.INSPECTOR, Role.STATION}), only_late=True),
    Wait((F.RECHECKED_OK,), frozenset({Role.CHIEF}), severities=(Severity.NORMAL,)),
    Wait((F.RECHECKED_OK, F.RESOLVED_ON_SITE), frozenset({Role.DEPUTY}), severities=MAJOR),
    Wait((F.ESCALATED, F.FORWARDED, F.RECHECK_FAILED), frozenset({Role.DEPUTY})),
    Wait(
        (F.REPORTED, F.REOPENED, F.VERIFIED),
        frozenset({Role.DEPUTY}),
        only_without_grid=True,
    ),
    Wait((F.TRANSFERRED_ENFORCEMENT, F.CASE_FILED, F.PENALISED), frozenset({Role.INSPECTOR})),
)
"""Who is expected to take the next step. A permission says who may, this says whose turn it is."""

UNFINISHED = Finding.state.not_in([state.value for state in FINDING_FINISHED])


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; empty values do not narrow."""

    state: FindingState | None = None
    finding_type: FindingType | None = None
    severity: Severity | None = None
    grid_id: int | None = None
    without_grid: bool = False
    late: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One line of a work list."""

    finding: Finding
    grid_name: str | None
    owner_name: str | None
    handler_name: str | None
    version: int
    light: Light


@dataclass(frozen=True, slots=True)
class Worklist:
    """One page of a list with the length of the whole."""

    rows: tuple[FindingRow, ...]
    count: int
    page: int

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.count // PAGE_SIZE))


def late(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a finding is unfinished and past its deadline."""
    return and_(UNFINISHED, Finding.due_at < now)


def waits_for(actor: Actor, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the next step of a finding is the actor's turn."""
    return or_(false(), *(_turn(wait, actor, now=now) for wait in WAITS if _concerns(wait, actor)))


def _concerns(wait: Wait, actor: Actor) -> bool:
    return wait.handler or bool(wait.roles & actor.roles)


def _turn(wait: Wait, actor: Actor, *, now: datetime) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        Finding.state.in_([state.value for state in wait.states])
    ]
    if wait.handler:
        conditions.append(Finding.handler_person_id == actor.person_id)
    if wait.severities != tuple(Severity):
        conditions.append(Finding.severity.in_([severity.value for severity in wait.severities]))
    conditions.append(UNFINISHED)
    if wait.only_late:
        conditions.append(late(now))
    if wait.only_without_grid:
        conditions.append(Finding.grid_id.is_(None))
    if F.RECTIFICATION_SUBMITTED in wait.states:
        # Nobody rechecks their own work, so it does not wait for them either.
        conditions.append(Finding.handler_person_id.is_distinct_from(actor.person_id))
    return and_(*conditions)


def acted_on(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor took a step of the finding."""
    return exists().where(
        Event.subject_kind == literal("finding"),
        Event.subject_id == Finding.id,
        Event.actor_id == actor.person_id,
    )


def in_tab(tab: Tab, actor: Actor, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition of a work list, within the actor's scope."""
    conditions = {
        Tab.WAITING: waits_for(actor, now=now),
        Tab.DONE: acted_on(actor),
        Tab.LATE: late(now),
        Tab.ALL: true(),
    }
    return and_(in_scope(Finding.grid_id, actor.scope), conditions[tab])


def narrowed(chosen: Filter, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition of a filter."""
    equal = (
        (Finding.state, chosen.state),
        (Finding.finding_type, chosen.finding_type),
        (Finding.severity, chosen.severity),
    )
    conditions: list[ColumnElement[bool]] = [
        column == code.value for column, code in equal if code is not None
    ]
    if chosen.grid_id is not None:
        path = select(Grid.path).where(Grid.id == chosen.grid_id).scalar_subquery()
        conditions.append(Finding.grid_id.in_(select(Grid.id).where(Grid.path.startswith(path))))
    if chosen.without_grid:
        conditions.append(Finding.grid_id.is_(None))
    if chosen.late:
        conditions.append(late(now))
    if chosen.text:
        words = (Finding.finding_no, Finding.description)
        conditions.append(or_(*(word.icontains(chosen.text, autoescape=True) for word in words)))
    return and_(true(), *conditions)


def worklist(
    session: Session, actor: Actor, tab: Tab, *, chosen: Filter, page: int, now: datetime
) -> Worklist:
    """Return one page of a work list: what is late first, then by time left, finished last."""
    condition = and_(in_tab(tab, actor, now=now), narrowed(chosen, now=now))
    count = session.scalar(select(func.count()).select_from(Finding).where(condition)) or 0
    page = min(max(1, page), max(1, -(-count // PAGE_SIZE)))
    owner, handler = aliased(Person), aliased(Person)
    # The page's ids come first, so that names are joined for fifty rows and not for all.
    finished = case((UNFINISHED, 0), else_=1)
    pressing = (Finding.due_at.nulls_last(), Finding.id.desc())
    unfinished_only = tab in {Tab.WAITING, Tab.LATE}
    order = pressing if unfinished_only else (finished, *pressing)
    ids = (
        select(Finding.id)
        .where(condition)
        .order_by(*order)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    found = session.execute(
        select(Finding, Grid.name, owner.name, handler.name)
        .outerjoin(Grid, Grid.id == Finding.grid_id)
        .outerjoin(owner, owner.id == Finding.owner_person_id)
        .outerjoin(handler, handler.id == Finding.handler_person_id)
        .where(Finding.id.in_(ids))
        .order_by(*order)
    ).all()
    steps = last_steps(session, [finding.id for finding, *_ in found])
    calendar = work_calendar(session)
    rows = []
    for finding, grid_name, owner_name, handler_name in found:
        version, start = steps.get(finding.id, (0, None))
        shown = light_of(finding, start, now=now, calendar=calendar)
        rows.append(FindingRow(finding, grid_name, owner_name, handler_name, version, shown))
    return Worklist(tuple(rows), count, page)


def light_of(
    finding: Finding, start: datetime | None, *, now: datetime, calendar: WorkCalendar
) -> Light:
    """Return the light of a finding whose deadline was set at `start`; none once finished."""
    due_at = None if finding.state in FINDING_FINISHED else finding.due_at
    return light(Period(start or finding.reported_at, due_at), now=now, calendar=calendar)


def counts(session: Session, actor: Actor, *, now: datetime) -> dict[Tab, int]:
    """Return the lengths of the lists that a person looks at first."""
    return {
        tab: session.scalar(
            select(func.count()).select_from(Finding).where(in_tab(tab, actor, now=now))
        )
        or 0
        for tab in (Tab.WAITING, Tab.LATE)
    }


def states_waiting(session: Session, actor: Actor, *, now: datetime) -> dict[FindingState, int]:
    """Return how many findings of each state wait for the actor, in the order of the states."""
    rows = session.execute(
        select(Finding.state, func.count())
        .where(in_tab(Tab.WAITING, actor, now=now))
        .group_by(Finding.state)
    )
    found = dict(rows.all())
    return {state: found[state] for state in FindingState if state in found}


def grids_to_choose(session: Session, actor: Actor) -> list[Grid]:
    """Return the present grids of the actor's scope down to the third depth, by code."""
    return list(
        session.scalars(
            select(Grid)
            .where(in_scope(Grid.id, actor.scope), Grid.valid_to.is_(None))
            .order_by(Grid.code, Grid.id)
            .limit(500)
        )
    )


def pressing_counts(session: Session, actor: Actor, tab: Tab, *, now: datetime) -> tuple[int, int]:
    """Return how many findings of a list are late, and how many soon will be.

    Soon is within two working days, as the amber light has it.
    """
    near = amber_until(now, calendar=work_calendar(session))
    soon = and_(UNFINISHED, Finding.due_at >= now, Finding.due_at <= near)
    row = session.execute(
        select(func.count().filter(late(now)), func.count().filter(soon))
        .select_from(Finding)
        .where(in_tab(tab, actor, now=now), UNFINISHED, Finding.due_at <= near)
    ).one()
    return row[0], row[1]
