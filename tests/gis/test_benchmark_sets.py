"""Published benchmark files: readers by hand-made files, a checker that bites, known optima."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from gis.routing.benchmark_sets.checker import WrongSolution, checked_cost
from gis.routing.benchmark_sets.exact import least_cost
from gis.routing.benchmark_sets.instance import (
    DAY_PATTERNS,
    BenchmarkInstance,
    BenchmarkSolution,
    Required,
    cheapest_costs,
    load_factor,
)
from gis.routing.benchmark_sets.readers import (
    Format,
    UnreadableInstance,
    instance_files,
    read_instance,
)
from gis.routing.benchmark_sets.runs import run_instance
from gis.routing.benchmark_sets.search_process import OURS, Question, SearchEnded, searcher
from gis.routing.benchmark_sets.table import BestKnown, Measured, figures, read_best_known
from gis.routing.benchmark_sets.thresholds import Threshold, budgets
from gis.routing.engine import SearchBudget
from inspect_app.cli import main

CARP = """NOMBRE : tiny
VERTICES : 3
VEHICULOS : 1
CAPACIDAD : 5
LISTA_ARISTAS_REQ :
( 1, 2)  coste 4  demanda 3
( 2, 3)  coste 5  demanda 2
LISTA_ARISTAS_NOREQ :
( 1, 3)  coste 7
DEPOSITO :  1
"""

PERIODIC = """Name= tiny
nbnodes=2
capacity=30
 arc=1, From=1, to=1, Qty=-1, Trav=0, Col= 0, inv=1,succ=1; freq= 5, minspac= 1, maxspac= 1
 arc=2, From=1, to=2, Qty=4, Trav=3, Col= 9, inv=3,succ=3; freq= 2, minspac= 1, maxspac= 4
 arc=3, From=2, to=1, Qty=4, Trav=3, Col= 9, inv=2,succ=2; freq= 2, minspac= 1, maxspac= 4
"""

MIXED = """Name:\t\ttiny
Optimal value:\t20
#Vehicles:\t2
Capacity:\t5
Depot Node:\t1
#Nodes:\t\t3

ReN.\tDEMAND\tS. COST
N3\t1\t8

ReE.\tFrom N.\tTo N.\tT. COST\tDEMAND\tS. COST
E1\t1\t2\t4\t2\t6

EDGE\tFROM N.\tTO N.\tT. COST

ReA.\tFROM N.\tTO N.\tT. COST\tDEMAND\tS. COST
A1\t2\t3\t5\t1\t2

