"""Weekly plans for those who read them: versions, the board of crew-days, coverage, load."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from sqlalchemy import ColumnElement, extract, func, literal, select, true
from sqlalchemy.orm import Session

from gis.routing.explain import Reason, Remedy
from inspect_app.domain.access import Scope
from inspect_app.domain.codes import ObjectKind
from inspect_app.domain.transitions import PlanState, TaskState
from inspect_app.models import (
    Crew,
    Grid,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    PlanRun,
    PlanUncovered,
)
from inspect_app.queries.scope import in_scope

TOWNSHIP_DEPTH = 2
"""Depth of the grids below the county, by which coverage is told."""
MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True)
class Cell:
    """A crew-day of the board; `stops` counts those in the reader's scope."""

    task_id: int
    state: TaskState
    stops: int
    hours: float
    length_m: float


@dataclass(frozen=True, slots=True)
class CrewWeek:
    """A crew's row of the board, with its hours by kind of object."""

    crew_id: int
    name: str
    shift_hours: float
    cells: Mapping[date, Cell]
    travel_hours: float
    kind_hours: Mapping[ObjectKind, float]

    @property
    def hours(self) -> float:
        """Hours out in the week."""
        return self.travel_hours + sum(self.kind_hours.values())

    @property
    def length_m(self) -> float:
        """Length of all the week's routes."""
        return sum(cell.length_m for cell in self.cells.values())


@dataclass(frozen=True, slots=True)
class Covered:
    """How many of the due visits of a kind or township are planned."""

    label: str
    served: int
    due: int

    @property
    def share(self) -> float:
        """Planned per due; 1 where nothing is due."""
        return self.served / self.due if self.due else 1.0


@dataclass(frozen=True, slots=True)
class Remark:
    """A reason or a remedy: its code and the facts of its sentence."""

    code: Reason | Remedy
    facts: Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class UncoveredLine:
    """A due visit without a place in the plan, why, and what would help.

    `reason` is None for plans taken over from elsewhere whose reason is none of ours.
    """

    kind: ObjectKind
    object_id: int
    name: str
    grid_name: str | None
    missing: int
    reason: Remark | None
    fixes: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class MovedStop:
    """A visit that another version has elsewhere; None = not planned there."""

    name: str
    kind: ObjectKind
    here: str | None
    there: str | None


@dataclass
class _Row:
    """Figures of one crew while they are gathered."""

    kinds: dict[ObjectKind, float] = field(default_factory=dict)
    stops: dict[int, int] = field(default_factory=dict)


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


def board(session: Session, plan: PatrolPlan, scope: Scope) -> list[CrewWeek]:
    """Return the crews of a plan by name, each with its days; only tasks that touch the scope."""
    tasks = session.execute(
        select(PatrolTask, Crew)
        .join(Crew, Crew.id == PatrolTask.crew_id)
        .where(PatrolTask.plan_id == plan.id, touches(scope))
        .order_by(Crew.name, PatrolTask.day)
    ).all()
    rows = _stop_figures(session, plan, scope)
    crews: dict[int, tuple[Crew, list[PatrolTask]]] = {}
    for task, crew in tasks:
        crews.setdefault(crew.id, (crew, []))[1].append(task)
    return [_crew_week(crew, own, rows.get(crew.id, _Row())) for crew, own in crews.values()]


def coverage(
    session: Session, plan: PatrolPlan, scope: Scope
) -> tuple[list[Covered], list[Covered]]:
    """Return planned and due visits by kind, and by township in the order of its code."""
    township = _township()
    stops = (
        select(PatrolStop.object_kind, township, func.count(), literal(0))
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .outerjoin(Grid, Grid.id == PatrolStop.grid_id)
        .where(PatrolTask.plan_id == plan.id, in_scope(PatrolStop.grid_id, scope))
        .group_by(PatrolStop.object_kind, township)
    )
    left = (
        select(
            PlanUncovered.object_kind,
            township,
            literal(0),
            func.coalesce(func.sum(PlanUncovered.visits_missing), 0),
        )
        .outerjoin(Grid, Grid.id == PlanUncovered.grid_id)
        .where(PlanUncovered.plan_id == plan.id, in_scope(PlanUncovered.grid_id, scope))
        .group_by(PlanUncovered.object_kind, township)
    )
    kinds: dict[str, list[int]] = {}
    towns: dict[str, list[int]] = {}
    for kind, town, served, missing in [*session.execute(stops), *session.execute(left)]:
        for sums in (
            kinds.setdefault(kind, [0, 0]),
            towns.setdefault(town or "", [0, 0]),
        ):
            sums[0] += served
            sums[1] += served + int(missing)
    names = _township_names(session)
    order = {code: place for place, code in enumerate(names)}
    by_town = sorted(towns.items(), key=lambda one: order.get(one[0], len(order)))
    return (
        [Covered(one.label, *kinds[one.value]) for one in ObjectKind if one.value in kinds],
        [Covered(names.get(code, "县级或无网格"), *sums) for code, sums in by_town],
    )


