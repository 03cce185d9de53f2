"""What a plan is changed for, and how far the crews are with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gis.routing.problem import PatrolTask, Start

CrewDayKey = tuple[str, int]
Orders = Mapping[CrewDayKey, tuple[str, ...]]


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A day of the week (0-6) and a second after its midnight."""

    day: int
    second: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a published week is at a moment.

    Parameters
    ----------
    orders
        The published orders of the whole week, past days included.
    now
        The present moment.
    settled
        Visits of today's crew-days that are done or under way, in order of travel: nothing changes
        about them.
    starts
        Where and from when crews under way can be sent elsewhere; without an entry a crew whose
        shift has begun is at home.
    over
        Crews that will not go out any more today.
    """

    orders: Orders
    now: Moment
    settled: Orders = field(default_factory=dict)
    starts: Mapping[str, Start] = field(default_factory=dict)
    over: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Urgent:
    """A visit nobody has planned, to be begun until a moment (None: in the rest of the week)."""

    task: PatrolTask
    by: Moment | None = None


@dataclass(frozen=True, slots=True)
class CrewAbsent:
    """A crew does not go out on some days; a crew under way breaks off."""

    crew: str
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class Rain:
    """After rain each of these outlets is to be looked at until a moment."""

    outlets: tuple[PatrolTask, ...]
    until: Moment


@dataclass(frozen=True, slots=True)
class Happened:
    """Everything that has happened; a closed road is told by the problem's travel matrices.

    Parameters
    ----------
    exempted
        Objects that are not to be visited any more this week.
    not_done
        Planned visits (crew, day, task) that did not take place and are to be made up for.
    """

    urgent: tuple[Urgent, ...] = ()
    absent: tuple[CrewAbsent, ...] = ()
    rain: Rain | None = None
    exempted: frozenset[str] = frozenset()
    not_done: tuple[tuple[str, int, str], ...] = ()
