"""Matrices that several processes see: one memory, the same numbers, the same plan."""

import multiprocessing
from dataclasses import replace
from multiprocessing.connection import Connection

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.routing.parallel import solve_in_parallel, with_shared_matrices
from gis.routing.problem import UNREACHABLE_S
from gis.routing.shared import Lent, NotShared, layers_of, shared_layers
from gis.routing.solve import SearchBudget, solve
from tests.gis.routing_weeks import random_week


def matrices(seed: int, *, count: int = 2, size: int = 5) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 2 * UNREACHABLE_S, (size, size)) for _ in range(count)]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(1, 3), size=st.integers(0, 6))
def test_layers_hold_what_was_laid_into_them(seed: int, count: int, size: int) -> None:
    given_ones = matrices(seed, count=count, size=size)
    layers = shared_layers(given_ones)
    for layer, one in zip(layers, given_ones, strict=True):
        assert np.array_equal(layer, np.minimum(one, UNREACHABLE_S))


def test_layers_are_known_again_only_whole_and_in_order() -> None:
    layers = shared_layers(matrices(1))
    assert layers_of(list(layers)) is layers
    assert layers_of([layers[1], layers[0]]) is None
    assert layers_of([layers[0]]) is None
    assert layers_of([layers[0], layers[1].copy()]) is None
    assert layers_of(matrices(1)) is None


def double(lent: Lent, mouth: Connection) -> None:
    lent.layers[...] *= 2
    mouth.send(lent.layers.tolist())


def test_another_process_reads_and_writes_the_same_memory() -> None:
    layers = shared_layers([np.arange(9).reshape(3, 3)])
    context = multiprocessing.get_context("spawn")
    ear, mouth = context.Pipe(duplex=False)
    process = context.Process(target=double, args=(Lent(layers), mouth))
    process.start()
    said = ear.recv()
    process.join()
    assert said == layers.tolist() == (2 * np.arange(9).reshape(1, 3, 3)).tolist()


def test_an_array_of_one_process_cannot_be_lent() -> None:
    with pytest.raises(NotShared):
        Lent(np.zeros((1, 2, 2), np.int32)).__reduce__()


def test_a_problem_is_shared_once_and_plans_the_same() -> None:
    problem = random_week(3)
    walks = {mode: 3 * matrix for mode, matrix in problem.travel_s.items()}
    problem = replace(problem, travel_s=problem.travel_s | {"foot": walks["car"]})
    crews = (*problem.crews[:-1], replace(problem.crews[-1], mode="foot"))
    problem = replace(problem, crews=crews)
    shared = with_shared_matrices(problem)
    assert with_shared_matrices(shared) is shared
    budget = SearchBudget(iterations=300)
    alone = solve(problem, seed=1, budget=budget)
    assert solve(shared, seed=1, budget=budget) == alone
    both = solve_in_parallel(shared, seed=1, budget=budget)
    assert both.cost <= alone.cost
