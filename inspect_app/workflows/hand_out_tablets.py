"""Hand out the demo's tablets: enrol them and let them send, by the ways real ones take."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.demo.county import County
from inspect_app.demo.patrols import at
from inspect_app.domain.access import SYSTEM, Actor
from inspect_app.domain.check_forms import Form, current, normal_answers
from inspect_app.domain.codes import FindingType, ObjectKind, Severity, StopResult
from inspect_app.models import Account, CrewMember, Device, PatrolLog, PatrolStop, PatrolTask
from inspect_app.queries.actors import known_device
from inspect_app.workflows.enrol_device import Enrolled, Newcomer, enrol, make_code
from inspect_app.workflows.keep_check import keep_check
from inspect_app.workflows.log_in import LockRule
from inspect_app.workflows.note_contact import Contact, note_contact
from inspect_app.workflows.sync_patrol import Sent, keep_record

NAMES = ("平板 01", "平板 02", "平板 03")
SHEETS_EACH = 8
NOT_SENT = 2
"""So many records the second tablet has written and not sent: a gap the chief sees."""
MODELS = ("华为 MatePad 11", "荣耀平板 9", "联想小新 Pad")
RULE = LockRule(failures_max=5, lock_min=15)
SPACE = UUID("6e1c0f5a-9d0b-5b0e-8a54-2f1f5b6f7a10")
"""Names the demo's tablets and records, so that one seed gives the same ids again."""
ABNORMAL = {"river_patrol_log": {"water_colour": "black"}}
"""What the first sheet of a form says is wrong, so that one of them shows a problem."""
SELF_CHECK = (
    {"key": "https", "level": "green", "value": ""},
    {"key": "position", "level": "green", "value": "8 m"},
    {"key": "space", "level": "amber", "value": "1.9 GB"},
)


@dataclass
class Tablet:
    """An enrolled tablet, who holds it, and the last patrol it was on."""

    device: Device
    holder: Actor
    task: PatrolTask
    seq: int = 0
    written: list[tuple[UUID, bytes]] = field(default_factory=list)

    @property
    def evening(self) -> datetime:
        """When the tablet was online after its patrol."""
        return at(self.task.day, time(17, 50))

    def write(self, kind: str, task: PatrolTask, **values: Any) -> None:  # noqa: ANN401 - JSON
        """Write a record down, as the tablet does."""
        self.seq += 1
        head = {"kind": kind, "task_id": task.id, "device": str(self.device.uid), "seq": self.seq}
        said = head | {"log_uid": str(uuid5(SPACE, f"log {task.id}"))} | values
        uid = uuid5(SPACE, f"{self.device.uid} {self.seq}")
        self.written.append((uid, json.dumps(said, ensure_ascii=False).encode()))


def hand_out_tablets(session: Session, county: County) -> dict[str, int]:
    """Enrol tablets of crews whose people can log in; return how many rows came of it, by table.

    Each hands in check sheets of what was visited on its last patrol. One sends a finding of
    another crew's task, which lies in the inbox; of one, records have not come yet.
    """
    tablets = [
        _enrolled(session, number, patrol, administrator=_actor(county.crews[0].reviewer))
        for number, patrol in enumerate(_last_patrols(session))
    ]
    sheets = 0
    for tablet in tablets:
        sheets += _fill_sheets(tablet, _visited(session, tablet.task))
    if len(tablets) > 1:
        _help_out(tablets[-1], tablets[0].task, session)
    for number, tablet in enumerate(tablets):
        _send(session, tablet, held_back=NOT_SENT if number == 1 else 0)
    records = sum(len(tablet.written) for tablet in tablets)
    return {
        "device": len(tablets),
        "enrolment_code": len(tablets),
        "check_sheet": sheets,
        "sync_record": records,
    }


def _actor(number: int | None) -> Actor:
    return replace(SYSTEM, person_id=number)


