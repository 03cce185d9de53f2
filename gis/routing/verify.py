"""An independent check of a weekly plan: every rule recomputed from the plan and problem alone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    CrewDay,
    Direction,
    PatrolTask,
    PlannedVisit,
    WeekPlan,
    WeekProblem,
    worths,
)

Fact = str | int | float


class Rule(StrEnum):
    """The rules a plan can break."""

    week = "week"
    unknown_crew = "unknown_crew"
    unknown_task = "unknown_task"
    empty_route = "empty_route"
    doubled_route = "doubled_route"
    crew_off = "crew_off"
    task_day = "task_day"
    grid = "grid"
    officers = "officers"
    one_way = "one_way"
    no_way = "no_way"
    leave = "leave"
    travel_time = "travel_time"
    service_time = "service_time"
    clock = "clock"
    overtime = "overtime"
    gap = "gap"
    too_often = "too_often"
    coverage = "coverage"
    cost = "cost"


# Sentences for people, one per rule; the names in them are the facts of the violation.
SENTENCES: Mapping[Rule, str] = {
    Rule.week: "计划的周 %(planned)s 与问题的周 %(week)s 不一致",
    Rule.unknown_crew: "巡查组 %(crew)s 不存在",
    Rule.unknown_task: "%(crew)s 第 %(day)s 天的对象 %(task)s 不在本周任务中",
    Rule.empty_route: "%(crew)s 第 %(day)s 天的路线为空",
    Rule.doubled_route: "%(crew)s 第 %(day)s 天有 %(routes)s 条路线",
    Rule.crew_off: "%(crew)s 第 %(day)s 天不上班",
    Rule.task_day: "%(task)s 不允许在第 %(day)s 天巡查",
    Rule.grid: "%(task)s 所在网格 %(grid)s 不归 %(crew)s 负责",
    Rule.officers: "%(task)s 需要 %(needed)s 名执法人员，%(crew)s 只有 %(present)s 名",
    Rule.one_way: "%(task)s 只能顺向巡查",
    Rule.no_way: "%(crew)s 第 %(day)s 天到 %(place)s 无路可达",
    Rule.leave: "%(crew)s 第 %(day)s 天出发时刻 %(leave_s)s 秒早于上班时刻 %(start_s)s 秒",
    Rule.travel_time: "%(crew)s 第 %(day)s 天到 %(place)s 行程应为 %(right)s 秒，"
    "计划为 %(planned)s 秒",
    Rule.service_time: "%(task)s 巡查用时应为 %(right)s 秒，计划为 %(planned)s 秒",
    Rule.clock: "%(crew)s 第 %(day)s 天 %(place)s 的时刻应为 %(right)s 秒，计划为 %(planned)s 秒",
    Rule.overtime: "%(crew)s 第 %(day)s 天超出班次 %(over_s)s 秒",
    Rule.gap: "%(task)s 在第 %(day)s 天与第 %(other_day)s 天的两次巡查少于 %(gap_days)s 天间隔",
    Rule.too_often: "%(task)s 本周应巡 %(due)s 次，计划 %(planned)s 次",
    Rule.coverage: "%(task)s 应缺 %(right)s 次，计划记为缺 %(planned)s 次",
    Rule.cost: "计划费用应为 %(right)s，记为 %(planned)s",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule with its facts."""

    rule: Rule
    facts: Mapping[str, Fact]

    def words(self) -> str:
        """Return the violation as a sentence."""
        return SENTENCES[self.rule] % self.facts


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

    def violations(self) -> Iterator[Violation]:
        if self.plan.week != self.problem.week:
            yield _broken(Rule.week, planned=str(self.plan.week), week=str(self.problem.week))
        yield from self._doubled()
        for route in self.plan.routes:
            if route.crew not in self.crews:
                yield _broken(Rule.unknown_crew, crew=route.crew)
                continue
            yield from self._crew_day(route, crew=self.crews[route.crew])
        yield from self._repeats()
        yield from self._coverage()
        if self.cost() != self.plan.cost:
            yield _broken(Rule.cost, right=self.cost(), planned=self.plan.cost)

    def cost(self) -> int:
        """Return travel plus the worth of every visit that is due and not in a route."""
        worth = worths(self.problem)
        return self.travel_s + sum(
            max(0, task.times - self.count[task.key]) * worth[task.key]
            for task in self.problem.tasks
        )

    def _doubled(self) -> Iterator[Violation]:
        routes = Counter((route.crew, route.day) for route in self.plan.routes)
        for (crew, day), number in routes.items():
            if number > 1:
                yield _broken(Rule.doubled_route, crew=crew, day=day, routes=number)

    def _crew_day(self, route: CrewDay, *, crew: Crew) -> Iterator[Violation]:
        if route.day not in crew.working_days:
            yield _broken(Rule.crew_off, crew=crew.key, day=route.day)
        if not route.visits:
            yield _broken(Rule.empty_route, crew=crew.key, day=route.day)
        if route.leave_s < crew.on(route.day).leave_s:
            yield _broken(
                Rule.leave,
                crew=crew.key,
                day=route.day,
                leave_s=route.leave_s,
                start_s=crew.on(route.day).leave_s,
            )
        for visit in route.visits:
            if visit.task in self.tasks:
                yield from _permissions(route, visit=visit, crew=crew, task=self.tasks[visit.task])
            else:
                yield _broken(Rule.unknown_task, crew=crew.key, day=route.day, task=visit.task)
        yield from self._times(route, crew=crew)

    def _times(self, route: CrewDay, *, crew: Crew) -> Iterator[Violation]:
        """Walk the route with the matrix and compare every moment with the plan's."""
        facts: dict[str, Fact] = {"crew": crew.key, "day": route.day}
        node, clock = crew.on(route.day).first_node, route.leave_s
        for visit in route.visits:
            task = self.tasks.get(visit.task)
            if task is None:
                continue
            forward = visit.direction is Direction.forward
            first, last = (
                (task.start_node, task.end_node) if forward else (task.end_node, task.start_node)
            )
            leg = self._leg(crew, node, first)
            yield from _leg_faults(facts, place=task.key, leg=leg, planned=visit.travel_s)
            yield from _moment(facts, place=task.key, right=clock + leg, planned=visit.arrival_s)
            clock += leg + task.service_s
            yield from _moment(facts, place=task.key, right=clock, planned=visit.departure_s)
            if visit.service_s != task.service_s:
                yield _broken(
                    Rule.service_time,
                    task=task.key,
                    right=task.service_s,
                    planned=visit.service_s,
                )
            self.service_s += task.service_s
            node = last
        leg = self._leg(crew, node, crew.home_node)
        yield from _leg_faults(facts, place="驻地", leg=leg, planned=route.return_travel_s)
        yield from _moment(facts, place="驻地", right=clock + leg, planned=route.return_s)
        over = clock + leg - (crew.shift_start_min + crew.shift_min) * 60
        if over > 0:
            yield _broken(Rule.overtime, **facts, over_s=over)

    def _leg(self, crew: Crew, origin: int, goal: int) -> int:
        leg = int(self.problem.travel_s[crew.mode][origin, goal])
        self.travel_s += leg
        return leg

    def _repeats(self) -> Iterator[Violation]:
        days: dict[str, list[int]] = {}
        for route in self.plan.routes:
            for visit in route.visits:
                days.setdefault(visit.task, []).append(route.day)
        for key, task in self.tasks.items():
            for day, other in combinations(sorted(days.get(key, [])), 2):
                if other - day < task.min_gap_days:
                    yield _broken(
                        Rule.gap, task=key, day=day, other_day=other, gap_days=task.min_gap_days
                    )

    def _coverage(self) -> Iterator[Violation]:
        missing: Counter[str] = Counter()
        for item in self.plan.unserved:
            missing[item.task] += item.missing
        for key in sorted(set(missing) - set(self.tasks)):
            yield _broken(Rule.coverage, task=key, right=0, planned=missing[key])
        for key, task in self.tasks.items():
            if self.count[key] > task.times:
                yield _broken(Rule.too_often, task=key, due=task.times, planned=self.count[key])
            right = max(0, task.times - self.count[key])
            if missing[key] != right:
                yield _broken(Rule.coverage, task=key, right=right, planned=missing[key])


