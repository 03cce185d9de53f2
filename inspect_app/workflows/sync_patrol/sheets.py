"""Sheets: a filled check form becomes a row of its own; which one counts is decided in reading.

All sheets of a stop are kept, so the order in which they arrive decides nothing: readers take the
newest number of each tablet.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from inspect_app.domain.check_forms import FORMS
from inspect_app.domain.problems import Problem
from inspect_app.models import CheckSheet, PatrolStop
from inspect_app.workflows.sync_patrol.records import CheckForm


@dataclass(frozen=True, slots=True)
class SheetArrival:
    """Where a filled form belongs: its record's id, the log, the stop, who filled it, now."""

    uid: UUID
    log_uid: UUID
    stop: PatrolStop
    person_id: int | None
    now: datetime


def keep_sheet(session: Session, record: CheckForm, arrival: SheetArrival) -> None:
    """Keep a filled form with its version; answers that cannot be right are kept as they came.

    Refuses a form the server does not know yet, and one about another object than the stop's.
    """
    form = FORMS.get((record.form, record.version))
    if form is None:
        raise Problem("form_unknown", form=record.form, version=record.version)
    stop = arrival.stop
    about, expected = (record.object_kind, record.object_id), (stop.object_kind, stop.object_id)
    if about != expected or form.object_kind != record.object_kind:
        found = f"{form.key} {record.object_kind}/{record.object_id}"
        raise Problem(
            "field_invalid", field="对象", expected="{}/{}".format(*expected), found=found
        )
    session.add(
        CheckSheet(
            uid=arrival.uid,
            log_uid=arrival.log_uid,
            stop_id=stop.id,
            object_kind=record.object_kind.value,
            object_id=record.object_id,
            form=form.key,
            version=form.version,
            answers=dict(record.answers),
            nothing_found=record.nothing_found,
            filled_by=arrival.person_id,
            filled_at=record.at,
            device_uid=record.device,
            seq=record.seq,
            received_at=arrival.now,
        )
    )
    session.flush()
