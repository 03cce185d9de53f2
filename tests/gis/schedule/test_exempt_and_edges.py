"""Exempt days, windows, and the edges of seasons, gaps and periods: worked examples by hand."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.periods import Unit
from gis.routing.problem import TimeWindow
from gis.routing.tasks import patrol_tasks
from gis.schedule import DueReason, FrequencyPolicy, due_visits
from tests.gis.schedule.patrols import (
    MONDAY,
    day,
    due_days,
    due_row,
    history_of,
    objects_of,
    policy,
)


def spells(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(name, day(first), day(last)) for name, first, last in rows],
        columns=["object", "first", "last"],
    )


def due_with(
    one: FrequencyPolicy, patrols: list[str], *, week: str, exempt: pd.DataFrame
) -> dict[str, object] | None:
    due = due_visits(objects_of("a"), [one], history_of(a=patrols), week=day(week), exempt=exempt)
    return None if due.empty else due.to_dict("records")[0]


def test_an_object_exempt_all_week_is_not_due_and_others_are():
    due = due_visits(
        objects_of("a", "b"),
        [policy(Unit.week)],
        history_of(),
        week=MONDAY,
        exempt=spells(("a", "2026-03-01", "2026-03-31"), ("gone", "2026-03-01", "2026-03-31")),
    )
    assert due["object"].tolist() == ["b"]


def test_exempt_days_are_not_offered_and_visits_fit_the_days_left():
    thrice = policy(Unit.week, 3)
    row = due_with(thrice, [], week="2026-03-02", exempt=spells(("a", "2026-03-02", "2026-03-04")))
    assert row is not None
    assert (row["visits"], row["days"]) == (2, (3, 4))
    daily = due_with(
        policy(Unit.day),
        ["2026-02-27"],
        week="2026-03-02",
        exempt=spells(("a", "2026-03-03", "2026-03-03")),
    )
    assert daily is not None
    assert (daily["visits"], daily["days"]) == (4, (0, 2, 3, 4))


def test_a_flooded_month_owes_nothing_afterwards():
    month = policy(Unit.month)
    flood = spells(("a", "2026-07-01", "2026-07-31"))
    # Without the flood, 3 August is three days after the end of the missed July.
    plain = due_row(month, ["2026-06-10"], week="2026-08-03")
    assert plain is not None
    assert plain["overdue_days"] == 3
    row = due_with(month, ["2026-06-10"], week="2026-08-03", exempt=flood)
    assert row is not None
    assert (row["overdue_days"], row["reason"]) == (0, DueReason.pace)


def test_an_exemption_of_some_days_forgives_its_share_of_the_visits():
    four = policy(Unit.month, 4)
    done = ["2026-06-30", "2026-07-03", "2026-07-10"]
    # 16 of 31 days exempt: 4 x 15 / 31 = 1.9, two visits are owed and made.
    half = spells(("a", "2026-07-16", "2026-07-31"))
    row = due_with(four, done, week="2026-08-03", exempt=half)
    assert row is not None
    assert row["overdue_days"] == 0
    # 3 of 31: 3.6, four are owed.
    few = spells(("a", "2026-07-29", "2026-07-31"))
    row = due_with(four, done, week="2026-08-03", exempt=few)
    assert row is not None
    assert row["overdue_days"] == 3


def test_days_of_an_exemption_do_not_make_an_object_more_overdue():
    # January missed; exempt from 1 to 20 February; on 2 March 30 days less 20.
    exempt = spells(("a", "2026-02-01", "2026-02-15"), ("a", "2026-02-10", "2026-02-20"))
    row = due_with(policy(Unit.month), ["2025-12-10"], week="2026-03-02", exempt=exempt)
    assert row is not None
    assert row["overdue_days"] == 10


def test_what_later_exempt_weeks_cannot_take_is_due_before():
    # Monthly, last on 20 February: at pace on 23 March, but from the 16th on the road is works.
    works = spells(("a", "2026-03-16", "2026-03-31"))
    assert due_row(policy(Unit.month), ["2026-02-20"], week="2026-03-09") is None
    row = due_with(policy(Unit.month), ["2026-02-20"], week="2026-03-09", exempt=works)
    assert row is not None
    assert (row["visits"], row["reason"], row["must"]) == (1, DueReason.last_chance, True)


def test_a_daily_object_comes_back_from_an_exemption_without_being_overdue():
    exempt = spells(("a", "2026-03-02", "2026-03-13"))
    plain = due_row(policy(Unit.day), ["2026-02-27"], week="2026-03-16")
    assert plain is not None
    assert plain["overdue_days"] == 16
    row = due_with(policy(Unit.day), ["2026-02-27"], week="2026-03-16", exempt=exempt)
    assert row is not None
    assert (row["visits"], row["overdue_days"]) == (5, 0)


def test_a_window_travels_from_the_policy_to_the_task_and_none_stays_none():
    rules = [
        policy(Unit.week, key="night", object_class="key", window=(1080, 1800)),
        policy(Unit.week, key="day"),
    ]
    due = due_visits(
        objects_of("a", "b", object_class=["key", None]), rules, history_of(), week=MONDAY
    )
    places = pd.DataFrame(
        [
            (name, "source", node, node, 0.0, False, None, 0.0)
            for node, name in enumerate(due["object"])
        ],
        columns=[
            "object",
            "kind",
            "start_node",
            "end_node",
            "length_m",
            "one_way",
            "grid",
            "off_road_m",
        ],
    )
    tasks = patrol_tasks(due, places, patrol_kmh=10)
    windows = {task.key: task.window for task in tasks}
    assert windows == {"a": TimeWindow(1080, 1800), "b": None}
    only_plain = due[due["object"] == "b"]
    assert patrol_tasks(only_plain, places, patrol_kmh=10)[0].window is None


@pytest.mark.parametrize(
    ("week", "visits"),
    [
        ("2026-10-26", 0),  # Thursday 29 October lies before the season.
        ("2026-11-02", 1),
        ("2026-12-28", 1),
        ("2027-01-04", 1),
        ("2027-03-29", 1),  # Thursday 1 April is its last day.
        ("2027-04-05", 0),
    ],
)
def test_a_season_that_wraps_the_year_holds_by_the_weeks_thursday(week: str, visits: int):
    winter = policy(Unit.week, season=((11, 1), (4, 1)))
    assert due_days(winter, [], week=week)[0] == visits


def test_a_weekly_object_of_a_wrapping_season_is_not_overdue_over_new_year():
    winter = policy(Unit.week, season=((11, 1), (4, 1)))
    row = due_row(winter, ["2026-12-30"], week="2027-01-04")
    assert row is not None
    assert (row["overdue_days"], row["reason"]) == (0, DueReason.every_week)
    # The week from 28 December was missed: it closed on Sunday 3 January.
    row = due_row(winter, ["2026-12-22"], week="2027-01-04")
    assert row is not None
    assert row["overdue_days"] == 1


@pytest.mark.parametrize(
    ("gap_h", "earliest"),
    [(0, "2026-03-02"), (48, "2026-03-02"), (72, "2026-03-02"), (73, "2026-03-03")],
)
def test_a_gap_in_hours_reaches_over_the_weekend(gap_h: int, earliest: str):
    # The last patrol was Friday 27 February; 73 hours are kept as four days.
    row = due_row(policy(Unit.week, min_gap_h=gap_h), ["2026-02-27"], week="2026-03-02")
    assert row is not None
    assert str(row["earliest"]) == earliest


def test_a_visit_made_early_counts_for_its_period_and_moves_the_next_one():
    month = policy(Unit.month)
    # Due at pace on 23 March, made on 4 March already: nothing more in March,
    assert due_row(month, ["2026-02-20", "2026-03-04"], week="2026-03-23") is None
    # and in April one interval of 30 days after it: Friday 3 April.
    assert due_days(month, ["2026-02-20", "2026-03-04"], week="2026-03-30")[0] == 1
    # A visit in the week before its week counts for the week it was made in alone.
    weekly = policy(Unit.week)
    assert due_days(weekly, ["2026-03-06"], week="2026-03-09")[0] == 1


def test_the_longest_overdue_of_different_units_comes_first():
    units = {"month": Unit.month, "quarter": Unit.quarter, "year": Unit.year, "week": Unit.week}
    rules = [policy(unit, key=name, object_class=name) for name, unit in units.items()]
    objects = objects_of(*units, object_class=list(units))
    history = history_of(
        month=["2026-01-10"], quarter=["2025-08-01"], year=["2024-05-01"], week=["2026-02-20"]
    )
    due = due_visits(objects, rules, history, week=MONDAY)
    # Closed short: 2025 on 31 December (61 days), Q4 on the same day, February (2), week 9 (1).
    assert due["object"].tolist() == ["quarter", "year", "month", "week"]
    assert due["overdue_days"].tolist() == [61, 61, 2, 1]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(list(Unit)),
    st.integers(1, 3),
    st.lists(st.integers(-60, 0), max_size=4),
    st.lists(st.tuples(st.integers(-40, 6), st.integers(0, 20)), max_size=3),
)
def test_an_exemption_never_makes_an_object_more_overdue_or_due_on_an_exempt_day(
    unit: Unit, times: int, done: list[int], away: list[tuple[int, int]]
):
    def date_of(offset: int):
        return (pd.Timestamp(MONDAY) + pd.Timedelta(days=offset)).date()

    history = pd.DataFrame([("a", date_of(offset)) for offset in done], columns=["object", "date"])
    exempt = pd.DataFrame(
        [("a", date_of(first), date_of(first + length)) for first, length in away],
        columns=["object", "first", "last"],
    )
    rules = [policy(unit, times)]
    plain = due_visits(objects_of("a"), rules, history, week=MONDAY)
    due = due_visits(objects_of("a"), rules, history, week=MONDAY, exempt=exempt)
    if due.empty:
        return
    closed = {offset for first, length in away for offset in range(first, first + length + 1)}
    assert not closed & set(due.loc[0, "days"])
    assert due.loc[0, "visits"] <= len(due.loc[0, "days"]) or exempt.empty
    if not plain.empty:
        assert due.loc[0, "overdue_days"] <= plain.loc[0, "overdue_days"]
