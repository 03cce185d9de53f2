"""Check sheets: those of a patrol, of an object through time, and what a new one begins with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.check_forms import FORMS, Carry, Field, Form, abnormal, check
from inspect_app.domain.check_forms.answers import AnswerFault
from inspect_app.domain.codes import ObjectKind
from inspect_app.models import (
    CheckSheet,
    Outlet,
    PatrolLog,
    PatrolSegment,
    PatrolStop,
    PatrolTask,
    Person,
    PollutionSource,
    WaterSource,
    Waterway,
)
from inspect_app.queries.scope import in_scope

HISTORY_MAX = 200
"""Sheets of one object on a page: several years of weekly visits."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A filled form as it is read: its declaration, the answers and what is to be seen in them.

    `problems` are the fields whose answer is worth a finding, `faults` the answers that cannot be
    right or are missing.
    """

    uid: UUID
    stop_id: int | None
    form: Form
    answers: Mapping[str, Any]
    nothing_found: bool
    filled_by: str
    filled_at: datetime
    day: date
    task_id: int
    problems: tuple[Field, ...]
    faults: tuple[AnswerFault, ...]


def sheets_of_log(session: Session, log_uid: UUID) -> dict[int, list[Sheet]]:
    """Return the sheets that count of a patrol, by stop: the newest of each tablet."""
    sheets: dict[int, list[Sheet]] = {}
    for sheet in _read(session, _counting(CheckSheet.log_uid == log_uid)):
        if sheet.stop_id is not None:
            sheets.setdefault(sheet.stop_id, []).append(sheet)
    return sheets


def history_of(session: Session, kind: ObjectKind, object_id: int, *, scope: Scope) -> list[Sheet]:
    """Return the sheets that count of an object inside the scope, the newest patrol first."""
    sheets = _read(
        session,
        _counting(
            CheckSheet.object_kind == kind.value,
            CheckSheet.object_id == object_id,
            select(PatrolStop.id)
            .where(PatrolStop.id == CheckSheet.stop_id, in_scope(PatrolStop.grid_id, scope))
            .exists(),
        ),
    )
    sheets.sort(key=lambda sheet: (sheet.day, sheet.filled_at), reverse=True)
    return sheets[:HISTORY_MAX]


def object_in_scope(
    session: Session, kind: ObjectKind, object_id: int, *, scope: Scope
) -> str | None:
    """Return the name of an object that was checked, where a stop at it lies in the scope."""
    return session.scalar(
        select(PatrolStop.name)
        .where(
            PatrolStop.object_kind == kind.value,
            PatrolStop.object_id == object_id,
            in_scope(PatrolStop.grid_id, scope),
        )
        .order_by(PatrolStop.id.desc())
        .limit(1)
    )


def traced_names(session: Session, sheets: Iterable[Sheet]) -> dict[tuple[ObjectKind, int], str]:
    """Return the names of the sources that answers of sheets point at."""
    wanted = {
        sheet.answers[field.key]
        for sheet in sheets
        for field in sheet.form.fields
        if field.of_kind is ObjectKind.SOURCE and isinstance(sheet.answers.get(field.key), int)
    }
    rows = session.execute(
        select(PollutionSource.id, PollutionSource.name).where(PollutionSource.id.in_(wanted))
    )
    return {(ObjectKind.SOURCE, number): name for number, name in rows}


def checks_of_tasks(session: Session, task_ids: list[int]) -> dict[str, dict[str, Any]]:
    """Return what the tablet needs to check each stop of tasks, by the stop's id as text.

    `class` is the class of the object, `carried` the answers a new sheet begins with, `sheet` the
    newest one this patrol has already.
    """
    stops = session.execute(
        select(PatrolStop.id, PatrolStop.object_kind, PatrolStop.object_id).where(
            PatrolStop.task_id.in_(task_ids)
        )
    ).all()
    objects = {(stop.object_kind, stop.object_id) for stop in stops}
    classes = object_classes(session, objects)
    last = _last_sheets(session, objects)
    own = _own_sheets(session, [stop.id for stop in stops])
    return {
        str(stop.id): {
            "class": classes.get((stop.object_kind, stop.object_id)),
            "carried": carried(last.get((stop.object_kind, stop.object_id))),
            "sheet": own.get(stop.id),
        }
        for stop in stops
    }


def carried(sheet: CheckSheet | None) -> dict[str, Any]:
    """Return the answers that hardly change of an object's last sheet, without its problems."""
    form = None if sheet is None else FORMS.get((sheet.form, sheet.version))
    if sheet is None or form is None:
        return {}
    wrong = {field.key for field in abnormal(sheet.answers, form)}
    wrong |= {fault.field.key for fault in check(sheet.answers, form)}
    return {
        field.key: sheet.answers[field.key]
        for field in form.fields
        if field.carry is Carry.OBJECT and field.key in sheet.answers and field.key not in wrong
    }


