"""`inspect-app replan`: both offers in a table, what moves, adoption with a reason, refusals."""

from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from inspect_app.cli import edge, main
from inspect_app.db import transaction
from inspect_app.domain.access import SYSTEM
from inspect_app.domain.weeks import monday_of, week_text
from inspect_app.models import PatrolPlan
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from tests.cli.test_plan import county_sessions
from tests.conftest import NOW
from tests.small_county import make_small_county, request

__all__ = ["county_sessions"]


@pytest.fixture
def outlet(county_sessions) -> str:
    """Return the key of an outlet of a county whose next week is published."""
    week = monday_of(edge.today()) + timedelta(days=7)
    with transaction(county_sessions) as session:
        county = make_small_county(session)
        plan = plan_week(session, week, request=request(), actor=SYSTEM, now=NOW)
        publish_plan(session, plan, actor=SYSTEM, now=NOW)
        return f"outlet:{county.outlet.id}"


def replan(*options: str) -> Result:
    edge.console.width = 200
    week = week_text(monday_of(edge.today()) + timedelta(days=7))
    return CliRunner().invoke(main, ["replan", "--week", week, "--iterations", "50", *options])


def test_the_offers_are_printed_and_one_is_adopted(county_sessions, outlet, capsys):
    with capsys.disabled():
        answer = replan("--urgent", outlet, "--adopt", "insert_only", "演练")
    assert answer.exit_code == 0, answer.output
    for words in ("insert_only", "best", "minutes added", "一号排口", "adopted as change 1"):
        assert words in answer.output
    with county_sessions() as session:
        assert session.scalars(select(PatrolPlan.revision)).all() == [1]


def test_refusals_are_sentences(outlet, capsys):
    assert outlet
    with capsys.disabled():
        nobody = replan("--absent", "没有这个组", "2026-03-25")
        nothing = replan()
    assert nobody.exit_code == nothing.exit_code == 1
    assert "没有找到没有这个组" in nobody.output
    assert "没有需要调整的事项" in nothing.output
