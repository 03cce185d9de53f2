"""Note export: who took which complaints out of the house as a file."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.models import AuditEntry


def note_export(
    session: Session, asked: Mapping[str, str], *, rows: int, actor: Actor, now: datetime
) -> None:
    """Write into the audit trail that a list was exported: its filter and its length."""
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="complaint.export",
            subject_kind="complaint_list",
            subject_id=None,
            facts={**asked, "rows": rows},
        )
    )
    session.flush()
