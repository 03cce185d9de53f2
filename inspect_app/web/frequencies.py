"""Patrol frequencies: what is in force and what it governs; add, change, end, and try the sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import ObjectKind, PeriodUnit
from inspect_app.domain.frequencies import CLASSES, PRIORITY_MAX, FrequencyTerms
from inspect_app.domain.problems import Problem
from inspect_app.models import FrequencyPolicy
from inspect_app.queries.frequencies import Effect, effect_of, frequency_book
from inspect_app.web.http import (
    AnyCode,
    actor,
    chosen_code,
    database,
    now,
    parsed_day,
    requires,
    roll_back,
    sentence,
    today,
)
from inspect_app.web.plans.view import class_label
from inspect_app.web.statuses import status_of
from inspect_app.workflows.plan_week import require_county
from inspect_app.workflows.set_frequency import (
    SOURCE_MAX,
    FrequencyChange,
    FrequencyEnd,
    add_frequency,
    change_frequency,
    end_frequency,
    found,
    require_possible,
)

pages = Blueprint("frequencies", __name__)

P = Permission
DIGITS_MAX = 9
"""More do not fit into a whole number of the database."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the form says back: the sentence of a refusal, or what the row would ask for."""

    refusal: str = ""
    tried: bool = False
    effect: Effect | None = None


@pages.get("/plans/frequencies")
@requires(P.PLAN_VIEW, P.FREQUENCY_SET)
def page() -> str:
    """Show the frequencies in force, to come and past."""
    may_change = actor().may(P.FREQUENCY_SET)
    require_county(actor(), P.FREQUENCY_SET if may_change else P.PLAN_VIEW)
    return render_template(
        "frequencies.html",
        book=frequency_book(database(), today=today()),
        may_change=may_change,
        class_label=class_label,
        today=today(),
        source_max=SOURCE_MAX,
    )


@pages.get("/plans/frequencies/new")
@requires(P.FREQUENCY_SET)
def new() -> str:
    """Show an empty form."""
    require_county(actor(), P.FREQUENCY_SET)
    return _form(_empty())


@pages.post("/plans/frequencies/new")
@requires(P.FREQUENCY_SET)
def add() -> AnyResponse:
    """Add the row of the form, or try its sum."""
    require_county(actor(), P.FREQUENCY_SET)
    try:
        change = _change()
        if request.form.get("act") == "try":
            return _tried(change)
        add_frequency(database(), change, actor=actor(), today=today(), now=now())
    except Problem as problem:
        return _refused(problem)
    flash(gettext("已新增,自%(day)s起执行", day=change.valid_from.isoformat()))
    return redirect(url_for("frequencies.page"))


@pages.get("/plans/frequencies/<int:row_id>")
@requires(P.FREQUENCY_SET)
def row(row_id: int) -> str:
    """Show the form of a row."""
    require_county(actor(), P.FREQUENCY_SET)
    frequency = found(database(), row_id)
    return _form(_values(frequency), row=frequency)


@pages.post("/plans/frequencies/<int:row_id>")
@requires(P.FREQUENCY_SET)
def change(row_id: int) -> AnyResponse:
    """Change a row as the form says, or try its sum."""
    require_county(actor(), P.FREQUENCY_SET)
    frequency = found(database(), row_id)
    try:
        wanted = _change()
        if request.form.get("act") == "try":
            return _tried(wanted, row=frequency)
        change_frequency(database(), row_id, wanted, actor=actor(), today=today(), now=now())
    except Problem as problem:
        return _refused(problem, row_id=row_id)
    flash(gettext("已修改,自%(day)s起执行", day=wanted.valid_from.isoformat()))
    return redirect(url_for("frequencies.page"))


@pages.post("/plans/frequencies/<int:row_id>/end")
@requires(P.FREQUENCY_SET)
def end(row_id: int) -> AnyResponse:
    """End a row from a day on."""
    require_county(actor(), P.FREQUENCY_SET)
    values = _values(found(database(), row_id))
    try:
        ending = FrequencyEnd(parsed_day("自", _text("day")), request.form.get("source", ""))
        end_frequency(database(), row_id, ending, actor=actor(), today=today(), now=now())
    except Problem as problem:
        return _refused(problem, row_id=row_id, values=values)
    flash(gettext("已终止,自%(day)s起不再适用", day=ending.day.isoformat()))
    return redirect(url_for("frequencies.page"))


