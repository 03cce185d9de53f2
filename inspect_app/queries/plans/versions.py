"""Versions of a week's plan: which there are, which holds, what differs between two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import ObjectKind
from inspect_app.domain.transitions import PlanState
from inspect_app.models import (
    Crew,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    PlanRun,
    PlanUncovered,
)
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class MovedStop:
    """A visit that another version has elsewhere; None = not planned there."""

    name: str
    kind: ObjectKind
    here: str | None
    there: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """How a version differs from another: visits on other crew-days, added, gone; visits served."""

    moved: int
    added: int
    removed: int
    served: int

    @property
    def is_none(self) -> bool:
        """Both have the same visits on the same crew-days."""
        return not (self.moved or self.added or self.removed)


@dataclass(frozen=True, slots=True)
class CrewFigures:
    """Hours and visits of one crew in a version."""

    name: str
    hours: float
    visits: int


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """A version in figures, as far as the reader's scope goes."""

    served: int
    uncovered: int
    hours: float
    travel_hours: float
    length_m: float
    crews: Mapping[str, CrewFigures]


def versions(session: Session, week: date) -> list[PatrolPlan]:
    """Return the plans of a week, newest version first."""
    return list(
        session.scalars(
            select(PatrolPlan).where(PatrolPlan.week == week).order_by(PatrolPlan.version.desc())
        )
    )


def last_run(session: Session, week: date) -> PlanRun | None:
    """Return the newest request for a plan of the week that has ended."""
    return session.scalar(
        select(PlanRun)
        .where(PlanRun.week == week, PlanRun.ended_at.is_not(None))
        .order_by(PlanRun.id.desc())
        .limit(1)
    )


def plan_in_force(plans: list[PatrolPlan]) -> PatrolPlan | None:
    """Return the published version, else the newest draft, else the newest of all."""
    for state in (PlanState.PUBLISHED, PlanState.DRAFT):
        for plan in plans:
            if plan.state == state:
                return plan
    return plans[0] if plans else None


def touches(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a task has a stop in the scope."""
    if scope.everywhere:
        return true()
    inside = select(PatrolStop.task_id).where(in_scope(PatrolStop.grid_id, scope))
    return PatrolTask.id.in_(inside)


def moved_stops(
    session: Session, plan: PatrolPlan, other: PatrolPlan, *, scope: Scope
) -> list[MovedStop]:
    """Return the visits that two versions do not have on the same crew-days, by name."""
    here, there = (_places(session, one, scope) for one in (plan, other))
    moved = []
    for key in sorted(here.keys() | there.keys()):
        mine, theirs = here.get(key, []), there.get(key, [])
        # A visit on a crew-day of both versions stays; the rest are paired in order of days.
        ours = [one for one in mine if one not in theirs]
        others = [one for one in theirs if one not in mine]
        for place in range(max(len(ours), len(others))):
            name, kind, _ = key
            moved.append(
                MovedStop(
                    name,
                    ObjectKind(kind),
                    ours[place] if place < len(ours) else None,
                    others[place] if place < len(others) else None,
                )
            )
    return moved


def difference(moved: Sequence[MovedStop]) -> Difference:
    """Return the visits that two versions have elsewhere, in numbers."""
    added = sum(line.there is None for line in moved)
    removed = sum(line.here is None for line in moved)
    return Difference(
        moved=len(moved) - added - removed, added=added, removed=removed, served=added - removed
    )


def version_figures(session: Session, plan: PatrolPlan, scope: Scope) -> VersionFigures:
    """Return what a version amounts to, and each crew's share, by name."""
    hours = (PatrolTask.travel_min + PatrolTask.service_min) / 60
    rows = session.execute(
        select(
            Crew.name,
            func.sum(hours),
            func.sum(PatrolTask.travel_min) / 60,
            func.sum(PatrolTask.length_m),
        )
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id, touches(scope))
        .group_by(Crew.name)
        .order_by(Crew.name)
    ).all()
    counted = session.execute(
        select(Crew.name, func.count())
        .select_from(PatrolStop)
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id, in_scope(PatrolStop.grid_id, scope))
        .group_by(Crew.name)
    )
    visits = {row[0]: int(row[1]) for row in counted}
    missing = session.scalar(
        select(func.count())
        .select_from(PlanUncovered)
        .where(PlanUncovered.plan_id == plan.id, in_scope(PlanUncovered.grid_id, scope))
    )
    return VersionFigures(
        served=sum(visits.values()),
        uncovered=missing or 0,
        hours=sum(row[1] for row in rows),
        travel_hours=sum(row[2] for row in rows),
        length_m=sum(row[3] for row in rows),
        crews={name: CrewFigures(name, worked, visits.get(name, 0)) for name, worked, *_ in rows},
    )


def _places(
    session: Session, plan: PatrolPlan, scope: Scope
) -> dict[tuple[str, str, int], list[str]]:
    rows = session.execute(
        select(
            PatrolStop.name,
            PatrolStop.object_kind,
            PatrolStop.object_id,
            PatrolTask.day,
            Crew.name,
        )
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id, in_scope(PatrolStop.grid_id, scope))
        .order_by(PatrolTask.day, Crew.name)
    )
    places: dict[tuple[str, str, int], list[str]] = {}
    for name, kind, number, day, crew in rows:
        places.setdefault((name, kind, number), []).append(f"{day:%m-%d} {crew}")
    return places
