"""The problem of one week: what is due, who can go, how long the ways are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from gis.routing.problem.crews import Crew, check_crew
from gis.routing.problem.tasks import PatrolTask, check_task
from gis.routing.problem.units import SecondsMatrix, require


@dataclass(frozen=True, slots=True)
class Weights:
    """What a visit is worth, in seconds of travel.

    ``visit_s`` should exceed the longest shift: then no reachable visit is left out merely because
    it is far away. A must-visit is worth ``must_factor`` times the best other visit.
    A second of overtime costs as much as ``overtime_factor`` seconds of travel.
    ``balance`` evens out the crews' weekly hours while searching: 0 not at all; 0.05 narrows the
    spread by half almost free of charge, 0.3 costs some travel.
    """

    visit_s: int = 36_000
    overdue_s_per_day: int = 600
    overdue_days_cap: int = 60
    priority_s: int = 3_600
    must_factor: int = 20
    overtime_factor: int = 10
    balance: float = 0.0


@dataclass(frozen=True, slots=True)
class WeekProblem:
    """Everything the plan of one week depends on, except seed and budget.

    Parameters
    ----------
    week
        The Monday.
    tasks, crews
        What is due and who can go.
    travel_s
        Per mode of travel one square matrix of seconds between nodes; need not be symmetric.
        Entries from ``UNREACHABLE_S`` upwards mean no way.

    Raises
    ------
    InconsistentProblem
        On doubled keys, unknown nodes or modes, times or days outside the week.
    """

    week: date
    tasks: tuple[PatrolTask, ...]
    crews: tuple[Crew, ...]
    travel_s: Mapping[str, SecondsMatrix]
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        require(self.week.weekday() == 0, f"{self.week} is not a Monday")
        _check_keys(self)
        _check_matrices(self)
        nodes, modes = range(self.node_count), frozenset(self.travel_s)
        for task in self.tasks:
            check_task(task, nodes=nodes)
        for crew in self.crews:
            check_crew(crew, nodes=nodes, modes=modes)

    @property
    def node_count(self) -> int:
        """Number of terminal nodes."""
        return min((len(matrix) for matrix in self.travel_s.values()), default=0)

    def ways_of(self, crew: Crew, day: int) -> SecondsMatrix:
        """Return the travel matrix by which a crew goes on a day."""
        return self.travel_s[crew.modes.get(day, crew.mode)]

    def date_of(self, day: int) -> date:
        """Return the date of a day offset."""
        return self.week + timedelta(days=day)

    def task_by_key(self) -> dict[str, PatrolTask]:
        """Return the tasks by their keys."""
        return {task.key: task for task in self.tasks}

    def crew_by_key(self) -> dict[str, Crew]:
        """Return the crews by their keys."""
        return {crew.key: crew for crew in self.crews}


def _check_keys(problem: WeekProblem) -> None:
    for name, keys in (
        ("task", [task.key for task in problem.tasks]),
        ("crew", [crew.key for crew in problem.crews]),
    ):
        require(len(set(keys)) == len(keys), f"a {name} key occurs twice")


def _check_matrices(problem: WeekProblem) -> None:
    for mode, matrix in problem.travel_s.items():
        count = problem.node_count
        whole = np.issubdtype(matrix.dtype, np.integer) and matrix.min(initial=0) >= 0
        require(matrix.shape == (count, count), f"travel matrix of {mode} is not {count} square")
        require(whole, f"travel matrix of {mode} must be whole seconds from 0 on")
