"""What each step of a matter asks for and brings about, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from inspect_app.domain.matter_codes import ContactKind
from inspect_app.domain.transitions import MATTER_STEP_PHOTOS, Guard, Transition


@dataclass(frozen=True, slots=True)
class MatterForm:
    """What a person filled in, and the state and version of the matter they were shown."""

    state: str
    version: int
    reason: str = ""
    handler_person_id: int | None = None
    co_handler_ids: tuple[int, ...] = ()
    department: str = ""
    document_no: str = ""
    due_at: datetime | None = None
    photos: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    verification_result: str = ""
    refusal_reason: str = ""
    legal_route: str = ""
    severity: str = ""
    is_key_item: bool | None = None
    is_sensitive: bool | None = None
    days: int | None = None
    measure_kind: str = ""
    means: str = ""
    told: str = ""
    met_in_person: bool | None = None
    satisfaction: str = ""
    handling_result: str = ""
    reply_text: str = ""
    opinion_kind: str = ""


@dataclass(frozen=True, slots=True)
class MatterEffect:
    """What a step asks for besides its guards, and changes besides the state.

    `sets` are columns that take the fact of the same name where one was given; `switches` columns
    that take a fixed value.
    """

    asks: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    switches: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    contact: ContactKind | None = None
    measure: bool = False


NOTHING = MatterEffect()
TELLING = ("means", "told")
SUPERVISED = "is_supervised"

EFFECTS: Mapping[str, MatterEffect] = {
    "propose_acceptance": MatterEffect(asks=("legal_route",)),
    "accept": MatterEffect(
        asks=("legal_route", *TELLING), sets=("legal_route",), contact=ContactKind.ACCEPTANCE
    ),
    "refuse": MatterEffect(
        asks=TELLING,
        sets=("refusal_reason",),
        contact=ContactKind.ACCEPTANCE,
        stamps=("closed_at",),
    ),
    "object": MatterEffect(stamps=("closed_at",)),
    "transfer": MatterEffect(asks=("document_no",), sets=("department",), stamps=("closed_at",)),
    "assign": MatterEffect(asks=("co_handler_ids",), sets=("handler_person_id", "co_handler_ids")),
    "reassign": MatterEffect(
        asks=("co_handler_ids",), sets=("handler_person_id", "co_handler_ids")
    ),
    "reject_assignment": MatterEffect(clears=("handler_person_id",)),
    "arrive": MatterEffect(asks=("lon", "lat")),
    "verify": MatterEffect(sets=("verification_result",)),
    "take_measure": MatterEffect(asks=("document_no", "due_at"), measure=True),
    "progress": MatterEffect(contact=ContactKind.PROGRESS),
    "extend": MatterEffect(contact=ContactKind.PROGRESS),
    "submit": MatterEffect(sets=("handling_result", "reply_text")),
    "approve": MatterEffect(
        asks=("opinion_kind", "document_no"), sets=("opinion_kind",), contact=ContactKind.REPLY
    ),
    "close": MatterEffect(stamps=("closed_at",)),
    "finish": MatterEffect(stamps=("closed_at",)),
    "revisit": MatterEffect(asks=("met_in_person",), contact=ContactKind.REVISIT),
    "reopen": MatterEffect(clears=("closed_at",), counts=("reopen_count",)),
    "supervise": MatterEffect(switches={SUPERVISED: True}),
    "lift_supervision": MatterEffect(switches={SUPERVISED: False}),
    "reclassify": MatterEffect(
        asks=("legal_route", "severity", "is_key_item", "is_sensitive"),
        sets=("legal_route", "severity", "is_key_item", "is_sensitive"),
    ),
}
"""Steps without an entry change the state alone."""

FACTS_OF_GUARD: Mapping[Guard, tuple[str, ...]] = {
    Guard.REFUSAL: ("refusal_reason",),
    Guard.DEPARTMENT: ("department",),
    Guard.DUE: ("due_at",),
    Guard.HANDLER: ("handler_person_id",),
    Guard.AT_PLACE: ("lon", "lat"),
    Guard.SITE_PHOTO: ("photos",),
    Guard.RESULT: ("verification_result",),
    Guard.MEASURE: ("measure_kind",),
    Guard.TOLD: TELLING,
    Guard.TEXTS: ("handling_result", "reply_text"),
    Guard.SATISFACTION: ("satisfaction",),
    Guard.EXTENSION_DAYS: ("days",),
}
"""What a person fills in to satisfy a guard; a step keeps only what it asks for."""

STANDING = frozenset(
    {
        Guard.MATTER_HANDLER,
        Guard.DEPUTY_ACCEPTS,
        Guard.OBJECTION_OPEN,
        Guard.DIRECTOR_IF_MAJOR,
        Guard.FIRST_REJECTION,
        Guard.EXTENSION_FIRST,
        Guard.EXTENSION_ASKED,
        Guard.FINDINGS_SETTLED,
        Guard.FINDINGS_OPEN,
        Guard.REVISITOR,
        Guard.REVIEW_OPEN,
    }
)
"""Guards that nothing filled into a form can satisfy."""


def required_fields(row: Transition) -> tuple[str, ...]:
    """Return the fields that must be filled in, in the order of the code; `days` is asked once."""
    guards = [guard for guard in Guard if guard in row.guards]
    fields = [name for guard in guards for name in FACTS_OF_GUARD.get(guard, ())]
    if row.event == "extend":
        fields.remove("days")  # those that were asked for are what is approved
    return tuple(dict.fromkeys(fields))


def fields_of(row: Transition) -> tuple[str, ...]:
    """Return all fields a step keeps: what its guards need, then what its effect asks."""
    photos = ("photos",) if row.event in MATTER_STEP_PHOTOS else ()
    asks = EFFECTS.get(row.event, NOTHING).asks
    return tuple(dict.fromkeys((*required_fields(row), *asks, *photos)))
