"""The places of a travel matrix, the ways that do not lead over other places, and tolls."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from gis.routing.cuts.values import NO_WAY, Costs, Floats, Ints, Network, Services

# Rows of the matrix looked at together: temporary arrays stay small beside the matrix itself.
BLOCK = 256
# Places nearest to either end over which a way is looked for first.
WITNESSES = 64
# Stands for zero; whole seconds are restored after adding up.
LEAST_TIME, ROUNDED_UP = 1e-9, 1e-3

Matrix = npt.NDArray[np.integer]


def contracted(travel: Sequence[Matrix], *, used: Ints, none_from: int) -> tuple[Ints, Costs]:
    """Return the place of each used node, and the least costs between places.

    Nodes at no cost from each other are one place. Costs are those of the cheapest mode in the
    cheaper direction; ``NO_WAY`` where there is none.

    Parameters
    ----------
    travel
        A square matrix per mode; entries from ``none_from`` upwards mean no way.
    used
        Rows of the matrices, ascending.
    """
    count = len(used)
    pairs = [np.empty((0, 2), dtype=np.int64)]
    only = travel[0]
    as_given = len(travel) == 1 and only.dtype == np.int32 and len(only) == count
    for first, block in _blocks(travel, used=used, none_from=none_from):
        as_given = as_given and bool((block == only[first : first + len(block)]).all())
        row, column = np.nonzero(block == 0)
        pairs.append(np.stack([row + first, column], axis=1))
    joined = np.concatenate(pairs)
    graph = coo_array((np.ones(len(joined)), joined.T), shape=(count, count))
    places, place = connected_components(graph, directed=False)
    if as_given and places == count:
        # A county's matrix takes 140 MB: it is not copied without need.
        return place.astype(np.int64), only.astype(np.int32, copy=False)
    order = np.argsort(place, kind="stable")
    begin = np.searchsorted(place[order], np.arange(places))
    half = np.empty((count, places), dtype=np.int32)
    for first, block in _blocks(travel, used=used, none_from=none_from):
        half[first : first + len(block)] = np.minimum.reduceat(block[:, order], begin, axis=1)
    if places < count:
        half = np.minimum.reduceat(half[order], begin, axis=0)
    return place.astype(np.int64), half


def _blocks(travel: Sequence[Matrix], *, used: Ints, none_from: int) -> Iterator[tuple[int, Costs]]:
    """Yield rows of the symmetric least costs between the used nodes, some at a time."""
    for first in range(0, len(used), BLOCK):
        rows = used[first : first + BLOCK]
        least = np.full((len(rows), len(used)), none_from, dtype=np.int64)
        for matrix in travel:
            np.minimum(least, matrix[np.ix_(rows, used)], out=least)
            np.minimum(least, matrix[np.ix_(used, rows)].T, out=least)
        block = np.where(least >= none_from, NO_WAY, least).astype(np.int32)
        block[np.arange(len(rows)), np.arange(first, first + len(rows))] = 0
        yield first, block


def network_of(least: Costs) -> Network:
    """Return the pairs of places whose way does not lead over another place.

    A pair is left out when the way over a third place is no dearer; its pieces are shorter, so
    that some way along kept edges always costs at most the given amount. Cost: a few dozen sums
    for most pairs, as many as there are places for those that are kept.
    """
    from gis.routing.cuts.ways import direct_pairs

    count = len(least)
    near = min(WITNESSES, count)
    nearest = np.empty((count, near), dtype=np.int64)
    for row in range(count):
        nearest[row] = np.argpartition(least[row], near - 1)[:near]
    found = np.empty((8 * count, 2), dtype=np.int64)
    number = direct_pairs(least, nearest, found)
    if number > len(found):
        found = np.empty((number, 2), dtype=np.int64)
        direct_pairs(least, nearest, found)
    start, end = found[:number].T.copy()
    return Network(count, start, end, least[start, end].astype(np.float64))


def least_tolls(network: Network, services: Services, *, per_visit: Floats, homes: Ints) -> Floats:
    """Return the least time between homes and nodes, (homes, nodes); infinite without a way.

    A trip may come nearer by serving something on its way, which takes the time ``per_visit`` of
    that service and not the way along it: whichever is less counts.
    """
    starts = np.concatenate([network.start, services.start])
    ends = np.concatenate([network.end, services.end])
    # scipy takes zeros for missing edges and adds up parallel ones.
    times = np.maximum(np.concatenate([network.cost, per_visit]), LEAST_TIME)
    lower, upper = np.minimum(starts, ends), np.maximum(starts, ends)
    pairs, entry = np.unique(lower * network.nodes + upper, return_inverse=True)
    least = np.full(len(pairs), np.inf)
    np.minimum.at(least, entry, times)
    shape = (network.nodes, network.nodes)
    graph = csr_array((least, (pairs // network.nodes, pairs % network.nodes)), shape=shape)
    tolls: Floats = np.floor(dijkstra(graph, directed=False, indices=homes) + ROUNDED_UP)
    return tolls
