"""`inspect-app clusters …`: where and when there are more complaints than usual."""

import click

from inspect_app.cli.clusters.file import scan_file
from inspect_app.cli.clusters.watch import bursts, weekly


@click.group("clusters")
def command() -> None:
    """Find clusters of complaints in space and time."""


for _one in (scan_file, weekly, bursts):
    command.add_command(_one)
