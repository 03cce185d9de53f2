"""A year of complaints: true matters with one or many calls, hot spots, reporters."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import shapely

from inspect_app.demo.complaints.calls import calls_of, describe, merge, placed, with_bursts
from inspect_app.demo.complaints.frames import complaint_frame, matter_frame, owner_on, reporters
from inspect_app.demo.complaints.truth import true_matters
from inspect_app.demo.ground import Ground, stored_points
from inspect_app.demo.hot_spots import Burst, bursts
from inspect_app.demo.people import People
from inspect_app.demo.plane import stream

__all__ = ["Complaints", "make_complaints", "owner_on"]


COMPLAINTS = 6_000


@dataclass(frozen=True, slots=True)
class Complaints:
    """Frames of complaints, matters and reporters, and the ground truth about them."""

    frames: dict[str, pd.DataFrame]
    true_matter: pd.DataFrame
    """`complaint_no` and the number of the matter it really belongs to."""
    hot_spots: pd.DataFrame


def make_complaints(
    seed: int, scale: float, ground: Ground, *, sources: pd.DataFrame, people: People, today: date
) -> Complaints:
    """Return about 6,000 × scale complaints of the year that ends yesterday."""
    rng = stream(seed, "complaints")
    special = bursts(rng, ground, sources, today=today)
    wanted = round(COMPLAINTS * scale) - sum(burst.calls for burst in special)
    taken = {(burst.topic, source) for burst in special for source, _, _ in burst.matters}
    matters = true_matters(rng, ground, sources, wanted=wanted, taken=taken)
    calls = calls_of(rng, matters, today=today)
    calls = with_bursts(rng, calls, special, first=len(matters.topic))
    calls = placed(rng, calls, ground)
    calls = calls.sort_values(["received", "true"], kind="stable", ignore_index=True)
    calls["id"] = np.arange(1, len(calls) + 1)
    describe(rng, calls, ground, sources=sources)
    merge(rng, calls, today=today)
    matter = matter_frame(rng, calls, sources=sources, people=people, today=today)
    frames = {
        "complaint_matter": matter,
        "complaint": complaint_frame(rng, calls, people),
        "pii.reporter": reporters(rng, calls),
    }
    truth = pd.DataFrame({"complaint_no": calls.complaint_no, "matter": calls.true + 1})
    return Complaints(frames, truth, _hot_spot_frame(special, calls))


def _hot_spot_frame(special: list[Burst], calls: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for burst in special:
        mine = calls[calls.burst == burst.name]
        lon, lat = shapely.get_coordinates(stored_points(np.array([burst.middle])))[0]
        rows.append(
            {
                "name": burst.name,
                "lon": float(lon),
                "lat": float(lat),
                "radius_m": burst.radius_m,
                "first_day": mine.received.min().date(),
                "last_day": mine.received.max().date(),
                "complaints": len(mine),
                "peak_from": burst.peak[0],
                "peak_to": burst.peak[1],
            }
        )
    return pd.DataFrame(rows)
