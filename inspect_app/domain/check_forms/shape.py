"""The shape of a check form: fields with their options, ranges and what each answer means."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from inspect_app.domain.codes import FindingType, ObjectKind

Answer = bool | int | float | str
"""What a field holds: yes or no, a number, an option's value, words, a day as `2026-03-24`."""


class Kind(StrEnum):
    """How a field is answered."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    OBJECT = "object"  # a registered object near by; the answer is its id


class Carry(StrEnum):
    """From where a field is filled in beforehand."""

    NOTHING = "nothing"
    OBJECT = "object"  # the last sheet of the same object: what hardly changes
    PATROL = "patrol"  # the last sheet of the same patrol: what is alike on the whole way


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer of a yes/no or choice field; a `fault` is worth a finding."""

    value: bool | str
    label: str
    fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of a form; `key` is its name in the registers.

    `normal` is what "nothing found" sets; a field without it is left as it is. `classes` limits a
    field to classes of its object (of outlets, sources, water sources); empty is all. `after` names
    a field and the answers with which this one makes sense. `low` and `high` are what can be true
    at all, not limit values of a standard.
    """

    key: str
    label: str
    kind: Kind
    section: str
    options: tuple[Option, ...] = ()
    normal: bool | str | None = None
    finding: FindingType | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float = 1
    of_kind: ObjectKind | None = None
    classes: tuple[str, ...] = ()
    after: tuple[str, tuple[Answer, ...]] | None = None
    carry: Carry = Carry.NOTHING
    help: str = ""

    @property
    def faults(self) -> tuple[bool | str, ...]:
        """Return the answers that are worth a finding."""
        return tuple(option.value for option in self.options if option.fault)


@dataclass(frozen=True, slots=True)
class Form:
    """A check form of one kind of object in one version."""

    key: str
    version: int
    title: str
    object_kind: ObjectKind
    fields: tuple[Field, ...]

    def field(self, key: str) -> Field | None:
        """Return the field of this name, or None: a newer version may have others."""
        return next((field for field in self.fields if field.key == key), None)


INTACT = (Option(value=True, label="完好"), Option(value=False, label="缺损", fault=True))
NONE_FOUND = (Option(value=False, label="无"), Option(value=True, label="有", fault=True))


def found(key: str, label: str, section: str, *, finding: FindingType) -> Field:
    """Return a yes/no field in which "there is one" is the fault."""
    return Field(
        key=key,
        label=label,
        kind=Kind.YES_NO,
        section=section,
        options=NONE_FOUND,
        normal=False,
        finding=finding,
    )


def intact(key: str, label: str, section: str, *, finding: FindingType) -> Field:
    """Return a yes/no field in which "not in order" is the fault."""
    return Field(
        key=key,
        label=label,
        kind=Kind.YES_NO,
        section=section,
        options=INTACT,
        normal=True,
        finding=finding,
    )


def words(key: str, label: str, section: str, *, help_text: str = "") -> Field:
    """Return a field for free words."""
    return Field(key=key, label=label, kind=Kind.TEXT, section=section, help=help_text)


def form_json(form: Form, say: Callable[[str], str]) -> dict[str, object]:
    """Return a form as a tablet keeps it; `say` puts labels into the reader's language."""
    return {
        "key": form.key,
        "version": form.version,
        "title": say(form.title),
        "object_kind": form.object_kind.value,
        "fields": [_field_json(field, say) for field in form.fields],
    }


def _field_json(field: Field, say: Callable[[str], str]) -> dict[str, object]:
    return {
        "key": field.key,
        "label": say(field.label),
        "kind": field.kind.value,
        "section": say(field.section),
        "options": [
            {
                "value": option.value,
                "label": say(option.label),
                "fault": option.fault,
            }
            for option in field.options
        ],
        "normal": field.normal,
        "finding": None if field.finding is None else field.finding.value,
        "unit": field.unit,
        "low": field.low,
        "high": field.high,
        "step": field.step,
        "of_kind": None if field.of_kind is None else field.of_kind.value,
        "classes": list(field.classes),
        "after": None if field.after is None else [field.after[0], list(field.after[1])],
        "carry": field.carry.value,
        "help": say(field.help) if field.help else "",
    }
