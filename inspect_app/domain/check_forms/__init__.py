"""Check forms: what an inspector fills in at a stop, one declaration a form and version.

A declared version never changes and never goes: sheets filled with it are read with it. A new
question, or another list of options, is a new version beside the old one.
"""

from inspect_app.domain.check_forms.answers import (
    AnswerFault,
    Answers,
    FaultKind,
    abnormal,
    applies,
    check,
    normal_answers,
)
from inspect_app.domain.check_forms.outlet import OUTLET_1
from inspect_app.domain.check_forms.shape import Answer, Carry, Field, Form, Kind, Option, form_json
from inspect_app.domain.check_forms.source import SOURCE_1
from inspect_app.domain.check_forms.water_source import WATER_SOURCE_1
from inspect_app.domain.check_forms.waterway import WATERWAY_1
from inspect_app.domain.codes import ObjectKind

__all__ = [
    "FORMS",
    "Answer",
    "AnswerFault",
    "Answers",
    "Carry",
    "FaultKind",
    "Field",
    "Form",
    "Kind",
    "Option",
    "abnormal",
    "applies",
    "check",
    "current",
    "form_json",
    "normal_answers",
]

FORMS: dict[tuple[str, int], Form] = {
    (form.key, form.version): form for form in (WATERWAY_1, OUTLET_1, WATER_SOURCE_1, SOURCE_1)
}


def current(object_kind: ObjectKind) -> Form | None:
    """Return the newest form for a kind of object; a complaint's matter has none."""
    forms = [form for form in FORMS.values() if form.object_kind == object_kind]
    return max(forms, key=lambda form: form.version, default=None)
