"""Why visits are missing: one worked week per reason, and hours that add up."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.routing.explain import REASONS, Explanation, Reason, Remedy, UnservedReason, explain
from gis.routing.problem import (
    UNREACHABLE_S,
    Crew,
    Lunch,
    PatrolTask,
    TimeWindow,
    Unserved,
    WeekProblem,
)
from gis.routing.solve import SearchBudget, solve
from tests.gis.routing_weeks import MONDAY, crew, eventful_week, line_travel, random_week

QUICK = SearchBudget(iterations=100)
NEAR_AND_FAR = line_travel([0, 60, 18_000])


def explained(tasks: tuple[PatrolTask, ...], crews: tuple[Crew, ...]) -> Explanation:
    problem = WeekProblem(MONDAY, tasks, crews, {"car": NEAR_AND_FAR})
    return explain(problem, solve(problem, seed=1, budget=QUICK))


def only(explanation: Explanation) -> UnservedReason:
    (reason,) = explanation.unserved
    assert "%(" not in reason.words()
    assert all("%(" not in fix.words() for fix in reason.fixes)
    return reason


def test_no_crew_is_responsible_for_the_grid_but_a_neighbour_could_help() -> None:
    task = PatrolTask("stop", 1, 1, 600, grid="north")
    why = only(explained((task,), (crew(grids=frozenset({"south"})),)))
    assert (why.reason, why.facts["grid"]) == (Reason.no_grid_crew, "north")
    assert [fix.remedy for fix in why.fixes] == [Remedy.assign_crew, Remedy.lend_crew]
    assert why.fixes[1].facts["over_min"] == 0


def test_no_crew_with_two_officers_on_thursday_but_one_on_friday() -> None:
    thursday = frozenset({3})
    task = PatrolTask("source", 1, 1, 600, officers=2, days=thursday)
    single = crew("single", officers=1)
    pair = crew("pair", officers=2, working_days=frozenset({4}))
    why = only(explained((task,), (single, pair)))
    assert why.reason is Reason.no_officers
    assert why.facts == {"days": "2026-03-05", "officers": 2}
    assert why.fixes[0].facts == {"crew": "single", "officers": 2}
    assert why.fixes[1].remedy is Remedy.other_days
    assert why.fixes[1].facts["date"] == "2026-03-06"


def test_nobody_works_on_the_only_allowed_day() -> None:
    task = PatrolTask("stop", 1, 1, 600, days=frozenset({6}))
    why = only(explained((task,), (crew(),)))
    assert why.reason is Reason.no_working_day
    assert [fix.remedy for fix in why.fixes] == [Remedy.other_days]


def test_a_place_without_a_road_is_cut_off() -> None:
    travel = line_travel([0, 60])
    travel[0, 1] = UNREACHABLE_S
    task = PatrolTask("island", 1, 1, 600, off_road_m=350.4)
    problem = WeekProblem(MONDAY, (task,), (crew(),), {"car": travel})
    why = only(explain(problem, solve(problem, seed=1, budget=QUICK)))
    assert (why.reason, why.facts) == (Reason.cut_off, {"off_road_m": 350})
    assert [fix.remedy for fix in why.fixes] == [Remedy.mend_road_data]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("too_far", Reason.no_road_near), ("road_closed", Reason.road_closed), ("", Reason.cut_off)],
)
def test_a_place_off_the_roads_says_how_far_they_are(fault: str, reason: Reason) -> None:
    travel = line_travel([0, 60])
    travel[0, 1] = UNREACHABLE_S
    task = PatrolTask("island", 1, 1, 600, off_road_m=350.4, road_fault=fault, road_limit_m=300.0)
    problem = WeekProblem(MONDAY, (task,), (crew(),), {"car": travel})
    why = only(explain(problem, solve(problem, seed=1, budget=QUICK)))
    assert (why.reason, why.facts) == (reason, {"off_road_m": 350, "limit_m": 300})
    assert REASONS[reason] % why.facts


def test_a_reach_longer_than_any_shift_should_be_split() -> None:
    # 2 x 60 s of travel leave 478 of 480 minutes.
    why = only(explained((PatrolTask("long", 1, 1, 30_000),), (crew(),)))
    assert why.reason is Reason.longer_than_shift
    assert why.facts == {"needed_min": 502, "shift_min": 480, "crew": "A"}
    assert why.fixes[0].remedy is Remedy.split_object
    assert why.fixes[0].facts == {"service_min": 478}


def test_a_place_too_far_for_any_shift_cannot_be_helped_by_splitting() -> None:
    why = only(explained((PatrolTask("far", 2, 2, 60),), (crew(),)))
    assert why.reason is Reason.longer_than_shift
    assert why.fixes == ()


def test_three_visits_do_not_fit_on_two_days() -> None:
    task = PatrolTask("stop", 1, 1, 600, times=3, days=frozenset({0, 1}))
    why = only(explained((task,), (crew(),)))
    assert (why.reason, why.missing) == (Reason.too_few_days, 1)
    assert why.facts == {"workable": 2, "gap_days": 1, "possible": 2}
    assert [fix.remedy for fix in why.fixes] == [Remedy.fewer_visits, Remedy.other_days]


def test_a_full_shift_tells_the_least_overtime_with_crew_and_day() -> None:
    # The shift holds 100 min; must-visit 90 min + 2 min travel; 26 min more are 18 over.
    tuesday = frozenset({1})
    tasks = (
        PatrolTask("must", 1, 1, 5400, must=True, days=tuesday),
        PatrolTask("left", 1, 1, 1560, days=tuesday),
    )
    why = only(explained(tasks, (crew("3", shift_min=100),)))
    assert (why.task, why.reason) == ("left", Reason.shift_full)
    assert why.facts == {
        "crew": "3",
        "day": 1,
        "date": "2026-03-03",
        "over_min": 18,
        "added_min": 26,
    }
    assert [fix.remedy for fix in why.fixes] == [Remedy.overtime, Remedy.other_days]


def test_a_free_day_too_close_to_the_other_visit_is_named_as_the_gap() -> None:
    # Two visits 2 days apart; Wednesday is full, Tuesday is free but next to Monday.
    tasks = (
        PatrolTask("full", 1, 1, 5700, must=True, days=frozenset({2})),
        PatrolTask("gap", 1, 1, 1200, times=2, days=frozenset({0, 1, 2}), min_gap_days=2),
    )
    why = only(explained(tasks, (crew(shift_min=100),)))
    assert (why.task, why.reason, why.facts) == ("gap", Reason.gap_to_other_visits, {"gap_days": 2})


def test_a_window_at_night_lies_in_no_shift_but_another_crew_could_go() -> None:
    task = PatrolTask("night", 1, 1, 600, grid="north", window=TimeWindow(1080, 1800))
    day, night = crew("day", grids=frozenset({"north"})), crew("night", shift_start_min=1020)
    why = only(explained((task,), (day, replace(night, grids=frozenset({"south"})))))
    assert why.reason is Reason.window_outside_shifts
    assert why.facts == {"opens": "18:00", "closes": "06:00"}
    assert [fix.remedy for fix in why.fixes] == [Remedy.other_hours, Remedy.lend_crew]
    assert why.fixes[1].facts["crew"] == "night"


def test_a_visit_longer_than_its_window_never_fits() -> None:
    task = PatrolTask("long", 1, 1, 3660, window=TimeWindow(600, 660))
    why = only(explained((task,), (crew(),)))
    assert (why.reason, why.facts["service_min"]) == (Reason.window_too_short, 61)


def test_the_vehicle_of_the_only_crew_is_out_with_another() -> None:
    monday = frozenset({0})
    tasks = (
        PatrolTask("must", 1, 1, 5400, must=True, days=monday, crews=frozenset({"1"})),
        PatrolTask("left", 1, 1, 1560, days=monday, crews=frozenset({"2"})),
    )
    why = only(explained(tasks, (crew("1", vehicle="truck"), crew("2", vehicle="truck"))))
    assert (why.task, why.reason) == ("left", Reason.vehicle_out)
    assert (why.facts["vehicle"], why.facts["crew"], why.facts["other"]) == ("truck", "2", "1")
    assert why.fixes[0].remedy is Remedy.other_vehicle


def test_two_officers_are_there_but_not_on_thursday() -> None:
    task = PatrolTask("source", 1, 1, 600, officers=2, days=frozenset({3}))
    why = only(explained((task,), (crew("A", officers=2, officers_by_day={3: 1}),)))
    assert why.reason is Reason.no_officers
    assert why.facts == {"days": "2026-03-05", "officers": 2}


def test_bars_and_pins_are_named() -> None:
    task = PatrolTask("stop", 1, 1, 600, days=frozenset({0}), barred=frozenset({("A", 0)}))
    assert only(explained((task,), (crew(),))).reason is Reason.ruled_out
    away = replace(task, barred=frozenset(), crews=frozenset({"elsewhere"}))
    assert only(explained((away,), (crew(),))).reason is Reason.chosen_elsewhere
    pinned = PatrolTask("stop", 1, 1, 600, pinned=frozenset({("A", 0)}), days=frozenset({1}))
    why = only(explained((pinned,), (crew(),)))
    assert (why.reason, why.facts) == (Reason.pin_impossible, {"crew": "A", "date": "2026-03-02"})


MONDAY_OFF = crew("A", working_days=frozenset({1, 2, 3, 4}))


@pytest.mark.parametrize(
    "task",
    [
        PatrolTask("stop", 1, 1, 600, days=frozenset({0}), crews=frozenset({"A"})),
        PatrolTask("stop", 1, 1, 600, days=frozenset({0}), pinned=frozenset({("A", 0)})),
        PatrolTask("stop", 1, 1, 600, pinned=frozenset({("A", 0)})),
    ],
    ids=["fixed for the week", "pinned on its only day", "pinned on one of its days"],
)
def test_a_visit_fixed_to_a_crew_that_is_away_says_so(task: PatrolTask) -> None:
    why = only(explained((task,), (MONDAY_OFF, crew("B"))))
    assert why.reason is Reason.fixed_to_absent
    assert why.facts == {"crews": "A", "days": "2026-03-02"}
    assert why.words() == "已指定由 A 巡查，但 2026-03-02 不上班"
    assert why.fixes[0].remedy is Remedy.lift_choice


def test_a_visit_fixed_to_a_crew_that_comes_but_has_no_room_names_no_absence() -> None:
    task = PatrolTask("stop", 2, 2, 600, days=frozenset({1}), crews=frozenset({"A"}))
    why = only(explained((task,), (MONDAY_OFF, crew("B"))))
    assert why.reason is Reason.longer_than_shift


def test_when_nobody_else_could_go_either_it_is_the_working_days() -> None:
    task = PatrolTask("stop", 1, 1, 600, days=frozenset({0}), crews=frozenset({"A"}))
    assert only(explained((task,), (MONDAY_OFF,))).reason is Reason.no_working_day


def test_a_hundred_missing_visits_of_a_county_are_explained_within_a_second() -> None:
    rng = np.random.default_rng(1)
    at = rng.random((900, 2)) * 30_000
    travel = np.rint(np.hypot(*np.moveaxis(at[:, None] - at[None], -1, 0)) / 9).astype(np.int32)
    tasks = tuple(
        PatrolTask(
            f"{n}",
            n,
            n + 1,
            int(rng.integers(600, 3000)),
            window=TimeWindow(600, 840) if n % 5 == 0 else None,
        )
        for n in range(800)
    )
    crews = tuple(
        crew(f"{n}", home_node=800 + n, lunch=Lunch(720, 60), shift_min=300) for n in range(38)
    )
    problem = WeekProblem(MONDAY, tasks, crews, {"car": travel})
    lost = set(sorted(task.key for task in tasks)[:100])
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=1))
    routes = tuple(
        replace(route, visits=tuple(v for v in route.visits if v.task not in lost))
        for route in plan.routes
    )
    spoiled = replace(plan, routes=routes, unserved=tuple(Unserved(key, 1) for key in sorted(lost)))
    began = time.process_time()
    assert len(explain(problem, spoiled).unserved) == 100
    assert time.process_time() - began < 1.0


def test_hours_add_up_by_crew_and_kind() -> None:
    tasks = (PatrolTask("reach", 0, 1, 3600), PatrolTask("stop", 1, 1, 600, kind="outlet", times=2))
    explanation = explained(tasks, (crew(), crew("idle", working_days=frozenset())))
    busy, idle = explanation.crews
    assert busy.service_by_kind_s == {"reach": 3600, "outlet": 1200}
    assert busy.available_s == explanation.available_s == 5 * 8 * 3600
    assert busy.used_s == explanation.needed_s == sum(busy.used_by_day_s.values())
    assert (idle.available_s, idle.used_s, explanation.short_s) == (0, 0, 0)


def test_an_overloaded_week_is_short_by_what_is_missing() -> None:
    # 4 x 60 min due in one shift of 100 min: one visit 60 + 2 travel, three more 180 + 0 travel
    # each inserted next to it.
    tasks = tuple(PatrolTask(f"{n}", 1, 1, 3600, days=frozenset({0})) for n in range(4))
    home = crew(working_days=frozenset({0}), shift_min=100)
    explanation = explained(tasks, (home,))
    assert explanation.short_s == (4 * 60 + 2 - 100) * 60


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_what_a_plan_leaves_out_never_fits_as_it_stands(seed: int) -> None:
    problem = random_week(seed, reaches=20, shift_min=150)
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=30))
    explanation = explain(problem, plan)
    assert [why.task for why in explanation.unserved] == [item.task for item in plan.unserved]
    assert Reason.fits not in {why.reason for why in explanation.unserved}
    assert sum(hours.used_s for hours in explanation.crews) == plan.travel_s + plan.service_s


@pytest.mark.parametrize("seed", range(12))
def test_what_an_eventful_plan_leaves_out_never_fits_and_has_words(seed: int) -> None:
    problem = eventful_week(seed, reaches=40, shift_min=200)
    plan = solve(problem, seed=1, budget=SearchBudget(iterations=60))
    explanation = explain(problem, plan)
    assert explanation.unserved
    for why in explanation.unserved:
        assert why.reason is not Reason.fits
        assert "%(" not in why.words()
        assert all("%(" not in fix.words() for fix in why.fixes)
    assert sum(hours.used_s for hours in explanation.crews) == sum(r.used_s for r in plan.routes)


@pytest.mark.parametrize("dropped", [0, 1])
def test_a_visit_taken_out_of_a_plan_by_hand_is_seen_to_fit(dropped: int) -> None:
    problem = WeekProblem(
        MONDAY,
        (PatrolTask("a", 1, 1, 600), PatrolTask("b", 1, 1, 600)),
        (crew(),),
        {"car": NEAR_AND_FAR},
    )
    plan = solve(problem, seed=1, budget=QUICK)
    key = problem.tasks[dropped].key
    alone = replace(problem, tasks=(problem.tasks[1 - dropped],))
    shorter = solve(alone, seed=1, budget=QUICK)
    from_hand = replace(plan, routes=shorter.routes, unserved=(Unserved(key, 1),))
    assert only(explain(problem, from_hand)).reason is Reason.fits
