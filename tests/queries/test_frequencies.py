"""What frequencies govern, and what a new row would ask for."""

from datetime import date, time, timedelta

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from gis.schedule import without_policy
from inspect_app.domain.codes import ObjectKind, PeriodUnit
from inspect_app.domain.frequencies import FrequencyTerms
from inspect_app.models import FrequencyPolicy
from inspect_app.queries.frequencies import class_counts, effect_of, frequency_book
from inspect_app.queries.patrol_week import in_known_classes, objects_to_patrol, week_policies
from inspect_app.workflows.apply_conditions import ledger
from tests.conftest import NOW
from tests.factories import make_frequency, make_outlet, make_source
from tests.small_county import SmallCounty, make_small_county

TODAY = NOW.date()
MONDAY = date(2026, 3, 23)
NEXT = date(2026, 3, 30)
WEEKLY = FrequencyTerms(
    object_kind=ObjectKind.OUTLET, times=2, period_unit=PeriodUnit.WEEK, service_min=15
)


@pytest.fixture
def county(session: Session) -> SmallCounty:
    return make_small_county(session)


def objects_by_row(session: Session) -> dict[int, int]:
    book = frequency_book(session, today=TODAY)
    return {line.row.id: line.objects for lines in book.lines.values() for line in lines}


@pytest.mark.usefixtures("county")
def test_rows_stand_under_their_kind_with_the_objects_they_govern(session: Session):
    book = frequency_book(session, today=TODAY)
    (segments,), (outlets,) = book.lines[ObjectKind.SEGMENT], book.lines[ObjectKind.OUTLET]
    assert (segments.objects, segments.visits) == (4, 4)
    assert outlets.objects == 1
    assert book.visits == 5
    assert book.unruled == []
    assert book.past == []


@pytest.mark.usefixtures("county")
def test_a_class_goes_before_the_kind_and_a_class_below_follows_the_one_above(session: Session):
    for outlet_class in ("1.1", "2", "3.1"):
        make_outlet(session, 120.06, 31, outlet_class=outlet_class)
    parks = make_frequency(session, "outlet", object_class="3")
    towns = make_frequency(session, "outlet", object_class="2")
    counts = objects_by_row(session)
    assert counts[parks.id] == 1
    assert counts[towns.id] == 1


@pytest.mark.usefixtures("county")
def test_hours_are_a_duty_of_their_own_and_a_closed_season_governs_nothing(session: Session):
    night = make_frequency(session, "outlet", window_from=time(18), window_to=time(6))
    autumn = make_frequency(session, "outlet", season_from="09-01", season_to="10-31")
    counts = objects_by_row(session)
    assert counts[night.id] == 1
    assert counts[autumn.id] == 0
    lines = frequency_book(session, today=TODAY).lines[ObjectKind.OUTLET]
    assert [line.off_season for line in lines if line.row is autumn] == [True]


def test_objects_no_row_applies_to_are_counted_by_class_as_the_plan_does(session: Session, county):
    for permit in ("key", "key", "none"):
        make_source(session, 120.05, 31, permit_class=permit)
    make_frequency(session, "source", object_class="simplified")
    book = frequency_book(session, today=TODAY)
    assert {(one.kind, one.object_class): one.count for one in book.unruled} == {
        (ObjectKind.SOURCE, "key"): 2,
        (ObjectKind.SOURCE, "none"): 1,
    }
    policies = week_policies(session, week=MONDAY, weekdays=frozenset(range(5)))
    objects = in_known_classes(objects_to_patrol(session, day=MONDAY), policies)
    oracle: pd.DataFrame = without_policy(ledger(objects), policies, week=MONDAY)
    assert book.unruled_count == len(oracle) == 3
    assert county.outlet.id


def test_what_is_to_come_and_what_is_past_is_told_apart(session: Session):
    past = make_frequency(session, "source", valid_to=TODAY)
    coming = make_frequency(session, "source", valid_from=TODAY + timedelta(days=1))
    last = make_frequency(session, "outlet", valid_to=TODAY + timedelta(days=1))
    book = frequency_book(session, today=TODAY)
    assert [line.row for line in book.past] == [past]
    assert book.past[0].last_day == TODAY - timedelta(days=1)
    assert [(line.row, line.coming) for line in book.lines[ObjectKind.SOURCE]] == [(coming, True)]
    assert [line.row for line in book.lines[ObjectKind.OUTLET]] == [last]


def test_an_empty_county_has_an_empty_book(session: Session):
    book = frequency_book(session, today=TODAY)
    assert (book.past, book.unruled, book.visits, book.unruled_count) == ([], [], 0, 0)
    assert class_counts(session, day=TODAY) == []
    effect = effect_of(session, WEEKLY, valid_from=TODAY)
    assert effect is not None
    assert (effect.objects, effect.visits, effect.after) == (0, 0, 0)


@pytest.mark.usefixtures("county")
def test_the_effect_by_hand(session: Session):
    # Two outlets twice a week for 15 minutes are 4 visits and one hour; four segments stay.
    make_outlet(session, 120.06, 31)
    outlets = frequency_book(session, today=TODAY).lines[ObjectKind.OUTLET][0].row
    effect = effect_of(session, WEEKLY, valid_from=TODAY, replaced=outlets.id)
    assert effect is not None
    assert (effect.week, effect.objects, effect.visits, effect.hours) == (NEXT, 2, 4, 1)
    assert (effect.before, effect.after) == (6, 8)
    assert not session.new
    assert session.query(FrequencyPolicy).count() == 2


def test_a_row_for_objects_without_one_lowers_their_number(session: Session):
    make_source(session, 120.05, 31, permit_class="key")
    terms = FrequencyTerms(
        object_kind=ObjectKind.SOURCE, times=1, period_unit=PeriodUnit.MONTH, service_min=20
    )
    effect = effect_of(session, terms, valid_from=MONDAY)
    assert effect is not None
    assert effect.week == MONDAY
    assert (effect.unruled_before, effect.unruled_after) == (1, 0)
    assert effect.visits == pytest.approx(12 * 7 / 365.25)


def test_the_effect_is_that_of_the_first_week_in_season(session: Session):
    make_outlet(session, 120.06, 31)
    values = {"times": 1, "period_unit": PeriodUnit.WEEK, "service_min": 20}
    summer = FrequencyTerms(
        object_kind=ObjectKind.OUTLET, season_from="06-05", season_to="08-31", **values
    )
    effect = effect_of(session, summer, valid_from=TODAY)
    assert effect is not None
    # Thursday 4 June lies before the season, Thursday 11 June in it.
    assert (effect.week, effect.objects) == (date(2026, 6, 8), 1)
    weekend = FrequencyTerms(
        object_kind=ObjectKind.OUTLET, season_from="06-06", season_to="06-07", **values
    )
    assert effect_of(session, weekend, valid_from=TODAY) is None
    assert effect_of(session, summer, valid_from=TODAY, valid_to=date(2026, 6, 8)) is None
