"""How fast and how gently the published plan of a generated county is changed on a Wednesday."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.county import county_week, generated_county
from gis.routing.problem import Direction, PatrolTask, Start, WeekPlan, WeekProblem
from gis.routing.replan import (
    CrewAbsent,
    Happened,
    Moment,
    Offer,
    Standing,
    Urgent,
    best,
    insert_only,
    remaining,
)
from gis.routing.replan.pace import VisitNow, progress_of
from gis.routing.solve import SearchBudget, orders_of, solve
from gis.routing.warm import warm_up

SEED = 1
REACHES, CREWS = 2000, 15
PLAN_S = 20.0
WEDNESDAY = 2
NOW = Moment(WEDNESDAY, 10 * 3600)
TRIALS = 8
PENALTIES_MIN = (0, 5, 15, 30)
# Seconds are those of the slowest case, everything else is a mean; "worse" counts the cases.
HEADS = (
    "penalty",
    "first s",
    "best s",
    "insert min",
    "best min",
    "moved",
    "crew-days",
    "lost first",
    "lost best",
    "worse",
)
BEST_S = 1.0
"""Search time of the second offer; loading the problem comes on top and is measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One change: seconds of both answers and the two offers."""

    first_s: float
    best_s: float
    first: Offer
    second: Offer

    def is_worse(self, *, change_s: int) -> bool:
        """Tell whether the second offer loses more, or as much and takes longer."""
        lost, other = (one.rank(change_s=change_s)[0] for one in (self.first, self.second))
        return other > lost or (other == lost and self.second.added_s > self.first.added_s)


def main() -> None:
    """Print a table for urgent stops and one for absent crews."""
    # As a worker and the pages do when they start.
    warm_up()
    problem, plan = published()
    standing = standing_of(problem, plan)
    rng = np.random.default_rng(SEED)
    reaches = [task for task in problem.tasks if not task.is_stop]
    near = [reaches[row] for row in rng.integers(0, len(reaches), TRIALS)]
    print("urgent stop of 30 min, promised within 2 h, Wednesday 10:00")
    _print_table(problem, standing, [_urgent(reach) for reach in near])
    print("crew absent from Thursday on for a day")
    crews = rng.choice(CREWS, min(TRIALS, CREWS), replace=False)
    absent = [Happened(absent=(CrewAbsent(f"crew {n}", frozenset({3})),)) for n in crews]
    _print_table(problem, standing, absent)


def published() -> tuple[WeekProblem, WeekPlan]:
    """Return the county's week and its published plan."""
    county = generated_county(REACHES, crew_count=CREWS, seed=SEED)
    problem = county_week(county, crew_count=CREWS, seed=SEED)
    budget = SearchBudget(seconds=PLAN_S, clock=time.process_time)
    plan = solve(problem, seed=SEED, budget=budget)
    visits = sum(len(route.visits) for route in plan.routes)
    missing = sum(item.missing for item in plan.unserved)
    print(
        f"{REACHES} reaches, {CREWS} crews, {visits} visits planned, {missing} missing,"
        f" travel {plan.overhead_share * 100:.1f} % of patrol"
    )
    return problem, plan


def standing_of(problem: WeekProblem, plan: WeekPlan) -> Standing:
    """Return how far the crews are when all keep the pace of the plan and send no word."""
    tasks = problem.task_by_key()
    settled, starts = {}, {}
    for route in plan.routes:
        if route.day != NOW.day:
            continue
        visits = [VisitNow(one.task, one.arrival_s, one.departure_s) for one in route.visits]
        done = progress_of(visits, leave_s=route.leave_s, now_s=NOW.second, silent=True)
        settled[route.crew, route.day] = done.settled
        if done.settled:
            last = route.visits[len(done.settled) - 1]
            task = tasks[last.task]
            node = task.end_node if last.direction is Direction.forward else task.start_node
            starts[route.crew] = Start(node, done.free_s)
    return Standing(orders_of(plan), NOW, settled=settled, starts=starts)


def _urgent(reach: PatrolTask) -> Happened:
    """Return an urgent stop at the end of a reach; every crew may serve it."""
    node = reach.end_node
    task = PatrolTask("urgent", node, node, 1800, days=frozenset(range(7)), grid=reach.grid)
    by = Moment(NOW.day, NOW.second + 7200)
    return Happened(urgent=(Urgent(task, by),))


def _print_table(problem: WeekProblem, standing: Standing, cases: Iterable[Happened]) -> None:
    print("".join(f"{head:>12}" for head in HEADS), flush=True)
    every = list(cases)
    for penalty_min in PENALTIES_MIN:
        rows = [_measure(problem, standing, case, penalty_min=penalty_min) for case in every]
        figures = (
            f"{penalty_min} min",
            f"{max(row.first_s for row in rows):.3f}",
            f"{max(row.best_s for row in rows):.2f}",
            _mean(row.first.added_s / 60 for row in rows),
            _mean(row.second.added_s / 60 for row in rows),
            _mean(len(row.second.moved) for row in rows),
            _mean(len(row.second.touched) for row in rows),
            _mean(len(row.first.unserved) for row in rows),
            _mean(len(row.second.unserved) for row in rows),
            f"{sum(row.is_worse(change_s=penalty_min * 60) for row in rows)}",
        )
        print("".join(f"{figure:>12}" for figure in figures), flush=True)


def _measure(
    problem: WeekProblem, standing: Standing, happened: Happened, *, penalty_min: int
) -> Measured:
    began = time.process_time()
    rest = remaining(problem, standing, happened)
    first = insert_only(rest)
    answered = time.process_time()
    second = best(
        rest,
        first,
        change_s=penalty_min * 60,
        seed=SEED,
        budget=SearchBudget(seconds=BEST_S, clock=time.process_time),
    )
    return Measured(answered - began, time.process_time() - answered, first, second)


def _mean(values: Iterable[float]) -> str:
    numbers = list(values)
    return f"{sum(numbers) / len(numbers):.1f}"


if __name__ == "__main__":
    main()
