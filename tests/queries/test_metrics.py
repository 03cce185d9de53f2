"""Figures show numerator and denominator, respect cut-off and scope."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import box
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Scope
from inspect_app.queries.metrics import figures, week_period
from inspect_app.queries.repeated_matters import repeated_matters
from tests.conftest import NOW
from tests.factories import make_finding, make_grid, make_matter

MONDAY = date(2026, 3, 23)
PERIOD = week_period(MONDAY, cut_off=NOW, zone=ZoneInfo("Asia/Shanghai"))
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def values(session: Session, scope: Scope = EVERYWHERE) -> dict[str, tuple[int, int | None]]:
    return {
        figure.metric.key: (figure.numerator, figure.denominator)
        for figure in figures(session, PERIOD, scope)
    }


def test_an_empty_county_has_no_rates_rather_than_zero_or_hundred_per_cent(session: Session):
    for figure in figures(session, PERIOD, EVERYWHERE):
        assert figure.numerator == 0
        assert figure.value == (0 if figure.denominator is None else None)


def test_repeats_count_complaints_beyond_the_first_of_each_matter(session: Session):
    make_matter(session, at=NOW - HOUR, complaints=3)
    make_matter(session, at=NOW - HOUR, complaints=1)
    assert values(session)["received_count"] == (4, None)
    assert values(session)["repeat_rate"] == (2, 4)


def test_the_week_before_is_cut_off_at_the_same_hour(session: Session):
    make_matter(session, at=NOW - WEEK - HOUR)
    make_matter(session, at=NOW - WEEK + HOUR)
    received = figures(session, PERIOD, EVERYWHERE)[0]
    assert (received.numerator, received.earlier_numerator) == (0, 1)
    assert received.change == -1


def test_a_closed_matter_counts_as_closed_only_before_the_cut_off(session: Session):
    make_matter(session, at=NOW - WEEK, closed_at=NOW - HOUR, state="closed")
    make_matter(session, at=NOW - WEEK, closed_at=NOW + HOUR, state="closed")
    assert values(session)["closing_rate"] == (1, 2)


def test_overdue_findings_are_a_share_of_the_open_ones(session: Session):
    make_finding(session, at=NOW - WEEK, state="assigned", due_at=NOW - HOUR)
    make_finding(session, at=NOW - WEEK, state="assigned", due_at=NOW + HOUR)
    make_finding(session, at=NOW - WEEK, state="closed", due_at=NOW - HOUR, closed_at=NOW - HOUR)
    make_finding(session, at=NOW - WEEK, state="dismissed", due_at=NOW - HOUR)
    assert values(session)["overdue_rate"] == (1, 2)
    assert values(session)["finding_closing_rate"] == (1, 3)


def test_a_township_sees_its_own_figures_only(session: Session):
    county = make_grid(session)
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    make_matter(session, at=NOW - HOUR, grid_id=town.id)
    make_matter(session, at=NOW - HOUR, grid_id=county.id)
    assert values(session, Scope(everywhere=False, grid_paths=(town.path,)))["received_count"] == (
        1,
        None,
    )


@pytest.mark.parametrize(("count_min", "found"), [(2, [3, 2]), (3, [3]), (4, [])])
def test_the_top_list_holds_matters_with_enough_complaints_most_first(
    session: Session, count_min: int, found: list[int]
):
    for complaints in (1, 2, 3):
        make_matter(session, at=NOW - HOUR, complaints=complaints)
    rows = repeated_matters(
        session, EVERYWHERE, since=PERIOD.start, until=PERIOD.until, count_min=count_min
    )
    assert [row.complaints for row in rows] == found
