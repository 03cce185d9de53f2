"""`inspect-app policies`: the numbers that differ by place."""

import click

from inspect_app.cli.edge import command_transaction, console, now, today
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.propose_policies import propose_policies


@click.group("policies")
def command() -> None:
    """Keep the numbers that differ by place."""


@command.command("propose")
def propose() -> None:
    """Add the proposed value of every number that has none; existing ones are kept."""
    with command_transaction() as session:
        keys = propose_policies(session, actor=SYSTEM, today=today(), now=now())
    for key in keys:
        console.print(key)
    console.print(f"{len(keys)} proposals added; review them on the administration page")
