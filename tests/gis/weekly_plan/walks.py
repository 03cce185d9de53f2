"""How tests of the weekly plan search, and how they walk by hand."""

import numpy as np

from gis.routing.problem import (
    PatrolTask,
)
from gis.routing.solve import SearchBudget

QUICK = SearchBudget(iterations=150)


def ends(task: PatrolTask, *, back: bool) -> tuple[int, int]:
    return (task.end_node, task.start_node) if back else (task.start_node, task.end_node)


def walked(travel: np.ndarray, nodes: list[int]) -> int:
    """Sum the legs; nodes come as leave, (enter, leave)..., enter."""
    return sum(int(travel[nodes[i], nodes[i + 1]]) for i in range(0, len(nodes), 2))
