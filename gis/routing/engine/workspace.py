"""What the compiled search writes down between its steps, and the settings it follows."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gis.routing.engine.model import Flags, Floats, Indices, Integers, Model, Routes

Random = npt.NDArray[np.uint64]

EVERYWHERE_TASKS = 600
NEAR = 20

# Places in ``Workspace.counts``.
TOUCHED, ABSENT, STAMP, UNBLINKING = range(4)
# Places in ``Workspace.score``.
# OVERLOAD is the load above the capacity in all routes, PRICE what a unit of it costs now.
CURRENT, BEST, MISSING, OVERLOAD, PRICE = range(5)


class Workspace(NamedTuple):
    """Notes of one iteration: what was touched, how it was before, what is out of its route."""

    counts: Integers
    score: Floats
    touched: Flags
    touched_vehicles: Integers
    ruined: Flags
    old_order: Indices
    old_reach: Integers
    old_finish: Integers
    old_length: Integers
    old_load: Integers
    old_cost: Integers
    old_hours: Floats
    old_timed: Integers
    old_extra: Integers
    is_absent: Flags
    absent: Integers
    old_visited: Integers
    sort_key: Floats
    best_cost: Integers
    best_vehicle: Integers
    best_position: Integers
    tried_twin: Integers
    try_vehicle: Integers
    try_position: Integers


class Best(NamedTuple):
    """The best solution so far: tasks in travel order per vehicle, how many, and costs."""

    order: Indices
    length: Integers
    cost: Integers


class Cooling(NamedTuple):
    """Which iterations to run, and the temperatures: ``hot`` first, falling at ``rate``, again."""

    done: int
    rounds: int
    total: int
    cycles: int
    hot: float
    rate: float


class Tuning(NamedTuple):
    """Settings of the search; numba wants each to keep its type, see ``tuning_of``.

    Parameters
    ----------
    removals
        Mean number of tasks taken out in an iteration.
    longest_string
        Longest stretch taken out of one route.
    blink
        Share of positions overlooked on purpose.
    near
        Neighbours next to which a task is tried when not everywhere.
    everywhere
        Try every position of every route.
    retried
        Tasks with missing visits tried again in an iteration.
    whole_share
        Share of iterations that also take out all visits of one to four tasks.
    whole_only
        A task has all of its visits or none (needed when loads depend on the pattern).
    complete_only
        Only solutions without missing visits count as best.
    by_worth
        Sometimes put back the dearest tasks first.
    overload
        First price of a unit of load above the capacity while searching; 0 forbids any.
    balance
        Weight of the squares of the teams' hours; ``usual_hours`` is their scale.
    """

    removals: float
    longest_string: int
    blink: float
    near: int
    everywhere: bool
    retried: int
    whole_share: float
    whole_only: bool
    complete_only: bool
    by_worth: bool
    overload: float
    balance: float
    usual_hours: float


class Search(NamedTuple):
    """All that the compiled functions share; passing it costs nothing where they are copied in."""

    model: Model
    routes: Routes
    best: Best
    work: Workspace
    tuning: Tuning
    random: Random


def best_of(routes: Routes) -> Best:
    """Return room for the best solution, still empty."""
    nothing = np.zeros_like(routes.length)
    return Best(np.zeros_like(routes.order), nothing, nothing.copy())


def tuning_of(
    model: Model,
    *,
    whole_share: float = 0.0,
    whole_only: bool = False,
    complete_only: bool = False,
    overload: float = 0.0,
    balance: float = 0.0,
) -> Tuning:
    """Return the measured settings for a problem of this size."""
    return Tuning(
        removals=8.0,
        longest_string=10,
        blink=0.01,
        near=NEAR,
        # Small problems gain from looking everywhere; at a county's size it would cost 20 times.
        everywhere=len(model.ends) <= EVERYWHERE_TASKS,
        retried=8,
        whole_share=float(whole_share),
        whole_only=bool(whole_only),
        complete_only=bool(complete_only),
        by_worth=bool(len(model.worth) and model.worth.max() > 2 * model.worth.min()),
        overload=float(overload),
        balance=float(balance),
        usual_hours=1.0,
    )


def workspace_of(model: Model, routes: Routes) -> Workspace:
    """Return an empty notebook for a problem."""
    tasks, vehicles = len(model.ends), len(model.start)
    days = model.load_factor.shape[1]
    factors = int(model.load_factor.max(initial=1)) + 1
    return Workspace(
        np.zeros(4, np.int64),
        np.zeros(5, np.float64),
        np.zeros(vehicles, np.bool_),
        np.zeros(vehicles, np.int64),
        np.zeros(vehicles, np.bool_),
        np.zeros_like(routes.order),
        np.zeros_like(routes.reach),
        np.zeros_like(routes.finish),
        np.zeros(vehicles, np.int64),
        np.zeros(vehicles, np.int64),
        np.zeros(vehicles, np.int64),
        np.zeros_like(routes.hours),
        np.zeros(vehicles, np.int64),
        np.zeros(vehicles, np.int64),
        np.zeros(tasks, np.bool_),
        np.zeros(tasks, np.int64),
        np.zeros(tasks, np.int64),
        np.zeros(tasks, np.float64),
        np.zeros((days, factors), np.int64),
        np.zeros((days, factors), np.int64),
        np.zeros((days, factors), np.int64),
        np.zeros(int(model.twin.max(initial=0)) + 1, np.int64),
        np.zeros(NEAR * days + vehicles, np.int64),
        np.zeros(NEAR * days + vehicles, np.int64),
    )
