"""What is left of a published week: done visits, gaps, crews under way, visits without place."""

from dataclasses import replace

import numpy as np

from gis.routing.problem import PatrolTask, Start, WeekProblem
from gis.routing.replan import (
    CrewAbsent,
    Happened,
    Moment,
    Rain,
    Standing,
    Urgent,
    remaining,
)
from tests.gis.routing_weeks import MONDAY, crew, line_travel

WEDNESDAY, THURSDAY, FRIDAY = 2, 3, 4
TEN = Moment(WEDNESDAY, 10 * 3600)


def stop(key: str, node: int, **changes: object) -> PatrolTask:
    values: dict[str, object] = {"service_s": 600}
    return PatrolTask(key, node, node, **(values | changes))  # type: ignore[arg-type]


def week(*tasks: PatrolTask, crews: tuple[str, ...] = ("A",), **changes: object) -> WeekProblem:
    """Return stops on a road; nodes are 600 s apart, all crews live at node 0."""
    travel = line_travel([600 * node for node in range(12)])
    return WeekProblem(MONDAY, tasks, tuple(crew(key, **changes) for key in crews), {"car": travel})


def test_visits_made_count_and_narrow_the_days_of_the_others() -> None:
    task = stop("a", 1, times=3, min_gap_days=2)
    standing = Standing({("A", 0): ("a",), ("A", 2): ("a",), ("A", 4): ("a",)}, TEN)
    rest = remaining(week(task), standing, Happened())
    assert rest.orders == {("A", 2): ("a",), ("A", 4): ("a",)}
    (left,) = rest.problem.tasks
    assert (left.times, left.days) == (2, frozenset({2, 3, 4}))
    settled = replace(standing, settled={("A", 2): ("a",)})
    (left,) = remaining(week(task), settled, Happened()).problem.tasks
    assert (left.times, left.days) == (1, frozenset({4}))


def test_past_days_are_no_part_of_what_is_left() -> None:
    standing = Standing({("A", 0): ("a",), ("A", 1): ("b",)}, TEN)
    rest = remaining(week(stop("a", 1), stop("b", 2)), standing, Happened())
    assert rest.problem.tasks == ()
    assert rest.orders == {}
    assert rest.problem.crews[0].working_days == frozenset({2, 3, 4})


def test_a_crew_under_way_begins_where_it_is_and_at_home_without_word() -> None:
    standing = Standing(
        {("A", 2): ("a", "b"), ("B", 2): ("c",)},
        TEN,
        settled={("A", 2): ("a",)},
        starts={"A": Start(1, 10 * 3600 + 300)},
    )
    tasks = (stop("a", 1), stop("b", 2), stop("c", 3))
    rest = remaining(week(*tasks, crews=("A", "B")), standing, Happened())
    first, second = rest.problem.crews
    assert first.starts == {2: Start(1, 10 * 3600 + 300)}
    assert second.starts == {2: Start(0, 10 * 3600)}
    assert first.on(3).first_node == 0
    assert rest.orders == {("A", 2): ("b",), ("B", 2): ("c",)}


def test_before_the_shift_nothing_has_begun_and_after_it_the_day_is_over() -> None:
    early = Standing({("A", 2): ("a",)}, Moment(2, 7 * 3600))
    rest = remaining(week(stop("a", 1)), early, Happened())
    assert rest.problem.crews[0].starts == {}
    late = replace(early, now=Moment(2, 17 * 3600))
    rest = remaining(week(stop("a", 1)), late, Happened())
    assert rest.problem.crews[0].working_days == frozenset({3, 4})
    assert rest.homeless == ("a",)


