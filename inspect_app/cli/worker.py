"""`inspect-app worker`: run background jobs."""

import click

from gis.routing.warm import warm_up
from inspect_app.cli.edge import console, read_settings
from inspect_app.db import make_engine, session_factory
from inspect_app.jobs import make_queue


@click.command("worker")
@click.option("--once", is_flag=True, help="Work off what waits, then end.")
def command(*, once: bool) -> None:
    """Run background jobs until stopped."""
    # The first plan after an upgrade must not wait for the compiler.
    warm_up()
    settings = read_settings()
    engine = make_engine(settings)
    queue = make_queue(settings, session_factory(engine))
    console.print("worker started")
    queue.run_worker(wait=not once, install_signal_handlers=True)
    engine.dispose()
