"""One route walked again, moment by moment; nothing of it is taken from the solver."""

from collections.abc import Iterator, Mapping

from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    CrewDay,
    PatrolTask,
    PlannedVisit,
)
from gis.routing.verify.rules import Fact, Rule, Violation, broken

_DAY_S = 24 * 3600


class Walk:
    """One route walked again: where the crew is, and how many seconds have gone."""

    def __init__(self, crew: Crew, route: CrewDay) -> None:
        self.node = crew.home_node
        self.waited_s = 0
        self._crew = crew
        self._route = route
        self._facts: dict[str, Fact] = {"crew": crew.key, "day": route.day}
        self._clock = route.leave_s
        self._rested_s = 0

    @property
    def used_s(self) -> int:
        """Seconds since the shift began, without the break."""
        return self._clock - self._rested_s - self._crew.shift_start_min * 60

    def visit(self, visit: PlannedVisit, *, task: PatrolTask, leg: int) -> Iterator[Violation]:
        """Go to a visit and stay for it."""
        facts, place = self._facts, task.key
        rest = self._rest_s() if visit is not self._route.visits[0] else 0
        yield from _leg_faults(facts, place=place, leg=leg, planned=visit.travel_s)
        yield from _moment(facts, place=place, right=(rest, visit.break_s), rule=Rule.break_time)
        self._rested_s += rest
        self._clock += rest + leg
        wait = _wait_s(task, self._clock)
        yield from _moment(facts, place=place, right=(wait, visit.wait_s), rule=Rule.waiting)
        self.waited_s += wait
        self._clock += wait
        yield from _moment(facts, place=place, right=(self._clock, visit.arrival_s))
        self._clock += task.service_s
        yield from _moment(facts, place=place, right=(self._clock, visit.departure_s))
        if visit.service_s != task.service_s:
            yield broken(
                Rule.service_time, task=place, right=task.service_s, planned=visit.service_s
            )

    def home(self, leg: int) -> Iterator[Violation]:
        """Go home, in time."""
        route, crew = self._route, self._crew
        yield from _leg_faults(self._facts, place="驻地", leg=leg, planned=route.return_travel_s)
        self._clock += leg
        yield from _moment(self._facts, place="驻地", right=(self._clock, route.return_s))
        over = self.used_s - working_s(crew) - crew.overtime_min * 60
        if over > 0:
            yield broken(Rule.overtime, **self._facts, over_s=over)

    def _rest_s(self) -> int:
        """Return the seconds of the break that is due where the crew stands after a visit."""
        lunch = self._crew.lunch
        if lunch is None or self._rested_s or self._clock < lunch.from_min * 60:
            return 0
        return _lunch_s(self._crew)


def _lunch_s(crew: Crew) -> int:
    """Return the seconds of the shift that are kept for the break."""
    ends_min = crew.shift_start_min + crew.shift_min
    within = crew.lunch is not None and crew.lunch.from_min < ends_min
    return crew.lunch.length_min * 60 if crew.lunch is not None and within else 0


def working_s(crew: Crew) -> int:
    """Return the seconds of the shift without the break."""
    return crew.shift_min * 60 - _lunch_s(crew)


def _openings(task: PatrolTask) -> list[tuple[int, int]]:
    """Return first and last second of a visit's beginning, for each day around the route's."""
    if task.window is None:
        return []
    first, last = task.window.open_min * 60, task.window.close_min * 60 - task.service_s
    return [(first + day * _DAY_S, last + day * _DAY_S) for day in range(-2, 9) if first <= last]


def _wait_s(task: PatrolTask, clock: int) -> int:
    """Return the seconds until the next window that is open long enough; 0 where none ever is."""
    return min(
        (max(0, first - clock) for first, last in _openings(task) if last >= clock), default=0
    )


def window_faults(visit: PlannedVisit, *, task: PatrolTask, day: int) -> Iterator[Violation]:
    """Look at the moments as planned."""
    window = task.window
    stay = visit.departure_s - visit.arrival_s
    if window is None:
        return
    into = (visit.arrival_s - window.open_min * 60) % _DAY_S
    if into + stay > (window.close_min - window.open_min) * 60:
        yield broken(
            Rule.window,
            task=task.key,
            day=day,
            opens=_hours(window.open_min),
            closes=_hours(window.close_min),
            **{"from": _hours(visit.arrival_s // 60), "to": _hours(visit.departure_s // 60)},
        )


def _hours(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _leg_faults(
    facts: Mapping[str, Fact], *, place: str, leg: int, planned: int
) -> Iterator[Violation]:
    if leg >= UNREACHABLE_S:
        yield broken(Rule.no_way, **facts, place=place)
    if leg != planned:
        yield broken(Rule.travel_time, **facts, place=place, right=leg, planned=planned)


def _moment(
    facts: Mapping[str, Fact], *, place: str, right: tuple[int, int], rule: Rule = Rule.clock
) -> Iterator[Violation]:
    """Compare what is right with what is planned."""
    if right[0] != right[1]:
        yield broken(rule, **facts, place=place, right=right[0], planned=right[1])
