"""Several searches of one week, each with its own seed and where possible its own process."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, Unpack

from gis.routing.engine import Keep, Orders, Progress, SearchBudget, Watch
from gis.routing.problem import WeekPlan, WeekProblem
from gis.routing.shared import Lent, NotShared, layers_of, shared_layers
from gis.routing.solve import solve

SEARCHES = 2
_PATIENCE_S = 0.1


class SearchLost(RuntimeError):
    """A process that searched ended without an answer; the machine may be short of memory."""


@dataclass(frozen=True, slots=True)
class _Errand:
    """How to search."""

    seed: int
    budget: SearchBudget
    start: Orders | None
    keep: Keep | None
    searches: int


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A problem on its way to another process: its matrices are lent, the rest is copied."""

    parts: dict[str, Any]
    modes: tuple[str, ...]
    matrices: Lent

    @classmethod
    def of(cls, problem: WeekProblem) -> "_Parcel":
        modes = tuple(sorted(problem.travel_s))
        layers = layers_of([problem.travel_s[mode] for mode in modes])
        if layers is None:
            raise NotShared
        names = [one.name for one in fields(problem) if one.name != "travel_s"]
        return cls({name: getattr(problem, name) for name in names}, modes, Lent(layers))

    def problem(self) -> WeekProblem:
        travel_s = dict(zip(self.modes, self.matrices.layers, strict=True))
        return WeekProblem(**self.parts, travel_s=travel_s)


def with_shared_matrices(problem: WeekProblem) -> WeekProblem:
    """Return the problem with its matrices where several processes can see them.

    Who does this before searching, and keeps no other copy of the matrices, halves the memory; a
    problem whose matrices are shared already is returned as it is.
    """
    modes = sorted(problem.travel_s)
    matrices = [problem.travel_s[mode] for mode in modes]
    if not matrices or layers_of(matrices) is not None:
        return problem
    return replace(problem, travel_s=dict(zip(modes, shared_layers(matrices), strict=True)))


def solve_in_parallel(
    problem: WeekProblem,
    *,
    seed: int,
    budget: SearchBudget,
    start: Orders | None = None,
    keep: Keep | None = None,
    searches: int = SEARCHES,
    **watch: Unpack[Watch],
) -> WeekPlan:
    """Return the best plan of several searches, with the seeds ``seed``, ``seed + 1``, ….

    How many there are does not depend on the machine: with an iteration budget the plan is the
    same everywhere. With two cores they run side by side, otherwise one after the other, each with
    its share of the seconds. Other parameters as in ``solve``.

    Cost: a process per further search, which takes half a second to begin. Of a county of 5,000
    reaches the matrices take 134 MB once, if they are shared already (``with_shared_matrices``),
    and each search 100 MB besides: 430 MB in all (`benchmarks/plan.py`).

    Returns
    -------
    WeekPlan
        The plan of least cost, ties to the lower seed; its seed is the one that found it.

    Raises
    ------
    SearchLost
        When another process was ended from outside.
    """
    telling = _Best(watch)
    errand = _Errand(seed, budget, start, keep, searches)
    if searches > 1 and (os.cpu_count() or 1) > 1:
        plans = _side_by_side(problem, errand, telling=telling)
    else:
        plans = _in_turn(problem, errand, telling=telling)
    return min(plans, key=lambda plan: (plan.cost, plan.seed))


class _Best:
    """The progress of the best of several searches."""

    def __init__(self, watch: Watch) -> None:
        self._tell = watch.get("progress")
        self._cancel = watch.get("cancel")
        self._told: dict[int, Progress] = {}

    def hear(self, index: int, progress: Progress) -> None:
        """Take a search's figures, and tell the best of all with the iterations of all."""
        self._told[index] = progress
        best = min(self._told.values(), key=lambda one: (one.missing_visits, one.travel_s))
        if self._tell is not None:
            done = sum(one.iteration for one in self._told.values())
            self._tell(replace(best, iteration=done))

    def is_over(self) -> bool:
        """Tell whether somebody cancelled."""
        return self._cancel is not None and self._cancel()


def _in_turn(problem: WeekProblem, errand: _Errand, *, telling: _Best) -> list[WeekPlan]:
    budget = errand.budget
    if budget.seconds is not None:
        budget = replace(budget, seconds=budget.seconds / errand.searches)
    return [
        solve(
            problem,
            seed=errand.seed + index,
            budget=budget,
            start=errand.start,
            keep=errand.keep,
            progress=lambda one, index=index: telling.hear(index, one),  # type: ignore[misc]
            cancel=telling.is_over,
        )
        for index in range(errand.searches)
    ]


def _side_by_side(problem: WeekProblem, errand: _Errand, *, telling: _Best) -> list[WeekPlan]:
    problem = with_shared_matrices(problem)
    parcel = _Parcel.of(problem)
    with ExitStack() as stack:
        others = [
            stack.enter_context(_begun(parcel, replace(errand, seed=errand.seed + index)))
            for index in range(1, errand.searches)
        ]

        def progress(one: Progress) -> None:
            for index, other in enumerate(others, 1):
                other.listen(telling, index)
            telling.hear(0, one)

        own = solve(
            problem,
            seed=errand.seed,
            budget=errand.budget,
            start=errand.start,
            keep=errand.keep,
            progress=progress,
            cancel=telling.is_over,
        )
        return [own, *(other.plan(telling, index) for index, other in enumerate(others, 1))]


class _Other:
    """A search in another process, seen from here."""

    def __init__(self, ear: Connection, stop: Event) -> None:
        self._ear = ear
        self._stop = stop
        self._plan: WeekPlan | None = None

    def listen(self, telling: _Best, index: int, *, patience_s: float = 0.0) -> None:
        """Take in what the search has said since."""
        try:
            while self._plan is None and self._ear.poll(patience_s):
                said = self._ear.recv()
                if isinstance(said, WeekPlan):
                    self._plan = said
                else:
                    telling.hear(index, said)
        except EOFError as end:
            raise SearchLost from end

    def plan(self, telling: _Best, index: int) -> WeekPlan:
        """Wait for the plan; who cancels gets the best so far."""
        while self._plan is None:
            if telling.is_over():
                self._stop.set()
            self.listen(telling, index, patience_s=_PATIENCE_S)
        return self._plan


@contextmanager
def _begun(parcel: _Parcel, errand: _Errand) -> Iterator[_Other]:
    """Begin a search in another process; it is over when the block is left."""
    # A copy of a process with threads or a compiled search at work could hang: begin anew.
    context = multiprocessing.get_context("spawn")
    ear, mouth = context.Pipe(duplex=False)
    stop = context.Event()
    process = context.Process(
        target=_run,
        args=(mouth, stop),
        kwargs={"parcel": parcel, "errand": errand},
        daemon=True,
    )
    process.start()
    mouth.close()
    try:
        yield _Other(ear, stop)
    finally:
        stop.set()
        ear.close()
        process.join()


def _run(mouth: Connection, stop: Event, *, parcel: _Parcel, errand: _Errand) -> None:
    """Search, in the other process."""
    try:
        plan = solve(
            parcel.problem(),
            seed=errand.seed,
            budget=errand.budget,
            start=errand.start,
            keep=errand.keep,
            progress=mouth.send,
            cancel=stop.is_set,
        )
        mouth.send(plan)
    except BrokenPipeError:
        # Nobody waits for the plan any more.
        return
    finally:
        mouth.close()
