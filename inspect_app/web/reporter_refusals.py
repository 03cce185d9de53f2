"""Refused looks at reporters: each is kept in the audit trail, in a transaction of its own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from inspect_app.db import transaction
from inspect_app.domain.problems import Problem
from inspect_app.web.http import View, actor_or_none, now, roll_back, sessions
from inspect_app.workflows.reveal_reporter import TELLING_REFUSALS, Attempt, note_refusal


def notes_refusals(subject_kind: str, argument: str) -> Callable[[View], View]:
    """Note every telling refusal of a view; stands above `@requires`, whose refusals count too.

    `argument` names the view's argument that holds the subject's number.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def noted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a view's own types
            try:
                return view(*args, **kwargs)
            except Problem as problem:
                _note(Attempt(subject_kind, kwargs[argument]), problem)
                raise

        return noted

    return decorate


def _note(attempt: Attempt, problem: Problem) -> None:
    person = actor_or_none()
    if person is None or problem.code not in TELLING_REFUSALS:
        return
    roll_back()  # the refused request keeps nothing, and must not hold what the note waits for
    with transaction(sessions()) as own:
        note_refusal(own, attempt, problem, actor=person, now=now())
