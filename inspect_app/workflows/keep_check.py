"""Keep a tablet's self-check: its last one, so that the office sees what needs a remedy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from inspect_app.domain.problems import Problem
from inspect_app.models import Device

ITEMS_MAX = 40
KEY_MAX = 40
VALUE_MAX = 200


class Light(StrEnum):
    """The verdict of one item."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


def keep_check(session: Session, device_uid: UUID, items: Sequence[Any], *, now: datetime) -> None:
    """Replace the device's last self-check by this one; refuses what is no list of items."""
    check = {"at": now.isoformat(), "items": _read(items)}
    session.get_one(Device, device_uid).check = check
    session.flush()


def _read(items: Sequence[Any]) -> list[dict[str, str]]:
    if not isinstance(items, list) or len(items) > ITEMS_MAX:
        raise Problem("body_invalid", reason="items")
    return [_item(item) for item in items]


def _item(item: object) -> dict[str, str]:
    if not isinstance(item, Mapping) or item.get("level") not in list(Light):
        raise Problem("body_invalid", reason="items")
    key, value = str(item.get("key", "")), str(item.get("value", ""))
    # PostgreSQL's JSON takes no NUL.
    return {
        "key": key[:KEY_MAX].replace("\x00", ""),
        "level": str(item["level"]),
        "value": value[:VALUE_MAX].replace("\x00", ""),
    }
