"""Prepare a change: the week as it is, how far the crews are, and what has happened."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.routing.problem import SECONDS_PER_MIN, PatrolTask, Start, TimeWindow
from gis.routing.replan import (
    CrewAbsent,
    Happened,
    Moment,
    Rain,
    Remaining,
    Standing,
    Urgent,
    remaining,
)
from gis.routing.replan.pace import Progress, VisitNow, progress_of
from gis.routing.tasks import OFFICERS_OF_A_PAIR
from gis.schedule import policy_for
from inspect_app.domain.codes import ObjectKind, StopResult
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState
from inspect_app.domain.weeks import week_text
from inspect_app.models import ComplaintMatter, Crew, PatrolPlan
from inspect_app.models import PatrolStop as Stop
from inspect_app.queries.conditions import assignments
from inspect_app.queries.happenings import storm_keys
from inspect_app.queries.patrol_week import grid_paths
from inspect_app.queries.plan_changes import (
    CrewDayRow,
    crew_day_rows,
    key_of,
    stops_with_findings,
)
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.apply_conditions import assigned
from inspect_app.workflows.build_week import WeekToPlan, build_week
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.replan_week.request import ChangeRequest

CrewDayKey = tuple[str, int]
SILENCE = timedelta(minutes=15)
"""A tablet in the network sends its track every five minutes; after three times that it is out."""
HANDED_IN = (TaskState.SUBMITTED, TaskState.COMPLETED)
BEGUN = (TaskState.IN_PROGRESS, TaskState.PAUSED, TaskState.RETURNED)
DAYS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Everything an offer is computed from.

    `rows` are the plan's crew-days as stored; `promises` the moment until which each urgent object
    is to be reached (those already past are left out).
    """

    plan: PatrolPlan
    built: WeekToPlan
    standing: Standing
    happened: Happened
    rest: Remaining
    rows: dict[CrewDayKey, CrewDayRow]
    promises: dict[str, datetime]
    zone: ZoneInfo

    def digest(self, crew_days: Iterable[CrewDayKey]) -> str:
        """Return a digest of what is stored of some crew-days: another one means a change."""
        facts: list[object] = [self.plan.id, self.plan.revision]
        for at in sorted(crew_days):
            row = self.rows.get(at)
            if row is not None:
                stops = [(stop.id, stop.result, stop.seq) for stop in row.stops]
                facts.append((at, row.task.id, row.task.state, stops))
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def prepare(session: Session, plan: PatrolPlan, request: ChangeRequest, *, hand: Hand) -> Prepared:
    """Return what a change of the plan is computed from.

    Raises
    ------
    Problem
        `change_nothing`, `change_week_over`, and what `build_week` raises.
    """
    if request.is_empty:
        raise Problem("change_nothing")
    zone, now = hand.zone, hand.now
    local = now.astimezone(zone)
    today = (local.date() - plan.week).days
    if today >= DAYS:
        raise Problem("change_week_over", week=week_text(plan.week))
    moment = Moment(0, 0) if today < 0 else Moment(today, _second(local))
    rows = {
        (row.crew, (row.task.day - plan.week).days): row for row in crew_day_rows(session, plan)
    }
    storm = storm_keys(session) if request.rain else []
    also = {
        *(
            key_of(stop)
            for (_, day), row in rows.items()
            if day >= moment.day
            for stop in row.stops
        ),
        *(key_of(stop) for stop in _stops(session, plan, request.not_done)),
        *request.urgent,
        *storm,
    }
    whole = build_week(session, plan.week, zone=zone, also=sorted(also), store=hand.store)
    built = _with_places(session, whole)
    standing = _Standing(session, plan, built, rows=rows, moment=moment, at=(local, zone)).answer()
    promises = _promises(session, request.urgent, day=plan.week, now=now)
    happened = _happened(session, plan, request, built=built, storm=storm, at=(moment, zone))
    urgent = tuple(
        Urgent(built.problem.task_by_key()[key], _moment(plan.week, promises.get(key), zone=zone))
        for key in request.urgent
        if key in built.nodes
    )
    happened = replace(happened, urgent=urgent)
    rest = remaining(built.problem, standing, happened)
    return Prepared(plan, built, standing, happened, rest, rows, promises, zone)


