"""The contract of a map layer: one SELECT, how it is drawn, what it shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

PARAMETERS = frozenset({"now", "today", "week", "zoom"})
"""Names a layer's SQL may bind; their values come from the reader, never from an author."""

CONTRACT = ("id", "grid_id", "geom")
"""Columns every layer's SQL gives; the reader narrows by them."""

_BOUND = re.compile(r"(?<![:\w]):([a-z_]+)")


class Group(StrEnum):
    """Groups of the layer tree, in their order; the value is the title."""

    BASE = "底图"
    GRIDS = "网格"
    WATER = "水环境"
    SOURCES = "监管对象"
    MATTERS = "投诉与问题"
    PATROLS = "巡查"


class Shape(StrEnum):
    """What the geometries of a layer are."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


class Delivery(StrEnum):
    """How features travel: vector tiles, or GeoJSON of the visible bounds."""

    TILES = "tiles"
    FEATURES = "features"


@dataclass(frozen=True, slots=True)
class Swatch:
    """One class of a layer: the value of `colour_by`, its label and how it is drawn.

    `width_px` is the line's width (or the border's) at zoom 12; `from_zoom` hides minor classes
    on small scales, `label_from` and `label_to` bound the zooms at which names of the class are
    written. A dash is an SVG dash array; a casing is the colour of a road's edge.
    """

    value: str
    label: str
    colour: str
    width_px: float = 1.5
    from_zoom: int = 0
    dash: str = ""
    casing: str = ""
    label_from: int = 0
    label_to: int = 19


class Layer:
    """A map layer; a subclass in a file of its own under `layers/` is all a new layer needs.

    `sql` gives the contract columns, `name`, the column of `colour_by` and those of `shows`; it
    knows nothing of bounds, scope, limit or filters: the reader adds them. It must stay a plain
    SELECT (no GROUP BY, DISTINCT or LIMIT at its top), or the spatial index cannot serve it.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    group: ClassVar[Group]
    shape: ClassVar[Shape]
    sql: ClassVar[str] = ""
    colour_by: ClassVar[str] = ""
    legend: ClassVar[tuple[Swatch, ...]] = ()
    shows: ClassVar[Mapping[str, str]] = {}
    codes: ClassVar[Mapping[str, str]] = {}
    """Column → name of the code list whose labels stand for its values."""
    delivery: ClassVar[Delivery] = Delivery.TILES
    permission: ClassVar[str] = "map.view"
    page: ClassVar[str] = ""
    """Endpoint of the page about one feature, empty where there is none."""
    page_by: ClassVar[Mapping[str, str]] = {}
    """Argument of that page → column that gives its value; NULL leaves it out."""
    everyone: ClassVar[bool] = False
    """Plain geography with no grid of its own: the base map, the same for every scope."""
    time: ClassVar[str] = ""
    """Column (an instant) the time window narrows; empty where the layer has no time."""
    weight: ClassVar[str] = ""
    """Column whose sum is the layer's true number (complaints behind a matter)."""
    unit: ClassVar[str] = ""
    """What `weight` counts."""
    cluster_below: ClassVar[int] = 0
    """Below this zoom the server sums points by cells; 0 means never."""
    min_zoom: ClassVar[int] = 7
    max_zoom: ClassVar[int] = 19
    label_from: ClassVar[int] = 0
    """From this zoom names are written on the map; 0 means never."""
    fill: ClassVar[float] = 0.0
    """Opacity of areas and of points."""
    on: ClassVar[bool] = True
    order: ClassVar[int] = 0
    """Drawing order: higher lies on top."""

    @property
    def parameters(self) -> frozenset[str]:
        """Names the SQL binds."""
        return frozenset(_BOUND.findall(self.sql))

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns the SQL has to give, each once."""
        wanted = (
            *CONTRACT,
            "name",
            self.colour_by,
            *self.shows,
            self.time,
            self.weight,
            *self.page_by.values(),
        )
        return tuple(dict.fromkeys(name for name in wanted if name))


class IncompleteLayer(ValueError):
    """A layer's declaration cannot work; the message names the layer and every fault."""


def faults_of(layer: Layer) -> list[str]:
    """Return every fault of a declaration, empty when it is complete."""
    faults = [
        f"has no {name}"
        for name in ("key", "title", "group", "shape", "sql", "colour_by", "legend", "shows")
        if not getattr(layer, name, None)
    ]
    if not re.fullmatch(r"[a-z][a-z_]*", layer.key):
        faults.append(f"key {layer.key!r} is not a lower-case name")
    if unknown := layer.parameters - PARAMETERS:
        faults.append(f"binds {sorted(unknown)}, known are {sorted(PARAMETERS)}")
    if unknown := frozenset(layer.codes) - set(layer.shows):
        faults.append(f"has code lists for columns it does not show: {sorted(unknown)}")
    if bool(layer.page) != bool(layer.page_by):
        faults.append("has a page without its arguments, or arguments without a page")
    values = [swatch.value for swatch in layer.legend]
    if len(values) != len(set(values)):
        faults.append("has a legend with a value twice")
    if not 0 <= layer.min_zoom <= layer.max_zoom:
        faults.append(f"has zooms {layer.min_zoom}–{layer.max_zoom}")
    if layer.cluster_below and layer.shape is not Shape.POINT:
        faults.append("clusters what are not points")
    return faults
