"""Travel seconds and leg lines between terminal points over a road network and canal banks."""

from collections.abc import Iterable

import numpy as np

from gis.routing.router import (
    Bank,
    Banks,
    BrokenNetwork,
    RoadNetwork,
    Router,
    Topology,
    TravelMatrix,
    TravelRules,
)
from gis.routing.router.network import Floats
from gis.routing.router.ways import Engine

__all__ = ["Bank", "BrokenNetwork", "RoadNetwork", "TravelMatrix", "TravelRules", "travel_matrix"]


def travel_matrix(
    network: RoadNetwork,
    terminals_xy: Floats,
    *,
    rules: TravelRules,
    banks: Iterable[Bank] = (),
    engine: Engine | None = None,
) -> TravelMatrix:
    """Return travel seconds between terminals: roads, banks, the way to the road.

    Each terminal within ``snap_m`` of a road is joined to the nearest point of the nearest open
    edge (ties: the first edge) by a straight line times ``detour``. Reaches in ``banks`` join their
    two terminals directly. Pairs with no way fall back to a straight line.

    Parameters
    ----------
    network
        Noded roads; may be empty (0 edges).
    terminals_xy
        (m, 2) metres in the same CRS.
    rules
        Speeds and tolerances of one mode of travel.
    banks
        Waterway reaches whose terminals are rows of ``terminals_xy``.
    engine
        How ways are found; None takes the fastest installed.

    Returns
    -------
    TravelMatrix
        Whole seconds (int32), not symmetric where roads are one-way. To ask more than once, with
        other rules or closed roads, keep a `Router`.
    """
    xy = np.asarray(terminals_xy, dtype=float).reshape(-1, 2)
    topology = Topology(network, banks=Banks.between(xy, banks), snap_m=rules.snap_m)
    return Router(topology, rules, engine=engine).matrix(xy)
