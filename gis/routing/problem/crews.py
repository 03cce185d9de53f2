"""Who can go in a week: crews with their shifts, breaks and vehicles."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gis.routing.problem.units import DAYS_PER_WEEK, SECONDS_PER_MIN, require


@dataclass(frozen=True, slots=True)
class Lunch:
    """A break on the way: taken where the first visit ends at or after ``from_min``.

    Its length is kept free in the shift even when no visit follows and the crew eats at home.
    """

    from_min: int
    length_min: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where and when a crew that is under way begins the rest of its day.

    ``second`` counts from the midnight of the day; ``had_lunch`` keeps no second break free.
    """

    node: int
    second: int
    had_lunch: bool = False


@dataclass(frozen=True, slots=True)
class Crew:
    """People who go out together; every route starts and ends at their home node.

    ``grids`` None means the whole county; ``shift_min`` counts from leaving home to being back.
    A shift may cross midnight: it belongs to the day on which it starts.

    Parameters
    ----------
    officers
        Enforcement officers of the crew; ``officers_by_day`` replaces it on single days.
    lunch
        The break, part of the shift.
    overtime_min
        Minutes beyond the shift that may be used at the price of ``Weights.overtime_factor``.
    vehicle
        Of crews with the same vehicle only one goes out on a day.
    starts
        Days on which the route does not begin at home and at the start of the shift, because the
        crew is under way; it ends at home with the shift as always.
    modes
        Modes of travel of single days in place of ``mode``: the same car where other roads are
        closed has other ways.
    start
        The start of the one day this crew is looked at, see ``on``.
    """

    key: str
    home_node: int
    working_days: frozenset[int]
    shift_start_min: int
    shift_min: int
    officers: int = 0
    grids: frozenset[str] | None = None
    mode: str = "car"
    members: tuple[str, ...] = ()
    officers_by_day: Mapping[int, int] = field(default_factory=dict)
    lunch: Lunch | None = None
    overtime_min: int = 0
    vehicle: str | None = None
    starts: Mapping[int, Start] = field(default_factory=dict)
    modes: Mapping[int, str] = field(default_factory=dict)
    start: Start | None = None

    def on(self, day: int) -> "Crew":
        """Return the crew as it is on a day: with the day's own start and ways, if it has any."""
        if day not in self.starts and day not in self.modes:
            return self
        return replace(self, start=self.starts.get(day), mode=self.modes.get(day, self.mode))

    @property
    def first_node(self) -> int:
        """Where the route begins: at home, or where the crew is."""
        return self.home_node if self.start is None else self.start.node

    @property
    def leave_s(self) -> int:
        """When the route begins, in seconds after midnight: with the shift, or later."""
        return self.shift_start_s if self.start is None else self.start.second

    def officers_on(self, day: int) -> int:
        """Return the enforcement officers on a day."""
        return self.officers_by_day.get(day, self.officers)

    @property
    def most_officers(self) -> int:
        """Enforcement officers on the best day."""
        return max(self.officers, max(self.officers_by_day.values(), default=0))

    @property
    def lunch_s(self) -> int:
        """Seconds kept free for the break: 0 once it is over, and for shifts that end before it."""
        if self.start is not None and self.start.had_lunch:
            return 0
        if self.lunch is None or self.lunch.from_min >= self.shift_start_min + self.shift_min:
            return 0
        return self.lunch.length_min * SECONDS_PER_MIN

    @property
    def working_s(self) -> int:
        """Seconds of a shift for travel, waiting and visits, without overtime."""
        return max(0, self.shift_start_s + self.shift_s - self.leave_s - self.lunch_s)

    @property
    def most_s(self) -> int:
        """Seconds for travel, waiting and visits with all overtime that is allowed."""
        return self.working_s + self.overtime_min * SECONDS_PER_MIN

    @property
    def shift_s(self) -> int:
        """Length of the shift in seconds."""
        return self.shift_min * SECONDS_PER_MIN

    @property
    def shift_start_s(self) -> int:
        """Start of the shift in seconds after midnight."""
        return self.shift_start_min * SECONDS_PER_MIN


def check_crew(crew: Crew, *, nodes: range, modes: frozenset[str]) -> None:
    """Refuse a crew that contradicts itself or the travel matrices."""
    for mode in (crew.mode, *crew.modes.values()):
        require(mode in modes, f"crew {crew.key}: no matrix for mode {mode}")
    require(crew.home_node in nodes, f"crew {crew.key} lives at an unknown node")
    require(
        crew.working_days <= frozenset(range(DAYS_PER_WEEK)),
        f"crew {crew.key} has days outside the week",
    )
    require(crew.shift_min >= 0, f"crew {crew.key} has a negative shift")
    require(crew.overtime_min >= 0, f"crew {crew.key} has negative overtime")
    for start in crew.starts.values():
        require(start.node in nodes, f"crew {crew.key} starts at an unknown node")
    if crew.lunch is not None:
        kept = 0 <= crew.lunch.length_min <= crew.shift_min
        require(kept, f"crew {crew.key} has a break longer than the shift")
