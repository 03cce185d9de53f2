"""Why a visit found no place in the week, what would help, and where the crews' hours go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gis.routing.patterns import keeps_gap, most_visits, workable_days
from gis.routing.problem import (
    SECONDS_PER_MIN,
    Crew,
    PatrolTask,
    WeekPlan,
    WeekProblem,
    may_serve,
)
from gis.routing.timetable import OpenRoute, alone_s, is_reachable

Fact = str | int | float


class Reason(StrEnum):
    """The binding rule, in the order in which they are asked."""

    no_grid_crew = "no_grid_crew"
    no_officers = "no_officers"
    no_working_day = "no_working_day"
    cut_off = "cut_off"
    longer_than_shift = "longer_than_shift"
    too_few_days = "too_few_days"
    gap_to_other_visits = "gap_to_other_visits"
    shift_full = "shift_full"
    fits = "fits"


class Remedy(StrEnum):
    """What would make room."""

    assign_crew = "assign_crew"
    add_officers = "add_officers"
    other_days = "other_days"
    mend_road_data = "mend_road_data"
    split_object = "split_object"
    fewer_visits = "fewer_visits"
    overtime = "overtime"
    lend_crew = "lend_crew"
    plan_again = "plan_again"


# Sentences for people; the names in them are the facts.
REASONS: Mapping[Reason, str] = {
    Reason.no_grid_crew: "网格 %(grid)s 没有负责的巡查组",
    Reason.no_officers: "%(days)s 没有具备 %(officers)s 名执法人员的巡查组",
    Reason.no_working_day: "允许巡查的日期（%(days)s）没有可去的巡查组上班",
    Reason.cut_off: "道路不通，从各巡查组驻地都无法到达",
    Reason.longer_than_shift: "单独往返需要 %(needed_min)s 分钟，超过最长班次 %(shift_min)s 分钟",
    Reason.too_few_days: "%(workable)s 个可巡日按间隔 %(gap_days)s 天最多安排 %(possible)s 次",
    Reason.gap_to_other_visits: "有空位的日期与本周其他巡查间隔不足 %(gap_days)s 天",
    Reason.shift_full: "最省的插入在 %(crew)s %(date)s，仍超出班次 %(over_min)s 分钟",
    Reason.fits: "%(crew)s %(date)s 还能安排",
}
REMEDIES: Mapping[Remedy, str] = {
    Remedy.assign_crew: "为网格 %(grid)s 指定巡查组",
    Remedy.add_officers: "为 %(crew)s 配足 %(officers)s 名执法人员",
    Remedy.other_days: "放宽到 %(date)s，由 %(crew)s 承担",
    Remedy.mend_road_data: "补充道路数据或就近上路点",
    Remedy.split_object: "把对象拆成不超过 %(service_min)s 分钟的几段",
    Remedy.fewer_visits: "本周减为 %(possible)s 次",
    Remedy.overtime: "%(crew)s %(date)s 加班 %(over_min)s 分钟",
    Remedy.lend_crew: "由 %(crew)s %(date)s 支援，加班 %(over_min)s 分钟",
    Remedy.plan_again: "给求解更多时间，重新编排",
}


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that would make room, with its facts."""

    remedy: Remedy
    facts: Mapping[str, Fact]

    def words(self) -> str:
        """Return the remedy as a sentence."""
        return REMEDIES[self.remedy] % self.facts


@dataclass(frozen=True, slots=True)
class UnservedReason:
    """Why visits of one task are missing; fixes start with the cheapest."""

    task: str
    missing: int
    reason: Reason
    facts: Mapping[str, Fact]
    fixes: tuple[Fix, ...]

    def words(self) -> str:
        """Return the reason as a sentence."""
        return REASONS[self.reason] % self.facts


@dataclass(frozen=True, slots=True)
class CrewHours:
    """Seconds of one crew's week: service by kind of object, travel, free, and per day in use."""

    crew: str
    available_s: int
    travel_s: int
    service_by_kind_s: Mapping[str, int]
    used_by_day_s: Mapping[int, int]

    @property
    def used_s(self) -> int:
        """Seconds from leaving home to being back, over the week."""
        return self.travel_s + sum(self.service_by_kind_s.values())

    @property
    def free_s(self) -> int:
        """Seconds of shifts not used."""
        return self.available_s - self.used_s


@dataclass(frozen=True, slots=True)
class Explanation:
    """The plan explained.

    ``needed_s`` = service of all that is due + planned travel + least travel to what is missing.
    """

    unserved: tuple[UnservedReason, ...]
    crews: tuple[CrewHours, ...]
    needed_s: int
    available_s: int

    @property
    def short_s(self) -> int:
        """Seconds the week lacks in all; 0 when the sum is enough."""
        return max(0, self.needed_s - self.available_s)


