"""`inspect-app seed`: fill an empty database with the demo county."""

import json
from datetime import date, datetime
from pathlib import Path
from time import perf_counter

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from inspect_app.cli import edge
from inspect_app.cli.edge import command_transaction, console, key_place, read_settings
from inspect_app.demo.county import County, make_county
from inspect_app.domain.problems import Problem
from inspect_app.workflows.reporter_keys import seal_in_use
from inspect_app.workflows.seed_county import is_empty, seed_county


@click.command("seed")
@click.option("--seed", default=1, show_default=True, help="Number the county is drawn from.")
@click.option("--scale", default=1.0, show_default=True, help="Multiplies the complaints.")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="The county's present day [default: today]."
)
@click.option("--if-empty", is_flag=True, help="Do nothing where the database has data.")
@click.option(
    "--truth", type=click.Path(path_type=Path), help="Write the ground truth to this JSON file."
)
def command(
    seed: int, scale: float, today: datetime | None, if_empty: bool, truth: Path | None
) -> None:
    """Fill an empty database with an invented county."""
    started = perf_counter()
    day = edge.today() if today is None else today.date()
    with command_transaction() as session:
        if not is_empty(session):
            if not if_empty:
                raise Problem("not_empty")
            console.print("database has data already: nothing to do")
            return
        console.print(f"drawing the county of seed {seed}, scale {scale:g}, {day} …")
        county = make_county(seed, scale=scale, today=day)
        console.print(f"drawn in {perf_counter() - started:.1f} s")
        console.print("writing it; then planning the present week and driving the days gone by …")
        total = sum(len(frame) for frame in county.frames.values())
        with _progress() as progress:
            task = progress.add_task("writing", total=total)
            counts = seed_county(
                session,
                county,
                photos_dir=read_settings().data_dir / "photos",
                progress=lambda name, rows: progress.update(task, advance=rows, description=name),
                seal=seal_in_use(session, key_place(), now=edge.now()),
            )
    if truth is not None:
        write_truth(county, truth, today=day)
    console.print(
        f"{sum(counts.values())} rows in {len(counts)} tables, {len(county.photos)} photos,"
        f" {perf_counter() - started:.1f} s"
    )


def write_truth(county: County, path: Path, *, today: date) -> None:
    """Write which complaint belongs to which matter and where the hot spots are."""
    content = {
        "today": str(today),
        "complaints": dict(
            zip(
                county.true_matter.complaint_no,
                county.true_matter.matter.astype(int).tolist(),
                strict=True,
            )
        ),
        "hot_spots": county.hot_spots.to_dict("records"),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, default=str), encoding="utf-8")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
