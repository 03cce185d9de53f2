"""Overdue matters: who is late, whom each level tells of it, and what has gone up to a person."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Role
from inspect_app.domain.calendar import local_day
from inspect_app.domain.deadlines import PRESSING_STATES, Clock, OverdueLevel
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.turns import (
    LEVEL_OF_ROLE,
    LEVELS,
    roles_waited_for,
    told_of_levels,
    waits_for_handler,
)
from inspect_app.models import ComplaintMatter, Event, Grid, Person, Post
from inspect_app.queries.deadlines import MatterClocks, among, clocks_of
from inspect_app.queries.owners import upper_owners
from inspect_app.queries.scope import in_scope

Told = Mapping[OverdueLevel, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Late:
    """Who keeps a matter waiting: persons, holders of roles, or another unit."""

    person_ids: tuple[int, ...] = ()
    roles: tuple[Role, ...] = ()
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Rise:
    """A matter went up: which clock had run out since when, to which level, noted when."""

    matter_id: int
    clock: Clock
    since: datetime
    level: OverdueLevel
    at: datetime


def late_party(matter: ComplaintMatter) -> Late:
    """Return whom the next step of a matter waits for; in nobody's hands, its grid's owner."""
    if matter.state == MatterState.TRANSFERRED and matter.department:
        return Late(department=matter.department)
    if not waits_for_handler(matter.state):
        return Late(roles=roles_waited_for(matter.state))
    first = matter.handler_person_id or matter.owner_person_id
    persons = (first, *matter.co_handler_ids)
    return Late(person_ids=tuple(one for one in persons if one is not None))


def people_told(
    session: Session, matters: Collection[ComplaintMatter], *, day: date
) -> dict[int, Told]:
    """Return by matter the persons each level tells on a day; three statements."""
    grid_ids = {matter.grid_id for matter in matters if matter.grid_id is not None}
    owners = upper_owners(session, grid_ids, day=day)
    paths: dict[int, str] = dict(
        session.execute(select(Grid.id, Grid.path).where(among(Grid.id, grid_ids))).all()
    )
    posts = _leading_posts(session, day=day)
    return {
        matter.id: told_of_levels(
            owners.get(matter.grid_id or 0, ()),
            [
                (person, role)
                for person, role, over in posts
                if over is None or paths.get(matter.grid_id or 0, "").startswith(over)
            ],
            late=late_party(matter).person_ids,
        )
        for matter in matters
    }


def _leading_posts(session: Session, *, day: date) -> list[tuple[int, Role, str | None]]:
    rows = session.execute(
        select(Post.person_id, Post.role, Grid.path)
        .outerjoin(Grid, Grid.id == Post.grid_id)
        .where(
            Post.role.in_([role.value for role in LEVEL_OF_ROLE]),
            Post.valid_from <= day,
            or_(Post.valid_to.is_(None), Post.valid_to > day),
        )
        .order_by(Post.id)
    )
    return [(person, Role(role), path) for person, role, path in rows]


def rises(session: Session, matter_ids: Collection[int]) -> dict[int, list[Rise]]:
    """Return what is noted of matters that went up, by matter, oldest first."""
    rows = session.execute(
        select(
            Event.subject_id,
            Event.at,
            Event.facts["clock"].as_string(),
            Event.facts["overdue_since"].as_string(),
            Event.facts["level"].as_string(),
        )
        .where(
            Event.subject_kind == "matter",
            among(Event.subject_id, matter_ids),
            Event.event == "go_up",
        )
        .order_by(Event.id)
    )
    found: dict[int, list[Rise]] = defaultdict(list)
    for matter_id, at, clock, since, level in rows:
        rise = Rise(matter_id, Clock(clock), datetime.fromisoformat(since), OverdueLevel(level), at)
        found[matter_id].append(rise)
    return dict(found)


def still_up(noted: Collection[Rise], clocks: MatterClocks) -> list[Rise]:
    """Return the notes of the clock that runs out at present.

    One that was stopped, put off or paused has ended them; so has a reopening.
    """
    running = clocks.next
    if running is None or clocks.level is None:
        return []
    return [rise for rise in noted if (rise.clock, rise.since) == (running.clock, running.due)]


def risen_to(session: Session, actor: Actor, *, now: datetime) -> dict[int, Rise]:
    """Return the matters of the actor's scope that went up to them and are late still, by id.

    The notes are written by the clock's job; of each matter the highest is returned. Without notes
    it is one statement.
    """
    noted_here = (
        select(Event.subject_id)
        .where(Event.subject_kind == "matter", Event.event == "go_up")
        .where(Event.subject_id == ComplaintMatter.id)
        .exists()
    )
    matters = session.scalars(
        select(ComplaintMatter).where(
            ComplaintMatter.state.in_(sorted(PRESSING_STATES)),
            in_scope(ComplaintMatter.grid_id, actor.scope),
            noted_here,
        )
    ).all()
    told = people_told(session, matters, day=local_day(now)) if matters else {}
    own = {
        matter_id: {level for level, persons in levels.items() if actor.person_id in persons}
        for matter_id, levels in told.items()
    }
    ids = [matter_id for matter_id, levels in own.items() if levels]
    if not ids:
        return {}
    clocks, noted = clocks_of(session, ids, now=now), rises(session, ids)
    found = {}
    for matter_id in ids:
        up = still_up(noted[matter_id], clocks[matter_id])
        mine = [one for one in up if one.level in own[matter_id]]
        if mine:
            found[matter_id] = max(mine, key=lambda one: LEVELS.index(one.level))
    return found


def names_of(session: Session, person_ids: Collection[int]) -> dict[int, str]:
    """Return the names of persons by id."""
    rows = session.execute(select(Person.id, Person.name).where(among(Person.id, person_ids)))
    return dict(rows.all())
