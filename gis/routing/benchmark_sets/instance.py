"""A benchmark instance in one shape for all formats."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

UNREACHABLE = 10**6
DAYS = 5
DAYS_OF_DEMAND = 7

# Chu, Labadi and Prins (2006): allowed day combinations by visits a week, bit 0 = Monday.
DAY_PATTERNS: Mapping[int, tuple[int, ...]] = {
    1: (0b00001, 0b00010, 0b00100, 0b01000, 0b10000),
    2: (0b10100, 0b10010, 0b10001, 0b01010, 0b01001, 0b00101),
    3: (0b11010, 0b11001, 0b10110, 0b10101, 0b10011, 0b01101, 0b01011),
    4: (0b11110, 0b11101, 0b11011, 0b10111, 0b01111),
    5: (0b11111,),
}


@dataclass(frozen=True, slots=True)
class Required:
    """A node, edge or arc to be served; a node has equal ends, an arc is one-way.

    ``cost`` counts at every service; ``demand`` is per visit (per day in periodic instances).
    """

    start: int
    end: int
    cost: int
    demand: int
    one_way: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True)
class BenchmarkInstance:
    """What a file states.

    Parameters
    ----------
    vehicles
        Vehicles as stated; 0 means without limit.
    travel
        Cheapest costs between all nodes.
    best
        Best known value where the file itself states one.
    """

    name: str
    depot: int
    capacity: int
    vehicles: int
    required: tuple[Required, ...]
    travel: npt.NDArray[np.int64]
    best: int | None = None

    @property
    def is_periodic(self) -> bool:
        """Something is due more than once."""
        return any(item.times > 1 for item in self.required)


@dataclass(frozen=True, slots=True)
class BenchmarkSolution:
    """Orders of services per day: for each day its routes, each the numbers of what is served."""

    days: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def fleet(self) -> int:
        """Most vehicles out on one day."""
        return max((len(routes) for routes in self.days), default=0)


def load_factor(days: Sequence[int], day: int) -> int:
    """Return the days since the previous visit; the week-end counts to the week's first visit."""
    ordered = sorted(days)
    place = ordered.index(day)
    if place == 0:
        return day - ordered[-1] + DAYS_OF_DEMAND
    return day - ordered[place - 1]


def cheapest_costs(links: Iterable[tuple[int, int, int]], *, nodes: int) -> npt.NDArray[np.int64]:
    """Return the cheapest costs between all nodes over directed links (from, to, cost)."""
    least: dict[tuple[int, int], int] = {}
    for start, end, cost in links:
        least[start, end] = min(cost, least.get((start, end), cost))
    starts, ends = [start for start, _ in least], [end for _, end in least]
    graph = coo_array((list(least.values()), (starts, ends)), shape=(nodes, nodes)).tocsr()
    costs = dijkstra(graph, directed=True)
    whole: npt.NDArray[np.int64] = np.rint(np.where(np.isfinite(costs), costs, UNREACHABLE)).astype(
        np.int64
    )
    return whole
