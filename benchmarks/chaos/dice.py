"""Dice: draws that are the same for the same words, on every machine and Python version."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """A stream of draws named by words; SHA-256 of the words and a counter."""

    def __init__(self, *words: object) -> None:
        self._name = "|".join(map(str, words)).encode()
        self._count = 0

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to below the limit."""
        return int.from_bytes(self.bytes(8), "big") % limit

    def share(self) -> float:
        """Return a number from 0 to below 1."""
        return self.below(1 << 53) / (1 << 53)

    def pick(self, things: Sequence[Thing]) -> Thing:
        """Return one of the things."""
        return things[self.below(len(things))]

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        """Return the things in another order."""
        return sorted(things, key=lambda _: self.share())

    def bytes(self, length: int) -> bytes:
        """Return so many bytes."""
        self._count += 1
        return hashlib.shake_256(self._name + b"|%d" % self._count).digest(length)