class _Standing:
    """How far the crews are, from the rows of the plan."""

    def __init__(
        self,
        session: Session,
        plan: PatrolPlan,
        built: WeekToPlan,
        *,
        rows: dict[CrewDayKey, CrewDayRow],
        moment: Moment,
        at: tuple[datetime, ZoneInfo],
    ) -> None:
        self.plan, self.built, self.rows, self.moment = plan, built, rows, moment
        self.now, self.zone = at
        self.visited = stops_with_findings(session, plan)

    def answer(self) -> Standing:
        settled: dict[CrewDayKey, tuple[str, ...]] = {}
        starts: dict[str, Start] = {}
        over: set[str] = set()
        for (crew, day), row in self.rows.items():
            if day != self.moment.day or self.now.date() < self.plan.week:
                continue
            if row.task.state in HANDED_IN:
                settled[crew, day] = tuple(key_of(stop) for stop in row.stops)
                over.add(crew)
                continue
            progress = self._progress(row)
            if progress is None:
                continue
            settled[crew, day] = progress.settled
            starts[crew] = self._start(crew, row, progress)
        return Standing(
            {at: tuple(key_of(stop) for stop in row.stops) for at, row in self.rows.items()},
            self.moment,
            settled=settled,
            starts=starts,
            over=frozenset(over),
        )

    def _progress(self, row: CrewDayRow) -> Progress | None:
        """Return how far a crew is; None before it leaves."""
        leave_s = self._second_of(row.started_at or row.task.starts_at)
        reported = any(self._was_there(stop) for stop in row.stops)
        if row.task.state not in BEGUN and not reported and leave_s >= self.moment.second:
            return None
        silent = row.heard_at is None or self.now - row.heard_at > SILENCE
        visits = [
            VisitNow(
                key_of(stop),
                self._second_of(stop.arrive_at),
                self._second_of(stop.leave_at),
                self._second_of(stop.done_at or stop.arrive_at) if self._was_there(stop) else None,
            )
            for stop in row.stops
        ]
        return progress_of(visits, leave_s=leave_s, now_s=self.moment.second, silent=silent)

    def _was_there(self, stop: Stop) -> bool:
        return stop.result != StopResult.PENDING or stop.id in self.visited

    def _start(self, crew: str, row: CrewDayRow, progress: Progress) -> Start:
        """Return where the crew is free: at the far end of its last settled visit, or at home."""
        who = self.built.problem.crew_by_key().get(crew)
        reverse = {key_of(stop): stop.reverse for stop in row.stops}
        node = 0 if who is None else who.home_node
        for key in reversed(progress.settled):
            if key in self.built.nodes:
                first, last = self.built.nodes[key]
                node = first if reverse[key] else last
                break
        lunch = None if who is None else who.lunch
        eaten = lunch is not None and progress.free_s >= SECONDS_PER_MIN * (
            lunch.from_min + lunch.length_min
        )
        return Start(node, progress.free_s, had_lunch=eaten)

    def _second_of(self, instant: datetime) -> int:
        day = self.plan.week + timedelta(days=self.moment.day)
        midnight = datetime.combine(day, time(), self.zone).astimezone(UTC)
        return max(0, int((instant - midnight).total_seconds()))


