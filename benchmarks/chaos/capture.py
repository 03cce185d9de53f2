"""Capture: an item's bytes, number and photos are written down in one transaction, then frozen."""

import hashlib
import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from benchmarks.chaos.dice import Dice
from benchmarks.chaos.outbox import Outbox
from benchmarks.chaos.script import Draft

YEAR_S = 365 * 86_400
COMMENT_BYTES_MAX = 65_000
"""A comment in a JPEG file has at most 65,533 bytes."""


class Capture:
    """Writes drafts into the outbox as the tablet's pages do."""

    def __init__(self, outbox: Outbox, orders: dict[str, Any], picture: bytes) -> None:
        self._outbox = outbox
        self._device = UUID(orders["device"])
        self._began = datetime.fromisoformat(orders["began"])
        self._picture = picture

    def write(self, draft: Draft, place: int, *, fault: str) -> None:
        """Write one item; a clock that jumps stays where it has jumped to."""
        if fault == "clock_jump":
            jump = YEAR_S if place % 2 else -YEAR_S
            self._outbox.put(clock_offset_s=jump)
        seq = int(self._outbox.get("seq") or 0) + 1
        name, path, body, photos = self._frozen(draft, seq)
        with self._outbox.transaction() as database:
            database.execute(
                "INSERT INTO item (name, seq, place, kind, path, body, sha256, photos)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (name, seq, place, draft.kind, path, body, sha256(body), json.dumps([*photos])),
            )
            database.executemany(
                "INSERT OR IGNORE INTO blob (sha256, place, body) VALUES (?, ?, ?)",
                [(key, place, photo) for key, photo in photos.items()],
            )
            database.execute("INSERT OR REPLACE INTO meta VALUES ('seq', ?)", (str(seq),))
            if fault == "client_killed_in_capture":
                os.kill(os.getpid(), signal.SIGKILL)

    def _frozen(self, draft: Draft, seq: int) -> tuple[str, str, bytes, dict[str, bytes]]:
        """Return name, address, bytes and photos of an item."""
        log_uid = uuid5(self._device, str(draft.task))
        photos = {sha256(body): body for body in (photo(self._picture, *p) for p in draft.photos)}
        if draft.kind == "segment":
            number = draft.values["n"]
            body = {"fixes": draft.values["fixes"], "device": str(self._device), "seq": seq}
            path = f"/sync/tracks/{log_uid}/segments/{number}"
            return f"{log_uid}/{number}", path, _json(body), {}
        at = self._began + timedelta(minutes=draft.minute) + timedelta(seconds=self._offset_s())
        body = {
            "kind": draft.kind,
            "task_id": draft.task,
            "log_uid": str(log_uid),
            "device": str(self._device),
            "seq": seq,
            "at": at.astimezone(UTC).isoformat(),
        } | draft.values
        if draft.kind == "site_photo" and photos:
            body["photo"] = next(iter(photos))
        elif draft.kind == "finding":
            body["photos"] = list(photos)
        uid = str(_uuid7())
        return uid, f"/sync/records/{uid}", _json(body), photos

    def _offset_s(self) -> int:
        return int(self._outbox.get("clock_offset_s") or 0)


def photo(picture: bytes, number: int, size: int) -> bytes:
    """Return a picture of its own: comments before the image data make up its size."""
    grain = Dice("photo", number).bytes(size)
    comments = b""
    for start in range(0, size, COMMENT_BYTES_MAX):
        piece = grain[start : start + COMMENT_BYTES_MAX]
        comments += b"\xff\xfe" + (len(piece) + 2).to_bytes(2, "big") + piece
    return picture[:2] + comments + picture[2:]


def sha256(body: bytes) -> str:
    """Return the hash of bytes as text."""
    return hashlib.sha256(body).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _uuid7() -> UUID:
    """Return a UUID that begins with the time, as the tablet makes them."""
    value = (time.time_ns() // 1_000_000 << 80) | (uuid4().int & ((1 << 80) - 1))
    value = (value & ~(0xF << 76)) | (7 << 76)
    return UUID(int=(value & ~(0b11 << 62)) | (0b10 << 62))