def _permissions(
    route: CrewDay, *, visit: PlannedVisit, crew: Crew, task: PatrolTask
) -> Iterator[Violation]:
    if route.day not in task.days:
        yield _broken(Rule.task_day, task=task.key, day=route.day)
    if crew.grids is not None and task.grid not in crew.grids:
        yield _broken(Rule.grid, task=task.key, grid=task.grid or "", crew=crew.key)
    if crew.officers < task.officers:
        yield _broken(
            Rule.officers,
            task=task.key,
            needed=task.officers,
            crew=crew.key,
            present=crew.officers,
        )
    if task.one_way and visit.direction is Direction.backward:
        yield _broken(Rule.one_way, task=task.key)


def _leg_faults(
    facts: Mapping[str, Fact], *, place: str, leg: int, planned: int
) -> Iterator[Violation]:
    if leg >= UNREACHABLE_S:
        yield _broken(Rule.no_way, **facts, place=place)
    if leg != planned:
        yield _broken(Rule.travel_time, **facts, place=place, right=leg, planned=planned)


def _moment(
    facts: Mapping[str, Fact], *, place: str, right: int, planned: int
) -> Iterator[Violation]:
    if right != planned:
        yield _broken(Rule.clock, **facts, place=place, right=right, planned=planned)


def _broken(rule: Rule, **facts: Fact) -> Violation:
    return Violation(rule, facts)
