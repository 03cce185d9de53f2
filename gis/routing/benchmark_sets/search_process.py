"""A search in a process of its own: what it takes in memory is its own, and can be measured.

`python -m gis.routing.benchmark_sets.search_process` reads a question a line, answers a line each.
Other engines answer the same questions: see ``serve``.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gis.routing.benchmark_sets.instance import BenchmarkInstance, BenchmarkSolution
from gis.routing.benchmark_sets.readers import Format, read_instance
from gis.routing.benchmark_sets.runs import Run, run_instance
from gis.routing.engine import SearchBudget, warm_up

OURS = "gis.routing.benchmark_sets.search_process"


class SearchEnded(RuntimeError):
    """A searching process ended without an answer: its module and exit code."""


@dataclass(frozen=True, slots=True)
class Question:
    """An instance to be searched for some processor seconds, or until ``enough`` is reached."""

    path: str
    text_format: str
    seconds: float
    seed: int
    enough: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A solution (None: none found), the seconds until it was found, the process's peak memory."""

    solution: BenchmarkSolution | None
    best_after_s: float
    memory_mb: float


Engine = Callable[[BenchmarkInstance, Question], Run | None]


def serve(engine: Engine) -> None:
    """Answer the questions on standard input until it ends."""
    for line in sys.stdin:
        question = Question(**json.loads(line))
        path = Path(question.path)
        run = engine(read_instance(path, text_format=Format(question.text_format)), question)
        days = run.solution.days if run else None
        answer = {
            "days": days,
            "best_after_s": run.best_after_s if run else 0.0,
            "memory_mb": _peak_memory_mb(),
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


@contextmanager
def searcher(module: str) -> Iterator[Callable[[Question], Answer]]:
    """Start a process that runs a module; it lives as long as the block."""
    places = os.pathsep.join(place for place in sys.path if place)
    with subprocess.Popen(  # noqa: S603  (our own interpreter and a module of ours)
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": places},
    ) as process:

        def ask(question: Question) -> Answer:
            if process.stdin is None or process.stdout is None:
                raise SearchEnded(module)
            try:
                process.stdin.write(json.dumps(asdict(question)) + "\n")
                process.stdin.flush()
            except BrokenPipeError as error:
                raise SearchEnded(module, process.wait()) from error
            line = process.stdout.readline()
            if not line:
                raise SearchEnded(module, process.wait())
            return _answer(json.loads(line))

        try:
            yield ask
        finally:
            # The end of its input ends the process.
            if process.stdin is not None:
                process.stdin.close()


def _peak_memory_mb() -> float:
    """Return the peak of this program; `getrusage` would count the program that started it too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _answer(told: Mapping[str, Any]) -> Answer:
    days = told["days"]
    solution = None
    if days is not None:
        solution = BenchmarkSolution(
            tuple(tuple(tuple(order) for order in routes) for routes in days)
        )
    return Answer(solution, float(told["best_after_s"]), float(told["memory_mb"]))


def _search(instance: BenchmarkInstance, question: Question) -> Run | None:
    budget = SearchBudget(seconds=question.seconds, clock=time.process_time)
    return run_instance(instance, seed=question.seed, budget=budget, enough=question.enough)


if __name__ == "__main__":
    warm_up()
    serve(_search)
