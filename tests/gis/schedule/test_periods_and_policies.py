"""Periods and seasons, and which policy holds: worked examples by hand, and promises."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.periods import Period, Unit, in_season, period_of
from gis.schedule import (
    BadPolicy,
    anchor_day,
    due_visits,
    policy_for,
    without_policy,
)
from tests.gis.schedule.patrols import MONDAY, day, due_row, history_of, objects_of, policy


@pytest.mark.parametrize(
    ("unit", "inside", "first", "last"),
    [
        (Unit.day, "2026-03-04", "2026-03-04", "2026-03-04"),
        (Unit.two_days, "2026-03-01", "2026-02-28", "2026-03-01"),
        (Unit.week, "2026-01-01", "2025-12-29", "2026-01-04"),
        (Unit.ten_days, "2026-03-10", "2026-03-01", "2026-03-10"),
        (Unit.ten_days, "2026-03-11", "2026-03-11", "2026-03-20"),
        (Unit.ten_days, "2026-03-31", "2026-03-21", "2026-03-31"),
        (Unit.ten_days, "2028-02-29", "2028-02-21", "2028-02-29"),
        (Unit.ten_days, "2026-02-28", "2026-02-21", "2026-02-28"),
        (Unit.half_month, "2026-02-15", "2026-02-01", "2026-02-15"),
        (Unit.half_month, "2028-02-16", "2028-02-16", "2028-02-29"),
        (Unit.month, "2026-02-10", "2026-02-01", "2026-02-28"),
        (Unit.month, "2000-02-29", "2000-02-01", "2000-02-29"),
        (Unit.quarter, "2026-12-31", "2026-10-01", "2026-12-31"),
        (Unit.quarter, "2026-06-30", "2026-04-01", "2026-06-30"),
        (Unit.half_year, "2026-07-01", "2026-07-01", "2026-12-31"),
        (Unit.year, "2028-02-29", "2028-01-01", "2028-12-31"),
    ],
)
def test_the_calendar_period_of_a_day(unit: Unit, inside: str, first: str, last: str) -> None:
    assert period_of(unit, day=day(inside)) == Period(day(first), day(last))


@given(st.sampled_from([unit for unit in Unit if unit is not Unit.two_days]), st.dates())
@settings(max_examples=60, deadline=None)
def test_periods_hold_their_days_and_follow_each_other_without_gap(unit: Unit, when: date) -> None:
    if not 2 <= when.year <= 9990:
        when = when.replace(year=2028, day=1)
    period = period_of(unit, day=when)
    assert period.first <= when <= period.last
    after = period_of(unit, day=period.next_day())
    assert after.first == period.next_day()


@pytest.mark.parametrize(
    ("season", "when", "inside"),
    [
        (None, "2026-01-01", True),
        (((3, 1), (4, 30)), "2026-03-01", True),
        (((3, 1), (4, 30)), "2026-04-30", True),
        (((3, 1), (4, 30)), "2026-05-01", False),
        (((11, 15), (2, 29)), "2026-11-15", True),
        (((11, 15), (2, 29)), "2026-12-31", True),
        (((11, 15), (2, 29)), "2028-02-29", True),
        (((11, 15), (2, 29)), "2026-03-01", False),
        (((11, 15), (2, 29)), "2026-11-14", False),
    ],
)
def test_a_season_includes_its_ends_and_may_wrap_the_year(
    season: tuple[tuple[int, int], tuple[int, int]] | None, when: str, inside: object
) -> None:
    assert in_season(season, day=day(when)) is inside


def test_class_beats_any_and_season_beats_none_and_class_beats_season() -> None:
    general = policy(Unit.month, key="general")
    spring = policy(Unit.week, key="spring", season=((3, 1), (4, 30)))
    main = policy(Unit.half_month, key="main", object_class="main")
    rules = [general, spring, main]

    def chosen(object_class: str | None, week: date) -> str:
        found = policy_for(rules, kind="reach", object_class=object_class, week=week)
        return "" if found is None else found.key

    assert chosen("branch", MONDAY) == "spring"
    assert chosen("branch", date(2026, 5, 4)) == "general"
    assert chosen("main", MONDAY) == "main"
    assert chosen(None, date(2026, 5, 4)) == "general"
    assert policy_for(rules, kind="outlet", object_class=None, week=MONDAY) is None


def test_between_equals_the_higher_priority_then_the_first_key_wins() -> None:
    rules = [policy(Unit.week, key=key, priority=p) for key, p in (("b", 1), ("a", 1), ("c", 0))]
    found = policy_for(rules, kind="reach", object_class=None, week=MONDAY)
    assert found is not None
    assert found.key == "a"


def test_a_season_is_judged_on_the_thursday_or_the_allowed_day_nearest_to_it() -> None:
    assert anchor_day(policy(Unit.week), week=MONDAY) == date(2026, 3, 5)
    mondays = policy(Unit.week, weekdays=frozenset({0, 6}))
    assert anchor_day(mondays, week=MONDAY) == date(2026, 3, 2)
    # The season begins on Thursday 5 March: Monday 2 March is outside, Thursday inside.
    season = ((3, 5), (3, 31))
    assert due_row(policy(Unit.week, season=season), [], week="2026-03-02") is not None
    early = policy(Unit.week, season=season, weekdays=frozenset({0}))
    assert due_row(early, [], week="2026-03-02") is None


def test_objects_without_policy_are_named_and_not_due() -> None:
    objects = objects_of("a", "b", object_kind=["reach", "outlet"])
    rules = [policy(Unit.week)]
    assert due_visits(objects, rules, history_of(), week=MONDAY)["object"].tolist() == ["a"]
    assert without_policy(objects, rules, week=MONDAY)["object"].tolist() == ["b"]


@pytest.mark.parametrize(
    "change", [{"times": 0}, {"weekdays": frozenset()}, {"weekdays": {7}}, {"min_gap_h": -1}]
)
def test_a_policy_that_cannot_be_meant_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadPolicy):
        policy(Unit.week, **change)  # type: ignore[arg-type]
