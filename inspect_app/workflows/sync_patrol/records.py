"""Records: the shapes a tablet sends, read strictly; unknown fields of newer tablets pass."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from inspect_app.domain.codes import FindingType, ObjectKind, Severity, StopResult
from inspect_app.domain.problems import Problem

ID_MAX = 2**63 - 1
FIXES_MAX = 300
"""Fixes of one segment: about five minutes at one a second, some 12 kB."""

# A tablet with an empty clock battery starts in 1970; what it saw is taken all the same.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _storable(text: str) -> str:
    if "\x00" in text:
        message = "text holds a NUL character"
        raise ValueError(message)
    return text.strip()


Text = Annotated[str, Field(max_length=4000), AfterValidator(_storable)]
Id = Annotated[int, Field(ge=1, le=ID_MAX)]
SHA256 = re.compile("[0-9a-f]{64}")
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Accuracy = Annotated[float, Field(ge=0, allow_inf_nan=False)]

AnswerKey = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,59}$")]
Answer = bool | int | Annotated[float, Field(allow_inf_nan=False)] | Text | None


class Shape(BaseModel):
    """What every shape shares: frozen, and tolerant of fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Step(Shape):
    """What every record of a patrol carries.

    `seq` counts the records of one `device`; only it orders them, never the tablet's clock `at`.
    `author` is who made it, if another than who is logged in when it is sent.
    """

    task_id: Id
    log_uid: UUID
    device: UUID
    seq: Annotated[int, Field(ge=0, le=ID_MAX)]
    at: Instant
    author: Id | None = None
    version: Annotated[int, Field(ge=1)] = 1


class PatrolStart(Step):
    """A crew begins its task, or goes on with one that was returned."""

    kind: Literal["patrol_start"]


class PatrolPause(Step):
    """The patrol rests."""

    kind: Literal["patrol_pause"]
    reason: Text = ""


class PatrolResume(Step):
    """The patrol goes on."""

    kind: Literal["patrol_resume"]


class StopVisit(Step):
    """What became of one stop; a stop that was not visited needs a reason."""

    kind: Literal["stop_result"]
    stop_id: Id
    result: Literal[StopResult.DONE, StopResult.SKIPPED, StopResult.UNREACHABLE]
    reason: Text = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    accuracy_m: Accuracy | None = None

    @model_validator(mode="after")
    def _say_why_not(self) -> "StopVisit":
        if self.result != StopResult.DONE and not self.reason:
            message = "a stop that was not visited needs a reason"
            raise ValueError(message)
        return self


class SitePhoto(Step):
    """A photo that documents the patrol and shows no problem."""

    kind: Literal["site_photo"]
    photo: Sha256
    stop_id: Id | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None


class PatrolFinding(Step):
    """A problem found on the way; its place is the position's or a pin's."""

    kind: Literal["finding"]
    finding_type: FindingType
    severity: Severity
    description: Text = ""
    lon: Longitude
    lat: Latitude
    accuracy_m: Accuracy | None = None
    place: Literal["position", "pin"] = "position"
    photos: tuple[Sha256, ...] = Field(default=(), max_length=20)
    stop_id: Id | None = None
    object_kind: ObjectKind | None = None
    object_id: Id | None = None
    measure: Text = ""


class CheckForm(Step):
    """A filled check form of one stop; its answers are kept even where they cannot be right."""

    kind: Literal["check_form"]
    stop_id: Id
    object_kind: ObjectKind
    object_id: Id
    form: Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z_]+$")]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    answers: dict[AnswerKey, Answer] = Field(max_length=200)
    nothing_found: bool = False


class PatrolEnd(Step):
    """The patrol is over and handed in."""

    kind: Literal["patrol_end"]
    weather: Annotated[Text, Field(max_length=40)] = ""
    remark: Text = ""
    shortfall_reason: Text = ""


SHAPES: Mapping[str, type[Step]] = {
    "patrol_start": PatrolStart,
    "patrol_pause": PatrolPause,
    "patrol_resume": PatrolResume,
    "stop_result": StopVisit,
    "site_photo": SitePhoto,
    "finding": PatrolFinding,
    "check_form": CheckForm,
    "patrol_end": PatrolEnd,
}
"""Shape of each kind of record; a kind that is not here waits in the inbox."""

NEWEST: Mapping[str, int] = dict.fromkeys(SHAPES.keys() - {"check_form"}, 1)
"""Newest version of each shape this server reads; a newer one waits in the inbox.

The version of a check form is that of its declaration, see `domain.check_forms`.
"""

Milliseconds = Annotated[int, Field(ge=0, lt=int(LATEST.timestamp() * 1000))]
Fix = tuple[Milliseconds, Longitude, Latitude, Accuracy | None]


class Segment(Shape):
    """A piece of a track: fixes as the device gave them, in any order."""

    fixes: tuple[Fix, ...] = Field(max_length=FIXES_MAX)


@dataclass(frozen=True, slots=True)
class Head:
    """What can be told of any record, however strange: read without judging the rest of it."""

    kind: str
    version: int
    device: UUID | None
    seq: int | None
    task_id: int | None
    log_uid: UUID | None
    author: int | None
    photos: tuple[str, ...]


KIND_MAX = 30
PHOTOS_MAX = 50


def read_head(body: bytes) -> Head:
    """Return what the bytes say of themselves; refuses only what is no JSON object."""
    said = _loaded(body)
    if not isinstance(said, dict):
        raise Problem("body_invalid", reason="JSON {}")
    kind, version = said.get("kind"), said.get("version")
    return Head(
        kind=plain(kind)[:KIND_MAX] if isinstance(kind, str) else "",
        version=version if isinstance(version, int) else 1,
        device=_uuid(said.get("device")),
        seq=_number(said.get("seq"), least=0),
        task_id=_number(said.get("task_id"), least=1),
        log_uid=_uuid(said.get("log_uid")),
        author=_number(said.get("author"), least=1),
        photos=_photos(said),
    )


def _loaded(body: bytes) -> object:
    """Return the value of JSON bytes; the slower reader also takes NaN and halves of characters."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Problem("body_invalid", reason=plain(str(error))) from error


def read_record(head: Head, body: bytes) -> Step:
    """Return the record the bytes say, or refuse them: unknown kind, newer version, first fault."""
    shape = SHAPES.get(head.kind)
    if shape is None:
        raise Problem("kind_unknown", found=head.kind)
    newest = NEWEST.get(head.kind)
    if newest is not None and head.version > newest:
        raise Problem("version_unknown", kind=head.kind, found=head.version, newest=newest)
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from error


def plain(text: str) -> str:
    """Return text that any column takes: without NUL and without halves of a character."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def read_segment(body: bytes) -> Segment:
    """Return the track segment the bytes say, or refuse them with the first fault."""
    try:
        return Segment.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> Problem:
    fault = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return Problem("body_invalid", reason=plain(f"{place} {fault['msg']}".strip()))


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _number(value: object, *, least: int) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and least <= value <= ID_MAX else None  # type: ignore[operator,return-value]


def _photos(said: Mapping[str, Any]) -> tuple[str, ...]:
    many = said.get("photos")
    named = [*(many if isinstance(many, list) else []), said.get("photo")]
    hashes = [one for one in named if isinstance(one, str) and SHA256.fullmatch(one)]
    return tuple(dict.fromkeys(hashes))[:PHOTOS_MAX]
