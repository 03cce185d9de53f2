"""The search from outside: budgets, temperatures, chunks between which it can be watched."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gis.routing.engine.model import Model, Routes, empty_routes
from gis.routing.engine.workspace import (
    BEST,
    Best,
    Cooling,
    Random,
    Search,
    Tuning,
    Workspace,
    best_of,
    workspace_of,
)

# Between two chunks the search can be watched and cancelled.
_CHUNK_S = 0.1
_FIRST_CHUNK = 20
_LONGEST_CHUNK = 20_000
_CHUNKS_PER_BUDGET = 50
# One cooling takes about this many iterations per visit to settle (measured on small instances).
# With more time there are both more and longer coolings: as many as the root of what would fit. On
# the six hardest egl instances in 10 s that is 2 to 4; 2 came to 0.36 % above the best known, 10
# to 0.42 %.
_ITERATIONS_PER_VISIT = 1000
_MOST_CYCLES = 10
_LEARN_SPEED_SHARE = 0.1


class EmptyBudget(ValueError):
    """A search budget with neither iterations nor seconds would never end."""


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """When to stop: iterations (reproducible), seconds, or whichever comes first.

    With iterations given, cooling follows them and seconds merely cut the search off.

    Parameters
    ----------
    clock
        What counts as seconds: time on the wall, or for measurements the processor's.
    """

    iterations: int | None = None
    seconds: float | None = None
    clock: Callable[[], float] = time.perf_counter

    def __post_init__(self) -> None:
        if self.iterations is None and self.seconds is None:
            raise EmptyBudget


@dataclass(frozen=True, slots=True)
class Heat:
    """First and last temperature of a cooling, in mean costs of a visit.

    ``enough`` ends a search early; ``cycles`` tells how often to cool, 0 by the problem's size.
    """

    hot: float = 0.3
    cold: float = 0.02
    enough: float = 0.0
    cycles: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best routes: tasks in travel order per vehicle, their cost, iterations, best moment."""

    orders: tuple[tuple[int, ...], ...]
    cost: float
    iterations: int
    best_after_s: float


