"""Take many: one step on each of what is ticked in a list; each succeeds or stays as it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from inspect_app.domain.problems import Problem

Key = TypeVar("Key", int, UUID)
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Ticked(Generic[Key]):
    """One of a list, with the state and version the list showed."""

    key: Key
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many took the step, and which refused it with which problem."""

    done: int
    refused: tuple[tuple[str, Problem], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a list holds: its word, and the attribute with the number people know one by."""

    what: str
    number: str


def take_many(
    session: Session,
    kind: Kind,
    ticked: Sequence[Ticked[Key]],
    *,
    find: Callable[[Key], Row | None],
    step: Callable[[Row, Ticked[Key]], object],
) -> Outcome:
    """Take the step on each in its own savepoint and return what became of them.

    Raises
    ------
    Problem
        `nothing_chosen` for an empty list; what single ones refuse is in the outcome.
    """
    if not ticked:
        raise Problem("nothing_chosen")
    refused: list[tuple[str, Problem]] = []
    for one in sorted(ticked, key=lambda one: one.key):  # one order of locks for everybody
        row = find(one.key)
        if row is None:
            refused.append((str(one.key), Problem("not_found", what=kind.what)))
            continue
        number = getattr(row, kind.number)
        try:
            with session.begin_nested():
                step(row, one)
        except Problem as problem:
            refused.append((number, problem))
    return Outcome(len(ticked) - len(refused), tuple(refused))
