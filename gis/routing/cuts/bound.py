"""A bound that grows while cuts are found, until none is missing or the time is up."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gis.routing.cuts.programme import VIOLATED, Programme
from gis.routing.cuts.separation import Separation, notes_of, parts, statement_of
from gis.routing.cuts.values import Ints, Network, Services, Trips

NODES_PER_CUT = 16
MOST_FLOWS = 600


class CutBound:
    """A growing linear programme whose value never exceeds the empty travel of any valid trips.

    Variables count how often each edge is travelled without serving. For every set of nodes:

    * closed trips cross its border an even number of times in all, so an odd number of services
      across the border needs one more crossing;
    * services that only trips from outside may do need a number of trips by their load and by
      their visits (one a trip), and each of these crosses the border at least twice.

    Parameters
    ----------
    clock, deadline
        Work stops when the clock passes the deadline.
    """

    def __init__(
        self,
        network: Network,
        services: Services,
        *,
        trips: Trips,
        clock: Callable[[], float],
        deadline: float,
    ) -> None:
        self.finished = False
        self._network, self._services, self._trips = network, services, trips
        self._clock, self._deadline = clock, deadline
        self._statement = statement_of(services, trips, nodes=network.nodes)
        self._notes = notes_of(self._statement)
        self._programme = Programme(network, left=self._left)
        self._time_is_load = bool(trips.toll.any())
        self._rng = np.random.default_rng(1)

    @property
    def bound(self) -> float:
        """What is proved so far."""
        return self._programme.bound

    def run(self) -> None:
        """Solve and add cuts until none is violated or the time is up."""
        self._add(self._separation(), self._first_sets())
        while self._left() > 0 and self._programme.solve():
            if not self._separate():
                self.finished = True
                return

    def run_whole(self, *, rounds: int = 8) -> None:
        """Sharpen the bound by whole numbers of crossings, with cuts for what they violate."""
        for _ in range(rounds):
            if self._left() <= 0 or not self._programme.solve_whole() or not self._separate():
                return

    def _left(self) -> float:
        return self._deadline - self._clock()

    def _separation(self) -> Separation:
        return Separation(
            self._network, self._statement, notes=self._notes, used=self._programme.used
        )

    def _separate(self) -> int:
        """Add cuts that the present answer violates; return how many."""
        if self._time_is_load:
            self._statement.travel[0] = self.bound
        looked = self._separation()
        new = self._programme.wake() + self._add(looked, looked.threshold_sets())
        new += self._add(looked, self._in_time(looked.odd_sets()))
        if new < self._network.nodes // NODES_PER_CUT:
            count = self._network.nodes
            some = self._rng.random(count) < min(1 / 3, MOST_FLOWS / count)
            new += self._add(looked, self._in_time(looked.rare_sets(some)))
        if self._left() > 0:
            new += self._add(looked, self._in_time(looked.heavy_sets(self._rng)))
        if self._left() > 0 and not new:
            every = np.ones(self._network.nodes, dtype=bool)
            new += self._add(looked, self._in_time(looked.rare_sets(every)))
        return new

    def _in_time(self, sets: Iterable[Ints]) -> Iterator[Ints]:
        for members in sets:
            yield members
            if self._left() <= 0:
                return

    def _add(self, looked: Separation, sets: Iterable[Ints]) -> int:
        """Add the cuts of those sets whose border is crossed too rarely; return how many."""
        new = 0
        inside = np.zeros(self._network.nodes, dtype=bool)
        for least, members in looked.violated(sets, by=VIOLATED):
            inside[members] = True
            across = inside[self._network.start] != inside[self._network.end]
            new += self._programme.add(np.flatnonzero(across), least=least)
            inside[members] = False
        return new

    def _first_sets(self) -> Iterator[Ints]:
        count = self._network.nodes
        ends = (self._services.start, self._services.end)
        yield from np.union1d(*ends)[:, None]
        yield from parts(count, *ends)
        for group in np.unique(self._services.allowed, axis=0):
            away = np.ones(count, dtype=bool)
            away[self._trips.home[group]] = False
            yield np.flatnonzero(away)
