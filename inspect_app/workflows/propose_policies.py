"""Propose policies: give a new county the proposed numbers, each with its source."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.assignment import PROPOSED_ROUTING, ROUTING_SOURCE
from inspect_app.domain.policies import PROPOSALS
from inspect_app.models import AuditEntry, Policy, RoutingRule


def propose_policies(session: Session, *, actor: Actor, today: date, now: datetime) -> list[str]:
    """Add a row for every proposal the county has no row of, valid from today; return the keys.

    Rows that exist are never touched, whatever their value or validity. A county without any rule
    of which unit a kind belongs to gets the proposed ones.
    """
    known = set(session.scalars(select(Policy.key)))
    missing = [proposal for proposal in PROPOSALS if proposal.key not in known]
    for proposal in missing:
        session.add(
            Policy(
                key=proposal.key,
                value={"value": proposal.value},
                valid_from=today,
                source=proposal.source,
            )
        )
    keys = [proposal.key for proposal in missing]
    if session.scalar(select(RoutingRule.id).limit(1)) is None:
        session.add_all(_routing(today))
        keys.append(RoutingRule.__tablename__)
    if keys:
        session.add(
            AuditEntry(
                at=now,
                actor_id=actor.person_id,
                action="policy.propose",
                subject_kind="policy",
                subject_id=None,
                facts={"keys": keys},
            )
        )
    session.flush()
    return keys


def _routing(today: date) -> list[RoutingRule]:
    return [
        RoutingRule(
            pollution_type=rule.pollution_type,
            pollution_subtype=rule.pollution_subtype,
            department=rule.department,
            valid_from=today,
            source=ROUTING_SOURCE,
        )
        for rule in PROPOSED_ROUTING
    ]
