"""Plan a week: solve what is due, check it independently, explain what is left out, store it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from zoneinfo import ZoneInfo

import geopandas as gpd
from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiLineString
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gis.crs import STORAGE_SRID, to_storage
from gis.routing.explain import Explanation, explain
from gis.routing.geometry import RouteGeometry, route_geometry
from gis.routing.parallel import solve_in_parallel
from gis.routing.problem import CrewDay, Direction, PlannedVisit, WeekPlan
from gis.routing.solve import Progress, SearchBudget
from gis.routing.verify import Verdict, verify
from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import PatrolKind
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState, TaskState, Transition, transition
from inspect_app.models import PatrolPlan, PatrolStop, PatrolTask
from inspect_app.models.base import Json
from inspect_app.queries.patrol_week import grid_names
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.begin_with import Beginning, beginning
from inspect_app.workflows.build_week import WeekToPlan, build_week, shared_travel
from inspect_app.workflows.plan_figures import bound_figures, figures_of, uncovered_row
from inspect_app.workflows.tell_verdict import verdict_facts
from inspect_app.workflows.travel_cache import MatrixStore

SECONDS_PER_MIN = 60
DEFAULT_SECONDS = 15.0
"""Search time nobody chose; a county week of ten crews gains little after it."""
BOUND_SECONDS = 3.0
"""Time for proving how far from the best a plan is; more of it hardly raises the bound."""
PLAN_LOCK = 7305
"""First half of the advisory lock that makes versions of a week one after the other."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """How a plan is to be made.

    Parameters
    ----------
    zone
        The bureau's time zone.
    seed
        Start of the search; the same seed and `iterations` give the same plan.
    iterations, seconds
        When the search stops, whichever comes first; neither means `DEFAULT_SECONDS`.
    first_day
        Days before it are not planned.
    searches
        How many searches with seeds of their own, side by side; the best plan counts.
    store
        Keeps travel times between plans.
    base_plan_id
        A version of the same week: its pinned visits stay, the search begins with its orders.
    """

    zone: ZoneInfo
    seed: int = 1
    iterations: int | None = None
    seconds: float | None = None
    first_day: date | None = None
    searches: int = 1
    store: MatrixStore | None = None
    base_plan_id: int | None = None

    @property
    def budget(self) -> SearchBudget:
        """The budget of the search."""
        if self.iterations is None and self.seconds is None:
            return SearchBudget(seconds=DEFAULT_SECONDS)
        return SearchBudget(iterations=self.iterations, seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How far the making of a plan is; the search fields are None outside the search."""

    stage: str
    search: Progress | None = None


