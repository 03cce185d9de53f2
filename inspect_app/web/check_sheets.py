"""Check sheets at the desk: the answers of a visit, problems first, and an object's history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, render_template
from flask_babel import gettext

from inspect_app.domain.access import Permission
from inspect_app.domain.check_forms import FaultKind, Field, Kind
from inspect_app.domain.codes import ObjectKind
from inspect_app.domain.problems import Problem
from inspect_app.models import PatrolLog
from inspect_app.queries.check_sheets import (
    Sheet,
    history_of,
    object_in_scope,
    sheets_of_log,
    traced_names,
)
from inspect_app.web.http import actor, database, requires

P = Permission
pages = Blueprint("check_sheets", __name__)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One line of a sheet: the question, the answer in words, and what is wrong with it, if so."""

    label: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SheetView:
    """A sheet as people read it: what matters first, the normal rest apart."""

    title: str
    filled_by: str
    filled_at: datetime
    day: date
    task_id: int
    nothing_found: bool
    problems: list[AnswerView]
    doubtful: list[AnswerView]
    missing: list[str]
    rest: list[AnswerView]


@pages.get("/checks/<kind>/<int:object_id>")
@requires(P.PATROL_REVIEW)
def history(kind: str, object_id: int) -> str:
    """Show what was answered about an object at each visit, the newest first."""
    if kind not in list(ObjectKind):
        raise Problem("not_found", what="检查表")
    of_kind = ObjectKind(kind)
    name = object_in_scope(database(), of_kind, object_id, scope=actor().scope)
    if name is None:
        raise Problem("not_found", what="检查表")
    sheets = history_of(database(), of_kind, object_id, scope=actor().scope)
    return render_template("check_sheets.html", name=name, kind=of_kind, sheets=views(sheets))


def sheets_of(log: PatrolLog | None) -> Mapping[int, list[SheetView]]:
    """Return the sheets of a patrol by stop, as people read them."""
    if log is None:
        return {}
    return {stop: views(sheets) for stop, sheets in sheets_of_log(database(), log.uid).items()}


def views(sheets: list[Sheet]) -> list[SheetView]:
    """Return sheets as people read them."""
    names = traced_names(database(), sheets)
    return [_view(sheet, names) for sheet in sheets]


def _view(sheet: Sheet, names: Mapping[tuple[ObjectKind, int], str]) -> SheetView:
    wrong = {fault.field.key: fault.kind for fault in sheet.faults}
    lines = {
        field.key: AnswerView(
            label=gettext(field.label),
            text=_text(field, sheet.answers.get(field.key), names),
            note=_note(field, wrong.get(field.key)),
        )
        for field in sheet.form.fields
        if field.key in sheet.answers or field.key in wrong
    }
    problems = {field.key for field in sheet.problems}
    extra = [
        AnswerView(key, str(value), gettext("本版检查表没有此项"))
        for key, value in sheet.answers.items()
        if sheet.form.field(key) is None and value is not None
    ]
    return SheetView(
        title=gettext(sheet.form.title),
        filled_by=sheet.filled_by,
        filled_at=sheet.filled_at,
        day=sheet.day,
        task_id=sheet.task_id,
        nothing_found=sheet.nothing_found,
        problems=[line for key, line in lines.items() if key in problems],
        doubtful=[line for key, line in lines.items() if key in sheet.answers and key in wrong],
        missing=[line.label for key, line in lines.items() if key not in sheet.answers],
        rest=[line for key, line in lines.items() if key not in problems | wrong.keys()] + extra,
    )


def _text(field: Field, answer: object, names: Mapping[tuple[ObjectKind, int], str]) -> str:
    """Return an answer in words; one that is no answer of its field as it came."""
    if answer is None:
        return ""
    for option in field.options:
        if type(option.value) is type(answer) and option.value == answer:
            return str(gettext(option.label))
    if field.kind is Kind.OBJECT and field.of_kind is not None and isinstance(answer, int):
        return names.get((field.of_kind, answer), str(answer))
    return f"{answer} {gettext(field.unit) if field.unit else ''}".strip()


def _note(field: Field, kind: FaultKind | None) -> str:
    if kind is None:
        return ""
    note = str(gettext(kind.label))
    if kind is FaultKind.OUT_OF_RANGE and field.low is not None and field.high is not None:
        return f"{note}({field.low:g}~{field.high:g})"
    return note
