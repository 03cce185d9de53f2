"""The first plan of a version is slow; do what can be done before anybody waits."""

import gc
from datetime import date

import numpy as np

from gis.routing.bound import week_bound
from gis.routing.engine import warm_up as warm_up_search
from gis.routing.problem import Crew, PatrolTask, WeekProblem

_MONDAY = date(2026, 1, 5)


def warm_up() -> None:
    """Translate search and bound to machine code unless that is done already.

    Takes some 20 processor seconds the first time for a version of the sources, less than a second
    later. Call it when the product is set up and when a worker starts.

    What is loaded by then stays as long as the process: the collector of garbage is told not to
    look at it again. One look takes 70 ms, and a change to a plan would otherwise wait for two.
    """
    warm_up_search()
    tasks = tuple(PatrolTask(str(node), node, node, 60) for node in (1, 2, 3))
    crew = Crew("crew", 0, frozenset({0, 1}), shift_start_min=0, shift_min=9)
    apart = 60 * np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    travel = {"car": apart.astype(np.int32)}
    week_bound(WeekProblem(_MONDAY, tasks, (crew,), travel), served={"1": 1, "2": 1, "3": 1})
    gc.collect()
    gc.freeze()
