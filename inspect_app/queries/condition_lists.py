"""Conditions as lists for people: what they are about, from when to when, why and by whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.codes import (
    AbsenceKind,
    AssignmentRule,
    Code,
    ExemptionGround,
    ObjectKind,
)
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
from inspect_app.models.conditions import Condition
from inspect_app.queries.conditions import DAYS_PER_WEEK, holding, last_day
from inspect_app.queries.patrol_objects import object_names

PAST_SHOWN = 50
TABLES: dict[str, type[Condition]] = {
    "exemptions": PatrolExemption,
    "crews": CrewAbsence,
    "persons": PersonAbsence,
    "roads": RoadClosure,
    "assignments": CrewAssignment,
}
"""The kinds of conditions by the names that addresses use."""


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One condition: `name` is what it is about, `code` its ground, kind or rule."""

    id: int
    name: str
    kind: ObjectKind | None
    code: Code | None
    crew: str | None
    from_day: date
    to_day: date | None
    reason: str
    recorded_at: datetime
    recorded_by: str | None
    ended_on: date | None
    ended_by: str | None
    in_week: bool
    over: bool


def condition_lines(session: Session, of: str, *, week: date, today: date) -> list[ConditionLine]:
    """Return the conditions of a kind: those of the week first, the past ones last.

    Parameters
    ----------
    of
        A key of `TABLES`.
    week
        The Monday of the week that is looked at.
    today
        What ended before it is past; of these the newest `PAST_SHOWN` are returned.
    """
    table = TABLES[of]
    statement = select(table).order_by(table.from_day.desc(), table.recorded_at.desc())
    rows = list(session.scalars(statement))
    names = _Names(session, rows, day=today)
    lines = [names.line(row, week=week, today=today) for row in rows]
    past = [line for line in lines if line.over and not line.in_week][:PAST_SHOWN]
    present = [line for line in lines if line.in_week]
    coming = [line for line in lines if not line.in_week and not line.over]
    return [*present, *coming, *past]


def counts_of_week(session: Session, week: date) -> dict[str, int]:
    """Return how many conditions of each kind hold on a day of the week."""
    sunday = week + timedelta(days=DAYS_PER_WEEK - 1)
    return {
        of: len(
            session.scalars(select(table.id).where(holding(table, first=week, last=sunday))).all()
        )
        for of, table in TABLES.items()
    }


class _Names:
    """Names of everything some conditions speak of."""

    def __init__(self, session: Session, rows: Iterable[Condition], *, day: date) -> None:
        rows = list(rows)
        self.objects = object_names(
            session,
            [
                (ObjectKind(row.object_kind), row.object_id)
                for row in rows
                if isinstance(row, PatrolExemption | CrewAssignment)
                and row.object_kind is not None
                and row.object_id is not None
            ],
            day=day,
        )
        persons = {row.recorded_by for row in rows} | {row.ended_by for row in rows}
        persons |= {row.person_id for row in rows if isinstance(row, PersonAbsence)}
        people = select(Person.id, Person.name).where(Person.id.in_(persons - {None}))
        self.persons = {one.id: one.name for one in session.execute(people)}
        self.crews = {one.id: one.name for one in session.execute(select(Crew.id, Crew.name))}
        roads = [row.road_id for row in rows if isinstance(row, RoadClosure)]
        found = session.execute(select(Road.id, Road.name).where(Road.id.in_(roads)))
        self.roads = {number: name or f"№{number}" for number, name in found}
        grids = [row.grid_id for row in rows if isinstance(row, CrewAssignment) and row.grid_id]
        named = session.execute(select(Grid.id, Grid.name).where(Grid.id.in_(grids)))
        self.grids = {one.id: one.name for one in named}

    def line(self, row: Condition, *, week: date, today: date) -> ConditionLine:
        """Return a condition as people read it."""
        last = last_day(row)
        sunday = week + timedelta(days=DAYS_PER_WEEK - 1)
        void = last is not None and last < row.from_day
        touches = row.from_day <= sunday and (last is None or last >= week)
        name, kind, code, crew = self._about(row)
        return ConditionLine(
            id=row.id,
            name=name,
            kind=kind,
            code=code,
            crew=crew,
            from_day=row.from_day,
            to_day=row.to_day,
            reason=row.reason,
            recorded_at=row.recorded_at,
            recorded_by=self.persons.get(row.recorded_by or 0),
            ended_on=row.ended_on,
            ended_by=self.persons.get(row.ended_by or 0),
            in_week=touches and not void,
            over=row.ended_on is not None or (last is not None and last < today),
        )

    def _about(self, row: Condition) -> tuple[str, ObjectKind | None, Code | None, str | None]:
        if isinstance(row, PatrolExemption):
            kind = ObjectKind(row.object_kind)
            name = self._object(kind, row.object_id)
            return name, kind, ExemptionGround(row.ground), None
        if isinstance(row, CrewAbsence):
            return self.crews[row.crew_id], None, None, None
        if isinstance(row, PersonAbsence):
            return self.persons[row.person_id], None, AbsenceKind(row.kind), None
        if isinstance(row, RoadClosure):
            return self.roads[row.road_id], None, None, None
        return self._assigned(row)

    def _assigned(self, row: Condition) -> tuple[str, ObjectKind | None, Code | None, str | None]:
        if not isinstance(row, CrewAssignment):
            raise TypeError(type(row).__name__)
        rule, crew = AssignmentRule(row.rule), self.crews[row.crew_id]
        if row.grid_id is not None:
            return self.grids[row.grid_id], None, rule, crew
        kind = ObjectKind(str(row.object_kind))
        return self._object(kind, row.object_id or 0), kind, rule, crew

    def _object(self, kind: ObjectKind, number: int) -> str:
        """Return an object's name; one no longer patrolled is told by its number."""
        return self.objects.get((kind, number), f"#{number}")