ARC\tFROM N.\tTO N.\tT. COST
NrA1\t3\t1\t11
-1
"""


def read(tmp_path: Path, text: str, *, text_format: Format) -> BenchmarkInstance:
    path = tmp_path / "tiny.dat"
    path.write_text(text, encoding="latin-1")
    return read_instance(path, text_format=text_format)


# --- readers --------------------------------------------------------------------------------------


def test_a_carp_file_gives_required_edges_and_cheapest_ways(tmp_path: Path) -> None:
    instance = read(tmp_path, CARP, text_format=Format.carp)
    assert (instance.name, instance.depot, instance.capacity) == ("tiny", 0, 5)
    assert instance.required == (Required(0, 1, 4, 3), Required(1, 2, 5, 2))
    assert instance.travel.tolist() == [[0, 4, 7], [4, 0, 5], [7, 5, 0]]


def test_a_periodic_file_tells_each_edge_once_with_its_visits(tmp_path: Path) -> None:
    instance = read(tmp_path, PERIODIC, text_format=Format.pcarp)
    assert instance.required == (Required(0, 1, 9, 4, times=2),)
    assert instance.is_periodic


def test_a_mixed_file_gives_nodes_edges_and_one_way_arcs(tmp_path: Path) -> None:
    instance = read(tmp_path, MIXED, text_format=Format.mcgrp)
    assert instance.required == (
        Required(2, 2, 0, 1),
        Required(0, 1, 4, 2),
        Required(1, 2, 5, 1, one_way=True),
    )
    # The arc leads from 2 to 3 only; back it goes over node 1.
    assert instance.travel.tolist() == [[0, 4, 9], [4, 0, 5], [11, 15, 0]]
    assert (instance.vehicles, instance.best) == (2, 20)


@pytest.mark.parametrize("text_format", list(Format))
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text_format: Format) -> None:
    with pytest.raises(UnreadableInstance):
        read(tmp_path, "nothing of the kind", text_format=text_format)


def test_files_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("g10.dat", "g9.dat", "README.txt", "g1.dat", "notes.md"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert [path.name for path in instance_files(tmp_path)] == ["g1.dat", "g9.dat", "g10.dat"]


# --- checker --------------------------------------------------------------------------------------


def test_the_checker_walks_each_route_in_its_cheapest_directions(tmp_path: Path) -> None:
    instance = read(tmp_path, CARP, text_format=Format.carp)
    assert checked_cost(instance, BenchmarkSolution((((0, 1),),))) == 4 + 5 + 7
    assert checked_cost(instance, BenchmarkSolution((((0,), (1,)),))) == (4 + 4) + (4 + 5 + 7)


@pytest.mark.parametrize("routes", [((0,),), ((0, 1, 0),), ((0, 1), (2,))])
def test_the_checker_catches_what_is_missing_doubled_or_unknown(
    tmp_path: Path, routes: tuple[tuple[int, ...], ...]
) -> None:
    instance = read(tmp_path, CARP, text_format=Format.carp)
    with pytest.raises(WrongSolution):
        checked_cost(instance, BenchmarkSolution((routes,)))


def test_the_checker_catches_overload_and_too_many_vehicles(tmp_path: Path) -> None:
    instance = read(tmp_path, CARP, text_format=Format.carp)
    with pytest.raises(WrongSolution):
        checked_cost(replace(instance, capacity=4), BenchmarkSolution((((0, 1),),)))
    with pytest.raises(WrongSolution):
        checked_cost(replace(instance, vehicles=1), BenchmarkSolution((((0,), (1,)),)))


def test_the_checker_knows_day_patterns_and_the_load_since_the_last_visit(tmp_path: Path) -> None:
    instance = read(tmp_path, PERIODIC, text_format=Format.pcarp)
    visit, none = ((0,),), ()
    apart = BenchmarkSolution((visit, none, visit, none, none))
    # Monday takes 5 days of demand 4, Wednesday 2.
    assert checked_cost(instance, apart) == 2 * (9 + 3)
    with pytest.raises(WrongSolution):
        checked_cost(replace(instance, capacity=19), apart)
    with pytest.raises(WrongSolution):
        checked_cost(instance, BenchmarkSolution((visit, visit, none, none, none)))


def test_the_loads_of_every_pattern_add_up_to_the_week() -> None:
    for masks in DAY_PATTERNS.values():
        for mask in masks:
            days = [day for day in range(5) if mask >> day & 1]
            assert sum(load_factor(days, day) for day in days) == 7


# --- runs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "text_format", "cost"), [(CARP, Format.carp, 16), (MIXED, Format.mcgrp, 20)]
)
def test_a_tiny_instance_is_solved_to_its_optimum(
    tmp_path: Path, text: str, text_format: Format, cost: int
) -> None:
    instance = read(tmp_path, text, text_format=text_format)
    run = run_instance(instance, seed=1, budget=SearchBudget(iterations=200))
    assert run is not None
    assert checked_cost(instance, run.solution) == cost


def test_a_tiny_week_is_solved_with_the_smallest_fleet(tmp_path: Path) -> None:
    instance = read(tmp_path, PERIODIC, text_format=Format.pcarp)
    run = run_instance(instance, seed=1, budget=SearchBudget(seconds=0.2))
    assert run is not None
    assert run.solution.fleet == 1
    assert checked_cost(instance, run.solution) == 24


def test_without_enough_vehicles_there_is_no_solution(tmp_path: Path) -> None:
    instance = replace(read(tmp_path, CARP, text_format=Format.carp), capacity=4, vehicles=1)
    assert run_instance(instance, seed=1, budget=SearchBudget(iterations=200)) is None


def test_gdb1_is_solved_to_its_optimum_of_316(shared_data: Path) -> None:
    instance = read_instance(shared_data / "carp/gdb/gdb1.dat", text_format=Format.carp)
    budget = SearchBudget(iterations=20_000)
    run = run_instance(instance, seed=1, budget=budget, enough=316)
    assert run is not None
    assert checked_cost(instance, run.solution) == 316


def test_random_instances_with_every_kind_of_task_pass_the_checker() -> None:
    rng = np.random.default_rng(4)
    nodes = rng.integers(1, 50, (12, 12))
    required = tuple(
        Required(
            int(a),
            int(b),
            int(rng.integers(1, 9)),
            int(rng.integers(1, 4)),
            one_way=bool(rng.random() < 0.5),
        )
        for a, b in rng.integers(0, 12, (40, 2))
    )
    instance = BenchmarkInstance("random", 0, 15, 0, required, nodes.astype(np.int64))
    run = run_instance(instance, seed=1, budget=SearchBudget(iterations=2000))
    assert run is not None
    assert checked_cost(instance, run.solution) > 0


# --- exact ----------------------------------------------------------------------------------------


def test_the_optimum_of_a_tiny_instance_is_found_by_trying_all(tmp_path: Path) -> None:
    carp = read(tmp_path, CARP, text_format=Format.carp)
    assert least_cost(carp) == 16
    assert least_cost(replace(carp, capacity=4)) == 8 + 16
    assert least_cost(replace(carp, capacity=4, vehicles=1)) is None
    assert least_cost(read(tmp_path, MIXED, text_format=Format.mcgrp)) == 20


def test_a_week_and_many_tasks_have_no_exact_answer(tmp_path: Path) -> None:
    assert least_cost(read(tmp_path, PERIODIC, text_format=Format.pcarp)) is None
    carp = read(tmp_path, CARP, text_format=Format.carp)
    assert least_cost(replace(carp, required=carp.required * 6)) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_search_finds_the_optimum_of_small_random_instances(seed: int) -> None:
    rng = np.random.default_rng(seed)
    required = tuple(
        Required(int(a), int(b), int(rng.integers(1, 9)), int(rng.integers(1, 4)), one_way=a > b)
        for a, b in rng.integers(0, 8, (7, 2))
    )
    links = [(a, b, int(rng.integers(1, 50))) for a in range(8) for b in range(8)]
    travel = cheapest_costs(links, nodes=8)
    instance = BenchmarkInstance("random", 0, 6, 0, required, travel)
    run = run_instance(instance, seed=1, budget=SearchBudget(iterations=5000))
    assert run is not None
    assert checked_cost(instance, run.solution) == least_cost(instance)


def test_a_header_of_the_mixed_set_states_less_than_is_possible(shared_data: Path) -> None:
    path = shared_data / "carp/mcgrp/mggdb_0.35_19.dat"
    instance = read_instance(path, text_format=Format.mcgrp)
    assert instance.best == 47
    # Not even one vehicle that carries everything could do it.
    assert least_cost(instance) == least_cost(replace(instance, vehicles=1, capacity=99)) == 51


# --- table and command ----------------------------------------------------------------------------


def test_the_figures_of_a_set_count_what_is_at_best_and_what_is_unsolved() -> None:
    measured = [
        Measured("a", 100, 2, 0.5, BestKnown(100, 2)),
        Measured("b", 110, 3, 1.5, BestKnown(100, 2)),
        Measured("c", None, 0, 0.0, BestKnown(50)),
        Measured("d", 70, 1, 1.0, None),
    ]
    found = figures(measured)
    assert (found.instances, found.compared, found.unsolved) == (4, 3, 1)
    assert found.mean_gap_share == pytest.approx(0.05)
    assert found.worst_gap_share == pytest.approx(0.10)
    assert found.at_best_share == pytest.approx(1 / 3)
    assert found.same_fleet == 1
    assert found.mean_best_after_s == pytest.approx(1.0)


def test_a_result_at_its_bound_is_proved_and_without_bounds_nothing_is_said() -> None:
    measured = [
        Measured("a", 100, 2, 0.5, None, bound=100),
        Measured("b", 110, 3, 1.5, None, bound=100),
        Measured("c", None, 0, 0.0, None, bound=50),
    ]
    found = figures(measured)
    assert found.proved_share == pytest.approx(1 / 3)
    assert found.mean_above_bound_share == pytest.approx(0.05)
    assert figures([Measured("a", 100, 2, 0.5, None)]).proved_share is None


def test_what_is_better_than_best_known_and_what_cannot_be_best_are_told_apart() -> None:
    better = Measured("a", 90, 1, 0.5, BestKnown(100), bound=90)
    refuted = Measured("b", 110, 1, 0.5, BestKnown(100), bound=105)
    assert (better.is_below_best, better.is_best_refuted) == (True, False)
    assert (refuted.is_below_best, refuted.is_best_refuted) == (False, True)
    assert figures([better, refuted]).below_best == 1


def test_a_threshold_tells_each_fault_of_a_set() -> None:
    threshold = Threshold(
        "tiny", Format.carp, 1, 0.01, "here", least_at_best_share=1.0, same_fleet=True
    )
    good = [Measured("a", 100, 2, 0.5, BestKnown(100, 2))]
    bad = [*good, Measured("b", 105, 3, 0.5, BestKnown(100, 2)), Measured("c", None, 0, 0.0, None)]
    assert threshold.faults(figures(good)) == []
    assert threshold.faults(figures(bad)) == [
        "1 without a solution",
        "mean gap 2.50%, at most 1.00%",
        "at best 50.0%, at least 100.0%",
        "fleet of the reference 1 of 2 times",
    ]


def test_other_seconds_measure_every_set_once_by_the_longest_budget_within() -> None:
    assert [(item.set_name, item.seconds) for item in budgets(seconds=20)] == [
        ("gdb", 1),
        ("val", 10),
        ("egl", 10),
        ("mcgrp", 1),
        ("pcarp", 10),
    ]
    assert budgets(seconds=0.5) == ()


def test_best_known_values_come_from_the_first_filled_column(tmp_path: Path) -> None:
    path = tmp_path / "best.csv"
    path.write_text(
        "set,instance,bks,source,hgs_here\n"
        "gdb,gdb1,316,book,317\npcarp,gdb1,,run; fleet=3,799\ngdb,gdb2,,unknown,\n",
        encoding="utf-8",
    )
    assert read_best_known(path) == {
        ("gdb", "gdb1"): BestKnown(316),
        ("pcarp", "gdb1"): BestKnown(799, 3),
    }


def test_the_command_prints_a_table_per_set_that_ends_with_the_mean_gap(tmp_path: Path) -> None:
    folder = tmp_path / "sets" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny1.dat").write_text(CARP, encoding="utf-8")
    best = tmp_path / "best.csv"
    best.write_text("set,instance,bks\ntiny,tiny1,16\n", encoding="utf-8")
    result = CliRunner().invoke(
        main,
        [
            *("bench", "plan", "--format", "carp", "--instances", str(folder.parent)),
            *("--best", str(best), "--seconds", "0.1", "--each", "--bound"),
        ],
    )
    assert result.exit_code == 0, result.output
    assert "bound 16" in result.output
    assert "proved" in result.output
    assert "100.0%" in result.output
    assert "tiny" in result.output
    assert result.output.rstrip().splitlines()[-1] == "mean gap 0.00 %"


def test_all_sets_of_a_folder_are_judged_and_a_miss_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "gdb").mkdir()
    (tmp_path / "gdb" / "tiny.dat").write_text(CARP, encoding="utf-8")
    best = tmp_path / "bks.csv"
    for value, code, verdict in ((16, 0, "reached: gdb, 1 s"), (15, 1, "MISSED: gdb, 1 s")):
        best.write_text(f"set,instance,bks\ngdb,tiny,{value}\n", encoding="utf-8")
        result = CliRunner().invoke(main, ["bench", "sets", str(tmp_path), "--bound"])
        assert result.exit_code == code, result.output
        assert verdict in result.output
    assert "nothing below 16 is possible" in result.output


def test_a_searching_process_that_fails_is_told() -> None:
    question = Question("nowhere.dat", "carp", 1.0, 1, None)
    with searcher(OURS) as ask, pytest.raises(SearchEnded):
        ask(question)


def test_pyvrp_has_a_row_under_ours_and_none_for_weeks(tmp_path: Path) -> None:
    for name, text, text_format in (("a", CARP, "carp"), ("b", PERIODIC, "pcarp")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "tiny.dat").write_text(text, encoding="utf-8")
        command = ["bench", "plan", "--format", text_format, "--instances", str(folder)]
        result = CliRunner().invoke(main, [*command, "--seconds", "0.2", "--pyvrp"])
        assert result.exit_code == 0, result.output
        if text_format == "carp":
            assert "\nPyVRP  " in result.output
        else:
            assert "PyVRP: left out" in result.output
