"""Features of layers: one question object for map, tile, list, count and click."""

from inspect_app.queries.features.geojson import (
    Collection,
    clusters,
    extent,
    features,
    labels,
    one,
    totals,
)
from inspect_app.queries.features.listing import Page, SortUnknown, listing, near
from inspect_app.queries.features.query import Bounds, BoundsInvalid, FeatureQuery, LayerSource
from inspect_app.queries.features.tiles import TileInvalid, tile, tile_bounds

__all__ = [
    "Bounds",
    "BoundsInvalid",
    "Collection",
    "FeatureQuery",
    "LayerSource",
    "Page",
    "SortUnknown",
    "TileInvalid",
    "clusters",
    "extent",
    "features",
    "labels",
    "listing",
    "near",
    "one",
    "tile",
    "tile_bounds",
    "totals",
]
