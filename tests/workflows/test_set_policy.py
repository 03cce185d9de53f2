"""Policies are changed from a day on; what held before that day still holds for it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Policy
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.set_policy import PolicyChange, set_policy
from tests.conftest import NOW
from tests.factories import actor_with, make_policies

KEY = "stop_radius_m"
TODAY = NOW.date()


def change(session: Session, value: float, day: date = TODAY, *, actor=SYSTEM, **values) -> Policy:
    wanted = PolicyChange(KEY, value, day, values.get("source", "县局〔2026〕3号"))
    return set_policy(session, wanted, actor=actor, today=TODAY, now=NOW)


def test_a_value_holds_from_its_day_and_the_old_one_before_it(session: Session):
    make_policies(session)
    change(session, 80, TODAY + timedelta(days=7))
    assert policy_value(session, KEY, day=TODAY) == 50
    assert policy_value(session, KEY, day=TODAY + timedelta(days=6)) == 50
    assert policy_value(session, KEY, day=TODAY + timedelta(days=7)) == 80


def test_a_value_set_before_one_that_is_already_planned_ends_where_that_begins(session: Session):
    make_policies(session)
    change(session, 80, TODAY + timedelta(days=7))
    change(session, 60)
    assert policy_value(session, KEY, day=TODAY) == 60
    assert policy_value(session, KEY, day=TODAY + timedelta(days=8)) == 80


def test_a_second_change_on_the_same_day_replaces_the_first_and_the_trail_keeps_both(
    session: Session,
):
    make_policies(session)
    change(session, 60)
    change(session, 70)
    assert policy_value(session, KEY, day=TODAY) == 70
    rows = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "policy.set").order_by(AuditEntry.id)
    ).all()
    assert [(row.facts["was"], row.facts["value"]) for row in rows] == [(50, 60), (60, 70)]


@pytest.mark.parametrize(
    ("value", "day", "source"),
    [
        (float("nan"), TODAY, "文件"),
        (-1, TODAY, "文件"),
        (5, TODAY - timedelta(days=1), "文件"),
        (5, TODAY, "  "),
    ],
)
def test_senseless_changes_are_refused_and_nothing_is_written(session: Session, value, day, source):
    make_policies(session)
    with pytest.raises(Problem) as refused:
        change(session, value, day, source=source)
    assert refused.value.code == "field_invalid"
    assert policy_value(session, KEY, day=TODAY) == 50


def test_only_administrators_and_only_known_policies(session: Session):
    with pytest.raises(Problem) as refused:
        change(session, 5, actor=actor_with(session, Role.DEPUTY))
    assert refused.value.code == "not_permitted"
    unknown = PolicyChange("no_such_key", 1, TODAY, "文件")
    with pytest.raises(Problem) as refused:
        set_policy(session, unknown, actor=SYSTEM, today=TODAY, now=NOW)
    assert refused.value.code == "not_found"
