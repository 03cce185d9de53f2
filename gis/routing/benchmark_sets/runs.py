"""Our search on benchmark instances."""

from dataclasses import dataclass, replace

import numpy as np

from gis.routing.benchmark_sets.instance import (
    DAY_PATTERNS,
    DAYS,
    DAYS_OF_DEMAND,
    UNREACHABLE,
    BenchmarkInstance,
    BenchmarkSolution,
    load_factor,
)
from gis.routing.engine.annealing import Annealing, Heat, Outcome, SearchBudget
from gis.routing.engine.model import UNLIMITED, Model, PatternSet, Tasks, Vehicles, model_of
from gis.routing.engine.workspace import tuning_of

# Vehicles beyond the least number: where a fleet is free, more vehicles can be cheaper.
_SPARE_VEHICLES = 3
# Price of a missing visit in longest ways; in a week of little room it has to be high.
_MISSING, _DEAR = 10, 20
_FLEET_SHARE = 0.1
_FLEET_SHARE_MOST = 0.6
_FLEET_HEAT = Heat()
_COST_HEAT = Heat(hot=1.0, cold=0.03)


@dataclass(frozen=True, slots=True)
class Run:
    """A solution, and the seconds after which it was found."""

    solution: BenchmarkSolution
    best_after_s: float


def run_instance(
    instance: BenchmarkInstance, *, seed: int, budget: SearchBudget, enough: int | None = None
) -> Run | None:
    """Search one instance; ``enough`` ends the search when reached. None without a solution.

    Periodic instances are searched for the smallest fleet first, then for cost; their budget must
    be in seconds.
    """
    if instance.is_periodic:
        return _run_periodic(instance, seed=seed, budget=budget, enough=enough)
    model = _model(instance, fleet=fleet_of(instance), missing=_MISSING)
    annealing = Annealing(
        model,
        tuning_of(model, complete_only=True),
        seed=seed,
        heat=Heat(enough=float(enough or 0)),
    )
    outcome = annealing.run(budget)
    if not np.isfinite(outcome.cost):
        return None
    return Run(_solution(model, outcome), outcome.best_after_s)


def _run_periodic(
    instance: BenchmarkInstance, *, seed: int, budget: SearchBudget, enough: int | None
) -> Run | None:
    seconds = budget.seconds or 1.0
    began = budget.clock()
    fleet = _least_fleet(instance)
    probe = replace(budget, iterations=None, seconds=seconds * _FLEET_SHARE)
    while True:
        model = _model(instance, fleet=fleet, missing=_DEAR)
        tuning = tuning_of(model, whole_share=0.3, whole_only=True, complete_only=True)
        # Any complete plan will do here: the cost is searched afterwards, also through overload.
        heat = replace(_FLEET_HEAT, enough=float(np.finfo(np.float64).max))
        first = Annealing(model, tuning, seed=seed, heat=heat).run(probe)
        if np.isfinite(first.cost):
            break
        if budget.clock() - began > seconds * _FLEET_SHARE_MOST:
            return None
        fleet += 1
    tuning = tuning_of(
        model,
        whole_share=0.5,
        whole_only=True,
        complete_only=True,
        overload=_overload_price(instance),
    )
    heat = replace(_COST_HEAT, enough=float(enough or 0))
    annealing = Annealing(model, tuning, seed=seed, heat=heat, start=first.orders)
    used = budget.clock() - began
    outcome = annealing.run(replace(budget, iterations=None, seconds=max(seconds - used, 0.1)))
    return Run(_solution(model, outcome), used + outcome.best_after_s)


def _overload_price(instance: BenchmarkInstance) -> float:
    """Return about what a unit of load costs to serve; the search goes on from there."""
    cost = sum(item.cost * item.times for item in instance.required)
    demand = sum(item.demand for item in instance.required)
    return cost / max(1, DAYS_OF_DEMAND * demand)


def _least_fleet(instance: BenchmarkInstance) -> int:
    demand = sum(item.demand for item in instance.required)
    if instance.is_periodic:
        return max(1, -(-7 * demand // (DAYS * instance.capacity)))
    return max(1, -(-demand // instance.capacity))


def fleet_of(instance: BenchmarkInstance) -> int:
    """Return how many vehicles a search may use: those stated, else some more than necessary."""
    return instance.vehicles or _least_fleet(instance) + _SPARE_VEHICLES


def _model(instance: BenchmarkInstance, *, fleet: int, missing: int) -> Model:
    required = instance.required
    days = DAYS if instance.is_periodic else 1
    vehicles = fleet * days
    none = np.zeros(vehicles, np.int64)
    cost = np.array([item.cost for item in required], np.int64)
    patterns = {times: PatternSet(masks) for times, masks in DAY_PATTERNS.items()}
    tasks = Tasks(
        ends=np.array([(item.start, item.end) for item in required], np.int64),
        service=np.stack([cost, cost], axis=1),
        one_way=np.array([item.one_way for item in required], np.bool_),
        demand=np.array([item.demand for item in required], np.int64),
        times=np.array([item.times for item in required], np.int64),
        worth=np.full(len(required), missing * _longest_way(instance) + 1, np.int64),
        patterns=[patterns[item.times] if days > 1 else PatternSet((1,)) for item in required],
    )
    return model_of(
        instance.travel[None],
        tasks,
        Vehicles(
            start=none + instance.depot,
            end=none + instance.depot,
            mode=none,
            day=np.arange(vehicles) // fleet,
            team=none,
            capacity=none + instance.capacity,
            limit=none + UNLIMITED,
        ),
        load_factor=_load_factors() if days > 1 else None,
    )


def _longest_way(instance: BenchmarkInstance) -> int:
    return int(instance.travel[instance.travel < UNREACHABLE].max(initial=1))


def _load_factors() -> np.ndarray:
    factors = np.ones((1 << DAYS, DAYS), np.int64)
    for mask in range(1, 1 << DAYS):
        days = [day for day in range(DAYS) if mask >> day & 1]
        for day in days:
            factors[mask, day] = load_factor(days, day)
    return factors


def _solution(model: Model, outcome: Outcome) -> BenchmarkSolution:
    days = model.load_factor.shape[1]
    routes: list[list[tuple[int, ...]]] = [[] for _ in range(days)]
    for day, order in zip(model.day.tolist(), outcome.orders, strict=True):
        if order:
            routes[day].append(order)
    return BenchmarkSolution(tuple(tuple(day) for day in routes))
