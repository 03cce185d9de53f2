"""The benchmark of the weekly plan on a county small enough for every run of the tests."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest

import benchmarks
from benchmarks.county import county_week, generated_county
from benchmarks.plan import main
from benchmarks.real_networks import real_weeks
from gis.routing.problem import UNREACHABLE_S

SMALL = [
    *("--counties", "40", "--seconds", "0.5", "--bound", "1"),
    *("--no-cross-check", "--no-side-by-side"),
]


def test_a_small_county_is_planned_validly_and_within_its_bound(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BENCH_NETWORKS", raising=False)
    main(SMALL)
    heading, row = capfd.readouterr().out.splitlines()[-2:]
    assert heading.split()[0] == "county"
    cells = row.split()
    assert cells[0] == "40"
    assert cells[7] == "0"
    assert 0.0 < float(cells[10]) < 15.0
    assert cells[-1] == "yes"


def test_the_same_seed_gives_the_same_county() -> None:
    weeks = [county_week(generated_county(40, crew_count=3), crew_count=3) for _ in range(2)]
    assert weeks[0].tasks == weeks[1].tasks
    assert (weeks[0].travel_s["car"] == weeks[1].travel_s["car"]).all()
    assert sum(not task.is_stop for task in weeks[0].tasks) == 40
    assert sum(task.is_stop for task in weeks[0].tasks) == 4
    assert {task.times for task in weeks[0].tasks} == {1, 2, 3}
    assert all(task.crews for task in weeks[0].tasks)


def test_networks_whose_file_is_absent_are_left_out(tmp_path: Path) -> None:
    assert real_weeks(tmp_path) == {}


def test_surveyed_drains_become_a_week_with_ways_between_all_of_them(
    shared_data: Callable[[str], Path],
) -> None:
    folder = shared_data("rivers_roads")
    problem = real_weeks(folder)["Dar es Salaam"]()
    assert len(problem.tasks) > 100
    assert problem.travel_s["car"].max() < UNREACHABLE_S


def test_every_benchmark_can_be_loaded() -> None:
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    assert {"plan", "replan", "matrix"} <= set(names)
    for name in names:
        if name != "__main__":
            importlib.import_module(f"benchmarks.{name}")
