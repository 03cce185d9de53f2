"""How few hours a week can take: lower bounds that tell how far a plan is from the best."""

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from gis.routing.benchmark_sets.instance import DAYS_OF_DEMAND, UNREACHABLE, BenchmarkInstance
from gis.routing.cuts.network import contracted, least_tolls, network_of
from gis.routing.cuts.values import NO_WAY, Costs, Ints, Services, Trips
from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    PatrolTask,
    WeekPlan,
    WeekProblem,
    may_serve,
)

# Rounding of the solver's values: a bound this little above a whole number is that number.
ROUNDING = 1e-3
CARP_SECONDS = 30.0
WEEK_SECONDS = 5.0

Clock = Callable[[], float]


def carp_bound(
    instance: BenchmarkInstance, *, seconds: float = CARP_SECONDS, clock: Clock = time.perf_counter
) -> int:
    """Return a cost that no solution of a benchmark instance undercuts.

    Belenguer and Benavent's cut-sets (odd sets, and trips into a set by its load) over the edges,
    solved by HiGHS, then over whole numbers. One-way arcs count as edges, the number of vehicles
    is free, and in periodic instances the days are: each only lowers the bound.

    Parameters
    ----------
    seconds, clock
        When to stop; what was proved by then is returned.
    """
    # Only here numba is loaded.
    from gis.routing.cuts.bound import CutBound

    deadline = clock() + seconds
    required = instance.required
    every = np.arange(len(instance.travel))
    place, least = contracted([instance.travel], used=every, none_from=UNREACHABLE)
    demand_days = DAYS_OF_DEMAND if instance.is_periodic else 1
    load = np.array([float(item.demand * demand_days) for item in required])
    services = Services(
        place[[item.start for item in required]],
        place[[item.end for item in required]],
        load,
        np.array([item.times for item in required], dtype=np.int64),
        np.ones((len(required), 1), dtype=bool),
    )
    enough = max(math.ceil(load.sum() / instance.capacity) + 1, int(services.times.max()))
    trips = Trips(
        place[[instance.depot]],
        np.array([float(instance.capacity)]),
        np.array([enough]),
        np.zeros((1, len(least))),
    )
    cuts = CutBound(network_of(least), services, trips=trips, clock=clock, deadline=deadline)
    cuts.run()
    cuts.run_whole()
    return sum(item.cost * item.times for item in required) + _whole(cuts.bound)


def visits_of(plan: WeekPlan) -> dict[str, int]:
    """Return how often a plan serves each task that it serves."""
    return dict(Counter(visit.task for route in plan.routes for visit in route.visits))


def week_bound(
    problem: WeekProblem,
    *,
    served: Mapping[str, int],
    seconds: float = WEEK_SECONDS,
    clock: Clock = time.perf_counter,
) -> int:
    """Return seconds of service and travel that no plan with these visits undercuts.

    Every route is a closed walk from its crew's home, so the cut-sets of ``CutBound`` hold with
    the crews' days as trips: a trip's capacity is the shift with all overtime, less the time to
    come to a set and back for what lies in that set; visits of one task take a trip each, for they
    are on different days. Relaxed, which can only lower the bound: a way costs as little as in its
    cheaper direction and fastest mode, one-way reaches may be served against their direction, and
    neither days, gaps, pins and bars nor windows, waiting and shared vehicles count. The fallback
    while the programme is not solved is ``legs_bound``.

    Cost: pairs without a way over a third place (`network_of`), then rounds of a linear programme
    and flows; more seconds never give less. Memory: one more matrix of 32 bits.

    Parameters
    ----------
    served
        Visits per task, as in a valid plan of this problem (``visits_of``); others count as none.
    seconds, clock
        When to stop; a programme begun is not broken off before its own limit.

    Returns
    -------
    int
        Whole seconds; 0 when nothing is served.
    """
    from gis.routing.cuts.bound import CutBound

    deadline = clock() + seconds
    tasks = [task for task in problem.tasks if served.get(task.key, 0) > 0]
    if not tasks:
        return 0
    times = np.array([served[task.key] for task in tasks], dtype=np.int64)
    service_s = sum(task.service_s * served[task.key] for task in tasks)
    crews = [crew for crew in problem.crews if any(may_serve(crew, task) for task in tasks)]
    if not crews:
        return service_s
    place, least = _places(problem, tasks, crews=crews)
    homes = place[[crew.home_node for crew in crews]]
    services = Services(
        place[[task.start_node for task in tasks]],
        place[[task.end_node for task in tasks]],
        np.array([float(task.service_s) for task in tasks]) * times,
        times,
        np.array([[may_serve(crew, task) for crew in crews] for task in tasks]),
    )
    fallback = legs_bound(least, services, homes=homes)
    network = network_of(least)
    per_visit = np.array([float(task.service_s) for task in tasks])
    trips = Trips(
        homes,
        np.array([float(crew.most_s) for crew in crews]),
        np.array([len(crew.working_days) for crew in crews]),
        least_tolls(network, services, per_visit=per_visit, homes=homes),
    )
    cuts = CutBound(network, services, trips=trips, clock=clock, deadline=deadline)
    cuts.run()
    return service_s + max(fallback, _whole(cuts.bound))


def legs_bound(least: Costs, services: Services, *, homes: Ints) -> int:
    """Return seconds of travel that the legs next to the visits take at least.

    Every visit has a leg at each end, to an end of another task or to a home (visits of one task
    are on different days, never next to each other); a leg has two ends, so half of the cheapest
    counts at each. Cost: one look at each pair of ends.
    """
    ends = np.stack([services.start, services.end], axis=1)
    goals = np.concatenate([ends.ravel(), homes])
    total = 0
    for index, (start, end) in enumerate(ends.tolist()):
        near = least[[start, end]][:, goals]
        near[:, 2 * index : 2 * index + 2] = NO_WAY
        total += int(services.times[index]) * int(near.min(axis=1).sum())
    return _whole(total / 2) if total < NO_WAY else 0


def _places(
    problem: WeekProblem, tasks: list[PatrolTask], *, crews: list[Crew]
) -> tuple[Ints, Costs]:
    """Return the place of each node (meaningless for unused ones), and least seconds between."""
    used = np.unique(
        [crew.home_node for crew in crews]
        + [node for task in tasks for node in (task.start_node, task.end_node)]
    )
    modes = sorted({mode for crew in crews for mode in (crew.mode, *crew.modes.values())})
    place_of_used, least = contracted(
        [problem.travel_s[mode] for mode in modes], used=used, none_from=UNREACHABLE_S
    )
    place = np.zeros(problem.node_count, dtype=np.int64)
    place[used] = place_of_used
    return place, least


def _whole(bound: float) -> int:
    return max(0, math.ceil(bound - ROUNDING))
