"""Which visits are due in a week: worked examples by hand for each unit, and promises."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.periods import Unit, period_of
from gis.schedule import (
    DUE_COLUMNS,
    DueReason,
    NotAMonday,
    due_visits,
)
from tests.gis.schedule.patrols import (
    MONDAY,
    day,
    due_days,
    due_row,
    history_of,
    objects_of,
    policy,
)


def test_daily_is_every_allowed_day() -> None:
    assert due_days(policy(Unit.day), [], week="2026-03-02") == (5, (0, 1, 2, 3, 4))
    every = policy(Unit.day, weekdays=frozenset(range(7)))
    assert due_days(every, ["2026-03-01"], week="2026-03-02") == (7, tuple(range(7)))
    # Planned again on Wednesday: Monday and Tuesday are done.
    assert due_days(policy(Unit.day), ["2026-03-02", "2026-03-03"], week="2026-03-02") == (
        3,
        (2, 3, 4),
    )


@pytest.mark.parametrize(
    ("patrolled", "visits", "days"),
    [
        ([], 3, (0, 1, 2, 3, 4)),
        (["2026-02-27"], 3, (0, 1, 2, 3, 4)),  # Friday: Mon, Wed, Fri
        (["2026-03-01"], 2, (0, 1, 2, 3, 4)),  # Sunday: Tue, Thu
        (["2026-03-02"], 2, (1, 2, 3, 4)),  # Monday of the week itself: Wed, Fri
    ],
)
def test_every_two_days_goes_on_from_the_last_patrol(
    patrolled: list[str], visits: int, days: tuple[int, ...]
) -> None:
    assert due_days(policy(Unit.two_days), patrolled, week="2026-03-02") == (visits, days)


def test_weekly_visits_are_those_not_yet_done_in_the_week() -> None:
    thrice = policy(Unit.week, 3)
    assert due_days(thrice, ["2026-02-27"], week="2026-03-02")[0] == 3
    assert due_days(thrice, ["2026-03-02", "2026-03-02"], week="2026-03-02") == (2, (1, 2, 3, 4))
    assert due_days(policy(Unit.week), ["2026-03-03"], week="2026-03-02")[0] == 0


def test_the_gap_moves_the_earliest_day() -> None:
    # More than 96 hours after Friday 27 February: from Tuesday 3 March.
    row = due_row(policy(Unit.week, min_gap_h=96), ["2026-02-27"], week="2026-03-02")
    assert row is not None
    assert (row["earliest"], row["latest"], row["min_gap_days"]) == (
        date(2026, 3, 3),
        date(2026, 3, 6),
        4,
    )
    # Two visits in 97 hours' distance means five days.
    assert policy(Unit.week, min_gap_h=97).min_gap_days == 5


def test_once_per_ten_days_around_the_cut_of_the_month() -> None:
    tens = policy(Unit.ten_days)
    # Thursday 5 March lies in 1-10 March, and so does Thursday of no other week: last chance.
    row = due_row(tens, ["2026-02-26"], week="2026-03-02")
    assert row is not None
    assert (row["visits"], row["reason"], row["must"]) == (1, DueReason.last_chance, True)
    # Done on the 2nd: nothing more before the 11th.
    assert due_row(tens, ["2026-03-02"], week="2026-03-02") is None
    # 11-20 March holds the Thursdays 12 and 19. Last patrol 3 March + 10 days = 13 March.
    assert due_days(tens, ["2026-03-03"], week="2026-03-09") == (1, (2, 3, 4))
    # Last patrol 9 March (this period's first week not yet at pace): 19 March, next week.
    assert due_row(tens, ["2026-03-09"], week="2026-03-09") is None
    assert due_days(tens, ["2026-03-09"], week="2026-03-16") == (1, (0, 1, 2, 3, 4))


def test_the_last_ten_days_of_february_have_eight_or_nine_days() -> None:
    tens = policy(Unit.ten_days)
    # 2026: 21-28 February holds only Thursday 26; the week's Saturday is the last day anyway.
    assert due_days(tens, ["2026-02-18"], week="2026-02-23") == (1, (0, 1, 2, 3, 4))
    # 2028: Tuesday 29 February still belongs to the week of Thursday 2 March = 1-10 March.
    assert due_days(tens, ["2028-02-23"], week="2028-02-28") == (1, (2, 3, 4))


def test_once_per_half_month() -> None:
    half = policy(Unit.half_month)
    # 1-15 March: Thursdays 5 and 12. Last patrol 20 February + 15 days = 7 March, a Saturday of
    # the first week: due in it.
    assert due_days(half, ["2026-02-20"], week="2026-03-02")[0] == 1
    # Last patrol 27 February + 15 = 14 March: the second week, which is also the last.
    assert due_row(half, ["2026-02-27"], week="2026-03-02") is None
    row = due_row(half, ["2026-02-27"], week="2026-03-09")
    assert row is not None
    assert row["reason"] is DueReason.last_chance


def test_once_a_month_goes_by_pace_and_at_the_latest_in_the_last_week() -> None:
    month = policy(Unit.month)
    patrolled = ["2026-02-20"]
    # 20 February + 31 days (March) = 23 March.
    for week, reason in (
        ("2026-03-02", None),
        ("2026-03-16", None),
        ("2026-03-23", DueReason.last_chance),
    ):
        row = due_row(month, patrolled, week=week)
        assert (None if row is None else row["reason"]) == reason
    # The Thursdays of March end on the 26th: 30 March belongs to the week of 2 April.
    row = due_row(month, patrolled, week="2026-03-30")
    assert row is not None
    assert (row["overdue_days"], row["days"]) == (0, (2, 3, 4))


def test_a_month_missed_is_overdue_from_its_last_day_and_counts_once() -> None:
    row = due_row(policy(Unit.month), ["2025-12-10"], week="2026-03-02")
    assert row is not None
    # January closed on the 31st without a patrol; 2 March is 30 days later.
    assert (row["visits"], row["overdue_days"], row["reason"]) == (1, 30, DueReason.overdue)
    assert row["must"]


def test_four_a_month_are_spread_over_its_weeks() -> None:
    four = policy(Unit.month, 4)
    done: list[str] = []
    counts = []
    for week in ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"):
        visits = due_days(four, done, week=week)[0]
        counts.append(visits)
        done += [str(day(week) + timedelta(days=n + 1)) for n in range(visits)]
    assert counts == [1, 1, 1, 1]


def test_once_a_quarter_and_half_year_and_year_at_the_end_of_the_year() -> None:
    last_week = "2026-12-28"  # Thursday 31 December
    for unit in (Unit.quarter, Unit.half_year, Unit.year):
        row = due_row(policy(unit), [], week=last_week)
        assert row is not None
        assert (row["must"], row["days"]) == (True, (0, 1, 2, 3))
    # The week of Thursday 1 January 2026 serves 2026, on its Thursday and Friday alone.
    row = due_row(policy(Unit.year), ["2024-06-01"], week="2025-12-29")
    assert row is not None
    assert row["days"] == (3, 4)
    # 2025 itself was still open on the Monday.
    assert row["overdue_days"] == 0
    later = due_row(policy(Unit.year), ["2024-06-01"], week="2026-01-05")
    assert later is not None
    assert later["overdue_days"] == 5


def test_a_quarter_is_due_one_quarter_after_the_last_patrol() -> None:
    quarter = policy(Unit.quarter)
    # 12 January + 91 days (April-June) = 13 April, a Monday.
    assert due_row(quarter, ["2026-01-12"], week="2026-04-06") is None
    row = due_row(quarter, ["2026-01-12"], week="2026-04-13")
    assert row is not None
    assert (row["reason"], row["must"]) == (DueReason.pace, False)


def test_a_patrol_on_29_february_counts_for_february_and_the_year() -> None:
    assert due_row(policy(Unit.year), ["2028-02-29"], week="2028-12-25") is None
    row = due_row(policy(Unit.month), ["2028-02-29"], week="2028-03-06")
    assert row is None


def test_a_closed_season_makes_nothing_overdue() -> None:
    winter = policy(Unit.month, season=((11, 1), (2, 29)))
    # Last winter was served to its end; nothing was owed from March to October.
    row = due_row(winter, ["2026-01-15", "2026-02-15"], week="2026-11-02")
    assert row is not None
    assert row["overdue_days"] == 0
    assert due_row(winter, [], week="2026-03-02") is None
    # December missed, January open.
    row = due_row(winter, ["2026-11-20"], week="2027-01-04")
    assert row is not None
    assert row["overdue_days"] == 4


def test_an_object_is_owed_from_the_first_whole_period_after_it_joined() -> None:
    objects = objects_of("late", "early", since=["2026-01-02", "2026-01-01"])
    due = due_visits(objects, [policy(Unit.month)], history_of(), week=MONDAY)
    assert dict(zip(due["object"], due["overdue_days"], strict=True)) == {"early": 30, "late": 2}


def test_overdue_comes_first_then_must_then_priority_then_name() -> None:
    objects = objects_of("a", "b", "c", "d", "e", object_class=["low", "high", "low", "once", None])
    rules = [
        policy(Unit.week, key="low", object_class="low", priority=1),
        policy(Unit.week, key="high", object_class="high", priority=5),
        policy(Unit.ten_days, key="once", object_class="once"),
    ]
    history = history_of(a=["2026-02-27"], b=["2026-02-27"], c=["2026-02-02"], d=["2026-02-26"])
    due = due_visits(objects, rules, history, week=MONDAY)
    assert due["object"].tolist() == ["c", "d", "b", "a"]
    assert tuple(due.columns) == DUE_COLUMNS
    # c: the week of 9 February closed on the 15th without a patrol.
    assert due["overdue_days"].tolist() == [15, 0, 0, 0]


def test_nothing_in_gives_an_empty_frame_with_the_same_columns() -> None:
    due = due_visits(objects_of(), [], history_of(), week=MONDAY)
    assert tuple(due.columns) == DUE_COLUMNS
    assert due.empty


def test_a_week_that_does_not_start_on_monday_is_refused() -> None:
    with pytest.raises(NotAMonday):
        due_visits(objects_of("a"), [], history_of(), week=date(2026, 3, 3))


def test_a_new_ledger_of_monthly_objects_spreads_over_the_weeks_of_the_month() -> None:
    names = [f"reach {n}" for n in range(200)]
    done = pd.DataFrame({"object": [], "date": []})
    counts = []
    for week in ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"):
        due = due_visits(objects_of(*names), [policy(Unit.month)], done, week=day(week))
        counts.append(len(due))
        new = pd.DataFrame({"object": due["object"], "date": day(week) + timedelta(days=1)})
        done = pd.concat([done.astype(object), new], ignore_index=True)
    assert sum(counts) == 200
    assert all(25 <= count <= 80 for count in counts)


MONTHLY_UNITS = [Unit.ten_days, Unit.half_month, Unit.month, Unit.quarter, Unit.half_year]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(MONTHLY_UNITS),
    st.integers(1, 4),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 700),
)
def test_whoever_does_what_is_due_each_week_meets_every_period(
    unit: Unit, times: int, weekdays: frozenset[int], offset: int
) -> None:
    # As many visits as the period has weeks: one allowed day a week must be enough.
    times = min(times, 1 if unit is Unit.ten_days else 2 if unit is Unit.half_month else 4)
    one = policy(unit, times, weekdays=weekdays)
    done: list[date] = []
    start = date(2027, 1, 4) + timedelta(weeks=offset % 100)
    weeks = [start + timedelta(weeks=n) for n in range(60)]
    for week in weeks:
        history = pd.DataFrame({"object": "a", "date": done})
        due = due_visits(objects_of("a"), [one], history, week=week)
        if not due.empty:
            row = due.iloc[0]
            days = row["days"][: row["visits"]]
            done += [week + timedelta(days=weekday) for weekday in days]
    period = period_of(unit, day=weeks[0])
    period = period_of(unit, day=period.next_day())
    while period.last < weeks[-1]:
        held = sum(period.first <= when <= period.last for when in done)
        possible = sum(
            (period.first + timedelta(days=n)).weekday() in weekdays for n in range(period.days)
        )
        assert held >= min(times, possible)
        period = period_of(unit, day=period.next_day())
