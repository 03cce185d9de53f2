"""Rows of the tables: one transition, what guards it, and short ways to write many."""

from collections.abc import Iterable
from dataclasses import dataclass

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import Code


class Guard(Code):
    """What must hold besides the state and the permission; the label says it to a person."""

    REASON = "reason", "须填写理由"
    HANDLER = "handler", "须指定承办人"
    DUE = "due", "须填写期限"
    CURE_PHOTO = "cure_photo", "须附整改后照片"
    EVIDENCE = "evidence", "须有整改前和整改后照片"
    PLACE_PHOTO = "place_photo", "须有现场照片"
    DEPARTMENT = "department", "须填写移送部门"
    UPPER_GRID = "upper_grid", "须有上级网格"
    NOT_HANDLER = "not_handler", "复查人不得是承办人"
    ROUND_LEFT = "round_left", "两次整改不合格须移交执法"
    DEPUTY_IF_MAJOR = "deputy_if_major", "重要及紧急问题须分管领导销号"
    CASE_NO = "case_no", "须填写立案号"
    TWO_OFFICERS = "two_officers", "须两名以上执法人员"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a state machine; `source` None is birth."""

    subject: str
    event: str
    label: str
    source: Code | None
    target: Code
    permission: Permission
    guards: frozenset[Guard] = frozenset()


def rows(
    subject: str,
    step: tuple[str, str],
    *,
    sources: Iterable[Code | None],
    target: Code,
    permission: Permission,
    guards: Iterable[Guard] = (),
) -> tuple[Transition, ...]:
    """Return the rows of one event from each of the sources to the target."""
    event, label = step
    return tuple(
        Transition(subject, event, label, source, target, permission, frozenset(guards))
        for source in sources
    )


def stays(
    step: tuple[str, str],
    *,
    states: Iterable[Code],
    permission: Permission,
    guards: Iterable[Guard],
) -> tuple[Transition, ...]:
    """Return the rows of a finding's step that changes who or when, and not the state."""
    return tuple(
        Transition("finding", *step, state, state, permission, frozenset(guards))
        for state in states
    )
