"""The command line: `inspect-app …`; one module a command group, found by its `command`."""

import importlib
import pkgutil

import click
from pydantic import ValidationError

from inspect_app.domain.problems import Problem


class Commands(click.Group):
    """A group that says refusals in one sentence instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a Problem ends with exit code 1, bad settings with 2."""
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise click.ClickException(str(problem)) from problem
        except ValidationError as error:
            lines = [f"{fault['loc'] or ''} {fault['msg']}" for fault in error.errors()]
            raise click.UsageError("settings: " + "; ".join(lines)) from error


@click.group(cls=Commands)
def main() -> None:
    """Field inspection and grid supervision."""


for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    if _module.name.endswith("__main__"):
        continue
    _command = getattr(importlib.import_module(_module.name), "command", None)
    if isinstance(_command, click.Command):
        main.add_command(_command)
