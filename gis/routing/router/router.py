"""A router: a topology with weights, asked for matrices, rows of new places, and lines."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
from shapely.geometry import LineString

from gis.routing.problem import UNREACHABLE_S, SecondsMatrix
from gis.routing.router.lines import Drawing
from gis.routing.router.network import Flags, Floats, Ints, TravelRules
from gis.routing.router.snapping import Terminals, distinct_places, place_terminals
from gis.routing.router.tables import KnownTerminals, Table, TravelRows, blocks
from gis.routing.router.topology import Topology
from gis.routing.router.ways import (
    DijkstraWays,
    Engine,
    Hierarchy,
    Sweep,
    Ways,
    elimination_order,
)


class Shape:
    """A topology with what its searches need: for a hierarchy, the order, computed once."""

    def __init__(
        self,
        topology: Topology,
        *,
        engine: Engine | None = None,
        order: Callable[[Callable[[], list[int]]], list[int]] | None = None,
    ) -> None:
        self.topology = topology
        # A hierarchy of no arcs has nothing to order.
        self.engine = (engine or Engine.best()) if len(topology.tail) else Engine.dijkstra
        self._kept = order or (lambda compute: compute())

    @cached_property
    def _hierarchy(self) -> Hierarchy:
        return Hierarchy(self.topology, self._kept(lambda: elimination_order(self.topology)))

    def weighted(self, weights: Ints) -> Ways:
        """Return the searches with weights."""
        if self.engine is Engine.dijkstra:
            return DijkstraWays(self.topology, weights)
        return self._hierarchy.weighted(weights)

    def without(self, closed: Flags) -> "Shape":
        """Return a new shape in which no place is joined to the closed edges."""
        old = self.topology
        topology = Topology(old.network, banks=old.banks, snap_m=old.snap_m, without=closed)
        return Shape(topology, engine=self.engine)


class Router:
    """Travel over a topology by the rules of one mode, with some roads closed.

    Times are whole milliseconds inside, so that every engine and every order of additions gives the
    same, and whole seconds outside. A way of 24.8 days or more is none.

    Parameters
    ----------
    topology
        Roads and banks; its ``snap_m`` is that of ``rules``.
    rules
        Speeds and tolerances of one mode of travel.
    engine
        How ways are found; None takes the fastest installed.

    Notes
    -----
    2,000 × 2,000 on 100,000 nodes: 3 s, after 3 s for the hierarchy (`benchmarks/matrix.py`); 38 s
    by Dijkstra. Another set of rules or closed roads on the same topology shares its hierarchy and
    only weighs it anew.
    """

    def __init__(
        self,
        topology: Topology | Shape,
        rules: TravelRules,
        *,
        engine: Engine | None = None,
        closed: Flags | None = None,
    ) -> None:
        shape = topology if isinstance(topology, Shape) else Shape(topology, engine=engine)
        shut = shape.topology.network.shut
        self.closed_edges: Flags = shut if closed is None else shut | closed
        if shape.topology.runs_out(self.closed_edges):
            shape = shape.without(self.closed_edges)
        self._shape = shape
        self._rules = rules

    @property
    def topology(self) -> Topology:
        """Roads and banks."""
        return self._shape.topology

    @property
    def rules(self) -> TravelRules:
        """The rules of travel."""
        return self._rules

    @property
    def engine(self) -> Engine:
        """How ways are found."""
        return self._shape.engine

    @cached_property
    def _ways(self) -> Ways:
        return self._shape.weighted(self.topology.weights(self.rules, closed=self.closed_edges))

    def closed(self, roads: Iterable[int] = (), *, edges: Iterable[int] = ()) -> "Router":
        """Return the router with more roads, or single edges, closed.

        Roads are told by the numbers of `RoadNetwork.road`; all edges of a road are closed. The
        router itself stays as it is, so opening again is to go on with it. Costs a customisation
        (0.05 s on 100,000 nodes), no new topology unless a place at the water loses all the roads
        it was prepared for.
        """
        mask = np.isin(self.topology.network.road_numbers, list(roads))
        mask[list(edges)] = True
        return Router(self._shape, self.rules, closed=self.closed_edges | mask)

    def by_rules(self, rules: TravelRules) -> "Router":
        """Return a router of another mode of travel over the same topology."""
        return Router(self._shape, rules, closed=self.closed_edges)

    def terminals(self, xy: Floats) -> Terminals:
        """Join places to the graph; what `rows` and `seconds` take."""
        places = np.asarray(xy, dtype=float).reshape(-1, 2)
        return place_terminals(self.topology, places, rules=self.rules, closed=self.closed_edges)

    def matrix(self, terminals_xy: Floats) -> "TravelMatrix":
        """Return travel between terminals.

        Cost: one search per distinct place. Memory: the int32 matrix (and another of the distinct
        places where terminals share places) and blocks of 50 rows.
        """
        # Consecutive reaches share their ends: each place is searched from only once.
        places_xy, place = distinct_places(np.asarray(terminals_xy, dtype=float).reshape(-1, 2))
        known = self.terminals(places_xy)
        return TravelMatrix(
            self.seconds(known, known),
            places=known,
            place=place,
            rules=self.rules,
            router=lambda: self,
        )

    def rows(self, new_xy: Floats, known: Terminals | KnownTerminals) -> TravelRows:
        """Return the rows and columns of additional terminals against known ones.

        Cost: two searches per new terminal. Against a `KnownTerminals`, which keeps the prepared
        searches, one more stop among 4,000 terminals on 100,000 nodes takes some milliseconds.
        """
        at = known if isinstance(known, KnownTerminals) else self.known(known)
        new = self.terminals(new_xy)
        return TravelRows(at.seconds_to(new), at.seconds_from(new), self.seconds(new, new), new)

    def known(self, terminals: Terminals) -> KnownTerminals:
        """Return terminals with their searches prepared, for `rows`."""
        return KnownTerminals(self, terminals)

    def seconds(self, origins: Terminals, goals: Terminals) -> SecondsMatrix:
        """Return whole seconds from origins to goals, ``UNREACHABLE_S`` where there is no way."""
        return Table(self, goals, backward=False).seconds(origins)

    def sweep(self, nodes: Ints, *, backward: bool) -> Sweep:
        """Return the search to (backward: from) some nodes, prepared once."""
        return self._ways.sweep(nodes, backward=backward)

    def legs(
        self, terminals: Terminals, pairs: Sequence[tuple[int, int]]
    ) -> list[LineString | None]:
        """Return the lines travelled between terminals, None where there is no way.

        Cost with a hierarchy: about 1 ms per leg on 100,000 nodes; with Dijkstra one search per
        distinct origin.
        """
        starts = terminals.starts([origin for origin, _ in pairs])
        goals = terminals.goals([goal for _, goal in pairs])
        ways = self._ways.ways(list(zip(starts, goals, strict=True)))
        drawing = Drawing(self.topology, self.rules, terminals)
        return [drawing.line(*pair, way=way) for pair, way in zip(pairs, ways, strict=True)]


class TravelMatrix:
    """Travel between terminals.

    Parameters
    ----------
    places_s
        (p, p) whole seconds between the distinct places, ``UNREACHABLE_S`` where there is no way.
    places
        The distinct places.
    place
        (m,) the place of each terminal.
    rules
        The rules of travel.
    router
        Gives the router; asked only for lines and rows, which a stored matrix may never need.
    """

    def __init__(
        self,
        places_s: SecondsMatrix,
        *,
        places: Terminals,
        place: Ints,
        rules: TravelRules,
        router: Callable[[], Router],
    ) -> None:
        distinct = len(places_s) == len(place) and (place == np.arange(len(place))).all()
        self.seconds: SecondsMatrix = places_s if distinct else places_s[np.ix_(place, place)]
        self.off_road_m: Floats = places.off_road_m[place]
        self.fault = places.fault[place]
        self.places = places
        self.place = place
        self.rules = rules
        self._places_s = places_s
        self._router_of = router

    def share(self, seconds: SecondsMatrix) -> None:
        """Take a copy of the seconds in other memory for its own; see ``with_shared_matrices``."""
        if len(self._places_s) == len(self.seconds):
            self._places_s = seconds
        self.seconds = seconds

    @cached_property
    def router(self) -> Router:
        """The router that made it, or an equal one."""
        return self._router_of()

    @cached_property
    def _known(self) -> KnownTerminals:
        return self.router.known(self.places)

    @property
    def xy(self) -> Floats:
        """Coordinates of the terminals."""
        return self.places.xy[self.place]

    @cached_property
    def unreachable(self) -> tuple[int, ...]:
        """Terminals with no way to and from any other terminal at another place."""
        size = len(self._places_s)
        reached = np.zeros(size, dtype=np.int64)
        for rows in blocks(size):
            block = slice(rows.start, rows.stop)
            there = self._places_s[block] < UNREACHABLE_S
            reached[block] = (there & (self._places_s[:, block].T < UNREACHABLE_S)).sum(axis=1)
        lonely = (reached <= 1) & (size > 1)
        return tuple(np.flatnonzero(lonely[self.place]).tolist())

    def rows_at(self, xy: Floats) -> Ints:
        """Return the terminal (the first) at each of some places, -1 where none is."""
        rows: dict[tuple[float, float], int] = {}
        for row, (x, y) in enumerate(self.xy.tolist()):
            rows.setdefault((x, y), row)
        return np.array([rows.get((x, y), -1) for x, y in xy.tolist()], dtype=np.int64)

    def select(self, terminals: Ints) -> "TravelMatrix":
        """Return the matrix of some of its terminals, in the given order; they may come twice."""
        if np.array_equal(terminals, np.arange(len(self.place))):
            return self
        asked, first, place = np.unique(
            self.place[terminals], return_index=True, return_inverse=True
        )
        # In the order in which they are asked for: where all differ, that is the matrix itself.
        order = np.argsort(first)
        kept, place = asked[order], np.argsort(order)[place.ravel()]
        every = np.array_equal(kept, np.arange(len(self._places_s)))
        return TravelMatrix(
            self._places_s if every else self._places_s[np.ix_(kept, kept)],
            places=self.places.take(kept),
            place=place,
            rules=self.rules,
            router=self._router_of,
        )

    def rows(self, new_xy: Floats) -> TravelRows:
        """Return rows and columns of additional terminals against all terminals of the matrix."""
        found = self.router.rows(new_xy, self._known)
        return TravelRows(
            found.to_known[:, self.place],
            found.from_known[:, self.place],
            found.among,
            found.terminals,
        )

    def with_rows(self, new_xy: Floats) -> "TravelMatrix":
        """Return the matrix with additional terminals after the present ones.

        The present entries are copied, only rows and columns of places not yet known are computed.
        """
        new_places, row = distinct_places(new_xy)
        # Not the matrix itself: that would stay in memory as long as the new one.
        router = self.router
        found = router.rows(new_places, self._known)
        old, size = len(self._places_s), len(self._places_s) + len(new_places)
        seconds = np.empty((size, size), dtype=self._places_s.dtype)
        seconds[:old, :old] = self._places_s
        seconds[old:, :old] = found.to_known
        seconds[:old, old:] = found.from_known.T
        seconds[old:, old:] = found.among
        place = np.concatenate([self.place, old + row])
        terminals = router.terminals(np.vstack([self.places.xy, new_places]))
        return TravelMatrix(
            seconds, places=terminals, place=place, rules=self.rules, router=lambda: router
        )

    def straight(self, origin: int, goal: int) -> bool:
        """Tell whether a pair is joined by a straight line for want of a way."""
        one, other = int(self.place[origin]), int(self.place[goal])
        if one == other or self._places_s[one, other] >= UNREACHABLE_S:
            return False
        return self.router.legs(self.places, [(one, other)])[0] is None

    def leg(self, origin: int, goal: int) -> LineString:
        """Return the line travelled from one terminal to another; see ``legs``."""
        return self.legs([(origin, goal)])[0]

    def legs(self, pairs: Sequence[tuple[int, int]]) -> list[LineString]:
        """Return the lines of several legs; see `Router.legs` for the cost.

        A leg to the same place is a line of no length; one without a way is the straight line.
        """
        at = [(int(self.place[origin]), int(self.place[goal])) for origin, goal in pairs]
        wanted = sorted({(one, other) for one, other in at if one != other})
        lines = (
            dict(zip(wanted, self.router.legs(self.places, wanted), strict=True)) if wanted else {}
        )
        return [lines.get(pair) or LineString(self.places.xy[list(pair)]) for pair in at]
