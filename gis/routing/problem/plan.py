"""The plan of one week: routes with their times, and what they leave out."""

from dataclasses import dataclass
from datetime import date

from gis.routing.problem.tasks import Direction
from gis.routing.problem.units import SECONDS_PER_MIN


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit in a route; times in seconds after midnight of the route's day.

    Since the departure before: ``break_s`` of lunch, ``travel_s``, then ``wait_s`` until the window
    opens; ``arrival_s`` is when the visit begins.
    """

    task: str
    direction: Direction
    arrival_s: int
    departure_s: int
    travel_s: int
    service_s: int
    wait_s: int = 0
    break_s: int = 0

    @property
    def arrival_min(self) -> int:
        """Minute of the day at which the visit begins."""
        return self.arrival_s // SECONDS_PER_MIN

    @property
    def departure_min(self) -> int:
        """Minute of the day in which the visit ends."""
        return self.departure_s // SECONDS_PER_MIN


@dataclass(frozen=True, slots=True)
class CrewDay:
    """The route of one crew on one day, from home to home; never empty in a plan."""

    crew: str
    day: int
    leave_s: int
    visits: tuple[PlannedVisit, ...]
    return_travel_s: int
    return_s: int

    @property
    def travel_s(self) -> int:
        """Seconds between visits, from and to home."""
        return sum(visit.travel_s for visit in self.visits) + self.return_travel_s

    @property
    def service_s(self) -> int:
        """Seconds of patrol and stops."""
        return sum(visit.service_s for visit in self.visits)

    @property
    def wait_s(self) -> int:
        """Seconds of waiting for windows to open."""
        return sum(visit.wait_s for visit in self.visits)

    @property
    def used_s(self) -> int:
        """Seconds of travel, waiting and visits: what counts against ``Crew.working_s``."""
        return self.travel_s + self.wait_s + self.service_s


@dataclass(frozen=True, slots=True)
class Unserved:
    """A task of which ``missing`` visits found no place in the week."""

    task: str
    missing: int


@dataclass(frozen=True, slots=True)
class WeekPlan:
    """Routes and what they leave out.

    ``cost`` = seconds of travel and waiting + overtime seconds x ``Weights.overtime_factor`` +
    worth of the missing visits.
    """

    week: date
    routes: tuple[CrewDay, ...]
    unserved: tuple[Unserved, ...]
    cost: int
    seed: int
    iterations: int

    @property
    def travel_s(self) -> int:
        """Seconds of travel in the whole week."""
        return sum(route.travel_s for route in self.routes)

    @property
    def service_s(self) -> int:
        """Seconds of patrol and stops in the whole week."""
        return sum(route.service_s for route in self.routes)

    @property
    def overhead_share(self) -> float:
        """Travel per second of service; 0 for an empty plan."""
        return self.travel_s / self.service_s if self.service_s else 0.0
