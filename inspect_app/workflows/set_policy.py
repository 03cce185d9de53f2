"""Set a policy: another value from a day on, with where it comes from; the past stays as it was."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.policies import PROPOSALS
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Policy

SOURCE_MAX = 200


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """The value of a policy from a day on, and the document or decision behind it."""

    key: str
    value: float
    valid_from: date
    source: str


def set_policy(
    session: Session, change: PolicyChange, *, actor: Actor, today: date, now: datetime
) -> Policy:
    """Give a policy another value from today or a later day on.

    The row in force ends on that day; a row already set for a later day keeps its place. A row
    that begins on the very day is replaced, its value goes to the audit trail.

    Raises
    ------
    Problem
        `not_permitted`; `not_found` for a key the product does not know; `field_invalid` for a
        value below zero or not a number, a day before today, or an empty source.
    """
    if not actor.may(Permission.ADMINISTER):
        raise Problem("not_permitted", permission=Permission.ADMINISTER.value)
    _require_sound(change, today=today)
    rows = session.scalars(
        select(Policy).where(Policy.key == change.key).order_by(Policy.valid_from).with_for_update()
    ).all()
    before = _in_force(rows, change.valid_from)
    facts: dict[str, object] = {
        "key": change.key,
        "value": change.value,
        "from": change.valid_from.isoformat(),
        "was": None if before is None else before.value["value"],
    }
    later = [row.valid_from for row in rows if row.valid_from > change.valid_from]
    if before is not None and before.valid_from == change.valid_from:
        row = before
    else:
        if before is not None:
            before.valid_to = change.valid_from
        row = Policy(
            key=change.key, valid_from=change.valid_from, valid_to=min(later, default=None)
        )
        session.add(row)
    row.value, row.source = {"value": change.value}, change.source.strip()
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="policy.set",
            subject_kind="policy",
            subject_id=change.key,
            facts=facts,
        )
    )
    session.flush()
    return row


def _require_sound(change: PolicyChange, *, today: date) -> None:
    if change.key not in {proposal.key for proposal in PROPOSALS}:
        raise Problem("not_found", what="规则")
    if not math.isfinite(change.value) or change.value < 0:
        raise Problem("field_invalid", field="取值", expected="≥ 0", found=f"{change.value}")
    if change.valid_from < today:
        found = change.valid_from.isoformat()
        raise Problem("field_invalid", field="自", expected=f"≥ {today}", found=found)
    if not change.source.strip() or len(change.source) > SOURCE_MAX:
        raise Problem("field_invalid", field="依据", expected="1–200", found=change.source[:40])


def _in_force(rows: Sequence[Policy], day: date) -> Policy | None:
    for row in rows:
        if row.valid_from <= day and (row.valid_to is None or row.valid_to > day):
            return row
    return None
