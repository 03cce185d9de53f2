"""What is ticked in a list: each box carries its key, and the state and version the list showed."""

from collections.abc import Callable

from flask import request

from inspect_app.domain.problems import Problem
from inspect_app.workflows.take_many import Key, Ticked


def ticked(key: Callable[[str], Key]) -> list[Ticked[Key]]:
    """Return the ticked ones of a list; `key` reads what stands first in a box."""
    chosen = []
    for value in request.form.getlist("chosen"):
        try:
            name, state, version = value.split(" ")
            chosen.append(Ticked(key(name), state, int(version)))
        except ValueError as error:
            raise Problem("body_invalid", reason=value[:80]) from error
    return chosen
