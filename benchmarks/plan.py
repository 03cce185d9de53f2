"""How fast and how good the weekly plan of a generated county is; PyVRP as a cross-check."""

import time

import numpy as np

from benchmarks import pyvrp_engine
from benchmarks.county import county_week, generated_county, roads, terminals
from gis.routing.engine import warm_up
from gis.routing.network_matrix import TravelRules, travel_matrix
from gis.routing.problem import WeekProblem
from gis.routing.solve import Progress, SearchBudget, solve
from gis.routing.verify import verify

SEED = 1
# Reaches and crews; the last is overloaded on purpose.
COUNTIES = ((200, 10), (500, 10), (500, 3))
BUDGETS_S = (3.0, 10.0)


def main() -> None:
    """Print one row per county and budget."""
    warm_up()
    head = ("reaches", "crews", "matrix s", "budget s", "first s", "total s", "iterations")
    print("".join(f"{title:>12}" for title in head), "  served/due  overhead %  valid")
    for reach_count, crew_count in COUNTIES:
        rng = np.random.default_rng(SEED)
        county = generated_county(reach_count, crew_count=crew_count, rng=rng)
        start = time.perf_counter()
        travel = travel_matrix(roads(county), terminals(county), rules=TravelRules())
        matrix_s = time.perf_counter() - start
        problem = county_week(county, rng=rng, travel_s=travel.seconds)
        for budget_s in BUDGETS_S:
            print(_row(problem, matrix_s=matrix_s, budget_s=budget_s), flush=True)
        print(_cross_check(problem, budget_s=BUDGETS_S[-1]), flush=True)


def _row(problem: WeekProblem, *, matrix_s: float, budget_s: float) -> str:
    start = time.perf_counter()
    moments: list[float] = []

    def told(_: Progress) -> None:
        moments.append(time.perf_counter() - start)

    plan = solve(problem, seed=SEED, budget=SearchBudget(seconds=budget_s), progress=told)
    total = time.perf_counter() - start
    verdict = verify(problem, plan)
    reach_count = sum(not task.is_stop for task in problem.tasks)
    first = f"{moments[0]:.1f}" if moments else "-"
    served = f"{verdict.served_visits}/{verdict.due_visits}"
    return (
        f"{reach_count:12d}{len(problem.crews):12d}{matrix_s:12.1f}{budget_s:12.0f}{first:>12}{total:12.1f}"
        f"{plan.iterations:12d}{served:>12}{plan.overhead_share * 100:14.1f}"
        f"{'yes' if verdict.is_valid else 'NO':>7}"
    )


def _cross_check(problem: WeekProblem, *, budget_s: float) -> str:
    """Return what PyVRP finds, as a plan of ours: no iteration of our own follows."""
    found = pyvrp_engine.search(problem, seed=SEED, budget=SearchBudget(seconds=budget_s))
    plan = solve(problem, seed=SEED, budget=SearchBudget(iterations=0), start=found.orders)
    verdict = verify(problem, plan)
    return (
        f"    PyVRP, {budget_s:.0f} s: served {verdict.served_visits}/{verdict.due_visits},"
        f" overhead {plan.overhead_share * 100:.1f} %"
    )


if __name__ == "__main__":
    main()
