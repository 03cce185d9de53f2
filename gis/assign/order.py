"""The order in which grids come into question: deepest first, then the lower code."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class GridOrder:
    """Grids as arrays, sorted by falling depth and rising code.

    Parameters
    ----------
    shapes
        Geometries in that order.
    depth
        Depth of each.
    labels
        Index labels of the frame in that order, as a nullable array.
    """

    shapes: NDArray[np.object_]
    depth: NDArray[np.int64]
    labels: pd.api.extensions.ExtensionArray

    def levels(self) -> Iterator[slice]:
        """Yield the places of each depth, deepest first."""
        edges = np.flatnonzero(np.diff(self.depth)) + 1
        bounds = [0, *edges.tolist(), len(self.depth)]
        for start, end in itertools.pairwise(bounds):
            if end > start:
                yield slice(start, end)

    def labels_at(self, places: Positions) -> pd.api.extensions.ExtensionArray:
        """Return the labels at these places; -1 becomes missing."""
        if len(self.labels) == 0:
            return pd.array([pd.NA] * len(places), dtype="object")
        return self.labels.take(places, allow_fill=True)


def in_order(grids: gpd.GeoDataFrame) -> GridOrder:
    """Sort grids by falling depth, then by code as text; grids without a geometry are left out."""
    present = grids[~(grids.geometry.isna() | grids.geometry.is_empty)]
    codes = np.array([str(code) for code in present["code"]], dtype=object)
    depths = present["depth"].to_numpy(dtype=np.int64)
    code_rank = np.unique(codes, return_inverse=True)[1] if len(codes) else codes
    order = np.lexsort((code_rank, -depths))
    labels = pd.array(present.index.to_numpy()[order])
    return GridOrder(present.geometry.to_numpy()[order], depths[order], labels)
