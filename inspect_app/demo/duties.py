"""What the crews of the demo's past still owe: nothing is seen oftener than its policy asks."""

from collections import defaultdict
from datetime import date

from gis.periods import period_of
from gis.schedule import FrequencyPolicy, policy_for
from inspect_app.demo.crews import PatrolObject
from inspect_app.demo.plan_records import POLICIES

Key = tuple[str, int]


class Duties:
    """The visits of all crews so far; `begin` a week, ask what is open, `note` what was planned."""

    def __init__(self) -> None:
        self.week = date.min
        self._done: dict[Key, list[date]] = defaultdict(list)
        self._planned: set[Key] = set()
        self._ruling: dict[tuple[str, str | None], FrequencyPolicy | None] = {}

    def begin(self, week: date) -> None:
        """Begin the plan of a week; an object has one visit in it at most."""
        self.week = week
        self._planned.clear()
        self._ruling.clear()

    def is_planned(self, thing: PatrolObject) -> bool:
        """Whether the object has a visit in the week's plan."""
        return key_of(thing) in self._planned

    def days_left(self, thing: PatrolObject, day: date) -> int:
        """Return the days left to visit an object in its period, 0 when it is not to be visited."""
        policy = self._policy(thing)
        if policy is None or self.is_planned(thing):
            return 0
        period = period_of(policy.unit, day=day)
        visits = sum(period.first <= visit <= period.last for visit in self._done[key_of(thing)])
        return 0 if visits >= policy.times else (period.last - day).days + 1

    def note(self, thing: PatrolObject, day: date, *, done: bool) -> None:
        """Note a planned visit; one that was not made is owed again from the next week on."""
        self._planned.add(key_of(thing))
        if done:
            self._done[key_of(thing)].append(day)

    def _policy(self, thing: PatrolObject) -> FrequencyPolicy | None:
        of = (thing.kind.value, thing.object_class)
        if of not in self._ruling:
            self._ruling[of] = policy_for(POLICIES, kind=of[0], object_class=of[1], week=self.week)
        return self._ruling[of]


def key_of(thing: PatrolObject) -> Key:
    """Return the kind and number of an object."""
    return thing.kind.value, thing.id
