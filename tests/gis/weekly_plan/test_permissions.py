"""Who may serve what on which day: the table for the week says what is said of each pair."""

from dataclasses import replace

import numpy as np
import pytest

from gis.routing.engine.week import model_of_week
from gis.routing.insertions import is_reachable
from gis.routing.permissions import crew_days_of, days_with, permissions, reachable
from gis.routing.problem import UNREACHABLE_S, PatrolTask, WeekProblem, may_serve_on
from tests.gis.routing_weeks import MONDAY, crew, eventful_week, line_travel


@pytest.mark.parametrize("seed", range(5))
def test_the_table_of_permissions_says_what_is_said_of_each_task_and_crew_day(seed: int) -> None:
    problem = eventful_week(seed)
    crew_days = crew_days_of(problem)
    allowed = permissions(problem, crew_days)
    for row, task in enumerate(problem.tasks):
        said = [may_serve_on(one, task, day=day) for one, day in crew_days]
        assert allowed[row].tolist() == said
        days = {day for (_, day), may in zip(crew_days, said, strict=True) if may}
        assert days_with(allowed, crew_days)[row] == sum(1 << day for day in days)


def test_the_table_of_ways_says_what_is_said_of_each_crew() -> None:
    problem = eventful_week(3)
    travel = problem.travel_s["car"].copy()
    travel[0, 6:20] = UNREACHABLE_S
    cut = replace(problem, travel_s={"car": travel})
    crew_days = crew_days_of(cut)
    table = reachable(cut, crew_days)
    assert not table.all()
    assert table.any()
    for row, task in enumerate(cut.tasks):
        said = [is_reachable(one, task, travel_s=travel) for one, _ in crew_days]
        assert table[row].tolist() == said


def test_weeks_without_tasks_or_crews_have_empty_tables() -> None:
    travel = {"car": line_travel([0, 60])}
    nobody = WeekProblem(MONDAY, (PatrolTask("stop", 1, 1, 600),), (), travel)
    nothing = WeekProblem(MONDAY, (), (crew(),), travel)
    assert permissions(nobody, crew_days_of(nobody)).shape == (1, 0)
    assert reachable(nobody, crew_days_of(nobody)).shape == (1, 0)
    assert permissions(nothing, crew_days_of(nothing)).shape == (0, 5)


def test_one_matrix_of_32_bits_is_searched_as_it_is() -> None:
    problem = eventful_week(1)
    single = problem.travel_s["car"].astype(np.int32)
    model = model_of_week(replace(problem, travel_s={"car": single}))
    assert np.shares_memory(model.travel, single)
    wide = model_of_week(problem)
    assert wide.travel.dtype == np.int32
    assert (wide.travel == model.travel).all()
