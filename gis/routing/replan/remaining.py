"""What is left of a published week: the problem of the remaining visits, and their orders."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from gis.routing.patterns import keeps_gap
from gis.routing.problem import (
    DAYS_PER_WEEK,
    MINUTES_PER_DAY,
    SECONDS_PER_MIN,
    Crew,
    PatrolTask,
    Start,
    TimeWindow,
    WeekProblem,
    may_serve_then,
    worths_of,
)
from gis.routing.replan.events import CrewDayKey, Happened, Moment, Standing, Urgent
from gis.routing.timetable import OpenRoute


@dataclass(frozen=True, slots=True)
class Remaining:
    """The rest of a week.

    Parameters
    ----------
    problem
        The visits that are left, the crews from now on; days keep the gap to visits made.
    orders
        Published visits that can stay where they are.
    homeless
        One entry per visit without a place, dearest first: urgent ones, those of absent crews,
        those that no longer fit; an object may occur more than once.
    left
        Crew and day that a homeless visit had, per object; urgent visits have none.
    deadlines
        Until when a visit is to begin at the latest.
    routes
        The orders prepared for insertions.
    """

    problem: WeekProblem
    orders: dict[CrewDayKey, tuple[str, ...]]
    homeless: tuple[str, ...]
    left: Mapping[str, tuple[CrewDayKey, ...]]
    deadlines: Mapping[str, Moment]
    routes: Mapping[CrewDayKey, OpenRoute]

    def on(self, task: PatrolTask, *, day: int) -> PatrolTask | None:
        """Return the task as it stands on a day: its deadline is a window; None after it."""
        deadline = self.deadlines.get(task.key)
        if deadline is None or day < deadline.day:
            return task
        if day > deadline.day:
            return None
        return _until(task, deadline)


def remaining(problem: WeekProblem, standing: Standing, happened: Happened) -> Remaining:
    """Return what is left to be planned of a published week.

    Parameters
    ----------
    problem
        The week as it is now (closed roads, shifts, days); it names every task that is planned from
        now on. Its ``times`` are not read: what is left follows from the published orders.
    standing
        The published orders and how far they are.
    happened
        Why the plan is changed.

    Returns
    -------
    Remaining
        Past days and settled visits are no part of it. Published visits stay on their crew-days
        unless something forbids it: the crew is absent, may not serve the object any more, or the
        route no longer ends within the shift; then the visit of least worth gives way. The days and
        gaps of the schedule bind only visits that get a new place: what was published on a day may
        stay on it.
    """
    return _Rest(problem, standing, happened).answer()


class _Rest:
    """One pass from the published orders to what is left."""

    def __init__(self, problem: WeekProblem, standing: Standing, happened: Happened) -> None:
        self.happened = happened
        self.now = standing.now
        self._from_today = range(standing.now.day, DAYS_PER_WEEK)
        self.standing = standing
        self.problem = problem
        self.wanted = _wanted(happened)
        known = {task.key: task for task in problem.tasks}
        self.tasks = known | {one.task.key: one.task for one in self.wanted}
        self.crews = {crew.key: self._from_now(crew) for crew in problem.crews}
        self.worth = worths_of(self.tasks.values(), weights=problem.weights)
        self.made = _made_days(standing, happened)
        self.homeless: list[str] = []
        self.left: dict[str, list[CrewDayKey]] = {}
        self.routes: dict[CrewDayKey, OpenRoute] = {}
        self.stays: dict[str, list[int]] = {}
        self.deadlines = {one.task.key: one.by for one in self.wanted if one.by is not None}

    def answer(self) -> Remaining:
        orders = self._published()
        self._bring_forward(orders)
        self._drop_forbidden(orders)
        self._drop_overlong(orders)
        for at in sorted(orders, key=_by_day):
            for key in orders[at]:
                self.stays.setdefault(key, []).append(at[1])
        self.homeless += [key for _, _, key in self.happened.not_done if key in self.tasks]
        planned = Counter(key for order in orders.values() for key in order)
        times = planned + Counter(self.homeless)
        tasks = tuple(
            self._left_of(task, times=times[key]) for key, task in self.tasks.items() if times[key]
        )
        problem = replace(self.problem, tasks=tasks, crews=tuple(self.crews.values()))
        return Remaining(
            problem,
            {at: order for at, order in orders.items() if order},
            tuple(sorted(self.homeless, key=lambda key: (-self.worth[key], key))),
            {key: tuple(sorted(places, key=_by_day)) for key, places in self.left.items()},
            self.deadlines,
            self.routes,
        )

    def _from_now(self, crew: Crew) -> Crew:
        """Return the crew with the days that are left, and where it begins today."""
        today = self.now.day
        absent = [one.days for one in self.happened.absent if one.crew == crew.key]
        days = {day for day in crew.working_days if day >= today}.difference(*absent)
        begun = self.now.second > crew.shift_start_s or crew.key in self.standing.starts
        start = self.standing.starts.get(crew.key)
        if begun and start is None:
            start = Start(crew.home_node, max(self.now.second, crew.shift_start_s))
        ended = start is not None and start.second >= _last_s(crew)
        if crew.key in self.standing.over or ended:
            days.discard(today)
        starts = {today: start} if start is not None and today in days else {}
        return replace(crew, working_days=frozenset(days), starts=starts)

    def _published(self) -> dict[CrewDayKey, tuple[str, ...]]:
        """Return the visits from now on, without settled, exempted and unknown ones."""
        orders: dict[CrewDayKey, tuple[str, ...]] = {}
        for (crew, day), order in sorted(self.standing.orders.items(), key=lambda one: one[0]):
            if day < self.now.day:
                continue
            kept = self._unsettled(crew, day=day, order=order)
            if kept:
                orders[crew, day] = kept
        return orders

    def _unsettled(self, crew: str, *, day: int, order: Iterable[str]) -> tuple[str, ...]:
        settled = self.standing.settled.get((crew, day), ()) if day == self.now.day else ()
        gone = {*settled, *self.happened.exempted}
        return tuple(key for key in order if key not in gone and key in self.tasks)

    def _bring_forward(self, orders: dict[CrewDayKey, tuple[str, ...]]) -> None:
        """Take the next visit of what is wanted soon out if it comes too late, or add a visit."""
        for one in self.wanted:
            key = one.task.key
            places = sorted((at for at, order in orders.items() if key in order), key=_by_day)
            if not places:
                self.homeless.append(key)
            elif one.by is not None and places[0][1] >= one.by.day:
                self._take_out(orders, places[0], key=key)

    def _drop_forbidden(self, orders: dict[CrewDayKey, tuple[str, ...]]) -> None:
        for at in sorted(orders, key=_by_day):
            crew = self.crews.get(at[0])
            for key in orders[at]:
                if crew is None or not self._may(crew, key, day=at[1]):
                    self._take_out(orders, at, key=key)

    def _may(self, crew: Crew, key: str, *, day: int) -> bool:
        """Tell whether a visit may stay: what was published on a day needs no day of the task."""
        return may_serve_then(crew, self.tasks[key], day=day)

    def _drop_overlong(self, orders: dict[CrewDayKey, tuple[str, ...]]) -> None:
        for at in sorted(orders, key=_by_day):
            while orders[at]:
                crew, tasks = self.crews[at[0]], [self.tasks[key] for key in orders[at]]
                route = open_route(self.problem, crew, tasks, day=at[1])
                if route.total_s <= crew.on(at[1]).most_s:
                    self.routes[at] = route
                    break
                self._take_out(orders, at, key=min(orders[at], key=lambda key: self.worth[key]))

    def _take_out(
        self, orders: dict[CrewDayKey, tuple[str, ...]], at: CrewDayKey, *, key: str
    ) -> None:
        orders[at] = tuple(one for one in orders[at] if one != key)
        self.homeless.append(key)
        self.left.setdefault(key, []).append(at)

    def _left_of(self, task: PatrolTask, *, times: int) -> PatrolTask:
        """Return the task with what is left of it: times, and days a gap away from visits made."""
        stays = self.stays.get(task.key, ())
        days = self._days_left(task).union(stays)
        deadline = self.deadlines.get(task.key)
        if deadline is not None and times == 1:
            days = frozenset(day for day in days if day <= deadline.day or day in stays)
        gap = task.min_gap_days
        if len(stays) > 1:
            gap = max(1, min(gap, *(later - day for day, later in pairwise(stays))))
        must = task.must or deadline is not None
        return replace(task, times=times, days=days, must=must, min_gap_days=gap)

    def _days_left(self, task: PatrolTask) -> frozenset[int]:
        """Return the days from now on that are a gap away from the visits made."""
        made = self.made.get(task.key, ())
        left = task.days.intersection(self._from_today)
        if not made:
            return left
        return frozenset(
            day for day in left if keeps_gap(made, day=day, gap_days=task.min_gap_days)
        )


def open_route(
    problem: WeekProblem, crew: Crew, order: Iterable[PatrolTask], *, day: int
) -> OpenRoute:
    """Return an order of a crew-day prepared for insertions."""
    return OpenRoute(crew.on(day), tuple(order), travel_s=problem.ways_of(crew, day))


def _wanted(happened: Happened) -> list[Urgent]:
    """Return the urgent visits, and the outlets to be looked at after rain, without exempted."""
    rain = happened.rain
    outlets = [] if rain is None else [Urgent(outlet, rain.until) for outlet in rain.outlets]
    wanted = {one.task.key: one for one in [*outlets, *happened.urgent]}
    return [one for key, one in wanted.items() if key not in happened.exempted]


def _made_days(standing: Standing, happened: Happened) -> dict[str, list[int]]:
    """Return the days on which each object has been visited, or is being visited."""
    failed = set(happened.not_done)
    days: dict[str, list[int]] = {}
    for (crew, day), order in standing.orders.items():
        if day < standing.now.day:
            made = [key for key in order if (crew, day, key) not in failed]
        else:
            settled = standing.settled.get((crew, day), ())
            made = [key for key in order if key in settled]
        for key in made:
            days.setdefault(key, []).append(day)
    return days


def _until(task: PatrolTask, deadline: Moment) -> PatrolTask | None:
    """Return the task with a window in which a visit begins until the deadline of its day."""
    own = task.window or TimeWindow(0, MINUTES_PER_DAY)
    latest = (deadline.second + task.service_s) // SECONDS_PER_MIN
    window = TimeWindow(own.open_min, min(own.close_min, own.open_min + MINUTES_PER_DAY, latest))
    if window.close_min <= window.open_min:
        return None
    return replace(task, window=window)


def _last_s(crew: Crew) -> int:
    return crew.shift_start_s + crew.shift_s + crew.overtime_min * SECONDS_PER_MIN


def _by_day(at: CrewDayKey) -> tuple[int, str]:
    return at[1], at[0]
