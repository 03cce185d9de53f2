"""Several searches of one week, each with its own seed and where possible its own process."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from multiprocessing.synchronize import Event
from typing import Any, Unpack

import numpy as np

from gis.routing.engine import Keep, Orders, Progress, SearchBudget, Watch
from gis.routing.problem import WeekPlan, WeekProblem
from gis.routing.solve import solve

SEARCHES = 2
_PATIENCE_S = 0.1


class SearchLost(RuntimeError):
    """A process that searched ended without an answer; the machine may be short of memory."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """A matrix in memory that several processes see."""

    name: str
    shape: tuple[int, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class _Errand:
    """What to search. For another process the problem is taken apart: matrices go by name."""

    parts: dict[str, Any]
    matrices: dict[str, _Shared]
    seed: int
    budget: SearchBudget
    start: Orders | None
    keep: Keep | None
    searches: int


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

    Cost: a process per further search, which takes half a second to begin.

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
    errand = _Errand(_parts(problem), {}, seed, budget, start, keep, searches)
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
    with ExitStack() as stack:
        matrices = stack.enter_context(_shared(problem))
        others = [
            stack.enter_context(
                _begun(replace(errand, matrices=matrices, seed=errand.seed + index))
            )
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
def _begun(errand: _Errand) -> Iterator[_Other]:
    """Begin a search in another process; it is over when the block is left."""
    # A copy of a process with threads or a compiled search at work could hang: begin anew.
    context = multiprocessing.get_context("spawn")
    ear, mouth = context.Pipe(duplex=False)
    stop = context.Event()
    process = context.Process(target=_run, args=(errand, mouth, stop), daemon=True)
    process.start()
    mouth.close()
    try:
        yield _Other(ear, stop)
    finally:
        stop.set()
        ear.close()
        process.join()


def _run(errand: _Errand, mouth: Connection, stop: Event) -> None:
    """Search, in the other process."""
    memories = {mode: SharedMemory(shared.name) for mode, shared in errand.matrices.items()}
    try:
        problem = WeekProblem(
            **errand.parts,
            travel_s={
                mode: np.ndarray(shared.shape, np.dtype(shared.kind), memories[mode].buf)
                for mode, shared in errand.matrices.items()
            },
        )
        plan = solve(
            problem,
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


@contextmanager
def _shared(problem: WeekProblem) -> Iterator[dict[str, _Shared]]:
    """Lay the matrices where another process can see them, until the block is left."""
    memories = []
    try:
        shared = {}
        for mode, matrix in problem.travel_s.items():
            memory = SharedMemory(create=True, size=max(1, matrix.nbytes))
            memories.append(memory)
            np.ndarray(matrix.shape, matrix.dtype, memory.buf)[...] = matrix
            shared[mode] = _Shared(memory.name, matrix.shape, matrix.dtype.str)
        yield shared
    finally:
        for memory in memories:
            memory.close()
            memory.unlink()


def _parts(problem: WeekProblem) -> dict[str, Any]:
    names = [one.name for one in fields(problem) if one.name != "travel_s"]
    return {name: getattr(problem, name) for name in names}
