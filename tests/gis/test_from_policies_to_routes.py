"""One small county from frequency policies to the lines of the routes."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from gis.periods import Unit
from gis.routing.explain import explain
from gis.routing.geometry import route_geometry
from gis.routing.network_matrix import Bank, RoadNetwork, TravelRules, travel_matrix
from gis.routing.problem import Crew, WeekProblem
from gis.routing.solve import SearchBudget, solve
from gis.routing.tasks import ObjectWithoutPlace, patrol_tasks
from gis.routing.verify import verify
from gis.schedule import FrequencyPolicy, due_visits

MONDAY = date(2026, 3, 2)
ROAD = [(0.0, 0.0), (3000.0, 0.0)]
CANAL = LineString([(500, 80), (1000, 60), (2500, 80)])
OUTLET = Point(2800, -40)


def places() -> pd.DataFrame:
    rows = [
        ("canal", "reach", 1, 2, CANAL.length, True, "north", 80.0),
        ("outlet", "outlet", 3, 3, 0.0, False, None, 40.0),
    ]
    names = [
        "object",
        "kind",
        "start_node",
        "end_node",
        "length_m",
        "one_way",
        "grid",
        "off_road_m",
    ]
    return pd.DataFrame(rows, columns=names)


def due() -> pd.DataFrame:
    policies = [
        FrequencyPolicy("canals", "canal", 2, Unit.week, service_min=5),
        FrequencyPolicy("outlets", "outlet", 1, Unit.week, service_min=20, two_officers=True),
    ]
    objects = pd.DataFrame(
        {"object": ["canal", "outlet"], "object_kind": ["canal", "outlet"], "object_class": None}
    )
    history = pd.DataFrame({"object": ["canal"], "date": [date(2026, 2, 26)]})
    return due_visits(objects, policies, history, week=MONDAY)


def test_a_week_from_policies_to_lines_on_the_map() -> None:
    road = LineString(ROAD)
    network = RoadNetwork(
        np.array(ROAD),
        np.array([0]),
        np.array([1]),
        np.array([road.length]),
        np.array([road], dtype=object),
    )
    terminals = np.array([(0.0, 0.0), CANAL.coords[0], CANAL.coords[-1], (OUTLET.x, OUTLET.y)])
    travel = travel_matrix(network, terminals, rules=TravelRules(), banks=[Bank(1, 2, CANAL)])
    tasks = patrol_tasks(due(), places(), patrol_kmh=12)
    assert {task.key: (task.times, task.officers) for task in tasks} == {
        "canal": (2, 0),
        "outlet": (1, 2),
    }
    crews = (
        Crew("pair", 0, frozenset({0, 1, 2}), 480, 240, officers=2),
        Crew("single", 0, frozenset({3, 4}), 480, 240),
    )
    problem = WeekProblem(MONDAY, tasks, crews, {"car": travel.seconds})
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=100))
    assert verify(problem, plan).violations == ()
    assert plan.unserved == explain(problem, plan).unserved == ()
    assert "pair" in {r.crew for r in plan.routes for v in r.visits if v.task == "outlet"}
    for route in plan.routes:
        drawn = route_geometry(
            problem, route, legs=travel.legs, objects={"canal": CANAL, "outlet": OUTLET}
        )
        for before, after in zip(drawn.parts[:-1], drawn.parts[1:], strict=True):
            assert before.end_s == after.start_s
            assert before.line.coords[-1] == pytest.approx(after.line.coords[0])


def test_a_due_object_without_a_place_is_a_fault_that_names_it() -> None:
    with pytest.raises(ObjectWithoutPlace, match="outlet"):
        patrol_tasks(due(), places().iloc[:1], patrol_kmh=12)


def test_nothing_due_makes_no_tasks() -> None:
    assert patrol_tasks(due().iloc[:0], places(), patrol_kmh=12) == ()
