"""The command line: `inspect-app …`; a module (or folder) a command, loaded when it is called."""

import importlib
import pkgutil

import click
from pydantic import ValidationError

from inspect_app.domain.problems import Problem

NOT_COMMANDS = {"__main__", "edge"}


class Commands(click.Group):
    """Finds a command in the module of its name; refusals are one sentence, not a traceback.

    Loading all commands would load the map, the solver and the demo for each of them.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click names it
        """Return the names of all commands: module names, `_` written as `-`."""
        found = {name for _, name, _ in pkgutil.iter_modules(__path__)} - NOT_COMMANDS
        return sorted(name.rstrip("_").replace("_", "-") for name in found)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load and return a command; None for an unknown name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        module = f"{name}_" if name == "import" else name  # `import` is a word of the language
        command = importlib.import_module(f"{__name__}.{module}").command
        if not isinstance(command, click.Command):
            message = f"{module} has no command"
            raise TypeError(message)
        return command

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
