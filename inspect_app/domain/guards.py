"""Guards: what must hold for a step besides state and permission; functions of values alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from inspect_app.domain.codes import Severity
from inspect_app.domain.transitions import Guard

OFFICERS_MIN = 2
"""Officers for enforcement (Administrative Penalty Law, art. 42 and 55)."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that guards look at: what the person adds, who acts, what is on record.

    `photos_before` and `photos_after` count the photos on record together with those of the step;
    `photos_after` those of the present round only. `handled_by` are the persons who did the work
    that a recheck judges.
    """

    reason: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    actor_id: int | None = None
    may_decide: bool = False
    severity: str = Severity.NORMAL
    orders: int = 0
    handled_by: frozenset[int] = frozenset()
    photos_before: int = 0
    photos_after: int = 0


def _given(name: str) -> Callable[[Situation], bool]:
    return lambda situation: bool(situation.facts.get(name))


def _two_officers(situation: Situation) -> bool:
    officers = situation.facts.get("officers")
    if not isinstance(officers, (tuple, list, set, frozenset)):
        return False
    return len(set(officers)) >= OFFICERS_MIN


def _round_left(situation: Situation) -> bool:
    rounds_max = situation.facts.get("rounds_max", 0)
    return isinstance(rounds_max, (int, float)) and situation.orders < rounds_max


GUARDS: dict[Guard, Callable[[Situation], bool]] = {
    Guard.REASON: lambda situation: bool(situation.reason.strip()),
    Guard.HANDLER: _given("handler_person_id"),
    Guard.DUE: _given("due_at"),
    Guard.CURE_PHOTO: _given("photos"),
    Guard.EVIDENCE: lambda situation: min(situation.photos_before, situation.photos_after) > 0,
    Guard.PLACE_PHOTO: lambda situation: situation.photos_before > 0,
    Guard.DEPARTMENT: _given("department"),
    Guard.UPPER_GRID: _given("upper_grid_id"),
    Guard.NOT_HANDLER: lambda situation: situation.actor_id not in situation.handled_by,
    Guard.ROUND_LEFT: _round_left,
    Guard.DEPUTY_IF_MAJOR: lambda situation: (
        situation.severity == Severity.NORMAL or situation.may_decide
    ),
    Guard.CASE_NO: _given("case_no"),
    Guard.TWO_OFFICERS: _two_officers,
}


def failed_guard(guards: frozenset[Guard], situation: Situation) -> Guard | None:
    """Return the first guard, by name, that does not hold; None when all do."""
    return next((guard for guard in sorted(guards) if not GUARDS[guard](situation)), None)
