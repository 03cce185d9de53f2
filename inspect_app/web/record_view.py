"""What a tablet's record says, in words: the fields a person knows, and the rest as it came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from flask_babel import gettext
from sqlalchemy.orm import Session

from inspect_app.domain.codes import Code, FindingType, ObjectKind, Severity, StopResult
from inspect_app.queries.inbox_names import arrived_photos, stop_names
from inspect_app.web.views import moment_text

KINDS: dict[str, str] = {
    "patrol_start": "开始巡查",
    "patrol_pause": "暂停巡查",
    "patrol_resume": "继续巡查",
    "patrol_end": "结束巡查",
    "stop_result": "点位登记",
    "site_photo": "现场照片",
    "finding": "发现问题",
    "check_form": "检查表",
    "segment": "轨迹段",
}
FIELDS: dict[str, str] = {
    "result": "结果",
    "reason": "原因",
    "finding_type": "问题类型",
    "severity": "严重程度",
    "description": "描述",
    "measure": "现场处置",
    "object_kind": "对象类型",
    "nothing_found": "未发现问题",
    "answers": "检查内容",
    "form": "检查表",
    "weather": "天气",
    "remark": "备注",
    "shortfall_reason": "未完成原因",
}
_CODES: dict[str, type[Code]] = {
    "result": StopResult,
    "finding_type": FindingType,
    "severity": Severity,
    "object_kind": ObjectKind,
}
# What is told elsewhere on the page, or says nothing to a person.
_SILENT = {
    "kind", "task_id", "log_uid", "device", "seq", "at", "author", "version", "stop_id",
    "lon", "lat", "accuracy_m", "photos", "photo", "fixes", "place", "object_id", "log", "number",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record in words: kind, time by the tablet, place, rows of (field, value), its photos.

    `photos` are (hash, arrived); `by_hand` is what of it a form at a desk is filled with.
    """

    kind: str
    at: str
    stop: str | None
    place: tuple[float, float] | None
    rows: list[tuple[str, str]]
    photos: list[tuple[str, bool]]
    by_hand: dict[str, str]


def record_views(session: Session, bodies: Sequence[bytes]) -> list[RecordView]:
    """Return what records say, in the order given; bytes that are no JSON say that."""
    records = [_read(body) for body in bodies]
    stops = stop_names(session, [one.get("stop_id") for one in records])
    photos = [_photos(one) for one in records]
    here = arrived_photos(session, [sha256 for own in photos for sha256 in own])
    return [
        RecordView(
            kind=_kind(one),
            at=_moment(one.get("at")),
            stop=stops.get(one.get("stop_id")),
            place=_place(one),
            rows=[*_track_rows(one), *_rows(one)],
            photos=[(sha256, sha256 in here) for sha256 in own],
            by_hand=_by_hand(one),
        )
        for one, own in zip(records, photos, strict=True)
    ]


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"unreadable": body[:200].decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {"unreadable": str(found)[:200]}


def _kind(record: dict[str, Any]) -> str:
    kind = str(record.get("kind") or ("segment" if "fixes" in record else ""))
    return str(gettext(KINDS[kind])) if kind in KINDS else kind or str(gettext("无法识别"))


def _rows(record: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, value in record.items():
        if name in _SILENT or value in (None, "", [], {}):
            continue
        label = str(gettext(FIELDS[name])) if name in FIELDS else name
        rows.append((label, _value(name, value)))
    return rows


def _value(name: str, value: object) -> str:
    codes = _CODES.get(name)
    if codes is not None and isinstance(value, str) and value in {code.value for code in codes}:
        return str(gettext(codes(value).label))
    if isinstance(value, bool):
        return str(gettext("是") if value else gettext("否"))
    if isinstance(value, dict):
        return "；".join(f"{key}: {one}" for key, one in value.items())
    return str(value)


def _track_rows(record: dict[str, Any]) -> list[tuple[str, str]]:
    fixes = record.get("fixes")
    if not isinstance(fixes, list) or not fixes:
        return []
    times = [fix[0] for fix in fixes if isinstance(fix, list) and isinstance(fix[0], int | float)]
    moments = [datetime.fromtimestamp(at / 1000, UTC) for at in (min(times), max(times))]
    return [
        (str(gettext("定位点")), str(len(fixes))),
        (str(gettext("时间")), " – ".join(moment_text(at) for at in moments)),
    ]


def _by_hand(record: dict[str, Any]) -> dict[str, str]:
    if record.get("kind") != "finding":
        return {}
    names = ("finding_type", "severity", "description", "lon", "lat")
    return {name: str(record[name]) for name in names if record.get(name) is not None}


def _photos(record: dict[str, Any]) -> list[str]:
    named = record.get("photos") if isinstance(record.get("photos"), list) else []
    return [one for one in [*(named or []), record.get("photo")] if isinstance(one, str)]


def _place(record: dict[str, Any]) -> tuple[float, float] | None:
    lon, lat = record.get("lon"), record.get("lat")
    if isinstance(lon, int | float) and isinstance(lat, int | float):
        return float(lon), float(lat)
    return None


def _moment(text: object) -> str:
    try:
        return moment_text(datetime.fromisoformat(text)) if isinstance(text, str) else ""
    except ValueError:
        return str(text)[:40]
