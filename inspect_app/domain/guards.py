"""Guards: what must hold for a step besides state and permission; functions of values alone."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from inspect_app.domain.codes import Severity
from inspect_app.domain.matter_codes import LegalRoute
from inspect_app.domain.transitions import Guard

OFFICERS_MIN = 2
"""Officers for enforcement (Administrative Penalty Law, art. 42 and 55)."""

PERSONAL_NUMBER = re.compile(r"(?<!\d)(1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")
"""A mobile number (11 digits) or an identity number (GB 11643: 18 characters)."""


@dataclass(frozen=True, slots=True)
class MatterRecord:
    """What is on record of a matter's present round, that is since it was last reopened.

    `evidence` counts photos of the matter and findings linked to it; `findings_open` the linked
    findings that are neither closed nor handed over.
    """

    rejections: int = 0
    extensions: int = 0
    extension_asked: bool = False
    evidence: int = 0
    findings_open: int = 0
    legal_route: str = LegalRoute.ILLEGAL_ACT
    handlers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Situation:
    """All that guards look at: what the person adds, who acts, what is on record.

    `photos_before` and `photos_after` count the photos on record together with those of the step;
    `photos_after` those of the present round only. `handled_by` are the persons who did the work
    that a recheck judges; `responsible_id` who answers for a campaign's item, where somebody does.
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
    may_direct: bool = False
    now: datetime | None = None
    matter: MatterRecord = MatterRecord()
    responsible_id: int | None = None


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


def _before(name: str) -> Callable[[Situation], bool]:
    """Hold until the instant the fact names; a county without the rule has no such limit."""

    def holds(situation: Situation) -> bool:
        until = situation.facts.get(name)
        if not isinstance(until, datetime) or situation.now is None:
            return True
        return situation.now <= until

    return holds


def _number(situation: Situation, name: str) -> float | None:
    value = situation.facts.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _at_place(situation: Situation) -> bool:
    """Hold for a position near the matter; any position will do where its place is unknown."""
    if _number(situation, "lon") is None or _number(situation, "lat") is None:
        return False
    distance, limit = _number(situation, "distance_m"), _number(situation, "distance_max_m")
    return distance is None or limit is None or distance <= limit


def _extension_days(situation: Situation) -> bool:
    days, limit = _number(situation, "days"), _number(situation, "days_max")
    return days is not None and days > 0 and (limit is None or days <= limit)


def _no_personal(name: str) -> Callable[[Situation], bool]:
    """Hold where the text of a fact names nobody's mobile or identity number."""
    return lambda situation: PERSONAL_NUMBER.search(str(situation.facts.get(name, ""))) is None


def _any_given(*names: str) -> Callable[[Situation], bool]:
    return lambda situation: any(situation.facts.get(name) is not None for name in names)


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
    Guard.MATTER_HANDLER: lambda situation: situation.actor_id in situation.matter.handlers,
    Guard.DEPUTY_ACCEPTS: lambda situation: (
        situation.may_decide or situation.facts.get("accept_needs_deputy") == 0
    ),
    Guard.REFUSAL: _given("refusal_reason"),
    Guard.OBJECTION_OPEN: _before("object_until"),
    Guard.DIRECTOR_IF_MAJOR: lambda situation: (
        situation.severity == Severity.NORMAL or situation.may_direct
    ),
    Guard.FIRST_REJECTION: lambda situation: situation.matter.rejections == 0,
    Guard.AT_PLACE: _at_place,
    Guard.SITE_PHOTO: _given("photos"),
    Guard.RESULT: _given("verification_result"),
    Guard.SITE_EVIDENCE: lambda situation: (
        situation.matter.evidence > 0 or bool(situation.facts.get("photos"))
    ),
    Guard.MEASURE: _given("measure_kind"),
    Guard.TOLD: lambda situation: (
        bool(situation.facts.get("means")) and bool(situation.facts.get("told"))
    ),
    Guard.EXTENSION_FIRST: lambda situation: situation.matter.extensions == 0,
    Guard.EXTENSION_DAYS: _extension_days,
    Guard.EXTENSION_ASKED: lambda situation: situation.matter.extension_asked,
    Guard.TEXTS: lambda situation: (
        bool(situation.facts.get("handling_result")) and bool(situation.facts.get("reply_text"))
    ),
    Guard.NO_PERSONAL: _no_personal("reply_text"),
    Guard.OPINION: lambda situation: (
        situation.matter.legal_route != LegalRoute.PETITION
        or bool(situation.facts.get("opinion_kind"))
    ),
    Guard.FINDINGS_SETTLED: lambda situation: situation.matter.findings_open == 0,
    Guard.FINDINGS_OPEN: lambda situation: situation.matter.findings_open > 0,
    Guard.REVISITOR: lambda situation: situation.actor_id not in situation.handled_by,
    Guard.SATISFACTION: _given("satisfaction"),
    Guard.REVIEW_OPEN: _before("review_until"),
    Guard.CHANGE: _any_given("legal_route", "severity", "is_key_item", "is_sensitive"),
    Guard.TARGET: _given("into_matter_id"),
    Guard.RESPONSIBLE: lambda situation: situation.responsible_id in {None, situation.actor_id},
    Guard.PROOF: lambda situation: (
        bool(situation.facts.get("proof")) or bool(situation.facts.get("photos"))
    ),
    Guard.GRID: _given("grid_id"),
    Guard.ACCEPTOR: lambda situation: situation.actor_id not in situation.handled_by,
    Guard.PUBLISHED_TEXT: _given("published_text"),
    Guard.PUBLISHED_CLEAN: _no_personal("published_text"),
}


def failed_guard(guards: frozenset[Guard], situation: Situation) -> Guard | None:
    """Return the first guard, by name, that does not hold; None when all do."""
    return next((guard for guard in sorted(guards) if not GUARDS[guard](situation)), None)
