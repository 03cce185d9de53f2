"""The lines of ways between terminals, for drawing."""

import numpy as np
from shapely.geometry import LineString

from gis.routing.router.network import Floats, TravelRules
from gis.routing.router.snapping import Terminals
from gis.routing.router.topology import Topology
from gis.routing.router.ways import Way


class Drawing:
    """Lines of ways between terminals."""

    def __init__(self, topology: Topology, rules: TravelRules, terminals: Terminals) -> None:
        self._topology = topology
        self._terminals = terminals
        self._two_way = topology.backward(rules)

    def line(self, origin: int, goal: int, *, way: Way | None) -> LineString | None:
        """Return the line of a way, or along the common piece of road where that is shorter."""
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
