"""Enrol a device: a one-time code made in the office turns a tablet into a known one."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.calendar import local_day
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Device, EnrolmentCode
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.log_in import LockRule

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits nobody takes for each other, for codes typed where no camera works."""
CODE_LENGTH = 10
"""50 bits: with some failures an account and ten minutes of life, guessing is hopeless."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code as it is shown once, and until when it may be used."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A tablet that asks to be enrolled: its own id, its model, the token it has drawn.

    It offers the same token until it has an answer: so a request that was thought lost, and arrives
    after its own repetition, changes nothing. An old tablet offers none and is given one.
    """

    uid: UUID
    model: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A tablet that is known from now on, and its token, which is told only here."""

    device: Device
    token: str


def make_code(
    session: Session, name: str, *, holder_id: int | None = None, actor: Actor, now: datetime
) -> Invitation:
    """Make a code with which one tablet is enrolled under a name (设备 07) for a holder.

    The code lives for the minutes of the policy `enrolment_code_min`; only its hash is kept.

    Raises
    ------
    Problem
        `not_permitted`; `field_invalid` for an empty name.
    """
    _require_administrator(actor)
    if not name.strip():
        raise Problem("field_invalid", field="平板名称", expected="1–80", found="")
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    minutes = policy_value(session, "enrolment_code_min", day=local_day(now))
    expires_at = now + timedelta(minutes=minutes)
    session.add(
        EnrolmentCode(
            code_hash=code_hash(code),
            device_name=name.strip()[:80],
            holder_id=holder_id,
            made_at=now,
            made_by=actor.person_id,
            expires_at=expires_at,
        )
    )
    facts: dict[str, object] = {"name": name.strip()[:80], "holder": holder_id}
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="device.invite",
            subject_kind="device",
            subject_id=None,
            facts=facts,
        )
    )
    session.flush()
    return Invitation(f"{code[:5]}-{code[5:]}", expires_at)


def enrol(
    session: Session,
    code: str,
    *,
    device: Newcomer,
    rule: LockRule,
    actor: Actor,
    now: datetime,
) -> Enrolled | Problem:
    """Enrol a tablet by a code, and give it the token it offers, or one of ours.

    A tablet known before, revoked or not, gets a new token; the old one ends. The same person may
    use the code again for the same tablet: the reply with the token may have been lost. The refusal
    of a wrong, used or expired code is returned, not raised, so that its count is kept: after
    `rule.failures_max` of them within `rule.lock_min` minutes a person is refused for that long.
    """
    locked_until = _locked_until(session, rule, actor=actor, now=now)
    if locked_until is not None:
        return Problem("enrolment_locked", until=locked_until)
    row = session.scalar(
        select(EnrolmentCode).where(EnrolmentCode.code_hash == code_hash(code)).with_for_update()
    )
    if row is None or not _usable(session, row, device.uid, actor=actor, now=now):
        _audit(session, device.uid, ("device.enrol_failed", {}), actor=actor, now=now)
        return Problem("enrolment_code_wrong")
    token = device.token or secrets.token_urlsafe(32)
    enrolled = _keep(session, row, device, token_hash=token_hash(token), actor=actor, now=now)
    row.used_at, row.device_uid = now, enrolled.uid
    facts: dict[str, object] = {"name": row.device_name, "model": device.model}
    _audit(session, enrolled.uid, ("device.enrol", facts), actor=actor, now=now)
    return Enrolled(enrolled, token)


def revoke(session: Session, uid: UUID, *, reason: str, actor: Actor, now: datetime) -> Device:
    """End a tablet's token (lost, sold, broken); what it has not sent stays on it, readable there.

    Raises
    ------
    Problem
        `not_permitted`; `not_found`; `reason_missing`.
    """
    _require_administrator(actor)
    if not reason.strip():
        raise Problem("reason_missing")
    device = session.get(Device, uid, with_for_update=True)
    if device is None:
        raise Problem("not_found", what="平板")
    if device.revoked_at is None:
        device.revoked_at, device.revoked_by = now, actor.person_id
        device.revoke_reason = reason.strip()
        facts: dict[str, object] = {"name": device.name, "reason": reason.strip()}
        _audit(session, uid, ("device.revoke", facts), actor=actor, now=now)
    return device


def code_hash(code: str) -> str:
    """Return the hash of a code as a person types it: without dashes and blanks, any case."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(plain.encode()).hexdigest()


def token_hash(token: str) -> str:
    """Return the hash of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _keep(
    session: Session,
    row: EnrolmentCode,
    device: Newcomer,
    *,
    token_hash: str,
    actor: Actor,
    now: datetime,
) -> Device:
    uid, model = device.uid, device.model
    values = {
        "name": row.device_name,
        "model": model.strip()[:120] or None,
        "token_hash": token_hash,
        "holder_id": row.holder_id,
        "enrolled_at": now,
        "enrolled_by": actor.person_id,
        "seen_at": now,
        "revoked_at": None,
        "revoked_by": None,
        "revoke_reason": None,
    }
    statement = insert(Device).values(uid=uid, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["uid"], set_=values))
    return session.get_one(Device, uid, populate_existing=True)


def _usable(
    session: Session, row: EnrolmentCode, uid: UUID, *, actor: Actor, now: datetime
) -> bool:
    """Whether a code is fresh, or was used by just this person and tablet a moment ago."""
    if row.used_at is None or row.expires_at <= now:
        return row.expires_at > now
    known = session.get(Device, uid) if row.device_uid == uid else None
    return known is not None and known.revoked_at is None and known.enrolled_by == actor.person_id


def _locked_until(
    session: Session, rule: LockRule, *, actor: Actor, now: datetime
) -> datetime | None:
    """Return until when a person is refused after too many wrong codes."""
    period = timedelta(minutes=rule.lock_min)
    failures, last = session.execute(
        select(func.count(), func.max(AuditEntry.at)).where(
            AuditEntry.at > now - period,
            AuditEntry.action == "device.enrol_failed",
            AuditEntry.actor_id == actor.person_id,
        )
    ).one()
    return last + period if failures >= rule.failures_max else None


def _require_administrator(actor: Actor) -> None:
    if not actor.may(Permission.ADMINISTER):
        raise Problem("not_permitted", permission=Permission.ADMINISTER.value)


def _audit(
    session: Session,
    uid: UUID,
    act: tuple[str, dict[str, object]],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=act[0],
            subject_kind="device",
            subject_id=str(uid),
            facts=act[1],
        )
    )
    session.flush()
