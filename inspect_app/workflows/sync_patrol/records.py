"""Records: the shapes a tablet sends, read strictly; unknown fields of newer tablets pass."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
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
    """

    task_id: Id
    log_uid: UUID
    device: UUID
    seq: Annotated[int, Field(ge=0, le=ID_MAX)]
    at: Instant


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


PatrolRecord = (
    PatrolStart
    | PatrolPause
    | PatrolResume
    | StopVisit
    | SitePhoto
    | PatrolFinding
    | CheckForm
    | PatrolEnd
)

Milliseconds = Annotated[int, Field(ge=0, lt=int(LATEST.timestamp() * 1000))]
Fix = tuple[Milliseconds, Longitude, Latitude, Accuracy | None]


class Segment(Shape):
    """A piece of a track: fixes as the device gave them, in any order."""

    fixes: tuple[Fix, ...] = Field(max_length=FIXES_MAX)


_RECORD: TypeAdapter[PatrolRecord] = TypeAdapter(
    Annotated[PatrolRecord, Field(discriminator="kind")]
)


def read_record(body: bytes) -> PatrolRecord:
    """Return the record the bytes say, or refuse them with the first fault."""
    try:
        return _RECORD.validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from error


def read_segment(body: bytes) -> Segment:
    """Return the track segment the bytes say, or refuse them with the first fault."""
    try:
        return Segment.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> Problem:
    fault = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return Problem("body_invalid", reason=f"{place} {fault['msg']}".strip())
