"""What a lower bound is computed from: services, trips and a network, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Costs = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

# Stands for "no way" in a matrix of least costs; twice of it can be added.
NO_WAY = 1 << 29


@dataclass(frozen=True, slots=True)
class Services:
    """What is served: its end nodes, its load over all visits, its visits, who may serve it.

    ``allowed`` is (services, trips): that kind of trip may serve it.
    """

    start: Ints
    end: Ints
    load: Floats
    times: Ints
    allowed: Bools


@dataclass(frozen=True, slots=True)
class Trips:
    """Kinds of trips: closed walks from a home, each with at most ``capacity`` of load.

    ``count`` trips of a kind exist. Where time is the load, ``toll[kind, node]`` is what of it a
    trip uses at least between home and a node (see ``least_tolls``); otherwise it is zero.
    """

    home: Ints
    capacity: Floats
    count: Ints
    toll: Floats


@dataclass(frozen=True, slots=True)
class Network:
    """Undirected ways between nodes: the cheapest way of every pair runs along these edges."""

    nodes: int
    start: Ints
    end: Ints
    cost: Floats
