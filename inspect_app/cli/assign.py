"""`inspect-app assign`: objects and complaints to the grids of a day."""

from datetime import datetime

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from inspect_app.cli.edge import command_transaction, console, now, today
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.assign_grids import ASSIGN_KINDS, assign_grids, tolerance_of

COLUMNS = {
    "inside": "inside",
    "border": "border",
    "near": "near",
    "outside": "outside",
    "no_place": "no place",
}
"""How a row came to its grid, and the heading of its count; `kept` rows keep their day's grid."""


@click.command("assign")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(ASSIGN_KINDS))
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="grids in force on this day")
@click.option("--tolerance", type=float, help="metres outside a grid; default: the policy")
def command(kinds: tuple[str, ...], day: datetime | None, tolerance: float | None) -> None:
    """Assign every object and complaint to its deepest grid."""
    on = today() if day is None else day.date()
    with command_transaction() as session:
        tolerance_m = tolerance_of(session, day=on) if tolerance is None else tolerance
        results = assign_grids(
            session,
            kinds or ASSIGN_KINDS,
            tolerance_m=tolerance_m,
            day=on,
            actor=SYSTEM,
            now=now(),
        )
    table = Table(title=f"Grids in force on {on}, tolerance {tolerance_m:g} m", box=SIMPLE_HEAD)
    table.add_column("kind", no_wrap=True)
    for heading in ("rows", *COLUMNS.values(), "kept", "changed"):
        table.add_column(heading, justify="right")
    for one in results:
        counts = (one.how[name] for name in COLUMNS)
        cells = (one.rows, *counts, one.kept, one.changed)
        table.add_row(one.kind, *(f"{cell:,}" for cell in cells))
    console.print(table)
    outside = sum(one.how["outside"] for one in results)
    rows, changed = (sum(getattr(one, name) for one in results) for name in ("rows", "changed"))
    console.print(f"{changed:,} of {rows:,} rows changed; {outside:,} outside every grid")
    if outside:
        console.print("`inspect-app check` names the first ones outside")
