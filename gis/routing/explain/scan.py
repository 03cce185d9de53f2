"""The plan's routes opened for insertions, and the rule that binds each missing visit."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from gis.routing.clock import can_hold, overtime_cost
from gis.routing.explain.words import Fact, Fix, Reason, Remedy, UnservedReason
from gis.routing.insertions import Ints, OpenWeek, alone_s
from gis.routing.patterns import free_visits, keeps_gap, most_visits, pinned_days
from gis.routing.permissions import Flags, permissions_of, reachable
from gis.routing.problem import (
    DAYS_PER_WEEK,
    SECONDS_PER_MIN,
    UNREACHABLE_S,
    Crew,
    PatrolTask,
    TimeWindow,
    WeekPlan,
    WeekProblem,
    worths,
)
from gis.routing.router import SnapFault

_Answer = tuple[Reason, dict[str, Fact], list[Fix]]
_EVERY_DAY = frozenset(range(DAYS_PER_WEEK))


@dataclass(frozen=True, slots=True)
class _Offer:
    """The best insertion on one crew-day; ``over_s`` beyond the shift, 0 means it fits."""

    over_s: int
    added_s: int
    day: int
    crew: Crew

    def key(self) -> tuple[int, int, int, str]:
        """Return the sorting key: least over the shift first, then least added."""
        return (self.over_s, self.added_s, self.day, self.crew.key)

    def facts(self, problem: WeekProblem) -> dict[str, Fact]:
        """Return who, when, and how much."""
        return {
            "crew": self.crew.key,
            "day": self.day,
            "date": problem.date_of(self.day).isoformat(),
            "over_min": -(-self.over_s // SECONDS_PER_MIN),
            "added_min": -(-self.added_s // SECONDS_PER_MIN),
        }


class Scan:
    """One pass over a plan's missing visits."""

    def __init__(self, problem: WeekProblem, plan: WeekPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.tasks = problem.task_by_key()
        self.served: dict[str, list[int]] = {task.key: [] for task in problem.tasks}
        for route in plan.routes:
            for visit in route.visits:
                self.served[visit.task].append(route.day)
        orders = {(r.crew, r.day): tuple(v.task for v in r.visits) for r in plan.routes}
        self.week = OpenWeek(problem, orders)
        self._ways = reachable(problem, self.week.crew_days)
        self._row = {task.key: row for row, task in enumerate(problem.tasks)}
        self._worth = worths(problem)
        self._day = np.array([day for _, day in self.week.crew_days], np.int64)

    def reason(self, task: PatrolTask, *, missing: int) -> UnservedReason:
        """Return the first rule that binds."""
        reason, facts, fixes = (
            self._nobody(task)
            or self._never(task)
            or self._settled(task)
            or self._pattern(task)
            or self._full(task)
        )
        return UnservedReason(task.key, missing, reason, facts, tuple(fixes))

    def unserved_travel_s(self) -> int:
        """Return the least added travel of the missing visits, each on its own."""
        total = 0
        for item in self.plan.unserved:
            task = self.tasks[item.task]
            columns = np.flatnonzero(self._possible(task))
            if len(columns):
                before = np.array([self.week.routes[column].total_s for column in columns])
                least = int((self.week.estimates(task)[columns] - before).min())
                total += max(0, least - task.service_s) * item.missing
        return total

    # --- who may -----------------------------------------------------------------------------

    def _may(self, task: PatrolTask, **freed: object) -> Flags:
        """Return the crew-days that may serve a task, some of its rules lifted."""
        freely = replace(task, **freed)  # type: ignore[arg-type]
        allowed: Flags = permissions_of([freely], self.week.crew_days)[0]
        return allowed

    def _possible(self, task: PatrolTask) -> Flags:
        """Return the crew-days that may serve a task and can come there."""
        possible: Flags = self._may(task) & self._ways[self._row[task.key]]
        return possible

    def _nobody(self, task: PatrolTask) -> _Answer | None:
        """Say when no crew may go at all, or none on the allowed days."""
        if self._may(task).any():
            return None
        free: dict[str, object] = {"pinned": frozenset(), "barred": frozenset()}
        in_grid = [c for c in self.problem.crews if c.grids is None or task.grid in c.grids]
        facts: dict[str, Fact] = {"grid": task.grid or ""}
        if not in_grid:
            return Reason.no_grid_crew, facts, [Fix(Remedy.assign_crew, facts), *self._lend(task)]
        if task.crews is not None and not {crew.key for crew in in_grid} & task.crews:
            facts["crews"] = "、".join(sorted(task.crews))
            return Reason.chosen_elsewhere, facts, [Fix(Remedy.lift_choice, {})]
        facts = {"days": self._dates(task.days)}
        fixed = self._fixed(task)
        if fixed and self._may(task, crews=None, **free).any():
            fixes = [Fix(Remedy.lift_choice, {}), *self._other_days(task)]
            return Reason.fixed_to_absent, facts | {"crews": "、".join(fixed)}, fixes
        if self._may(task, **free).any():
            fixes = [Fix(Remedy.lift_choice, {}), *self._other_days(task)]
            return Reason.ruled_out, facts, fixes
        on_duty = np.flatnonzero(self._may(task, officers=0, **free))
        if len(on_duty):
            facts["officers"] = task.officers
            names = dict.fromkeys(self.week.crew_days[column][0].key for column in on_duty)
            fixes = [
                Fix(Remedy.add_officers, {"crew": name, "officers": task.officers})
                for name in names
            ]
            return Reason.no_officers, facts, fixes + self._other_days(task)
        return Reason.no_working_day, facts, self._other_days(task)

    def _fixed(self, task: PatrolTask) -> list[str]:
        """Return the crews that alone may serve a task, when none of them works on its days.

        A task is fixed to crews for the whole week, or pinned to a crew on a day.
        """
        pins = {(crew, day) for crew, day in task.pinned if day in task.days}
        if task.crews is not None:
            pins = {(crew, day) for crew in task.crews for day in task.days}
        on_duty = {(crew.key, day) for crew in self.problem.crews for day in crew.working_days}
        return [] if pins & on_duty else sorted({crew for crew, _ in pins})

    # --- never -------------------------------------------------------------------------------

    def _never(self, task: PatrolTask) -> _Answer | None:
        """Say when even the only visit of a day is impossible."""
        columns = np.flatnonzero(self._possible(task))
        every = [self.week.crew_days[column][0] for column in columns]
        # On another day the same crew may have other ways.
        crews = list({(crew.key, crew.mode): crew for crew in every}.values())
        if not crews:
            reason, facts = _off_the_roads(task)
            return reason, facts, [Fix(Remedy.mend_road_data, facts)]
        if self._someone_can(task, crews):
            return None
        plain = replace(task, window=None)
        if task.window is not None and self._someone_can(plain, crews):
            return self._closed(task, window=task.window)
        best = min(crews, key=lambda crew: self._alone_s(crew, plain) - crew.most_s)
        alone_for_s = self._alone_s(best, plain)
        room_s = best.working_s - (alone_for_s - task.service_s)
        facts = {
            "needed_min": -(-alone_for_s // SECONDS_PER_MIN),
            "shift_min": best.shift_min,
            "crew": best.key,
        }
        fixes = self._lend(task)
        if room_s >= SECONDS_PER_MIN:
            fixes.insert(0, Fix(Remedy.split_object, {"service_min": room_s // SECONDS_PER_MIN}))
        return Reason.longer_than_shift, facts, fixes

    def _closed(self, task: PatrolTask, *, window: TimeWindow) -> _Answer:
        """Say that the hours of a task are too short, or nobody's."""
        facts: dict[str, Fact] = {
            "opens": _hours(window.open_min),
            "closes": _hours(window.close_min),
        }
        if not can_hold(task):
            facts["service_min"] = -(-task.service_s // SECONDS_PER_MIN)
            return Reason.window_too_short, facts, [Fix(Remedy.other_hours, {})]
        fixes = [Fix(Remedy.other_hours, {}), *self._lend(task, fitting=True)]
        return Reason.window_outside_shifts, facts, fixes

    def _someone_can(self, task: PatrolTask, crews: Iterable[Crew]) -> bool:
        return can_hold(task) and any(self._alone_s(crew, task) <= crew.most_s for crew in crews)

    def _alone_s(self, crew: Crew, task: PatrolTask) -> int:
        return alone_s(crew, task, travel_s=self.problem.travel_s[crew.mode])

    # --- days --------------------------------------------------------------------------------

    def _settled(self, task: PatrolTask) -> _Answer | None:
        """Say when the visit that is missing is pinned to a crew that cannot go."""
        open_days = set(self._day[self._possible(task)].tolist())
        lost = sorted((day, crew) for crew, day in task.pinned if day not in open_days)
        elsewhere = sum(day not in pinned_days(task) for day in self.served[task.key])
        if not lost or elsewhere < free_visits(task):
            return None
        day, crew = lost[0]
        if not any(one.key == crew and day in one.working_days for one in self.problem.crews):
            gone: dict[str, Fact] = {"crews": crew, "days": self._dates([day])}
            return Reason.fixed_to_absent, gone, [Fix(Remedy.lift_choice, {})]
        facts: dict[str, Fact] = {"crew": crew, "date": self.problem.date_of(day).isoformat()}
        return Reason.pin_impossible, facts, [Fix(Remedy.lift_choice, {})]

    def _pattern(self, task: PatrolTask) -> _Answer | None:
        """Say when the days cannot hold that many, and what they can hold is planned."""
        days = set(self._day[self._may(task)].tolist())
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

    # --- room --------------------------------------------------------------------------------

    def _full(self, task: PatrolTask) -> _Answer:
        """Say that somebody could go, but every shift is full on the days that are left."""
        possible, out = self._possible(task), self._out()
        spaced = possible & self._spaced(task)
        best = self._best(task, spaced & ~out)
        if best is None or best.over_s > 0:
            taken = self._best(task, spaced & out)
            if taken is not None and (best is None or taken.over_s == 0):
                return self._taken(taken)
            anywhere = self._best(task, possible & ~out)
            if best is None or (anywhere is not None and anywhere.over_s == 0):
                fixes = [] if best is None else [Fix(Remedy.overtime, best.facts(self.problem))]
                fixes += [Fix(Remedy.plan_again, {}), *self._other_days(task)]
                return Reason.gap_to_other_visits, {"gap_days": task.min_gap_days}, fixes
        facts = best.facts(self.problem)
        if best.over_s == 0:
            return Reason.fits, facts, [Fix(Remedy.plan_again, {})]
        fixes = [Fix(Remedy.overtime, facts), *self._lend(task), *self._other_days(task)]
        return Reason.shift_full, facts, fixes

    def _taken(self, offer: _Offer) -> _Answer:
        """Say that a crew is free, but its vehicle is not."""
        other = next(
            crew.key
            for (crew, day), route in zip(self.week.crew_days, self.week.routes, strict=True)
            if crew.vehicle == offer.crew.vehicle and day == offer.day and route.order
        )
        facts = {
            **offer.facts(self.problem),
            "vehicle": offer.crew.vehicle or "",
            "other": other,
        }
        fixes = [Fix(Remedy.other_vehicle, {"crew": offer.crew.key}), Fix(Remedy.plan_again, {})]
        return Reason.vehicle_out, facts, fixes

    def _out(self) -> Flags:
        """Return the crew-days whose vehicle is out with another crew."""
        users = {
            (crew.vehicle, day): crew.key
            for (crew, day), route in zip(self.week.crew_days, self.week.routes, strict=True)
            if crew.vehicle is not None and route.order
        }
        return np.array(
            [
                crew.vehicle is not None and users.get((crew.vehicle, day), crew.key) != crew.key
                for crew, day in self.week.crew_days
            ],
            np.bool_,
        )

    def _lend(self, task: PatrolTask, *, fitting: bool = False) -> list[Fix]:
        """Offer the best crew that is not meant for the task, on the allowed days."""
        others = np.array(
            [
                not (crew.grids is None or task.grid in crew.grids)
                or (task.crews is not None and crew.key not in task.crews)
                for crew, _ in self.week.crew_days
            ],
            np.bool_,
        )
        officers = np.array([c.officers_on(day) >= task.officers for c, day in self.week.crew_days])
        allowed = np.isin(self._day, list(task.days))
        mask = others & officers & allowed & self._ways[self._row[task.key]] & ~self._out()
        best = self._best(task, mask & self._spaced(task)) if can_hold(task) else None
        if best is None or (fitting and best.over_s > 0):
            return []
        return [Fix(Remedy.lend_crew, best.facts(self.problem))]

    def _other_days(self, task: PatrolTask) -> list[Fix]:
        """Offer the best day outside the allowed ones on which the visit fits."""
        mask = self._may(task, days=_EVERY_DAY) & ~np.isin(self._day, list(task.days))
        mask = mask & self._spaced(task) & self._ways[self._row[task.key]] & ~self._out()
        best = self._best(task, mask) if can_hold(task) else None
        if best is None or best.over_s > 0:
            return []
        return [Fix(Remedy.other_days, best.facts(self.problem))]

    def _best(self, task: PatrolTask, mask: Flags) -> _Offer | None:
        """Return the best insertion among some crew-days; exact, though most prices are not."""
        totals: Ints = self.week.estimates(task)
        offers = {int(c): self._offer(task, int(c), totals[c]) for c in np.flatnonzero(mask)}
        exact: set[int] = set()
        while offers:
            column = min(offers, key=lambda one: offers[one].key())
            if column in exact or not self.week.waits(task, column=column):
                return offers[column]
            total = self.week.exactly(task, column=column).total_s
            offers[column] = self._offer(task, column, total)
            exact.add(column)
        return None

    def _offer(self, task: PatrolTask, column: int, total_s: int) -> _Offer:
        crew, day = self.week.crew_days[column]
        before_s = self.week.routes[column].total_s
        factor = self.problem.weights.overtime_factor
        price = int(total_s) - before_s + overtime_cost(crew, int(total_s), factor=factor)
        price -= overtime_cost(crew, before_s, factor=factor)
        within = total_s <= min(crew.most_s, UNREACHABLE_S - 1)
        pays = price - task.service_s < self._worth[task.key]
        fits = total_s <= crew.working_s or (within and pays)
        over_s = 0 if fits else int(total_s) - crew.working_s
        return _Offer(over_s, int(total_s) - before_s, day, crew)

    def _spaced(self, task: PatrolTask) -> Flags:
        """Return the crew-days that keep the gap, and the pins their visits."""
        served, settled = self.served[task.key], pinned_days(task)
        free = sum(day not in settled for day in served) < free_visits(task)
        fine = {
            day
            for day in _EVERY_DAY
            if keeps_gap(served, day=day, gap_days=task.min_gap_days) and (free or day in settled)
        }
        return np.isin(self._day, list(fine))

    def _dates(self, days: Iterable[int]) -> str:
        return ", ".join(self.problem.date_of(day).isoformat() for day in sorted(days))


def _off_the_roads(task: PatrolTask) -> tuple[Reason, dict[str, Fact]]:
    """Say how far the roads are from an object that no crew can reach."""
    facts: dict[str, Fact] = {}
    if task.off_road_m is not None and math.isfinite(task.off_road_m):
        facts["off_road_m"] = round(task.off_road_m)
    if task.road_limit_m is None or "off_road_m" not in facts:
        return Reason.cut_off, facts
    facts["limit_m"] = round(task.road_limit_m)
    reasons = {
        SnapFault.too_far: Reason.no_road_near,
        SnapFault.road_closed: Reason.road_closed,
    }
    return reasons.get(SnapFault(task.road_fault), Reason.cut_off), facts


def _hours(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
