"""`inspect-app reporters`: the key under which reporters are sealed."""

import click

from inspect_app.cli.edge import command_transaction, console, key_place, now
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.seal_reporter import reseal_reporters


@click.group("reporters")
def command() -> None:
    """Keep what is known of reporters sealed."""


@command.command("rekey")
def rekey() -> None:
    """Seal every reporter anew with a new key; older keys stay for older backups."""
    with command_transaction() as session:
        count = reseal_reporters(session, key_place(), actor=SYSTEM, now=now())
    console.print(f"{count} reporters sealed with the new key; back the key up")
