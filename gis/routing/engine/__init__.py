"""The search for good weeks: ruin and recreate under simulated annealing, compiled.

``search`` takes a week's problem; ``Annealing`` a general routing model (benchmarks use it).
"""

from gis.routing.engine.annealing import EmptyBudget, SearchBudget
from gis.routing.engine.warm import warm_up
from gis.routing.engine.week import Found, Keep, Orders, Progress, Watch, search

__all__ = [
    "EmptyBudget",
    "Found",
    "Keep",
    "Orders",
    "Progress",
    "SearchBudget",
    "Watch",
    "search",
    "warm_up",
]