def _last_patrols(session: Session) -> list[tuple[Actor, PatrolTask]]:
    """Return who can log in of each crew, with its last patrol that visited what a form is for."""
    with_form = [kind.value for kind in ObjectKind if current(kind) is not None]
    visited = select(PatrolStop.task_id).where(
        PatrolStop.result == StopResult.DONE.value, PatrolStop.object_kind.in_(with_form)
    )
    holders = session.execute(
        select(CrewMember.crew_id, func.min(CrewMember.person_id))
        .join(Account, Account.person_id == CrewMember.person_id)
        .group_by(CrewMember.crew_id)
        .order_by(CrewMember.crew_id)
    ).all()
    found = []
    for crew_id, person_id in holders:
        task = session.scalars(
            select(PatrolTask)
            .join(PatrolLog, PatrolLog.task_id == PatrolTask.id)
            .where(PatrolTask.crew_id == crew_id, PatrolLog.ended_at.is_not(None))
            .where(PatrolTask.id.in_(visited))
            .order_by(PatrolTask.day.desc(), PatrolTask.id)
            .limit(1)
        ).first()
        if task is not None:
            found.append((_actor(person_id), task))
    return found[: len(NAMES)]


def _enrolled(
    session: Session, number: int, patrol: tuple[Actor, PatrolTask], *, administrator: Actor
) -> Tablet:
    """Enrol a tablet on the afternoon before its patrol; it checks itself the same day."""
    holder, task = patrol
    moment = at(task.day - timedelta(days=1), time(16, 0))
    name, uid = NAMES[number], uuid5(SPACE, f"tablet {number}")
    invitation = make_code(
        session, name, holder_id=holder.person_id, actor=administrator, now=moment
    )
    model = MODELS[number % len(MODELS)]
    outcome = enrol(
        session, invitation.code, device=Newcomer(uid, model), rule=RULE, actor=holder, now=moment
    )
    if not isinstance(outcome, Enrolled):
        raise outcome
    keep_check(session, uid, list(SELF_CHECK), now=moment)
    return Tablet(outcome.device, holder, task)


def _visited(session: Session, task: PatrolTask) -> Sequence[PatrolStop]:
    return session.scalars(
        select(PatrolStop)
        .where(PatrolStop.task_id == task.id, PatrolStop.result == StopResult.DONE.value)
        .order_by(PatrolStop.seq)
    ).all()


def _fill_sheets(tablet: Tablet, stops: Iterable[PatrolStop]) -> int:
    """Fill the form of each stop whose kind has one; return how many."""
    forms = ((stop, current(ObjectKind(stop.object_kind))) for stop in stops)
    filled = [(stop, form) for stop, form in forms if form is not None][:SHEETS_EACH]
    for number, (stop, form) in enumerate(filled):
        tablet.write("check_form", tablet.task, **_sheet(stop, form, is_first=number == 0))
    return len(filled)


def _sheet(stop: PatrolStop, form: Form, *, is_first: bool) -> dict[str, Any]:
    wrong = ABNORMAL.get(form.key, {}) if is_first else {}
    moment = stop.done_at or stop.leave_at
    return {
        "at": moment.isoformat(),
        "stop_id": stop.id,
        "object_kind": stop.object_kind,
        "object_id": stop.object_id,
        "form": form.key,
        "version": form.version,
        "answers": normal_answers(form) | wrong,
        "nothing_found": not wrong,
    }


def _help_out(tablet: Tablet, other: PatrolTask, session: Session) -> None:
    """Write down what was seen on another crew's task: only a person can settle that."""
    stop = _visited(session, other)[0]
    lon, lat = session.execute(
        select(
            func.ST_X(func.ST_PointOnSurface(PatrolStop.geom)),
            func.ST_Y(func.ST_PointOnSurface(PatrolStop.geom)),
        ).where(PatrolStop.id == stop.id)
    ).one()
    tablet.write(
        "finding",
        other,
        at=(stop.done_at or stop.leave_at).isoformat(),
        finding_type=FindingType.BANK_WASTE.value,
        severity=Severity.NORMAL.value,
        description="支援邻组巡查时看到,岸坡堆有秸秆和生活垃圾约2立方米",
        lon=round(lon, 6),
        lat=round(lat, 6),
    )


def _send(session: Session, tablet: Tablet, *, held_back: int) -> None:
    """Let the server take what the tablet wrote; it tells of more than it has sent."""
    for uid, body in tablet.written:
        sent = Sent(body, hashlib.sha256(body).hexdigest())
        keep_record(session, uid, sent, actor=tablet.holder, now=tablet.evening, vouched=True)
    known = known_device(session, tablet.device.uid)
    if known is None:
        raise ValueError(tablet.device.uid)
    contact = Contact(
        uid=known.uid,
        token_hash=known.token_hash,
        seq=tablet.seq + held_back,
        clock_offset_s=1.2,
        app_version=None,
    )
    note_contact(session, contact, known, now=tablet.evening)
