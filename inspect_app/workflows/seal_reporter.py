"""Seal a reporter: what was told of a person is stored so that only the key opens it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import ReporterMode
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.models import AuditEntry, Reporter, ReporterKey
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.workflows.reporter_keys import KeyPlace, seal_in_use, seals_of

_CHUNK = 1_000
SEALED_COLUMNS = ("complaint_id", "mode", "sealed", "key_id", "phone_hash", "name_hash")


def sealed_row(
    told: ReporterData, *, complaint_id: int, seal: ReporterSeal
) -> tuple[int, str, bytes | None, str | None, str | None, str | None]:
    """Return what is stored of a reporter, in the order of SEALED_COLUMNS."""
    sealed = seal.close(told, complaint_id=complaint_id)
    return (
        complaint_id,
        told.mode.value,
        sealed,
        None if sealed is None else seal.key_id,
        seal.phone_hash(told.phone),
        seal.name_hash(told.name),
    )


def keep_reporter(
    session: Session, told: ReporterData, *, complaint_id: int, seal: ReporterSeal
) -> Reporter:
    """Store the reporter of a complaint, sealed."""
    values = sealed_row(told, complaint_id=complaint_id, seal=seal)
    row = Reporter(**dict(zip(SEALED_COLUMNS, values, strict=True)))
    session.add(row)
    session.flush()
    return row


def reseal_reporters(session: Session, place: KeyPlace, *, actor: Actor, now: datetime) -> int:
    """Seal every reporter anew with the newest key, and return how many.

    Where the newest key is already in use a new one is made; with keys given as a setting the new
    one must stand there first. Older keys stay for older backups.

    Raises
    ------
    Problem
        `not_permitted`; `reporter_key_missing`, `reporter_key_wrong`; `reporter_key_same` where the
        setting has no newer key.
    """
    if not actor.may(Permission.ADMINISTER):
        raise Problem("not_permitted", permission=Permission.ADMINISTER.value)
    old = seal_in_use(session, place, now=now)
    new = _newest(place, old)
    session.execute(_LOCKED)
    row = session.get_one(ReporterKey, old.key_id)
    row.used_to = now
    session.flush()
    again = session.get(ReporterKey, new.key_id)
    if again is None:
        session.add(ReporterKey(key_id=new.key_id, used_from=now))
    else:
        again.used_to = None
    session.flush()
    count = 0
    for reporter in session.scalars(select(Reporter).execution_options(yield_per=_CHUNK)):
        _reseal(reporter, old, new)
        count += 1
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="reporter.rekey",
            subject_kind="reporter",
            subject_id=None,
            facts={"from": old.key_id, "to": new.key_id, "reporters": count},
        )
    )
    session.flush()
    return count


_LOCKED = select(ReporterKey.key_id).with_for_update()


def _newest(place: KeyPlace, old: ReporterSeal) -> ReporterSeal:
    newest = seals_of(place.keys()[:1])[0]
    if newest.key_id != old.key_id:
        return newest
    if place.given:
        raise Problem("reporter_key_same")
    return ReporterSeal.of(place.make())


def _reseal(reporter: Reporter, old: ReporterSeal, new: ReporterSeal) -> None:
    number = reporter.complaint_id
    name, phone, address = old.open(reporter.sealed, complaint_id=number)
    told = ReporterData(ReporterMode(reporter.mode), name, phone, address)
    values = sealed_row(told, complaint_id=number, seal=new)
    for column, value in zip(SEALED_COLUMNS, values, strict=True):
        setattr(reporter, column, value)


def sealed_rows(
    told: Iterable[tuple[int, ReporterData]], *, seal: ReporterSeal
) -> list[tuple[int, str, bytes | None, str | None, str | None, str | None]]:
    """Return the rows to store of many reporters by complaint."""
    return [sealed_row(one, complaint_id=number, seal=seal) for number, one in told]
