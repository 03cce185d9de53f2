"""Forms of findings: what a step asks for, and what a request says."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID, uuid4

from flask import request
from werkzeug.datastructures import MultiDict

from inspect_app.domain.calendar import CHINA, end_of_day
from inspect_app.domain.codes import Code, FindingOrigin, FindingType, Severity
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import STEP_PHOTOS, FindingState, Guard, Transition
from inspect_app.queries.finding_start import FindingStart
from inspect_app.queries.worklists import Filter
from inspect_app.workflows.follow_finding import EFFECTS, FACT_OF_GUARD, NOTHING, FollowForm
from inspect_app.workflows.raise_finding import FindingDraft

C = TypeVar("C", bound=Code)

FIELD_OF_GUARD = FACT_OF_GUARD | {Guard.REASON: "reason"}


@dataclass(frozen=True, slots=True)
class Action:
    """A step offered on a finding's page: its fields, those required, and what forbids it."""

    event: str
    label: str
    fields: tuple[str, ...]
    required: frozenset[str]
    obstacle: Guard | None
    due_on: date | None


def action_of(row: Transition, obstacle: Guard | None, due_at: datetime | None) -> Action:
    """Return the form of a transition: the fields its guards and its effect name."""
    effect = EFFECTS.get(row.event, NOTHING)
    required = frozenset(FIELD_OF_GUARD[guard] for guard in row.guards if guard in FIELD_OF_GUARD)
    fields = [name for name in FIELD_OF_GUARD.values() if name in required]
    if effect.measure is not None:
        fields = ["measure_kind", "document_no", *fields]
    if row.event in STEP_PHOTOS and "photos" not in fields:
        fields.append("photos")
    if "reason" not in fields:
        fields.append("reason")
    due_on = None if due_at is None else due_at.astimezone(CHINA).date()
    return Action(row.event, row.label, tuple(fields), required, obstacle, due_on)


def follow_form() -> FollowForm:
    """Return what the posted form of a step says."""
    form = request.form
    return FollowForm(
        state=form.get("state", ""),
        version=_number(form, "version", "版本") or 0,
        reason=form.get("reason", ""),
        handler_person_id=_number(form, "handler_person_id", "承办人"),
        due_at=_deadline(form),
        department=form.get("department", ""),
        case_no=form.get("case_no", ""),
        officers=tuple(_whole(value, "执法人员") for value in form.getlist("officers") if value),
        photos=tuple(value for value in form.getlist("photos") if value),
        measure_kind=form.get("measure_kind", ""),
        document_no=form.get("document_no", ""),
    )


def new_draft() -> FindingDraft:
    """Return the finding written at a desk; its uid was given with the empty form."""
    form = request.form
    uid, found_at = form.get("uid", ""), form.get("found_at", "")
    try:
        made = UUID(uid) if uid else uuid4()
    except ValueError as error:
        raise _invalid("编号", "UUID", uid) from error
    try:
        instant = datetime.fromisoformat(found_at).replace(tzinfo=CHINA)
    except ValueError as error:
        raise _invalid("发现时间", "2026-03-24T09:00", found_at) from error
    return FindingDraft(
        uid=made,
        finding_type=form.get("finding_type", ""),
        severity=form.get("severity", ""),
        description=form.get("description", "").strip(),
        lon=_degrees(form.get("lon", ""), "经度"),
        lat=_degrees(form.get("lat", ""), "纬度"),
        found_at=instant,
        origin=form.get("origin", FindingOrigin.SURVEY.value),
        photos=tuple(value for value in form.getlist("photos") if value),
        matter_id=_number(form, "matter_id", "诉求事项"),
    )


def started_form(about: FindingStart | None) -> dict[str, str]:
    """Return what the empty form begins with: the address, after what the matter tells."""
    asked = request.args.to_dict()
    if about is None:
        return asked
    told = {
        "matter_id": str(about.matter_id),
        "finding_type": about.finding_type.value,
        "severity": about.severity.value,
        "origin": FindingOrigin.COMPLAINT.value,
        "description": about.description,
    }
    if about.lon is not None and about.lat is not None:
        told |= {"lon": f"{about.lon:.6f}", "lat": f"{about.lat:.6f}"}
    return told | asked


def chosen_filter() -> Filter:
    """Return the filter the address says; what it does not understand does not narrow."""
    asked = request.args
    grid = asked.get("grid", "")
    return Filter(
        state=_code(FindingState, asked.get("state")),
        finding_type=_code(FindingType, asked.get("type")),
        severity=_code(Severity, asked.get("severity")),
        grid_id=int(grid) if grid.isascii() and grid.isdigit() and len(grid) < 19 else None,
        without_grid=grid == "none",
        late=asked.get("late") == "1",
        text=asked.get("text", "").replace("\x00", "").strip(),
    )


def page_number() -> int:
    """Return the page the address asks for, 1 where it says nothing sensible."""
    asked = request.args.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def _code(codes: type[C], value: str | None) -> C | None:
    return codes(value) if value in list(codes) else None


def _number(form: MultiDict[str, str], name: str, label: str) -> int | None:
    value = form.get(name, "")
    return _whole(value, label) if value else None


def _whole(value: str, label: str) -> int:
    if value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise _invalid(label, "整数", value)


def _degrees(value: str, label: str) -> float:
    try:
        degrees = float(value)
    except ValueError as error:
        raise _invalid(label, "十进制度", value) from error
    if not math.isfinite(degrees):
        raise _invalid(label, "十进制度", value)
    return degrees


def _deadline(form: MultiDict[str, str]) -> datetime | None:
    value = form.get("due_at", "")
    if not value:
        return None
    try:
        return end_of_day(date.fromisoformat(value))
    except ValueError as error:
        raise _invalid("期限", "2026-03-31", value) from error


def _invalid(field: str, expected: str, found: str) -> Problem:
    return Problem("field_invalid", field=field, expected=expected, found=found[:80])
