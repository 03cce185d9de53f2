"""What is odd about photos, ticks and clocks, held against what the records say."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.coverage.anomalies.kinds import (
    Anomaly,
    AnomalyKind,
    AnomalyRules,
    Place,
    apart_m,
    number_of,
)
from gis.crs import STORAGE_CRS, metric_crs_for


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo of a patrol: what the record says of it and what its own bytes say."""

    sha256: str
    at: pd.Timestamp | None
    place: Place | None
    taken_at: pd.Timestamp | None
    taken_place: Place | None


def photo_anomalies(shots: Sequence[Shot], *, rules: AnomalyRules) -> list[Anomaly]:
    """Return photos whose own time or place lies far from what the record says."""
    return [one for shot in shots for one in (*_odd_time(shot, rules), *_odd_place(shot, rules))]


def _odd_time(shot: Shot, rules: AnomalyRules) -> list[Anomaly]:
    if shot.at is None or shot.taken_at is None:
        return []
    minutes = abs((shot.at - shot.taken_at).total_seconds()) / 60
    if minutes <= rules.photo_min:
        return []
    taken = shot.taken_at.tz_convert(shot.at.tz)
    facts = {
        "taken": f"{taken:%Y-%m-%d %H:%M}",
        "at": f"{shot.at:%Y-%m-%d %H:%M}",
        "minutes": round(minutes),
        "limit": number_of(rules.photo_min),
    }
    return [Anomaly(AnomalyKind.PHOTO_TIME, facts, shot.at, shot.place, shot.sha256)]


def _odd_place(shot: Shot, rules: AnomalyRules) -> list[Anomaly]:
    if shot.place is None or shot.taken_place is None:
        return []
    metres = apart_m(shot.place, shot.taken_place)
    if metres <= rules.photo_m:
        return []
    facts = {"metres": round(metres), "limit": number_of(rules.photo_m)}
    return [Anomaly(AnomalyKind.PHOTO_PLACE, facts, shot.at, shot.taken_place, shot.sha256)]


def tick_anomalies(
    ticks: pd.DataFrame, stops: gpd.GeoDataFrame, *, rules: AnomalyRules
) -> list[Anomaly]:
    """Return ticks far from their stop, and stops far apart that were ticked at once.

    Parameters
    ----------
    ticks
        Stops told to be done: ``stop``, ``at`` (missing where not told), and the device's ``lon``,
        ``lat`` and ``accuracy_m`` then (missing where it knew none).
    stops
        ``name`` and geometry in EPSG:4490, indexed by stop.
    """
    known = ticks[ticks["stop"].isin(stops.index)].reset_index(drop=True)
    if known.empty:
        return []
    bounds = stops.total_bounds.tolist()
    metric = metric_crs_for(bounds)
    shapes = stops.geometry.to_crs(metric)
    return [
        *_far_ticks(known, stops, shapes, rules=rules),
        *_hasty_ticks(known, stops, shapes, rules=rules),
    ]


def _far_ticks(
    ticks: pd.DataFrame, stops: gpd.GeoDataFrame, shapes: gpd.GeoSeries, *, rules: AnomalyRules
) -> list[Anomaly]:
    placed = ticks[ticks["lon"].notna() & ticks["lat"].notna()]
    spots = gpd.GeoSeries.from_xy(placed["lon"], placed["lat"], crs=STORAGE_CRS).to_crs(shapes.crs)
    away = spots.distance(shapes.loc[placed["stop"]].set_axis(placed.index)).to_numpy()
    accuracy = placed["accuracy_m"].fillna(0.0).to_numpy(dtype=float)
    odd = np.flatnonzero(away - accuracy > rules.tick_m)
    found = []
    for number in odd.tolist():
        row = placed.iloc[number]
        facts = {
            "stop": str(stops.loc[row["stop"], "name"]),
            "metres": round(away[number]),
            "accuracy": round(accuracy[number]),
            "limit": number_of(rules.tick_m),
        }
        place = (float(row["lon"]), float(row["lat"]))
        found.append(Anomaly(AnomalyKind.TICK_FAR, facts, row["at"], place, row["stop"]))
    return found


def _hasty_ticks(
    ticks: pd.DataFrame, stops: gpd.GeoDataFrame, shapes: gpd.GeoSeries, *, rules: AnomalyRules
) -> list[Anomaly]:
    timed = ticks[ticks["at"].notna()].sort_values("at", kind="stable")
    late = timed["at"].diff().dt.total_seconds() > rules.tick_gap_s
    found = []
    for _, run in timed.groupby(late.cumsum()):
        names = run["stop"].drop_duplicates()
        shape = shapes.loc[names]
        apart = max((float(shape.distance(one).max()) for one in shape), default=0.0)
        if len(names) < 2 or apart < rules.apart_m:
            continue
        facts = {
            "count": len(names),
            "seconds": round((run["at"].max() - run["at"].min()).total_seconds()),
            "metres": round(apart),
            "limit": number_of(rules.tick_gap_s),
        }
        spot = stops.geometry.loc[names.iloc[-1]].representative_point()
        place = (float(spot.x), float(spot.y))
        found.append(
            Anomaly(AnomalyKind.TICKS_HASTY, facts, run["at"].iloc[0], place, names.iloc[-1])
        )
    return found


def clock_anomalies(
    records: pd.DataFrame, *, offset_s: float | None, rules: AnomalyRules
) -> list[Anomaly]:
    """Return what is odd about a tablet's clock.

    Parameters
    ----------
    records
        What one device sent: ``seq``, ``at`` (its clock), ``received_at`` (the server's). Records
        that come late are usual, records from the future and steps back are not.
    offset_s
        The device's clock minus the server's at its last contact, if known.
    """
    found = []
    if offset_s is not None and abs(offset_s) > rules.clock_s:
        facts = {"seconds": round(offset_s), "limit": number_of(rules.clock_s)}
        found.append(Anomaly(AnomalyKind.CLOCK_OFFSET, facts))
    rows = records.sort_values("seq", kind="stable")
    ahead = (rows["at"] - rows["received_at"]).dt.total_seconds()
    odd = ahead > rules.clock_s
    if odd.any():
        facts = {
            "count": int(odd.sum()),
            "seconds": round(ahead.max()),
            "limit": number_of(rules.clock_s),
        }
        found.append(Anomaly(AnomalyKind.CLOCK_AHEAD, facts, rows.loc[odd.idxmax(), "at"]))
    back = -rows["at"].diff().dt.total_seconds()
    for label in back.index[back > rules.clock_s]:
        facts = {"seconds": round(back[label]), "limit": number_of(rules.clock_s)}
        found.append(Anomaly(AnomalyKind.CLOCK_BACK, facts, rows.loc[label, "at"]))
    return found
