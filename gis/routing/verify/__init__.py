"""An independent check of a weekly plan: every rule recomputed from the plan and problem alone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from gis.routing.problem import (
    Crew,
    CrewDay,
    Direction,
    PatrolTask,
    PlannedVisit,
    WeekPlan,
    WeekProblem,
    worths,
)
from gis.routing.verify.rules import SENTENCES, Fact, Rule, Violation, broken
from gis.routing.verify.walk import Walk, begins_s, window_faults, working_s

__all__ = ["SENTENCES", "Rule", "Verdict", "Violation", "verify"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found: every violation, and the plan's figures recomputed."""

    violations: tuple[Violation, ...]
    due_visits: int
    served_visits: int
    travel_s: int
    service_s: int
    cost: int

    @property
    def is_valid(self) -> bool:
        """No rule is broken."""
        return not self.violations


def verify(problem: WeekProblem, plan: WeekPlan) -> Verdict:
    """Recompute a plan from the problem and list every violation.

    Shares no code with the solver beyond the statement of the problem.

    Returns
    -------
    Verdict
        ``travel_s`` and ``service_s`` come from the matrices and tasks, not from the plan's own
        times; legs and visits of unknown crews or tasks are left out of them.
    """
    check = _Check(problem, plan)
    violations = tuple(check.violations())
    return Verdict(
        violations,
        due_visits=sum(task.times for task in problem.tasks),
        served_visits=sum(min(check.count[task.key], task.times) for task in problem.tasks),
        travel_s=check.travel_s,
        service_s=check.service_s,
        cost=check.cost(),
    )


