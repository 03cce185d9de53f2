"""Commands that start, stop and show the private cluster."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from inspect_app.cli.cluster.programs import ClusterProblem
from inspect_app.cli.cluster.server import ROLE, ensure_database, ensure_started, status, stop

_DATA_DIR = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/postgres"),
    show_default=True,
    help="Folder of the private cluster.",
)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Show a ClusterProblem as one message and a failed exit, not as a traceback."""
    try:
        yield
    except ClusterProblem as problem:
        raise click.ClickException(str(problem)) from problem


@click.group()
def cluster() -> None:
    """Run the private PostGIS cluster of this checkout."""


@cluster.command()
@_DATA_DIR
@click.option("--database", default="inspect", show_default=True, help="Created if missing.")
def start(data_dir: Path, database: str) -> None:
    """Start the cluster (making it first) and print the database's address."""
    with _told():
        running = ensure_started(data_dir)
        ensure_database(running, database)
    click.echo(running.url(database))


@cluster.command(name="stop")
@_DATA_DIR
def stop_command(data_dir: Path) -> None:
    """Stop the cluster."""
    with _told():
        was_running = stop(data_dir)
    click.echo("PostGIS stopped." if was_running else "PostGIS was not running.")


@cluster.command(name="status")
@_DATA_DIR
def status_command(data_dir: Path) -> None:
    """Say whether the cluster runs and how to reach it; exit 3 when it does not."""
    with _told():
        running = status(data_dir)
    if running is None:
        click.echo("PostGIS is not running.")
        raise SystemExit(3)
    click.echo(f"PostgreSQL {running.version} in {running.data}")
    click.echo(f"  socket  {running.socket_dir} (port {running.port})")
    click.echo(f"  TCP     127.0.0.1:{running.port}, role {ROLE}, password in {data_dir}/password")
