"""Write changed crew-days into the rows of the published plan; stops keep their numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.routing.problem import CrewDay, Direction, PlannedVisit, WeekPlan
from gis.routing.timetable import timed_route
from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState
from inspect_app.models import (
    Event,
    PatrolStop,
    PatrolTask,
    PlanChange,
    PlanUncovered,
)
from inspect_app.models.base import Json
from inspect_app.queries.plan_changes import key_of
from inspect_app.workflows.advance import Step, advance, record
from inspect_app.workflows.plan_week import (
    SECONDS_PER_MIN,
    birth,
    draw,
    instant,
    stop_of,
    stored_line,
)
from inspect_app.workflows.replan_week.prepare import CrewDayKey, Prepared

NOT_BEGUN = (TaskState.PUBLISHED, TaskState.PLANNED)
CHANGEABLE = (TaskState.PUBLISHED, TaskState.IN_PROGRESS, TaskState.PAUSED)
SEQ_AWAY = 1_000_000
"""Numbers from here on keep stops apart while they change places."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Who adopts an offer, why, when and where the clock runs."""

    reason: str
    actor: Actor
    now: datetime
    zone: ZoneInfo


class ChangeWriter:
    """Writes changed crew-days into the rows of the published plan."""

    def __init__(
        self, session: Session, prepared: Prepared, change: PlanChange, *, by: Adoption
    ) -> None:
        self.session = session
        self.prepared = prepared
        self.built = prepared.built
        self.plan = prepared.plan
        self.change = change
        self.by = by
        self.step = Step(
            reason=by.reason, facts={"change": change.id, "revision": self.plan.revision + 1}
        )

    def write(self, wanted: Mapping[CrewDayKey, tuple[str, ...]], found: WeekPlan) -> None:
        """Give every changed crew-day its stops, times and line; tell each in events."""
        routes = {(route.crew, route.day): route for route in found.routes}
        tasks = {at: self._task(at, needed=bool(order)) for at, order in wanted.items()}
        pool = self._open_stops(task for task in tasks.values() if task is not None)
        assigned = self._assign(wanted, tasks, pool)
        for stop in pool:
            self._withdraw(stop)
        self.session.flush()
        for at, order in wanted.items():
            task = tasks[at]
            if task is not None:
                self._write_crew_day(at, task, assigned[at], route=routes.get(at))
            elif order:
                raise Problem("change_outdated")
        self._count(found)

    def _task(self, at: CrewDayKey, *, needed: bool) -> PatrolTask | None:
        """Return the task of a crew-day, restored or new where there is none to be changed."""
        crew, day = at
        row = self.prepared.rows.get(at)
        if row is not None:
            return row.task
        if not needed:
            return None
        crew_id, date = self.built.crews[crew].id, self.built.problem.date_of(day)
        cancelled = self.session.scalar(
            select(PatrolTask).where(
                PatrolTask.plan_id == self.plan.id,
                PatrolTask.crew_id == crew_id,
                PatrolTask.day == date,
            )
        )
        if cancelled is not None:
            self._advance(cancelled, "restore")
            return cancelled
        who = self.built.problem.crew_by_key()[crew]
        start = instant(self.plan.week, day=day, second=who.on(day).leave_s, zone=self.by.zone)
        task = PatrolTask(
            crew_id=crew_id,
            day=date,
            state=TaskState.PLANNED.value,
            starts_at=start,
            ends_at=start,
            travel_min=0.0,
            service_min=0.0,
            length_m=0.0,
        )
        self.plan.tasks.append(task)
        record(
            self.session,
            task,
            birth("task", "plan"),
            step=self.step,
            actor=self.by.actor,
            now=self.by.now,
        )
        self._advance(task, "publish")
        return task

    def _open_stops(self, tasks: Iterable[PatrolTask]) -> list[PatrolStop]:
        """Return the stops that may go elsewhere; their numbers are put away meanwhile."""
        found, away = [], count(SEQ_AWAY)
        for task in tasks:
            at = self._crew_day(task)
            settled = set(self.prepared.standing.settled.get(at, ()))
            for stop in task.stops:
                stop.seq = next(away)
                if key_of(stop) not in settled:
                    found.append(stop)
        self.session.flush()
        return found

    def _crew_day(self, task: PatrolTask) -> CrewDayKey:
        return task.crew.name, (task.day - self.plan.week).days

    def _assign(
        self,
        wanted: Mapping[CrewDayKey, tuple[str, ...]],
        tasks: Mapping[CrewDayKey, PatrolTask | None],
        pool: list[PatrolStop],
    ) -> dict[CrewDayKey, dict[str, PatrolStop]]:
        """Take for each visit its own stop, else one that leaves its crew-day, else none yet."""
        assigned: dict[CrewDayKey, dict[str, PatrolStop]] = {at: {} for at in wanted}
        for at, order in wanted.items():
            task = tasks[at]
            own = {key_of(s): s for s in pool if task is not None and s.task_id == task.id}
            for key in order:
                if key in own:
                    assigned[at][key] = own[key]
                    pool.remove(own[key])
        for at, order in wanted.items():
            task = tasks[at]
            for key in order:
                free = next((stop for stop in pool if key_of(stop) == key), None)
                if key in assigned[at] or free is None or task is None:
                    continue
                pool.remove(free)
                self._note(free, "move", facts={"from_task": free.task_id, "to_task": task.id})
                free.task = task
                assigned[at][key] = free
        return assigned

    def _withdraw(self, stop: PatrolStop) -> None:
        """Take a visit that finds no room out; what is needed to bring it back is noted."""
        facts: Json = {
            "task": stop.task_id,
            "object_kind": stop.object_kind,
            "object_id": stop.object_id,
            "name": stop.name,
            "timed": stop.timed,
            "reverse": stop.reverse,
            "grid_id": stop.grid_id,
            "arrive_at": stop.arrive_at.isoformat(),
            "leave_at": stop.leave_at.isoformat(),
            "geom": to_shape(stop.geom).wkt,
        }
        self._note(stop, "withdraw", facts=facts)
        for item in self.change.figures["unserved"]:
            if item["key"] == key_of(stop):
                self.session.add(
                    PlanUncovered(
                        plan_id=self.plan.id,
                        grid_id=stop.grid_id,
                        object_kind=stop.object_kind,
                        object_id=stop.object_id,
                        name=stop.name,
                        timed=stop.timed,
                        visits_missing=1,
                        reason=item["reason"],
                        facts=item["facts"],
                    )
                )
        self.session.delete(stop)

    def _note(self, stop: PatrolStop, event: str, *, facts: Json) -> None:
        self.session.add(
            Event(
                subject_kind="stop",
                subject_id=stop.id,
                event=event,
                from_state=stop.result,
                to_state=stop.result,
                actor_id=self.by.actor.person_id,
                at=self.by.now,
                reason=self.by.reason,
                facts=facts | {"change": self.change.id},
            )
        )

    def _write_crew_day(
        self,
        at: CrewDayKey,
        task: PatrolTask,
        assigned: Mapping[str, PatrolStop],
        *,
        route: CrewDay | None,
    ) -> None:
        _, day = at
        self.session.expire(task, ["stops"])
        settled = [stop for stop in task.stops if key_of(stop) not in assigned]
        for seq, stop in enumerate(settled, start=1):
            stop.seq = seq
        visits = () if route is None else route.visits
        for seq, visit in enumerate(visits, start=len(settled) + 1):
            row = assigned.get(visit.task)
            fresh = stop_of(self.built, visit, day=day, seq=seq, zone=self.by.zone)
            if row is None:
                task.stops.append(fresh)
            else:
                row.seq, row.reverse = seq, fresh.reverse
                row.arrive_at, row.leave_at = fresh.arrive_at, fresh.leave_at
        self.session.flush()
        self.session.expire(task, ["stops"])
        if not task.stops and task.state in NOT_BEGUN:
            task.travel_min = task.service_min = task.length_m = 0.0
            task.route = None
            self._advance(task, "cancel")
            return
        self._write_figures(at, task, settled, route=route)
        if task.state in CHANGEABLE:
            self._advance(task, "change")

    def _write_figures(
        self,
        at: CrewDayKey,
        task: PatrolTask,
        settled: list[PatrolStop],
        *,
        route: CrewDay | None,
    ) -> None:
        """Write hours, length and line of the whole day: settled visits first, then the route."""
        crew, day = at
        who = self.built.problem.crew_by_key().get(crew)
        if who is None:
            return
        rest = next(one for one in self.prepared.rest.problem.crews if one.key == crew)
        travel_s = self.built.problem.ways_of(who, day)
        if route is None:
            route = timed_route(rest, day, order=(), travel_s=travel_s)
        before = [_visit(stop) for stop in settled if key_of(stop) in self.built.nodes]
        whole = replace(route, visits=(*before, *route.visits))
        node, spent_s = who.home_node, 0
        for visit in whole.visits:
            first, last = self.built.nodes[visit.task]
            if visit.direction is Direction.backward:
                first, last = last, first
            spent_s += int(travel_s[node, first])
            node = last
        spent_s += int(travel_s[node, who.home_node])
        line = draw(self.built, whole).line
        task.length_m, task.route = line.length, stored_line(self.built, line)
        task.travel_min = spent_s / SECONDS_PER_MIN
        spans = [(stop.leave_at - stop.arrive_at).total_seconds() for stop in task.stops]
        task.service_min = sum(spans) / SECONDS_PER_MIN
        if not settled:
            task.starts_at = instant(
                self.plan.week, day=day, second=route.leave_s, zone=self.by.zone
            )
        task.ends_at = instant(self.plan.week, day=day, second=route.return_s, zone=self.by.zone)

    def _count(self, found: WeekPlan) -> None:
        """Bring the counts of the stored verdict up to date."""
        new = sum(
            1 for move in self.change.moves["visits"] if move["asked"] and move["from"] is None
        )
        missing = sum(item.missing for item in found.unserved)
        verdict = dict(self.plan.verdict)
        verdict["due_visits"] = verdict.get("due_visits", 0) + new
        verdict["served_visits"] = verdict.get("served_visits", 0) + new - missing
        self.plan.verdict = verdict

    def _advance(self, task: PatrolTask, event: str) -> None:
        advance(self.session, task, event, step=self.step, actor=self.by.actor, now=self.by.now)


def _visit(stop: PatrolStop) -> PlannedVisit:
    """Return a stop as a visit of a route to be drawn; its times are not looked at."""
    way = Direction.backward if stop.reverse else Direction.forward
    return PlannedVisit(key_of(stop), way, 0, 0, 0, 0)