CLASS_COLUMNS: dict[ObjectKind, Select[int, str]] = {
    ObjectKind.OUTLET: select(Outlet.id, Outlet.outlet_class),
    ObjectKind.SOURCE: select(PollutionSource.id, PollutionSource.kind),
    ObjectKind.WATER_SOURCE: select(WaterSource.id, WaterSource.source_type),
    ObjectKind.SEGMENT: select(PatrolSegment.id, Waterway.kind).join(
        Waterway, Waterway.id == PatrolSegment.waterway_id
    ),
}


def object_classes(
    session: Session, objects: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """Return the class of each object by which a form chooses its fields."""
    wanted: dict[str, list[int]] = {}
    for kind, number in objects:
        wanted.setdefault(kind, []).append(number)
    return {
        (kind.value, number): object_class
        for kind, statement in CLASS_COLUMNS.items()
        if kind.value in wanted
        for number, object_class in session.execute(
            statement.where(statement.selected_columns[0].in_(wanted[kind.value]))
        )
    }


def _counting(*conditions: ColumnElement[bool]) -> Select[CheckSheet, str, date, int]:
    """Return the sheets that count, with filler, day and task: the newest of a tablet at a stop.

    Only a tablet's own numbers order its sheets; its clock and the time of arrival do not.
    """
    return (
        select(CheckSheet, Person.name, PatrolTask.day, PatrolTask.id)
        .join(Person, Person.id == CheckSheet.filled_by)
        .join(PatrolLog, PatrolLog.uid == CheckSheet.log_uid)
        .join(PatrolTask, PatrolTask.id == PatrolLog.task_id)
        .where(*conditions)
        .ext(distinct_on(CheckSheet.log_uid, CheckSheet.stop_id, CheckSheet.device_uid))
        .order_by(
            CheckSheet.log_uid,
            CheckSheet.stop_id,
            CheckSheet.device_uid,
            CheckSheet.seq.desc().nulls_last(),
            CheckSheet.uid,
        )
    )


def _read(session: Session, statement: Select[CheckSheet, str, date, int]) -> list[Sheet]:
    rows = session.execute(statement).all()
    classes = object_classes(session, {(row[0].object_kind, row[0].object_id) for row in rows})
    return [
        _sheet(row, FORMS[row[0].form, row[0].version], classes)
        for row in rows
        if (row[0].form, row[0].version) in FORMS
    ]


def _sheet(
    row: Row[CheckSheet, str, date, int], form: Form, classes: Mapping[tuple[str, int], str]
) -> Sheet:
    sheet, filler, day, task_id = row
    return Sheet(
        uid=sheet.uid,
        stop_id=sheet.stop_id,
        form=form,
        answers=sheet.answers,
        nothing_found=sheet.nothing_found,
        filled_by=filler,
        filled_at=sheet.filled_at,
        day=day,
        task_id=task_id,
        problems=abnormal(sheet.answers, form),
        faults=check(sheet.answers, form, classes.get((sheet.object_kind, sheet.object_id))),
    )


def _own_sheets(session: Session, stop_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return the newest sheet of each stop as a tablet shows it."""
    rows = session.scalars(
        select(CheckSheet)
        .where(CheckSheet.stop_id.in_(stop_ids))
        .ext(distinct_on(CheckSheet.stop_id))
        .order_by(CheckSheet.stop_id, CheckSheet.seq.desc().nulls_last(), CheckSheet.uid)
    )
    return {
        sheet.stop_id: {
            "form": sheet.form,
            "version": sheet.version,
            "answers": sheet.answers,
            "nothing_found": sheet.nothing_found,
        }
        for sheet in rows
        if sheet.stop_id is not None
    }


def _last_sheets(
    session: Session, objects: set[tuple[str, int]]
) -> dict[tuple[str, int], CheckSheet]:
    """Return the newest sheet of each object: of the last day, then the last that came."""
    rows = session.scalars(
        select(CheckSheet)
        .join(PatrolLog, PatrolLog.uid == CheckSheet.log_uid)
        .join(PatrolTask, PatrolTask.id == PatrolLog.task_id)
        .where(tuple_(CheckSheet.object_kind, CheckSheet.object_id).in_(objects))
        .ext(distinct_on(CheckSheet.object_kind, CheckSheet.object_id))
        .order_by(
            CheckSheet.object_kind,
            CheckSheet.object_id,
            PatrolTask.day.desc(),
            CheckSheet.seq.desc().nulls_last(),
            CheckSheet.uid,
        )
    )
    return {(sheet.object_kind, sheet.object_id): sheet for sheet in rows}
