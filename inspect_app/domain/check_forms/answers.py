"""Answers of a check form: what fits, what is worth a finding, what "nothing found" sets."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from inspect_app.domain.check_forms.shape import Answer, Field, Form, Kind
from inspect_app.domain.codes import Code

Answers = Mapping[str, object]
"""Answers by the name of their field, as they came: any of them may be wrong."""

TEXT_MAX = 2000


class FaultKind(Code):
    """What can be wrong with an answer; it is kept all the same."""

    WRONG_KIND = "wrong_kind", "无法识别"
    NOT_AN_OPTION = "not_an_option", "不在选项内"
    OUT_OF_RANGE = "out_of_range", "超出合理范围"
    MISSING = "missing", "未填写"


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """An answer that cannot be right, with the field it stands in."""

    field: Field
    kind: FaultKind


def applies(field: Field, answers: Answers, object_class: str | None = None) -> bool:
    """Whether a field is asked of such an object after these answers.

    An object whose class is not known (None) is asked everything.
    """
    if field.classes and object_class is not None and object_class not in field.classes:
        return False
    if field.after is None:
        return True
    key, expected = field.after
    return any(_same(answers.get(key), answer) for answer in expected)


def normal_answers(form: Form, object_class: str | None = None) -> dict[str, Answer]:
    """Return what "nothing found" says: the normal answer of every field that has one."""
    answers: dict[str, Answer] = {
        field.key: field.normal
        for field in form.fields
        if field.normal is not None and applies(field, {}, object_class)
    }
    return answers


def check(answers: Answers, form: Form, object_class: str | None = None) -> tuple[AnswerFault, ...]:
    """Return what is wrong with answers, in the order of the form.

    Fields the form does not know are those of a newer version: they pass. A check item without
    answer is missing only where it is asked.
    """
    faults = []
    for field in form.fields:
        if field.key in answers:
            kind = _FAULTS[field.kind](answers[field.key], field)
        else:
            asked = field.normal is not None and applies(field, answers, object_class)
            kind = FaultKind.MISSING if asked else None
        if kind is not None:
            faults.append(AnswerFault(field, kind))
    return tuple(faults)


def abnormal(answers: Answers, form: Form) -> tuple[Field, ...]:
    """Return the fields whose answer is worth a finding, in the order of the form."""
    return tuple(
        field
        for field in form.fields
        if any(_same(answers.get(field.key), fault) for fault in field.faults)
    )


def _same(found: object, expected: Answer) -> bool:
    """Whether an answer is the expected one; 1 is not True."""
    return type(found) is type(expected) and found == expected


def _option_fault(answer: object, field: Field) -> FaultKind | None:
    if not isinstance(answer, bool | str):
        return FaultKind.WRONG_KIND
    known = any(_same(answer, option.value) for option in field.options)
    return None if known else FaultKind.NOT_AN_OPTION


def _number_fault(answer: object, field: Field) -> FaultKind | None:
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return FaultKind.WRONG_KIND
    if isinstance(answer, float) and not math.isfinite(answer):
        return FaultKind.WRONG_KIND
    low = -math.inf if field.low is None else field.low
    high = math.inf if field.high is None else field.high
    return None if low <= answer <= high else FaultKind.OUT_OF_RANGE


def _text_fault(answer: object, _: Field) -> FaultKind | None:
    if not isinstance(answer, str):
        return FaultKind.WRONG_KIND
    return None if len(answer) <= TEXT_MAX else FaultKind.OUT_OF_RANGE


def _date_fault(answer: object, _: Field) -> FaultKind | None:
    if not isinstance(answer, str):
        return FaultKind.WRONG_KIND
    try:
        date.fromisoformat(answer)
    except ValueError:
        return FaultKind.WRONG_KIND
    return None


def _object_fault(answer: object, _: Field) -> FaultKind | None:
    known = isinstance(answer, int) and not isinstance(answer, bool) and answer > 0
    return None if known else FaultKind.WRONG_KIND


_FAULTS: dict[Kind, Callable[[object, Field], FaultKind | None]] = {
    Kind.YES_NO: _option_fault,
    Kind.CHOICE: _option_fault,
    Kind.NUMBER: _number_fault,
    Kind.TEXT: _text_fault,
    Kind.DATE: _date_fault,
    Kind.OBJECT: _object_fault,
}
