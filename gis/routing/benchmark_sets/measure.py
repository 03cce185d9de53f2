"""A set of instances measured: searched in a process of its own, checked here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gis.routing.benchmark_sets.checker import checked_cost
from gis.routing.benchmark_sets.instance import BenchmarkInstance
from gis.routing.benchmark_sets.readers import Format, instance_files, read_instance
from gis.routing.benchmark_sets.search_process import OURS, Question, searcher
from gis.routing.benchmark_sets.table import BestKnown, Measured

BestValues = Mapping[tuple[str, str], BestKnown]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What to measure, and how.

    Parameters
    ----------
    known
        Best known values by set (the folder's name, or nothing) and instance.
    seconds
        Processor seconds for each instance.
    engine
        The module that searches; ours unless another is to be compared.
    bound
        Proves a lower bound of an instance; None leaves that out.
    """

    folder: Path
    text_format: Format
    known: BestValues
    seconds: float
    seed: int
    engine: str = OURS
    bound: Callable[[BenchmarkInstance], int] | None = None


def measure(wanted: Measurement) -> Iterator[Measured]:
    """Yield the checked result of every instance of a folder, in their order.

    A search ends early at the best known value: what is measured is how soon it is reached, and
    what is reached where it is not. Where the fleet counts first, the value is another search's
    result and no optimum: ours goes on below it.

    Raises
    ------
    UnreadableInstance
        When a file is of another format.
    WrongSolution
        When a search returns what breaks a rule of its instance.
    SearchEnded
        When the searching process fails.
    """
    with searcher(wanted.engine) as ask:
        for path in instance_files(wanted.folder):
            instance = read_instance(path, text_format=wanted.text_format)
            best = best_known(instance, set_name=wanted.folder.name, known=wanted.known)
            answer = ask(
                Question(
                    str(path.resolve()),
                    wanted.text_format,
                    wanted.seconds,
                    wanted.seed,
                    best.cost if best is not None and best.fleet is None else None,
                )
            )
            solution = answer.solution
            yield Measured(
                instance.name,
                checked_cost(instance, solution) if solution else None,
                solution.fleet if solution else 0,
                answer.best_after_s,
                best,
                bound=wanted.bound(instance) if wanted.bound else None,
                memory_mb=answer.memory_mb,
            )


def best_known(
    instance: BenchmarkInstance, *, set_name: str, known: BestValues
) -> BestKnown | None:
    """Return the best known value: of the table, else the one that the file itself states."""
    best = known.get((set_name, instance.name)) or known.get(("", instance.name))
    if best is None and instance.best is not None:
        best = BestKnown(instance.best)
    return best