def _with_places(session: Session, built: WeekToPlan) -> WeekToPlan:
    """Return the week with a task for every object that has a place, due or not.

    A frequency policy of its kind says how long a visit takes and who may make it, else a policy
    row.
    """
    week = built.problem.week
    minutes = policy_value(session, "urgent_service_min", day=week)
    known = built.problem.task_by_key()
    added = []
    for key, one in built.objects.items():
        if key in known:
            continue
        first, last = built.nodes[key]
        policy = policy_for(
            list(built.policies.values()),
            kind=str(one.kind),
            object_class=one.object_class,
            week=week,
        )
        added.append(
            PatrolTask(
                key,
                first,
                last,
                _service_s(built, key, minutes=policy.service_min if policy else minutes),
                days=frozenset(range(DAYS)),
                min_gap_days=policy.min_gap_days if policy else 1,
                officers=OFFICERS_OF_A_PAIR if policy and policy.two_officers else 0,
                grid=None if one.grid_id is None else str(one.grid_id),
                kind=str(one.kind),
                priority=policy.priority if policy else 0,
                window=None if one.window is None else TimeWindow(*one.window),
                length_m=built.shapes[key].length,
            )
        )
    allowed = assigned(
        added,
        assignments(session, week),
        objects=built.objects,
        crews=list(built.crews.values()),
        paths=grid_paths(session),
    )
    return replace(built, problem=replace(built.problem, tasks=(*built.problem.tasks, *allowed)))


def _service_s(built: WeekToPlan, key: str, *, minutes: float) -> int:
    walked_s: int = round(built.shapes[key].length * 3.6 / built.moves.patrol_kmh)
    return max(walked_s, round(minutes * SECONDS_PER_MIN))


def _happened(
    session: Session,
    plan: PatrolPlan,
    request: ChangeRequest,
    *,
    built: WeekToPlan,
    storm: Sequence[str],
    at: tuple[Moment, ZoneInfo],
) -> Happened:
    moment, _ = at
    names = {crew.id: crew.name for crew in session.execute(select(Crew.id, Crew.name))}
    tasks = built.problem.task_by_key()
    hours = policy_value(session, "rain_check_h", day=plan.week) if request.rain else 0.0
    second = moment.second + round(hours * 3600)
    until = Moment(moment.day + second // 86_400, second % 86_400)
    return Happened(
        absent=tuple(
            CrewAbsent(names[crew], frozenset(days))
            for crew, days in request.absent
            if crew in names
        ),
        rain=Rain(tuple(tasks[key] for key in storm if key in tasks), until)
        if request.rain
        else None,
        exempted=frozenset(request.exempted),
        not_done=tuple(
            (stop.task.crew.name, (stop.task.day - plan.week).days, key_of(stop))
            for stop in _stops(session, plan, request.not_done)
        ),
    )


def _stops(session: Session, plan: PatrolPlan, ids: Sequence[int]) -> list[Stop]:
    """Return stops of this plan; others are passed over."""
    rows = session.scalars(select(Stop).where(Stop.id.in_(ids)).order_by(Stop.id))
    return [stop for stop in rows if stop.task.plan_id == plan.id]


def _promises(
    session: Session, keys: Sequence[str], *, day: date, now: datetime
) -> dict[str, datetime]:
    """Return until when each urgent object is to be reached: hours after it became known.

    Matters are known since they were opened, other objects since now. A promise that is already
    broken is renewed from now on.
    """
    promise = timedelta(hours=policy_value(session, "urgent_arrival_h", day=day))
    found = {}
    for key in keys:
        kind, _, number = key.partition(":")
        known_at = now
        if kind == ObjectKind.MATTER:
            matter = session.get(ComplaintMatter, int(number))
            known_at = now if matter is None else matter.opened_at
        found[key] = (known_at if known_at + promise > now else now) + promise
    return found


def _moment(week: date, instant: datetime | None, *, zone: ZoneInfo) -> Moment | None:
    """Return the instant as a moment of the week; None beyond its end."""
    if instant is None:
        return None
    local = instant.astimezone(zone)
    day = (local.date() - week).days
    return Moment(day, _second(local)) if 0 <= day < DAYS else None


def _second(local: datetime) -> int:
    return local.hour * 3600 + local.minute * 60 + local.second
