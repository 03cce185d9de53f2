"""Which crew-day may serve which task: one table for the whole week."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gis.routing.problem import DAYS_PER_WEEK, UNREACHABLE_S, Crew, PatrolTask, WeekProblem

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
CrewDays = tuple[tuple[Crew, int], ...]


def crew_days_of(problem: WeekProblem) -> CrewDays:
    """Return the shifts of the week: crews in the problem's order, each with ascending days."""
    return tuple((crew, day) for crew in problem.crews for day in sorted(crew.working_days))


def permissions(problem: WeekProblem, crew_days: CrewDays) -> Flags:
    """Return for each task (row) and crew-day (column) what ``may_serve_on`` tells.

    Cost: a few passes over the table, and Python only for chosen crews, pins and bars.
    """
    return permissions_of(problem.tasks, crew_days)


def permissions_of(tasks: Sequence[PatrolTask], crew_days: CrewDays) -> Flags:
    """Return the same for some tasks."""
    day = np.array([day for _, day in crew_days], np.int64)
    days = np.array([_mask(task.days) for task in tasks], np.int64)
    needed = np.array([task.officers for task in tasks], np.int64)
    present = np.array([crew.officers_on(day) for crew, day in crew_days], np.int64)
    allowed: Flags = (days[:, None] >> day) & 1 == 1
    allowed &= present >= needed[:, None]
    allowed &= _in_grid(tasks, crew_days)
    names = np.array([crew.key for crew, _ in crew_days], object)
    for row, task in enumerate(tasks):
        if task.crews is not None:
            allowed[row] &= np.isin(names, list(task.crews))
        for key, pinned in task.pinned:
            allowed[row] &= (day != pinned) | (names == key)
        for key, barred in task.barred:
            allowed[row] &= (day != barred) | (names != key)
    return allowed


def reachable(problem: WeekProblem, crew_days: CrewDays) -> Flags:
    """Return for each task (row) and crew-day (column) whether there is a way there and home."""
    first = np.array([task.start_node for task in problem.tasks], np.int64)
    last = np.array([task.end_node for task in problem.tasks], np.int64)
    one_way = np.array([task.one_way for task in problem.tasks], np.bool_)
    known: dict[tuple[str, int], Flags] = {}
    for crew, _ in crew_days:
        home, mode = crew.home_node, crew.mode
        if (mode, home) not in known:
            out = problem.travel_s[mode][home].astype(np.int64)
            back = problem.travel_s[mode][:, home].astype(np.int64)
            forward, backward = out[first] + back[last], out[last] + back[first]
            least = np.where(one_way, forward, np.minimum(forward, backward))
            known[mode, home] = least < UNREACHABLE_S
    columns = [known[crew.mode, crew.home_node] for crew, _ in crew_days]
    return np.stack(columns, axis=1) if columns else np.zeros((len(first), 0), np.bool_)


def days_with(allowed: Flags, crew_days: CrewDays) -> Ints:
    """Return for each task (row of ``allowed``) the days that have a crew, as bit masks."""
    masks = np.zeros(len(allowed), np.int64)
    day_of = np.array([day for _, day in crew_days], np.int64)
    for day in range(DAYS_PER_WEEK):
        masks |= allowed[:, day_of == day].any(axis=1).astype(np.int64) << day
    return masks


def _in_grid(tasks: Sequence[PatrolTask], crew_days: CrewDays) -> Flags:
    row_of = {grid: row for row, grid in enumerate(dict.fromkeys(task.grid for task in tasks))}
    in_grid = np.array(
        [[crew.grids is None or grid in crew.grids for crew, _ in crew_days] for grid in row_of],
        np.bool_,
    ).reshape(len(row_of), len(crew_days))
    inside: Flags = in_grid[[row_of[task.grid] for task in tasks]]
    return inside


def _mask(days: frozenset[int]) -> int:
    return sum(1 << day for day in days)
