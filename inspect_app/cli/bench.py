"""`inspect-app bench …`: measure the product on published data."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from gis.routing.benchmark_sets.exact import least_cost
from gis.routing.benchmark_sets.instance import BenchmarkInstance
from gis.routing.benchmark_sets.measure import Measurement, measure
from gis.routing.benchmark_sets.readers import Format, UnreadableInstance, instance_files
from gis.routing.benchmark_sets.search_process import SearchEnded
from gis.routing.benchmark_sets.table import Measured, SetFigures, figures, read_best_known
from gis.routing.benchmark_sets.thresholds import Threshold, budgets
from gis.routing.bound import carp_bound
from gis.routing.engine import warm_up
from inspect_app.cli.edge import console

EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

BOUND_SECONDS = 5.0
"""Time for the lower bound of one instance; the small ones need a tenth of a second."""

# The comparison with PyVRP is no part of the product: it lies beside it, in the project's folder.
PYVRP = "benchmarks.pyvrp_sets"
BEST_KNOWN_FILE = "bks.csv"
MISSED = "MISSED"


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
@click.option("--pyvrp", is_flag=True, help="Also let PyVRP search, in the project's folder.")
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
    known = read_best_known(best_file) if best_file else {}
    bound = _bound if wishes["bound"] else None
    warm_up()
    for part in _folders(folder):
        wanted = Measurement(part, text_format, known, seconds, seed, bound=bound)
        _measure(wanted, each=wishes["each"], with_pyvrp=wishes["pyvrp"])


@command.command("sets")
@click.argument("folder", type=EXISTING_FOLDER)
@click.option("--seconds", type=click.FloatRange(min=0.01), help="Instead of published budgets.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--bound", is_flag=True, help="Also prove lower bounds, up to 5 s an instance.")
@click.option("--each", is_flag=True, help="Also print every instance.")
@click.option("--pyvrp", is_flag=True, help="Also let PyVRP search, in the project's folder.")
def sets(folder: Path, *, seconds: float | None, seed: int, **wishes: bool) -> None:
    """Search all sets of FOLDER with their budgets; exit code 1 when one misses its threshold.

    FOLDER holds a folder for each set (egl, gdb, mcgrp, pcarp, val; those that are absent are
    left out) and bks.csv, the best known values.
    """
    best_file = folder / BEST_KNOWN_FILE
    known = read_best_known(best_file) if best_file.exists() else {}
    bound = _bound if wishes["bound"] else None
    warm_up()
    verdicts: list[str] = []
    judged = [item for item in budgets(seconds=seconds) if (folder / item.set_name).is_dir()]
    if not judged:
        message = f"nothing to measure in {folder}"
        raise click.ClickException(message)
    for threshold in judged:
        wanted = Measurement(
            folder / threshold.set_name,
            threshold.text_format,
            known,
            seconds or threshold.seconds,
            seed,
            bound=bound,
        )
        found = _measure(wanted, each=wishes["each"], with_pyvrp=wishes["pyvrp"])
        verdicts += _verdicts(threshold, found)
    _say("thresholds")
    for verdict in verdicts:
        _say(verdict)
    if any(verdict.startswith(MISSED) for verdict in verdicts):
        sys.exit(1)


def _verdicts(threshold: Threshold, found: SetFigures) -> list[str]:
    what = f"{threshold.set_name}, {threshold.seconds:g} s"
    faults = [f"{MISSED}: {what}: {fault}" for fault in threshold.faults(found)]
    return faults or [f"reached: {what} ({threshold.source})"]


def _folders(folder: Path) -> list[Path]:
    if instance_files(folder):
        return [folder]
    return [part for part in sorted(folder.iterdir()) if part.is_dir() and instance_files(part)]


def _measure(wanted: Measurement, *, each: bool, with_pyvrp: bool) -> SetFigures:
    """Measure a set and print its table: a row for us, one for PyVRP, ours is the last line."""
    ours = _results(wanted, each=each)
    rows = {"ours": figures(ours)}
    notes = _notes(ours)
    if with_pyvrp and wanted.text_format is Format.pcarp:
        notes.append("PyVRP: left out, it knows no combinations of days")
    elif with_pyvrp:
        if not Path(*PYVRP.split(".")).with_suffix(".py").exists():
            message = "--pyvrp works only in the project's folder, with its development packages"
            raise click.ClickException(message)
        if each:
            _say("PyVRP:")
        rows["PyVRP"] = figures(_results(replace(wanted, engine=PYVRP, bound=None), each=each))
    _say(f"{wanted.folder.name}, {wanted.seconds:g} s, seed {wanted.seed}")
    _print_table(rows)
    for note in notes:
        _say(note)
    _say(f"mean gap {rows['ours'].mean_gap_share * 100:.2f} %")
    return rows["ours"]


def _results(wanted: Measurement, *, each: bool) -> Sequence[Measured]:
    results = []
    try:
        for result in measure(wanted):
            results.append(result)
            if each:
                _say(_line(result))
    except UnreadableInstance as error:
        message = f"not a {wanted.text_format} file: {wanted.folder / str(error.args[0])}"
        raise click.ClickException(message) from error
    except SearchEnded as error:
        message = f"{wanted.engine} ended without an answer; its own message stands above"
        raise click.ClickException(message) from error
    return results


def _bound(instance: BenchmarkInstance) -> int:
    exact = least_cost(instance)
    if exact is not None:
        return exact
    return carp_bound(instance, seconds=BOUND_SECONDS, clock=time.process_time)


def _notes(results: Sequence[Measured]) -> list[str]:
    """Tell what contradicts the best known values; every cost is the independent checker's."""
    notes = []
    for result in results:
        if result.best is None:
            continue
        if result.is_best_refuted:
            notes.append(
                f"{result.name}: {result.best.cost} is stated as best known,"
                f" but nothing below {result.bound} is possible"
            )
        elif result.is_below_best:
            notes.append(f"{result.name}: {result.cost} < {result.best.cost} best known")
    below = sum(result.is_below_best for result in results)
    return [f"{below} below best, verified", *notes] if below else notes


