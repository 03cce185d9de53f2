"""`inspect-app import`: a file of one kind into the tables, or a preview of it."""

import time
from datetime import date, datetime
from pathlib import Path

import click
from rich.table import Table

from inspect_app.cli.edge import (
    command_transaction,
    console,
    key_place,
    now,
    read_settings,
    today,
)
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.import_file import (
    KINDS,
    REASONS,
    ImportReport,
    ImportRequest,
    import_file,
    reason_counts,
)
from inspect_app.workflows.reporter_keys import seal_in_use

_EXAMPLES = 5


def pairs(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Return `target=value` options as a mapping."""
    found = {}
    for one in given:
        target, equals, value = one.partition("=")
        if not equals or not target:
            message = f"'{one}' should be target=value"
            raise click.BadParameter(message)
        found[target] = value
    return found


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crs", help="reference of the coordinates: EPSG:4490, WGS84, GCJ02, BD09 …")
@click.option("--columns", multiple=True, callback=pairs, help="target=source column; repeatable")
@click.option("--set", "constants", multiple=True, callback=pairs, help="target=value for all rows")
@click.option("--layer", help="layer, sheet or shapefile inside the file")
@click.option("--encoding", help="text encoding, e.g. GBK; found by itself for UTF-8 and GB18030")
@click.option("--time-zone", help="of times without zone; default: the bureau's")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="first day of grids")
@click.option("--shared-place-rows", default=500, show_default=True)
@click.option("--dry-run", is_flag=True, help="say what would happen, write nothing")
def command(  # noqa: PLR0913 - one parameter an option
    kind: str,
    file: Path,
    crs: str | None,
    columns: dict[str, str],
    constants: dict[str, str],
    layer: str | None,
    encoding: str | None,
    time_zone: str | None,
    day: datetime | None,
    shared_place_rows: int,
    dry_run: bool,
) -> None:
    """Import FILE as KIND: idempotent, all or nothing, with a reason for every refused row."""
    request = ImportRequest(
        kind=kind,
        path=file,
        file_name=file.name,
        day=_day(day),
        crs=crs,
        columns=columns,
        constants=constants,
        layer=layer,
        encoding=encoding,
        time_zone=time_zone or read_settings().time_zone,
        shared_place_rows=shared_place_rows,
    )
    started = time.perf_counter()
    with command_transaction() as session:
        seal = None
        if kind == "complaints":
            seal = seal_in_use(session, key_place(), now=now())
        report = import_file(session, request, actor=SYSTEM, now=now(), dry_run=dry_run, seal=seal)
    show(report, seconds=time.perf_counter() - started)


def _day(given: datetime | None) -> date:
    return today() if given is None else given.date()


def show(report: ImportReport, *, seconds: float) -> None:
    """Print the counts, the reasons and the first rows of each."""
    speed = report.counts["read"] / max(seconds, 1e-9)
    console.print(f"{report.file_name} → {report.kind} ({report.source_crs})", markup=False)
    for note in report.notes:
        console.print(f"· {note}", markup=False)
    counts = ", ".join(f"{name} {count}" for name, count in report.counts.items())
    saved = "dry run, nothing written" if report.batch_id is None else f"batch {report.batch_id}"
    told = f"{counts}; {seconds:.1f} s, {speed:,.0f} rows/s; {saved}"
    console.print(told, markup=False, soft_wrap=True)  # one line, for scripts that read it
    for title, rejections in (("rejected", report.rejections), ("warned", report.warnings)):
        if not rejections:
            continue
        table = Table("reason", "rows", "first rows", title=title)
        for reason, count in reason_counts(rejections).items():
            rows = [str(one.row) for one in rejections if one.reason == reason][:_EXAMPLES]
            table.add_row(f"{reason} {REASONS[reason]}", str(count), ", ".join(rows))
        console.print(table)
