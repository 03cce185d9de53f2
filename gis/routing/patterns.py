"""On which days of a week the visits of one object may fall."""

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, pairwise

from gis.routing.problem import PatrolTask, WeekProblem, may_serve, may_serve_on

# Two free days between visits spread a week well (Mon-Tue / Thu-Fri, Mon / Wed / Fri) and still
# leave the solver a choice of days; a wider spread would fix single days.
COMFORTABLE_GAP_DAYS = 2


def workable_days(problem: WeekProblem, task: PatrolTask) -> frozenset[int]:
    """Return the task's days on which at least one permitted crew works."""
    return frozenset(
        day
        for crew in problem.crews
        if may_serve(crew, task)
        for day in crew.working_days
        if may_serve_on(crew, task, day=day)
    )


def most_visits(days: Iterable[int], *, gap_days: int) -> int:
    """Return how many visits fit on these days with the gap; earliest-first is optimal."""
    count, last = 0, None
    for day in sorted(days):
        if last is None or day - last >= gap_days:
            count, last = count + 1, day
    return count


def keeps_gap(days: Iterable[int], *, day: int, gap_days: int) -> bool:
    """Tell whether a visit on ``day`` keeps the gap to visits on the other days."""
    return all(abs(day - other) >= gap_days for other in days)


def free_visits(task: PatrolTask) -> int:
    """Return how many visits may fall on days that are not pinned: the pinned ones are settled."""
    return max(0, task.times - len(pinned_days(task)))


def pinned_days(task: PatrolTask) -> frozenset[int]:
    """Return the days on which a visit is settled."""
    return frozenset(day for _, day in task.pinned)


def may_add(task: PatrolTask, days: Collection[int], *, day: int) -> bool:
    """Tell whether a visit on ``day`` can join those on other days: number, gap and pins."""
    settled = pinned_days(task)
    free = sum(other not in settled for other in days)
    return (
        len(days) < task.times
        and (day in settled or free < free_visits(task))
        and keeps_gap(days, day=day, gap_days=task.min_gap_days)
    )


def day_sets(
    days: Iterable[int], times: int, *, gap_days: int, pinned: frozenset[int] = frozenset()
) -> tuple[tuple[int, ...], ...]:
    """Return the combinations of days on which the visits of one object may fall.

    Parameters
    ----------
    days
        Allowed day offsets.
    times
        Visits wanted.
    gap_days
        Least difference of the days of two visits.
    pinned
        Days for which a visit each is kept free, whether they are chosen or not.

    Returns
    -------
    tuple
        Ascending tuples, the largest first: all with ``times`` days, and smaller ones to which no
        allowed day can be added. Every combination that keeps the gap is part of one of them.
    """
    allowed = sorted(set(days))
    free = max(0, times - len(pinned))
    found: list[tuple[int, ...]] = []
    for size in range(min(times, most_visits(allowed, gap_days=gap_days)), 0, -1):
        for chosen in combinations(allowed, size):
            kept = all(later - earlier >= gap_days for earlier, later in pairwise(chosen))
            kept = kept and len(set(chosen) - pinned) <= free
            if kept and not any(set(chosen) <= set(larger) for larger in found):
                found.append(chosen)
    return tuple(found)


def spread_fault_days(chosen: Sequence[int], *, days: Iterable[int], times: int) -> int:
    """Return by how many days in all neighbouring visits are closer than is comfortable.

    Comfortable is two days apart, or less where the allowed days do not stretch that far.
    """
    allowed = sorted(set(days))
    if len(chosen) < 2 or times < 2:
        return 0
    gap = min(COMFORTABLE_GAP_DAYS, (allowed[-1] - allowed[0]) // (times - 1))
    return sum(max(0, gap - (later - earlier)) for earlier, later in pairwise(chosen))


def visit_windows(days: Iterable[int], *, times: int, gap_days: int) -> tuple[tuple[int, ...], ...]:
    """Split days into one window per visit so that any choice of days keeps the gap.

    Parameters
    ----------
    days
        Allowed day offsets.
    times
        Visits wanted; fewer windows come back when the days cannot hold that many.
    gap_days
        Least difference of the days of two visits.

    Returns
    -------
    tuple
        Windows in time order, each a non-empty ascending tuple of allowed days. Windows are as
        wide as a comfortable gap allows; if that leaves one empty, the most even single days are
        taken (ties: the earliest).
    """
    allowed = sorted(set(days))
    times = min(times, most_visits(allowed, gap_days=gap_days))
    if times <= 1:
        return (tuple(allowed),) if times else ()
    span = allowed[-1] - allowed[0]
    gap = max(gap_days, min(COMFORTABLE_GAP_DAYS, span // (times - 1)))
    windows = _even_windows(allowed, times=times, gap_days=gap)
    if windows and all(windows):
        return windows
    return tuple((day,) for day in _most_even_days(allowed, times=times, gap_days=gap_days))


def _even_windows(
    allowed: Sequence[int], *, times: int, gap_days: int
) -> tuple[tuple[int, ...], ...]:
    slack = allowed[-1] - allowed[0] - (times - 1) * gap_days
    if slack < 0:
        return ()
    windows, start = [], allowed[0]
    for index in range(times):
        # The slack is dealt out evenly, the earlier windows get the remainder.
        end = start + slack // times + (1 if index < slack % times else 0)
        windows.append(tuple(day for day in allowed if start <= day <= end))
        start = end + gap_days
    return tuple(windows)


def _most_even_days(allowed: Sequence[int], *, times: int, gap_days: int) -> tuple[int, ...]:
    def closest(days: tuple[int, ...]) -> int:
        return min(later - earlier for earlier, later in pairwise(days))

    choices = [days for days in combinations(allowed, times) if closest(days) >= gap_days]
    return max(choices, key=closest)
