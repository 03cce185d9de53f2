"""What a trace finds, in values."""

from dataclasses import dataclass

import geopandas as gpd

from inspect_app.domain.codes import Code
from inspect_app.domain.problems import Phrase
from inspect_app.queries.trace.reading import Keeper


@dataclass(frozen=True, slots=True)
class NearWater:
    """A waterway near the start: how far off, and the place on it (EPSG:4490)."""

    id: int
    name: str
    distance_m: float
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """An outlet or source upstream with its points and their reasons."""

    kind: str
    """`outlet` or `source`."""
    id: int
    name: str
    code: Code
    """Class of the outlet or kind of the source."""
    body: str | None
    """Who answers for the outlet; the industry of a source."""
    water: str
    lon: float
    lat: float
    distance_m: float
    off_m: float
    certain: bool
    gates: int
    points: float
    reasons: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Warned:
    """Something downstream that must be told: how far along the water, and whom to call."""

    kind: str
    """`water_source`, `zone`, `station` or `grid`."""
    id: int
    name: str
    code: Code | None
    distance_m: float
    certain: bool
    gates: int
    keeper: Keeper
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """Metres of waterway by known directions, and beyond them by possible ones."""

    certain_m: float
    possible_m: float


@dataclass(frozen=True, slots=True)
class Trace:
    """Both ways from one place.

    Parameters
    ----------
    water
        Where the tracing starts; None when ``fault`` says why there is no such place.
    choices
        Other waterways near the place, nearest first.
    hidden_suspects, hidden_warned
        How many more lie outside the reader's grids.
    unsure
        Names of waterways on the way whose direction is unknown or changes.
    apart
        Names of waterways that end short of the one they should flow into, with metres: what lies
        above them is missing here.
    """

    upstream_m: float
    downstream_m: float
    water: NearWater | None = None
    fault: Phrase | None = None
    choices: tuple[NearWater, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    hidden_suspects: int = 0
    warned: tuple[Warned, ...] = ()
    hidden_warned: int = 0
    upstream: Lengths = Lengths(0.0, 0.0)
    downstream: Lengths = Lengths(0.0, 0.0)
    unsure: tuple[str, ...] = ()
    apart: tuple[tuple[str, float], ...] = ()
    above: gpd.GeoDataFrame | None = None
    below: gpd.GeoDataFrame | None = None
