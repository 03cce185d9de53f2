"""How far a crew is on its day: what it has reported, and what it must have reached by now."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisitNow:
    """A planned visit of today, in seconds after midnight; ``done_s`` when it was reported."""

    task: str
    arrive_s: int
    leave_s: int
    done_s: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Settled visits in order of travel, and from when the crew is free for the next."""

    settled: tuple[str, ...]
    free_s: int


def progress_of(visits: Sequence[VisitNow], *, leave_s: int, now_s: int, silent: bool) -> Progress:
    """Tell which visits of a crew under way are settled, and when it is free.

    Reported visits are settled, in the order of their reports. From the last report on the crew is
    taken to keep the pace of the plan: the next visit counts as under way once it should have been
    reached. A tablet that has been silent (no network) may have seen more: then every visit that
    should have been reached by now is settled. A crew that is heard and still has not reported a
    visit is late, and the visit is still to be made.

    Parameters
    ----------
    visits
        In the planned order.
    leave_s
        When the crew left home.
    """
    done = sorted(
        (one for one in visits if one.done_s is not None), key=lambda one: one.done_s or 0
    )
    settled = [one.task for one in done]
    clock = leave_s if not done else max(leave_s, done[-1].done_s or 0)
    planned_leave = leave_s if not done else done[-1].leave_s
    for visit in visits:
        if visit.done_s is not None:
            planned_leave = max(planned_leave, visit.leave_s)
            continue
        arrival = clock + max(0, visit.arrive_s - planned_leave)
        if arrival > now_s:
            break
        left = arrival + visit.leave_s - visit.arrive_s
        if not silent and left <= now_s:
            # Heard, and no report although the visit should be over: the crew is late.
            break
        settled.append(visit.task)
        clock, planned_leave = left, visit.leave_s
    return Progress(tuple(settled), max(now_s, clock))