def test_an_absent_crew_s_visits_lose_their_place_and_a_crew_handed_in_is_out() -> None:
    standing = Standing({("A", 2): ("a",), ("A", 3): ("b",), ("B", 3): ("c",)}, TEN)
    problem = week(stop("a", 1), stop("b", 2), stop("c", 3), crews=("A", "B"))
    rest = remaining(problem, standing, Happened(absent=(CrewAbsent("A", frozenset({3})),)))
    assert rest.orders == {("A", 2): ("a",), ("B", 3): ("c",)}
    assert rest.homeless == ("b",)
    assert rest.left == {"b": (("A", 3),)}
    rest = remaining(problem, replace(standing, over=frozenset({"B"})), Happened())
    assert rest.problem.crew_by_key()["B"].working_days == frozenset({3, 4})


def test_exempted_objects_vanish_and_visits_not_done_come_back() -> None:
    standing = Standing({("A", 1): ("a",), ("A", 3): ("b",)}, TEN)
    problem = week(stop("a", 1), stop("b", 2))
    happened = Happened(exempted=frozenset({"b"}), not_done=(("A", 1, "a"),))
    rest = remaining(problem, standing, happened)
    assert rest.homeless == ("a",)
    assert [(task.key, task.times) for task in rest.problem.tasks] == [("a", 1)]
    assert rest.problem.tasks[0].days == frozenset({2, 3, 4})


def test_the_visit_of_least_worth_gives_way_on_a_day_that_no_longer_fits() -> None:
    # From 15:00 an hour is left: 10 min out, 30 min of work each, and home again.
    tasks = (
        stop("a", 1, service_s=1800, must=True),
        stop("b", 1, service_s=1800),
        stop("c", 1, service_s=1800, overdue_days=5),
    )
    standing = Standing({("A", 2): ("b", "a", "c")}, Moment(2, 15 * 3600))
    rest = remaining(week(*tasks), standing, Happened())
    assert rest.orders == {("A", 2): ("a",)}
    assert rest.homeless == ("c", "b")


def test_an_urgent_visit_planned_for_later_is_brought_forward() -> None:
    problem = week(stop("a", 1), stop("b", 2))
    standing = Standing({("A", 4): ("a", "b")}, TEN)
    noon = Moment(2, 12 * 3600)
    rest = remaining(problem, standing, Happened(urgent=(Urgent(problem.tasks[0], noon),)))
    assert rest.orders == {("A", 4): ("b",)}
    assert rest.homeless == ("a",)
    assert rest.left["a"] == (("A", 4),)
    urgent = rest.problem.task_by_key()["a"]
    assert (urgent.days, urgent.must, urgent.times) == (frozenset({2}), True, 1)
    window = rest.on(urgent, day=2)
    assert window is not None
    assert window.window is not None
    assert window.window.begin_s(12 * 3600, service_s=600) == 12 * 3600
    assert window.window.begin_s(12 * 3600 + 60, service_s=600) != 12 * 3600 + 60
    assert rest.on(urgent, day=3) is None


def test_after_rain_outlets_come_first_unless_they_are_in_time_anyway() -> None:
    problem = week(stop("today", 1), stop("friday", 2), stop("other", 3))
    standing = Standing({("A", 2): ("today",), ("A", 4): ("friday", "other")}, TEN)
    new = stop("new", 4)
    rain = Rain((problem.tasks[0], problem.tasks[1], new), Moment(THURSDAY, 10 * 3600))
    rest = remaining(problem, standing, Happened(rain=rain))
    assert rest.orders == {("A", 2): ("today",), ("A", 4): ("other",)}
    assert set(rest.homeless) == {"friday", "new"}
    assert rest.problem.task_by_key()["friday"].days == frozenset({2, 3})
    assert rest.problem.task_by_key()["new"].must


def test_nothing_happened_leaves_everything_where_it_is() -> None:
    standing = Standing({("A", 2): ("a",), ("A", 3): ("b", "c")}, Moment(0, 0))
    rest = remaining(week(stop("a", 1), stop("b", 2), stop("c", 3)), standing, Happened())
    assert rest.orders == standing.orders
    assert rest.homeless == ()
    assert np.sum([task.times for task in rest.problem.tasks]) == 3