class Annealing:
    """A search over one model; every part of its state is here, none is global.

    Parameters
    ----------
    start
        Orders per vehicle to begin with, each feasible; None begins with nothing served.
    """

    def __init__(
        self,
        model: Model,
        tuning: Tuning,
        *,
        seed: int,
        heat: Heat | None = None,
        start: Sequence[Sequence[int]] | None = None,
    ) -> None:
        self.model = model
        self.tuning = tuning
        self.iterations = 0
        self._heat = heat or Heat()
        self._routes: Routes = empty_routes(model)
        self._work: Workspace = workspace_of(model, self._routes)
        self._random: Random = np.array([seed % 2**64], np.uint64)
        self._best: Best = best_of(self._routes)
        if start is not None:
            self._begin_with(start)
        self._construct()

    @property
    def best_cost(self) -> float:
        """The least cost so far; infinite while only incomplete solutions are known."""
        return float(self._work.score[BEST])

    @property
    def best_orders(self) -> tuple[tuple[int, ...], ...]:
        """The tasks of the best solution per vehicle, in travel order."""
        return tuple(
            tuple(order[:length].tolist())
            for order, length in zip(self._best.order, self._best.length, strict=True)
        )

    @property
    def best_visits(self) -> int:
        """The visits of the best solution."""
        return int(self._best.length.sum())

    @property
    def best_routes_cost(self) -> int:
        """The cost of the best solution's routes alone: travel and service."""
        return int(self._best.cost.sum())

    def run(
        self,
        budget: SearchBudget,
        *,
        after_chunk: Callable[[], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Outcome:
        """Anneal until the budget is spent, the aim reached, or somebody cancels."""
        began, best_after = budget.clock(), 0.0
        rounds = _FIRST_CHUNK
        hot, rate = self._temperatures()
        cycles = 1
        while not (cancel is not None and cancel()):
            chunk_began = budget.clock()
            spent = chunk_began - began
            left = self._left(budget, spent=spent)
            if left == 0 or self.best_cost <= self._heat.enough:
                break
            rounds = min(rounds, left)
            if budget.iterations is None:
                # Seconds only: one temperature per chunk, by the share of time spent.
                share = spent / budget.seconds if budget.seconds else 1.0
                if share < _LEARN_SPEED_SHARE:
                    cycles = self._cycles(self.iterations / max(share, 1e-3))
                phase = (share * cycles) % 1.0
                improved = self._anneal(rounds, hot=hot * np.exp(rate * phase), total=0)
            else:
                improved = self._anneal(rounds, hot=hot, rate=rate, total=budget.iterations)
            now = budget.clock()
            best_after = now - began if improved else best_after
            rounds = _next_rounds(rounds, took_s=now - chunk_began, budget=budget)
            if after_chunk is not None:
                after_chunk()
        return Outcome(self.best_orders, self.best_cost, self.iterations, best_after)

    def _left(self, budget: SearchBudget, *, spent: float) -> int:
        if budget.seconds is not None and spent >= budget.seconds:
            return 0
        if not len(self.model.ends) or not len(self.model.start):
            return 0
        return _LONGEST_CHUNK if budget.iterations is None else budget.iterations - self.iterations

    def _temperatures(self) -> tuple[float, float]:
        visits = max(1, int(self.model.times.sum()))
        usual = max(1.0, float(self._routes.cost.sum()) / visits)
        return usual * self._heat.hot, float(np.log(self._heat.cold / self._heat.hot))

    def _anneal(self, rounds: int, *, hot: float, total: int, rate: float = 0.0) -> int:
        # Only here numba is loaded: pages and commands that search nothing save its 100 MB.
        from gis.routing.engine.recreate import anneal

        # numba translates once per combination of types: they must never vary.
        cooling = Cooling(
            self.iterations, rounds, max(total, 1), self._cycles(total), float(hot), float(rate)
        )
        self.iterations += rounds
        search = Search(self.model, self._routes, self._best, self._work, self.tuning, self._random)
        return anneal(search, cooling)

    def _cycles(self, expected: float) -> int:
        """Return how often to cool: a small problem is soon cold, and may be caught in a valley."""
        if self._heat.cycles:
            return self._heat.cycles
        visits = max(1, int(self.model.times.sum()))
        fitting = expected / (_ITERATIONS_PER_VISIT * visits)
        return int(min(_MOST_CYCLES, max(1.0, math.sqrt(fitting))))

    def _construct(self) -> None:
        wanted = self.tuning
        self.tuning = wanted._replace(balance=0.0)
        self._set_scores()
        if wanted.balance > 0:
            # Only now is it known how many hours are usual.
            usual = float(self._routes.hours.sum()) / max(1, len(self._routes.hours))
            self.tuning = wanted._replace(usual_hours=max(1.0, usual))
            self._set_scores()

    def _set_scores(self) -> None:
        """Run iteration -1: put in what finds room, and price the result."""
        self.iterations = -1
        self._anneal(1, hot=0.0, total=1)

    def _begin_with(self, start: Sequence[Sequence[int]]) -> None:
        routes, model = self._routes, self.model
        for vehicle, order in enumerate(start):
            day = int(model.day[vehicle])
            routes.order[vehicle, : len(order)] = order
            routes.length[vehicle] = len(order)
            for task in order:
                routes.route_of[task, day] = vehicle
                routes.visited[task] |= 1 << day
        for vehicle, order in enumerate(start):
            day = int(model.day[vehicle])
            for task in order:
                factor = model.load_factor[routes.visited[task], day]
                routes.load[vehicle] += model.demand[task] * factor


def _next_rounds(rounds: int, *, took_s: float, budget: SearchBudget) -> int:
    """Return a chunk's iterations so that it lasts about a tenth of a second, or less."""
    aim_s = _CHUNK_S
    if budget.seconds is not None:
        aim_s = min(aim_s, budget.seconds / _CHUNKS_PER_BUDGET)
    change = min(2.0, max(0.5, aim_s / max(took_s, 1e-6)))
    return max(5, min(_LONGEST_CHUNK, int(rounds * change)))
