"""PyVRP on published benchmark instances: the comparison row of `inspect-app bench plan --pyvrp`.

`python -m benchmarks.pyvrp_sets` answers the questions of the bench command, a line each. Each edge
is a required group of two mutually exclusive clients, one per direction; nodes and arcs have one.
"""

import time

import numpy as np
import pyvrp
from pyvrp import IteratedLocalSearchCallbacks, IteratedLocalSearchParams, SolveParams

from gis.routing.benchmark_sets.instance import BenchmarkInstance, BenchmarkSolution
from gis.routing.benchmark_sets.runs import Run, fleet_of
from gis.routing.benchmark_sets.search_process import Question, serve


def search(instance: BenchmarkInstance, question: Question) -> Run | None:
    """Return the best feasible solution within the seconds asked for; None without one."""
    began = time.process_time()
    data, tasks = _statement(instance)
    watcher = _Watcher(began)

    def is_over(best_cost: int) -> bool:
        spent = time.process_time() - began
        return spent >= question.seconds or best_cost <= (question.enough or 0)

    result = pyvrp.solve(
        data,
        is_over,
        seed=question.seed,
        collect_stats=False,
        params=SolveParams(ils=IteratedLocalSearchParams(callbacks=watcher)),
    )
    if not result.best.is_feasible():
        return None
    routes = tuple(
        tuple(tasks[activity.idx] for activity in route if activity.is_client())
        for route in result.best.routes()
    )
    return Run(BenchmarkSolution((routes,)), watcher.best_after_s)


class _Watcher(IteratedLocalSearchCallbacks):
    """Notes when the best feasible solution was found."""

    def __init__(self, began: float) -> None:
        self._began = began
        self.best_after_s = 0.0

    def on_best(self, best: pyvrp.Solution) -> None:
        """Take the time of an improvement."""
        if best.is_feasible():
            self.best_after_s = time.process_time() - self._began


def _statement(instance: BenchmarkInstance) -> tuple[pyvrp.ProblemData, list[int]]:
    """Return the data, and for each client the number of what it serves."""
    entries, exits, services = [instance.depot], [instance.depot], [0]
    clients, groups, tasks = [], [], []
    for number, item in enumerate(instance.required):
        two_ways = not item.one_way and item.start != item.end
        members = []
        for entry, leave in ((item.start, item.end), (item.end, item.start))[: 1 + two_ways]:
            members.append(len(clients))
            tasks.append(number)
            entries.append(entry)
            exits.append(leave)
            services.append(item.cost)
            location = len(clients) + 1
            clients.append(
                pyvrp.Client(location, delivery=[item.demand], required=False, group=number)
            )
        groups.append(pyvrp.ClientGroup(members, required=True))
    costs = instance.travel[np.ix_(exits, entries)].astype(np.int64) + np.array(services)
    np.fill_diagonal(costs, 0)
    # The solver works from matrices; coordinates are required but unused.
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in entries],
        clients,
        [pyvrp.Depot(0)],
        [pyvrp.VehicleType(fleet_of(instance), [instance.capacity], 0, 0)],
        [costs],
        [np.zeros_like(costs)],
        groups,
    )
    return data, tasks


if __name__ == "__main__":
    serve(search)