@dataclass(frozen=True, slots=True)
class _Offer:
    """The best insertion on one crew-day; negative ``over_s`` means it fits."""

    over_s: int
    day: int
    crew: Crew
    added_s: int

    def facts(self, problem: WeekProblem) -> dict[str, Fact]:
        return {
            "crew": self.crew.key,
            "day": self.day,
            "date": problem.date_of(self.day).isoformat(),
            "over_min": max(0, -(-self.over_s // SECONDS_PER_MIN)),
            "added_min": -(-self.added_s // SECONDS_PER_MIN),
        }


def explain(problem: WeekProblem, plan: WeekPlan) -> Explanation:
    """Explain a valid plan: the binding rule of each missing visit, fixes, and hours.

    Insertions are priced on the plan as it stands with the directions of the whole route chosen
    anew; moving other visits is not considered (that is the search's work). Cost: crew-days
    x visits per route for each unserved task.
    """
    scan = _Scan(problem, plan)
    unserved = tuple(
        scan.reason(problem.task_by_key()[item.task], missing=item.missing)
        for item in plan.unserved
    )
    crews = tuple(_crew_hours(problem, plan, crew=crew) for crew in problem.crews)
    due_service = sum(task.service_s * task.times for task in problem.tasks)
    return Explanation(
        unserved,
        crews,
        needed_s=due_service + plan.travel_s + scan.unserved_travel_s(),
        available_s=sum(hours.available_s for hours in crews),
    )


class _Scan:
    """The plan's routes opened for insertions, and the days each task is served."""

    def __init__(self, problem: WeekProblem, plan: WeekPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.tasks = problem.task_by_key()
        self.served: dict[str, list[int]] = {task.key: [] for task in problem.tasks}
        orders: dict[tuple[str, int], list[PatrolTask]] = {}
        for route in plan.routes:
            orders[route.crew, route.day] = [self.tasks[visit.task] for visit in route.visits]
            for visit in route.visits:
                self.served[visit.task].append(route.day)
        self.routes = {
            (crew.key, day): OpenRoute(
                crew.on(day),
                orders.get((crew.key, day), ()),
                travel_s=problem.travel_s[crew.mode],
            )
            for crew in problem.crews
            for day in sorted(crew.working_days)
        }

    def reason(self, task: PatrolTask, *, missing: int) -> UnservedReason:
        """Return the first rule that binds."""
        reason, facts, fixes = (
            self._nobody(task) or self._never(task) or self._pattern(task) or self._full(task)
        )
        return UnservedReason(task.key, missing, reason, facts, tuple(fixes))

    def unserved_travel_s(self) -> int:
        """Return the least added travel of the missing visits, each on its own."""
        total = 0
        for item in self.plan.unserved:
            task = self.tasks[item.task]
            offers = self._offers(task, crews=self._reaching(task), days=range(7))
            if offers:
                least = min(offer.added_s for offer in offers) - task.service_s
                total += max(0, least) * item.missing
        return total

    def _nobody(self, task: PatrolTask) -> tuple[Reason, dict[str, Fact], list[Fix]] | None:
        """Say when no crew may go at all, or none on the allowed days."""
        in_grid = [c for c in self.problem.crews if c.grids is None or task.grid in c.grids]
        if not in_grid:
            facts: dict[str, Fact] = {"grid": task.grid or ""}
            return Reason.no_grid_crew, facts, [Fix(Remedy.assign_crew, facts), *self._lend(task)]
        if workable_days(self.problem, task):
            return None
        days = self._dates(task.days)
        on_duty = [crew for crew in in_grid if crew.working_days & task.days]
        if on_duty:
            facts = {"days": days, "officers": task.officers}
            fixes = [
                Fix(Remedy.add_officers, {"crew": crew.key, "officers": task.officers})
                for crew in on_duty
            ]
            return Reason.no_officers, facts, fixes + self._other_days(task)
        return Reason.no_working_day, {"days": days}, self._other_days(task)

    def _never(self, task: PatrolTask) -> tuple[Reason, dict[str, Fact], list[Fix]] | None:
        """Say when even the only visit of a day is impossible."""
        crews = self._reaching(task)
        if not crews:
            facts: dict[str, Fact] = {}
            if task.off_road_m is not None:
                facts["off_road_m"] = round(task.off_road_m)
            return Reason.cut_off, facts, [Fix(Remedy.mend_road_data, facts)]
        alone = {c.key: alone_s(c, task, travel_s=self.problem.travel_s[c.mode]) for c in crews}
        if any(alone[crew.key] <= crew.shift_s for crew in crews):
            return None
        best = min(crews, key=lambda crew: alone[crew.key] - crew.shift_s)
        room_s = best.shift_s - (alone[best.key] - task.service_s)
        facts = {
            "needed_min": -(-alone[best.key] // SECONDS_PER_MIN),
            "shift_min": best.shift_min,
            "crew": best.key,
        }
        fixes = self._lend(task)
        if room_s >= SECONDS_PER_MIN:
            fixes.insert(0, Fix(Remedy.split_object, {"service_min": room_s // SECONDS_PER_MIN}))
        return Reason.longer_than_shift, facts, fixes

    def _pattern(self, task: PatrolTask) -> tuple[Reason, dict[str, Fact], list[Fix]] | None:
        """Say when the days cannot hold that many, and what they can hold is planned."""
        days = workable_days(self.problem, task)
        possible = most_visits(days, gap_days=task.min_gap_days)
        if possible >= task.times or len(self.served[task.key]) < possible:
            return None
        facts: dict[str, Fact] = {
            "workable": len(days),
            "gap_days": task.min_gap_days,
            "possible": possible,
        }
        fixes = [Fix(Remedy.fewer_visits, {"possible": possible}), *self._other_days(task)]
        return Reason.too_few_days, facts, fixes

    def _full(self, task: PatrolTask) -> tuple[Reason, dict[str, Fact], list[Fix]]:
        """Say that somebody could go, but every shift is full on the days that are left."""
        offers = self._offers(task, crews=self._reaching(task), days=task.days)
        spaced = [offer for offer in offers if self._spaced(task, offer.day)]
        best = min(spaced, key=_least_over, default=None)
        if best is None or (best.over_s > 0 and any(offer.over_s <= 0 for offer in offers)):
            fixes = [] if best is None else [Fix(Remedy.overtime, best.facts(self.problem))]
            fixes += [Fix(Remedy.plan_again, {}), *self._other_days(task)]
            return Reason.gap_to_other_visits, {"gap_days": task.min_gap_days}, fixes
        facts = best.facts(self.problem)
        if best.over_s <= 0:
            return Reason.fits, facts, [Fix(Remedy.plan_again, {})]
        fixes = [Fix(Remedy.overtime, facts), *self._lend(task), *self._other_days(task)]
        return Reason.shift_full, facts, fixes

    def _lend(self, task: PatrolTask) -> list[Fix]:
        """Offer the best crew of another grid, on the allowed days."""
        others = [
            crew
            for crew in self.problem.crews
            if not may_serve(crew, task) and crew.officers >= task.officers
        ]
        offers = self._offers(task, crews=others, days=task.days)
        spaced = [offer for offer in offers if self._spaced(task, offer.day)]
        best = min(spaced, key=_least_over, default=None)
        return [] if best is None else [Fix(Remedy.lend_crew, best.facts(self.problem))]

    def _other_days(self, task: PatrolTask) -> list[Fix]:
        """Offer the best day outside the allowed ones on which the visit fits."""
        days = frozenset(range(7)) - task.days
        offers = [
            offer
            for offer in self._offers(task, crews=self._reaching(task), days=days)
            if offer.over_s <= 0 and self._spaced(task, offer.day)
        ]
        best = min(offers, key=lambda offer: (offer.added_s, offer.day), default=None)
        return [] if best is None else [Fix(Remedy.other_days, best.facts(self.problem))]

    def _reaching(self, task: PatrolTask) -> list[Crew]:
        return [
            crew
            for crew in self.problem.crews
            if may_serve(crew, task)
            and is_reachable(crew, task, travel_s=self.problem.travel_s[crew.mode])
        ]

    def _offers(
        self, task: PatrolTask, *, crews: Iterable[Crew], days: Iterable[int]
    ) -> list[_Offer]:
        offers = []
        wanted = set(days)
        for crew in crews:
            if not is_reachable(crew, task, travel_s=self.problem.travel_s[crew.mode]):
                continue
            for day in sorted(crew.working_days & wanted):
                insertion = self.routes[crew.key, day].cheapest(task)
                over_s = insertion.total_s - crew.shift_s
                offers.append(_Offer(over_s, day, crew, insertion.added_s))
        return offers

    def _spaced(self, task: PatrolTask, day: int) -> bool:
        return keeps_gap(self.served[task.key], day=day, gap_days=task.min_gap_days)

    def _dates(self, days: Iterable[int]) -> str:
        return ", ".join(self.problem.date_of(day).isoformat() for day in sorted(days))


def _least_over(offer: _Offer) -> tuple[int, int, int, str]:
    return (max(0, offer.over_s), offer.added_s, offer.day, offer.crew.key)


def _crew_hours(problem: WeekProblem, plan: WeekPlan, *, crew: Crew) -> CrewHours:
    tasks = problem.task_by_key()
    by_kind: dict[str, int] = {}
    by_day: dict[int, int] = {}
    travel = 0
    for route in plan.routes:
        if route.crew != crew.key:
            continue
        travel += route.travel_s
        by_day[route.day] = by_day.get(route.day, 0) + route.travel_s + route.service_s
        for visit in route.visits:
            kind = tasks[visit.task].kind
            by_kind[kind] = by_kind.get(kind, 0) + visit.service_s
    available = crew.shift_s * len(crew.working_days)
    return CrewHours(crew.key, available, travel, by_kind, by_day)
