"""A day's drive as places in time, and the fixes a tablet keeps of it."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
import shapely

from inspect_app.demo.crews import PatrolObject
from inspect_app.demo.plane import Floats, to_lonlat

FIX_EVERY_S = 45.0
FIXES_A_SEGMENT = 240
NOISE_M = 4.0
M_S_OF_KMH = 1 / 3.6


@dataclass(frozen=True, slots=True)
class Leg:
    """A piece of way driven at one speed."""

    xy: Floats
    length_m: float


@dataclass(slots=True)
class Trip:
    """A drive: its legs, the knots (time, metres since the start) and the visits made."""

    start_s: float
    legs: list[Leg] = field(default_factory=list)
    knots: list[tuple[float, float]] = field(default_factory=list)
    visits: list[tuple[PatrolObject, bool, float, float]] = field(default_factory=list)
    now_s: float = 0.0
    length_m: float = 0.0
    travel_s: float = 0.0
    service_s: float = 0.0

    def __post_init__(self) -> None:
        self.now_s = self.start_s
        self.knots.append((self.start_s, 0.0))

    def go(self, xy: Floats, *, speed_kmh: float) -> None:
        """Drive along a path."""
        self.travel_s += self._along(xy, speed_kmh=speed_kmh)

    def patrol(self, xy: Floats, *, speed_kmh: float) -> None:
        """Look at a reach from its bank: the way is service, as the planner counts it."""
        self.service_s += self._along(xy, speed_kmh=speed_kmh)

    def wait(self, seconds: float) -> None:
        """Stay where we are."""
        self.service_s += seconds
        self._pass(seconds)

    def _along(self, xy: Floats, *, speed_kmh: float) -> float:
        length = float(np.hypot(*np.diff(xy, axis=0).T).sum())
        self.legs.append(Leg(xy, length))
        duration = length / (speed_kmh * M_S_OF_KMH)
        self.length_m += length
        self._pass(duration)
        return duration

    def _pass(self, seconds: float) -> None:
        self.now_s += seconds
        self.knots.append((self.now_s, self.length_m))


def fixes_of(rng: np.random.Generator, trip: Trip, *, late_s: float) -> Floats:
    """Return fixes (epoch ms, lon, lat, accuracy m) of a drive that began `late_s` late."""
    times = np.arange(trip.start_s, trip.now_s, FIX_EVERY_S)
    clock, metres = np.array(trip.knots).T
    way = np.vstack([leg.xy for leg in trip.legs])
    spots = shapely.line_interpolate_point(shapely.LineString(way), np.interp(times, clock, metres))
    xy = shapely.get_coordinates(spots) + rng.normal(0, NOISE_M, (len(times), 2))
    accuracy = np.round(rng.gamma(4, 1.6, len(times)) + 2, 1)
    lonlat = to_lonlat(xy)
    return np.column_stack([np.round((times + late_s) * 1_000), lonlat, accuracy])


def track_rows(uid: UUID, fixes: Floats, *, received_at: datetime) -> list[dict[str, object]]:
    """Return the immutable pieces of a track, each known by its hash."""
    rows = []
    pieces = max(1, -(-len(fixes) // FIXES_A_SEGMENT))
    for number, piece in enumerate(np.array_split(fixes, pieces), start=1):
        values = [[int(ms), lon, lat, accuracy] for ms, lon, lat, accuracy in piece.tolist()]
        rows.append(
            {
                "log_uid": uid,
                "number": number,
                "fixes": values,
                "sha256": hashlib.sha256(json.dumps(values).encode()).hexdigest(),
                "received_at": received_at,
                "line": shapely.LineString(piece[:, 1:3]) if len(piece) > 1 else None,
            }
        )
    return rows
