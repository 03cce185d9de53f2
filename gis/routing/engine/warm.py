"""The first search of a version is slow; do it before anybody waits."""

import numpy as np

from gis.routing.engine.annealing import Annealing, SearchBudget
from gis.routing.engine.model import PatternSet, Tasks, Vehicles, model_of
from gis.routing.engine.workspace import tuning_of


def warm_up() -> None:
    """Translate the kernels to machine code unless that is done already.

    Takes some 15 processor seconds the first time for a version of the sources, half a second
    later. Call it when the product is set up and when a worker starts.
    """
    two, none = np.ones(2, np.int64), np.zeros(1, np.int64)
    model = model_of(
        np.ones((1, 3, 3), np.int32),
        Tasks(
            ends=np.array([(1, 2), (2, 1)]),
            service=np.ones((2, 2), np.int64),
            one_way=np.zeros(2, np.bool_),
            demand=two,
            times=two,
            worth=two,
            patterns=[PatternSet((1,))] * 2,
        ),
        Vehicles(none, none, none, none, none, capacity=none + 9, limit=none + 9),
    )
    Annealing(model, tuning_of(model), seed=1).run(SearchBudget(iterations=5))
