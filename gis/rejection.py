"""A row that cannot be taken in, and why: a value that is returned, never raised."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused row of a source.

    Parameters
    ----------
    row
        Data row in the source, counted from 1 (a header row isn't counted).
    reason
        Stable code, for example ``"coordinates_swapped"``; the sentence for people is elsewhere.
    facts
        What the sentence needs: the raw texts, the expected reference, a limit.
    """

    row: int
    reason: str
    facts: Mapping[str, str] = field(default_factory=dict)
