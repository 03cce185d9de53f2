"""The county's road lines as they are stored, and as a noded network."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.crs import STORAGE_CRS, to_metric
from gis.network import node_lines
from gis.routing.router import RoadNetwork, road_network
from inspect_app.models import Road


@dataclass(frozen=True, slots=True, eq=False)
class RoadLines:
    """All roads by id: shape (WKB, EPSG:4490), name, one-way, closed."""

    ids: npt.NDArray[np.int64]
    names: tuple[str, ...]
    oneway: npt.NDArray[np.bool_]
    closed: npt.NDArray[np.bool_]
    shapes: tuple[bytes, ...]

    @property
    def any_open(self) -> bool:
        """Whether there is a road to travel on."""
        return bool((~self.closed).any())

    @property
    def closed_ids(self) -> list[int]:
        """The roads that are closed."""
        closed: list[int] = self.ids[self.closed].tolist()
        return closed

    def digest(self, crs: CRS) -> str:
        """Return what the noded network depends on: ids, one-way flags, shapes, reference system.

        Closing a road changes nothing here: it is a matter of weights.
        """
        parts: Iterable[bytes] = (
            crs.to_wkt().encode(),
            self.ids.tobytes(),
            self.oneway.tobytes(),
            *self.shapes,
        )
        return digest_of(parts)

    def network(self, crs: CRS) -> RoadNetwork:
        """Return the roads in the metric reference system, cut where they meet.

        Roads meet at shared vertices and where one ends on another; lines that only cross are a
        bridge and its underpass. Closed roads are in it.
        """
        shapes = [shapely.from_wkb(shape) for shape in self.shapes]
        index = pd.Index(self.ids, dtype="int64")
        lines = gpd.GeoDataFrame(index=index, geometry=shapes, crs=STORAGE_CRS)
        noded = node_lines(to_metric(lines, metric_crs=crs))
        return road_network(noded, oneway=dict(zip(self.ids.tolist(), self.oneway, strict=True)))


def digest_of(parts: Iterable[bytes]) -> str:
    """Return a digest of byte strings and their lengths: 0.1 s for 50 MB."""
    whole = hashlib.blake2b(digest_size=20)
    for part in parts:
        whole.update(len(part).to_bytes(8, "little"))
        whole.update(part)
    return whole.hexdigest()


def road_lines(session: Session, *, closed: Collection[int] = ()) -> RoadLines:
    """Return every road; those in `closed` count as closed beside those that are."""
    rows = session.execute(
        select(Road.id, Road.name, Road.oneway, Road.closed, func.ST_AsBinary(Road.geom)).order_by(
            Road.id
        )
    ).all()
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    return RoadLines(
        ids,
        tuple(row[1] or "" for row in rows),
        np.array([row[2] for row in rows], dtype=np.bool_),
        np.array([row[3] for row in rows], dtype=np.bool_) | np.isin(ids, list(closed)),
        tuple(bytes(row[4]) for row in rows),
    )
