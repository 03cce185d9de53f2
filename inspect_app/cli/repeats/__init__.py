"""`inspect-app repeats …`: how well repeated complaints are recognised."""

from inspect_app.cli.repeats.commands import command

__all__ = ["command"]