class _Check:
    """One pass over a plan."""

    def __init__(self, problem: WeekProblem, plan: WeekPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.tasks = problem.task_by_key()
        self.crews = problem.crew_by_key()
        self.count = Counter(visit.task for route in plan.routes for visit in route.visits)
        self.travel_s = 0
        self.service_s = 0
        # Seconds of waiting, and of overtime at its price.
        self.dearer_s = 0

    def violations(self) -> Iterator[Violation]:
        if self.plan.week != self.problem.week:
            yield broken(Rule.week, planned=str(self.plan.week), week=str(self.problem.week))
        yield from self._doubled()
        for route in self.plan.routes:
            if route.crew not in self.crews:
                yield broken(Rule.unknown_crew, crew=route.crew)
                continue
            yield from self._crew_day(route, crew=self.crews[route.crew])
        yield from self._vehicles()
        yield from self._repeats()
        yield from self._coverage()
        if self.cost() != self.plan.cost:
            yield broken(Rule.cost, right=self.cost(), planned=self.plan.cost)

    def cost(self) -> int:
        """Return travel, waiting, overtime and the worth of every visit not in a route."""
        worth = worths(self.problem)
        return (
            self.travel_s
            + self.dearer_s
            + sum(
                max(0, task.times - self.count[task.key]) * worth[task.key]
                for task in self.problem.tasks
            )
        )

    def _doubled(self) -> Iterator[Violation]:
        routes = Counter((route.crew, route.day) for route in self.plan.routes)
        for (crew, day), number in routes.items():
            if number > 1:
                yield broken(Rule.doubled_route, crew=crew, day=day, routes=number)

    def _crew_day(self, route: CrewDay, *, crew: Crew) -> Iterator[Violation]:
        if route.day not in crew.working_days:
            yield broken(Rule.crew_off, crew=crew.key, day=route.day)
        if not route.visits:
            yield broken(Rule.empty_route, crew=crew.key, day=route.day)
        if route.leave_s < begins_s(crew, route.day):
            yield broken(
                Rule.leave,
                crew=crew.key,
                day=route.day,
                leave_s=route.leave_s,
                start_s=begins_s(crew, route.day),
            )
        for visit in route.visits:
            if visit.task in self.tasks:
                yield from _permissions(route, visit=visit, crew=crew, task=self.tasks[visit.task])
            else:
                yield broken(Rule.unknown_task, crew=crew.key, day=route.day, task=visit.task)
        yield from self._times(route, crew=crew)

    def _times(self, route: CrewDay, *, crew: Crew) -> Iterator[Violation]:
        """Walk the route with the matrix and compare every moment with the plan's."""
        walk = Walk(crew, route)
        for visit in route.visits:
            task = self.tasks.get(visit.task)
            if task is None:
                continue
            first, last = task.start_node, task.end_node
            if visit.direction is not Direction.forward:
                first, last = last, first
            leg = self._leg(crew, route.day, origin=walk.node, goal=first)
            yield from walk.visit(visit, task=task, leg=leg)
            yield from window_faults(visit, task=task, day=route.day)
            self.service_s += task.service_s
            walk.node = last
        leg = self._leg(crew, route.day, origin=walk.node, goal=crew.home_node)
        yield from walk.home(leg)
        self.dearer_s += walk.waited_s
        self.dearer_s += max(0, walk.used_s - working_s(crew, route.day)) * (
            self.problem.weights.overtime_factor
        )

    def _vehicles(self) -> Iterator[Violation]:
        users: dict[tuple[str, int], str] = {}
        for route in self.plan.routes:
            crew = self.crews.get(route.crew)
            if crew is None or crew.vehicle is None or not route.visits:
                continue
            other = users.setdefault((crew.vehicle, route.day), crew.key)
            if other != crew.key:
                yield broken(
                    Rule.shared_vehicle,
                    vehicle=crew.vehicle,
                    day=route.day,
                    crew=crew.key,
                    other=other,
                )

    def _leg(self, crew: Crew, day: int, *, origin: int, goal: int) -> int:
        mode = crew.modes.get(day, crew.mode)
        leg = int(self.problem.travel_s[mode][origin, goal])
        self.travel_s += leg
        return leg

    def _repeats(self) -> Iterator[Violation]:
        days: dict[str, list[int]] = {}
        for route in self.plan.routes:
            for visit in route.visits:
                days.setdefault(visit.task, []).append(route.day)
        for key, task in self.tasks.items():
            settled = {day for _, day in task.pinned}
            most = max(0, task.times - len(settled))
            elsewhere = sum(day not in settled for day in days.get(key, []))
            if settled and elsewhere > most:
                yield broken(Rule.pinned_left, task=key, planned=elsewhere, most=most)
            for day, other in combinations(sorted(days.get(key, [])), 2):
                if other - day < task.min_gap_days:
                    yield broken(
                        Rule.gap, task=key, day=day, other_day=other, gap_days=task.min_gap_days
                    )

    def _coverage(self) -> Iterator[Violation]:
        missing: Counter[str] = Counter()
        for item in self.plan.unserved:
            missing[item.task] += item.missing
        for key in sorted(set(missing) - set(self.tasks)):
            yield broken(Rule.coverage, task=key, right=0, planned=missing[key])
        for key, task in self.tasks.items():
            if self.count[key] > task.times:
                yield broken(Rule.too_often, task=key, due=task.times, planned=self.count[key])
            right = max(0, task.times - self.count[key])
            if missing[key] != right:
                yield broken(Rule.coverage, task=key, right=right, planned=missing[key])


def _permissions(
    route: CrewDay, *, visit: PlannedVisit, crew: Crew, task: PatrolTask
) -> Iterator[Violation]:
    if route.day not in task.days:
        yield broken(Rule.task_day, task=task.key, day=route.day)
    if crew.grids is not None and task.grid not in crew.grids:
        yield broken(Rule.grid, task=task.key, grid=task.grid or "", crew=crew.key)
    present = crew.officers_by_day.get(route.day, crew.officers)
    if present < task.officers:
        yield broken(
            Rule.officers,
            task=task.key,
            needed=task.officers,
            crew=crew.key,
            day=route.day,
            present=present,
        )
    if task.one_way and visit.direction is Direction.backward:
        yield broken(Rule.one_way, task=task.key)
    yield from _choices(route, crew=crew, task=task)


def _choices(route: CrewDay, *, crew: Crew, task: PatrolTask) -> Iterator[Violation]:
    """Look at what people decided for this task: crews, pins and bars."""
    if task.crews is not None and crew.key not in task.crews:
        names = "、".join(sorted(task.crews))
        yield broken(Rule.chosen_crews, task=task.key, crews=names, crew=crew.key)
    facts: dict[str, Fact] = {"task": task.key, "day": route.day, "crew": crew.key}
    for other, day in sorted(task.pinned):
        if day == route.day and other != crew.key:
            yield broken(Rule.pinned, **facts, pinned=other)
    if (crew.key, route.day) in task.barred:
        yield broken(Rule.barred, **facts)
