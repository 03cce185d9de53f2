"""`inspect-app bench …`: measure the product on published data."""

import resource
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import click

from gis.routing.benchmark_sets.checker import checked_cost
from gis.routing.benchmark_sets.instance import BenchmarkInstance
from gis.routing.benchmark_sets.readers import (
    Format,
    UnreadableInstance,
    instance_files,
    read_instance,
)
from gis.routing.benchmark_sets.runs import run_instance
from gis.routing.benchmark_sets.table import (
    BestKnown,
    Measured,
    SetFigures,
    figures,
    read_best_known,
)
from gis.routing.bound import carp_bound
from gis.routing.engine import SearchBudget, warm_up
from inspect_app.cli.edge import console

EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

BestValues = Mapping[tuple[str, str], BestKnown]

BOUND_SECONDS = 5.0
"""Time for the lower bound of one instance; the small ones need a tenth of a second."""


@click.group("bench")
def command() -> None:
    """Measure the product on published data."""


@command.command("plan")
@click.option("--format", "text_format", type=click.Choice(list(Format)), required=True)
@click.option("--instances", "folder", type=EXISTING_FOLDER, required=True, help="Folder of files.")
@click.option("--best", "best_file", type=EXISTING_FILE, help="CSV of best known values.")
@click.option("--seconds", type=click.FloatRange(min=0.01), default=1.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--bound", is_flag=True, help="Also prove lower bounds, up to 5 s an instance.")
@click.option("--each", is_flag=True, help="Also print every instance.")
def plan(
    *,
    text_format: Format,
    folder: Path,
    best_file: Path | None,
    seconds: float,
    seed: int,
    **wishes: bool,
) -> None:
    """Search every instance of a folder (or of its subfolders, a table each).

    SECONDS are processor seconds per instance. Every solution is checked independently. With
    bounds, "proved" is the share of instances whose solution is proved to be the best.
    """
    known: BestValues = read_best_known(best_file) if best_file else {}
    warm_up()
    for part in _folders(folder):
        measured = []
        for instance, searched in _measure(part, text_format, known, seconds=seconds, seed=seed):
            result = replace(searched, bound=_bound(instance)) if wishes["bound"] else searched
            measured.append(result)
            if wishes["each"]:
                console.print(_line(result), highlight=False)
        _print(part.name, figures(measured), seconds=seconds)


def _folders(folder: Path) -> list[Path]:
    if instance_files(folder):
        return [folder]
    return [part for part in sorted(folder.iterdir()) if part.is_dir() and instance_files(part)]


def _measure(
    folder: Path, text_format: Format, known: BestValues, *, seconds: float, seed: int
) -> Iterator[tuple[BenchmarkInstance, Measured]]:
    budget = SearchBudget(seconds=seconds, clock=time.process_time)
    for path in instance_files(folder):
        try:
            instance = read_instance(path, text_format=text_format)
        except UnreadableInstance as error:
            message = f"not a {text_format} file: {path}"
            raise click.ClickException(message) from error
        best = known.get((folder.name, instance.name)) or known.get(("", instance.name))
        if best is None and instance.best is not None:
            best = BestKnown(instance.best)
        run = run_instance(instance, seed=seed, budget=budget, enough=best.cost if best else None)
        if run is None:
            yield instance, Measured(instance.name, None, 0, 0.0, best)
            continue
        cost = checked_cost(instance, run.solution)
        found = Measured(instance.name, cost, run.solution.fleet, run.best_after_s, best)
        yield instance, found


def _bound(instance: BenchmarkInstance) -> int:
    return carp_bound(instance, seconds=BOUND_SECONDS, clock=time.process_time)


def _line(result: Measured) -> str:
    best = result.best.cost if result.best else "-"
    gap = f"{result.gap_share:8.2%}" if result.gap_share is not None else "-"
    cost = result.cost if result.cost is not None else "none"
    proved = "" if result.bound is None else f"  bound {result.bound}"
    line = f"{result.name:<16}{cost:>9}{best:>9}{gap:>9}{result.fleet:>5}"
    return f"{line}{result.best_after_s:8.2f} s{proved}"


def _print(name: str, found: SetFigures, *, seconds: float) -> None:
    columns = {
        "n": str(found.instances),
        "known": str(found.compared),
        "unsolved": str(found.unsolved),
        "mean gap": f"{found.mean_gap_share:.2%}",
        "worst gap": f"{found.worst_gap_share:.2%}",
        "at best": f"{found.at_best_share:.1%}",
        "s to best": f"{found.mean_best_after_s:.2f}",
        "MB": f"{_memory_mb():.0f}",
    }
    if found.same_fleet is not None:
        columns["fleet"] = f"{found.same_fleet}/{found.compared}"
    if found.proved_share is not None and found.mean_above_bound_share is not None:
        columns["proved"] = f"{found.proved_share:.1%}"
        columns["to bound"] = f"{found.mean_above_bound_share:.2%}"
    console.print(f"{name}, {seconds:g} s", highlight=False)
    for row in (columns.keys(), columns.values()):
        console.print("".join(f"{text:>10}" for text in row), highlight=False, soft_wrap=True)
    console.print(f"mean gap {found.mean_gap_share * 100:.2f} %", highlight=False)


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
