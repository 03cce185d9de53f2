"""`inspect-app assign`: objects and complaints to the grids of a day."""

from datetime import datetime

import click
from rich.table import Table

from inspect_app.cli.edge import command_transaction, console, now, today
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.assign_grids import ASSIGN_KINDS, assign_grids, tolerance_of


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
    columns = ("inside", "border", "near", "outside", "no_place")
    table = Table("kind", "rows", *columns, "kept", "changed")
    for one in results:
        counts = (one.how[name] for name in columns)
        cells = (one.rows, *counts, one.kept, one.changed)
        table.add_row(one.kind, *(str(cell) for cell in cells))
    console.print(table)
