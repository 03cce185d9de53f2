"""Devices as the administrator sees them: who holds each, how it is, what it still owes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Permission, Scope
from inspect_app.models import Device, EnrolmentCode, Org, PatrolStop, Person, Post, SyncRecord
from inspect_app.queries.scope import in_scope

RED, AMBER = "red", "amber"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One item of a tablet's self-check that is not green."""

    key: str
    level: str
    value: str


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A tablet as the list shows it; `checked_at` None means it never checked itself."""

    uid: UUID
    name: str
    model: str | None
    holder_id: int | None
    holder: str | None
    enrolled_at: datetime
    seen_at: datetime
    app_version: str | None
    clock_offset_s: float | None
    told_seq: int
    checked_at: datetime | None
    verdicts: tuple[Verdict, ...]
    revoked_at: datetime | None
    revoke_reason: str | None


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A code that may still be used; the code itself is known only to who saw it."""

    device_name: str
    holder: str | None
    expires_at: datetime


def device_lines(session: Session) -> list[DeviceLine]:
    """Return all tablets: those in use by name, then the revoked ones."""
    rows = session.execute(
        select(Device, Person.name)
        .outerjoin(Person, Person.id == Device.holder_id)
        .order_by(Device.revoked_at.is_not(None), Device.name, Device.uid)
    )
    return [_line(device, holder) for device, holder in rows]


def _line(device: Device, holder: str | None) -> DeviceLine:
    check: dict[str, Any] = device.check or {}
    items = [item for item in check.get("items", []) if item.get("level") in (RED, AMBER)]
    items.sort(key=lambda item: item["level"] != RED)
    return DeviceLine(
        uid=device.uid,
        name=device.name,
        model=device.model,
        holder_id=device.holder_id,
        holder=holder,
        enrolled_at=device.enrolled_at,
        seen_at=device.seen_at,
        app_version=device.app_version,
        clock_offset_s=device.clock_offset_s,
        told_seq=device.told_seq,
        checked_at=datetime.fromisoformat(check["at"]) if check.get("at") else None,
        verdicts=tuple(Verdict(item["key"], item["level"], item["value"]) for item in items),
        revoked_at=device.revoked_at,
        revoke_reason=device.revoke_reason,
    )


def open_codes(session: Session, *, now: datetime) -> list[OpenCode]:
    """Return the codes that may still be used, the one that ends first on top."""
    rows = session.execute(
        select(EnrolmentCode, Person.name)
        .outerjoin(Person, Person.id == EnrolmentCode.holder_id)
        .where(EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now)
        .order_by(EnrolmentCode.expires_at)
    )
    return [OpenCode(code.device_name, holder, code.expires_at) for code, holder in rows]


def possible_holders(session: Session, *, day: date) -> list[tuple[int, str, str]]:
    """Return (id, name, unit) of persons whose post of the day goes on patrol."""
    roles = [role.value for role, granted in ROLES.items() if Permission.PATROL_DO in granted]
    rows = session.execute(
        select(Person.id, Person.name, Org.name)
        .join(Org, Org.id == Person.org_id)
        .join(Post, Post.person_id == Person.id)
        .where(
            Post.role.in_(roles),
            Post.valid_from <= day,
            or_(Post.valid_to.is_(None), Post.valid_to > day),
        )
        .distinct()
        .order_by(Org.name, Person.name, Person.id)
    )
    return [(number, name, org) for number, name, org in rows]


def devices_of_tasks(session: Session, task_ids: list[int]) -> dict[int, set[UUID]]:
    """Return the tablets that have sent anything of each task."""
    rows = session.execute(
        select(SyncRecord.task_id, SyncRecord.device_uid)
        .where(SyncRecord.task_id.in_(task_ids), SyncRecord.device_uid.is_not(None))
        .distinct()
    )
    found: dict[int, set[UUID]] = {}
    for task_id, uid in rows:
        if task_id is not None and uid is not None:
            found.setdefault(task_id, set()).add(uid)
    return found


def devices_in_scope(session: Session, *, scope: Scope) -> set[UUID]:
    """Return the tablets whose holder has a post in the scope, or that served a task of it."""
    if scope.everywhere:
        return set(session.scalars(select(Device.uid)))
    held = exists().where(Post.person_id == Device.holder_id, in_scope(Post.grid_id, scope))
    served = exists().where(
        SyncRecord.device_uid == Device.uid,
        PatrolStop.task_id == SyncRecord.task_id,
        in_scope(PatrolStop.grid_id, scope),
    )
    return set(session.scalars(select(Device.uid).where(held | served)))