def _line(result: Measured) -> str:
    best = result.best.cost if result.best else "-"
    gap = f"{result.gap_share:8.2%}" if result.gap_share is not None else "-"
    cost = result.cost if result.cost is not None else "none"
    proved = "" if result.bound is None else f"  bound {result.bound}"
    line = f"{result.name:<16}{cost:>9}{best:>9}{gap:>9}{result.fleet:>5}"
    return f"{line}{result.best_after_s:8.2f} s{proved}"


def _print_table(rows: dict[str, SetFigures]) -> None:
    cells = {name: _columns(found) for name, found in rows.items()}
    titles = list(cells["ours"])
    _say(f"{'':<8}" + "".join(f"{title:>11}" for title in titles))
    for name, columns in cells.items():
        _say(f"{name:<8}" + "".join(f"{columns.get(title, '-'):>11}" for title in titles))


def _columns(found: SetFigures) -> dict[str, str]:
    columns = {
        "n": str(found.instances),
        "known": str(found.compared),
        "unsolved": str(found.unsolved),
        "mean gap": f"{found.mean_gap_share:.2%}",
        "worst gap": f"{found.worst_gap_share:.2%}",
        "at best": f"{found.at_best_share:.1%}",
        "below best": str(found.below_best),
        "s to best": f"{found.mean_best_after_s:.2f}",
        "MB": f"{found.memory_mb:.0f}",
    }
    if found.same_fleet is not None:
        columns["fleet"] = f"{found.same_fleet}/{found.compared}"
    if found.proved_share is not None and found.mean_above_bound_share is not None:
        columns["proved"] = f"{found.proved_share:.1%}"
        columns["to bound"] = f"{found.mean_above_bound_share:.2%}"
    return columns


def _say(text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False)
