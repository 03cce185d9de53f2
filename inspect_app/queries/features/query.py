"""A question to one layer: its SELECT narrowed by scope, bounds, filters; the one-number rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, Subquery, column, func, select, text

from inspect_app.domain.access import Scope
from inspect_app.queries.scope import in_scope

SRID = 4490
"""Storage system of all geometries; filters are put to it, so that the index serves them."""


class LayerSource(Protocol):
    """What a reader needs of a layer."""

    @property
    def key(self) -> str:
        """Name of the layer."""

    @property
    def sql(self) -> str:
        """The layer's SELECT."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the SELECT, the contract's among them."""

    @property
    def parameters(self) -> frozenset[str]:
        """Names the SELECT binds."""

    @property
    def shows(self) -> Mapping[str, str]:
        """Columns a person sees."""

    @property
    def colour_by(self) -> str:
        """Column of the class."""

    @property
    def time(self) -> str:
        """Column of the time window, or empty."""

    @property
    def weight(self) -> str:
        """Column that is summed, or empty."""

    @property
    def page_by(self) -> Mapping[str, str]:
        """Argument of the page about one feature → column of its value."""

    @property
    def everyone(self) -> bool:
        """Whether the layer is plain geography, the same for every scope."""


class BoundsInvalid(ValueError):
    """Bounds that are no rectangle of degrees."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A rectangle in degrees of EPSG:4490, east first; raises BoundsInvalid on nonsense."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        """Refuse NaN, infinities, places off the Earth and empty rectangles."""
        on_earth = -180 <= self.west < self.east <= 180 and -90 <= self.south < self.north <= 90
        if not on_earth:  # comparisons with NaN are false
            message = f"not a rectangle of degrees: {self}"
            raise BoundsInvalid(message)

    @property
    def envelope(self) -> ColumnElement[object]:
        """The rectangle as a geometry."""
        return func.ST_MakeEnvelope(self.west, self.south, self.east, self.north, SRID)


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """One question to one layer; map, list, count and export ask it with the same object.

    `since` (inclusive) and `until` (exclusive) narrow layers that have a time; `classes` are values
    of `colour_by` (None: all). `zoom` None asks for all depths and classes.
    """

    layer: LayerSource
    scope: Scope
    now: datetime
    today: date
    week: date
    zoom: int | None = None
    bounds: Bounds | None = None
    since: datetime | None = None
    until: datetime | None = None
    classes: frozenset[str] | None = field(default=None)

    def at_zoom(self, zoom: int) -> "FeatureQuery":
        """Return the same question at another zoom."""
        return replace(self, zoom=zoom)

    def about_one(self) -> "FeatureQuery":
        """Return the question with the scope as its only condition, for one object by its id."""
        return replace(self, zoom=None, bounds=None, since=None, until=None, classes=None)

    def within(self, bounds: Bounds | None) -> "FeatureQuery":
        """Return the same question about another rectangle."""
        return replace(self, bounds=bounds)


def rows_of(query: FeatureQuery) -> Subquery:
    """Return the layer's SELECT as a subquery with its parameters bound."""
    layer = query.layer
    known = {"now": query.now, "today": query.today, "week": query.week, "zoom": query.zoom}
    values = {name: known[name] for name in sorted(layer.parameters)}
    statement = text(layer.sql).bindparams(**values)
    return statement.columns(*(column(name) for name in layer.columns)).subquery("layer")


def narrowed(query: FeatureQuery, rows: Subquery) -> list[ColumnElement[bool]]:
    """Return every condition of the question: scope always, the others where asked."""
    layer, named = query.layer, rows.c
    conditions: list[ColumnElement[bool]] = []
    if not layer.everyone:
        conditions.append(in_scope(named.grid_id, query.scope))
    if query.bounds is not None:
        conditions.append(named.geom.op("&&")(query.bounds.envelope))
        conditions.append(func.ST_Intersects(named.geom, query.bounds.envelope))
    if layer.time and query.since is not None:
        conditions.append(named[layer.time] >= query.since)
    if layer.time and query.until is not None:
        conditions.append(named[layer.time] < query.until)
    if query.classes is not None:
        conditions.append(named[layer.colour_by].in_(sorted(query.classes)))
    return conditions


def select_rows(query: FeatureQuery, rows: Subquery, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the narrowed SELECT of some columns."""
    # Named, since a bare count of a question without conditions would otherwise ask no table.
    return select(*columns).select_from(rows).where(*narrowed(query, rows))


def number_of(query: FeatureQuery, rows: Subquery) -> ColumnElement[int]:
    """Return the true number behind rows: the sum of the weight, else the count."""
    if query.layer.weight:
        return func.coalesce(func.sum(rows.c[query.layer.weight]), 0)
    return func.count()