def _tried(change: FrequencyChange, row: FrequencyPolicy | None = None) -> Response:
    require_possible(database(), change, today=today(), row=row)
    effect = effect_of(
        database(),
        change.terms,
        valid_from=change.valid_from,
        valid_to=change.valid_to,
        replaced=None if row is None else row.id,
    )
    return Response(_form(request.form, row=row, answer=Answer(tried=True, effect=effect)))


def _refused(
    problem: Problem, *, row_id: int | None = None, values: Mapping[str, str] | None = None
) -> Response:
    """Return the form, by default as it was sent, with what is wrong."""
    roll_back()
    frequency = None if row_id is None else found(database(), row_id)
    words = _form(values or request.form, row=frequency, answer=Answer(refusal=sentence(problem)))
    return Response(words, status_of(problem))


def _form(
    values: Mapping[str, str],
    *,
    row: FrequencyPolicy | None = None,
    answer: Answer | None = None,
) -> str:
    return render_template(
        "frequency_form.html",
        values=values,
        row=row,
        row_kind=None if row is None else ObjectKind(row.object_kind),
        answer=answer or Answer(),
        classes={ObjectKind(kind): codes for kind, codes in CLASSES.items()},
        class_label=class_label,
        units=PeriodUnit,
        priority_max=PRIORITY_MAX,
        source_max=SOURCE_MAX,
        today=today(),
    )


def _empty() -> dict[str, str]:
    return {
        "times": "1",
        "unit": PeriodUnit.MONTH.value,
        "gap": "0",
        "minutes": "20",
        "priority": "1",
        "valid_from": today().isoformat(),
    }


def _values(row: FrequencyPolicy) -> dict[str, str]:
    """Return a row as the fields of the form; the source is asked for anew."""
    change_from = max(today(), row.valid_from)
    last = "" if row.valid_to is None else date.fromordinal(row.valid_to.toordinal() - 1)
    return {
        "subject": f"{row.object_kind}:{row.object_class or ''}",
        "times": str(row.times),
        "unit": row.period_unit,
        "season_from": row.season_from or "",
        "season_to": row.season_to or "",
        "window_from": "" if row.window_from is None else f"{row.window_from:%H:%M}",
        "window_to": "" if row.window_to is None else f"{row.window_to:%H:%M}",
        "gap": f"{row.min_gap_h:g}",
        "minutes": f"{row.service_min:g}",
        "two_officers": "on" if row.two_officers else "",
        "priority": str(row.priority),
        "valid_from": change_from.isoformat(),
        "last_day": str(last),
    }


def _change() -> FrequencyChange:
    """Return what the form asks for."""
    kind, _, narrowed = _text("subject").partition(":")
    last = _text("last_day")
    terms = FrequencyTerms(
        object_kind=_code(ObjectKind, "对象", kind),
        object_class=narrowed or None,
        times=_whole("次数", "times"),
        period_unit=_code(PeriodUnit, "周期", _text("unit")),
        season_from=_text("season_from") or None,
        season_to=_text("season_to") or None,
        window_from=_moment("window_from"),
        window_to=_moment("window_to"),
        min_gap_h=_number("最小间隔", "gap"),
        service_min=_number("每次时长", "minutes"),
        two_officers=bool(_text("two_officers")),
        priority=_whole("优先级", "priority"),
    )
    return FrequencyChange(
        terms,
        parsed_day("自", _text("valid_from")),
        parsed_day("至", last) if last else None,
        request.form.get("source", ""),
    )


def _text(field: str) -> str:
    return request.form.get(field, "").strip()


def _code(codes: type[AnyCode], field: str, text: str) -> AnyCode:
    code = chosen_code(codes, text)
    if code is None:
        expected = "/".join(one.value for one in codes)
        raise Problem("field_invalid", field=field, expected=expected, found=text)
    return code


def _whole(label: str, field: str) -> int:
    text = _text(field)
    if not (text.isascii() and text.isdecimal()) or len(text) > DIGITS_MAX:
        raise Problem("field_invalid", field=label, expected="1, 2, 3 …", found=text[:40])
    return int(text)


def _number(label: str, field: str) -> float:
    text = _text(field)
    try:
        return float(text)
    except ValueError as error:
        raise Problem("field_invalid", field=label, expected="12.5", found=text[:40]) from error


def _moment(field: str) -> time | None:
    text = _text(field)
    try:
        return time.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError as error:
        found = text[:40]
        raise Problem("field_invalid", field="时段", expected="18:00", found=found) from error
