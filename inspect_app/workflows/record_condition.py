"""Record a condition of the weeks to come: exemptions, absences, closed roads, assignments.

A condition is read when a plan is made; plans that exist are not touched. What a published plan
makes of it is the re-planning's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import AbsenceKind, AssignmentRule, ExemptionGround, ObjectKind
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
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
from inspect_app.queries.patrol_objects import object_names
from inspect_app.workflows.plan_week import require_county

ObjectName = tuple[ObjectKind, int]
AnyRow = TypeVar("AnyRow", Crew, Person, Road, Grid)

ACTS: dict[type[Condition], str] = {
    PatrolExemption: "patrol_exemption",
    CrewAbsence: "crew_absence",
    PersonAbsence: "person_absence",
    RoadClosure: "road_closure",
    CrewAssignment: "crew_assignment",
}
"""What the audit trail calls each kind of condition."""


@dataclass(frozen=True, slots=True)
class Spell:
    """From when to when, both days included, and why; `to_day` None = until further notice."""

    from_day: date
    to_day: date | None
    reason: str


def exempt_objects(
    session: Session,
    objects: Sequence[ObjectName],
    ground: ExemptionGround,
    *,
    spell: Spell,
    actor: Actor,
    now: datetime,
) -> list[PatrolExemption]:
    """Exempt objects from patrols in a spell of days (免巡).

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`; `nothing_picked` without an object; `not_found` for one
        that is not patrolled; `reason_missing`; `days_reversed`.
    """
    require_county(actor, Permission.PLAN_MAKE)
    if not objects:
        raise Problem("nothing_picked")
    names = object_names(session, objects, day=spell.from_day)
    if set(objects) - set(names):
        raise Problem("not_found", what="巡查对象")
    rows = []
    for kind, number in dict.fromkeys(objects):
        row = PatrolExemption(object_kind=kind.value, object_id=number, ground=ground.value)
        _record(session, row, spell=spell, name=names[kind, number], by=(actor, now))
        rows.append(row)
    return rows


def stand_down_crew(
    session: Session, crew_id: int, *, spell: Spell, actor: Actor, now: datetime
) -> CrewAbsence:
    """Keep a crew from going out in a spell of days; refuses like `exempt_objects`."""
    require_county(actor, Permission.PLAN_MAKE)
    crew = _found(session.get(Crew, crew_id), what="班组")
    row = CrewAbsence(crew_id=crew.id)
    _record(session, row, spell=spell, name=crew.name, by=(actor, now))
    return row


def excuse_person(
    session: Session,
    person_id: int,
    kind: AbsenceKind,
    *,
    spell: Spell,
    actor: Actor,
    now: datetime,
) -> PersonAbsence:
    """Let a person stay away from the crews in a spell of days; refuses like `exempt_objects`."""
    require_county(actor, Permission.PLAN_MAKE)
    person = _found(session.get(Person, person_id), what="人员")
    row = PersonAbsence(person_id=person.id, kind=kind.value)
    _record(session, row, spell=spell, name=person.name, by=(actor, now))
    return row


def close_roads(
    session: Session, road_ids: Sequence[int], *, spell: Spell, actor: Actor, now: datetime
) -> list[RoadClosure]:
    """Close roads in a spell of days; refuses like `exempt_objects`."""
    require_county(actor, Permission.PLAN_MAKE)
    if not road_ids:
        raise Problem("nothing_picked")
    rows = []
    for road_id in dict.fromkeys(road_ids):
        road = _found(session.get(Road, road_id), what="道路")
        row = RoadClosure(road_id=road.id)
        _record(session, row, spell=spell, name=road.name or str(road.id), by=(actor, now))
        rows.append(row)
    return rows


@dataclass(frozen=True, slots=True)
class AssignmentOrder:
    """Which crew is, or is not, to serve what: either objects, or a grid with all in it."""

    crew_id: int
    rule: AssignmentRule
    objects: Sequence[ObjectName] = ()
    grid_id: int | None = None


def assign_crew(
    session: Session, order: AssignmentOrder, *, spell: Spell, actor: Actor, now: datetime
) -> list[CrewAssignment]:
    """Fix objects or a grid to a crew, or forbid them to it; refuses like `exempt_objects`."""
    require_county(actor, Permission.PLAN_MAKE)
    crew = _found(session.get(Crew, order.crew_id), what="班组")
    names = object_names(session, order.objects, day=spell.from_day)
    if set(order.objects) - set(names):
        raise Problem("not_found", what="巡查对象")
    rows = [
        CrewAssignment(object_kind=kind.value, object_id=number) for kind, number in order.objects
    ]
    labels = [names[one] for one in order.objects]
    if order.grid_id is not None:
        grid = _found(session.get(Grid, order.grid_id), what="网格")
        rows.append(CrewAssignment(grid_id=grid.id))
        labels.append(grid.name)
    if not rows:
        raise Problem("nothing_picked")
    for row, label in zip(rows, labels, strict=True):
        row.crew_id, row.rule = crew.id, order.rule.value
        _record(session, row, spell=spell, name=f"{crew.name} {label}", by=(actor, now))
    return rows


def end_condition(
    session: Session, row: Condition, *, today: date, actor: Actor, now: datetime
) -> None:
    """End a condition: it no longer holds from today on; the days before stay as they were.

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`, `condition_over` when it is over or ended already.
    """
    require_county(actor, Permission.PLAN_MAKE)
    table = type(row)
    session.scalar(select(table).where(table.id == row.id).with_for_update())
    session.refresh(row)
    if row.ended_on is not None or (row.to_day is not None and row.to_day < today):
        raise Problem("condition_over")
    row.ended_on, row.ended_at, row.ended_by = today, now, actor.person_id
    session.flush()
    _audit(session, row, event="end", facts={"ended_on": today.isoformat()}, by=(actor, now))


def _found(row: AnyRow | None, *, what: str) -> AnyRow:
    if row is None:
        raise Problem("not_found", what=what)
    return row


def _record(
    session: Session, row: Condition, *, spell: Spell, name: str, by: tuple[Actor, datetime]
) -> None:
    actor, now = by
    reason = spell.reason.strip()
    if not reason:
        raise Problem("reason_missing")
    if spell.to_day is not None and spell.to_day < spell.from_day:
        raise Problem("days_reversed", first=spell.from_day, last=spell.to_day)
    row.from_day, row.to_day, row.reason = spell.from_day, spell.to_day, reason
    row.recorded_at, row.recorded_by = now, actor.person_id
    session.add(row)
    session.flush()
    facts: dict[str, object] = {
        "name": name,
        "from_day": spell.from_day.isoformat(),
        "to_day": None if spell.to_day is None else spell.to_day.isoformat(),
        "reason": reason,
    }
    _audit(session, row, event="record", facts=facts, by=by)


def _audit(
    session: Session,
    row: Condition,
    *,
    event: str,
    facts: dict[str, object],
    by: tuple[Actor, datetime],
) -> None:
    actor, now = by
    subject = ACTS[type(row)]
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=f"{subject}.{event}",
            subject_kind=subject,
            subject_id=str(row.id),
            facts=facts,
        )
    )
    session.flush()
