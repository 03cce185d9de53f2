"""A router: a topology with weights, asked for matrices, rows of new places, and lines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString

from gis.routing.problem import UNREACHABLE_S, SecondsMatrix
from gis.routing.router.network import MS_PER_S, Flags, Floats, Ints, TravelRules
from gis.routing.router.snapping import Terminals, place_terminals
from gis.routing.router.topology import NO_WAY_MS, Topology
from gis.routing.router.ways import (
    DijkstraWays,
    Engine,
    Hierarchy,
    Sweep,
    Way,
    Ways,
    elimination_order,
)

# Searches per block: a block of distances from scipy for 100 000 nodes is then 40 MB.
BLOCK_ROWS = 50


@dataclass(frozen=True, slots=True, eq=False)
class TravelRows:
    """Travel between new terminals and known ones, in whole seconds.

    Parameters
    ----------
    to_known, from_known
        (new, known): from each new terminal to each known one, and back.
    among
        (new, new).
    terminals
        The new terminals, with the reasons why some are not joined.
    """

    to_known: SecondsMatrix
    from_known: SecondsMatrix
    among: SecondsMatrix
    terminals: Terminals


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
    2,000 × 2,000 on 100,000 nodes: see `benchmarks/matrix.py`. Another set of rules or closed roads
    on the same topology shares its hierarchy and only weighs it anew.
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
        self.rules = rules

    @property
    def topology(self) -> Topology:
        """Roads and banks."""
        return self._shape.topology

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
        (0.2 s on 100,000 nodes), no new topology unless a place at the water loses all the roads
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
        places_xy, place = np.unique(
            np.asarray(terminals_xy, dtype=float).reshape(-1, 2), axis=0, return_inverse=True
        )
        known = self.terminals(places_xy)
        return TravelMatrix(
            self.seconds(known, known),
            places=known,
            place=place.ravel(),
            rules=self.rules,
            router=lambda: self,
        )

    def rows(self, new_xy: Floats, known: "Terminals | KnownTerminals") -> TravelRows:
        """Return the rows and columns of additional terminals against known ones.

        Cost: two searches per new terminal. Against a `KnownTerminals`, which keeps the prepared
        searches, one more stop among 4,000 terminals on 100,000 nodes takes some milliseconds.
        """
        at = known if isinstance(known, KnownTerminals) else KnownTerminals(self, known)
        new = self.terminals(new_xy)
        return TravelRows(at.seconds_to(new), at.seconds_from(new), self.seconds(new, new), new)

    def seconds(self, origins: Terminals, goals: Terminals) -> SecondsMatrix:
        """Return whole seconds from origins to goals, ``UNREACHABLE_S`` where there is no way."""
        return _Table(self, goals, backward=False).seconds(origins)

    def sweep(self, nodes: Ints, *, backward: bool) -> Sweep:
        """Return the search to (backward: from) some nodes, prepared once."""
        return self._ways.sweep(nodes, backward=backward)

    def legs(
        self, terminals: Terminals, pairs: Sequence[tuple[int, int]]
    ) -> list[LineString | None]:
        """Return the lines travelled between terminals, None where there is no way.

        Cost with a hierarchy: some 0.2 ms per leg on 100,000 nodes; with Dijkstra one search per
        distinct origin.
        """
        starts = terminals.starts([origin for origin, _ in pairs])
        goals = terminals.goals([goal for _, goal in pairs])
        ways = self._ways.ways(list(zip(starts, goals, strict=True)))
        drawing = _Drawing(self.topology, self.rules, terminals)
        return [drawing.line(*pair, way=way) for pair, way in zip(pairs, ways, strict=True)]


class KnownTerminals:
    """Terminals of a router with their searches prepared, for `Router.rows`."""

    def __init__(self, router: Router, terminals: Terminals) -> None:
        self.terminals = terminals
        self._to = _Table(router, terminals, backward=False)
        self._from = _Table(router, terminals, backward=True)

    def seconds_to(self, new: Terminals) -> SecondsMatrix:
        """Return (new, known) seconds from the new ones."""
        return self._to.seconds(new)

    def seconds_from(self, new: Terminals) -> SecondsMatrix:
        """Return (new, known) seconds to the new ones."""
        return self._from.seconds(new)


class _Table:
    """Seconds from any terminals to fixed ones; backward: from the fixed ones."""

    def __init__(self, router: Router, fixed: Terminals, *, backward: bool) -> None:
        self._router = router
        self._fixed = fixed
        self._backward = backward
        spent = fixed.out_ms if backward else fixed.in_ms
        nodes, row = np.unique(fixed.nodes, return_inverse=True)
        self._columns = row.reshape(fixed.nodes.shape)
        self._spent = np.where(spent < NO_WAY_MS, spent.astype(np.float64), np.inf)
        self._sweep = router.sweep(nodes, backward=backward) if len(fixed.xy) else None

    def seconds(self, movers: Terminals) -> SecondsMatrix:
        seconds = np.empty((len(movers.xy), len(self._fixed.xy)), dtype=np.int32)
        if not seconds.size or self._sweep is None:
            return seconds
        starts = movers.goals if self._backward else movers.starts
        for rows in _blocks(len(movers.xy)):
            far = self._sweep(starts(rows))
            spent = far[:, self._columns[:, 0]] + self._spent[:, 0]
            np.minimum(spent, far[:, self._columns[:, 1]] + self._spent[:, 1], out=spent)
            spent[spent >= NO_WAY_MS] = np.inf
            self._lower_on_one_piece(spent, movers, rows)
            self._add_straight_lines(spent, movers, rows)
            for row, key in enumerate(_keys(movers.xy[rows.start : rows.stop])):
                spent[row, self._rows_at.get(key, [])] = 0.0
            np.rint(spent / MS_PER_S, out=spent)
            seconds[rows.start : rows.stop] = np.minimum(spent, UNREACHABLE_S)
        return seconds

    @cached_property
    def _rows_at(self) -> dict[tuple[float, float], list[int]]:
        rows: dict[tuple[float, float], list[int]] = {}
        for row, key in enumerate(_keys(self._fixed.xy)):
            rows.setdefault(key, []).append(row)
        return rows

    def _lower_on_one_piece(self, spent: Floats, movers: Terminals, rows: range) -> None:
        """Two terminals on one piece of road need not go to its ends."""
        fixed = self._fixed
        order = self._by_piece
        piece = movers.piece[rows.start : rows.stop]
        first = np.searchsorted(fixed.piece[order], piece, side="left")
        last = np.searchsorted(fixed.piece[order], piece, side="right")
        for row in np.flatnonzero((last > first) & (piece >= 0)):
            mover = rows[int(row)]
            there = order[first[row] : last[row]]
            ahead = fixed.along_ms[there] - movers.along_ms[mover]
            if self._backward:
                ahead = -ahead
            two_way = self._two_way[fixed.edge[there]]
            direct = movers.access_ms[mover] + np.abs(ahead) + fixed.access_ms[there]
            allowed = two_way | (ahead >= 0)
            spent[row, there[allowed]] = np.minimum(spent[row, there], direct)[allowed]

    @cached_property
    def _by_piece(self) -> npt.NDArray[np.intp]:
        return np.argsort(self._fixed.piece, kind="stable")

    @cached_property
    def _two_way(self) -> Flags:
        return self._router.topology.backward(self._router.rules)

    def _add_straight_lines(self, spent: Floats, movers: Terminals, rows: range) -> None:
        rules = self._router.rules
        if rules.straight_m <= 0:
            return
        apart = _apart(movers.xy[rows.start : rows.stop], self._fixed.xy)
        straight = ~np.isfinite(spent) & (apart <= rules.straight_m)
        spent[straight] = np.rint(apart[straight] * rules.off_road_ms_per_m)


def _keys(xy: Floats) -> list[tuple[float, float]]:
    return [(x, y) for x, y in xy.tolist()]


def _apart(one: Floats, other: Floats) -> Floats:
    return np.hypot(one[:, None, 0] - other[None, :, 0], one[:, None, 1] - other[None, :, 1])


def _blocks(count: int) -> Iterator[range]:
    for first in range(0, count, BLOCK_ROWS):
        yield range(first, min(first + BLOCK_ROWS, count))


class _Drawing:
    """Lines of ways between terminals."""

    def __init__(self, topology: Topology, rules: TravelRules, terminals: Terminals) -> None:
        self._topology = topology
        self._terminals = terminals
        self._two_way = topology.backward(rules)

    def line(self, origin: int, goal: int, *, way: Way | None) -> LineString | None:
        direct = self._direct_ms(origin, goal)
        if direct is not None and (way is None or direct <= way.spent_ms):
            edge = int(self._terminals.edge[origin])
            parts = [self._between(edge, self._share(origin), self._share(goal))]
        elif way is None:
            return None
        else:
            arcs = [self._topology.coordinates(arc) for arc in way.arcs]
            parts = [
                *self._onto(origin, way.first, leaving=True),
                *arcs,
                *self._onto(goal, way.last, leaving=False),
            ]
        ends = self._terminals.xy
        return _joined([ends[[origin]], *parts, ends[[goal]]])

    def _share(self, terminal: int) -> float:
        return float(self._terminals.share[terminal])

    def _direct_ms(self, origin: int, goal: int) -> int | None:
        at = self._terminals
        if at.piece[origin] < 0 or at.piece[origin] != at.piece[goal]:
            return None
        ahead = int(at.along_ms[goal] - at.along_ms[origin])
        if ahead < 0 and not self._two_way[at.edge[origin]]:
            return None
        return int(at.access_ms[origin] + abs(ahead) + at.access_ms[goal])

    def _onto(self, terminal: int, node: int, *, leaving: bool) -> list[Floats]:
        """Return the stretch between a terminal's foot on its piece and a node of the piece."""
        at, pieces = self._terminals, self._topology.pieces
        piece = int(at.piece[terminal])
        if piece < 0:
            return []
        spent = (at.out_ms if leaving else at.in_ms)[terminal]
        ends = [row for row in (0, 1) if at.nodes[terminal, row] == node]
        end = min(ends, key=lambda row: spent[row])
        node_share = float(pieces.last[piece] if end else pieces.first[piece])
        foot, edge = self._share(terminal), int(at.edge[terminal])
        if leaving:
            return [self._between(edge, foot, node_share)]
        return [self._between(edge, node_share, foot)]

    def _between(self, edge: int, start: float, goal: float) -> Floats:
        if start <= goal:
            return self._topology.stretch(edge, start, goal)
        return self._topology.stretch(edge, goal, start)[::-1]


