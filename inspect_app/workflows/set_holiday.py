"""Set a holiday: a day the bureau has off or works against the week's rule, or no longer."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Holiday

TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class HolidayDraft:
    """A day, whether it is worked, what it is called and the document behind it."""

    day: date
    working: bool
    name: str
    source: str


def set_holiday(session: Session, draft: HolidayDraft, *, actor: Actor, now: datetime) -> Holiday:
    """Keep a day of the bureau's own table; the same day again is replaced.

    All deadlines follow at once, those of matters and findings under way too: they are computed.
    """
    _require_administrator(actor)
    for field, value in (("名称", draft.name), ("依据", draft.source)):
        if not 0 < len(value.strip()) <= TEXT_MAX:
            raise Problem("field_invalid", field=field, expected="200字以内,不能为空", found=value)
    row = session.get(Holiday, draft.day, with_for_update=True) or Holiday(day=draft.day)
    row.working, row.name, row.source = draft.working, draft.name.strip(), draft.source.strip()
    session.add(row)
    facts = {"working": draft.working, "name": row.name, "source": row.source}
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="holiday.set",
            subject_kind="holiday",
            subject_id=draft.day.isoformat(),
            facts=facts,
        )
    )
    session.flush()
    return row


def drop_holiday(session: Session, day: date, *, actor: Actor, now: datetime) -> None:
    """Take a day out of the bureau's own table: the announced calendar holds for it again."""
    _require_administrator(actor)
    row = session.get(Holiday, day, with_for_update=True)
    if row is None:
        raise Problem("not_found", what="节假日")
    facts = {"working": row.working, "name": row.name, "source": row.source}
    session.delete(row)
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="holiday.drop",
            subject_kind="holiday",
            subject_id=day.isoformat(),
            facts=facts,
        )
    )
    session.flush()


def _require_administrator(actor: Actor) -> None:
    if not actor.may(Permission.ADMINISTER):
        raise Problem("not_permitted", permission=Permission.ADMINISTER.value)