Tell = Callable[[PlanProgress], None]


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches a plan being made: told how far it is, asked whether to stop.

    `cancel` is asked some times a second; True ends the search, and then `keep` is asked whether
    the best plan so far is wanted.
    """

    tell: Tell = lambda _: None
    cancel: Callable[[], bool] = lambda: False
    keep: Callable[[], bool] = lambda: True


def plan_week(
    session: Session,
    week: date,
    *,
    request: PlanRequest,
    actor: Actor,
    now: datetime,
    watcher: Watcher | None = None,
) -> PatrolPlan:
    """Make a new version of a week's plan, as a draft.

    The plan covers the whole county, so its maker must hold the county: a plan of one township
    would take crews that other townships count on. The verdict of the independent check is stored
    with the plan; one with violations cannot be published.

    Parameters
    ----------
    week
        The Monday.
    watcher
        Told at each stage (`load`, `search`, `draw`, `write`) and with each better plan found.

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`, `no_crews`, `nothing_due`, `plan_cancelled`,
        `not_found` for a base plan of another week.
    """
    watcher = watcher or Watcher()
    tell = watcher.tell
    require_county(actor, Permission.PLAN_MAKE)
    clock = _StopWatch()
    tell(PlanProgress("load"))
    base = beginning(session, request.base_plan_id, week=week)
    built = build_week(
        session, week, zone=request.zone, first_day=request.first_day, store=request.store
    )
    if request.searches > 1:
        built = shared_travel(built)
    if base is not None:
        built = replace(built, problem=base.pinned(built.problem))
    clock.mark("load")
    tell(PlanProgress("search"))
    found = _searched(built, request, base=base, watcher=watcher)
    verdict, explanation = verify(built.problem, found), explain(built.problem, found)
    clock.mark("search")
    proved = bound_figures(built, found, seconds=BOUND_SECONDS) if verdict.is_valid else {}
    clock.mark("bound")
    tell(PlanProgress("draw"))
    tasks = [new_task(built, route, zone=request.zone) for route in found.routes]
    clock.mark("draw")
    tell(PlanProgress("write"))
    plan = new_plan(session, week, seed=request.seed, actor=actor, now=now)
    plan.base_plan_id = request.base_plan_id
    plan.parameters = parameters_of(request, built=built)
    fill_plan(session, plan, Outcome(built, verdict, explanation, tasks), actor=actor, now=now)
    plan.figures = {
        **figures_of(built, found, explanation=explanation),
        **proved,
        "pins_lost": _carry_pins(base, built, tasks=tasks),
        "seconds": clock.seconds,
    }
    session.flush()
    return plan


def _searched(
    built: WeekToPlan, request: PlanRequest, *, base: Beginning | None, watcher: Watcher
) -> WeekPlan:
    found = solve_in_parallel(
        built.problem,
        seed=request.seed,
        budget=request.budget,
        searches=request.searches,
        progress=lambda one: watcher.tell(PlanProgress("search", one)),
        cancel=watcher.cancel,
        start=None if base is None else base.orders,
    )
    if watcher.cancel() and not watcher.keep():
        raise Problem("plan_cancelled")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What goes into a version: the week, its crew-days, their verdict, what is left out."""

    built: WeekToPlan
    verdict: Verdict
    explanation: Explanation
    tasks: Sequence[PatrolTask]


def fill_plan(
    session: Session, plan: PatrolPlan, outcome: Outcome, *, actor: Actor, now: datetime
) -> None:
    """Put crew-days, verdict and what is left out into a new version."""
    names = grid_names(session)
    plan.verdict = verdict_facts(outcome.verdict, outcome.built, names=names)
    record(session, plan, birth("plan", "draft"), step=Step(), actor=actor, now=now)
    plan.tasks.extend(outcome.tasks)
    for task in outcome.tasks:
        record(session, task, birth("task", "plan"), step=Step(), actor=actor, now=now)
    session.add_all(
        uncovered_row(plan, outcome.built, reason, names=names)
        for reason in outcome.explanation.unserved
    )
    session.flush()


def _carry_pins(
    base: Beginning | None, built: WeekToPlan, *, tasks: Sequence[PatrolTask]
) -> list[str]:
    """Pin what stayed; returns the names of pinned visits that could not."""
    if base is None:
        return []
    lost = base.carry_over(tasks, crews={crew.id: name for name, crew in built.crews.items()})
    return [built.objects[key].name if key in built.objects else key for key in lost]


def require_county(actor: Actor, permission: Permission) -> None:
    """Refuse who may not, or whose scope is not the whole county."""
    if not actor.may(permission):
        raise Problem("not_permitted", permission=permission.value)
    if not actor.scope.everywhere:
        raise Problem("county_wide_only")


def lock_week(session: Session, week: date) -> None:
    """Let one transaction at a time change which plans a week has."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(:plan, :week)"),
        {"plan": PLAN_LOCK, "week": week.toordinal()},
    )


def draw(built: WeekToPlan, route: CrewDay) -> RouteGeometry:
    """Return the lines of a route in the metric CRS."""
    crew = built.problem.crew_by_key()[route.crew].on(route.day)
    return route_geometry(
        built.problem, route, legs=built.travel[crew.mode].legs, objects=built.shapes
    )


def instant(week: date, *, day: int, second: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a second after local midnight of a day of the week (UTC)."""
    midnight = datetime.combine(week + timedelta(days=day), day_time(), zone)
    return midnight.astimezone(UTC) + timedelta(seconds=second)


class _StopWatch:
    """Seconds of each stage, for the plan's own record of what it cost."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        moment = time.perf_counter()
        self.seconds[stage] = round(moment - self._last, 2)
        self._last = moment


def birth(subject: str, event: str) -> Transition:
    """Return the transition with which a subject begins."""
    row = transition(subject, event, None)
    if row is None:
        raise Problem("unknown_event", event=event)
    return row


def new_plan(session: Session, week: date, *, seed: int, actor: Actor, now: datetime) -> PatrolPlan:
    """Return the row of a week's next version, without anything in it."""
    lock_week(session, week)
    last = session.scalar(select(func.max(PatrolPlan.version)).where(PatrolPlan.week == week))
    plan = PatrolPlan(
        week=week,
        version=(last or 0) + 1,
        state=PlanState.DRAFT.value,
        seed=seed,
        parameters={},
        figures={},
        verdict={},
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(plan)
    return plan


def new_task(built: WeekToPlan, route: CrewDay, *, zone: ZoneInfo) -> PatrolTask:
    """Return the row of a crew-day with its stops, not yet in a plan."""
    crew = built.crews[route.crew]
    task = PatrolTask(
        crew_id=crew.id,
        day=built.problem.date_of(route.day),
        patrol_kind=(PatrolKind.NIGHT if crew.at_night else PatrolKind.ROUTINE).value,
        state=TaskState.PLANNED.value,
    )
    write_route(built, task, route=route, zone=zone)
    return task


def write_route(built: WeekToPlan, task: PatrolTask, *, route: CrewDay, zone: ZoneInfo) -> None:
    """Put a route's times, figures, line and stops into the row of its crew-day."""
    week, line = built.problem.week, draw(built, route).line
    task.starts_at = instant(week, day=route.day, second=route.leave_s, zone=zone)
    task.ends_at = instant(week, day=route.day, second=route.return_s, zone=zone)
    task.travel_min = route.travel_s / SECONDS_PER_MIN
    task.service_min = route.service_s / SECONDS_PER_MIN
    task.length_m = line.length
    task.route = stored_line(built, line)
    task.stops.extend(
        stop_of(built, visit, day=route.day, seq=seq, zone=zone)
        for seq, visit in enumerate(route.visits, start=1)
    )


def stop_of(
    built: WeekToPlan, visit: PlannedVisit, *, day: int, seq: int, zone: ZoneInfo
) -> PatrolStop:
    """Return the stop of a visit, with the times of its day."""
    week, one = built.problem.week, built.objects[visit.task]
    return PatrolStop(
        seq=seq,
        grid_id=one.grid_id,
        object_kind=one.kind.value,
        object_id=one.id,
        name=one.name,
        timed=one.timed,
        reverse=visit.direction is Direction.backward,
        arrive_at=instant(week, day=day, second=visit.arrival_s, zone=zone),
        leave_at=instant(week, day=day, second=visit.departure_s, zone=zone),
        geom=_stored(one.shape),
    )


def stored_line(built: WeekToPlan, line: MultiLineString) -> WKBElement | None:
    """Return a route's line for the table; None when it has no length."""
    if line.is_empty:
        return None
    return _stored(to_storage(gpd.GeoSeries([line], crs=built.metric_crs)).iloc[0])


def _stored(shape: BaseGeometry) -> WKBElement:
    return from_shape(shape, srid=STORAGE_SRID)


def parameters_of(request: PlanRequest, *, built: WeekToPlan) -> Json:
    """Return what a plan was made with, as it is stored."""
    return {
        "searches": request.searches,
        "iterations": request.budget.iterations,
        "seconds": request.budget.seconds,
        "first_day": None if request.first_day is None else request.first_day.isoformat(),
        "patrol_speed_kmh": built.moves.patrol_kmh,
        "detour_factor": built.moves.detour,
        "snap_road_max_m": built.moves.snap_m,
        "off_road_speed_kmh": built.moves.off_road_kmh,
        **built.shifts.facts(),
        "weights": asdict(built.problem.weights),
    }
