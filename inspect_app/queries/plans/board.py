"""The board of a week's plan: crews by days, with stops, hours and how full each day is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import ObjectKind
from inspect_app.domain.transitions import TaskState
from inspect_app.models import Crew, Grid, PatrolPlan, PatrolStop, PatrolTask
from inspect_app.queries.plans.coverage import township_of_grid
from inspect_app.queries.plans.versions import touches
from inspect_app.queries.policies import policy_value
from inspect_app.queries.scope import in_scope

HOURS_PER_DAY = 24


class Load(Enum):
    """How full a shift is."""

    OVER = "over"
    FAIR = "fair"
    LIGHT = "light"


def load_of(hours: float, available: float, *, light_share: float) -> Load:
    """Return how full the available hours are; a minute more than all is too much.

    Less than the share of a shift out is worth a look: another crew may be at its limit.
    """
    if hours > available + 1 / 60:
        return Load.OVER
    return Load.LIGHT if hours < available * light_share else Load.FAIR


@dataclass(frozen=True, slots=True)
class Cell:
    """A crew-day of the board; `stops` counts those in the reader's scope, `pinned` all pins.

    `townships` are the ids of those it touches, as text; `load` compares with the crew's shift.
    """

    task_id: int
    state: TaskState
    stops: int
    hours: float
    length_m: float
    pinned: int
    townships: frozenset[str]
    load: Load


@dataclass(frozen=True, slots=True)
class CrewWeek:
    """A crew's row of the board, with its hours by kind of object."""

    crew_id: int
    name: str
    shift_hours: float
    working_days: frozenset[int]
    cells: Mapping[date, Cell]
    travel_hours: float
    kind_hours: Mapping[ObjectKind, float]
    light_share: float

    @property
    def hours(self) -> float:
        """Hours out in the week."""
        return self.travel_hours + sum(self.kind_hours.values())

    @property
    def available_hours(self) -> float:
        """Hours of all shifts of the week."""
        return self.shift_hours * len(self.working_days)

    @property
    def load(self) -> Load:
        """How full the week is."""
        return load_of(self.hours, self.available_hours, light_share=self.light_share)

    @property
    def stops(self) -> int:
        """Stops of the week in the reader's scope."""
        return sum(cell.stops for cell in self.cells.values())

    @property
    def length_m(self) -> float:
        """Length of all the week's routes."""
        return sum(cell.length_m for cell in self.cells.values())


@dataclass
class _Row:
    """Figures of one crew while they are gathered."""

    kinds: dict[ObjectKind, float] = field(default_factory=dict)
    stops: dict[int, int] = field(default_factory=dict)
    pinned: dict[int, int] = field(default_factory=dict)
    townships: dict[int, set[str]] = field(default_factory=dict)


def board(
    session: Session, plan: PatrolPlan, scope: Scope, *, idle: Iterable[Crew] = ()
) -> list[CrewWeek]:
    """Return the crews of a plan by name, each with its days; only tasks that touch the scope.

    Raises PolicyMissing where the county has set no share of a shift below which one is light.
    `idle` crews are shown too when they have no task: they can be given one.
    """
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
    for crew in idle:
        crews.setdefault(crew.id, (crew, []))
    light_share = policy_value(session, "plan_light_share", day=plan.week)
    weeks = [
        _crew_week(crew, own, rows.get(crew.id, _Row()), light_share=light_share)
        for crew, own in crews.values()
    ]
    return sorted(weeks, key=lambda one: one.name)


def crews_going_out(session: Session) -> list[Crew]:
    """Return the crews that can be given tasks, by name."""
    return list(session.scalars(select(Crew).where(Crew.active).order_by(Crew.name)))


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
            func.count().filter(PatrolStop.pinned),
            func.array_agg(township_of_grid().distinct()),
        )
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .outerjoin(Grid, Grid.id == PatrolStop.grid_id)
        .where(PatrolTask.plan_id == plan.id, touches(scope))
        .group_by(PatrolTask.crew_id, PatrolTask.id, PatrolStop.object_kind)
    )
    found: dict[int, _Row] = {}
    for crew_id, task_id, kind, hours, stops, pinned, townships in rows:
        row = found.setdefault(crew_id, _Row())
        code = ObjectKind(kind)
        row.kinds[code] = row.kinds.get(code, 0.0) + float(hours)
        row.stops[task_id] = row.stops.get(task_id, 0) + stops
        row.pinned[task_id] = row.pinned.get(task_id, 0) + pinned
        row.townships.setdefault(task_id, set()).update(one for one in townships if one)
    return found


def _crew_week(crew: Crew, tasks: list[PatrolTask], row: _Row, *, light_share: float) -> CrewWeek:
    hours = crew.shift_end.hour - crew.shift_start.hour
    # A night shift ends on the next day.
    shift = (hours + (crew.shift_end.minute - crew.shift_start.minute) / 60) % HOURS_PER_DAY
    return CrewWeek(
        crew_id=crew.id,
        name=crew.name,
        shift_hours=shift,
        working_days=frozenset(weekday - 1 for weekday in crew.weekdays),
        cells={task.day: _cell(task, row, shift=shift, light_share=light_share) for task in tasks},
        travel_hours=sum(task.travel_min for task in tasks) / 60,
        kind_hours=dict(sorted(row.kinds.items(), key=lambda one: list(ObjectKind).index(one[0]))),
        light_share=light_share,
    )


def _cell(task: PatrolTask, row: _Row, *, shift: float, light_share: float) -> Cell:
    hours = (task.travel_min + task.service_min) / 60
    return Cell(
        task_id=task.id,
        state=TaskState(task.state),
        stops=row.stops.get(task.id, 0),
        hours=hours,
        length_m=task.length_m,
        pinned=row.pinned.get(task.id, 0),
        townships=frozenset(row.townships.get(task.id, ())),
        load=load_of(hours, shift, light_share=light_share),
    )
