"""`inspect-app rescue`: import the file a tablet made of what it could not send."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from inspect_app.cli.edge import command_transaction, console, now, read_settings
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.import_rescue import Office, RescueKeys, RescueReport, import_rescue
from inspect_app.workflows.keep_photo import PhotoShelf


@click.group("rescue")
def command() -> None:
    """Take in what a tablet could not send itself."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--trusted", is_flag=True, help="the tablet is not enrolled; I know whose file it is")
def import_(file: Path, *, trusted: bool) -> None:
    """Import FILE in its authors' names; again the same file changes nothing."""
    settings = read_settings()
    folder = settings.data_dir
    office = Office(PhotoShelf(folder), RescueKeys(folder / "rescue"), ZoneInfo(settings.time_zone))
    with command_transaction() as session:
        report = import_rescue(session, file, office, trusted=trusted, actor=SYSTEM, now=now())
    show(report)


def show(report: RescueReport) -> None:
    """Print the counts and every item that was not taken."""
    outcomes = sorted({*report.records, *report.photos})
    table = Table("", *outcomes)
    table.add_row("records", *(str(report.records[name]) for name in outcomes))
    table.add_row("photos", *(str(report.photos[name]) for name in outcomes))
    console.print(f"tablet {report.device or '-'}, proven: {report.proven}", markup=False)
    console.print(table)
    for refusal in report.refusals:
        line = f"{refusal.kind} {refusal.name} {refusal.author}: {refusal.problem}"
        console.print(line, markup=False)
    for fault in report.faults:
        console.print(f"error of the program, please report: {fault!r}", markup=False)
    state = "whole" if report.whole else "NOT WHOLE"
    console.print(
        f"file {state}: {report.damaged} damaged stretches, {report.lost} items lost,"
        f" {report.unreadable} unreadable on the tablet, end found: {report.ended}"
    )
