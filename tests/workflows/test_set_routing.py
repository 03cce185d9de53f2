"""Setting the division of work: who may, from when, and that a kind has one unit a day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, RoutingRule
from inspect_app.queries.routing import routing_book
from inspect_app.workflows.set_routing import RoutingDraft, RoutingEnd, add_routing, end_routing
from tests.conftest import NOW
from tests.factories import actor_with, make_grid

TODAY = date(2026, 3, 24)
DRAFT = RoutingDraft("noise", "site_noise", "住建局", TODAY, None, "县政府〔2026〕3号")
MAY = {Role.ADMINISTRATOR, Role.DEPUTY}


@pytest.fixture
def administrator(session):
    return actor_with(session, Role.ADMINISTRATOR)


def add(session, draft, actor):
    return add_routing(session, draft, actor=actor, today=TODAY, now=NOW)


def end(session, row, day, actor, source="县政府〔2026〕4号"):
    end_routing(session, row.id, RoutingEnd(day, source), actor=actor, today=TODAY, now=NOW)


def refusal(call, *arguments):
    with pytest.raises(Problem) as refused:
        call(*arguments)
    return refused.value


@pytest.mark.parametrize("role", Role)
def test_administrators_and_the_deputy_set_the_division_of_work(session, role):
    actor = actor_with(session, role)
    if role in MAY:
        assert add(session, DRAFT, actor).department == "住建局"
        return
    assert refusal(add, session, DRAFT, actor).code == "not_permitted"


def test_a_deputy_of_one_town_does_not_divide_the_countys_work(session):
    deputy = actor_with(session, Role.DEPUTY, grid=make_grid(session))
    assert refusal(add, session, DRAFT, deputy).code == "county_wide_only"


def test_a_rule_and_its_end_stand_in_the_audit_trail(session, administrator):
    row = add(session, DRAFT, administrator)
    end(session, row, TODAY + timedelta(days=7), administrator)
    added, ended = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert (added.action, added.actor_id) == ("routing.add", administrator.person_id)
    assert added.facts == {
        "pollution_type": "noise",
        "pollution_subtype": "site_noise",
        "department": "住建局",
        "from": "2026-03-24",
        "source": "县政府〔2026〕3号",
    }
    assert (ended.action, ended.subject_id) == ("routing.end", str(row.id))
    assert ended.facts == {
        "was": added.facts,
        "from": "2026-03-31",
        "source": "县政府〔2026〕4号",
    }
    assert row.valid_to == date(2026, 3, 31)


def test_a_second_unit_for_the_same_kind_and_day_is_refused_by_name(session, administrator):
    add(session, DRAFT, administrator)
    problem = refusal(add, session, replace(DRAFT, department="执法局"), administrator)
    assert problem.code == "routing_clash"
    assert str(problem) == (
        "“噪声·建设施工噪声”在2026-03-24 –已归“住建局”(依据:县政府〔2026〕3号),请先终止它"
    )


def test_a_subtype_may_belong_elsewhere_than_its_type(session, administrator):
    add(session, DRAFT, administrator)
    assert add(session, replace(DRAFT, subtype=None), administrator).id
    clash = refusal(add, session, replace(DRAFT, subtype=None), administrator)
    assert clash.code == "routing_clash"


def test_the_next_unit_takes_over_on_the_day_the_last_one_ends(session, administrator):
    handover = TODAY + timedelta(days=7)
    row = add(session, DRAFT, administrator)
    end(session, row, handover, administrator)
    early = replace(DRAFT, department="执法局", valid_from=handover - timedelta(days=1))
    assert refusal(add, session, early, administrator).code == "routing_clash"
    add(session, replace(early, valid_from=handover), administrator)
    book = routing_book(session, today=TODAY)
    assert [(line.row.department, line.coming) for line in book.open] == [
        ("住建局", False),
        ("执法局", True),
    ]
    assert [line.row.department for line in routing_book(session, today=handover).over] == [
        "住建局"
    ]


def test_a_rule_that_never_began_is_taken_out_and_one_that_ended_cannot_end_again(
    session, administrator
):
    later = replace(DRAFT, valid_from=TODAY + timedelta(days=5))
    end(session, add(session, later, administrator), TODAY, administrator)
    assert session.scalars(select(RoutingRule)).all() == []
    row = add(session, DRAFT, administrator)
    end(session, row, TODAY + timedelta(days=1), administrator)
    again = refusal(end, session, row, TODAY + timedelta(days=2), administrator)
    assert again.code == "routing_over"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"pollution_type": "smoke"}, "field_invalid"),
        ({"subtype": "odour"}, "field_invalid"),
        ({"department": "  "}, "field_invalid"),
        ({"department": "局" * 201}, "field_invalid"),
        ({"source": ""}, "field_invalid"),
        ({"valid_from": TODAY - timedelta(days=1)}, "field_invalid"),
        ({"valid_from": date(2037, 1, 1)}, "field_invalid"),
        ({"last_day": TODAY - timedelta(days=1)}, "days_reversed"),
        ({"last_day": date.max}, "field_invalid"),
    ],
)
def test_what_cannot_be_meant_is_refused(session, administrator, wrong, code):
    assert refusal(add, session, replace(DRAFT, **wrong), administrator).code == code
    assert session.scalars(select(AuditEntry)).all() == []


def test_an_end_needs_a_rule_a_day_to_come_and_a_source(session, administrator):
    row = add(session, DRAFT, administrator)
    yesterday = TODAY - timedelta(days=1)
    assert refusal(end, session, row, yesterday, administrator).code == "field_invalid"
    assert refusal(end, session, row, TODAY, administrator, " ").code == "field_invalid"
    session.delete(row)
    session.flush()
    assert refusal(end, session, row, TODAY, administrator).code == "not_found"


periods = st.tuples(st.integers(0, 8), st.integers(0, 4) | st.none(), st.sampled_from("甲乙"))


@given(wanted=st.lists(periods, max_size=8))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_day_has_two_units_for_a_kind(session, administrator, wanted):
    with session.begin_nested() as attempt:
        for start, length, department in wanted:
            first = TODAY + timedelta(days=start)
            last = None if length is None else first + timedelta(days=length)
            draft = replace(DRAFT, valid_from=first, last_day=last, department=department)
            span = 20 if length is None else length
            taken = any(rows_on(session, first + timedelta(days=n)) for n in range(span + 1))
            if taken:
                assert refusal(add, session, draft, administrator).code == "routing_clash"
            else:
                add(session, draft, administrator)
        assert all(rows_on(session, TODAY + timedelta(days=n)) <= 1 for n in range(30))
        attempt.rollback()


def rows_on(session, day):
    rows = session.scalars(select(RoutingRule)).all()
    return sum(
        row.valid_from <= day and (row.valid_to is None or day < row.valid_to) for row in rows
    )
