"""Counts of campaign items: thirteen batches with thirty-seven items, units by lateness, days."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.domain.campaign_codes import ItemState
from inspect_app.domain.dispatch import (
    DispatchDay,
    ItemFacts,
    dispatch_table,
    next_filing_day,
    tally,
)

TUESDAY = date(2026, 3, 24)
TODAY = DispatchDay(TUESDAY, soon_days=7)
S = ItemState


def fact(state: ItemState = S.IN_PROGRESS, due: int = 30, **values) -> ItemFacts:
    item = ItemFacts(
        "城关站", "第一批", is_key_item=False, state=state, due_on=TUESDAY + timedelta(days=due)
    )
    return replace(item, **values)


def test_thirteen_batches_with_thirty_seven_items_three_of_them_key():
    sizes = [3] * 11 + [2, 2]
    items = [
        fact(batch_no=f"第{batch}批", is_key_item=batch < 3 and place == 0)
        for batch, size in enumerate(sizes)
        for place in range(size)
    ]
    counted = tally(items, TODAY)
    assert (counted.batches, counted.items, counted.key_items) == (13, 37, 3)


def test_items_without_a_batch_belong_to_none():
    assert tally([fact(batch_no=None), fact(batch_no="")], TODAY).batches == 0


@pytest.mark.parametrize(("due", "soon", "late"), [(-1, 0, 1), (0, 1, 0), (7, 1, 0), (8, 0, 0)])
def test_a_due_day_is_late_from_the_next_day_on_and_soon_for_a_week(due, soon, late):
    counted = tally([fact(due=due)], TODAY)
    assert (counted.soon, counted.late) == (soon, late)


@pytest.mark.parametrize("state", [S.RECTIFIED, S.ACCEPTED_FOR_CANCEL, S.CANCELLED_OFF])
def test_what_a_unit_has_reported_is_late_no_more(state):
    counted = tally([fact(state, due=-5)], TODAY)
    assert (counted.late, counted.soon) == (0, 0)


def test_struck_off_this_week_counts_from_monday_and_only_while_it_stays_off():
    monday, sunday = TUESDAY - timedelta(days=1), TUESDAY - timedelta(days=2)
    items = [
        fact(S.CANCELLED_OFF, struck_on=monday),
        fact(S.PUBLISHED, struck_on=TUESDAY),
        fact(S.CANCELLED_OFF, struck_on=sunday),
        fact(S.REOPENED, struck_on=TUESDAY),
        fact(S.CANCELLED_OFF, struck_on=None),
    ]
    counted = tally(items, TODAY)
    assert (counted.done, counted.done_this_week) == (4, 2)


def test_the_unit_with_most_late_items_stands_first_then_the_one_that_did_least():
    items = [
        fact(unit="甲", due=-1),
        fact(unit="乙", due=-1),
        fact(unit="乙", due=-2),
        fact(S.CANCELLED_OFF, unit="丙"),
        fact(unit="丁"),
    ]
    table = dispatch_table(items, TODAY)
    assert [(row.unit, row.tally.late) for row in table] == [
        ("乙", 2),
        ("甲", 1),
        ("丁", 0),
        ("丙", 0),
    ]


FACTS = st.builds(
    fact,
    st.sampled_from(list(ItemState)),
    st.integers(-30, 30),
    unit=st.sampled_from("甲乙丙"),
    batch_no=st.sampled_from([None, "第一批", "第二批"]),
    is_key_item=st.booleans(),
)


@settings(max_examples=50)
@given(st.lists(FACTS, max_size=20))
def test_the_table_adds_up_to_the_whole(items):
    whole, table = tally(items, TODAY), dispatch_table(items, TODAY)
    for name in ("items", "key_items", "done", "waiting", "soon", "late"):
        assert sum(getattr(row.tally, name) for row in table) == getattr(whole, name)


def test_no_items_make_an_empty_table():
    assert dispatch_table([], TODAY) == []
    assert tally([], TODAY).items == 0


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 3, 9), date(2026, 3, 10)),
        (date(2026, 3, 10), date(2026, 3, 10)),
        (date(2026, 3, 11), date(2026, 3, 25)),
        (date(2026, 3, 26), date(2026, 4, 10)),
        (date(2026, 12, 31), date(2027, 1, 10)),
    ],
)
def test_files_are_due_on_the_tenth_and_the_twenty_fifth(day, following):
    assert next_filing_day(day, (10, 25)) == following


def test_a_short_month_has_its_filing_day_on_its_last_day():
    assert next_filing_day(date(2026, 2, 1), (31,)) == date(2026, 2, 28)
