"""Reveal a reporter: one complaint, one reason, one audit entry; confidential ones to leaders.

A refused attempt is an audit entry too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.calendar import local_day
from inspect_app.domain.codes import ReporterMode
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.models import AuditEntry, Complaint, Reporter
from inspect_app.queries.policies import policy_value
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.queries.reporters import complaint_in_scope, opened

REASON_MAX = 200
REVEALS_MAX = "reveals_per_hour_max"
_ACTION = "reporter.reveal"
_REFUSED = "reporter.reveal_refused"
TELLING_REFUSALS = frozenset({"not_permitted", "not_found", "reveal_too_often"})
"""Refusals somebody should hear of: a post that may not, a place that is not theirs, a rush."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Revealed:
    """A complaint and who reported it."""

    complaint: Complaint
    reporter: ReporterData


def reveal_reporter(
    session: Session,
    complaint_id: int,
    reason: str,
    *,
    seal: ReporterSeal,
    actor: Actor,
    now: datetime,
) -> Revealed:
    """Return who reported one complaint; the audit entry with the reason is written first.

    Raises
    ------
    Problem
        `not_permitted` without the permission, or for a confidential reporter without the leaders'
        one; `not_found` outside the scope; `reason_missing`; `reporter_none`; `reveal_too_often`;
        `reporter_shut` where what is stored does not open.
    """
    _require(actor, Permission.REPORTER_REVEAL)
    complaint = complaint_in_scope(session, complaint_id, scope=actor.scope)
    reporter = session.get(Reporter, complaint_id)
    if reporter is None or reporter.sealed is None:
        raise Problem("reporter_none")
    mode = ReporterMode(reporter.mode)
    if mode is ReporterMode.CONFIDENTIAL:
        _require(actor, Permission.REPORTER_REVEAL_CONFIDENTIAL)
    stated = reason.strip()[:REASON_MAX]
    if not stated:
        raise Problem("reason_missing")
    _refuse_hurry(session, actor, now=now)
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=_ACTION,
            subject_kind="complaint",
            subject_id=str(complaint.id),
            facts={"complaint_no": complaint.complaint_no, "reason": stated, "mode": mode.value},
        )
    )
    session.flush()
    told = opened(reporter, seal=seal, complaint_no=complaint.complaint_no)
    return Revealed(complaint, ReporterData(mode, *told))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whose reporter somebody asked for: a complaint, or a matter's document by its address."""

    subject_kind: str
    subject_id: int


def note_refusal(
    session: Session, attempt: Attempt, problem: Problem, *, actor: Actor, now: datetime
) -> bool:
    """Write a refused attempt to the audit trail where it tells something; say whether it did.

    The entry holds who, what and why not: nothing of a reporter, and not the reason that was typed,
    for people write names into it. The session is one of its own: the request's is rolled back.
    """
    if problem.code not in TELLING_REFUSALS:
        return False
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=_REFUSED,
            subject_kind=attempt.subject_kind,
            subject_id=str(attempt.subject_id),
            facts={"problem": problem.code},
        )
    )
    session.flush()
    return True


def _require(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise Problem("not_permitted", permission=permission.value)


def _refuse_hurry(session: Session, actor: Actor, *, now: datetime) -> None:
    """Refuse who has looked at as many reporters within the hour as the policy allows."""
    limit = int(policy_value(session, REVEALS_MAX, day=local_day(now)))
    seen = session.scalar(
        select(func.count()).where(
            AuditEntry.action == _ACTION,
            AuditEntry.actor_id == actor.person_id,
            AuditEntry.at > now - _HOUR,
        )
    )
    if (seen or 0) >= limit:
        raise Problem("reveal_too_often", limit=limit)
