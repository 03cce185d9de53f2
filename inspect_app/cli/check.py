"""`inspect-app check`: what is wrong with the stored data."""

from dataclasses import asdict
from datetime import date, datetime

import click
import orjson
from rich.markup import escape
from rich.table import Table

from inspect_app.cli.edge import command_transaction, console, key_place, today
from inspect_app.queries.checks import check_all
from inspect_app.queries.faults import Fault
from inspect_app.queries.reporters import key_fault
from inspect_app.workflows.reporter_keys import seals_of


@click.command("check")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="as of this day")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--strict", is_flag=True, help="exit code 1 when anything was found")
def command(day: datetime | None, as_json: bool, strict: bool) -> None:
    """List gaps, overlaps, things outside every grid, missing owners, roads, sealed reporters."""
    on = today() if day is None else day.date()
    with command_transaction() as session:
        faults = check_all(session, day=on)
        faults.append(key_fault(session, seals_of(key_place().keys())))
    if as_json:
        body = {"day": on, "faults": [asdict(fault) for fault in faults]}
        click.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(faults, day=on)
    if strict and any(fault.count for fault in faults):
        raise SystemExit(1)


def _print(faults: list[Fault], *, day: date) -> None:
    table = Table("", "check", "count", "km²", "first ones", title=f"Stored data on {day}")
    for fault in faults:
        area = "" if fault.area_km2 is None else f"{fault.area_km2:,.3f}"
        name = f"{fault.key}\n{fault.title}"
        first = escape("\n".join(fault.examples))
        table.add_row(_mark(fault), name, f"{fault.count:,}", area, first)
    console.print(table)
    found = [fault for fault in faults if fault.count]
    critical = sum(fault.critical for fault in found)
    console.print(f"{len(found)} of {len(faults)} checks found something, {critical} critical")


def _mark(fault: Fault) -> str:
    if not fault.count:
        return "[green]ok[/green]"
    return "[red]critical[/red]" if fault.critical else "[yellow]look[/yellow]"
