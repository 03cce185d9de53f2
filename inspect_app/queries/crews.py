"""Crews as they can go out in a week: their days, people, shift and home."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from inspect_app.models import Crew, CrewGrid, CrewMember, Grid, Person, Station
from inspect_app.queries.conditions import DAYS_PER_WEEK, Absences, absences

MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True)
class CrewOfWeek:
    """A crew as it can go out in a week; `grid_ids` None means the whole county.

    `weekdays` are those on which it goes, as offsets from Monday; `officers` is the greatest number
    of enforcement officers on any of them and `officers_by_day` names the days with fewer.
    `members` are those who go on at least one day.
    """

    id: int
    name: str
    home: BaseGeometry
    weekdays: frozenset[int]
    shift_start_min: int
    shift_min: int
    mode: str
    speed_kmh: float
    officers: int
    members: tuple[str, ...]
    grid_ids: frozenset[int] | None
    officers_by_day: Mapping[int, int]
    vehicle: str | None

    @property
    def travel(self) -> str:
        """Crews that travel alike share one travel matrix of this name."""
        return f"{self.mode} {self.speed_kmh:g} km/h"

    @property
    def at_night(self) -> bool:
        """Whether the shift crosses midnight."""
        return self.shift_start_min + self.shift_min > MINUTES_PER_DAY


@dataclass(frozen=True, slots=True)
class _Member:
    """A person of a crew, with the days of the week on which they belong to it and are there."""

    name: str
    certified: bool
    days: frozenset[int]


def crews_of_week(session: Session, *, week: date) -> list[CrewOfWeek]:
    """Return the active crews by name, without the days on which they cannot go.

    A crew that is away does not go, nor does one whose registered members are all away. A crew of
    which nobody is registered at all goes: the bureau does not keep its people here.
    """
    away = absences(session, week)
    members = _members(session, week=week, away=away)
    grids = _crew_grids(session)
    rows = session.execute(
        select(Crew, func.ST_AsBinary(Station.geom))
        .join(Station, Station.id == Crew.station_id)
        .where(Crew.active)
        .order_by(Crew.name)
    )
    return [
        _crew(
            crew,
            shapely.from_wkb(bytes(home)),
            people=members.get(crew.id, []),
            away=away.crew_days().get(crew.id, frozenset()),
            grid_ids=grids.get(crew.id),
        )
        for crew, home in rows
    ]


def _crew(
    crew: Crew,
    home: BaseGeometry,
    *,
    people: list[_Member],
    away: frozenset[int],
    grid_ids: frozenset[int] | None,
) -> CrewOfWeek:
    days = frozenset(weekday - 1 for weekday in crew.weekdays) - away
    if people:
        days &= frozenset().union(*(one.days for one in people))
    officers = {day: sum(one.certified and day in one.days for one in people) for day in days}
    most = max(officers.values(), default=0)
    start = _minute(crew.shift_start)
    return CrewOfWeek(
        id=crew.id,
        name=crew.name,
        home=home,
        weekdays=days,
        shift_start_min=start,
        # A shift that ends before it starts crosses midnight.
        shift_min=(_minute(crew.shift_end) - start) % MINUTES_PER_DAY,
        mode=crew.mode,
        speed_kmh=crew.speed_kmh,
        officers=most,
        members=tuple(one.name for one in people if one.days & days),
        grid_ids=grid_ids,
        officers_by_day={day: here for day, here in sorted(officers.items()) if here < most},
        vehicle=crew.vehicle_no or None,
    )


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _members(session: Session, *, week: date, away: Absences) -> dict[int, list[_Member]]:
    """Return the registered members of the week by crew, also those who are away all of it."""
    sunday = week + timedelta(days=DAYS_PER_WEEK - 1)
    rows = session.execute(
        select(CrewMember, Person)
        .join(Person, Person.id == CrewMember.person_id)
        .where(
            Person.active,
            CrewMember.valid_from <= sunday,
            or_(CrewMember.valid_to.is_(None), CrewMember.valid_to > week),
        )
        .order_by(Person.id, CrewMember.valid_from)
    )
    absent = away.person_days()
    members: dict[int, list[_Member]] = {}
    for membership, person in rows:
        days = _days(membership, week=week) - absent.get(person.id, frozenset())
        certified = person.certificate_no is not None
        members.setdefault(membership.crew_id, []).append(_Member(person.name, certified, days))
    return members


def _days(membership: CrewMember, *, week: date) -> frozenset[int]:
    return frozenset(
        offset
        for offset in range(DAYS_PER_WEEK)
        for day in [week + timedelta(days=offset)]
        if membership.valid_from <= day
        and (membership.valid_to is None or day < membership.valid_to)
    )


def _crew_grids(session: Session) -> dict[int, frozenset[int]]:
    top = select(CrewGrid.crew_id, Grid.path).join(Grid, Grid.id == CrewGrid.grid_id).subquery()
    rows = session.execute(
        select(top.c.crew_id, Grid.id).join(top, Grid.path.startswith(top.c.path))
    )
    grids: dict[int, set[int]] = {}
    for crew_id, grid_id in rows:
        grids.setdefault(crew_id, set()).add(grid_id)
    return {crew_id: frozenset(ids) for crew_id, ids in grids.items()}


def crew_choices(session: Session) -> list[tuple[int, str]]:
    """Return id and name of the active crews, by name."""
    rows = session.execute(select(Crew.id, Crew.name).where(Crew.active).order_by(Crew.name))
    return [(number, name) for number, name in rows]


def member_choices(session: Session, *, day: date) -> list[tuple[int, str, str]]:
    """Return id, name and crews of everybody who is in an active crew from a day on, by crew."""
    crews = func.string_agg(Crew.name.distinct(), "、")
    rows = session.execute(
        select(Person.id, Person.name, crews)
        .join(CrewMember, CrewMember.person_id == Person.id)
        .join(Crew, Crew.id == CrewMember.crew_id)
        .where(
            Person.active,
            Crew.active,
            or_(CrewMember.valid_to.is_(None), CrewMember.valid_to > day),
        )
        .group_by(Person.id, Person.name)
        .order_by(crews, Person.id)
    )
    return [(number, name, of) for number, name, of in rows]
