"""Measure travel: the county's roads and banks as matrices, kept from one plan to the next."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache, cached_property
from inspect import getsource
from types import ModuleType

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry import LineString

from gis.network import noding
from gis.routing.router import (
    Banks,
    RoadNetwork,
    Router,
    Terminals,
    Topology,
    TravelMatrix,
    TravelRules,
    network,
    router,
    snapping,
    tables,
    topology,
    ways,
)
from gis.routing.router.network import Flags, Floats
from gis.routing.router.router import Shape
from gis.routing.router.snapping import distinct_places
from inspect_app.queries.roads import RoadLines, digest_of
from inspect_app.workflows.travel_cache import Arrays, MatrixStore

# A kept matrix may know that many times the places of the week before the others are forgotten.
PLACES_KEPT = 2
_MODULES: tuple[ModuleType, ...] = (noding, network, topology, snapping, ways, tables, router)


@cache
def _code() -> bytes:
    """Return the source that makes matrices: those of an older release are never used."""
    return "".join(getsource(module) for module in _MODULES).encode()


class CountyTravel:
    """Travel on the county's roads and along its banks, by any rules.

    Nothing is computed before it is asked for, and nothing twice that the store keeps: with all
    places of a matrix known, neither roads are noded nor a hierarchy is built.

    Parameters
    ----------
    roads
        The roads; closed ones are not travelled.
    banks
        Lines of waterways that can be travelled, in the metric reference system: all segments,
        whether or not they are due, so that what is due changes no travel time.
    metric_crs
        The metric reference system.
    snap_m
        How far from a road a place may be.
    store
        Where to keep results; None keeps nothing.
    """

    def __init__(
        self,
        roads: RoadLines,
        banks: Sequence[LineString],
        *,
        metric_crs: CRS,
        snap_m: float,
        store: MatrixStore | None = None,
    ) -> None:
        self.roads = roads
        self._banks = Banks.of_lines(banks)
        self._crs = metric_crs
        self._snap_m = snap_m
        self._store = store
        self._routers: dict[TravelRules, Router] = {}

    def matrix(self, places_xy: Floats, rules: TravelRules) -> TravelMatrix:
        """Return travel between places.

        A kept matrix answers for the places it knows; only rows and columns of new ones are
        computed. Without roads nothing is kept: straight lines cost nothing.
        """
        wanted, _ = distinct_places(places_xy)
        if self._store is None or not self.roads.any_open:
            return self.router(rules).matrix(places_xy)
        kind, digest = "matrix", self._digest(repr(rules).encode())
        known = self._kept(kind, digest, rules=rules)
        new = wanted if known is None else wanted[known.rows_at(wanted) < 0]
        if known is None:
            known = self.router(rules).matrix(wanted)
        elif len(new):
            known = known.with_rows(new)
            if len(known.xy) > PLACES_KEPT * len(wanted):
                known = known.select(known.rows_at(wanted))
        if len(new):
            self._store.save(kind, digest, _arrays_of(known))
        return known.select(known.rows_at(places_xy))

    def router(self, rules: TravelRules) -> Router:
        """Return the router of a mode of travel."""
        if rules not in self._routers:
            self._routers[rules] = Router(self._shape, rules, closed=self._closed)
        return self._routers[rules]

    def _kept(self, kind: str, digest: str, *, rules: TravelRules) -> TravelMatrix | None:
        arrays = self._store.load(kind, digest) if self._store else None
        if arrays is None:
            return None
        places = Terminals(**{field.name: arrays[field.name] for field in fields(Terminals)})
        return TravelMatrix(
            arrays["seconds"],
            places=places,
            place=np.arange(len(places.xy)),
            rules=rules,
            router=lambda: self.router(rules),
        )

    @cached_property
    def _roads_digest(self) -> str:
        return digest_of([_code(), self.roads.digest(self._crs).encode()])

    def _digest(self, *more: bytes) -> str:
        """Return what travel depends on: roads, those closed, banks, how far places may lie."""
        banks = self._banks.banks
        lines = shapely.to_wkb(np.array([bank.line for bank in banks], dtype=object))
        parts = [self._roads_digest.encode(), self.roads.closed.tobytes()]
        return digest_of([*parts, repr(self._snap_m).encode(), b"".join(lines), *more])

    @cached_property
    def _network(self) -> RoadNetwork:
        if self._store is None or not self.roads.shapes:
            return self.roads.network(self._crs)
        kept = self._store.load("roads", self._roads_digest)
        if kept is not None:
            return _network_of(kept)
        noded = self.roads.network(self._crs)
        self._store.save("roads", self._roads_digest, _arrays_of_network(noded))
        return noded

    @cached_property
    def _closed(self) -> Flags:
        return np.isin(self._network.road_numbers, self.roads.closed_ids)

    @cached_property
    def _shape(self) -> Shape:
        laid = Topology(self._network, banks=self._banks, snap_m=self._snap_m, without=self._closed)
        return Shape(laid, order=self._order)

    def _order(self, compute: Callable[[], list[int]]) -> list[int]:
        if self._store is None:
            return compute()
        digest = self._digest(b"order")
        kept = self._store.load("order", digest)
        if kept is not None:
            found: list[int] = kept["order"].tolist()
            return found
        order = compute()
        self._store.save("order", digest, {"order": np.array(order, dtype=np.int32)})
        return order


def _arrays_of(matrix: TravelMatrix) -> Arrays:
    places = {field.name: getattr(matrix.places, field.name) for field in fields(Terminals)}
    return {"seconds": matrix.seconds, **places}


def _arrays_of_network(noded: RoadNetwork) -> Arrays:
    _, coordinates, (offsets,) = shapely.to_ragged_array(noded.geometry)
    return {
        "nodes_xy": noded.nodes_xy,
        "u": noded.u,
        "v": noded.v,
        "length_m": noded.length_m,
        "coordinates": coordinates,
        "offsets": offsets,
        "oneway": np.zeros(len(noded.u), dtype=np.bool_) if noded.oneway is None else noded.oneway,
        "road": noded.road_numbers,
    }


def _network_of(kept: Arrays) -> RoadNetwork:
    lines = shapely.from_ragged_array(
        shapely.GeometryType.LINESTRING, kept["coordinates"], (kept["offsets"],)
    )
    return RoadNetwork(
        kept["nodes_xy"],
        kept["u"],
        kept["v"],
        kept["length_m"],
        lines,
        oneway=kept["oneway"],
        road=kept["road"],
    )
