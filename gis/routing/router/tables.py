"""Tables of seconds between terminals, made block by block."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gis.routing.problem import UNREACHABLE_S, SecondsMatrix
from gis.routing.router.network import MS_PER_S, Flags, Floats, Ints, TravelRules
from gis.routing.router.snapping import Terminals
from gis.routing.router.topology import NO_WAY_MS, Topology
from gis.routing.router.ways import Sweep

# Searches per block: a block of distances from scipy for 100 000 nodes is then 40 MB.
BLOCK_ROWS = 50


class Weighted(Protocol):
    """What a table asks of a router."""

    @property
    def topology(self) -> Topology:
        """Roads and banks."""

    @property
    def rules(self) -> TravelRules:
        """The rules of travel."""

    def sweep(self, nodes: Ints, *, backward: bool) -> Sweep:
        """Return the search to (backward: from) some nodes."""


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


class KnownTerminals:
    """Terminals of a router with their searches prepared, for `Router.rows`."""

    def __init__(self, router: Weighted, terminals: Terminals) -> None:
        self.terminals = terminals
        self._to = Table(router, terminals, backward=False)
        self._from = Table(router, terminals, backward=True)

    def seconds_to(self, new: Terminals) -> SecondsMatrix:
        """Return (new, known) seconds from the new ones."""
        return self._to.seconds(new)

    def seconds_from(self, new: Terminals) -> SecondsMatrix:
        """Return (new, known) seconds to the new ones."""
        return self._from.seconds(new)


class Table:
    """Seconds from any terminals to fixed ones; backward: from the fixed ones."""

    def __init__(self, router: Weighted, fixed: Terminals, *, backward: bool) -> None:
        self._router = router
        self._fixed = fixed
        self._backward = backward
        spent = fixed.out_ms if backward else fixed.in_ms
        nodes, row = np.unique(fixed.nodes, return_inverse=True)
        self._columns = row.reshape(fixed.nodes.shape)
        self._spent = np.where(spent < NO_WAY_MS, spent.astype(np.float64), np.inf)
        self._sweep = router.sweep(nodes, backward=backward) if len(fixed.xy) else None

    def seconds(self, movers: Terminals) -> SecondsMatrix:
        """Return (movers, fixed) whole seconds, ``UNREACHABLE_S`` where there is no way."""
        seconds = np.empty((len(movers.xy), len(self._fixed.xy)), dtype=np.int32)
        if not seconds.size or self._sweep is None:
            return seconds
        starts = movers.goals if self._backward else movers.starts
        for rows in blocks(len(movers.xy)):
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


def blocks(count: int) -> Iterator[range]:
    """Return the rows of the blocks in which matrices are made."""
    for first in range(0, count, BLOCK_ROWS):
        yield range(first, min(first + BLOCK_ROWS, count))
