"""What a scan reads: the complaints with a place of their own, and how many have none."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy.orm import Session

from gis.crs import metric_crs_for, project
from gis.repeats.places import fallback_coordinates
from inspect_app.domain.codes import PlaceQuality
from inspect_app.queries.cluster_scans import scanned_complaints

CHINA_MIDDLE = 105.0
"""Any meridian does for a scan of nothing."""


@dataclass(frozen=True, slots=True)
class Material:
    """The complaints that can be scanned, and how many cannot."""

    table: pd.DataFrame
    xy: NDArray[np.float64]
    crs: CRS
    without_place: int
    on_shared_place: int
    shared_places: int

    @property
    def days(self) -> NDArray[np.int64]:
        """Return the day of each complaint."""
        days: NDArray[np.int64] = self.table["day"].to_numpy(np.int64)
        return days

    @property
    def is_different(self) -> NDArray[np.bool_]:
        """Tell which complaints are different: not the same person's, matter's and day's again."""
        again: NDArray[np.bool_] = self.table.duplicated(
            ["matter_id", "day", "reporter"]
        ).to_numpy()
        return ~again


def read_material(
    session: Session, period: tuple[date, date], *, zone: ZoneInfo, now: datetime
) -> Material:
    """Return the complaints of a period as they were known at an instant.

    Those on a coordinate that stands for "not found" and those without any place are left out and
    counted.
    """
    table = scanned_complaints(
        session,
        since=datetime.combine(period[0], clock(), zone),
        until=datetime.combine(period[1] + timedelta(days=1), clock(), zone),
        known_at=now,
        zone=zone.key,
    )
    lonlat = table[["lon", "lat"]].to_numpy(float)
    placed = np.isfinite(lonlat).all(axis=1)
    middle = float(np.median(lonlat[placed, 0])) if placed.any() else CHINA_MIDDLE
    crs = metric_crs_for(middle)
    xy = np.full(lonlat.shape, np.nan)
    xy[placed] = project(lonlat[placed], metric_crs=crs)
    texts = table["text"].astype(str).tolist()
    said = (table["quality"] == PlaceQuality.SHARED_FALLBACK.value).to_numpy()
    shared = placed & (said | fallback_coordinates(xy, table["kind"].tolist(), texts))
    used = placed & ~shared
    return Material(
        table=table[used].reset_index(drop=True),
        xy=xy[used],
        crs=crs,
        without_place=int((~placed).sum()),
        on_shared_place=int(shared.sum()),
        shared_places=len(np.unique(xy[shared].round(1), axis=0)),
    )
