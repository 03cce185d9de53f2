"""Lights and working days."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inspect_app.domain.calendar import (
    WEEKENDS_ONLY,
    Light,
    Period,
    WorkCalendar,
    end_of_day,
    light,
    local_day,
    working_days_between,
    working_days_later,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def light_after(days: float, *, of: float) -> Light:
    period = Period(START, START + timedelta(days=of))
    return light(period, now=START + timedelta(days=days), calendar=WEEKENDS_ONLY)


def test_fifteen_days_are_green_for_ten_amber_for_five_then_red():
    assert light_after(0, of=15) is Light.GREEN
    assert light_after(9.99, of=15) is Light.GREEN
    assert light_after(10, of=15) is Light.AMBER
    assert light_after(15, of=15) is Light.AMBER
    assert light_after(15.001, of=15) is Light.RED


def test_the_last_two_working_days_are_amber_however_short_the_period():
    # Due on Wednesday: on Friday before three working days are left, on Monday two.
    wednesday = end_of_day(date(2026, 3, 25))
    period = Period(wednesday - timedelta(days=5), wednesday)
    friday, monday = (datetime(2026, 3, day, 1, tzinfo=UTC) for day in (20, 23))
    assert light(period, now=friday, calendar=WEEKENDS_ONLY) is Light.GREEN
    assert light(period, now=monday, calendar=WEEKENDS_ONLY) is Light.AMBER


def test_working_days_left_leave_out_holidays():
    # Due on Monday 12 October 2026: during National Day four working days are left (8, 9, the
    # worked Saturday 10 and 12), on Friday 9 two.
    golden_week = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}
    calendar = WorkCalendar(golden_week)
    due = end_of_day(date(2026, 10, 12))
    period = Period(due - timedelta(days=18), due)
    assert working_days_between(date(2026, 9, 30), date(2026, 10, 12), calendar=calendar) == 4
    before, after = datetime(2026, 10, 1, 1, tzinfo=UTC), datetime(2026, 10, 9, 1, tzinfo=UTC)
    assert light(period, now=before, calendar=calendar) is Light.GREEN
    assert light(period, now=after, calendar=calendar) is Light.AMBER


def test_without_a_deadline_there_is_no_light():
    assert light(Period(START, None), now=START, calendar=WEEKENDS_ONLY) is Light.NONE


@given(st.floats(0, 400), st.floats(0, 400), st.floats(0.01, 400))
def test_a_light_never_turns_back(earlier, later, period):
    order = [Light.GREEN, Light.AMBER, Light.RED]
    first, second = sorted((earlier, later))
    assert order.index(light_after(first, of=period)) <= order.index(light_after(second, of=period))


def test_a_working_day_after_friday_is_monday():
    assert working_days_later(date(2026, 3, 27), 1, calendar=WEEKENDS_ONLY) == date(2026, 3, 30)
    assert working_days_later(date(2026, 3, 28), 1, calendar=WEEKENDS_ONLY) == date(2026, 3, 30)
    assert working_days_later(date(2026, 3, 24), 5, calendar=WEEKENDS_ONLY) == date(2026, 3, 31)
    assert working_days_later(date(2026, 3, 24), 0, calendar=WEEKENDS_ONLY) == date(2026, 3, 24)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_between_a_day_and_its_deadline_lie_just_so_many_working_days(day, days):
    due = working_days_later(day, days, calendar=WEEKENDS_ONLY)
    between = ((day + timedelta(days=n + 1)).isoweekday() for n in range((due - day).days))
    assert sum(weekday < 6 for weekday in between) == days
    assert due.isoweekday() < 6


def test_the_day_of_an_instant_is_the_one_in_beijing():
    assert local_day(datetime(2026, 3, 23, 16, 0, tzinfo=UTC)) == date(2026, 3, 24)
    assert local_day(end_of_day(date(2026, 3, 24))) == date(2026, 3, 24)
