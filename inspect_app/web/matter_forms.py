"""Forms of matters: what a step asks for, and what a request says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import request
from werkzeug.datastructures import MultiDict

from inspect_app.domain.calendar import end_of_day
from inspect_app.domain.codes import Code, MeasureKind, PollutionType, Severity
from inspect_app.domain.matter_codes import (
    ContactMeans,
    LegalRoute,
    MatterState,
    OpinionKind,
    RefusalReason,
    Satisfaction,
    VerificationResult,
)
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import Guard, Transition
from inspect_app.queries.matters import MatterFilter
from inspect_app.web.http import chosen_code
from inspect_app.workflows.handle_matter import MatterForm
from inspect_app.workflows.handle_matter.effects import fields_of, required_fields

DIGITS_MAX = 18
"""Digits of a number the database's bigint takes."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a step's form: its label and how it is filled in."""

    label: str
    kind: str = "text"
    codes: type[Code] | None = None


FIELDS: Mapping[str, Field] = {
    "handler_person_id": Field("承办人", "person"),
    "co_handler_ids": Field("协办人", "persons"),
    "department": Field("转送部门"),
    "document_no": Field("文书号"),
    "due_at": Field("期限", "day"),
    "photos": Field("照片", "photos"),
    "lon": Field("经度", "position"),
    "lat": Field("纬度", "position"),
    "verification_result": Field("核实结果", "code", VerificationResult),
    "refusal_reason": Field("不受理原因", "code", RefusalReason),
    "legal_route": Field("法定途径", "code", LegalRoute),
    "severity": Field("程度", "code", Severity),
    "is_key_item": Field("重点件", "switch"),
    "is_sensitive": Field("敏感件", "switch"),
    "days": Field("延期天数", "number"),
    "measure_kind": Field("措施", "code", MeasureKind),
    "means": Field("告知方式", "code", ContactMeans),
    "told": Field("告知内容", "words"),
    "met_in_person": Field("已见面", "switch"),
    "satisfaction": Field("满意度", "code", Satisfaction),
    "handling_result": Field("办理结果(内部)", "words"),
    "reply_text": Field("答复内容(给举报人,不写其他人的个人信息)", "words"),
    "opinion_kind": Field("处理意见", "code", OpinionKind),
    "reason": Field("理由或说明", "words"),
}


@dataclass(frozen=True, slots=True)
class MatterAction:
    """A step offered on a matter's page: its fields, those required, and what forbids it."""

    event: str
    label: str
    fields: tuple[str, ...]
    required: frozenset[str]
    obstacle: Guard | None


def action_of(row: Transition, obstacle: Guard | None) -> MatterAction:
    """Return the form of a transition: the fields its guards and its effect name, then a reason."""
    required = set(required_fields(row))
    if row.event == "approve":
        required.discard("told")  # left empty, the reply text is what is told
    if Guard.REASON in row.guards:
        required.add("reason")
    fields = (*fields_of(row), "reason")
    return MatterAction(row.event, row.label, fields, frozenset(required), obstacle)


def matter_form() -> MatterForm:
    """Return what the posted form of a step says."""
    form = request.form
    return MatterForm(
        state=form.get("state", ""),
        version=_number(form, "version") or 0,
        handler_person_id=_number(form, "handler_person_id"),
        co_handler_ids=tuple(
            _whole(value, "协办人") for value in form.getlist("co_handler_ids") if value
        ),
        due_at=None if not form.get("due_at") else end_of_day(_day(form["due_at"])),
        photos=tuple(value for value in form.getlist("photos") if value),
        lon=_degrees(form, "lon"),
        lat=_degrees(form, "lat"),
        days=_number(form, "days"),
        is_key_item=_switch(form, "is_key_item"),
        is_sensitive=_switch(form, "is_sensitive"),
        met_in_person=_switch(form, "met_in_person"),
        **{name: form.get(name, "") for name in TEXTS},
    )


TEXTS = (
    "reason",
    "department",
    "document_no",
    "verification_result",
    "refusal_reason",
    "legal_route",
    "severity",
    "measure_kind",
    "means",
    "told",
    "satisfaction",
    "handling_result",
    "reply_text",
    "opinion_kind",
)


def matter_filter() -> MatterFilter:
    """Return the filter the address says; a wrong code is refused."""
    asked = request.args
    grid = asked.get("grid", "")
    return MatterFilter(
        text=asked.get("text", "").replace("\x00", "").strip(),
        state=chosen_code(MatterState, asked.get("state", "")),
        pollution_type=chosen_code(PollutionType, asked.get("type", "")),
        severity=chosen_code(Severity, asked.get("severity", "")),
        grid_id=int(grid) if _is_whole(grid) else None,
        batch_no=asked.get("batch", "").replace("\x00", "").strip(),
        only_open="open" in asked,
        only_repeated="repeated" in asked,
        only_key="key" in asked,
        only_late="late" in asked,
        only_risen="risen" in asked,
    )


def _is_whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= DIGITS_MAX


def _number(form: MultiDict[str, str], name: str) -> int | None:
    value = form.get(name, "").strip()
    label = FIELDS[name].label if name in FIELDS else name
    return _whole(value, label) if value else None


def _whole(value: str, label: str) -> int:
    if _is_whole(value):
        return int(value)
    raise Problem("field_invalid", field=label, expected="整数", found=value[:80])


def _degrees(form: MultiDict[str, str], name: str) -> float | None:
    value, limit = form.get(name, "").strip(), {"lon": 180, "lat": 90}[name]
    if not value:
        return None
    wrong = Problem(
        "field_invalid", field=FIELDS[name].label, expected=f"-{limit}~{limit}", found=value[:80]
    )
    try:
        degrees = float(value)
    except ValueError as error:
        raise wrong from error
    if not abs(degrees) <= limit:  # not a number compares with nothing
        raise wrong
    return degrees


def _switch(form: MultiDict[str, str], name: str) -> bool | None:
    return {"1": True, "0": False}.get(form.get(name, ""))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        found = value[:80]
        raise Problem("field_invalid", field="期限", expected="2026-03-31", found=found) from error
