"""The commands about repeats: score the method on a file, write a file with a known truth."""

import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import click
import pandas as pd
import shapely
from rich.box import SIMPLE_HEAD
from rich.table import Table

from gis.repeats.evaluate import BASELINE_DAYS, BASELINE_M, Evaluation, Score, baseline, evaluate
from gis.repeats.levels import Field
from inspect_app.cli.edge import console
from inspect_app.cli.repeats.reading import (
    KNOWN,
    REASONS,
    PastComplaints,
    UnusableColumns,
    read_complaints,
)
from inspect_app.demo.county import make_county

METHOD = (
    "weights of evidence (Fellegi-Sunter, learnt together) on place, time, kind, words, reporter,"
    " crowding"
)


def column_pairs(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Return `name=column,name=column` options as a mapping."""
    found = {}
    for one in ",".join(given).split(","):
        name, equals, column = one.partition("=")
        if not equals or not name or not column:
            message = f"'{one}' should be name=column"
            raise click.BadParameter(message)
        found[name] = column
    return found


@click.group("repeats")
def command() -> None:
    """Recognise complaints about the same matter."""


@command.command("evaluate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--columns",
    multiple=True,
    required=True,
    callback=column_pairs,
    help=f"name=column,…; names: {', '.join(KNOWN)}; a column may be A+B, is_duplicate A~pattern",
)
@click.option("--encoding", help="Text encoding; UTF-8 and GB18030 are found by themselves.")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True)
@click.option("--weights", "is_telling_weights", is_flag=True, help="Also print what was learnt.")
def evaluate_file(
    file: Path,
    columns: dict[str, str],
    encoding: str | None,
    time_zone: str,
    is_telling_weights: bool,
) -> None:
    """Score FILE: learn on its first half in time, test on the second.

    Only what a call itself says is compared; the column that tells the truth is read for the score
    alone. The last line is the F1 of the second half.
    """
    try:
        past = read_complaints(file, columns, encoding=encoding, time_zone=time_zone)
    except UnusableColumns as fault:
        raise click.UsageError(str(fault)) from fault
    _tell_rows(past)
    started = time.process_time()
    try:
        found = evaluate(past.complaints, past.truth)
    except ValueError as fault:
        raise click.ClickException(str(fault)) from fault
    middle = time.process_time()
    baseline(past.complaints)
    seconds = (middle - started, time.process_time() - middle)
    if is_telling_weights:
        _tell_weights(found)
    _tell_scores(found, seconds=seconds)


def _tell_rows(past: PastComplaints) -> None:
    _say(
        f"{past.rows} rows read, {len(past.rejections)} rejected;"
        f" {int(past.truth.is_repeat.sum())} repeats among {len(past.complaints)} complaints,"
        f" {sum(one.xy is None for one in past.complaints)} without a place"
    )
    for reason, count in Counter(one.reason for one in past.rejections).most_common():
        rows = [str(one.row) for one in past.rejections if one.reason == reason][:5]
        _say(f"rejected: {REASONS[reason]}: {count} (rows {', '.join(rows)})")


def _tell_weights(found: Evaluation) -> None:
    _say(f"prior {found.weights.prior_bits:+.3f} bits")
    for one in Field:
        bits = " ".join(f"{bit:+.3f}" for bit in found.weights.fields[one])
        _say(f"{one.name:<9}{bits}")


def _tell_scores(found: Evaluation, *, seconds: tuple[float, float]) -> None:
    _say(f"method: {METHOD}; threshold {found.threshold:.3f}")
    _say(f"baseline: same category within {BASELINE_M:g} m and {BASELINE_DAYS} days")
    table = Table(box=SIMPLE_HEAD)
    for heading in ("", "half", "told", "precision", "recall", "F1", "CPU s"):
        table.add_column(heading, justify="left" if heading in {"", "half"} else "right")
    rows: list[tuple[str, str, Score, float]] = [
        ("method", "first (learnt)", found.first, seconds[0]),
        ("method", "second", found.second, seconds[0]),
        ("baseline", "first", found.baseline_first, seconds[1]),
        ("baseline", "second", found.baseline_second, seconds[1]),
    ]
    for name, half, score, spent in rows:
        shares = (f"{value:.3f}" for value in (score.precision, score.recall, score.f1))
        table.add_row(name, half, str(score.told), *shares, f"{spent:.2f}")
    console.print(table)
    _say("CPU seconds are those of both halves together")
    _say(f"F1 above baseline {found.second.f1 - found.baseline_second.f1:+.2f}")
    _say(f"F1 {found.second.f1:.2f}")


@command.command("example")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Number the county is drawn from.")
@click.option("--scale", default=1.0, show_default=True, help="Multiplies the complaints.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), required=True)
def example(file: Path, seed: int, scale: float, today: datetime) -> None:
    """Write the demo county's complaints, and which of them are repeats, to FILE (CSV)."""
    rows = county_rows(seed, scale=scale, today=today.date())
    rows.to_csv(file, index=False)
    _say(f"{len(rows)} complaints, {(rows.duplicate_of != '').sum()} repeats: {file}")


def county_rows(seed: int, *, scale: float, today: date) -> pd.DataFrame:
    """Return the county's complaints as calls and, from its ground truth, what each repeats."""
    county = make_county(seed, scale=scale, today=today)
    calls = county.frames["complaint"]
    people = county.frames["pii.reporter"].set_index("complaint_id")
    places = shapely.get_coordinates(calls.geom.where(calls.geom.notna(), shapely.Point()))
    known = calls.geom.notna().to_numpy()
    lonlat = pd.DataFrame("", index=calls.index, columns=["lon", "lat"], dtype=object)
    lonlat.loc[known, ["lon", "lat"]] = places.round(7)
    truth = county.true_matter.set_index("complaint_no").matter
    matter = calls.complaint_no.map(truth)
    first = calls.groupby(matter).complaint_no.transform("first")
    # The telephone is written as a number of its own: the file needs to tell people apart only.
    phone = calls.id.map(people.phone)
    return pd.DataFrame(
        {
            "complaint_no": calls.complaint_no,
            "received_at": calls.received_at.dt.strftime("%Y-%m-%dT%H:%M:%S%z"),
            **lonlat,
            "pollution_types": calls.pollution_types.map("+".join),
            "summary": calls.summary,
            "reporter": pd.Series(pd.factorize(phone)[0], index=calls.index)
            .where(phone.notna(), "")
            .astype(str),
            "duplicate_of": first.where(first != calls.complaint_no, ""),
        }
    )


def _say(text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False)
