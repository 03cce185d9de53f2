"""Take the parts of a rescue file: each verified, each in its author's name, each once."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import local_day
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Device
from inspect_app.queries.actors import actor_of_person
from inspect_app.workflows.import_rescue.file import (
    Damage,
    EndPart,
    Part,
    PhotoPart,
    RecordPart,
    SenderPart,
    read_rescue,
)
from inspect_app.workflows.import_rescue.keys import RescueKeys
from inspect_app.workflows.keep_photo import PhotoShelf, keep_photo
from inspect_app.workflows.sync_patrol import Receipt, Sent, keep_record, keep_segment
from inspect_app.workflows.sync_patrol.records import read_head
from inspect_app.workflows.sync_patrol.segments import Origin


@dataclass(frozen=True, slots=True)
class Office:
    """What this installation brings: where photos lie, its keys, the zone of EXIF times."""

    shelf: PhotoShelf
    keys: RescueKeys
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that was whole and is not in effect, and why."""

    name: str
    kind: str
    author: str
    problem: Problem


@dataclass(slots=True)
class RescueReport:
    """What came of a rescue file.

    `records` and `photos` count by outcome (new, seen, …, refused); `damaged` are stretches of the
    file without a whole part; `lost` are items the tablet put in that did not come out. What is
    kept but not in effect (waiting, inbox, conflict) stands among `refusals` with its reason, too;
    `faults` are errors of our own code, to be logged.
    """

    device: str = ""
    sender: UUID | None = None
    proven: bool = False
    records: Counter[str] = field(default_factory=Counter)
    photos: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    damaged: int = 0
    unreadable: int = 0
    ended: bool = False
    told: int = 0
    faults: list[Exception] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """How many items the tablet counted that no whole part holds."""
        return max(0, self.told - self.records.total() - self.photos.total())

    @property
    def whole(self) -> bool:
        """Whether every item of the tablet was found."""
        return self.ended and not self.damaged and not self.unreadable and self.lost == 0


def import_rescue(
    session: Session,
    path: Path,
    office: Office,
    *,
    trusted: bool,
    actor: Actor,
    now: datetime,
) -> RescueReport:
    """Take what a rescue file holds, photos first; again the same file changes nothing.

    The file is proven by the token of its tablet. One whose tablet is unknown here, revoked, or
    whose first part is damaged is taken only when the person in the office says so (`trusted`):
    anybody with the public key can write a file that names other people as authors.

    Raises
    ------
    Problem
        `rescue_invalid`, `rescue_key_unknown`, `rescue_unproven`.
    """
    report = RescueReport()
    _look(session, path, office, report=report)
    if not report.proven and not trusted:
        raise Problem("rescue_unproven", device=report.device or "—")
    for part in _parts(path, office):
        _take_photo(session, part, report=report, office=office, actor=actor, now=now)
    for part in _parts(path, office):
        _take_record(session, part, report=report, actor=actor, now=now)
    _note(session, path, report, actor=actor, now=now)
    return report


def _look(session: Session, path: Path, office: Office, *, report: RescueReport) -> None:
    """Read the file once without taking anything: who wrote it, what is damaged, what it told."""
    for found in read_rescue(path, office.keys):
        if isinstance(found, Damage):
            report.damaged += 1
        elif isinstance(found.facts, SenderPart):
            report.device = found.facts.name or str(found.facts.device)
            report.sender = found.facts.device
            report.proven = _is_proven(session, found.facts)
        elif isinstance(found.facts, EndPart):
            report.ended = True
            report.told = found.facts.records + found.facts.photos
            report.unreadable = found.facts.unreadable


def _is_proven(session: Session, sender: SenderPart) -> bool:
    device = session.get(Device, sender.device)
    if device is None or device.revoked_at is not None or not sender.token:
        return False
    return hmac.compare_digest(device.token_hash, hashlib.sha256(sender.token.encode()).hexdigest())


def _parts(path: Path, office: Office) -> Iterator[Part]:
    return (found for found in read_rescue(path, office.keys) if isinstance(found, Part))


def _take_photo(
    session: Session,
    part: Part,
    *,
    report: RescueReport,
    office: Office,
    actor: Actor,
    now: datetime,
) -> None:
    photo = part.facts
    if not isinstance(photo, PhotoPart):
        return
    try:
        with session.begin_nested():
            new = keep_photo(
                session,
                (part.body, photo.sha256),
                shelf=office.shelf,
                zone=office.zone,
                actor=actor,
                now=now,
            )
    except Problem as problem:
        report.photos["refused"] += 1
        report.refusals.append(Refusal(photo.sha256, "photo", "", problem))
    else:
        report.photos["new" if new else "seen"] += 1


def _take_record(
    session: Session, part: Part, *, report: RescueReport, actor: Actor, now: datetime
) -> None:
    item = part.facts
    if not isinstance(item, RecordPart):
        return
    sent = Sent(part.body, item.sha256)
    try:
        with session.begin_nested():
            receipt = _keep(session, item, sent, report=report, actor=actor, now=now)
    except Problem as problem:
        report.records["refused"] += 1
        report.refusals.append(Refusal(item.name, item.kind, item.by, problem))
        return
    report.records[receipt.state] += 1
    report.faults.extend(receipt.faults)
    if receipt.problem is not None:
        report.refusals.append(Refusal(item.name, item.kind, item.by, receipt.problem))


def _keep(
    session: Session,
    item: RecordPart,
    sent: Sent,
    *,
    report: RescueReport,
    actor: Actor,
    now: datetime,
) -> Receipt:
    """Keep a record or segment in its author's name and return what became of it.

    A record that names its author inside came by the hand of the office; an older one does not,
    and only the file knows whose it is.
    """
    author = actor_of_person(session, item.author, day=local_day(now))
    if author is None:
        raise Problem("not_found", what="人员")
    if item.kind != "segment":
        sender = author if read_head(sent.body).author is None else actor
        uid = UUID(item.name)
        return keep_record(session, uid, sent, actor=sender, now=now, vouched=True)
    log_uid, _, number = item.name.partition("/")
    origin = Origin(report.sender, item.seq, vouched=True)
    place = (UUID(log_uid), int(number))
    return keep_segment(session, place, sent, actor=author, now=now, origin=origin)


def _note(
    session: Session, path: Path, report: RescueReport, *, actor: Actor, now: datetime
) -> None:
    facts: dict[str, object] = {
        "device": report.device,
        "proven": report.proven,
        "records": dict(report.records),
        "photos": dict(report.photos),
        "damaged": report.damaged,
        "lost": report.lost,
    }
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="rescue.import",
            subject_kind="device",
            subject_id=_hash_of(path),
            facts=facts,
        )
    )
    session.flush()


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
