"""Log in: check the password, count failures for all web workers, lock for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.problems import Problem
from inspect_app.models import Account, AuditEntry

hasher = PasswordHasher()
UNKNOWN = hasher.hash("nobody has this password")
"""Checked for unknown names, so that a wrong name takes as long as a wrong password."""


@dataclass(frozen=True, slots=True)
class LockRule:
    """After how many failures an account is locked, and for how long."""

    failures_max: int
    lock_min: int


def log_in(
    session: Session, login: str, password: str, *, rule: LockRule, now: datetime
) -> int | Problem:
    """Return the account's id, or the refusal; a refusal is returned so that its count is kept."""
    account = session.scalar(select(Account).where(Account.login == login).with_for_update())
    if account is None or not account.active:
        _matches(UNKNOWN, password)
        return Problem("login_failed")
    if account.locked_until is not None and account.locked_until > now:
        return Problem("account_locked", until=account.locked_until)
    matches = _matches(account.password_hash, password)
    session.add(
        AuditEntry(
            at=now,
            actor_id=account.person_id,
            action="log_in" if matches else "log_in_failed",
            subject_kind="account",
            subject_id=str(account.id),
            facts={},
        )
    )
    if not matches:
        account.failures += 1
        if account.failures >= rule.failures_max:
            account.failures = 0
            account.locked_until = now + timedelta(minutes=rule.lock_min)
        session.flush()
        return Problem("login_failed")
    account.failures = 0
    account.locked_until = None
    session.flush()
    return account.id


def password_hash(password: str) -> str:
    """Return the Argon2 hash to store (about 0.05–0.5 s by intent)."""
    return hasher.hash(password)


def _matches(stored: str, password: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except VerificationError:
        return False