def _joined(parts: list[Floats]) -> LineString:
    coordinates = np.vstack([part[:, :2] for part in parts])
    moved = np.any(np.diff(coordinates, axis=0) != 0, axis=1)
    kept = coordinates[np.concatenate([[True], moved])]
    return LineString(kept if len(kept) > 1 else kept[[0, 0]])


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

    @cached_property
    def router(self) -> Router:
        """The router that made it, or an equal one."""
        return self._router_of()

    @cached_property
    def _known(self) -> KnownTerminals:
        return KnownTerminals(self.router, self.places)

    @property
    def xy(self) -> Floats:
        """Coordinates of the terminals."""
        return self.places.xy[self.place]

    @cached_property
    def unreachable(self) -> tuple[int, ...]:
        """Terminals with no way to and from any other terminal at another place."""
        size = len(self._places_s)
        reached = np.zeros(size, dtype=np.int64)
        for rows in _blocks(size):
            block = slice(rows.start, rows.stop)
            there = self._places_s[block] < UNREACHABLE_S
            reached[block] = (there & (self._places_s[:, block].T < UNREACHABLE_S)).sum(axis=1)
        lonely = (reached <= 1) & (size > 1)
        return tuple(np.flatnonzero(lonely[self.place]).tolist())

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
        new_places, row = np.unique(new_xy, axis=0, return_inverse=True)
        found = self.router.rows(new_places, self._known)
        old, size = len(self._places_s), len(self._places_s) + len(new_places)
        seconds = np.empty((size, size), dtype=self._places_s.dtype)
        seconds[:old, :old] = self._places_s
        seconds[old:, :old] = found.to_known
        seconds[:old, old:] = found.from_known.T
        seconds[old:, old:] = found.among
        place = np.concatenate([self.place, old + row.ravel()])
        terminals = self.router.terminals(np.vstack([self.places.xy, new_places]))
        return TravelMatrix(
            seconds, places=terminals, place=place, rules=self.rules, router=lambda: self.router
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
