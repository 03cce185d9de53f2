"""Rescue files as tablets write them: a title, a head with the wrapped key, then sealed parts.

Each part stands alone behind a mark, so that a damaged stretch costs the parts in it and no other.
"""

import base64
import binascii
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from inspect_app.domain.problems import Problem
from inspect_app.workflows.import_rescue.keys import RescueKeys

TITLE = b"INSPECT-RESCUE-1\n"
MARK = b"\x89RSC\r\n\x1a\n"
LEAD = struct.Struct(">II")
NONCE = struct.Struct(">8xI")
HEAD_BYTES_MAX = 10_000

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
PersonId = Annotated[int, Field(ge=1, lt=2**63)]


class Shape(BaseModel):
    """What every shape shares: frozen, and tolerant of fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Head(Shape):
    """Which of our keys opens the file, and the file's own key wrapped with it (base64)."""

    key: Annotated[str, Field(max_length=64)]
    wrapped: Annotated[str, Field(max_length=2000)]


class SenderPart(Shape):
    """The tablet that wrote the file, and the token that proves it."""

    part: Literal["device"]
    device: UUID
    token: str | None = None
    name: str | None = None


class RecordPart(Shape):
    """An item of the outbox: a record by its id, or a track segment as `log/number`."""

    part: Literal["record"]
    name: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}(/\d{1,9})?$")]
    kind: Annotated[str, Field(max_length=40)]
    author: PersonId
    by: str = ""
    seq: Annotated[int, Field(ge=0, lt=2**63)]
    sha256: Sha256


class PhotoPart(Shape):
    """A photo under the hash of its bytes."""

    part: Literal["photo"]
    sha256: Sha256


class EndPart(Shape):
    """The last part: how many items the tablet put in, and how many it could not read itself."""

    part: Literal["end"]
    records: Annotated[int, Field(ge=0)]
    photos: Annotated[int, Field(ge=0)]
    unreadable: Annotated[int, Field(ge=0)] = 0


Facts = SenderPart | RecordPart | PhotoPart | EndPart
_FACTS: TypeAdapter[Facts] = TypeAdapter(Annotated[Facts, Field(discriminator="part")])


@dataclass(frozen=True, slots=True)
class Part:
    """An opened part: what it says of itself and its bytes."""

    facts: Facts
    body: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch from this byte on that holds no whole part."""

    at: int


def read_rescue(path: Path, keys: RescueKeys) -> Iterator[Part | Damage]:
    """Yield the parts of a rescue file in their order, and where it is damaged.

    Reads one part at a time, so that a file of hundreds of photos needs the memory of one.

    Raises
    ------
    Problem
        `rescue_invalid` when this is no rescue file or its head is damaged; `rescue_key_unknown`.
    """
    if path.stat().st_size == 0:
        raise Problem("rescue_invalid")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        head, start = _head(data)
        try:
            wrapped = base64.b64decode(head.wrapped, validate=True)
        except binascii.Error as error:
            raise Problem("rescue_invalid") from error
        cipher = AESGCM(keys.unwrap(head.key, wrapped))
        yield from _parts(data, start, cipher)


def _head(data: mmap.mmap) -> tuple[Head, int]:
    end = data.find(b"\n", len(TITLE), len(TITLE) + HEAD_BYTES_MAX)
    if data[: len(TITLE)] != TITLE or end < 0:
        raise Problem("rescue_invalid")
    try:
        return Head.model_validate_json(data[len(TITLE) : end]), end + 1
    except ValidationError as error:
        raise Problem("rescue_invalid") from error


def _parts(data: mmap.mmap, start: int, cipher: AESGCM) -> Iterator[Part | Damage]:
    place = start
    while place < len(data):
        at = data.find(MARK, place)
        if at != place:
            yield Damage(place)
        if at < 0:
            return
        opened = _open(data, at, cipher)
        if opened is None:
            # Behind the mark, not behind the length: the length itself may be what is damaged.
            place = at + len(MARK)
            continue
        part, place = opened
        yield part


def _open(data: mmap.mmap, at: int, cipher: AESGCM) -> tuple[Part, int] | None:
    begin = at + len(MARK) + LEAD.size
    if begin > len(data):
        return None
    number, length = LEAD.unpack(data[at + len(MARK) : begin])
    try:
        plain = cipher.decrypt(NONCE.pack(number), data[begin : begin + length], None)
        line, _, body = plain.partition(b"\n")
        return Part(_FACTS.validate_json(line), body), begin + length
    except (InvalidTag, ValidationError, ValueError):
        return None
