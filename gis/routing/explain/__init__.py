"""Why a visit found no place in the week, what would help, and where the crews' hours go."""

from collections.abc import Mapping
from dataclasses import dataclass

from gis.routing.explain.scan import Scan
from gis.routing.explain.words import REASONS, REMEDIES, Fix, Reason, Remedy, UnservedReason
from gis.routing.problem import Crew, WeekPlan, WeekProblem

__all__ = [
    "REASONS",
    "REMEDIES",
    "CrewHours",
    "Explanation",
    "Fix",
    "Reason",
    "Remedy",
    "UnservedReason",
    "explain",
]


@dataclass(frozen=True, slots=True)
class CrewHours:
    """Seconds of one crew's week: service by kind, travel, waiting, and those in use per day."""

    crew: str
    available_s: int
    travel_s: int
    service_by_kind_s: Mapping[str, int]
    used_by_day_s: Mapping[int, int]
    wait_s: int = 0

    @property
    def used_s(self) -> int:
        """Seconds from leaving home to being back over the week, without breaks."""
        return self.travel_s + self.wait_s + sum(self.service_by_kind_s.values())

    @property
    def free_s(self) -> int:
        """Seconds of shifts not used; below 0 is overtime."""
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


def explain(problem: WeekProblem, plan: WeekPlan) -> Explanation:
    """Explain a valid plan: the binding rule of each missing visit, fixes, and hours.

    Insertions are priced on the plan as it stands with the directions of the whole route chosen
    anew; moving other visits is not considered (that is the search's work). Cost: a few passes
    over arrays of all gaps of the week for each unserved task.
    """
    scan = Scan(problem, plan)
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


def _crew_hours(problem: WeekProblem, plan: WeekPlan, *, crew: Crew) -> CrewHours:
    tasks = problem.task_by_key()
    by_kind: dict[str, int] = {}
    by_day: dict[int, int] = {}
    travel, waiting = 0, 0
    for route in plan.routes:
        if route.crew != crew.key:
            continue
        travel += route.travel_s
        waiting += route.wait_s
        by_day[route.day] = by_day.get(route.day, 0) + route.used_s
        for visit in route.visits:
            kind = tasks[visit.task].kind
            by_kind[kind] = by_kind.get(kind, 0) + visit.service_s
    available = crew.working_s * len(crew.working_days)
    return CrewHours(crew.key, available, travel, by_kind, by_day, waiting)
