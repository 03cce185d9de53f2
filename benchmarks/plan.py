"""How fast and how good the weekly plan of a county is, and how far it is from the best possible.

Generated counties, and real networks where ``--networks`` (or BENCH_NETWORKS) names a folder with
their files, see ``benchmarks.real_networks``. Each county has a process of its own, so that the
memory shown is its own; that of two searches side by side is the memory of all processes. Seconds
are the processor's.
"""

import argparse
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.county import county_week, generated_county
from benchmarks.memory import peak_memory
from gis.routing.bound import visits_of, week_bound
from gis.routing.explain import explain
from gis.routing.parallel import SEARCHES, solve_in_parallel, with_shared_matrices
from gis.routing.problem import WeekPlan, WeekProblem
from gis.routing.solve import Progress, SearchBudget, solve
from gis.routing.verify import Verdict, verify
from gis.routing.warm import warm_up

SEED = 1
COUNTIES = (500, 2000, 5000)
REACHES_PER_CREW = 132
# The PyVRP cross-check takes gigabytes beyond this.
CROSS_CHECKED = 500
BUDGETS_S = (2.0, 10.0, 60.0)
BOUND_S = 100.0
HEAD = (
    f"{'county':>16}{'crews':>6}{'visits':>7}{'matrix s':>9}{'first s':>8}{'search s':>9}"
    f"{'overhead %':>11}{'uncovered':>10}{'bound %':>8}{'bound s':>8}{'over bound %':>13}"
    f"{'of plan %':>10}{'crew hours':>12}{'peak MB':>8}  valid"
)
FILES = "a folder that may hold the files named in benchmarks/real_networks.py"
LEGEND = (
    "overhead = travel / service; bound = the least any plan with these visits has; over bound ="
    " hours of the plan / hours of the bound - 1; of plan = (plan - bound) / plan"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A plan with what was measured while it was made."""

    plan: WeekPlan
    verdict: Verdict
    first_s: float


def main(options: Sequence[str] = ()) -> None:
    """Print rows per county: the plan after each budget, the last with its bound."""
    wanted = _options(options)
    print(f"{LEGEND}\n{HEAD}", flush=True)
    _alone(warm_up)
    for reaches in wanted.counties:
        week = partial(
            generated_week, reaches, crew_count=max(2, round(reaches / REACHES_PER_CREW))
        )
        _alone(partial(measure, str(reaches), week, budgets=wanted.seconds, bound_s=wanted.bound))
        if wanted.side_by_side:
            _alone(partial(measure_together, week, budget_s=wanted.seconds[-1]))
        if reaches <= CROSS_CHECKED and wanted.cross_check:
            _alone(partial(cross_check, week, budget_s=wanted.seconds[-1]))
    if wanted.networks:
        # Only here the readers of files are loaded: the memory shown is the plan's.
        from benchmarks.real_networks import real_weeks

        for name in real_weeks(Path(wanted.networks)):
            week = partial(real_week, name, wanted.networks)
            _alone(partial(measure, name, week, budgets=wanted.seconds, bound_s=wanted.bound))


def _options(given: Sequence[str]) -> argparse.Namespace:
    def numbers(kind: Callable[[str], float]) -> Callable[[str], list[float]]:
        return lambda text: [kind(part) for part in text.split(",") if part]

    parser = argparse.ArgumentParser(prog="benchmarks plan", description=__doc__)
    parser.add_argument("--counties", type=numbers(int), default=list(COUNTIES))
    parser.add_argument("--seconds", type=numbers(float), default=list(BUDGETS_S))
    parser.add_argument("--bound", type=float, default=BOUND_S, help="seconds for the bound")
    parser.add_argument("--networks", default=os.environ.get("BENCH_NETWORKS"), help=FILES)
    parser.add_argument("--cross-check", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--side-by-side", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args(list(given))


def _alone(work: Callable[[], None]) -> None:
    """Do the work in a new process."""
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def generated_week(reaches: int, *, crew_count: int) -> WeekProblem:
    """Return the week of a generated county."""
    county = generated_county(reaches, crew_count=crew_count, seed=SEED)
    return county_week(county, crew_count=crew_count, seed=SEED)


def real_week(name: str, folder: str) -> WeekProblem:
    """Return the week on a real network."""
    from benchmarks.real_networks import real_weeks

    return real_weeks(Path(folder))[name]()


def measure(
    name: str, week: Callable[[], WeekProblem], *, budgets: Sequence[float], bound_s: float
) -> None:
    """Print a row per budget; the last plan is compared with the bound."""
    began = time.process_time()
    problem = week()
    matrix_s = time.process_time() - began
    # As a worker does when it starts; it is the problem's own seconds that count.
    warm_up()
    for budget_s in budgets:
        found = planned(problem, budget_s=budget_s)
        began = time.process_time()
        bound = 0
        if budget_s == budgets[-1]:
            bound = week_bound(
                problem, served=visits_of(found.plan), seconds=bound_s, clock=time.process_time
            )
        spent = time.process_time() - began
        row = f"{name:>16}{len(problem.crews):6d}{found.verdict.due_visits:7d}{matrix_s:9.1f}"
        row += f"{found.first_s:8.2f}{budget_s:9.0f}{_figures(found)}"
        row += _bound_figures(found.plan, bound, spent) + _spread(problem, found.plan)
        print(f"{row}{_peak_mb():8d}  {'yes' if found.verdict.is_valid else 'NO'}", flush=True)
    if found.plan.unserved:
        _say_why(problem, found.plan)


def measure_together(week: Callable[[], WeekProblem], *, budget_s: float) -> None:
    """Print what two searches find side by side, and the memory of all processes."""
    warm_up()
    with peak_memory() as peak:
        problem = with_shared_matrices(week())
        # The clock on the wall: each search has a core of its own, and as long as one alone has.
        plan = solve_in_parallel(problem, seed=SEED, budget=SearchBudget(seconds=budget_s))
    verdict = verify(problem, plan)
    print(
        f"    {SEARCHES} searches, {budget_s:.0f} s:"
        f" served {verdict.served_visits}/{verdict.due_visits},"
        f" overhead {plan.overhead_share * 100:.2f} %, valid {verdict.is_valid},"
        f" peak {peak.mb} MB in {peak.processes} processes",
        flush=True,
    )


def planned(problem: WeekProblem, *, budget_s: float) -> Found:
    """Return the plan after a budget, and when its first version was there."""
    began = time.process_time()
    moments: list[float] = []

    def told(_: Progress) -> None:
        moments.append(time.process_time() - began)

    budget = SearchBudget(seconds=budget_s, clock=time.process_time)
    plan = solve(problem, seed=SEED, budget=budget, progress=told)
    return Found(plan, verify(problem, plan), moments[0])


def _figures(found: Found) -> str:
    missing = found.verdict.due_visits - found.verdict.served_visits
    return f"{found.plan.overhead_share * 100:11.2f}{missing:10d}"


def _bound_figures(plan: WeekPlan, bound_s: int, spent_s: float) -> str:
    if not bound_s:
        return f"{'-':>8}{'-':>8}{'-':>13}{'-':>10}"
    hours = plan.travel_s + plan.service_s
    least = (bound_s / plan.service_s - 1) * 100
    over, of_plan = (hours / bound_s - 1) * 100, (hours - bound_s) / hours * 100
    return f"{least:8.2f}{spent_s:8.0f}{over:13.2f}{of_plan:10.2f}"


def _spread(problem: WeekProblem, plan: WeekPlan) -> str:
    hours = {crew.key: 0.0 for crew in problem.crews}
    for route in plan.routes:
        hours[route.crew] += route.used_s / 3600
    used = np.array(list(hours.values()))
    return f"{f'{used.min():.1f}-{used.max():.1f}':>12}"


def _say_why(problem: WeekProblem, plan: WeekPlan) -> None:
    began = time.process_time()
    explained = explain(problem, plan)
    spent = time.process_time() - began
    reasons: dict[str, int] = {}
    for item in explained.unserved:
        reasons[str(item.reason)] = reasons.get(str(item.reason), 0) + item.missing
    print(
        f"    uncovered: {reasons}; short of {explained.short_s / 3600:.0f} h in all;"
        f" explained in {spent:.2f} s",
        flush=True,
    )


def cross_check(week: Callable[[], WeekProblem], *, budget_s: float) -> None:
    """Print what PyVRP finds, as a plan of ours: no iteration of our own follows."""
    from benchmarks import pyvrp_engine

    problem = week()
    budget = SearchBudget(seconds=budget_s, clock=time.process_time)
    found = pyvrp_engine.search(problem, seed=SEED, budget=budget)
    plan = solve(problem, seed=SEED, budget=SearchBudget(iterations=0), start=found.orders)
    verdict = verify(problem, plan)
    print(
        f"    PyVRP, {budget_s:.0f} s: served {verdict.served_visits}/{verdict.due_visits},"
        f" overhead {plan.overhead_share * 100:.2f} %, peak {_peak_mb()} MB",
        flush=True,
    )


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
