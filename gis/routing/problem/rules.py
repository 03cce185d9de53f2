"""Who may serve what, and what a visit is worth."""

from collections.abc import Iterable

from gis.routing.problem.crews import Crew
from gis.routing.problem.tasks import PatrolTask
from gis.routing.problem.units import SECONDS_PER_MIN
from gis.routing.problem.week import WeekProblem, Weights


def may_serve(crew: Crew, task: PatrolTask) -> bool:
    """Tell whether grids, the choice of crews and officers allow the task on any day at all."""
    in_grid = crew.grids is None or task.grid in crew.grids
    chosen = task.crews is None or crew.key in task.crews
    return in_grid and chosen and crew.most_officers >= task.officers


def may_serve_on(crew: Crew, task: PatrolTask, *, day: int) -> bool:
    """Tell whether days, grids, officers, pins and bars let the crew serve the task on a day.

    Hours are another matter: shifts, windows and ways are not looked at.
    """
    return day in task.days and may_serve_then(crew, task, day=day)


def may_serve_then(crew: Crew, task: PatrolTask, *, day: int) -> bool:
    """Tell the same for a visit that is on a day already: the days of the task are not asked."""
    if day not in crew.working_days or (crew.key, day) in task.barred:
        return False
    if any(other != crew.key and pinned == day for other, pinned in task.pinned):
        return False
    return may_serve(crew, task) and crew.officers_on(day) >= task.officers


def worth_s(task: PatrolTask, *, weights: Weights, priority_cap: int) -> int:
    """Return what one visit is worth in seconds of travel.

    ``priority_cap`` is the highest priority in the week; it sets the level above which every
    must-visit lies, so that must > overdue > ordinary whatever the priorities are.
    """
    overdue = min(max(task.overdue_days, 0), weights.overdue_days_cap)
    worth = (
        weights.visit_s
        + overdue * weights.overdue_s_per_day
        + min(max(task.priority, 0), priority_cap) * weights.priority_s
    )
    if not task.must:
        return worth
    ceiling = (
        weights.visit_s
        + weights.overdue_days_cap * weights.overdue_s_per_day
        + priority_cap * weights.priority_s
    )
    return worth + (weights.must_factor - 1) * ceiling


def worths(problem: WeekProblem) -> dict[str, int]:
    """Return the worth of one visit of every task, in seconds of travel."""
    return worths_of(problem.tasks, weights=problem.weights)


def worths_of(tasks: Iterable[PatrolTask], *, weights: Weights) -> dict[str, int]:
    """Return the same for some tasks, with the highest priority among them.

    Most tasks of a week are worth the same: each combination is computed once.
    """
    every = list(tasks)
    cap = max(0, max((task.priority for task in every), default=0))
    known: dict[tuple[bool, int, int], int] = {}
    found = {}
    for task in every:
        kind = (task.must, task.overdue_days, task.priority)
        if kind not in known:
            known[kind] = worth_s(task, weights=weights, priority_cap=cap)
        found[task.key] = known[kind]
    return found


def patrol_service_s(length_m: float, *, speed_kmh: float, at_least_min: int = 0) -> int:
    """Return the seconds one patrol of a reach takes at the given speed.

    Parameters
    ----------
    length_m
        Length of the reach in metres of the metric CRS.
    speed_kmh
        Speed while looking, not the speed of travel.
    at_least_min
        Lower bound from the frequency policy.
    """
    walked_s = round(length_m * 3.6 / speed_kmh)
    return max(walked_s, at_least_min * SECONDS_PER_MIN)
