"""Proposed policies fill gaps and touch nothing that was decided."""

from datetime import date

from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.domain.policies import PROPOSALS
from inspect_app.models import Policy
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.propose_policies import propose_policies
from tests.conftest import NOW
from tests.factories import add, log_in, make_account

DAY = date(2026, 3, 24)


def test_every_number_gets_its_proposal_once(session: Session):
    first = propose_policies(session, actor=SYSTEM, today=DAY, now=NOW)
    assert len(first) == len(PROPOSALS) + 1
    assert first[-1] == "routing_rule"
    assert propose_policies(session, actor=SYSTEM, today=DAY, now=NOW) == []
    assert all(
        policy_value(session, proposal.key, day=DAY) == proposal.value for proposal in PROPOSALS
    )


def test_a_number_the_county_decided_is_kept(session: Session):
    add(session, Policy(key="stop_radius_m", value={"value": 80}, valid_from=DAY, source="县局"))
    propose_policies(session, actor=SYSTEM, today=DAY, now=NOW)
    assert policy_value(session, "stop_radius_m", day=DAY) == 80


def test_a_page_that_needs_a_missing_number_says_which(app: Flask, session: Session):
    account = make_account(session, Role.DIRECTOR)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    answer = client.get("/summary")
    assert answer.status_code == 422
    assert "重复事项起算次数" in answer.text
