"""Conditions of a week: what is exempt, who is away, which roads are closed, who serves what."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.codes import AbsenceKind, AssignmentRule, ExemptionGround, ObjectKind
from inspect_app.models import (
    Crew,
    CrewAbsence,
    CrewAssignment,
    Grid,
    PatrolExemption,
    Person,
    PersonAbsence,
    Road,
    RoadClosure,
)
from inspect_app.models.base import Json
from inspect_app.models.conditions import Condition

DAYS_PER_WEEK = 7
CLOSER_THAN_GRIDS = 10_000
"""How closely a rule names an object it is about; a grid counts by the length of its path."""
AnyCondition = TypeVar("AnyCondition", bound=Condition)


@dataclass(frozen=True, slots=True)
class Exemption:
    """An object that need not be patrolled on days of a week (offsets from its Monday)."""

    id: int
    kind: ObjectKind
    object_id: int
    ground: ExemptionGround
    reason: str
    from_day: date
    to_day: date | None
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class CrewAway:
    """A crew that does not go out on days of a week."""

    id: int
    crew_id: int
    crew: str
    reason: str
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class PersonAway:
    """A person who is away on days of a week."""

    id: int
    person_id: int
    person: str
    kind: AbsenceKind
    reason: str
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class Absences:
    """Crews and persons who are away in a week."""

    crews: tuple[CrewAway, ...]
    persons: tuple[PersonAway, ...]

    def crew_days(self) -> dict[int, frozenset[int]]:
        """Return the days on which each crew (by id) does not go out."""
        return _united((one.crew_id, one.days) for one in self.crews)

    def person_days(self) -> dict[int, frozenset[int]]:
        """Return the days on which each person (by id) is away."""
        return _united((one.person_id, one.days) for one in self.persons)


@dataclass(frozen=True, slots=True)
class Closure:
    """A road that cannot be driven on days of a week."""

    id: int
    road_id: int
    road: str | None
    reason: str
    days: frozenset[int]

    def facts(self, week: date) -> Json:
        """Return what a plan of the week keeps of it."""
        days = [week + timedelta(days=offset) for offset in sorted(self.days)]
        return {
            "road": self.road,
            "reason": self.reason,
            "days": [day.isoformat() for day in days],
        }


@dataclass(frozen=True, slots=True)
class Assignment:
    """On days of a week only this crew, or never this one, serves an object or a grid's objects.

    `grid_path` is the path of the grid; all grids whose path starts with it are meant.
    """

    id: int
    crew_id: int
    crew: str
    rule: AssignmentRule
    kind: ObjectKind | None
    object_id: int | None
    grid_path: str | None
    reason: str
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class AssignedPlace:
    """An object as assignments look at it."""

    kind: ObjectKind
    object_id: int
    grid_path: str | None


def exemptions(session: Session, week: date) -> list[Exemption]:
    """Return the exemptions that hold on any day of the week, in the order of recording."""
    return [
        Exemption(
            row.id,
            ObjectKind(row.object_kind),
            row.object_id,
            ExemptionGround(row.ground),
            row.reason,
            row.from_day,
            row.to_day,
            days_of(row, week=week),
        )
        for row in _in_week(session, PatrolExemption, week)
    ]


def absences(session: Session, week: date) -> Absences:
    """Return the crews and persons away on any day of the week, in the order of recording."""
    crews = {crew.id: crew.name for crew in session.execute(select(Crew.id, Crew.name))}
    persons = {person.id: person.name for person in session.execute(select(Person.id, Person.name))}
    return Absences(
        tuple(
            CrewAway(row.id, row.crew_id, crews[row.crew_id], row.reason, days_of(row, week=week))
            for row in _in_week(session, CrewAbsence, week)
        ),
        tuple(
            PersonAway(
                row.id,
                row.person_id,
                persons[row.person_id],
                AbsenceKind(row.kind),
                row.reason,
                days_of(row, week=week),
            )
            for row in _in_week(session, PersonAbsence, week)
        ),
    )


def closures(session: Session, week: date) -> list[Closure]:
    """Return the roads closed on any day of the week, in the order of recording.

    Roads that the ledger calls closed for good (`Road.closed`) are not among them.
    """
    rows = _in_week(session, RoadClosure, week)
    numbers = [row.road_id for row in rows]
    roads = session.execute(select(Road.id, Road.name).where(Road.id.in_(numbers)))
    names = {road.id: road.name for road in roads}
    return [
        Closure(row.id, row.road_id, names[row.road_id], row.reason, days_of(row, week=week))
        for row in rows
    ]


def assignments(session: Session, week: date) -> list[Assignment]:
    """Return the fixed and forbidden assignments of the week, in the order of recording."""
    crews = {crew.id: crew.name for crew in session.execute(select(Crew.id, Crew.name))}
    paths = {grid.id: grid.path for grid in session.execute(select(Grid.id, Grid.path))}
    return [
        Assignment(
            row.id,
            row.crew_id,
            crews[row.crew_id],
            AssignmentRule(row.rule),
            None if row.object_kind is None else ObjectKind(row.object_kind),
            row.object_id,
            None if row.grid_id is None else paths[row.grid_id],
            row.reason,
            days_of(row, week=week),
        )
        for row in _in_week(session, CrewAssignment, week)
    ]


def crews_fixed(
    rules: Iterable[Assignment], place: AssignedPlace, *, day: int
) -> frozenset[str] | None:
    """Return the crews to which an object is fixed on a day of the week; None when to none.

    The closest rules hold: the object's own, else those of its deepest grid.
    """
    closest: dict[int, set[str]] = {}
    for rule in rules:
        near = _closeness(rule, place)
        if near is not None and rule.rule is AssignmentRule.ONLY and day in rule.days:
            closest.setdefault(near, set()).add(rule.crew)
    return frozenset(closest[max(closest)]) if closest else None


def crew_days_barred(
    rules: Iterable[Assignment], place: AssignedPlace
) -> frozenset[tuple[str, int]]:
    """Return the crews that may not serve an object, with the days of the week."""
    return frozenset(
        (rule.crew, day)
        for rule in rules
        if rule.rule is AssignmentRule.NEVER and _closeness(rule, place) is not None
        for day in rule.days
    )


def _closeness(rule: Assignment, place: AssignedPlace) -> int | None:
    """Return how closely a rule names an object (more is closer); None when it does not."""
    if rule.grid_path is None:
        same = (rule.kind, rule.object_id) == (place.kind, place.object_id)
        return CLOSER_THAN_GRIDS if same else None
    inside = (place.grid_path or "").startswith(rule.grid_path)
    return len(rule.grid_path) if inside else None


def exempt_spells(session: Session, *, since: date, until: date) -> pd.DataFrame:
    """Return every spell of exemption that touches a period.

    Parameters
    ----------
    since, until
        First and last day of the period.

    Returns
    -------
    DataFrame
        Columns `object` (`kind:id`), `first`, `last`, both days included; one without an end runs
        to `until`. Index 0, 1, …
    """
    rows = session.scalars(
        select(PatrolExemption)
        .where(holding(PatrolExemption, first=since, last=until))
        .order_by(PatrolExemption.id)
    )
    return pd.DataFrame(
        [
            (f"{row.object_kind}:{row.object_id}", row.from_day, last_day(row) or until)
            for row in rows
        ],
        columns=["object", "first", "last"],
        dtype=object,
    )


def holding(table: type[Condition], *, first: date, last: date) -> ColumnElement[bool]:
    """Return the SQL condition that a condition holds on a day from `first` to `last`."""
    return (
        (table.from_day <= last)
        & or_(table.to_day.is_(None), table.to_day >= first)
        & or_(table.ended_on.is_(None), table.ended_on > func.greatest(table.from_day, first))
    )


def last_day(row: Condition) -> date | None:
    """Return the last day on which a condition holds; None until further notice."""
    if row.ended_on is None:
        return row.to_day
    ended = row.ended_on - timedelta(days=1)
    return ended if row.to_day is None else min(row.to_day, ended)


def days_of(row: Condition, *, week: date) -> frozenset[int]:
    """Return the days of the week, as offsets from Monday, on which a condition holds."""
    last = last_day(row)
    return frozenset(
        offset
        for offset in range(DAYS_PER_WEEK)
        for day in [week + timedelta(days=offset)]
        if row.from_day <= day and (last is None or day <= last)
    )


def _in_week(session: Session, table: type[AnyCondition], week: date) -> list[AnyCondition]:
    sunday = week + timedelta(days=DAYS_PER_WEEK - 1)
    statement = select(table).where(holding(table, first=week, last=sunday))
    identity: Any = table.id
    return list(session.scalars(statement.order_by(identity)))


def _united(spells: Iterator[tuple[int, frozenset[int]]]) -> dict[int, frozenset[int]]:
    united: dict[int, frozenset[int]] = {}
    for number, days in spells:
        united[number] = united.get(number, frozenset()) | days
    return united
