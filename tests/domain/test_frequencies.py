"""Frequencies: what can be meant, which contradict, how many visits a week they make."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.periods import Unit, in_season, period_of
from inspect_app.domain.codes import ObjectKind, PeriodUnit
from inspect_app.domain.frequencies import (
    A_WEEK,
    CLASSES,
    LONGEST_DAYS,
    FrequencyTerms,
    contradict,
    month_day,
    require_sound,
    visits_a_week,
)
from inspect_app.domain.problems import Problem

MONTHLY = FrequencyTerms(
    object_kind=ObjectKind.SOURCE,
    object_class="key",
    times=1,
    period_unit=PeriodUnit.MONTH,
    service_min=40,
)
NIGHT = {"window_from": time(18), "window_to": time(6)}
DAYS = [date(2024, 1, 1) + timedelta(days=number) for number in range(366)]
bounds = st.sampled_from(DAYS).map(lambda day: f"{day:%m-%d}")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"times": 0}, "次数"),
        ({"times": 32}, "次数"),
        ({"times": 2, "period_unit": PeriodUnit.DAY}, "次数"),
        ({"service_min": 0}, "每次时长"),
        ({"service_min": float("nan")}, "每次时长"),
        ({"service_min": 1441}, "每次时长"),
        ({"service_min": 61, "window_from": time(8), "window_to": time(9)}, "每次时长"),
        ({"min_gap_h": -1}, "最小间隔"),
        ({"min_gap_h": float("inf")}, "最小间隔"),
        ({"times": 3, "period_unit": PeriodUnit.WEEK, "min_gap_h": 49}, "最小间隔"),
        ({"priority": -1}, "优先级"),
        ({"priority": 10}, "优先级"),
        ({"season_from": "03-01"}, "季节"),
        ({"season_to": "03-01"}, "季节"),
        ({"season_from": "02-30", "season_to": "03-01"}, "季节"),
        ({"season_from": "3-1", "season_to": "04-30"}, "季节"),
        ({"season_from": "0301", "season_to": "04-30"}, "季节"),
        ({"window_from": time(18)}, "时段"),
        ({"window_to": time(18)}, "时段"),
        ({"window_from": time(18), "window_to": time(18)}, "时段"),
        ({"object_class": "level_1"}, "类别"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(values: dict, field: str):
    with pytest.raises(Problem) as refused:
        require_sound(replace(MONTHLY, **values))
    assert refused.value.code == "field_invalid"
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"object_class": None},
        {"times": 3, "period_unit": PeriodUnit.WEEK, "min_gap_h": 48},
        {"season_from": "11-01", "season_to": "02-29"},
        {"season_from": "06-01", "season_to": "06-01"},
        {"service_min": 720, **NIGHT},
        {"priority": 0},
    ],
)
def test_what_bureaus_write_is_taken(values: dict):
    require_sound(replace(MONTHLY, **values))


def test_every_kind_has_a_code_list_and_every_unit_its_length():
    assert set(CLASSES) == set(ObjectKind)
    assert set(A_WEEK) == set(PeriodUnit) == set(LONGEST_DAYS)


@pytest.mark.parametrize("unit", PeriodUnit)
def test_the_longest_period_is_the_longest_of_the_calendar(unit: PeriodUnit):
    longest = max(period_of(Unit(unit), day=day).days for day in DAYS)
    assert LONGEST_DAYS[unit] == longest


@pytest.mark.parametrize("unit", [one for one in PeriodUnit if "day" not in one.value])
def test_visits_a_week_are_those_of_four_years_by_its_weeks(unit: PeriodUnit):
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(1461)]
    periods = {period_of(Unit(unit), day=day) for day in days}
    # The first and last week of the four years are cut.
    assert visits_a_week(3, unit) == pytest.approx(3 * len(periods) / (1461 / 7), rel=0.01)


def test_ten_days_and_working_days_by_hand():
    assert visits_a_week(2, PeriodUnit.DAY) == 10
    assert visits_a_week(1, PeriodUnit.TWO_DAYS) == 2.5
    assert visits_a_week(1, PeriodUnit.TEN_DAYS) == pytest.approx(36 * 7 / 365.25)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"times": 4}, True),
        ({"object_class": None}, False),
        ({"object_class": "simplified"}, False),
        (NIGHT, False),
        ({"season_from": "03-01", "season_to": "04-30"}, False),
    ],
)
def test_a_row_contradicts_those_that_speak_of_the_same(values: dict, expected):
    other = replace(MONTHLY, **values)
    assert contradict(MONTHLY, other) is contradict(other, MONTHLY) is expected


def test_two_rows_with_hours_contradict_for_only_one_of_them_would_hold():
    early = replace(MONTHLY, window_from=time(18), window_to=time(22))
    assert contradict(early, replace(MONTHLY, **NIGHT))


@settings(max_examples=60, deadline=None)
@given(st.tuples(bounds, bounds, bounds, bounds))
def test_seasons_contradict_when_a_day_lies_in_both(ends: tuple[str, ...]):
    one = replace(MONTHLY, season_from=ends[0], season_to=ends[1])
    other = replace(MONTHLY, season_from=ends[2], season_to=ends[3])
    seasons = [(month_day(a), month_day(b)) for a, b in (ends[:2], ends[2:])]
    shared = [day for day in DAYS if all(in_season(season, day=day) for season in seasons)]
    assert contradict(one, other) == bool(shared) == contradict(other, one)