def uncovered(session: Session, plan: PatrolPlan, scope: Scope) -> list[UncoveredLine]:
    """Return what a plan leaves out in the scope, in the order of its urgency."""
    rows = session.execute(
        select(PlanUncovered, Grid.name)
        .outerjoin(Grid, Grid.id == PlanUncovered.grid_id)
        .where(PlanUncovered.plan_id == plan.id, in_scope(PlanUncovered.grid_id, scope))
        .order_by(PlanUncovered.id)
    )
    return [
        UncoveredLine(
            kind=ObjectKind(row.object_kind),
            object_id=row.object_id,
            name=row.name,
            grid_name=grid_name,
            missing=row.visits_missing,
            reason=Remark(Reason(row.reason), row.facts["facts"])
            if row.reason in {str(reason) for reason in Reason}
            else None,
            fixes=tuple(
                Remark(Remedy(fix["remedy"]), fix["facts"]) for fix in row.facts.get("fixes", [])
            ),
        )
        for row, grid_name in rows
    ]


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


def _stop_figures(session: Session, plan: PatrolPlan, scope: Scope) -> dict[int, _Row]:
    spent = extract("epoch", PatrolStop.leave_at - PatrolStop.arrive_at)
    counted = func.count().filter(in_scope(PatrolStop.grid_id, scope))
    rows = session.execute(
        select(
            PatrolTask.crew_id,
            PatrolTask.id,
            PatrolStop.object_kind,
            func.sum(spent) / 3600,
            counted,
        )
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .where(PatrolTask.plan_id == plan.id, touches(scope))
        .group_by(PatrolTask.crew_id, PatrolTask.id, PatrolStop.object_kind)
    )
    found: dict[int, _Row] = {}
    for crew_id, task_id, kind, hours, stops in rows:
        row = found.setdefault(crew_id, _Row())
        code = ObjectKind(kind)
        row.kinds[code] = row.kinds.get(code, 0.0) + float(hours)
        row.stops[task_id] = row.stops.get(task_id, 0) + stops
    return found


def _crew_week(crew: Crew, tasks: list[PatrolTask], row: _Row) -> CrewWeek:
    # A shift that ends before it starts crosses midnight.
    minutes = (_minute(crew.shift_end) - _minute(crew.shift_start)) % MINUTES_PER_DAY
    return CrewWeek(
        crew_id=crew.id,
        name=crew.name,
        shift_hours=minutes / 60,
        cells={
            task.day: Cell(
                task_id=task.id,
                state=TaskState(task.state),
                stops=row.stops.get(task.id, 0),
                hours=(task.travel_min + task.service_min) / 60,
                length_m=task.length_m,
            )
            for task in tasks
        },
        travel_hours=sum(task.travel_min for task in tasks) / 60,
        kind_hours=dict(sorted(row.kinds.items(), key=lambda one: list(ObjectKind).index(one[0]))),
    )


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _township() -> ColumnElement[str]:
    """Return the id, as text, of the grid at township depth above a grid; path is `/1/5/29/`."""
    return func.nullif(func.split_part(Grid.path, "/", TOWNSHIP_DEPTH + 1), "")


def _township_names(session: Session) -> dict[str, str]:
    rows = session.execute(
        select(Grid.id, Grid.name).where(Grid.depth == TOWNSHIP_DEPTH).order_by(Grid.code)
    )
    return {str(number): name for number, name in rows}
