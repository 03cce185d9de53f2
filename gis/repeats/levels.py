"""A pair of complaints as levels: how near, how long before, how alike."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MINUTES_IN_DAY = 1_440.0

PLACE_EDGES_M = (10.0, 25.0, 50.0, 100.0, 200.0, 350.0, 500.0)
TIME_EDGES_MIN = tuple(
    days * _MINUTES_IN_DAY for days in (1 / 24, 0.3, 1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 120.0)
)
TEXT_EDGES = (0.2, 0.4, 0.6, 0.8, 0.98)
CROWD_EDGES = (0.5, 1.5, 3.5, 7.5, 15.5, 31.5)

CROWD_RADIUS_M = 250.0
CROWD_DAYS = 90


class Field(IntEnum):
    """What is compared; the column of a level."""

    place = 0
    time = 1
    kind = 2
    text = 3
    reporter = 4
    crowd = 5


SAME_OBJECT = 0
BEYOND = len(PLACE_EDGES_M) + 1
NO_PLACE = BEYOND + 1
SAME, OTHER, UNKNOWN, SHARED = 0, 1, 2, 3
"""Of kinds and reporters; only kinds, which may be several, can be shared in part."""
NO_TEXT = len(TEXT_EDGES) + 1
NO_CROWD = len(CROWD_EDGES) + 1

LEVELS = {
    Field.place: NO_PLACE + 1,
    Field.time: len(TIME_EDGES_MIN) + 1,
    Field.kind: 4,
    Field.text: NO_TEXT + 1,
    Field.reporter: 3,
    Field.crowd: NO_CROWD + 1,
}

# Levels along which evidence may only fall; the rest of a field stands outside this order.
FALLING = {
    Field.place: slice(1, BEYOND + 1),
    Field.time: slice(0, LEVELS[Field.time]),
    Field.crowd: slice(0, NO_CROWD),
}
RISING = {Field.text: slice(0, NO_TEXT)}


@dataclass(frozen=True, slots=True)
class Comparisons:
    """A new complaint beside its candidates; all arrays have a row each."""

    numbers: Ints
    """Candidates, as numbered by the index."""
    distance_m: Floats
    """NaN where one of the two has no usable place."""
    gap_min: Floats
    similarity: Floats
    same_object: NDArray[np.bool_]
    kind: Ints
    reporter: Ints
    crowd: int
    """Complaints of the kind around in the last months; -1 without a usable place."""

    def levels(self) -> Ints:
        """Return (n, 6) levels, a column for each `Field`."""
        place = np.searchsorted(PLACE_EDGES_M, self.distance_m) + 1
        place[np.isnan(self.distance_m)] = NO_PLACE
        place[self.same_object] = SAME_OBJECT
        text = np.searchsorted(TEXT_EDGES, self.similarity, side="right")
        text[np.isnan(self.similarity)] = NO_TEXT
        crowd = NO_CROWD if self.crowd < 0 else int(np.searchsorted(CROWD_EDGES, self.crowd))
        return np.column_stack(
            [
                place,
                np.searchsorted(TIME_EDGES_MIN, self.gap_min),
                self.kind,
                text,
                self.reporter,
                np.full(place.size, crowd),
            ]
        ).astype(np.int64)


def same_or_not(asked: int, kept: Ints) -> Ints:
    """Return SAME, OTHER or UNKNOWN for codes, of which -1 means unknown."""
    found = np.where(kept == asked, SAME, OTHER)
    return np.where((kept < 0) | (asked < 0), UNKNOWN, found)
